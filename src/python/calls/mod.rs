//! Calls and batches on their way between Python and the core.
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
mod sources;
