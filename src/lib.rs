//! The review status of WeChat mini programs, asked for right.
//!
//! The modules stand in the order in which a call travels; none imports one that stands above it
//! (`python`, the binding, aside). Whoever reads [`client`] meets all the others once.

pub mod client;
pub mod config;
pub mod request;
pub mod source;
pub mod token;
pub mod gate;
pub mod retry;
pub mod transport;
pub mod connection;
pub mod decode;
pub mod json;
pub mod status;
pub mod reason;
pub mod event;
pub mod error;
pub mod process;

#[cfg(feature = "python")]
mod python;
