//! The only two doors between a future and Python.

use std::future::Future;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3_async_runtimes::{TaskLocals, generic};
use tokio::task::AbortHandle;

use super::event_loop::LoopPort;
use super::runtime::{Bridge, Runtime};

/// How often a blocked thread looks for signals.
const TICK: Duration = Duration::from_millis(50);

/// Blocks the calling thread until `future` is done, without the interpreter; a signal handler that raises
/// (Ctrl-C) ends the wait and drops the future.
pub(super) fn blocking<F>(py: Python<'_>, future: F) -> PyResult<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    let runtime = Runtime::current(py)?;
    let (sender, mut receiver) = sync_channel(1);
    let task = runtime.handle.spawn(async move {
        // Nobody listens any more where the wait was interrupted.
        let _ = sender.send(future.await);
    });
    let _abort = AbortOnDrop(task.abort_handle());
    loop {
        let message;
        (message, receiver) = py.detach(move || (receiver.recv_timeout(TICK), receiver));
        match message {
            Ok(output) => return Ok(output),
            Err(RecvTimeoutError::Timeout) => py.check_signals()?,
            Err(RecvTimeoutError::Disconnected) => {
                return Err(PyRuntimeError::new_err("a bug in wxaudit: the call panicked; please report it"));
            }
        }
    }
}

struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// An asyncio future of the running loop for `future`; cancelling it drops the future.
pub(super) fn awaitable<F>(py: Python<'_>, future: F) -> PyResult<Bound<'_, PyAny>>
where
    F: Future<Output: for<'py> IntoPyObject<'py> + Send> + Send + 'static,
{
    let port = LoopPort::running(py)?;
    if !Runtime::current(py)?.deliver(py)? {
        return too_late(py, &port);
    }
    generic::future_into_py_with_locals::<Bridge, _, _>(
        py,
        TaskLocals::new(port),
        async move { Ok(future.await) },
    )
}

/// What an asyncio call gets while the interpreter exits. All threads but the main one are daemons then, about to be
/// frozen: theirs waits for ever, since an exception would be printed.
fn too_late<'py>(py: Python<'py>, port: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let threading = py.import("threading")?;
    let is_main = threading.call_method0("current_thread")?.is(threading.call_method0("main_thread")?);
    if is_main {
        let message = "the interpreter is exiting: asyncio calls are over; the blocking client still works";
        return Err(PyRuntimeError::new_err(message));
    }
    port.call_method0("create_future")
}
