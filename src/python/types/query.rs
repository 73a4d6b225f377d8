//! `wxaudit.AuditQuery`, and the tuples and lists that callers may pass instead.

use pyo3::exceptions::{PyException, PyTypeError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

use crate::python::convert::arguments::{argument, audit_id, label, type_name};
use crate::python::convert::shown::visible_repr;
use crate::python::convert::token::{PyToken, as_token};
use crate::python::convert::{errors, imports};
use crate::token::MASK;
use crate::wechat::request::AuditId;

/// One query of a batch: the token of a mini program and the number of its audit.
///
/// `token` is a string, a `Token` or a token source; a string becomes a `Token`. `appid` is a label for results
/// and errors, and identifies whose quota the query uses. Queries are equal if their auditid, appid and token (or
/// token source) are.
#[pyclass(frozen, module = "wxaudit")]
pub(crate) struct AuditQuery {
    /// A `Token` or a source.
    pub(crate) token: Py<PyAny>,
    pub(crate) auditid: AuditId,
    pub(crate) appid: Option<String>,
}

#[pymethods]
impl AuditQuery {
    #[new]
    #[pyo3(signature = (token, auditid, appid = None))]
    fn new(
        token: &Bound<'_, PyAny>,
        auditid: &Bound<'_, PyAny>,
        appid: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let token = as_token(token)?.unbind();
        Ok(Self { token, auditid: table_id(auditid)?, appid: appid.map(label).transpose()? })
    }

    #[classattr]
    #[pyo3(name = "__match_args__")]
    fn match_args() -> (&'static str, &'static str, &'static str) {
        ("token", "auditid", "appid")
    }

    /// The `Token` or the token source. Every call accepts either.
    #[getter]
    fn token<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        self.token.bind(py).clone()
    }

    /// The audit's number.
    #[getter(auditid)]
    fn number(&self) -> i64 {
        self.auditid.get()
    }

    /// The caller's label.
    #[getter]
    fn appid(&self) -> Option<&str> {
        self.appid.as_deref()
    }

    fn __eq__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        let Ok(other) = other.cast::<Self>() else {
            return Ok(false);
        };
        let other = other.get();
        let (mine, others) = (self.token.bind(py), other.token.bind(py));
        let same_token = match (mine.cast::<PyToken>(), others.cast::<PyToken>()) {
            (Ok(mine), Ok(others)) => mine.get().get() == others.get().get(),
            _ => mine.is(others) || mine.eq(others)?,
        };
        Ok(same_token && self.auditid.get() == other.auditid.get() && self.appid == other.appid)
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        (self.auditid.get(), self.appid.as_deref()).into_pyobject(py)?.hash()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let token = self.token.bind(py);
        let token = match token.cast::<PyToken>() {
            Ok(_) => MASK.to_owned(),
            Err(_) => format!("<{}>", type_name(token)?),
        };
        let appid = match &self.appid {
            Some(appid) => format!(", appid={}", visible_repr(py, appid)?),
            None => String::new(),
        };
        Ok(format!("AuditQuery({token}, {}{appid})", self.auditid.get()))
    }

    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __deepcopy__(slf: Py<Self>, memo: &Bound<'_, PyAny>) -> Py<Self> {
        let _ = memo;
        slf
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let py = slf.py();
        let query = slf.get();
        if query.token.bind(py).is_instance_of::<PyToken>() {
            let problem = "an AuditQuery with a token in it cannot be pickled: the token is a secret; give it a token \
                           source that can be pickled";
            return Err(PyTypeError::new_err(problem));
        }
        let arguments = (query.token(py), query.auditid.get(), query.appid()).into_pyobject(py)?;
        Ok((slf.get_type().into_any(), arguments))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.token)
    }
}

/// An audit id, or a whole float: pandas converts columns of integers with missing values to floats.
fn table_id(value: &Bound<'_, PyAny>) -> PyResult<AuditId> {
    let Ok(float) = value.cast::<PyFloat>() else {
        return audit_id(value);
    };
    let py = value.py();
    let raise = |problem: &str| argument(py, "auditid", problem);
    let number = float.value();
    if number.is_nan() {
        return Err(raise("is missing (NaN)"));
    }
    if number.fract() != 0.0 {
        return Err(raise("expected a whole number or its digits, got a float with a fraction"));
    }
    // Larger floats skip numbers.
    if !(1.0..=LAST_EXACT).contains(&number) {
        return Err(raise("is out of range for a float; pass it as int"));
    }
    // As it writes 1.23457E+15: numbers of 12 digits and more.
    if number >= 1e11 && number % 1000.0 == 0.0 {
        return Err(raise(ROUNDED));
    }
    audit_id(&float.call_method0("__int__")?)
}

