//! Look up Python names; all that Rust uses are here.

use pyo3::intern;
use pyo3::prelude::*;

/// Defines a function for each name. The name is looked up when it is used, so that `import wxaudit` does not load its
/// module.
macro_rules! names {
    ($($(#[$doc:meta])* $function:ident: $module:literal, $name:literal;)+) => {
        $($(#[$doc])*
        pub(crate) fn $function(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
            py.import(intern!(py, $module))?.getattr(intern!(py, $name))
        })+
    };
}

names! {
    /// Makes an exception of its class name, message and attributes.
    from_native: "wxaudit._errors.tree", "from_native";
    /// Whether a signal handler raised an exception.
    raised_by_signal: "wxaudit._signals", "raised_by_signal";
    wxaudit_error: "wxaudit._errors.tree", "WxAuditError";
    argument_error: "wxaudit._errors.tree", "ArgumentError";
    /// Makes the `ReviewRejected` of an audit.
    review_rejected: "wxaudit._errors.tree", "review_rejected";
    audit_state: "wxaudit._models.state", "AuditState";
    reason: "wxaudit._models.state", "Reason";
    /// Makes a value of its class and its fields, for pickle.
    remade: "wxaudit._models.value", "_remade";
    /// Shows an audit as HTML.
    audit_html: "wxaudit._display.card", "audit_html";
    /// Makes pydantic's schema of an audit class.
    audit_schema: "wxaudit._models.pydantic", "audit_schema";
    /// The same of a result.
    result_schema: "wxaudit._models.pydantic", "result_schema";
    /// The names of the columns of a table of results.
    columns: "wxaudit._frames.columns", "COLUMNS";
    /// The values of a result in these columns.
    row: "wxaudit._frames.columns", "row";
    index: "operator", "index";
    datetime: "datetime", "datetime";
}
