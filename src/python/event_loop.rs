//! An asyncio loop as pyo3-async-runtimes meets it: finished calls are collected, and one wake-up hands over the bunch.
//! A loop that was closed meanwhile is left alone, without a message.

use std::cell::RefCell;
use std::mem;
use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyTuple, PyWeakrefReference};

thread_local! {
    /// The loops that have something to be woken for; only the delivering thread uses it.
    static WAITING: RefCell<Vec<Py<LoopPort>>> = const { RefCell::new(Vec::new()) };
}

/// Stands for one event loop.
#[pyclass(frozen, weakref, module = "wxaudit._native")]
pub(super) struct LoopPort {
    /// Weak: the port is kept for as long as its loop is, and must not be what keeps it.
    event_loop: Py<PyWeakrefReference>,
    pending: Mutex<Vec<(Py<PyAny>, Py<PyTuple>)>>,
}

#[pymethods]
impl LoopPort {
    fn create_future<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let event_loop = self.event_loop(py)?;
        event_loop.call_method0(pyo3::intern!(py, "create_future"))
    }

    /// Keeps a callback for the next wake-up. Called by the delivering thread alone.
    #[pyo3(signature = (callback, *arguments, context = None))]
    fn call_soon_threadsafe(
        slf: &Bound<'_, Self>,
        callback: Py<PyAny>,
        arguments: Bound<'_, PyTuple>,
        context: Option<Py<PyAny>>,
    ) {
        let _no_context_needed = context;
        let mut pending = slf.get().pending();
        pending.push((callback, arguments.unbind()));
        if pending.len() == 1 {
            WAITING.with_borrow_mut(|waiting| waiting.push(slf.clone().unbind()));
        }
    }

    /// Runs what was kept, in the loop's own thread.
    fn __call__(&self, py: Python<'_>) {
        let pending = mem::take(&mut *self.pending());
        for (callback, arguments) in pending {
            if let Err(error) = callback.call1(py, arguments) {
                error.write_unraisable(py, Some(callback.bind(py)));
            }
        }
    }
}

impl LoopPort {
    /// The port of the running loop; the same one for the life of the loop.
    pub(super) fn running(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        static PORTS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let event_loop = pyo3_async_runtimes::get_running_loop(py)?;
        let ports = PORTS
            .get_or_try_init(py, || {
                py.import("weakref")?.call_method0("WeakKeyDictionary").map(Bound::unbind)
            })?
            .bind(py);
        let known = ports.call_method1(pyo3::intern!(py, "get"), (&event_loop,))?;
        if !known.is_none() {
            return Ok(known);
        }
        let port =
            Self { event_loop: PyWeakrefReference::new(&event_loop)?.unbind(), pending: Mutex::default() };
        let port = Bound::new(py, port)?.into_any();
        ports.set_item(&event_loop, &port)?;
        Ok(port)
    }

    fn event_loop<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        use pyo3::types::PyWeakrefMethods;
        self.event_loop
            .bind(py)
            .upgrade()
            .ok_or_else(|| pyo3::exceptions::PyRuntimeError::new_err("the event loop is gone"))
    }

    fn pending(&self) -> std::sync::MutexGuard<'_, Vec<(Py<PyAny>, Py<PyTuple>)>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(slf: &Bound<'_, Self>) {
        let py = slf.py();
        let woken = slf.get().event_loop(py).and_then(|event_loop| {
            event_loop.call_method1(pyo3::intern!(py, "call_soon_threadsafe"), (slf,))
        });
        if woken.is_err() {
            // The loop is closed or gone: nobody waits for these results any more.
            drop(mem::take(&mut *slf.get().pending()));
        }
    }
}

/// Wakes each loop that has something waiting.
pub(super) fn wake_all(py: Python<'_>) {
    for port in WAITING.take() {
        LoopPort::wake(port.bind(py));
    }
}
