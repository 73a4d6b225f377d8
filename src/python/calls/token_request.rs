//! Requests to token sources, which Python code answers.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::request_queue::{PendingRequest, RequestQueue};
use super::sources::Sources;
use crate::call::token_source::TokenRequestKind;
use crate::error::{Error, Limit, Phase};
use crate::fork::Process;
use crate::python::convert::token::{self, PyToken};
use crate::python::runtime::known_source::KnownSource;
use crate::python::runtime::loop_bridge::LoopBridge;
use crate::python::runtime::runtime::Runtime;
use crate::token::Token;

/// A request to a token source. Dropping it fails the call.
#[pyclass(frozen, module = "wxaudit._native")]
pub(crate) struct TokenRequest {
    kind: TokenRequestKind,
    source: Py<PyAny>,
    deadline: Instant,
    state: Mutex<State>,
    process: Process,
}

struct State {
    reply: Option<oneshot::Sender<Result<Token, Error>>>,
    /// None once `get_token` has returned: the exception that it raised may hold this request in its frames.
    known: Option<Arc<KnownSource>>,
    /// The thread that calls `get_token`.
    thread: Option<u64>,
}

impl TokenRequest {
    /// The requests whose calls have not ended.
    pub(crate) fn all(py: Python<'_>, pending: Vec<PendingRequest>, sources: &Sources) -> Vec<Self> {
        let request = |PendingRequest { kind, source, deadline, reply }| {
            let (source, known) = sources.get(py, source)?;
            let state = Mutex::new(State { reply: Some(reply), known: Some(known), thread: None });
            Some(Self { kind, source, deadline, state, process: Process::current() })
        };
        pending.into_iter().filter_map(request).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reply(&self, answer: Result<Token, Error>) {
        if !self.process.is_current() {
            return;
        }
        let reply = self.state().reply.take();
        if let Some(reply) = reply {
            // The call may have been dropped.
            let _ = reply.send(answer);
        }
    }

    /// Ends the count of the thread, since `get_token` has returned.
    fn leave(&self) -> Option<Arc<KnownSource>> {
        let mut state = self.state();
        let (known, thread) = (state.known.take()?, state.thread.take());
        if let Some(thread) = thread {
            known.leave(thread);
        }
        Some(known)
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

    /// The token that a fresh one replaces.
    #[getter]
    fn refused(&self) -> Option<PyToken> {
        let known = self.state().known.clone()?;
        if self.kind == TokenRequestKind::Refresh { known.shared.refused().map(PyToken::of) } else { None }
    }

    /// The seconds until the call times out.
    #[getter]
    fn remaining(&self) -> f64 {
        self.deadline.saturating_duration_since(Instant::now()).as_secs_f64()
    }

    /// Whether the call still waits for the token.
    #[getter]
    fn is_pending(&self) -> bool {
        self.state().reply.as_ref().is_some_and(|reply| !reply.is_closed()) && Instant::now() < self.deadline
    }

    /// The threads in which this source, or an equal one, runs: their identifiers, and for how many seconds.
    #[getter]
    fn threads(&self) -> Vec<(u64, f64)> {
        let known = self.state().known.clone();
        known.map(|known| known.threads()).unwrap_or_default()
    }

    /// Notes the thread that calls the source now, until the request is answered or dropped.
    fn enter(&self, thread: u64) {
        let mut state = self.state();
        if let Some(known) = &state.known {
            known.enter(thread);
            state.thread = Some(thread);
        }
    }

    /// Answers with the value that the source returned: a string or a `Token`. Other values fail the call.
    fn answer(&self, returned: &Bound<'_, PyAny>) -> PyResult<()> {
        let answer = token::token(returned)?.map_err(|problem| Error::TokenSource { problem });
        drop(self.leave());
        self.reply(answer);
        Ok(())
    }

    /// Fails the call with a problem and its cause.
    #[pyo3(signature = (problem, cause = None))]
    fn fail(&self, problem: String, cause: Option<Py<PyAny>>) {
        if let (Some(known), Some(cause)) = (self.leave(), cause) {
            drop(known.note_cause(problem.clone(), cause));
        }
        self.reply(Err(Error::TokenSource { problem }));
    }

    /// Fails the call since the source could not be called now. Another call may succeed.
    fn fail_to_start(&self, problem: &str) {
        let problem = format!("cannot call the token source: {problem}");
        self.reply(Err(Error::transient(Phase::Start, problem)));
    }

    /// Fails the call since the source did not return in time. Its thread counts until it does.
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
        if self.process.is_current() {
            drop(self.leave());
        } else {
            let mut state = self.state();
            std::mem::forget((state.reply.take(), state.known.take()));
        }
    }
}

/// The requests of a batch to its token sources. Does not keep the batch alive.
#[pyclass(frozen, module = "wxaudit._native")]
pub(crate) struct TokenRequests {
    queue: Arc<RequestQueue>,
    sources: Arc<Sources>,
    process: Process,
}

impl TokenRequests {
    pub(crate) fn new(queue: Arc<RequestQueue>, sources: Arc<Sources>) -> Self {
        Self { queue, sources, process: Process::current() }
    }

    fn queue(&self) -> PyResult<&Arc<RequestQueue>> {
        if self.process.is_current() {
            return Ok(&self.queue);
        }
        Err(PyRuntimeError::new_err("this batch belongs to the process that forked; begin a new one"))
    }
}

#[pymethods]
impl TokenRequests {
    /// Blocks until there are requests, and takes them. Returns none once the batch has ended. Signals are not checked:
    /// for a thread of its own.
    fn wait(&self, py: Python<'_>) -> PyResult<Vec<TokenRequest>> {
        let queue = self.queue()?;
        let pending = py.detach(|| queue.wait());
        Ok(TokenRequest::all(py, pending, &self.sources))
    }

    /// Waits until there are requests or the batch has ended, for an event loop.
    fn await_(&self, bridge: &Bound<'_, LoopBridge>, future: Bound<'_, PyAny>) -> PyResult<bool> {
        let queue = Arc::clone(self.queue()?);
        let runtime = Runtime::of(bridge.py(), self.process)?;
        LoopBridge::submit(bridge, &runtime, future, async move { queue.ready().await })
    }

    /// Takes the requests that there are.
    fn take(&self, py: Python<'_>) -> PyResult<Vec<TokenRequest>> {
        Ok(TokenRequest::all(py, self.queue()?.take(), &self.sources))
    }

    /// Whether the batch has ended.
    #[getter]
    fn is_over(&self) -> PyResult<bool> {
        Ok(self.queue()?.is_closed())
    }
}

impl Drop for TokenRequests {
    fn drop(&mut self) {
        if !self.process.is_current() {
            std::mem::forget((Arc::clone(&self.queue), Arc::clone(&self.sources)));
        }
    }
}
