//! `wxaudit.AuditResult`: how one query of a batch ended.

use pyo3::PyTypeInfo;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyIterator, PyTuple, PyType};

use super::status::AuditStatus;
use crate::python::convert::arguments::{argument, text, value};
use crate::python::convert::imports;
use crate::python::convert::shown::visible_repr;

/// The outcome of one query of a batch: a status or an error, never both.
///
/// For type checkers, ask `result.status is not None` (or `result.error`): they do not conclude it from `ok`.
#[pyclass(frozen, module = "wxaudit")]
pub(crate) struct AuditResult {
    pub(crate) auditid: Option<i64>,
    pub(crate) appid: Option<String>,
    pub(crate) outcome: Result<Py<AuditStatus>, Py<PyAny>>,
    pub(crate) index: u64,
    pub(crate) attempts: u32,
}

#[pymethods]
impl AuditResult {
    #[new]
    #[pyo3(signature = (auditid, appid = None, status = None, error = None, index = 0, attempts = 0))]
    fn new(
        py: Python<'_>,
        auditid: Option<&Bound<'_, PyAny>>,
        appid: Option<&Bound<'_, PyAny>>,
        status: Option<Bound<'_, PyAny>>,
        error: Option<Bound<'_, PyAny>>,
        index: u64,
        attempts: u32,
    ) -> PyResult<Self> {
        let auditid = auditid.map(|auditid| value("auditid", auditid)).transpose()?;
        let appid = appid.map(|appid| text("appid", appid)).transpose()?;
        let outcome = match (status, error) {
            (Some(status), None) => match status.cast_into() {
                Ok(status) => Ok(status.unbind()),
                Err(_) => return Err(argument(py, "status", "expected an AuditStatus")),
            },
            (None, Some(error)) if error.is_instance(&imports::wxaudit_error(py)?)? => Err(error.unbind()),
            (None, Some(_)) => return Err(argument(py, "error", "expected a WxAuditError")),
            _ => return Err(argument(py, "status", "an AuditResult has either a status or an error")),
        };
        Ok(Self { auditid, appid, outcome, index, attempts })
    }

    #[classattr]
    #[pyo3(name = "__match_args__")]
    fn match_args() -> (&'static str, &'static str, &'static str, &'static str) {
        ("auditid", "appid", "status", "error")
    }

    /// The audit's number. None if the query has none.
    #[getter]
    fn auditid(&self) -> Option<i64> {
        self.auditid
    }

    /// The caller's label.
    #[getter]
    fn appid(&self) -> Option<&str> {
        self.appid.as_deref()
    }

    /// The status; None if there is an error.
    #[getter]
    fn status<'py>(&self, py: Python<'py>) -> Option<Bound<'py, AuditStatus>> {
        self.outcome.as_ref().ok().map(|status| status.bind(py).clone())
    }

    /// The error; None if there is a status.
    #[getter]
    fn error<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.outcome.as_ref().err().map(|error| error.bind(py).clone())
    }

    /// The position of the query in the input, from 0.
    #[getter]
    fn index(&self) -> u64 {
        self.index
    }

    /// The number of requests sent for the query.
    #[getter]
    fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Whether there is a status, whatever its state.
    #[getter]
    fn ok(&self) -> bool {
        self.outcome.is_ok()
    }

    /// Returns the status, or raises the error.
    fn unwrap<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match &self.outcome {
            Ok(status) => Ok(status.bind(py).clone().into_any()),
            Err(error) => Err(PyErr::from_value(error.bind(py).clone())),
        }
    }

    /// The names of the values below, where a named tuple has them: pandas makes a table of a batch by them.
    #[getter]
    fn _fields<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        PyTuple::type_object(slf.py()).call1((imports::columns(slf.py())?,))
    }

    fn __len__(slf: &Bound<'_, Self>) -> PyResult<usize> {
        imports::columns(slf.py())?.len()
    }

    fn __getitem__<'py>(slf: &Bound<'py, Self>, index: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        imports::row(slf.py())?.call1((slf,))?.get_item(index)
    }

    fn __iter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyIterator>> {
        imports::row(slf.py())?.call1((slf,))?.try_iter()
    }

    fn __eq__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        let Ok(other) = other.cast::<Self>() else {
            return Ok(false);
        };
        let other = other.get();
        let same_query = self.auditid == other.auditid && self.appid == other.appid;
        let same_outcome = match (&self.outcome, &other.outcome) {
            (Ok(mine), Ok(others)) => mine.bind(py).as_any().eq(others.bind(py))?,
            (Err(mine), Err(others)) => {
                let (mine, others) = (mine.bind(py), others.bind(py));
                mine.get_type().is(others.get_type()) && mine.getattr("args")?.eq(others.getattr("args")?)?
            }
            _ => false,
        };
        Ok(same_query && same_outcome)
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        (self.auditid, self.appid.as_deref(), self.ok()).into_pyobject(py)?.hash()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let outcome = match &self.outcome {
            Ok(status) => format!("status={}", status.bind(py).repr()?.to_str()?),
            Err(error) => format!("error={}", error.bind(py).repr()?.to_str()?),
        };
        let auditid = self.auditid.map_or_else(|| "None".to_owned(), |auditid| auditid.to_string());
        let appid = match &self.appid {
            Some(appid) => format!(", {}", visible_repr(py, appid)?),
            None => String::new(),
        };
        Ok(format!("AuditResult({auditid}{appid}, {outcome})"))
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
        let this = slf.get();
        let arguments =
            (this.auditid, this.appid(), this.status(py), this.error(py), this.index, this.attempts);
        Ok((slf.get_type().into_any(), arguments.into_pyobject(py)?))
    }

    /// For pydantic: accepts an instance or its dict, and serializes to the dict.
    #[classmethod]
    fn __get_pydantic_core_schema__<'py>(
        class: &Bound<'py, PyType>,
        source: &Bound<'py, PyAny>,
        handler: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        imports::result_schema(class.py())?.call1((class, source, handler))
    }

    // A raised error refers to frames, and a frame may refer to this result: the collector has to see that cycle.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        match &self.outcome {
            Ok(status) => visit.call(status),
            Err(error) => visit.call(error),
        }
    }
}
