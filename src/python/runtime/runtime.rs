//! The runtime of a process, and the shared state of its token sources.

use std::sync::Arc;

use pyo3::prelude::*;

use super::driver::Driver;
use super::known_source::KnownSources;
use crate::error::{Error, Phase, in_words};
use crate::fork::PerProcess;
use crate::python::convert::errors;

static RUNTIME: PerProcess<Runtime> = PerProcess::new();

/// The runtime of one process.
pub(crate) struct Runtime {
    /// The process. Stored, since asking the system costs a call.
    pub(crate) pid: u32,
    pub(crate) driver: Arc<Driver>,
    /// The token sources of the calls in flight.
    pub(crate) sources: KnownSources,
}

impl Drop for Runtime {
    /// Happens only to a runtime that was never used, because another thread built one first.
    fn drop(&mut self) {
        self.driver.shut_down();
    }
}

impl Runtime {
    /// The runtime of this process, started on first use.
    pub(crate) fn current(py: Python<'_>) -> PyResult<Arc<Self>> {
        match RUNTIME.get() {
            Some(runtime) => Ok(runtime),
            None => py
                .detach(|| RUNTIME.get_or_build(Self::start))
                .map_err(|error| errors::raise(py, Error::transient(Phase::Start, in_words(&error)))),
        }
    }

    fn start() -> std::io::Result<Self> {
        Ok(Self { pid: std::process::id(), driver: Driver::start()?, sources: KnownSources::default() })
    }
}
