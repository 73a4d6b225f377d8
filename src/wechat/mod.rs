//! WeChat's protocol: build requests and decode answers, without I/O.
//!
//! May use `json`, `token`, `escape` and `error`.

pub mod audit_id;
pub mod decode;
pub mod image;
pub mod operation;
pub mod reason;
pub mod request;
pub mod status;
