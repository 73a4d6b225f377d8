//! Where finished asyncio calls land: results are collected for their loop, and one wake-up hands over the bunch. A loop
//! that was closed meanwhile is left alone, without a message.
//!
//! No Python code ever runs below native frames here, on whatever thread: an interpreter that exits ends its daemon
//! threads inside Python code, and unwinding them through Rust would abort the process. So `wxaudit._loop` makes the
//! futures and completes them; this side only stores and wakes.

use std::cell::RefCell;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

thread_local! {
    /// The loops that have something to be woken for; only the delivering thread uses it.
    static WAITING: RefCell<Vec<Py<LoopPort>>> = const { RefCell::new(Vec::new()) };
}

/// Stands for one event loop, for as long as that lives.
#[pyclass(frozen, weakref, module = "wxaudit._native")]
pub(crate) struct LoopPort {
    /// A weak reference: the port must not be what keeps its loop.
    event_loop: Py<PyAny>,
    /// What the loop is to run, with this port, when something has landed.
    unload: Py<PyAny>,
    landed: Mutex<Vec<Py<PyTuple>>>,
}

#[pymethods]
impl LoopPort {
    #[new]
    fn new(event_loop: Py<PyAny>, unload: Py<PyAny>) -> Self {
        Self { event_loop, unload, landed: Mutex::default() }
    }

    /// What has landed since the last time: (future, its method to complete it, the value).
    fn take<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let landed = mem::take(&mut *self.landed());
        PyList::new(py, landed)
    }
}

impl LoopPort {
    fn landed(&self) -> MutexGuard<'_, Vec<Py<PyTuple>>> {
        self.landed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(slf: &Bound<'_, Self>) -> PyResult<()> {
        let py = slf.py();
        let port = slf.get();
        let event_loop = port.event_loop.bind(py).call0()?;
        if event_loop.is_none() {
            return Err(pyo3::exceptions::PyRuntimeError::new_err("the event loop is gone"));
        }
        let arguments = (port.unload.bind(py), slf);
        event_loop.call_method1(intern!(py, "call_soon_threadsafe"), arguments).map(drop)
    }
}

/// Wakes each loop that has something waiting. The delivering thread does, which ends before the interpreter does.
pub(super) fn wake_all(py: Python<'_>) {
    for port in WAITING.take() {
        if LoopPort::wake(port.bind(py)).is_err() {
            // The loop is closed or gone: nobody waits for these results any more.
            drop(mem::take(&mut *port.get().landed()));
        }
    }
}

/// One call's place on a loop: what pyo3-async-runtimes takes for the event loop itself.
#[pyclass(frozen, module = "wxaudit._native")]
pub(crate) struct Landing {
    port: Py<LoopPort>,
    future: Py<PyAny>,
}

#[pymethods]
impl Landing {
    #[new]
    fn new(port: Py<LoopPort>, future: Py<PyAny>) -> Self {
        Self { port, future }
    }

    /// The future that was made for this call.
    fn create_future(&self, py: Python<'_>) -> Py<PyAny> {
        self.future.clone_ref(py)
    }

    /// Keeps what the call came to for the next wake-up. Called by the delivering thread alone, with a callback that
    /// does what `wxaudit._loop` does in its place.
    #[pyo3(signature = (callback, *arguments, context = None))]
    fn call_soon_threadsafe(
        &self,
        py: Python<'_>,
        callback: Py<PyAny>,
        arguments: Bound<'_, PyTuple>,
        context: Option<Py<PyAny>>,
    ) {
        drop((callback, context));
        let mut landed = self.port.get().landed();
        landed.push(arguments.unbind());
        if landed.len() == 1 {
            WAITING.with_borrow_mut(|waiting| waiting.push(self.port.clone_ref(py)));
        }
    }
}
