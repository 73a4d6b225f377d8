//! `wxaudit.Token`: an access token that no repr, traceback, pickle or log shows.

use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyDict, PyInt, PyString, PyType};

use super::arguments::{argument, type_name};
use crate::token::Token;

/// An access token that is masked when printed. Every `token` parameter accepts it.
///
/// `repr`, `str`, f-strings, logging and JSON never contain its text, and it cannot be pickled. `reveal()`
/// returns the text. Tokens with the same text are equal; the comparison takes constant time. Raises
/// `ArgumentError` for a text that cannot be a token, such as an empty one.
#[pyclass(frozen, name = "Token", module = "wxaudit")]
pub(crate) struct PyToken(Token);

#[pymethods]
impl PyToken {
    #[new]
    fn new(text: &Bound<'_, PyAny>) -> PyResult<Self> {
        match token(text)? {
            Ok(token) => Ok(Self(token)),
            Err(problem) => Err(argument(text.py(), "token", problem)),
        }
    }

    /// The text of the token. It is a secret: do not log it.
    fn reveal(&self) -> &str {
        self.0.reveal()
    }

    fn __repr__(&self) -> String {
        format!("{:?}", self.0)
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __eq__(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        // By Python's own hash, which has a secret key in each process.
        PyString::new(py, self.0.reveal()).hash()
    }

    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __deepcopy__(slf: Py<Self>, memo: &Bound<'_, PyAny>) -> Py<Self> {
        let _ = memo;
        slf
    }

    #[expect(clippy::unused_self, reason = "Python calls it on the instance")]
    fn __reduce__(&self) -> PyResult<Py<PyAny>> {
        Err(PyTypeError::new_err(
            "a Token is a secret and cannot be pickled; give the other process a token source instead",
        ))
    }
}

impl PyToken {
    /// The Python object of a token.
    pub(crate) fn of(token: Token) -> Self {
        Self(token)
    }

    /// The token itself.
    pub(crate) fn get(&self) -> &Token {
        &self.0
    }
}

/// Another secret than an access token, in the type that no output shows.
#[pyfunction]
pub(crate) fn as_secret(text: &str) -> PyToken {
    PyToken(Token::of_secret(text))
}

/// A token or a token source, as every method takes it: a text becomes a `Token`, a source stays as it is.
#[pyfunction]
pub(crate) fn as_token<'py>(token: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = token.py();
    if token.is_instance_of::<PyToken>() {
        return Ok(token.clone());
    }
    if token.is_instance_of::<PyString>() {
        return Ok(Bound::new(py, PyToken::new(token)?)?.into_any());
    }
    let is_source = !token.is_none() && token.hasattr(intern!(py, "get_token"))?;
    if is_source && !token.is_instance_of::<PyType>() {
        return Ok(token.clone());
    }
    let problem = if is_source {
        "expected text or a token source, got the class of a source; pass an instance of it".to_owned()
    } else {
        wrong_type("expected text or a token source", token)?
    };
    Err(argument(py, "token", problem))
}

/// What a value is whose type is not that of a token, and what to do about the usual mistakes.
fn wrong_type(expected: &str, value: &Bound<'_, PyAny>) -> PyResult<String> {
    let hint = if value.is_none() {
        "; an unset environment variable and a cache without the token give None: fetch a token then"
    } else if value.is_instance_of::<PyBytes>() || value.is_instance_of::<PyByteArray>() {
        "; pass token.decode(), or create the Redis client with decode_responses=True"
    } else if value.is_instance_of::<PyInt>() {
        "; the order is (token, auditid)"
    } else if value.is_instance_of::<PyDict>() {
        "; pass its authorizer_access_token"
    } else if value.hasattr(intern!(value.py(), "__await__"))? {
        "; await it first"
    } else if value.is_callable() {
        "; wrap it in an object with get_token(*, refresh=False)"
    } else {
        "; a token source has the method get_token(*, refresh=False)"
    };
    Ok(format!("{expected}, got {}{hint}", type_name(value)?))
}

/// The token that a text or a `Token` is, or what is wrong with it; the text itself is never in the problem.
pub(crate) fn token(value: &Bound<'_, PyAny>) -> PyResult<Result<Token, String>> {
    if let Ok(token) = value.cast::<PyToken>() {
        return Ok(Ok(token.get().0.clone()));
    }
    let Ok(text) = value.cast::<PyString>() else {
        return wrong_type("expected text", value).map(Err);
    };
    Ok(match text.to_str() {
        Ok(text) => Token::new(text).map_err(str::to_owned),
        Err(_) => Err("the access token holds characters that are not valid text".to_owned()),
    })
}
