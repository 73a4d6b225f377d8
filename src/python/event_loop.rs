//! Where the calls of an event loop leave for the runtime, and where what they came to arrives.
//!
//! No thread but the loop's own ever touches Python for them. Whatever can go in bunches does: calls that begin in one turn
//! of the loop leave together, and see `arrivals.rs` for how they come back.

use std::collections::HashMap;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::process;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use futures_util::future::{AbortHandle, Abortable};
use pyo3::exceptions::PyRuntimeError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use super::arrivals::{Arrivals, Berth, Outcome};
use super::errors;
use super::runtime::Runtime;
use crate::error::{Error, Phase};

/// The port of one event loop, which keeps it for as long as it lives.
#[pyclass(frozen, weakref, module = "wxaudit._native")]
pub(crate) struct LoopPort {
    pid: u32,
    arrivals: Arc<Arrivals>,
    calls: Mutex<Calls>,
}

/// Python objects are neither made nor dropped while this is locked: either may run the collector, which looks in here.
#[derive(Default)]
struct Calls {
    count: u64,
    /// Calls that are not over, by the address of their asyncio future.
    expected: HashMap<usize, Expected>,
    departing: Vec<Departing>,
}

type Departing = Abortable<Pin<Box<dyn Future<Output = ()> + Send>>>;

struct Expected {
    number: u64,
    future: Py<PyAny>,
    task: AbortHandle,
}

#[pymethods]
impl LoopPort {
    /// Opens a pipe.
    #[new]
    fn new(py: Python<'_>) -> PyResult<Self> {
        let arrivals = Arrivals::new()
            .map_err(|error| errors::raise(py, &Error::transient(Phase::Start, error.to_string())))?;
        Ok(Self { pid: process::id(), arrivals: Arc::new(arrivals), calls: Mutex::default() })
    }

    /// What becomes readable when something has arrived.
    #[cfg(unix)]
    fn fileno(&self) -> i32 {
        use std::os::fd::AsRawFd;
        self.arrivals.reader().as_raw_fd()
    }

    /// The same once more, for a thread that reads it byte by byte: a descriptor that is the caller's to close.
    fn bell(&self) -> PyResult<isize> {
        let reader = self.arrivals.reader().try_clone()?;
        #[cfg(unix)]
        let bell = std::os::fd::IntoRawFd::into_raw_fd(reader) as isize;
        #[cfg(windows)]
        let bell = std::os::windows::io::IntoRawHandle::into_raw_handle(reader) as isize;
        Ok(bell)
    }

    /// Lets the calls leave that have begun meanwhile.
    fn depart(&self, py: Python<'_>) -> PyResult<()> {
        if self.pid == process::id() {
            let runtime = Runtime::current(py)?;
            self.send_off(&runtime);
        }
        Ok(())
    }

    /// What has arrived: futures with their values, and futures with what was raised. `rung` tells that the byte was
    /// read by a thread.
    #[pyo3(signature = (*, rung = false))]
    #[expect(clippy::type_complexity, reason = "a tuple that the stub names")]
    fn take<'py>(
        &self,
        py: Python<'py>,
        rung: bool,
    ) -> PyResult<(Vec<(Py<PyAny>, Bound<'py, PyAny>)>, Vec<(Py<PyAny>, PyErr)>)> {
        if self.pid != process::id() {
            // The byte is for the process that forked.
            return Ok((Vec::new(), Vec::new()));
        }
        let arrived = self.arrivals.take(rung)?;
        let mut expected = Vec::with_capacity(arrived.len());
        {
            let mut calls = self.calls();
            for (berth, outcome) in arrived {
                if let Some(Expected { future, .. }) = calls.remove(berth) {
                    expected.push((future, outcome));
                }
            }
        }
        let mut values = Vec::with_capacity(expected.len());
        let mut raised = Vec::new();
        for (future, outcome) in expected {
            match outcome.into_pyobject(py) {
                Ok(value) => values.push((future, value)),
                Err(error) => raised.push((future, error)),
            }
        }
        Ok((values, raised))
    }

    /// Drops the call that `future` waits for; it may be over.
    fn forget(&self, future: &Bound<'_, PyAny>) {
        let expected = self.calls().expected.remove(&(future.as_ptr() as usize));
        self.drop_all(expected);
    }

    /// Drops all calls: the loop is over.
    fn close(&self) {
        let expected = mem::take(&mut self.calls().expected);
        self.drop_all(expected.into_values());
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.calls.try_lock().map_or(Ok(()), |calls| {
            calls.expected.values().try_for_each(|expected| visit.call(&expected.future))
        })
    }

    fn __clear__(&self) {
        self.close();
    }
}

impl Drop for LoopPort {
    fn drop(&mut self) {
        self.close();
    }
}

impl LoopPort {
    /// Takes a call in, whose result `future` waits for. True where it is to depart with others that begin in this
    /// turn of the loop; the only one leaves at once.
    pub(super) fn embark<F>(slf: &Bound<'_, Self>, future: Bound<'_, PyAny>, call: F) -> PyResult<bool>
    where
        F: Future<Output: Into<Outcome>> + Send + 'static,
    {
        let port = slf.get();
        let runtime = Runtime::current(slf.py())?;
        if port.pid != runtime.pid {
            return Err(PyRuntimeError::new_err(
                "this event loop belongs to the process that forked; make a new one",
            ));
        }
        let (alone, first) = {
            let mut calls = port.calls();
            calls.count += 1;
            let berth = Berth { address: future.as_ptr() as usize, number: calls.count };
            let passage = Passage { arrivals: Arc::clone(&port.arrivals), berth };
            let alone = calls.expected.is_empty();
            let (task, registration) = AbortHandle::new_pair();
            let expected = Expected { number: berth.number, future: future.unbind(), task };
            calls.expected.insert(berth.address, expected);
            let call = Box::pin(async move { passage.end(call.await.into()) });
            calls.departing.push(Abortable::new(call, registration));
            (alone, calls.departing.len() == 1)
        };
        if alone {
            port.send_off(&runtime);
        }
        Ok(first && !alone)
    }

    fn send_off(&self, runtime: &Runtime) {
        let departing = mem::take(&mut self.calls().departing);
        let claims: Vec<_> = departing.iter().map(|_| runtime.driver.claim()).collect();
        // One task brings them all, so that the runtime is woken once.
        runtime.driver.handle().spawn(async move {
            for (call, claim) in departing.into_iter().zip(claims) {
                tokio::spawn(async move {
                    let _claim = claim;
                    // An error means that the call was dropped.
                    let _ = call.await;
                });
            }
        });
    }

    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn drop_all(&self, calls: impl IntoIterator<Item = Expected>) {
        for expected in calls {
            // A forked child has the handle, but not the runtime.
            if self.pid == process::id() {
                expected.task.abort();
            } else {
                mem::forget(expected.task);
            }
        }
    }
}

impl Calls {
    fn remove(&mut self, berth: Berth) -> Option<Expected> {
        let expected = self.expected.remove(&berth.address)?;
        if expected.number == berth.number {
            return Some(expected);
        }
        self.expected.insert(berth.address, expected);
        None
    }
}

/// A call under way.
struct Passage {
    arrivals: Arc<Arrivals>,
    berth: Berth,
}

impl Passage {
    fn end(self, outcome: Outcome) {
        self.arrivals.put(self.berth, outcome);
    }
}

impl Drop for Passage {
    /// Nobody waits for a call that was dropped, but for one that panicked.
    fn drop(&mut self) {
        if thread::panicking() {
            self.arrivals.put(self.berth, Outcome::Panicked);
        }
    }
}
