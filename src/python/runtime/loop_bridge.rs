//! Submit asyncio calls to tokio and deliver their results.
//!
//! Only the thread of the loop touches Python for them. Calls that begin in one iteration of the loop are submitted
//! together, and `completion_queue.rs` delivers results together.

use std::collections::HashMap;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use futures_util::future::{AbortHandle, Abortable};
use pyo3::exceptions::PyRuntimeError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use super::completion_queue::{CallKey, Completion, CompletionQueue};
use super::runtime::Runtime;
use crate::error::{Error, Phase, in_words};
use crate::fork::Process;
use crate::python::convert::errors;

/// The bridge between one event loop, which owns it, and tokio.
#[pyclass(frozen, weakref, module = "wxaudit._native")]
pub(crate) struct LoopBridge {
    process: Process,
    queue: Arc<CompletionQueue>,
    calls: Mutex<Calls>,
}

/// Python objects must not be created or dropped while this is locked: either may run the garbage collector, which
/// visits these calls.
#[derive(Default)]
struct Calls {
    count: u64,
    /// By the address of their asyncio future.
    in_flight: HashMap<usize, InFlightCall>,
    /// Begun in this iteration of the loop, and not submitted yet.
    pending: Vec<PendingCall>,
}

type PendingCall = Abortable<Pin<Box<dyn Future<Output = ()> + Send>>>;

struct InFlightCall {
    number: u64,
    future: Py<PyAny>,
    task: AbortHandle,
}

#[pymethods]
impl LoopBridge {
    /// Opens the pipe.
    #[new]
    fn new(py: Python<'_>) -> PyResult<Self> {
        let queue = CompletionQueue::new()
            .map_err(|error| errors::raise(py, Error::transient(Phase::Start, in_words(&error))))?;
        Ok(Self { process: Process::current(), queue: Arc::new(queue), calls: Mutex::default() })
    }

    /// A descriptor that becomes readable when there are results.
    #[cfg(unix)]
    fn fileno(&self) -> i32 {
        use std::os::fd::AsRawFd;
        self.queue.reader().as_raw_fd()
    }

    /// A duplicate of it for a thread that reads byte by byte. The caller closes it.
    fn wakeup_handle(&self) -> PyResult<isize> {
        let reader = self.queue.reader().try_clone()?;
        #[cfg(unix)]
        let handle = std::os::fd::IntoRawFd::into_raw_fd(reader) as isize;
        #[cfg(windows)]
        let handle = std::os::windows::io::IntoRawHandle::into_raw_handle(reader) as isize;
        Ok(handle)
    }

    /// Submits the pending calls.
    fn flush(&self, py: Python<'_>) -> PyResult<()> {
        let current = Process::current();
        if self.process == current {
            self.spawn_pending(&*Runtime::of(py, current)?);
        }
        Ok(())
    }

    /// The finished calls: futures with their values, and futures with their exceptions. `signaled` means that a thread
    /// has already read the byte.
    #[pyo3(signature = (*, signaled = false))]
    #[expect(clippy::type_complexity, reason = "a tuple that the stub names")]
    fn drain<'py>(
        &self,
        py: Python<'py>,
        signaled: bool,
    ) -> PyResult<(Vec<(Py<PyAny>, Bound<'py, PyAny>)>, Vec<(Py<PyAny>, PyErr)>)> {
        if !self.process.is_current() {
            // The byte is for the process that forked.
            return Ok((Vec::new(), Vec::new()));
        }
        let completed = self.queue.drain(signaled)?;
        let mut finished = Vec::with_capacity(completed.len());
        {
            let mut calls = self.calls();
            for (key, completion) in completed {
                if let Some(InFlightCall { future, .. }) = calls.remove(key) {
                    finished.push((future, completion));
                }
            }
        }
        let mut values = Vec::with_capacity(finished.len());
        let mut raised = Vec::new();
        for (future, completion) in finished {
            match completion.into_python(py) {
                Ok(value) => values.push((future, value)),
                Err(error) => raised.push((future, error)),
            }
        }
        Ok((values, raised))
    }

    /// Cancels the call of `future`, unless it has finished.
    fn cancel(&self, future: &Bound<'_, PyAny>) {
        let cancelled = self.calls().in_flight.remove(&(future.as_ptr() as usize));
        self.abort(cancelled);
    }

    /// Cancels all calls, since the loop has ended.
    fn close(&self) {
        let cancelled = mem::take(&mut self.calls().in_flight);
        self.abort(cancelled.into_values());
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.calls
            .try_lock()
            .map_or(Ok(()), |calls| calls.in_flight.values().try_for_each(|call| visit.call(&call.future)))
    }

    fn __clear__(&self) {
        self.close();
    }
}

