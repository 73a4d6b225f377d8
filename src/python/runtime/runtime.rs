//! The runtime of a process, and the shared state of its token sources.

use std::sync::Arc;

use pyo3::prelude::*;

use super::driver::Driver;
use super::known_source::KnownSources;
use crate::error::{Error, Phase, in_words};
use crate::fork::{PerProcess, Process};
use crate::python::convert::errors;

static RUNTIME: PerProcess<Runtime> = PerProcess::new();

/// The runtime of one process.
pub(crate) struct Runtime {
    pub(crate) process: Process,
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
        Self::of(py, Process::current())
    }

    /// The runtime of the `current` process.
    pub(crate) fn of(py: Python<'_>, current: Process) -> PyResult<Arc<Self>> {
        match RUNTIME.get(current) {
            Some(runtime) => Ok(runtime),
            None => py
                .detach(|| RUNTIME.get_or_build(current, || Self::start(current)))
                .map_err(|error| errors::raise(py, Error::transient(Phase::Start, in_words(&error)))),
        }
    }

    fn start(process: Process) -> std::io::Result<Self> {
        Ok(Self { process, driver: Driver::start()?, sources: KnownSources::default() })
    }
}
