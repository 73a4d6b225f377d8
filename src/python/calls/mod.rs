//! Calls and batches on their way between Python and the core.
//!
//! May use `types`, `runtime` and `convert`.

pub(crate) mod batch;
pub(crate) mod call_driver;
pub(crate) mod engine;
pub(crate) mod token_request;

mod batch_channel;
pub(crate) mod operation;
pub(crate) mod sources;
