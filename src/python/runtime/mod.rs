//! The tokio runtime of a process: who drives it, and how blocking threads and event loops wait for it.
//!
//! May use `convert`; knows neither calls nor batches.

pub(crate) mod blocking;
pub(crate) mod completion_queue;
pub(crate) mod driver;
pub(crate) mod loop_bridge;
#[expect(clippy::module_inception, reason = "the runtime itself, among what drives it and waits for it")]
pub(crate) mod runtime;
