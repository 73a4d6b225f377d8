//! What a caller passes as a token, out of sight from the first line on.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyString, PyTuple};

use super::arguments::type_name;
use super::errors;
use crate::error::Error;
use crate::token::{MASK, Token};

/// A text that no repr, traceback, pickle or walk over objects can show.
#[pyclass(frozen, module = "wxaudit._native")]
pub(crate) struct Secret {
    /// None where it is no text.
    text: Option<Arc<str>>,
    kind: Cow<'static, str>,
}

#[pymethods]
impl Secret {
    /// The name of the type of what is hidden.
    #[getter]
    pub(crate) fn kind(&self) -> &str {
        &self.kind
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        Ok(format!("{}({MASK})", type_name(slf)?))
    }

    fn __reduce__(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        Err(PyTypeError::new_err(format!("a {} cannot be pickled", type_name(slf)?)))
    }
}

impl Secret {
    /// The token, or what is wrong with it; the text itself is never in the problem.
    pub(crate) fn token(&self) -> Result<Token, String> {
        match &self.text {
            Some(text) => Token::shared(text).map_err(str::to_owned),
            None => Err(format!("expected plain text, got {}", self.kind)),
        }
    }

    /// The text.
    pub(crate) fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }
}

/// Anything a caller passes that may hold tokens, out of sight: also of the collector, so whoever hides something lets
/// go of it in the end.
#[pyclass(frozen, module = "wxaudit._native")]
pub(crate) struct Hidden(Mutex<Option<Py<PyAny>>>);

/// Hides whatever it is given, which the caller's frame then holds no longer.
#[pyfunction]
pub(crate) fn hide(value: Py<PyAny>) -> Hidden {
    Hidden(Mutex::new(Some(value)))
}

impl Hidden {
    fn held(&self) -> MutexGuard<'_, Option<Py<PyAny>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Hidden {
    /// What is hidden, None once it was let go; not to be kept in a variable, which a traceback would show.
    fn get<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.held().as_ref().map(|value| value.bind(py).clone())
    }

    /// Lets go of it.
    fn clear(&self) {
        let value = self.held().take();
        // Outside of the lock: it may run Python code.
        drop(value);
    }

    fn __reduce__(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        Err(PyTypeError::new_err(format!("a {} cannot be pickled", type_name(slf)?)))
    }
}

/// Hides what could be or hold a token among the arguments of a call: as the token, whatever is no token source; as
/// the others, which may have changed places with it, texts and bytes. Never fails for a bad value, since the caller's
/// frame would then show it; the call itself refuses it.
#[pyfunction]
#[pyo3(signature = (token, *others))]
pub(crate) fn conceal<'py>(
    token: Bound<'py, PyAny>,
    others: &Bound<'py, PyTuple>,
) -> PyResult<Bound<'py, PyTuple>> {
    let py = token.py();
    let mut concealed = Vec::with_capacity(1 + others.len());
    concealed.push(hidden_token(token)?);
    for other in others {
        concealed.push(hidden_text(other)?);
    }
    PyTuple::new(py, concealed)
}

/// What is passed as the token: hidden, unless it is a token source.
pub(crate) fn hidden_token(token: Bound<'_, PyAny>) -> PyResult<Bound<'_, PyAny>> {
    // What is hidden already, or none, comes often; to look for an attribute that is not there takes its time.
    if token.is_none() || token.is_instance_of::<Secret>() {
        return Ok(token);
    }
    let is_source = !is_text(&token) && token.hasattr(intern!(token.py(), "get_token")).unwrap_or(false);
    if is_source { Ok(token) } else { hidden(&token) }
}

/// What is passed beside the token: hidden where it is a text, and so could be a token in the wrong place.
pub(crate) fn hidden_text(value: Bound<'_, PyAny>) -> PyResult<Bound<'_, PyAny>> {
    if is_text(&value) { hidden(&value) } else { Ok(value) }
}

fn is_text(value: &Bound<'_, PyAny>) -> bool {
    value.is_instance_of::<PyString>()
        || value.is_instance_of::<PyBytes>()
        || value.is_instance_of::<PyByteArray>()
}

fn hidden<'py>(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let kind = match value.cast_exact::<PyString>() {
        Ok(_) => Cow::Borrowed("str"),
        Err(_) => Cow::Owned(type_name(value)?),
    };
    // A text with lone surrogates is no token; it is refused as what it is.
    let text = value.cast::<PyString>().ok().and_then(|text| text.to_str().ok().map(Arc::from));
    Ok(Bound::new(value.py(), Secret { text, kind })?.into_any())
}

/// The token in a secret, as an argument of a call.
pub(crate) fn argument(py: Python<'_>, secret: &Secret) -> PyResult<Token> {
    secret.token().map_err(|problem| errors::raise(py, &Error::argument("token", problem)))
}
