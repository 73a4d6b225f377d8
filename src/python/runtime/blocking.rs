//! Block the calling thread on a future.

use std::future::Future;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use tokio::task::AbortHandle;

use super::runtime::Runtime;

/// How often a blocked thread checks for signals.
const SIGNAL_CHECK_INTERVAL: Duration = Duration::from_millis(50);

/// Blocks the calling thread on `future` in the `runtime` of this process, without the GIL. If a signal handler raises
/// (Ctrl-C), drops the future and returns the exception.
pub(crate) fn block_on<F>(py: Python<'_>, runtime: &Runtime, future: F) -> PyResult<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    let driver = &runtime.driver;
    let activity = driver.begin_activity_unannounced();
    let mut future = Box::pin(future);
    if activity.alone
        && let Some(output) = py.detach(|| driver.drive(future.as_mut(), SIGNAL_CHECK_INTERVAL))
    {
        return Ok(output);
    }
    // From here on the I/O thread drives the runtime: this thread may have to wait for the GIL.
    driver.resume_io_thread();
    py.check_signals()?;
    let (sender, mut receiver) = sync_channel(1);
    let task = driver.handle().spawn(async move {
        // The receiver is gone if a signal interrupted the wait.
        let _ = sender.send(future.await);
    });
    let _abort = AbortOnDrop(task.abort_handle());
    loop {
        let message;
        (message, receiver) = py.detach(move || (receiver.recv_timeout(SIGNAL_CHECK_INTERVAL), receiver));
        match message {
            Ok(output) => {
                if activity.alone {
                    driver.yield_to_callers();
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

/// Aborts a task on drop.
pub(crate) struct AbortOnDrop(pub(crate) AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
