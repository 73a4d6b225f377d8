//! What a batch asks: a token of one of its sources, which only Python code can give.

use std::sync::{Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use pyo3::prelude::*;
use tokio::sync::oneshot;

use super::sources::Sources;
use crate::call::token_source::Ask;
use crate::error::{Error, Limit};
use crate::python::convert::token::Secret;
use crate::token::Token;

/// A question on its way to Python.
pub(crate) struct Asked {
    pub(crate) ask: Ask,
    /// The address of the source.
    pub(crate) source: usize,
    pub(crate) deadline: Instant,
    pub(crate) reply: oneshot::Sender<Result<Token, Error>>,
}

/// The answer that Python code owes to a batch; one that is dropped is an answer too.
#[pyclass(frozen, module = "wxaudit._native")]
pub(crate) struct Question {
    ask: Ask,
    source: Py<PyAny>,
    deadline: Instant,
    reply: Mutex<Option<oneshot::Sender<Result<Token, Error>>>>,
    sources: Weak<Sources>,
    pid: u32,
}

impl Question {
    pub(crate) fn new(asked: Asked, source: Py<PyAny>, sources: Weak<Sources>) -> Self {
        let Asked { ask, deadline, reply, .. } = asked;
        Self { ask, source, deadline, reply: Mutex::new(Some(reply)), sources, pid: std::process::id() }
    }

    fn take(&self) -> Option<oneshot::Sender<Result<Token, Error>>> {
        self.reply.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[pymethods]
impl Question {
    /// The token source.
    #[getter]
    fn source<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        self.source.bind(py).clone()
    }

    /// Whether a fresh token is wanted.
    #[getter]
    fn refresh(&self) -> bool {
        self.ask == Ask::Refresh
    }

    /// The seconds until nobody waits for the answer any more.
    #[getter]
    fn remaining(&self) -> f64 {
        self.deadline.saturating_duration_since(Instant::now()).as_secs_f64()
    }

    /// The token, or the problem with the exception behind it, or neither where the source did not answer.
    #[pyo3(signature = (token = None, problem = None, cause = None))]
    fn answer(
        &self,
        py: Python<'_>,
        token: Option<&Bound<'_, Secret>>,
        problem: Option<String>,
        cause: Option<Py<PyAny>>,
    ) {
        if self.pid != std::process::id() {
            return;
        }
        if let (Some(cause), Some(sources)) = (cause, self.sources.upgrade()) {
            drop(sources.blame(self.source.bind(py).as_ptr() as usize, cause));
        }
        let answer = match (token, problem) {
            (Some(secret), _) => secret.get().token().map_err(|problem| Error::TokenSource { problem }),
            (None, Some(problem)) => Err(Error::TokenSource { problem }),
            (None, None) => Err(Error::Timeout {
                limit: Limit::Total,
                after: Duration::ZERO,
                detail: "the token source did not answer".to_owned(),
            }),
        };
        if let Some(reply) = self.take() {
            // Whoever asked may be gone.
            let _ = reply.send(answer);
        }
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        if self.pid != std::process::id() {
            std::mem::forget(self.take());
        }
    }
}
