//! Convert operations and their replies between Python and the core.

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::python::convert::arguments::{argument, audit_id, text};
use crate::python::convert::{errors, json};
use crate::python::types::latest::LatestAuditStatus;
use crate::python::types::status::AuditStatus;
use crate::wechat::operation::{Operation, Reply};
use crate::wechat::request::{MediaId, RequestId};

/// An operation by the name of the client's method.
pub(crate) fn operation(name: &str, subject: &Bound<'_, PyAny>) -> PyResult<Operation> {
    let raise = |error| errors::raise(subject.py(), error);
    Ok(match name {
        "get_audit_status" => Operation::AuditStatus(audit_id(subject)?),
        "get_latest_audit_status" => Operation::LatestAuditStatus,
        "get_screenshot" => {
            Operation::Screenshot(MediaId::parse(&text("media_id", subject)?).map_err(raise)?)
        }
        "explain" => {
            let rid = RequestId::parse(&text("rid_or_error", subject)?);
            Operation::Explain(rid.map_err(|error| raise(error.in_field("rid_or_error")))?)
        }
        "quota" => Operation::Quota,
        _ => return Err(argument(subject.py(), "operation", "there is none of that name")),
    })
}

/// The reply of an operation as a Python object.
pub(crate) fn reply(py: Python<'_>, reply: Reply) -> PyResult<Bound<'_, PyAny>> {
    match reply {
        Reply::Status(status) => Ok(Bound::new(py, AuditStatus(status))?.into_any()),
        Reply::Latest(latest) => LatestAuditStatus::made(py, latest),
        Reply::Picture(picture) => {
            let content = PyBytes::new(py, &picture.content);
            Ok((picture.media_id.to_string(), content, picture.media_type).into_pyobject(py)?.into_any())
        }
        Reply::Object(object) => json::to_python(py, &object),
    }
}
