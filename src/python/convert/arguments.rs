//! Read and check arguments. An invalid value raises an `ArgumentError` with the name of the argument.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pyo3::conversion::FromPyObjectOwned;
use pyo3::exceptions::{PyArithmeticError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyFloat, PyInt, PyList, PyString, PyTuple};

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
        let hint = if value.is_none() {
            "; pass the number that submit_audit returned"
        } else if value.is_instance_of::<PyFloat>() {
            "; pass the digits as an int or text: floats, Excel and CSV files round ids"
        } else if value.is_instance_of::<PyBytes>() {
            "; pass auditid.decode()"
        } else if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
            "; for many audits, call get_audit_statuses"
        } else if type_name(value)? == "Token" {
            "; the token comes first: (token, auditid)"
        } else {
            ""
        };
        let problem = format!("expected a whole number or its digits, got {}{hint}", type_name(value)?);
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
            Err(error) if error.is_instance_of::<PyTypeError>(py) => {
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
    // A metaclass may give any object as the name.
    value.get_type().name().map(|name| name.to_string_lossy().into_owned()).or_else(|error| {
        if error.is_instance_of::<PyTypeError>(value.py()) { Ok("object".to_owned()) } else { Err(error) }
    })
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
    let py = value.py();
    let path: PathBuf =
        value.extract().map_err(|error| refused(py, error, || argument(py, "ca_file", "expected a path")))?;
    // Not shown: it may be a private key.
    let is_content =
        path.to_string_lossy().contains(['\n', '\r']) || path.to_string_lossy().contains("-----");
    if is_content {
        let problem =
            "expected the path of a file, got a text like that of a certificate; write it to a file";
        return Err(argument(py, "ca_file", problem));
    }
    Ok(path)
}

pub(crate) fn argument(py: Python<'_>, field: &'static str, problem: impl Into<String>) -> PyErr {
    errors::raise(py, Error::argument(field, problem))
}

/// The `ArgumentError` for an exception that Python raises for a wrong value. Any other comes from a signal handler or
/// from code of the caller's class, and stays as it is.
fn refused(py: Python<'_>, error: PyErr, refusal: impl FnOnce() -> PyErr) -> PyErr {
    let wrong_value = error.is_instance_of::<PyTypeError>(py)
        || error.is_instance_of::<PyValueError>(py)
        || error.is_instance_of::<PyArithmeticError>(py);
    if !wrong_value {
        return error;
    }
    errors::unless_by_signal(py, error).map_or_else(|by_signal| by_signal, |_| refusal())
}

/// A number or a text. `ArgumentError` for another type, a number that is out of range, and a lone surrogate.
pub(crate) fn value<'py, T: FromPyObjectOwned<'py>>(
    field: &'static str,
    value: &Bound<'py, PyAny>,
) -> PyResult<T> {
    let py = value.py();
    let kind = type_name(value)?;
    value.extract::<T>().map_err(|error| {
        let refusal = || {
            argument(
                py,
                field,
                format!("got a {kind} that is of the wrong type, out of range, or not valid text"),
            )
        };
        refused(py, error.into(), refusal)
    })
}

/// Far more than any answer has.
const MAX_TEXTS: usize = 10_000;

/// At most 10 000 strings of a sequence, but not a single string.
pub(crate) fn texts(field: &'static str, value: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    let py = value.py();
    let problem = || argument(py, field, "expected a sequence of strings");
    // The items of bytes are numbers.
    if value.is_instance_of::<PyString>() || value.is_instance_of::<PyBytes>() {
        return Err(problem());
    }
    let mut texts = Vec::new();
    for item in value.try_iter().map_err(|error| refused(py, error, problem))? {
        if texts.len() == MAX_TEXTS {
            return Err(argument(py, field, "has more than 10 000 items"));
        }
        texts.push(text(field, &item?)?);
    }
    Ok(texts)
}

/// The number of an `AuditState`.
pub(crate) fn state(value: &Bound<'_, PyAny>) -> PyResult<i64> {
    let number = whole_number(value)?.and_then(|number| i64::try_from(number).ok());
    number.ok_or_else(|| argument(value.py(), "status", "expected an AuditState or its number"))
}

/// The time of an aware datetime from 1970 to 9999, or of its ISO 8601 text.
pub(crate) fn moment(field: &'static str, value: &Bound<'_, PyAny>) -> PyResult<SystemTime> {
    let py = value.py();
    let problem = || argument(py, field, "expected an aware datetime after 1970, or its ISO 8601 text");
    let since = since_1970(value).map_err(|error| refused(py, error, problem))?;
    since.filter(|since| *since < END_OF_TIME).map(|since| UNIX_EPOCH + since).ok_or_else(problem)
}

/// The end of the year 9999, the last that a datetime in UTC can show. A time zone may give a later time.
const END_OF_TIME: Duration = Duration::from_secs(253_402_300_800);

/// The time since 1970; None for anything but an aware datetime or its text.
fn since_1970(value: &Bound<'_, PyAny>) -> PyResult<Option<Duration>> {
    let class = imports::datetime(value.py())?;
    let value = match value.cast::<PyString>() {
        Ok(text) => class.call_method1("fromisoformat", (text,))?,
        Err(_) => value.clone(),
    };
    if !value.is_instance(&class)? || value.call_method0("utcoffset")?.is_none() {
        return Ok(None);
    }
    // By division: the difference of pandas' timestamps is a subclass, whose own fields pyo3 does not read.
    let since = value.sub(UNIX_EPOCH)?.floor_div(Duration::from_micros(1))?;
    Ok(Some(Duration::from_micros(since.extract()?)))
}
