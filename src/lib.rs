//! The review status of WeChat mini programs, asked for right.
//!
//! The modules stand in the order in which a call travels; none imports one that stands above it
//! (`python`, the binding, aside). Whoever reads [`client`] meets all the others once.

pub mod batch;
pub mod client;
pub mod config;
pub mod decode;
pub mod error;
pub mod event;
pub mod gate;
pub mod group;
pub mod hosts;
pub mod json;
pub mod material;
pub mod operation;
pub mod process;
pub mod reason;
pub mod request;
pub mod retry;
pub mod source;
pub mod status;
pub mod token;
pub mod transport;

#[cfg(feature = "python")]
mod python;
