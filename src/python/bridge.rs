//! The only two doors between a future and Python.

use std::future::Future;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3_async_runtimes::{TaskLocals, generic};
use tokio::task::AbortHandle;

use super::event_loop::Landing;
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

/// Ends a task with whatever it has under way.
pub(super) struct AbortOnDrop(pub(super) AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Lets `landing` have the output of `future`; cancelling its asyncio future drops this one. False where the interpreter
/// is exiting, so that nothing would ever land.
pub(super) fn awaitable<F>(landing: Bound<'_, Landing>, future: F) -> PyResult<bool>
where
    F: Future<Output: for<'py> IntoPyObject<'py> + Send> + Send + 'static,
{
    let py = landing.py();
    if !Runtime::current(py)?.deliver(py)? {
        return Ok(false);
    }
    let locals = TaskLocals::new(landing.into_any());
    generic::future_into_py_with_locals::<Bridge, _, _>(py, locals, async move { Ok(future.await) })?;
    Ok(true)
}
