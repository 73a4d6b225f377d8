//! The threads of a process: one that runs all requests, and one that hands finished asyncio calls to Python.
//!
//! The stock tokio runtime of pyo3-async-runtimes hangs after fork, aborts at interpreter exit and hands results over
//! by a growing pool of threads; so this is a runtime of our own behind that crate's `generic::Runtime`.

use std::any::Any;
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};

use pyo3::prelude::*;
use pyo3_async_runtimes::TaskLocals;
use pyo3_async_runtimes::generic;

use super::deliveries::{Deliveries, Homing, send_home};
use super::driver::Driver;
use super::errors;
use crate::error::{Error, Phase};
use crate::process::PerProcess;
use crate::source::SharedSource;

static RUNTIME: PerProcess<Runtime> = PerProcess::new();

/// The runtime of one process.
pub(super) struct Runtime {
    pub(super) driver: Arc<Driver>,
    deliveries: Arc<Deliveries>,
    /// What calls on the same token source share, by the source's address, for as long as one of them lasts.
    sources: Mutex<HashMap<usize, Weak<SharedSource>>>,
}

impl Drop for Runtime {
    /// Only of one that was never used, because another thread was faster.
    fn drop(&mut self) {
        self.driver.end();
    }
}

impl Runtime {
    /// This process's runtime, started at first use.
    pub(super) fn current(py: Python<'_>) -> PyResult<Arc<Self>> {
        match RUNTIME.get() {
            Some(runtime) => Ok(runtime),
            None => py
                .detach(|| RUNTIME.get_or_build(Self::start))
                .map_err(|error| errors::raise(py, &Error::transient(Phase::Start, error.to_string()))),
        }
    }

    fn start() -> std::io::Result<Self> {
        Ok(Self { driver: Driver::start()?, deliveries: Arc::default(), sources: Mutex::default() })
    }

    /// The shared state of the token source at `address`. The caller keeps the source alive during its call, so no
    /// other object can have its address meanwhile.
    pub(super) fn source(&self, address: usize) -> Arc<SharedSource> {
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

    /// Makes sure that finished calls are delivered to Python; False where the interpreter is exiting.
    pub(super) fn deliver(&self, py: Python<'_>) -> PyResult<bool> {
        Deliveries::start(&self.deliveries, py)
    }
}

/// Stops what may touch Python, while the interpreter is still whole; runs at exit.
#[pyfunction]
pub(super) fn shutdown(py: Python<'_>) {
    if let Some(runtime) = RUNTIME.get() {
        py.detach(|| runtime.deliveries.stop());
    }
}

/// The runtime as pyo3-async-runtimes sees it.
pub(super) struct Bridge;

/// A spawned task; `Lost` where this process has no runtime, which no caller can bring about.
pub(super) enum Spawned {
    Task(tokio::task::JoinHandle<()>),
    Lost,
}

impl Future for Spawned {
    type Output = Result<(), JoinError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Self::Task(task) => match Pin::new(task).poll(context) {
                // The crate's outer task has nothing left to do but to drop Python objects: it goes home instead.
                Poll::Ready(Ok(())) => {
                    send_home();
                    Poll::Pending
                }
                outcome => outcome.map_err(JoinError),
            },
            Self::Lost => Poll::Ready(Ok(())),
        }
    }
}

/// Why a task did not end by itself.
pub(super) struct JoinError(tokio::task::JoinError);

impl generic::JoinError for JoinError {
    fn is_panic(&self) -> bool {
        self.0.is_panic()
    }

    fn into_panic(self) -> Box<dyn Any + Send + 'static> {
        self.0.try_into_panic().unwrap_or_else(|error| Box::new(error.to_string()))
    }
}

impl generic::Runtime for Bridge {
    type JoinError = JoinError;
    type JoinHandle = Spawned;

    fn spawn<F>(future: F) -> Spawned
    where
        F: Future<Output = ()> + Send + 'static,
    {
        match RUNTIME.get() {
            Some(runtime) => {
                let homing = Homing::new(future, Arc::clone(&runtime.deliveries), runtime.driver.claim());
                Spawned::Task(runtime.driver.handle().spawn(homing))
            }
            None => Spawned::Lost,
        }
    }

    fn spawn_blocking<F>(job: F) -> Spawned
    where
        F: FnOnce() + Send + 'static,
    {
        if let Some(runtime) = RUNTIME.get() {
            runtime.deliveries.push(Box::new(job));
        }
        Spawned::Lost
    }
}

impl generic::ContextExt for Bridge {
    fn scope<F, R>(locals: TaskLocals, future: F) -> Pin<Box<dyn Future<Output = R> + Send>>
    where
        F: Future<Output = R> + Send + 'static,
    {
        // Nothing here looks at the locals; they are Python objects and must be dropped where the future is.
        Box::pin(async move {
            let _locals = locals;
            future.await
        })
    }

    fn get_task_locals() -> Option<TaskLocals> {
        None
    }
}
