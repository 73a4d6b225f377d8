//! What a caller passes as a token, out of sight from the first line on.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyString};

use super::errors;
use crate::error::Error;
use crate::token::{MASK, Token};

/// A text that no repr, traceback, pickle or walk over objects can show.
#[pyclass(frozen, module = "wxaudit._native")]
pub(crate) struct Secret {
    /// None where it is no text.
    text: Option<String>,
    kind: &'static str,
}

#[pymethods]
impl Secret {
    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        Ok(format!("{}({MASK})", slf.get_type().name()?))
    }

    fn __reduce__(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        Err(PyTypeError::new_err(format!("a {} cannot be pickled", slf.get_type().name()?)))
    }
}

impl Secret {
    /// The token, or what is wrong with it; the text itself is never in the problem.
    pub(super) fn token(&self) -> Result<Token, String> {
        match &self.text {
            Some(text) => Token::new(text).map_err(str::to_owned),
            None => Err(format!("expected plain text, got {}", self.kind)),
        }
    }

    /// The text.
    pub(super) fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// The type of what the caller passed.
    pub(super) fn kind(&self) -> &'static str {
        self.kind
    }
}

/// Hides a text, and bytes meant as one, and gives anything else back. Never fails for a bad value, since the caller's
/// frame would then show it; the call itself refuses it.
#[pyfunction]
pub(crate) fn conceal(value: Bound<'_, PyAny>) -> PyResult<Bound<'_, PyAny>> {
    let kind = if value.is_instance_of::<PyString>() {
        "str"
    } else if value.is_instance_of::<PyBytes>() || value.is_instance_of::<PyByteArray>() {
        "bytes"
    } else {
        return Ok(value);
    };
    // A text with lone surrogates is no token; it is refused as what it is.
    let text = value.cast::<PyString>().ok().and_then(|text| text.to_str().ok().map(str::to_owned));
    Ok(Bound::new(value.py(), Secret { text, kind })?.into_any())
}

/// The token in a secret, as an argument of a call.
pub(super) fn argument(py: Python<'_>, secret: &Secret) -> PyResult<Token> {
    secret.token().map_err(|problem| errors::raise(py, &Error::argument("token", problem)))
}
