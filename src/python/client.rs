//! The native half of `Client` and `AsyncClient`: arguments in, results and exceptions out. An operation is one method
//! a door; what they share stands in the core.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyInt, PyString};

use super::bridge;
use super::conversation::{Conversation, Turn};
use super::errors::{self, Context};
use super::runtime::Runtime;
use super::secret::{self, Secret};
use super::status::AuditStatus;
use crate::client::{Call, Client};
use crate::config::{Config, ProxyUrl, Settings, Timeouts, check_retries};
use crate::error::{Error, Failure};
use crate::event::Observer;
use crate::request::AuditId;
use crate::source::Credential;
use crate::status;

/// One client's configuration, connections, budget and gates; shared by all threads and event loops.
#[pyclass(frozen, module = "wxaudit._native")]
pub(crate) struct Engine {
    client: Arc<Client>,
}

#[pymethods]
impl Engine {
    #[new]
    #[pyo3(signature = (*, base_url, timeout, max_retries, max_concurrency, proxy, trust_env, ca_file, user_agent))]
    // The keywords are those of Client, one by one.
    #[expect(clippy::too_many_arguments)]
    fn new(
        py: Python<'_>,
        base_url: &Bound<'_, PyAny>,
        timeout: &Bound<'_, PyAny>,
        max_retries: &Bound<'_, PyAny>,
        max_concurrency: &Bound<'_, PyAny>,
        proxy: Option<&Bound<'_, PyAny>>,
        trust_env: bool,
        ca_file: Option<&Bound<'_, PyAny>>,
        user_agent: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let settings = Settings {
            base_url: Some(text("base_url", base_url)?),
            timeouts: timeouts(timeout)?,
            max_retries: count("max_retries", max_retries)?,
            max_concurrency: count("max_concurrency", max_concurrency)? as usize,
            proxy: proxy.map(proxy_url).transpose()?,
            trust_env,
            ca_file: ca_file.map(path).transpose()?,
            user_agent: user_agent.map(|value| text("user_agent", value)).transpose()?,
        };
        let config = Config::new(settings, |name| std::env::var(name).ok()).map_err(|error| errors::raise(py, &error))?;
        Ok(Self { client: Arc::new(Client::new(config)) })
    }

    fn get_audit_status<'py>(
        &self,
        py: Python<'py>,
        token: &Bound<'py, PyAny>,
        auditid: &Bound<'py, PyAny>,
        options: Options<'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let call = self.call(token, auditid, &options)?;
        bridge::blocking(py, self.get_audit_status_turn(call))?.into_pyobject(py)
    }

    fn aget_audit_status<'py>(
        &self,
        py: Python<'py>,
        token: &Bound<'py, PyAny>,
        auditid: &Bound<'py, PyAny>,
        options: Options<'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let call = self.call(token, auditid, &options)?;
        bridge::awaitable(py, self.get_audit_status_turn(call))
    }

    /// Closes the idle connections of this process.
    fn close(&self, py: Python<'_>) {
        py.detach(|| self.client.close());
    }
}

/// What every operation takes beside its subject: appid, timeout, `max_retries`, and whether somebody listens.
#[derive(FromPyObject)]
struct Options<'py>(Option<Bound<'py, PyAny>>, Option<Bound<'py, PyAny>>, Option<Bound<'py, PyAny>>, bool);

/// A call, and the conversation's other end where it may have something to say.
type Prepared = (Call, Option<super::conversation::Listener>);

impl Engine {
    /// Checks all arguments of a call before anything is done.
    fn call(&self, token: &Bound<'_, PyAny>, auditid: &Bound<'_, PyAny>, options: &Options<'_>) -> PyResult<Prepared> {
        let Options(appid, timeout, max_retries, observed) = options;
        let py = token.py();
        let raise = |error: Error| errors::raise(py, &error);
        let config = self.client.config();
        let secret = token.cast::<Secret>().ok();
        let is_source = secret.is_none() && token.hasattr("get_token")?;
        let (speaker, listener) = if is_source || *observed {
            let (speaker, listener) = Conversation::channel();
            (Some(speaker), Some(listener))
        } else {
            (None, None)
        };
        let credential = match (secret, &speaker) {
            (Some(secret), _) => Credential::Fixed(secret::argument(py, secret.get())?),
            (None, Some(speaker)) if is_source => Credential::Source {
                shared: Runtime::current(py)?.source(token.as_ptr() as usize),
                ask: speaker.asker(),
            },
            _ => {
                let problem = format!("expected text or a token source, got {}", token.get_type().name()?);
                return Err(raise(Error::argument("token", problem)));
            }
        };
        let call = Call {
            credential,
            auditid: audit_id(auditid)?,
            appid: appid.as_ref().map(|appid| text("appid", appid)).transpose()?,
            timeouts: timeout.as_ref().map_or(Ok(config.timeouts), timeouts)?,
            max_retries: match max_retries {
                Some(value) => check_retries(count("max_retries", value)?).map_err(raise)?,
                None => config.max_retries,
            },
            observer: speaker.filter(|_| *observed).map(|speaker| Arc::new(speaker) as Arc<dyn Observer>),
        };
        Ok((call, listener))
    }

