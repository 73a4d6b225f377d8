//! The input of a batch: takes queries from a Python iterator, as many as keep the batch busy.

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

/// How long queries are taken in before results are looked at again.
const FILL_LIMIT: Duration = Duration::from_millis(5);

/// The input of one batch.
pub(crate) struct Input {
    pub(crate) scope: Arc<BatchScope>,
    concurrency: usize,
    /// Beyond its deadline, a batch that is collected reports an error for each further query; one that is iterated takes
    /// no more of them.
    collected: bool,
    state: Mutex<State>,
}

/// Python objects are neither made nor dropped while this is locked: either may run Python code.
struct State {
    iterator: Option<Py<PyIterator>>,
    /// None once the input has ended.
    queries: Option<UnboundedSender<Query>>,
    /// Queries that have come, refused ones included.
    taken: u64,
    /// Queries taken in and not yet delivered.
    held: usize,
    /// Items that cannot be used: their number and their `ArgumentError`.
    refused: Vec<(u64, Py<PyAny>)>,
    /// What the input raised, until its results are delivered.
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

    /// Takes in what the batch has room for, as far as the iterator gives it within `FILL_LIMIT`. True where nothing
    /// is left to do before a call has ended.
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
                if self.is_late() {
                    self.end();
                    break;
                }
                match iterator.next() {
                    Some(Ok(item)) => drop(add(&item)?),
                    // A batch that is collected ends at once, and what no user handles ends any batch.
                    Some(Err(error)) if self.collected || !error.is_instance_of::<PyException>(py) => {
                        return Err(error);
                    }
                    Some(Err(error)) => {
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

    /// How many queries more it takes in: as many as keep the batch busy while Python handles results.
    fn room(&self) -> usize {
        (2 * self.concurrency + self.scope.waiting()).saturating_sub(self.state().held)
    }

    /// Whether results have to be taken before more input is.
    pub(crate) fn is_full(&self) -> bool {
        self.room() == 0 || self.state().refused.len() >= self.concurrency
    }

    /// Whether the deadline has passed after which no more input is taken.
    pub(crate) fn is_late(&self) -> bool {
        !self.collected && self.scope.deadline().is_some_and(|(at, _)| Instant::now() >= at)
    }

    /// The number of the next query.
    pub(crate) fn next_index(&self) -> u64 {
        let mut state = self.state();
        let index = state.taken;
        state.taken += 1;
        index
    }

    /// Hands a query to the batch.
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

    /// Keeps the error of an item that cannot be used, as the result of its query.
    pub(crate) fn refuse(&self, index: u64, error: Py<PyAny>) {
        self.state().refused.push((index, error));
    }

    /// Takes the refused items out, and notes that so many results are delivered.
    pub(crate) fn deliver(&self, results: usize) -> Vec<(u64, Py<PyAny>)> {
        let mut state = self.state();
        state.held = state.held.saturating_sub(results);
        std::mem::take(&mut state.refused)
    }

    /// No more input follows.
    pub(crate) fn end(&self) {
        let iterator = {
            let mut state = self.state();
            state.queries = None;
            state.iterator.take()
        };
        drop(iterator);
    }

    /// What the input raised.
    pub(crate) fn take_error(&self) -> Option<PyErr> {
        self.state().error.take()
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.state.try_lock().map_or(Ok(()), |state| visit.call(&state.iterator))
    }
}
