//! WeChat's protocol: what can be asked, how it is asked, and how answers are read. Performs no I/O.
//!
//! May use `json`, `token` and `error`.

pub mod decode;
pub mod image;
pub mod operation;
pub mod reason;
pub mod request;
pub mod status;
