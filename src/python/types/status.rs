//! `wxaudit.AuditStatus`: the review status of one audit.

use std::hash::{Hash, Hasher};
use std::time::SystemTime;

use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList, PyTuple, PyType};

use crate::json::Json;
use crate::python::convert::arguments::{self, argument, audit_id, moment, text, texts, type_name, value};
use crate::python::convert::shown::visible_repr;
use crate::python::convert::{errors, imports, json};
use crate::wechat::status;

/// The review status of one audit at one moment.
///
/// Equality compares auditid, status, reason, screenshots and appid, but not `observed_at` or `raw`.
///
/// Source: <https://developers.weixin.qq.com/doc/oplatform/openApi/> (`api_getauditstatus`)
#[pyclass(frozen, subclass, weakref, module = "wxaudit", name = "AuditStatus")]
pub(crate) struct AuditStatus(pub(crate) status::AuditStatus);

#[pymethods]
impl AuditStatus {
    #[new]
    #[pyo3(signature = (auditid, status, reason = None, screenshots = None, *, appid = None, observed_at = None))]
    pub(crate) fn new(
        auditid: &Bound<'_, PyAny>,
        status: &Bound<'_, PyAny>,
        reason: Option<&Bound<'_, PyAny>>,
        screenshots: Option<&Bound<'_, PyAny>>,
        appid: Option<&Bound<'_, PyAny>>,
        observed_at: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let reason =
            reason.map(|reason| text("reason", reason)).transpose()?.filter(|reason| !reason.is_empty());
        Ok(Self(status::AuditStatus {
            auditid: audit_id(auditid)?.get(),
            status: arguments::state(status)?,
            reason,
            screenshots: screenshots.map_or_else(|| Ok(Vec::new()), |value| texts("screenshots", value))?,
            appid: appid.map(|appid| text("appid", appid)).transpose()?,
            observed_at: observed_at
                .map_or_else(|| Ok(SystemTime::now()), |value| moment("observed_at", value))?,
            lossy: false,
            raw: Json::Object(Vec::new()),
        }))
    }

    #[classattr]
    #[pyo3(name = "__match_args__")]
    fn match_args() -> (&'static str, &'static str, &'static str, &'static str) {
        ("auditid", "status", "reason", "screenshots")
    }

    /// The audit's number.
    #[getter]
    fn auditid(&self) -> i64 {
        self.0.auditid
    }

