//! The core of wxaudit: query the review status of WeChat mini programs.
//!
//! Each room uses only the rooms below it; `tests/core/layers.rs` checks that.
//!
//! | room | what lives there |
//! | --- | --- |
//! | `python` | the Python binding, with the feature `python` only |
//! | [`call`] | a call from its token to its result: attempts, retries, quota, failover, batches |
//! | [`config`] | the checked configuration of a client |
//! | [`transport`] | connections, TLS, proxies, one request and its answer |
//! | [`wechat`] | the protocol: operations, requests, answers, results |
//! | [`json`] | lenient JSON parsing |
//! | [`token`] | the redacting token type, and redaction in text |
//! | [`event`], [`error`] | what a call reports, and how it fails |
//! | [`escape`] | text from outside made safe to print |
//! | [`fork`] | values that belong to one process |

pub mod call;
pub mod config;
pub mod error;
pub mod escape;
pub mod event;
pub mod fork;
pub mod json;
pub mod token;
pub mod transport;
pub mod wechat;

#[cfg(feature = "python")]
mod python;
