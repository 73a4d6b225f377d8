//! `wxaudit.LatestAuditStatus`: the review status of the last submission of a mini program.

use std::time::SystemTime;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};

use super::status::AuditStatus;
use crate::python::convert::arguments::{argument, moment, text, type_name};
use crate::python::convert::errors;
use crate::python::convert::shown::visible_repr;
use crate::wechat::status;

/// The review status of a mini program's latest submission. Compares as an `AuditStatus`.
///
/// Source: <https://developers.weixin.qq.com/doc/oplatform/openApi/> (`api_getlatestauditstatus`)
#[pyclass(frozen, extends = AuditStatus, subclass, module = "wxaudit", name = "LatestAuditStatus")]
pub(crate) struct LatestAuditStatus {
    user_version: Option<String>,
    user_desc: Option<String>,
    submitted_at: Option<SystemTime>,
}

impl LatestAuditStatus {
    pub(crate) fn made(py: Python<'_>, latest: status::LatestAuditStatus) -> PyResult<Bound<'_, PyAny>> {
        let status::LatestAuditStatus { status, user_version, user_desc, submitted_at } = latest;
        let latest = Self { user_version, user_desc, submitted_at };
        Ok(Bound::new(py, latest.with_status(AuditStatus(status)))?.into_any())
    }

    fn with_status(self, status: AuditStatus) -> PyClassInitializer<Self> {
        PyClassInitializer::from(status).add_subclass(self)
    }

    fn read(
        user_version: Option<&Bound<'_, PyAny>>,
        user_desc: Option<&Bound<'_, PyAny>>,
        submitted_at: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        Ok(Self {
            user_version: user_version.map(|value| text("user_version", value)).transpose()?,
            user_desc: user_desc.map(|value| text("user_desc", value)).transpose()?,
            submitted_at: submitted_at.map(|value| moment("submitted_at", value)).transpose()?,
        })
    }
}

#[pymethods]
impl LatestAuditStatus {
    #[new]
    #[pyo3(signature = (auditid, status, reason = None, screenshots = None, *, appid = None, observed_at = None,
        user_version = None, user_desc = None, submitted_at = None))]
    #[expect(clippy::too_many_arguments, reason = "the keywords are the attributes, one by one")]
    fn new(
        auditid: &Bound<'_, PyAny>,
        status: &Bound<'_, PyAny>,
        reason: Option<&Bound<'_, PyAny>>,
        screenshots: Option<&Bound<'_, PyAny>>,
        appid: Option<&Bound<'_, PyAny>>,
        observed_at: Option<&Bound<'_, PyAny>>,
        user_version: Option<&Bound<'_, PyAny>>,
        user_desc: Option<&Bound<'_, PyAny>>,
        submitted_at: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<PyClassInitializer<Self>> {
        let status = AuditStatus::new(auditid, status, reason, screenshots, appid, observed_at)?;
        Ok(Self::read(user_version, user_desc, submitted_at)?.with_status(status))
    }

    /// The submitted version, as the submitter named it.
    #[getter]
    fn user_version(&self) -> Option<&str> {
        self.user_version.as_deref()
    }

    /// The submitter's description of the version.
    #[getter]
    fn user_desc(&self) -> Option<&str> {
        self.user_desc.as_deref()
    }

    /// When it was submitted (aware, UTC). None if WeChat does not say.
    #[getter]
    fn submitted_at<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.submitted_at.map(|at| errors::utc(py, at)).transpose()
    }

    /// All attributes in a dict that is safe for JSON; `from_dict` reads it back.
    #[pyo3(signature = (*, raw = true))]
    fn to_dict<'py>(slf: &Bound<'py, Self>, raw: bool) -> PyResult<Bound<'py, PyDict>> {
        let py = slf.py();
        let latest = slf.get();
        let dict = AuditStatus::to_dict(slf.as_super(), raw)?;
        dict.set_item("user_version", latest.user_version())?;
        dict.set_item("user_desc", latest.user_desc())?;
        let submitted_at = latest.submitted_at.map(|at| errors::isoformat(py, at)).transpose()?;
        dict.set_item("submitted_at", submitted_at)?;
        Ok(dict)
    }

    /// Reads what `to_dict` made. Unknown keys are ignored; `ArgumentError` for a missing key or a wrong value.
    #[classmethod]
    fn from_dict<'py>(class: &Bound<'py, PyType>, data: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = class.py();
        let dict =
            data.cast::<PyDict>().map_err(|_| argument(py, "data", "expected a dict made by to_dict"))?;
        let optional = |key: &str| Ok::<_, PyErr>(dict.get_item(key)?.filter(|value| !value.is_none()));
        let latest = Self::read(
            optional("user_version")?.as_ref(),
            optional("user_desc")?.as_ref(),
            optional("submitted_at")?.as_ref(),
        )?;
        let status = AuditStatus::read(data)?;
        if class.is(py.get_type::<Self>()) {
            return Ok(Bound::new(py, latest.with_status(status))?.into_any());
        }
        let keywords = PyDict::new(py);
        keywords.set_item("user_version", latest.user_version())?;
        keywords.set_item("user_desc", latest.user_desc())?;
        keywords.set_item("submitted_at", latest.submitted_at(py)?)?;
        status.call_class(class, &keywords)
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let py = slf.py();
        let latest = slf.get();
        let mut shown = slf.as_super().get().shown_arguments(py)?;
        for (name, value) in [("user_version", latest.user_version()), ("user_desc", latest.user_desc())] {
            if let Some(value) = value {
                shown.push(format!("{name}={}", visible_repr(py, value)?));
            }
        }
        if let Some(at) = latest.submitted_at {
            shown.push(format!("submitted_at='{}'", errors::isoformat(py, at)?));
        }
        Ok(format!("{}({})", type_name(slf)?, shown.join(", ")))
    }
}