    /// The state. An unknown state keeps its number.
    #[getter]
    fn status<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        state(py, self.0.status)
    }

    /// Why it was rejected or delayed, in WeChat's words: untrusted text. None without a reason.
    #[getter]
    fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// The `media_id`s of the screenshots.
    #[getter]
    fn screenshots<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.0.screenshots)
    }

    /// The caller's label for the mini program.
    #[getter]
    fn appid(&self) -> Option<&str> {
        self.0.appid.as_deref()
    }

    /// When the answer arrived (aware, UTC). WeChat's answer itself carries no time.
    #[getter]
    fn observed_at<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        errors::utc(py, self.0.observed_at)
    }

    /// Whether invalid bytes of the answer were replaced to decode it.
    #[getter]
    fn lossy(&self) -> bool {
        self.0.lossy
    }

    /// The decoded answer, a new dict each time. Empty for a status that you constructed.
    #[getter]
    fn raw<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        json::to_python(py, &self.0.raw)
    }

    /// The items of `reason`, with its complete text.
    #[getter]
    fn reasons<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let class = imports::reason(py)?;
        let reasons = self.0.reasons().into_iter().map(|reason| class.call1((reason.title, reason.details)));
        PyTuple::new(py, reasons.collect::<PyResult<Vec<_>>>()?)
    }

    /// Whether the state is final: approved, rejected or withdrawn.
    #[getter]
    fn is_final(&self) -> bool {
        matches!(self.0.status, 0 | 1 | 3)
    }

    /// Whether the decision is pending: in review or delayed.
    #[getter]
    fn is_pending(&self) -> bool {
        matches!(self.0.status, 2 | 4)
    }

    /// Whether the version may be released.
    #[getter]
    fn is_approved(&self) -> bool {
        self.0.status == 0
    }

    /// Whether it was rejected.
    #[getter]
    fn is_rejected(&self) -> bool {
        self.0.status == 1
    }

    /// Raises `ReviewRejected` if it was rejected; otherwise returns the status.
    fn raise_for_rejection<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        if !slf.get().is_rejected() {
            return Ok(slf.clone());
        }
        Err(PyErr::from_value(imports::review_rejected(slf.py())?.call1((slf,))?))
    }

    /// All attributes as a JSON-serializable dict, which `from_dict` reads.
    ///
    /// Besides, for readers without this library: `label`, the state in Chinese, and `reasons`, a list of
    /// `{"title": str, "details": [str, …]}`. `raw=False` leaves the decoded answer out.
    #[pyo3(signature = (*, raw = true))]
    pub(crate) fn to_dict<'py>(slf: &Bound<'py, Self>, raw: bool) -> PyResult<Bound<'py, PyDict>> {
        let py = slf.py();
        let status = &slf.get().0;
        let dict = PyDict::new(py);
        dict.set_item("auditid", status.auditid)?;
        dict.set_item("status", status.status)?;
        dict.set_item("label", state(py, status.status)?.call_method1(intern!(py, "label"), ("zh",))?)?;
        dict.set_item("reason", status.reason.as_deref())?;
        let reasons = PyList::empty(py);
        for reason in slf.get().reasons(py)? {
            reasons.append(reason.call_method0(intern!(py, "to_dict"))?)?;
        }
        dict.set_item("reasons", reasons)?;
        dict.set_item("screenshots", PyList::new(py, &status.screenshots)?)?;
        dict.set_item("appid", status.appid.as_deref())?;
        dict.set_item("observed_at", errors::isoformat(py, status.observed_at)?)?;
        dict.set_item("lossy", status.lossy)?;
        if raw {
            dict.set_item("raw", json::to_python(py, &status.raw)?)?;
        }
        Ok(dict)
    }

    /// Reads the dict of `to_dict`. Ignores unknown keys; `ArgumentError` for missing or invalid ones.
    #[classmethod]
    fn from_dict<'py>(class: &Bound<'py, PyType>, data: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = class.py();
        let status = Self::read(data)?;
        if class.is(py.get_type::<Self>()) {
            return Ok(Bound::new(py, status)?.into_any());
        }
        status.call_class(class, &PyDict::new(py))
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let arguments = slf.get().shown_arguments(slf.py())?;
        Ok(format!("{}({})", type_name(slf)?, arguments.join(", ")))
    }

    fn __eq__(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = std::hash::DefaultHasher::new();
        self.identity().hash(&mut hasher);
        hasher.finish()
    }

    fn __copy__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __deepcopy__<'py>(slf: Bound<'py, Self>, memo: &Bound<'py, PyAny>) -> Bound<'py, Self> {
        let _ = memo;
        slf
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, (Bound<'py, PyDict>,))> {
        Ok((slf.get_type().getattr("from_dict")?, (data_of(slf)?,)))
    }

    /// For `copy.replace`: the same status with some attributes changed.
    #[pyo3(signature = (**changes))]
    fn __replace__<'py>(
        slf: &Bound<'py, Self>,
        changes: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let data = data_of(slf)?;
        // They follow from others.
        for derived in ["label", "reasons"] {
            data.call_method1(intern!(slf.py(), "pop"), (derived, slf.py().None()))?;
        }
        for (key, value) in changes.into_iter().flat_map(PyDictMethods::iter) {
            if !data.contains(&key)? {
                let message = format!("AuditStatus has no attribute {}", key.repr()?.to_str()?);
                return Err(PyTypeError::new_err(message));
            }
            data.set_item(key, value)?;
        }
        slf.get_type().call_method1(intern!(slf.py(), "from_dict"), (data,))
    }

    /// For the JSON of kombu, which Celery uses.
    fn __json__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        data_of(slf)
    }

    /// For notebooks: a card, with all text escaped.
    fn _repr_html_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        imports::audit_html(slf.py())?.call1((slf,))
    }

    /// For pydantic: accepts an instance or its dict, and serializes to the dict.
    #[classmethod]
    fn __get_pydantic_core_schema__<'py>(
        class: &Bound<'py, PyType>,
        source: &Bound<'py, PyAny>,
        handler: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        imports::audit_schema(class.py())?.call1((class, source, handler))
    }
}

