//! Look up Python names; all that Rust uses are here.
//!
//! Each is looked up when it is used, so that `import wxaudit` does not load its module.

use pyo3::intern;
use pyo3::prelude::*;

/// Names of `wxaudit._errors.tree`.
fn errors(py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
    py.import(intern!(py, "wxaudit._errors.tree"))
}

/// Makes an exception of its class name, message and attributes.
pub(crate) fn from_native(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    errors(py)?.getattr(intern!(py, "from_native"))
}

/// The class `WxAuditError`.
pub(crate) fn wxaudit_error(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    errors(py)?.getattr(intern!(py, "WxAuditError"))
}

/// The class `ArgumentError`.
pub(crate) fn argument_error(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    errors(py)?.getattr(intern!(py, "ArgumentError"))
}

/// Makes the `ReviewRejected` of an audit.
pub(crate) fn review_rejected(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    errors(py)?.getattr(intern!(py, "review_rejected"))
}

/// The class `AuditState`.
pub(crate) fn audit_state(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    py.import(intern!(py, "wxaudit._models.state"))?.getattr(intern!(py, "AuditState"))
}

/// The class `Reason`.
pub(crate) fn reason(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    py.import(intern!(py, "wxaudit._models.state"))?.getattr(intern!(py, "Reason"))
}

/// Makes a value of its class and its fields, for pickle.
pub(crate) fn remade(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    py.import(intern!(py, "wxaudit._models.value"))?.getattr(intern!(py, "_remade"))
}

/// Shows an audit as HTML.
pub(crate) fn audit_html(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    py.import(intern!(py, "wxaudit._display.card"))?.getattr(intern!(py, "audit_html"))
}

/// Makes pydantic's schema of an audit class.
pub(crate) fn audit_schema(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    py.import(intern!(py, "wxaudit._models.pydantic"))?.getattr(intern!(py, "audit_schema"))
}

/// `operator.index`.
pub(crate) fn index(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    py.import(intern!(py, "operator"))?.getattr(intern!(py, "index"))
}

/// The class `datetime.datetime`.
pub(crate) fn datetime(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    py.import(intern!(py, "datetime"))?.getattr(intern!(py, "datetime"))
}

/// The class `datetime.timedelta`.
pub(crate) fn timedelta(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    py.import(intern!(py, "datetime"))?.getattr(intern!(py, "timedelta"))
}
