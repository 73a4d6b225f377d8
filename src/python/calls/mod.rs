//! Run calls and batches of Python in the core.
//!
//! May use `types`, `runtime` and `convert`.

pub(crate) mod batch;
pub(crate) mod engine;
pub(crate) mod outcome;
pub(crate) mod token_request;

mod batch_channel;
mod input;
mod operation;
mod prepared_call;
mod request_queue;
mod running;
mod sources;
