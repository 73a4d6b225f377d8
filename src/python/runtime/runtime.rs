//! The runtime of a process, and the shared state of its token sources.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use pyo3::prelude::*;

use super::driver::Driver;
use crate::call::token_source::SharedSource;
use crate::error::{Error, Phase};
use crate::fork::PerProcess;
use crate::python::convert::errors;

static RUNTIME: PerProcess<Runtime> = PerProcess::new();

/// The runtime of one process.
pub(crate) struct Runtime {
    /// The process. Stored, since asking the system costs a call.
    pub(crate) pid: u32,
    pub(crate) driver: Arc<Driver>,
    /// The state that calls on one token source share, by the address of the source. It lives as long as such a call.
    sources: Mutex<HashMap<usize, Weak<SharedSource>>>,
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
                .map_err(|error| errors::raise(py, Error::transient(Phase::Start, error.to_string()))),
        }
    }

    fn start() -> std::io::Result<Self> {
        Ok(Self { pid: std::process::id(), driver: Driver::start()?, sources: Mutex::default() })
    }

    /// The shared state of the token source at `address`. The caller keeps the source alive during its call, so that no
    /// other object can have the address meanwhile.
    pub(crate) fn source(&self, address: usize) -> Arc<SharedSource> {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = sources.get(&address).and_then(Weak::upgrade) {
            return shared;
        }
        // Only when the map is about to grow: a batch may use a million sources, one after another.
        if sources.len() == sources.capacity() {
            sources.retain(|_, shared| shared.strong_count() > 0);
        }
        let shared = Arc::new(SharedSource::default());
        sources.insert(address, Arc::downgrade(&shared));
        shared
    }
}
