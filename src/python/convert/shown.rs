//! Text from outside, in a repr.

use pyo3::prelude::*;
use pyo3::types::PyString;

use super::imports;

/// The repr of a text from outside, with the marks that Python's repr leaves as they are escaped too.
pub(crate) fn visible_repr(py: Python<'_>, text: &str) -> PyResult<String> {
    let shown = PyString::new(py, text).repr()?.to_string_lossy().into_owned();
    let visible = imports::escape_controls(py)?;
    visible.call1((shown,))?.extract()
}
