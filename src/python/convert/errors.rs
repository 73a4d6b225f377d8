//! Convert the core's errors to the exceptions of `wxaudit._errors.tree`, and times to datetimes.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDateTime, PyDict, PyTuple, PyTzInfo};

use super::imports;
use crate::error::{Error, Failure, Phase};

/// Attributes of the exception that describe the failed call.
#[derive(Default)]
pub(crate) struct Context<'a> {
    pub(crate) auditid: Option<i64>,
    pub(crate) appid: Option<&'a str>,
}

/// The exception for an error that no call has caused.
pub(crate) fn raise(py: Python<'_>, error: &Error) -> PyErr {
    let made = described(py, error, 0, None, &Context::default())
        .and_then(|described| imports::from_native(py)?.call1(described));
    made.map_or_else(|problem| problem, PyErr::from_value)
}

/// The data from which `wxaudit._errors.tree.from_native` makes the exception of a failed call. Python code makes it,
/// since a call may end in a daemon thread of an exiting interpreter, where no Python code may run below native frames.
pub(crate) fn failed<'py>(
    py: Python<'py>,
    failure: &Failure,
    context: &Context<'_>,
) -> PyResult<Bound<'py, PyAny>> {
    Ok(described(py, &failure.error, failure.attempts, Some(failure.url_path), context)?.into_any())
}

/// The name of the exception's class, what happened, and its attributes.
fn described<'py>(
    py: Python<'py>,
    error: &Error,
    attempts: u32,
    url_path: Option<&str>,
    context: &Context<'_>,
) -> PyResult<Bound<'py, PyTuple>> {
    let attributes = PyDict::new(py);
    attributes.set_item("auditid", context.auditid)?;
    attributes.set_item("appid", context.appid)?;
    attributes.set_item("attempts", attempts)?;
    let what = match error {
        Error::Argument { .. } | Error::Timeout { .. } => error.to_string(),
        Error::Api { errcode, errmsg, rid, retry_at } => {
            attributes.set_item("errcode", errcode)?;
            attributes.set_item("rid", rid)?;
            attributes.set_item("url_path", url_path)?;
            attributes.set_item("retry_at", retry_at.map(timestamp))?;
            errmsg.clone()
        }
        Error::TokenSource { problem } => format!("the token source failed: {problem}"),
        Error::Transport { phase, transient, .. } => {
            attributes.set_item("retryable", transient)?;
            transport(*phase, error)
        }
        Error::HttpStatus { status, .. } => {
            attributes.set_item("http_status", status)?;
            error.to_string()
        }
        Error::Decode { excerpt, .. } => {
            attributes.set_item("excerpt", excerpt)?;
            error.to_string()
        }
    };
    (error.kind(), what, attributes).into_pyobject(py)
}

fn transport(phase: Phase, error: &Error) -> String {
    match phase {
        Phase::Start => error.to_string(),
        _ => format!("no answer from WeChat: {error}"),
    }
}

/// An aware datetime in UTC, to the microsecond.
pub(crate) fn utc(py: Python<'_>, time: SystemTime) -> PyResult<Bound<'_, PyAny>> {
    let zone = PyTzInfo::utc(py)?.to_owned();
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    // Without the fraction: a float that has one may be rounded up to the next year.
    let seconds = Duration::from_secs(since.as_secs()).as_secs_f64();
    let whole = PyDateTime::from_timestamp(py, seconds, Some(&zone))?;
    let rest = PyDict::new(py);
    rest.set_item(intern!(py, "microsecond"), since.subsec_micros())?;
    whole.call_method(intern!(py, "replace"), (), Some(&rest))
}

fn timestamp(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
