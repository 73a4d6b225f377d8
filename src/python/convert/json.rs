//! Convert JSON values to Python objects and back.

use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString};

use super::arguments::type_name;
use crate::json::Json;

/// The value as `json.loads` returns it.
pub(crate) fn to_python<'py>(py: Python<'py>, value: &Json) -> PyResult<Bound<'py, PyAny>> {
    match value {
        Json::Null => Ok(py.None().into_bound(py)),
        Json::Bool(value) => value.into_bound_py_any(py),
        Json::Integer(value) => value.into_bound_py_any(py),
        Json::Unsigned(value) => value.into_bound_py_any(py),
        Json::Float(value) => value.into_bound_py_any(py),
        Json::String(value) => value.into_bound_py_any(py),
        Json::Array(values) => {
            let items = values.iter().map(|value| to_python(py, value)).collect::<PyResult<Vec<_>>>()?;
            Ok(PyList::new(py, items)?.into_any())
        }
        Json::Object(members) => {
            let dict = PyDict::new(py);
            for (key, value) in members {
                dict.set_item(key, to_python(py, value)?)?;
            }
            Ok(dict.into_any())
        }
    }
}

/// The JSON value of a Python object that `json.dumps` accepts; `TypeError` for any other.
pub(crate) fn from_python(value: &Bound<'_, PyAny>) -> PyResult<Json> {
    if value.is_none() {
        Ok(Json::Null)
    } else if value.is_instance_of::<PyBool>() {
        Ok(Json::Bool(value.extract()?))
    } else if value.is_instance_of::<PyInt>() {
        value.extract().map(Json::Integer).or_else(|_| value.extract().map(Json::Unsigned))
    } else if value.is_instance_of::<PyFloat>() {
        Ok(Json::Float(value.extract()?))
    } else if let Ok(text) = value.cast::<PyString>() {
        Ok(Json::String(text.to_str()?.to_owned()))
    } else if let Ok(list) = value.cast::<PyList>() {
        Ok(Json::Array(list.iter().map(|item| from_python(&item)).collect::<PyResult<_>>()?))
    } else if let Ok(dict) = value.cast::<PyDict>() {
        let member =
            |(key, value): (Bound<'_, PyAny>, Bound<'_, PyAny>)| Ok((key.extract()?, from_python(&value)?));
        Ok(Json::Object(dict.iter().map(member).collect::<PyResult<_>>()?))
    } else {
        Err(PyTypeError::new_err(format!("{} cannot be converted to JSON", type_name(value)?)))
    }
}
