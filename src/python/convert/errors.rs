//! Convert the core's errors to the exceptions of `wxaudit._errors.tree`, and times to datetimes.

use std::time::{SystemTime, UNIX_EPOCH};

use pyo3::IntoPyObjectExt;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use super::imports;
use crate::error::{Error, Failure};

/// The exception for an error that no call has caused.
pub(crate) fn raise(py: Python<'_>, error: Error) -> PyErr {
    let failure = Failure { error, attempts: 0, tried: 0, url_path: "" };
    let made = failed(py, &failure, None, None).and_then(|data| imports::from_native(py)?.call1(data));
    made.map_or_else(|problem| problem, PyErr::from_value)
}

/// The failure of Python code that was called, or Err with what a signal handler raised in it: that is for the caller.
pub(crate) fn unless_by_signal(py: Python<'_>, error: PyErr) -> PyResult<PyErr> {
    // `value` has no traceback before Python 3.12.
    let value = error.clone_ref(py).into_value(py);
    let by_signal = imports::raised_by_signal(py)?.call1((value,))?.is_truthy()?;
    if by_signal { Err(error) } else { Ok(error) }
}

/// The data from which `wxaudit._errors.tree.from_native` makes the exception of a failed call: the name of its class,
/// what happened, and its attributes. Python code makes it, since a call may end in a daemon thread of an exiting
/// interpreter, where no Python code may run below native frames.
pub(crate) fn failed<'py>(
    py: Python<'py>,
    failure: &Failure,
    auditid: Option<i64>,
    appid: Option<&str>,
) -> PyResult<Bound<'py, PyTuple>> {
    let Failure { error, attempts, tried, url_path } = failure;
    let attributes = PyDict::new(py);
    attributes.set_item("auditid", auditid)?;
    attributes.set_item("appid", appid)?;
    attributes.set_item("attempts", attempts)?;
    attributes.set_item("tried", tried)?;
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
        Error::Transport { transient, .. } => {
            attributes.set_item("retryable", transient)?;
            error.to_string()
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

/// An aware datetime in UTC, to the microsecond.
pub(crate) fn utc(py: Python<'_>, time: SystemTime) -> PyResult<Bound<'_, PyAny>> {
    // pyo3 panics on a time before 1970, which a wrong clock may give.
    time.max(UNIX_EPOCH).into_bound_py_any(py)
}

/// The same in ISO 8601.
pub(crate) fn isoformat(py: Python<'_>, time: SystemTime) -> PyResult<String> {
    utc(py, time)?.call_method0(intern!(py, "isoformat"))?.extract()
}

fn timestamp(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