impl Drop for LoopBridge {
    fn drop(&mut self) {
        self.close();
    }
}

impl LoopBridge {
    /// Submits a call to the `runtime` of this process, with its result going to `future`: at once if it is the only one,
    /// and otherwise in `flush`. True if the caller must schedule `flush` for the end of this iteration of the loop.
    pub(crate) fn submit<F>(
        slf: &Bound<'_, Self>,
        runtime: &Runtime,
        future: Bound<'_, PyAny>,
        call: F,
    ) -> PyResult<bool>
    where
        F: Future<Output: Completion + 'static> + Send + 'static,
    {
        let bridge = slf.get();
        if bridge.process != runtime.process {
            return Err(PyRuntimeError::new_err(
                "this event loop belongs to the process that forked; make a new one",
            ));
        }
        let (alone, first) = {
            let mut calls = bridge.calls();
            calls.count += 1;
            let key = CallKey { address: future.as_ptr() as usize, number: calls.count };
            let guard = CompletionGuard { queue: Arc::clone(&bridge.queue), key };
            let alone = calls.in_flight.is_empty();
            let (task, registration) = AbortHandle::new_pair();
            let in_flight = InFlightCall { number: key.number, future: future.unbind(), task };
            calls.in_flight.insert(key.address, in_flight);
            let call = Box::pin(async move { guard.complete(Box::new(call.await)) });
            calls.pending.push(Abortable::new(call, registration));
            (alone, calls.pending.len() == 1)
        };
        if alone {
            bridge.spawn_pending(runtime);
        }
        Ok(first && !alone)
    }

    fn spawn_pending(&self, runtime: &Runtime) {
        let pending = mem::take(&mut self.calls().pending);
        let activities: Vec<_> = pending.iter().map(|_| runtime.driver.begin_activity()).collect();
        // One task spawns them all, so that the runtime is woken once.
        runtime.driver.handle().spawn(async move {
            for (call, activity) in pending.into_iter().zip(activities) {
                tokio::spawn(async move {
                    let _activity = activity;
                    // An error means that the call was cancelled.
                    let _ = call.await;
                });
            }
        });
    }

    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn abort(&self, calls: impl IntoIterator<Item = InFlightCall>) {
        for call in calls {
            // A forked child has inherited the handle without the runtime.
            if self.process.is_current() {
                call.task.abort();
            } else {
                mem::forget(call.task);
            }
        }
    }
}

impl Calls {
    fn remove(&mut self, key: CallKey) -> Option<InFlightCall> {
        let call = self.in_flight.remove(&key.address)?;
        if call.number == key.number {
            return Some(call);
        }
        self.in_flight.insert(key.address, call);
        None
    }
}

/// Completes its call even if the call panics.
struct CompletionGuard {
    queue: Arc<CompletionQueue>,
    key: CallKey,
}

impl CompletionGuard {
    fn complete(self, completion: Box<dyn Completion>) {
        self.queue.push(self.key, completion);
    }
}

impl Drop for CompletionGuard {
    /// A cancelled call needs no result, but one that panicked does.
    fn drop(&mut self) {
        if thread::panicking() {
            self.queue.push(self.key, Box::new(Panicked));
        }
    }
}

struct Panicked;

impl Completion for Panicked {
    fn into_python(self: Box<Self>, _: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        Err(PyRuntimeError::new_err("a bug in wxaudit: the call panicked; please report it"))
    }
}
