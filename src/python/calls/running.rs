//! The calls of a batch: take queries in, request tokens, make results.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pyo3::intern;
use pyo3::prelude::*;

use super::batch_channel::{BatchChannel, EventForwarder};
use super::input::Input;
use super::prepared_call::PreparedCall;
use super::sources::{HeldSource, Released, Sources};
use super::{operation, outcome};
use crate::call::batch::Outcome;
use crate::call::client::{Call, Client};
use crate::call::token_source::Credential;
use crate::error::Error;
use crate::event::Observer;
use crate::python::convert::arguments::label;
use crate::python::convert::token::PyToken;
use crate::python::runtime::blocking::AbortOnDrop;
use crate::python::runtime::runtime::Runtime;
use crate::python::types::query::{self, AuditQuery};
use crate::python::types::result::AuditResult;
use crate::python::types::status::AuditStatus;
use crate::wechat::operation::{Operation, Reply};
use crate::wechat::request::AuditId;

/// How long a token of a source serves further queries of the batch without a new request.
const TOKEN_MAX_AGE: Duration = Duration::from_secs(60);

/// The calls of a batch, and what they share.
pub(crate) struct Running {
    pub(crate) client: Arc<Client>,
    pub(crate) runtime: Arc<Runtime>,
    pub(crate) channel: Arc<BatchChannel>,
    pub(crate) sources: Arc<Sources>,
    pub(crate) observed: bool,
    /// An event loop takes the results.
    pub(crate) asynchronous: bool,
    /// The time limit of each call.
    pub(crate) total: Duration,
    pub(crate) work: Work,
}

pub(crate) enum Work {
    /// The calls of a batch, run by a separate task.
    Batch { input: Input, calls: Option<CallsOf>, _task: AbortOnDrop },
    /// One call, which the waiting thread polls itself, so that no other thread has to wake up. None while it is being
    /// polled, and after its end.
    Call(Arc<Mutex<Option<CallFuture>>>),
}

pub(crate) type CallFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The calls whose subjects are the items of a batch: the name of the client's method, the token and the appid.
#[derive(FromPyObject)]
pub(crate) struct CallsOf(pub(crate) String, pub(crate) Py<PyAny>, pub(crate) Option<Py<PyAny>>);

impl CallsOf {
    fn checked(&self, subject: &Bound<'_, PyAny>) -> PyResult<(Operation, Py<PyAny>, Option<String>)> {
        let Self(name, token, appid) = self;
        let py = subject.py();
        let appid = appid.as_ref().map(|appid| label(appid.bind(py))).transpose()?;
        Ok((operation::operation(name, subject)?, token.clone_ref(py), appid))
    }
}

impl Running {
    pub(crate) fn input(&self) -> Option<&Input> {
        match &self.work {
            Work::Batch { input, .. } => Some(input),
            Work::Call(_) => None,
        }
    }

    /// Adds a query, or the subject of a call. Returns false if it is invalid.
    pub(crate) fn add(&self, input: &Input, item: &Bound<'_, PyAny>) -> PyResult<bool> {
        let index = input.next_index();
        let call = match self.checked(index, item)? {
            Ok(call) => call,
            Err(error) => {
                input.refuse(index, error.unbind());
                return Ok(false);
            }
        };
        self.channel.note_query();
        let batch = Some(Arc::clone(&input.scope));
        input.send(index, Call { observer: self.observer(), batch, ..call })?;
        Ok(true)
    }

    /// The call of a query, or the error of an invalid one.
    fn checked<'py>(
        &self,
        index: u64,
        item: &Bound<'py, PyAny>,
    ) -> PyResult<Result<Call, Bound<'py, PyAny>>> {
        let py = item.py();
        let (operation, token, appid) = match &self.work {
            Work::Batch { calls: Some(calls), .. } => match calls.checked(item) {
                Ok(checked) => checked,
                Err(error) => return Ok(Err(query::argument_error(py, error)?)),
            },
            _ => match query::checked(item)? {
                Ok(AuditQuery { token, auditid, appid }) => (Operation::AuditStatus(auditid), token, appid),
                Err(error) => return Ok(Err(error)),
            },
        };
        let (timeouts, max_retries) = (self.client.config().timeouts, self.client.config().max_retries);
        match self.credential(index, token.bind(py), TOKEN_MAX_AGE) {
            Ok(credential) => Ok(Ok(PreparedCall { operation, appid, timeouts, max_retries }
                .with(credential, self.runtime.process))),
            Err(error) => {
                let error = query::argument_error(py, error)?;
                error.setattr(intern!(py, "appid"), appid)?;
                error.setattr(intern!(py, "auditid"), operation.auditid().map(AuditId::get))?;
                Ok(Err(error))
            }
        }
    }

    /// The credential of a call. `ArgumentError` for a source that cannot be compared.
    pub(crate) fn credential(
        &self,
        index: u64,
        token: &Bound<'_, PyAny>,
        max_age: Duration,
    ) -> PyResult<Credential> {
        if let Ok(token) = token.cast::<PyToken>() {
            return Ok(Credential::Fixed(token.get().get().clone()));
        }
        let HeldSource { address, known, same_thread } =
            self.sources.hold(index, token, &self.runtime.sources)?;
        // The thread that waits for a single call serves its requests. In an event loop, no thread waits.
        let by_consumer = match self.work {
            Work::Call(_) => true,
            Work::Batch { .. } => same_thread && !self.asynchronous,
        };
        let ask = self.channel.token_provider(address, self.total, by_consumer);
        Ok(Credential::Source { shared: Arc::clone(&known.shared), ask, max_age })
    }

    pub(crate) fn observer(&self) -> Option<Arc<dyn Observer>> {
        let forwarder = || Arc::new(EventForwarder(Arc::clone(&self.channel))) as Arc<dyn Observer>;
        self.observed.then(forwarder)
    }

    pub(crate) fn result<'py>(&self, py: Python<'py>, outcome: Outcome) -> PyResult<Bound<'py, PyAny>> {
        let released = self.sources.release(py, outcome.index);
        if self.input().is_some()
            && let Outcome { index, auditid, appid, attempts, result: Ok(Reply::Status(status)) } = outcome
        {
            let status = Bound::new(py, AuditStatus(status))?.unbind();
            let result = AuditResult { auditid, appid, outcome: Ok(status), index, attempts };
            return Ok(Bound::new(py, result)?.into_any());
        }
        let cause = match (&outcome.result, &released) {
            (Err(failure), Some(released)) => self.cause(py, &failure.error, released)?,
            _ => None,
        };
        outcome::to_python(py, outcome, cause)
    }

    /// The exception of a token source that failed. For one that did not return in time, what Python needs to describe it.
    fn cause(&self, py: Python<'_>, error: &Error, released: &Released) -> PyResult<Option<Py<PyAny>>> {
        let Released { source, known, same_thread, .. } = released;
        match error {
            error if *error == Error::source_timed_out() => {
                let kind = source.bind(py).get_type();
                let hung = (kind, self.total.as_secs_f64(), *same_thread, known.threads());
                Ok(Some(hung.into_pyobject(py)?.into_any().unbind()))
            }
            Error::TokenSource { problem } => Ok(known.cause(py, problem)),
            _ => Ok(None),
        }
    }
}
