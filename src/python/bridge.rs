//! The only two doors between a future and Python.

use std::future::Future;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use tokio::task::AbortHandle;

use super::arrivals::Outcome;
use super::event_loop::LoopPort;
use super::runtime::Runtime;

/// How often a blocked thread looks for signals.
const TICK: Duration = Duration::from_millis(50);

/// Blocks the calling thread until `future` is done, without the interpreter; a signal handler that raises
/// (Ctrl-C) ends the wait and drops the future.
pub(super) fn blocking<F>(py: Python<'_>, future: F) -> PyResult<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    let driver = &Runtime::current(py)?.driver;
    let claim = driver.claim_quietly();
    let mut future = Box::pin(settled(future));
    if claim.alone
        && let Some(output) = py.detach(|| driver.drive(future.as_mut(), TICK))
    {
        return Ok(output);
    }
    // From here on the runtime is turned by its own thread, whatever holds up this one.
    driver.recall();
    py.check_signals()?;
    let (sender, mut receiver) = sync_channel(1);
    let task = driver.handle().spawn(async move {
        // Nobody listens any more where the wait was interrupted.
        let _ = sender.send(future.await);
    });
    let _abort = AbortOnDrop(task.abort_handle());
    loop {
        let message;
        (message, receiver) = py.detach(move || (receiver.recv_timeout(TICK), receiver));
        match message {
            Ok(output) => {
                if claim.alone {
                    driver.dismiss();
                }
                return Ok(output);
            }
            Err(RecvTimeoutError::Timeout) => py.check_signals()?,
            Err(RecvTimeoutError::Disconnected) => {
                return Err(PyRuntimeError::new_err("a bug in wxaudit: the call panicked; please report it"));
            }
        }
    }
}

/// The same call, after what came while nobody turned the runtime: a connection that the server has closed meanwhile must
/// not be used for it.
///
/// It is boxed before anything else: each future that takes another one in by value has twice its size.
fn settled<F>(call: F) -> impl Future<Output = F::Output> + Send + 'static
where
    F: Future + Send + 'static,
{
    let call = Box::pin(call);
    async move {
        tokio::task::yield_now().await;
        call.await
    }
}

/// Ends a task with whatever it has under way.
pub(super) struct AbortOnDrop(pub(super) AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Lets the asyncio `future` have what `call` comes to. True where the port is to be told to let calls depart.
pub(super) fn awaitable<F>(port: &Bound<'_, LoopPort>, future: Bound<'_, PyAny>, call: F) -> PyResult<bool>
where
    F: Future<Output: Into<Outcome>> + Send + 'static,
{
    LoopPort::embark(port, future, call)
}
