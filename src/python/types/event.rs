//! `wxaudit.Event`: one step of a call, as listeners and `on_event` get it.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::escape::escape_controls;
use crate::event::{self, event_fields};
use crate::python::convert::arguments::{text, value};
use crate::python::convert::imports;

/// One step of a call. It never contains a token, query string, header or body.
///
/// `kind` names the step. Future versions may add kinds:
///
/// - `"request"`: an attempt is about to be sent
/// - `"response"`: an answer arrived, or the attempt failed as `error` says
/// - `"retry"`: another attempt follows after `delay` seconds
/// - `"refresh"`: the token source is asked for a fresh token
/// - `"poll"`: `wait_for_decision` has polled once, and polls again after `delay` seconds
///
/// Any other attribute is `None` where it does not apply: `time` (Unix seconds), `call` (a number in this process
/// that the events of one call share), `auditid`, `appid` (the caller's label), `attempt` (from 1), `method`,
/// `host` (`api.weixin.qq.com`), `port`, `url_path` (`/wxa/get_auditstatus`), `http_status`, `errcode` and `rid`
/// of the answer, `delay` and `elapsed` (since the call began) in seconds, `error` (safe to print), `error_type`
/// (the name of its exception: `"TransportError"`, `"RequestTimeout"`, …, and `"APIError"` for every errcode).
#[pyclass(frozen, eq, module = "wxaudit")]
#[derive(PartialEq)]
pub(crate) struct Event(pub(crate) event::Event);

macro_rules! define_class {
    ($($(#[$doc:meta])* $name:ident: $type:ty,)+) => {
        #[pymethods]
        impl Event {
            #[new]
            #[pyo3(signature = (*, kind, $($name = None),+))]
            #[expect(clippy::too_many_arguments, reason = "the keywords are the attributes, one by one")]
            fn new(
                kind: &Bound<'_, PyAny>,
                $($name: Option<&Bound<'_, PyAny>>),+
            ) -> PyResult<Self> {
                let kind = text("kind", kind)?.into();
                $(let $name: Option<$type> =
                    $name.map(|given| value(stringify!($name), given)).transpose()?;)+
                let mut event = event::Event { kind, $($name),+ }.redacted();
                event.error = event.error.map(|error| escape_controls(&error).into_owned());
                Ok(Self(event))
            }

            /// The step; one of the kinds above.
            #[getter]
            fn kind(&self) -> &str {
                &self.0.kind
            }

            $($(#[$doc])*
            #[getter]
            fn $name(&self) -> Option<$type> {
                self.0.$name.clone()
            })+

            /// The attributes that are not None, JSON-serializable. `Event(**data)` restores the event.
            fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
                let dict = PyDict::new(py);
                dict.set_item("kind", &self.0.kind)?;
                $(if let Some(value) = &self.0.$name {
                    dict.set_item(stringify!($name), value)?;
                })+
                Ok(dict)
            }

            fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
                let show = |(name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>)| {
                    Ok(format!("{}={}", name.extract::<&str>()?, value.repr()?.to_str()?))
                };
                let shown = self.to_dict(py)?.iter().map(show).collect::<PyResult<Vec<_>>>()?;
                Ok(format!("Event({})", shown.join(", ")))
            }

            fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
                PyTuple::new(py, self.to_dict(py)?.iter())?.hash()
            }

            fn __copy__(slf: Py<Self>) -> Py<Self> {
                slf
            }

            fn __deepcopy__(slf: Py<Self>, memo: &Bound<'_, PyAny>) -> Py<Self> {
                let _ = memo;
                slf
            }

            fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
                let py = slf.py();
                Ok((imports::remade(py)?, (slf.get_type(), slf.get().to_dict(py)?).into_pyobject(py)?))
            }

            /// `copy.replace`: the same event with some attributes changed.
            #[pyo3(signature = (**changes))]
            fn __replace__<'py>(
                slf: &Bound<'py, Self>,
                changes: Option<&Bound<'py, PyDict>>,
            ) -> PyResult<Bound<'py, PyAny>> {
                let values = slf.get().to_dict(slf.py())?;
                if let Some(changes) = changes {
                    values.update(changes.as_mapping())?;
                }
                slf.get_type().call((), Some(&values))
            }
        }
    };
}

event_fields!(define_class);
