//! Run a call from its token to its result, and many calls at once.
//!
//! [`client`] holds the flow of a call; the other modules are its steps. May use everything but `python`.

pub mod batch;
pub mod batch_scope;
pub mod client;
pub mod failover;
pub mod quota;
pub mod retry;
pub mod token_source;

mod attempt;
mod phase;
mod recovery;
mod session;
