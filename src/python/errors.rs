//! From the core's one error enum to the exceptions of `wxaudit._errors`: one exhaustive match.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pyo3::IntoPyObjectExt;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDateTime, PyDict, PyTzInfo};

use crate::error::{Error, Failure, Phase};
use crate::event::Event;

/// The call that failed, for the exception's attributes.
#[derive(Default)]
pub(super) struct Context<'a> {
    pub(super) auditid: Option<i64>,
    pub(super) appid: Option<&'a str>,
}

/// The exception for an error outside of any call.
pub(super) fn raise(py: Python<'_>, error: &Error) -> PyErr {
    exception(py, error, 0, &Context::default())
}

/// The exception for a failed call.
pub(super) fn raise_failure(py: Python<'_>, failure: &Failure, context: &Context<'_>) -> PyErr {
    exception(py, &failure.error, failure.attempts, context)
}

fn exception(py: Python<'_>, error: &Error, attempts: u32, context: &Context<'_>) -> PyErr {
    build(py, error, attempts, context).map_or_else(|problem| problem, PyErr::from_value)
}

fn build<'py>(
    py: Python<'py>,
    error: &Error,
    attempts: u32,
    context: &Context<'_>,
) -> PyResult<Bound<'py, PyAny>> {
    let errors = py.import(intern!(py, "wxaudit._errors"))?;
    let kind = |name: &str| errors.getattr(name);
    let attributes = PyDict::new(py);
    attributes.set_item("auditid", context.auditid)?;
    attributes.set_item("appid", context.appid)?;
    attributes.set_item("attempts", attempts)?;
    let (kind, what) = match error {
        Error::Argument { .. } => return kind("ArgumentError")?.call1((error.to_string(),)),
        Error::Api { errcode, errmsg, rid, retry_at } => {
            let retry_at = retry_at.map(|at| utc(py, at)).transpose()?;
            attributes.set_item("retry_at", retry_at)?;
            return errors.getattr("api_error")?.call((*errcode, errmsg, rid), Some(&attributes));
        }
        Error::TokenSource { problem } => {
            (kind("TokenError")?, format!("the token source failed: {problem}"))
        }
        Error::Transport { phase, transient, .. } => {
            attributes.set_item("retryable", transient)?;
            (kind("TransportError")?, transport(*phase, error))
        }
        Error::Timeout { .. } => (kind("RequestTimeout")?, error.to_string()),
        Error::HttpStatus { status, .. } => {
            attributes.set_item("http_status", status)?;
            (kind("HTTPStatusError")?, error.to_string())
        }
        Error::Decode { excerpt, .. } => {
            attributes.set_item("excerpt", excerpt)?;
            (kind("DecodeError")?, error.to_string())
        }
    };
    errors.getattr("build")?.call((kind, what), Some(&attributes))
}

fn transport(phase: Phase, error: &Error) -> String {
    match phase {
        Phase::Start => error.to_string(),
        _ => format!("no answer from WeChat: {error}"),
    }
}

/// The event as Python code sees it.
pub(super) fn event<'py>(py: Python<'py>, event: &Event) -> PyResult<Bound<'py, PyAny>> {
    let values = PyDict::new(py);
    values.set_item("kind", event.kind.name())?;
    values.set_item("auditid", event.auditid)?;
    values.set_item("appid", &event.appid)?;
    values.set_item("attempt", event.attempt)?;
    values.set_item("method", &event.method)?;
    values.set_item("host", &event.host)?;
    values.set_item("url_path", event.url_path)?;
    values.set_item("http_status", event.http_status)?;
    values.set_item("errcode", event.errcode)?;
    values.set_item("rid", &event.rid)?;
    values.set_item("delay", event.delay.as_ref().map(Duration::as_secs_f64))?;
    values.set_item("elapsed", event.elapsed.as_secs_f64())?;
    values.set_item("error", &event.error)?;
    py.import(intern!(py, "wxaudit._events"))?.getattr("Event")?.call((), Some(&values))
}

/// An aware datetime in UTC, to the microsecond.
pub(super) fn utc(py: Python<'_>, time: SystemTime) -> PyResult<Bound<'_, PyAny>> {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let zone = PyTzInfo::utc(py)?.to_owned();
    PyDateTime::from_timestamp(py, since.as_secs_f64(), Some(&zone))?.into_bound_py_any(py)
}
