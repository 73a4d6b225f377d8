//! How one call ended, on its way to Python.

use pyo3::prelude::*;

use super::operation;
use crate::error::Failure;
use crate::python::convert::errors::{self, Context};
use crate::python::runtime::completion_queue::Completion;
use crate::wechat::operation::Reply;
use crate::wechat::request::AuditId;

/// The result of a call, and what its exception needs to know of it.
pub(crate) struct Outcome {
    pub(crate) result: Result<Reply, Failure>,
    pub(crate) auditid: Option<AuditId>,
    pub(crate) appid: Option<String>,
}

impl Outcome {
    pub(crate) fn into_pyobject(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        match self.result {
            Ok(reply) => operation::reply(py, reply),
            Err(failure) => {
                let auditid = self.auditid.map(AuditId::get);
                let context = Context { auditid, appid: self.appid.as_deref() };
                let failed = Failed(errors::failed(py, &failure, &context)?.unbind());
                Ok(Bound::new(py, failed)?.into_any())
            }
        }
    }
}

impl Completion for Outcome {
    fn into_python(self: Box<Self>, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        self.into_pyobject(py)
    }
}

/// How a call failed, as the data of which Python code makes the exception.
#[pyclass(frozen, module = "wxaudit._native")]
pub(crate) struct Failed(Py<PyAny>);

#[pymethods]
impl Failed {
    /// The name of the exception's class, what happened, and its attributes.
    #[getter]
    fn described<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        self.0.bind(py).clone()
    }
}
