//! The tokio runtime of a process, and how blocking threads and event loops wait for it.
//!
//! May use `convert`. Knows neither calls nor batches.

pub(crate) mod blocking;
pub(crate) mod completion_queue;
pub(crate) mod driver;
pub(crate) mod known_source;
pub(crate) mod loop_bridge;
#[expect(clippy::module_inception, reason = "the runtime itself, beside its driver and its bridges")]
pub(crate) mod runtime;
