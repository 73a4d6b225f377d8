//! Make text from outside safe to print.

use std::borrow::Cow;

use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::escape;

/// Writes every control, direction and invisible character as its escape.
#[pyfunction]
#[pyo3(signature = (text, /))]
pub(crate) fn escape_controls(text: &str) -> Cow<'_, str> {
    escape::escape_controls(text)
}

/// The repr of a text, which escapes what [`escape_controls`] does.
pub(crate) fn visible_repr(py: Python<'_>, text: &str) -> PyResult<String> {
    PyString::new(py, text).repr()?.extract()
}