/// The dict of `to_dict`, which a subclass may override.
fn data_of<'py>(status: &Bound<'py, AuditStatus>) -> PyResult<Bound<'py, PyDict>> {
    Ok(status.call_method0(intern!(status.py(), "to_dict"))?.cast_into()?)
}

impl AuditStatus {
    /// Reads a dict from `to_dict`.
    pub(crate) fn read(data: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = data.py();
        let data =
            data.cast::<PyDict>().map_err(|_| argument(py, "data", "expected a dict made by to_dict"))?;
        let required = |key: &'static str| {
            data.get_item(key)?.ok_or_else(|| argument(py, key, "is missing in the dict"))
        };
        let optional = |key: &str| -> PyResult<Option<Bound<'_, PyAny>>> {
            Ok(data.get_item(key)?.filter(|value| !value.is_none()))
        };
        let made = Self::new(
            &required("auditid")?,
            &required("status")?,
            optional("reason")?.as_ref(),
            optional("screenshots")?.as_ref(),
            optional("appid")?.as_ref(),
            optional("observed_at")?.as_ref(),
        )?;
        let lossy = optional("lossy")?.map_or(Ok(false), |lossy| value("lossy", &lossy))?;
        let raw = match optional("raw")? {
            None => made.0.raw,
            Some(raw) if raw.is_instance_of::<PyDict>() => json::from_python("raw", &raw)?,
            Some(_) => return Err(argument(py, "raw", "expected a dict made by to_dict")),
        };
        Ok(Self(status::AuditStatus { lossy, raw, ..made.0 }))
    }

    fn identity(&self) -> (i64, i64, Option<&str>, &[String], Option<&str>) {
        let status = &self.0;
        let (reason, appid) = (status.reason.as_deref(), status.appid.as_deref());
        (status.auditid, status.status, reason, &status.screenshots, appid)
    }

    /// The arguments of the constructor, as the repr shows them.
    pub(crate) fn shown_arguments(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        let status = &self.0;
        let mut shown = vec![status.auditid.to_string(), shown_state(py, status.status)?];
        if let Some(reason) = &status.reason {
            shown.push(visible_repr(py, reason)?);
        } else if !status.screenshots.is_empty() {
            shown.push("None".to_owned());
        }
        if !status.screenshots.is_empty() {
            shown.push(self.screenshots(py)?.repr()?.extract()?);
        }
        if let Some(appid) = &status.appid {
            shown.push(format!("appid={}", visible_repr(py, appid)?));
        }
        shown.push(format!("observed_at='{}'", errors::isoformat(py, status.observed_at)?));
        Ok(shown)
    }

    /// An instance through the constructor of a subclass, with these keywords.
    pub(crate) fn call_class<'py>(
        self,
        class: &Bound<'py, PyType>,
        keywords: &Bound<'py, PyDict>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = class.py();
        let status = self.0;
        keywords.set_item("appid", status.appid)?;
        keywords.set_item("observed_at", errors::utc(py, status.observed_at)?)?;
        class.call((status.auditid, status.status, status.reason, status.screenshots), Some(keywords))
    }
}

/// The member of `AuditState` for a number. Known members are looked up once.
fn state(py: Python<'_>, number: i64) -> PyResult<Bound<'_, PyAny>> {
    static KNOWN: PyOnceLock<Vec<Py<PyAny>>> = PyOnceLock::new();
    let known = KNOWN.get_or_try_init(py, || {
        let class = imports::audit_state(py)?;
        (0..=4).map(|number| class.call1((number,)).map(Bound::unbind)).collect::<PyResult<Vec<_>>>()
    })?;
    match usize::try_from(number).ok().and_then(|index| known.get(index)) {
        Some(member) => Ok(member.bind(py).clone()),
        None => imports::audit_state(py)?.call1((number,)),
    }
}

/// The state as an expression that evaluates to it.
fn shown_state(py: Python<'_>, number: i64) -> PyResult<String> {
    Ok(match number {
        0..=4 => format!("AuditState.{}", state(py, number)?.getattr("name")?.extract::<String>()?),
        _ => format!("AuditState({number})"),
    })
}
