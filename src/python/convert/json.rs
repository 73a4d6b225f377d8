//! Convert JSON values to Python objects and back.

use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyOverflowError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

use super::arguments::{argument, type_name};
use crate::json::{Json, MAX_VALUES};

/// The parser of answers allows one level less. Without a limit, a value that refers to itself would overflow the stack.
const MAX_DEPTH: usize = 128;

/// For all strings together, in bytes: four times the longest answer, since repairing one can make it longer.
const MAX_TEXT: usize = 1024 * 1024;

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

/// The JSON value of a Python object that `json.dumps` accepts, within the limits of an answer. `ArgumentError` of `field`
/// for any other.
///
/// It reads what the built-in types hold and calls no method of their subclasses, so that no code of the caller runs
/// while a dict or list is read.
pub(crate) fn from_python(field: &'static str, value: &Bound<'_, PyAny>) -> PyResult<Json> {
    Reader { field, values: MAX_VALUES, text: MAX_TEXT }.read(value, MAX_DEPTH)
}

/// Counts down what a value may still hold.
struct Reader {
    field: &'static str,
    values: usize,
    text: usize,
}

impl Reader {
    fn read(&mut self, value: &Bound<'_, PyAny>, depth: usize) -> PyResult<Json> {
        let refuse = |problem: &str| Err(argument(value.py(), self.field, problem));
        if depth == 0 {
            return refuse("is nested more than 128 levels deep, or refers to itself");
        }
        let Some(values) = self.values.checked_sub(1) else {
            return refuse("holds more than 10 000 values");
        };
        self.values = values;
        if value.is_none() {
            Ok(Json::Null)
        } else if value.is_instance_of::<PyBool>() {
            Ok(Json::Bool(value.extract()?))
        } else if value.is_instance_of::<PyInt>() {
            self.number(value)
        } else if let Ok(float) = value.cast::<PyFloat>() {
            match float.value() {
                number if number.is_finite() => Ok(Json::Float(number)),
                _ => refuse("holds NaN or an infinity, which JSON does not have"),
            }
        } else if let Ok(text) = value.cast::<PyString>() {
            Ok(Json::String(self.string(text)?))
        } else if let Ok(list) = value.cast::<PyList>() {
            self.array(list.iter(), depth)
        } else if let Ok(tuple) = value.cast::<PyTuple>() {
            self.array(tuple.iter(), depth)
        } else if let Ok(dict) = value.cast::<PyDict>() {
            self.object(dict, depth)
        } else {
            refuse(&format!("holds a value of the type {}, which JSON does not have", type_name(value)?))
        }
    }

    /// As the parser of answers reads it: an integer of more than 64 bits is a float.
    fn number(&self, value: &Bound<'_, PyAny>) -> PyResult<Json> {
        if let Ok(number) = value.extract() {
            return Ok(Json::Integer(number));
        }
        if let Ok(number) = value.extract() {
            return Ok(Json::Unsigned(number));
        }
        let py = value.py();
        value.extract().map(Json::Float).map_err(|error| {
            if error.is_instance_of::<PyOverflowError>(py) {
                argument(py, self.field, "holds an integer of more than 308 digits")
            } else {
                error
            }
        })
    }

    fn string(&mut self, value: &Bound<'_, PyString>) -> PyResult<String> {
        let py = value.py();
        let Ok(text) = value.to_str() else {
            return Err(argument(py, self.field, "holds a lone surrogate, which is not valid text"));
        };
        let Some(left) = self.text.checked_sub(text.len()) else {
            return Err(argument(py, self.field, "holds more than 1 MiB of text"));
        };
        self.text = left;
        Ok(text.to_owned())
    }

    fn array<'py>(&mut self, items: impl Iterator<Item = Bound<'py, PyAny>>, depth: usize) -> PyResult<Json> {
        items.map(|item| self.read(&item, depth - 1)).collect::<PyResult<_>>().map(Json::Array)
    }

    fn object(&mut self, dict: &Bound<'_, PyDict>, depth: usize) -> PyResult<Json> {
        let py = dict.py();
        if dict.len() > self.values {
            return Err(argument(py, self.field, "holds more than 10 000 values"));
        }
        // All members first: reading one may run the garbage collector and so any code, and pyo3 panics if that changes
        // the dict.
        let members: Vec<_> = dict.iter().collect();
        let mut object = Vec::with_capacity(members.len());
        for (key, value) in members {
            let Ok(key) = key.cast::<PyString>() else {
                return Err(argument(py, self.field, "holds a key that is not a string"));
            };
            object.push((self.string(key)?, self.read(&value, depth - 1)?));
        }
        Ok(Json::Object(object))
    }
}
