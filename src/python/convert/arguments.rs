//! Read and check arguments. An invalid value raises an `ArgumentError` with the name of the argument.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyInt, PyString};

use super::{errors, imports};
use crate::config::Timeouts;
use crate::error::Error;
use crate::wechat::request::AuditId;

/// An audit id from an int, anything with `__index__`, or a string of digits. No message shows the value: it may be a
/// token that was passed as the audit id.
pub(crate) fn audit_id(value: &Bound<'_, PyAny>) -> PyResult<AuditId> {
    let py = value.py();
    let checked = if let Ok(text) = value.cast::<PyString>() {
        AuditId::parse(&text.to_string_lossy())
    } else if let Some(number) = whole_number(value)? {
        AuditId::new(number)
    } else {
        let problem = format!("expected a whole number or its digits, got {}", type_name(value)?);
        return Err(argument(py, "auditid", problem));
    };
    checked.map_err(|error| errors::raise(py, error))
}

/// The number of an int or of `__index__`; None for anything else, bool included. Numbers beyond 128 bits saturate, since
/// they are out of every range.
fn whole_number(value: &Bound<'_, PyAny>) -> PyResult<Option<i128>> {
    if value.is_instance_of::<PyBool>() {
        return Ok(None);
    }
    let py = value.py();
    let number = match value.cast::<PyInt>() {
        Ok(number) => number.clone(),
        // The bool of numpy has an __index__ before numpy 2.3.
        Err(_) if matches!(type_name(value)?.as_str(), "bool" | "bool_") => return Ok(None),
        Err(_) => match imports::index(py)?.call1((value,)) {
            Ok(number) => number.cast_into::<PyInt>()?,
            Err(error) if error.is_instance_of::<pyo3::exceptions::PyTypeError>(py) => {
                return errors::unless_by_signal(py, error).map(|_| None);
            }
            Err(error) => return Err(error),
        },
    };
    // The usual case, and many times faster.
    if let Ok(number) = number.extract::<i64>() {
        return Ok(Some(number.into()));
    }
    let saturated = if number.lt(0)? { i128::MIN } else { i128::MAX };
    Ok(Some(number.extract::<i128>().unwrap_or(saturated)))
}

pub(crate) fn count(field: &'static str, value: &Bound<'_, PyAny>) -> PyResult<u32> {
    let Some(number) = whole_number(value)? else {
        let problem = format!("expected a whole number, got {}", type_name(value)?);
        return Err(argument(value.py(), field, problem));
    };
    u32::try_from(number).map_err(|_| argument(value.py(), field, "is out of range"))
}

pub(crate) fn text(field: &'static str, value: &Bound<'_, PyAny>) -> PyResult<String> {
    let problem = match value.cast::<PyString>().map(|text| text.to_str()) {
        Ok(Ok(text)) => return Ok(text.to_owned()),
        Ok(Err(_)) => "contains a lone surrogate, so it is not valid text".to_owned(),
        Err(_) => format!("expected a string, got {}", type_name(value)?),
    };
    Err(argument(value.py(), field, problem))
}

/// The caller's label for a mini program. Appids have 18 characters; a longer text may be a token, which must not become
/// a label, since labels are shown.
pub(crate) fn label(value: &Bound<'_, PyAny>) -> PyResult<String> {
    let label = text("appid", value)?;
    if label.chars().count() <= MAX_LABEL_LENGTH {
        return Ok(label);
    }
    Err(argument(value.py(), "appid", "has more than 64 characters; check that it is not a token"))
}

const MAX_LABEL_LENGTH: usize = 64;

/// The name of the type of a value. Does not use Display, which runs signal handlers and discards their exceptions.
pub(crate) fn type_name(value: &Bound<'_, PyAny>) -> PyResult<String> {
    Ok(value.get_type().name()?.to_str()?.to_owned())
}

/// Reads a `wxaudit.Timeout`, which has checked its values.
pub(crate) fn timeouts(value: &Bound<'_, PyAny>) -> PyResult<Timeouts> {
    let optional = |name: &str| -> PyResult<Option<Duration>> {
        Ok(value.getattr(name)?.extract::<Option<f64>>()?.map(seconds))
    };
    Ok(Timeouts {
        total: seconds(value.getattr("total")?.extract()?),
        connect: optional("connect")?,
        read: optional("read")?,
    })
}

/// The duration of a valid number of seconds.
pub(crate) fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

pub(crate) fn path(value: &Bound<'_, PyAny>) -> PyResult<PathBuf> {
    or_problem(value.extract(), || argument(value.py(), "ca_file", "expected a path"), value.py())
}

pub(crate) fn argument(py: Python<'_>, field: &'static str, problem: impl Into<String>) -> PyErr {
    errors::raise(py, Error::argument(field, problem))
}

/// The problem in place of an exception, but not of one that a signal handler raised.
fn or_problem<T>(read: PyResult<T>, problem: impl Fn() -> PyErr, py: Python<'_>) -> PyResult<T> {
    read.or_else(|error| {
        errors::unless_by_signal(py, error)?;
        Err(problem())
    })
}

/// A sequence of strings, but not a single string.
pub(crate) fn texts(field: &'static str, value: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    let problem = || argument(value.py(), field, "expected a sequence of strings");
    // The items of bytes are numbers.
    if value.is_instance_of::<PyString>() || value.is_instance_of::<PyBytes>() {
        return Err(problem());
    }
    or_problem(value.try_iter(), problem, value.py())?.map(|item| text(field, &item?)).collect()
}

/// The number of an `AuditState`.
pub(crate) fn state(value: &Bound<'_, PyAny>) -> PyResult<i64> {
    let problem = || argument(value.py(), "status", "expected an AuditState or its number");
    if value.is_instance_of::<PyBool>() || value.is_instance_of::<PyString>() {
        return Err(problem());
    }
    or_problem(value.extract(), problem, value.py())
}

/// The time of an aware datetime, or of its ISO 8601 text.
pub(crate) fn moment(field: &'static str, value: &Bound<'_, PyAny>) -> PyResult<SystemTime> {
    let py = value.py();
    let problem = || argument(py, field, "expected an aware datetime after 1970, or its ISO 8601 text");
    let class = imports::datetime(py)?;
    let value = match value.cast::<PyString>() {
        Ok(text) => class.call_method1("fromisoformat", (text,)).map_err(|_| problem())?,
        Err(_) => value.clone(),
    };
    if !value.is_instance(&class)? || value.call_method0("utcoffset")?.is_none() {
        return Err(problem());
    }
    // By division: the difference of pandas' timestamps is a subclass, whose own fields pyo3 does not read.
    let since = value.sub(UNIX_EPOCH)?.floor_div(Duration::from_micros(1))?;
    Ok(UNIX_EPOCH + Duration::from_micros(since.extract().map_err(|_| problem())?))
}