const ROUNDED: &str = "is a float that ends in 000: Excel has rounded this id; export its column as text, and read it as \
                       text (pandas: dtype={\"auditid\": str})";

/// 2^53 − 1. The float 2^53 may be 2^53 + 1, rounded.
const LAST_EXACT: f64 = 9_007_199_254_740_991.0;

/// Makes an `AuditQuery` of a tuple or list of token, auditid and optionally appid. Returns an `ArgumentError` for an
/// invalid item, and for an item that is itself an `ArgumentError`.
#[pyfunction]
pub(crate) fn read_query(item: Bound<'_, PyAny>) -> PyResult<Bound<'_, PyAny>> {
    let py = item.py();
    if item.is_instance_of::<AuditQuery>() {
        return Ok(item);
    }
    match checked(&item)? {
        Ok(query) => Ok(Bound::new(py, query)?.into_any()),
        Err(error) => Ok(error),
    }
}

/// As `read_query`, without a Python object.
pub(crate) fn checked<'py>(item: &Bound<'py, PyAny>) -> PyResult<Result<AuditQuery, Bound<'py, PyAny>>> {
    let py = item.py();
    if let Ok(query) = item.cast::<AuditQuery>() {
        let AuditQuery { token, auditid, appid } = query.get();
        return Ok(Ok(AuditQuery { token: token.clone_ref(py), auditid: *auditid, appid: appid.clone() }));
    }
    let parts: Vec<Bound<'py, PyAny>> = match (item.cast::<PyTuple>(), item.cast::<PyList>()) {
        (Ok(tuple), _) => tuple.iter().collect(),
        (_, Ok(list)) => list.iter().collect(),
        // `queries_from_frame` yields these for invalid rows.
        _ if is_argument_error(item)? => return Ok(Err(item.clone())),
        _ => return wrong_shape(item, &type_name(item)?).map(Err),
    };
    let mut parts = parts.into_iter();
    let (Some(token), Some(auditid), appid, None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        let shape = format!("a {} of {}", type_name(item)?, item.len()?);
        return wrong_shape(item, &shape).map(Err);
    };
    let appid = appid.filter(|appid| !appid.is_none());
    let shown = appid.as_ref().and_then(|appid| label(appid).ok());
    match AuditQuery::new(&token, &auditid, appid.as_ref()) {
        Ok(query) => Ok(Ok(query)),
        Err(error) => refused(py, error, shown).map(Err),
    }
}

fn wrong_shape<'py>(item: &Bound<'py, PyAny>, shape: &str) -> PyResult<Bound<'py, PyAny>> {
    let hint = if item.is_instance_of::<PyDict>() {
        "; write (item[\"token\"], item[\"auditid\"])"
    } else if item.is_instance_of::<PyInt>() || item.is_instance_of::<PyString>() {
        "; write [(token, auditid), …], a token with each auditid"
    } else {
        ""
    };
    let problem = format!("expected AuditQuery(token, auditid) or (token, auditid), got {shape}{hint}");
    refused(item.py(), argument(item.py(), "query", problem), None)
}

/// The error of an invalid query as a value. Exceptions such as `KeyboardInterrupt` and those of signal handlers are raised.
fn refused(py: Python<'_>, error: PyErr, appid: Option<String>) -> PyResult<Bound<'_, PyAny>> {
    if !error.is_instance_of::<PyException>(py) {
        return Err(error);
    }
    let error = errors::unless_by_signal(py, error)?;
    let value = error.value(py).clone().into_any();
    let error = if is_argument_error(&value)? {
        value
    } else {
        // Without its text, which may contain secrets.
        let problem = format!("reading it raised {}", type_name(&value)?);
        let made = argument(py, "query", problem).value(py).clone().into_any();
        made.setattr("__cause__", value)?;
        made
    };
    error.setattr("appid", appid)?;
    Ok(error)
}

fn is_argument_error(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    value.is_instance(&imports::argument_error(value.py())?)
}

/// An `ArgumentError` as a value. Other exceptions are raised.
pub(crate) fn argument_error(py: Python<'_>, error: PyErr) -> PyResult<Bound<'_, PyAny>> {
    let value = error.value(py).clone().into_any();
    if is_argument_error(&value)? { Ok(value) } else { Err(error) }
}
