//! What calls of asyncio came to, on its way to their loop: a queue, and a byte in a pipe that tells that there is something.
//!
//! The byte is written when the runtime has nothing more to do, so that what comes together arrives together; or after a
//! number of results, for a runtime that always has something to do.

use std::cell::RefCell;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use super::conversation::Turn;

/// After so many results, of whatever kind, those that have come do not wait for more.
const BUNCH: usize = 64;

/// Which call: another one may get the same address later.
#[derive(Clone, Copy)]
pub(super) struct Berth {
    pub(super) address: usize,
    pub(super) number: u64,
}

/// What a call came to.
pub(super) enum Outcome {
    Turn(Turn),
    Nothing,
    Panicked,
}

impl From<Turn> for Outcome {
    fn from(turn: Turn) -> Self {
        Self::Turn(turn)
    }
}

impl From<()> for Outcome {
    fn from((): ()) -> Self {
        Self::Nothing
    }
}

impl<'py> IntoPyObject<'py> for Outcome {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Self::Turn(turn) => turn.into_pyobject(py),
            Self::Nothing => Ok(py.None().into_bound(py)),
            Self::Panicked => {
                Err(PyRuntimeError::new_err("a bug in wxaudit: the call panicked; please report it"))
            }
        }
    }
}

/// What has come for one loop, and the pipe that tells it.
pub(super) struct Arrivals {
    queue: Mutex<Queue>,
    // Kept here too, so that nobody ever writes into a pipe without a reader.
    reader: PipeReader,
    writer: PipeWriter,
}

#[derive(Default)]
struct Queue {
    arrived: Vec<(Berth, Outcome)>,
    /// It is on the list of what the runtime has to tell.
    noted: bool,
    /// There is a byte in the pipe.
    rung: bool,
}

thread_local! {
    /// What this thread has to tell.
    static NOTED: RefCell<Noted> = const { RefCell::new(Noted { arrivals: Vec::new(), results: 0 }) };
}

struct Noted {
    /// Where something has arrived.
    arrivals: Vec<Arc<Arrivals>>,
    /// So many calls and queries have ended since, for whomever.
    results: usize,
}

/// Tells the loops for which something has arrived. To be called by a thread that turns the runtime whenever it has
/// nothing more to do.
pub(super) fn ring() {
    let noted = NOTED.replace(Noted { arrivals: Vec::new(), results: 0 });
    for arrivals in noted.arrivals {
        arrivals.ring();
    }
}

/// Notes the end of a call or a query. A runtime that always has something to do would never tell the loops anything.
pub(super) fn note_result() {
    let results = NOTED.with_borrow_mut(|noted| {
        noted.results += 1;
        noted.results
    });
    if results >= BUNCH {
        ring();
    }
}

impl Arrivals {
    /// Opens a pipe.
    pub(super) fn new() -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        Ok(Self { queue: Mutex::default(), reader, writer })
    }

    /// What becomes readable when something has come.
    pub(super) fn reader(&self) -> &PipeReader {
        &self.reader
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts what a call came to into the queue.
    pub(super) fn put(self: &Arc<Self>, berth: Berth, outcome: Outcome) {
        let mut queue = self.queue();
        queue.arrived.push((berth, outcome));
        let noted = mem::replace(&mut queue.noted, true);
        drop(queue);
        if !noted {
            NOTED.with_borrow_mut(|all| all.arrivals.push(Arc::clone(self)));
        }
        note_result();
    }

    fn ring(&self) {
        let mut queue = self.queue();
        if !queue.arrived.is_empty() && !queue.rung {
            // One byte at most is in it, so that writing never blocks.
            queue.rung = (&self.writer).write_all(b"\0").is_ok();
        }
    }

    /// What has come since the last time. `rung` tells that the byte was read by somebody else.
    pub(super) fn take(&self, rung: bool) -> io::Result<Vec<(Berth, Outcome)>> {
        let mut queue = self.queue();
        queue.noted = false;
        if mem::take(&mut queue.rung) && !rung {
            (&self.reader).read_exact(&mut [0])?;
        }
        Ok(mem::take(&mut queue.arrived))
    }
}
