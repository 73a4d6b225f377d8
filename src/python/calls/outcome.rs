//! Convert the outcome of one call to Python.

use pyo3::prelude::*;

use super::operation;
use crate::call::batch::Outcome;
use crate::python::convert::errors;
use crate::python::runtime::completion_queue::Completion;

/// The index of the query and its reply, or the index, the data of the exception, and its cause.
pub(crate) fn to_python(
    py: Python<'_>,
    outcome: Outcome,
    cause: Option<Py<PyAny>>,
) -> PyResult<Bound<'_, PyAny>> {
    let Outcome { index, auditid, appid, result, .. } = outcome;
    match result {
        Ok(reply) => Ok((index, operation::reply(py, reply)?).into_pyobject(py)?.into_any()),
        Err(failure) => {
            let failed = errors::failed(py, &failure, auditid, appid.as_deref())?;
            Ok((index, failed, cause).into_pyobject(py)?.into_any())
        }
    }
}

impl Completion for Outcome {
    fn into_python(self: Box<Self>, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        to_python(py, *self, None)
    }
}
