//! What a process has once: the runtime that runs all requests, and what is known of token sources.

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
    /// That process, so that who has the runtime need not ask the system again.
    pub(crate) pid: u32,
    pub(crate) driver: Arc<Driver>,
    /// What calls on the same token source share, by the source's address, for as long as one of them lasts.
    sources: Mutex<HashMap<usize, Weak<SharedSource>>>,
}

impl Drop for Runtime {
    /// Only of one that was never used, because another thread was faster.
    fn drop(&mut self) {
        self.driver.shut_down();
    }
}

impl Runtime {
    /// This process's runtime, started at first use.
    pub(crate) fn current(py: Python<'_>) -> PyResult<Arc<Self>> {
        match RUNTIME.get() {
            Some(runtime) => Ok(runtime),
            None => py
                .detach(|| RUNTIME.get_or_build(Self::start))
                .map_err(|error| errors::raise(py, &Error::transient(Phase::Start, error.to_string()))),
        }
    }

    fn start() -> std::io::Result<Self> {
        Ok(Self { pid: std::process::id(), driver: Driver::start()?, sources: Mutex::default() })
    }

    /// The shared state of the token source at `address`. The caller keeps the source alive during its call, so no
    /// other object can have its address meanwhile.
    pub(crate) fn source(&self, address: usize) -> Arc<SharedSource> {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = sources.get(&address).and_then(Weak::upgrade) {
            return shared;
        }
        // Only when it has doubled: a batch may bring a million sources, one after another.
        if sources.len() == sources.capacity() {
            sources.retain(|_, shared| shared.strong_count() > 0);
        }
        let shared = Arc::new(SharedSource::default());
        sources.insert(address, Arc::downgrade(&shared));
        shared
    }
}
