//! The calls of a batch: take queries in, request tokens, make results.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pyo3::exceptions::PyTimeoutError;
use pyo3::prelude::*;

use super::batch_channel::{BatchChannel, EventForwarder};
use super::input::Input;
use super::prepared_call::PreparedCall;
use super::sources::Sources;
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

/// How long a token of a source serves further queries of the batch without a new request.
const TOKEN_MAX_AGE: Duration = Duration::from_secs(60);

/// The calls of a batch, and what they share.
pub(crate) struct Running {
    pub(crate) client: Arc<Client>,
    pub(crate) runtime: Arc<Runtime>,
    pub(crate) channel: Arc<BatchChannel>,
    pub(crate) sources: Arc<Sources>,
    pub(crate) observed: bool,
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
        let py = item.py();
        let index = input.next_index();
        let checked = match &self.work {
            Work::Batch { calls: Some(calls), .. } => match calls.checked(item) {
                Ok(checked) => Ok(checked),
                Err(error) => Err(query::argument_error(py, error)?),
            },
            _ => query::checked(item)?
                .map(|AuditQuery { token, auditid, appid }| (Operation::AuditStatus(auditid), token, appid)),
        };
        let (operation, token, appid) = match checked {
            Ok(checked) => checked,
            Err(error) => {
                input.refuse(index, error.unbind());
                return Ok(false);
            }
        };
        let (timeouts, max_retries) = (self.client.config().timeouts, self.client.config().max_retries);
        let credential = self.credential(index, token.bind(py), timeouts.total, TOKEN_MAX_AGE);
        let call = PreparedCall { operation, appid, timeouts, max_retries }.with(credential);
        self.channel.note_query();
        let batch = Some(Arc::clone(&input.scope));
        input.send(index, Call { observer: self.observer(), batch, ..call })?;
        Ok(true)
    }

    pub(crate) fn credential(
        &self,
        index: u64,
        token: &Bound<'_, PyAny>,
        total: Duration,
        max_age: Duration,
    ) -> Credential {
        if let Ok(token) = token.cast::<PyToken>() {
            return Credential::Fixed(token.get().get().clone());
        }
        let shared = self.runtime.source(token.as_ptr() as usize);
        let source = self.sources.hold(index, token, &shared);
        Credential::Source { shared, ask: self.channel.token_provider(source, total), max_age }
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
        let timed_out = matches!(&outcome.result, Err(failure) if failure.error == Error::source_timed_out());
        let cause = released.cause.or_else(|| timed_out.then(|| source_timeout(py)));
        outcome::to_python(py, outcome, cause)
    }
}

/// The cause of the error of a call whose source did not return in time.
fn source_timeout(py: Python<'_>) -> Py<PyAny> {
    PyTimeoutError::new_err("get_token did not return within the time limit of the call")
        .into_value(py)
        .into_any()
}