    /// The operation, up to its end or to the first thing it says.
    fn get_audit_status_turn(&self, (call, listener): Prepared) -> impl Future<Output = Turn> + Send + 'static {
        let client = Arc::clone(&self.client);
        let total = call.timeouts.total;
        let operation = async move {
            let result = client.get_audit_status(&call).await;
            Outcome { result, auditid: call.auditid.get(), appid: call.appid }
        };
        async move {
            match listener {
                Some(listener) => listener.listen(operation, total).turn().await,
                None => Turn::Over(Box::new(operation.await)),
            }
        }
    }
}

/// How a call ended, on its way to Python.
pub(super) struct Outcome {
    result: Result<status::AuditStatus, Failure>,
    auditid: i64,
    appid: Option<String>,
}

impl Outcome {
    pub(super) fn into_pyobject(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        match self.result {
            Ok(status) => Ok(Bound::new(py, AuditStatus::from(status))?.into_any()),
            Err(failure) => {
                let context = Context { auditid: Some(self.auditid), appid: self.appid.as_deref() };
                Err(errors::raise_failure(py, &failure, &context))
            }
        }
    }
}

/// An audit id as callers have it: an int, anything with `__index__`, or a text of digits. No message shows the value: it
/// may be a token in the wrong place.
pub(super) fn audit_id(value: &Bound<'_, PyAny>) -> PyResult<AuditId> {
    let py = value.py();
    let raise = |error: Error| errors::raise(py, &error);
    let expected = |kind: &str| Error::argument("auditid", format!("expected a whole number or its digits, got {kind}"));
    if let Ok(secret) = value.cast::<Secret>() {
        let secret = secret.get();
        let id = secret.text().map_or_else(|| Err(expected(secret.kind())), AuditId::parse);
        return id.map_err(raise);
    }
    if let Ok(text) = value.cast::<PyString>() {
        return AuditId::parse(&text.to_string_lossy()).map_err(raise);
    }
    match whole_number(value)? {
        Some(number) => AuditId::new(number).map_err(raise),
        None => Err(raise(expected(&value.get_type().name()?.to_string()))),
    }
}

/// The number behind `__index__`, None for what is no whole number, bool included. Numbers beyond 128 bits saturate:
/// they are out of every range.
fn whole_number(value: &Bound<'_, PyAny>) -> PyResult<Option<i128>> {
    if value.is_instance_of::<PyBool>() {
        return Ok(None);
    }
    let py = value.py();
    let number = match value.cast::<PyInt>() {
        Ok(number) => number.clone(),
        Err(_) => match py.import("operator")?.getattr("index")?.call1((value,)) {
            // numpy's truth value has an __index__ before numpy 2.3.
            Ok(_) if value.get_type().name()?.to_string_lossy().starts_with("bool") => return Ok(None),
            Ok(number) => number.cast_into::<PyInt>()?,
            Err(error) if error.is_instance_of::<pyo3::exceptions::PyTypeError>(py) => return Ok(None),
            Err(error) => return Err(error),
        },
    };
    let saturated = if number.lt(0)? { i128::MIN } else { i128::MAX };
    Ok(Some(number.extract::<i128>().unwrap_or(saturated)))
}

fn count(field: &'static str, value: &Bound<'_, PyAny>) -> PyResult<u32> {
    let problem = match whole_number(value)? {
        Some(number) => match u32::try_from(number) {
            Ok(number) => return Ok(number),
            Err(_) => "is out of range".to_owned(),
        },
        None => format!("expected a whole number, got {}", value.get_type().name()?),
    };
    Err(errors::raise(value.py(), &Error::argument(field, problem)))
}

fn text(field: &'static str, value: &Bound<'_, PyAny>) -> PyResult<String> {
    let problem = match value.cast::<PyString>() {
        Ok(text) => match text.to_str() {
            Ok(text) => return Ok(text.to_owned()),
            Err(_) => "is no valid text".to_owned(),
        },
        Err(_) => format!("expected text, got {}", value.get_type().name()?),
    };
    Err(errors::raise(value.py(), &Error::argument(field, problem)))
}

/// Reads a `wxaudit.Timeout`, which has checked its values.
fn timeouts(value: &Bound<'_, PyAny>) -> PyResult<Timeouts> {
    let optional = |name: &str| -> PyResult<Option<Duration>> {
        Ok(value.getattr(name)?.extract::<Option<f64>>()?.map(seconds))
    };
    Ok(Timeouts {
        total: seconds(value.getattr("total")?.extract()?),
        connect: optional("connect")?,
        read: optional("read")?,
    })
}

fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

fn proxy_url(value: &Bound<'_, PyAny>) -> PyResult<ProxyUrl> {
    let text = value.cast::<Secret>().ok().and_then(|secret| secret.get().text());
    match text {
        Some(text) => Ok(ProxyUrl(text.to_owned())),
        None => Err(errors::raise(value.py(), &Error::argument("proxy", "expected the URL of a proxy as text"))),
    }
}

fn path(value: &Bound<'_, PyAny>) -> PyResult<PathBuf> {
    value.extract().map_err(|_| errors::raise(value.py(), &Error::argument("ca_file", "expected a path")))
}
