//! Queue the results of asyncio calls for their loop, and wake the loop with a byte in a pipe.
//!
//! The byte is written when the runtime becomes idle, so that simultaneous results are delivered together, or after a
//! number of results, since a busy runtime may never become idle.

use std::cell::RefCell;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;

/// After this many results, the loops are woken even if the runtime is busy.
const WAKE_AFTER: usize = 64;

/// Identifies a call. The number is needed since a later call may have the same address.
#[derive(Clone, Copy)]
pub(crate) struct CallKey {
    pub(crate) address: usize,
    pub(crate) number: u64,
}

/// The result of a call, which the thread of its loop converts to a Python object.
pub(crate) trait Completion: Send {
    fn into_python(self: Box<Self>, py: Python<'_>) -> PyResult<Bound<'_, PyAny>>;
}

impl Completion for () {
    fn into_python(self: Box<Self>, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        Ok(py.None().into_bound(py))
    }
}

/// The results for one loop, and the pipe that wakes it.
pub(crate) struct CompletionQueue {
    state: Mutex<State>,
    // Kept open here, so that a write never fails for lack of a reader.
    reader: PipeReader,
    writer: PipeWriter,
}

#[derive(Default)]
struct State {
    completed: Vec<(CallKey, Box<dyn Completion>)>,
    /// Whether the queue is among the pending wake-ups of a thread.
    wakeup_pending: bool,
    /// Whether there is a byte in the pipe.
    signaled: bool,
}

thread_local! {
    /// The loops that this thread has to wake.
    static PENDING_WAKEUPS: RefCell<PendingWakeups> =
        const { RefCell::new(PendingWakeups { queues: Vec::new(), results: 0 }) };
}

struct PendingWakeups {
    queues: Vec<Arc<CompletionQueue>>,
    /// Calls and queries of all clients that have ended since the last wake-up.
    results: usize,
}

/// Wakes the loops that have results. The thread that drives the runtime calls this whenever the runtime becomes idle.
pub(crate) fn wake_loops() {
    let pending = PENDING_WAKEUPS.replace(PendingWakeups { queues: Vec::new(), results: 0 });
    for queue in pending.queues {
        queue.wake();
    }
}

/// Counts the end of a call or a query, and wakes the loops after `WAKE_AFTER` of them.
pub(crate) fn note_result() {
    let results = PENDING_WAKEUPS.with_borrow_mut(|pending| {
        pending.results += 1;
        pending.results
    });
    if results >= WAKE_AFTER {
        wake_loops();
    }
}

impl CompletionQueue {
    /// Opens the pipe.
    pub(crate) fn new() -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        Ok(Self { state: Mutex::default(), reader, writer })
    }

    /// The end of the pipe that becomes readable when there are results.
    pub(crate) fn reader(&self) -> &PipeReader {
        &self.reader
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds the result of a call.
    pub(crate) fn push(self: &Arc<Self>, key: CallKey, completion: Box<dyn Completion>) {
        let mut state = self.state();
        state.completed.push((key, completion));
        let was_pending = mem::replace(&mut state.wakeup_pending, true);
        drop(state);
        if !was_pending {
            PENDING_WAKEUPS.with_borrow_mut(|pending| pending.queues.push(Arc::clone(self)));
        }
        note_result();
    }

    fn wake(&self) {
        let mut state = self.state();
        if !state.completed.is_empty() && !state.signaled {
            // At most one byte is in the pipe, so that a write never blocks.
            state.signaled = (&self.writer).write_all(b"\0").is_ok();
        }
    }

    /// Takes the results. `signaled` means that the caller has already read the byte.
    pub(crate) fn drain(&self, signaled: bool) -> io::Result<Vec<(CallKey, Box<dyn Completion>)>> {
        let mut state = self.state();
        state.wakeup_pending = false;
        if mem::take(&mut state.signaled) && !signaled {
            (&self.reader).read_exact(&mut [0])?;
        }
        Ok(mem::take(&mut state.completed))
    }
}
