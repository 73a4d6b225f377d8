//! Requests to token sources, which Python code answers.

use std::sync::{Mutex, PoisonError, Weak};
use std::time::Duration;

use pyo3::prelude::*;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::batch_channel::PendingRequest;
use super::sources::Sources;
use crate::call::token_source::TokenRequestKind;
use crate::error::{Error, Limit, Phase};
use crate::python::convert::token;
use crate::token::Token;

/// A request to a token source. Dropping it fails the call.
#[pyclass(frozen, module = "wxaudit._native")]
pub(crate) struct TokenRequest {
    kind: TokenRequestKind,
    source: Py<PyAny>,
    deadline: Instant,
    reply: Mutex<Option<oneshot::Sender<Result<Token, Error>>>>,
    sources: Weak<Sources>,
    pid: u32,
}

impl TokenRequest {
    pub(crate) fn new(pending: PendingRequest, source: Py<PyAny>, sources: Weak<Sources>) -> Self {
        let PendingRequest { kind, deadline, reply, .. } = pending;
        Self { kind, source, deadline, reply: Mutex::new(Some(reply)), sources, pid: std::process::id() }
    }

    fn take(&self) -> Option<oneshot::Sender<Result<Token, Error>>> {
        self.reply.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn reply(&self, answer: Result<Token, Error>) {
        if self.pid != std::process::id() {
            return;
        }
        if let Some(reply) = self.take() {
            // The call may have been dropped.
            let _ = reply.send(answer);
        }
    }
}

#[pymethods]
impl TokenRequest {
    /// The token source.
    #[getter]
    fn source<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        self.source.bind(py).clone()
    }

    /// Whether a fresh token is needed.
    #[getter]
    fn refresh(&self) -> bool {
        self.kind == TokenRequestKind::Refresh
    }

    /// The seconds until the call times out.
    #[getter]
    fn remaining(&self) -> f64 {
        self.deadline.saturating_duration_since(Instant::now()).as_secs_f64()
    }

    /// Answers with the value that the source returned: a string or a `Token`. Other values fail the call.
    fn answer(&self, returned: &Bound<'_, PyAny>) -> PyResult<()> {
        let answer = token::token(returned)?.map_err(|problem| Error::TokenSource { problem });
        self.reply(answer);
        Ok(())
    }

    /// Fails the call with a problem and its cause.
    #[pyo3(signature = (problem, cause = None))]
    fn fail(&self, py: Python<'_>, problem: String, cause: Option<Py<PyAny>>) {
        if let (Some(cause), Some(sources)) = (cause, self.sources.upgrade()) {
            drop(sources.note_cause(self.source.bind(py).as_ptr() as usize, cause));
        }
        self.reply(Err(Error::TokenSource { problem }));
    }

    /// Fails the call since the source could not be called now. Another call may succeed.
    fn fail_to_start(&self, problem: &str) {
        let problem = format!("cannot call the token source: {problem}");
        self.reply(Err(Error::transient(Phase::Start, problem)));
    }

    /// Fails the call since the source did not return in time.
    fn time_out(&self) {
        self.reply(Err(Error::Timeout {
            limit: Limit::Total,
            after: Duration::ZERO,
            detail: "the token source did not answer".to_owned(),
        }));
    }
}

impl Drop for TokenRequest {
    fn drop(&mut self) {
        if self.pid != std::process::id() {
            std::mem::forget(self.take());
        }
    }
}
