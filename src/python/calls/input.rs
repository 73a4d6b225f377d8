//! Take queries from a Python iterator, as many as keep the batch busy.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pyo3::exceptions::{PyException, PyRuntimeError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::PyIterator;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use crate::call::batch::Query;
use crate::call::batch_scope::BatchScope;
use crate::call::client::Call;
use crate::python::convert::errors;

/// How long `fill` takes queries before it lets results be handled.
const FILL_LIMIT: Duration = Duration::from_millis(5);

/// The input of one batch.
pub(crate) struct Input {
    pub(crate) scope: Arc<BatchScope>,
    concurrency: usize,
    /// After its deadline, a collected batch reports an error for each further query. An iterated batch takes no more.
    collected: bool,
    state: Mutex<State>,
}

/// Python objects must not be created or dropped while this is locked: either may run Python code.
struct State {
    iterator: Option<Py<PyIterator>>,
    /// None once the input has ended.
    queries: Option<UnboundedSender<Query>>,
    /// The number of queries taken so far, including refused ones.
    taken: u64,
    /// The number of queries taken and not yet delivered.
    held: usize,
    /// The indexes and `ArgumentError`s of invalid items.
    refused: Vec<(u64, Py<PyAny>)>,
    /// The exception of the input, until its results are delivered.
    error: Option<PyErr>,
}

impl Input {
    pub(crate) fn new(
        scope: Arc<BatchScope>,
        concurrency: usize,
        collected: bool,
        iterator: Option<Py<PyIterator>>,
        queries: UnboundedSender<Query>,
    ) -> Self {
        let state =
            State { iterator, queries: Some(queries), taken: 0, held: 0, refused: Vec::new(), error: None };
        Self { scope, concurrency, collected, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes queries while the batch has room, within `FILL_LIMIT`, and until `add` says to stop. Returns whether to wait
    /// for a call to end.
    pub(crate) fn fill(
        &self,
        py: Python<'_>,
        mut add: impl FnMut(&Bound<'_, PyAny>) -> PyResult<bool>,
    ) -> PyResult<bool> {
        let iterator = self.state().iterator.as_ref().map(|iterator| iterator.clone_ref(py));
        if let Some(iterator) = iterator {
            let mut iterator = iterator.into_bound(py);
            let until = Instant::now() + FILL_LIMIT;
            for _ in 0..self.room() {
                let item = if self.is_late() { None } else { iterator.next() };
                match item {
                    Some(Ok(item)) => {
                        if add(&item)? {
                            break;
                        }
                    }
                    // A collected batch ends at once; exceptions such as KeyboardInterrupt and those of signal handlers end
                    // any batch.
                    Some(Err(error)) if self.collected || !error.is_instance_of::<PyException>(py) => {
                        return Err(error);
                    }
                    Some(Err(error)) => {
                        let error = errors::unless_by_signal(py, error)?;
                        self.state().error = Some(error);
                        self.end();
                        break;
                    }
                    None => {
                        self.end();
                        break;
                    }
                }
                if Instant::now() >= until {
                    break;
                }
            }
        }
        let ended = self.state().queries.is_none();
        Ok(self.state().refused.is_empty() && (ended || self.room() == 0))
    }

    /// How many more queries to take, so that the batch stays busy while Python handles results.
    fn room(&self) -> usize {
        (2 * self.concurrency + self.scope.waiting()).saturating_sub(self.state().held)
    }

    /// Whether results must be taken before more input.
    pub(crate) fn is_full(&self) -> bool {
        self.room() == 0 || self.state().refused.len() >= self.concurrency
    }

    /// Whether the deadline for input has passed.
    pub(crate) fn is_late(&self) -> bool {
        !self.collected && self.scope.deadline().is_some_and(|(at, _)| Instant::now() >= at)
    }

    /// The index of the next query.
    pub(crate) fn next_index(&self) -> u64 {
        let mut state = self.state();
        let index = state.taken;
        state.taken += 1;
        index
    }

    /// Sends a query to the batch.
    pub(crate) fn send(&self, index: u64, call: Call) -> PyResult<()> {
        let mut state = self.state();
        let Some(queries) = &state.queries else {
            return Err(PyRuntimeError::new_err("the input of this batch has ended"));
        };
        if queries.send(Query { index, call }).is_err() {
            return Err(PyRuntimeError::new_err("a bug in wxaudit: the batch ended early; please report it"));
        }
        state.held += 1;
        Ok(())
    }

    /// Stores the error of an invalid item, as the result of its query.
    pub(crate) fn refuse(&self, index: u64, error: Py<PyAny>) {
        self.state().refused.push((index, error));
    }

    /// Takes the refused items, and counts `results` as delivered.
    pub(crate) fn deliver(&self, results: usize) -> Vec<(u64, Py<PyAny>)> {
        let mut state = self.state();
        state.held = state.held.saturating_sub(results);
        std::mem::take(&mut state.refused)
    }

    /// Ends the input.
    pub(crate) fn end(&self) {
        let iterator = {
            let mut state = self.state();
            state.queries = None;
            state.iterator.take()
        };
        drop(iterator);
    }

    /// The exception of the input.
    pub(crate) fn take_error(&self) -> Option<PyErr> {
        self.state().error.take()
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.state.try_lock().map_or(Ok(()), |state| visit.call(&state.iterator))
    }
}
