//! The core of wxaudit: ask WeChat for the review status of mini programs.
//!
//! Each room depends only on the rooms below it:
//!
//! | room | what lives there |
//! | --- | --- |
//! | `python` | the binding, with the feature `python` only |
//! | [`call`] | one call from its token to its result: attempts, retries, quota, fail-over, batches |
//! | [`config`] | the checked configuration of a client |
//! | [`transport`] | connections, TLS, proxies, one request and its answer |
//! | [`wechat`] | the protocol: operations, requests, answers, results |
//! | [`json`] | lenient JSON |
//! | [`event`], [`error`] | what a call reports, and how it can fail |
//! | [`escape`] | text from outside made safe to print |
//! | [`token`] | the redacting token type, and redaction in text |
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
