//! The native half of `Client` and `AsyncClient`: arguments in, results and exceptions out. An operation is one method
//! a door; what they share stands in the core.

use std::sync::Arc;
use std::time::Duration;

use pyo3::prelude::*;

use super::batch::Batch;
use super::call_driver::{Conversation, Listener, Turn};
use super::operation;
use crate::call::client::{Call, Client};
use crate::call::token_source::Credential;
use crate::config::{Config, Settings, check_retries};
use crate::error::{Error, Failure};
use crate::event::Observer;
use crate::python::convert::arguments::{
    count, label, path, proxy_url, seconds, text, texts, timeouts, type_name,
};
use crate::python::convert::errors::{self, Context};
use crate::python::convert::token::{self, Secret};
use crate::python::runtime::blocking;
use crate::python::runtime::loop_bridge::LoopBridge;
use crate::python::runtime::runtime::Runtime;
use crate::wechat::operation::Reply;
use crate::wechat::request::AuditId;

/// One client's configuration, connections, budget and gates; shared by all threads and event loops.
#[pyclass(frozen, module = "wxaudit._native")]
pub(crate) struct Engine {
    client: Arc<Client>,
}

#[pymethods]
impl Engine {
    #[new]
    #[pyo3(signature = (*, base_url, fallback_urls, timeout, max_retries, max_concurrency, proxy, trust_env, ca_file, user_agent))]
    // The keywords are those of Client, one by one.
    #[expect(clippy::too_many_arguments)]
    fn new(
        py: Python<'_>,
        base_url: &Bound<'_, PyAny>,
        fallback_urls: &Bound<'_, PyAny>,
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
            fallback_urls: texts("fallback_urls", fallback_urls)?,
            timeouts: timeouts(timeout)?,
            max_retries: count("max_retries", max_retries)?,
            max_concurrency: count("max_concurrency", max_concurrency)? as usize,
            proxy: proxy.map(proxy_url).transpose()?,
            trust_env,
            ca_file: ca_file.map(path).transpose()?,
            user_agent: user_agent.map(|value| text("user_agent", value)).transpose()?,
        };
        let config = Config::new(settings, |name| std::env::var(name).ok())
            .map_err(|error| errors::raise(py, &error))?;
        Ok(Self { client: Arc::new(Client::new(config)) })
    }

    /// Performs an operation, up to its end or to the first thing it says.
    fn call<'py>(
        &self,
        py: Python<'py>,
        operation: &str,
        token: &Bound<'py, PyAny>,
        subject: &Bound<'py, PyAny>,
        options: Options<'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let prepared = self.prepare(operation, token, subject, options)?;
        blocking::block_on(py, self.turn(prepared))?.into_pyobject(py)
    }

    /// The same, for an event loop.
    fn acall(
        &self,
        bridge: &Bound<'_, LoopBridge>,
        future: Bound<'_, PyAny>,
        operation: &str,
        token: &Bound<'_, PyAny>,
        subject: &Bound<'_, PyAny>,
        options: Options<'_>,
    ) -> PyResult<bool> {
        let prepared = self.prepare(operation, token, subject, options)?;
        LoopBridge::submit(bridge, future, self.turn(prepared))
    }

    /// What a batch means by its `max_concurrency`; at most the client's.
    fn concurrency(&self, py: Python<'_>, max_concurrency: Option<&Bound<'_, PyAny>>) -> PyResult<u32> {
        let most = u32::try_from(self.client.config().transport.max_concurrency).unwrap_or(u32::MAX);
        let concurrency = max_concurrency.map_or(Ok(most), |value| count("max_concurrency", value))?;
        if (1..=most).contains(&concurrency) {
            return Ok(concurrency);
        }
        let problem =
            format!("must be 1 to {most}, which is what this client allows; make a client that allows more");
        Err(errors::raise(py, &Error::argument("max_concurrency", problem)))
    }

    /// Begins a batch: so many calls at once, all of them within `timeout` where there is one.
    fn begin_batch(
        &self,
        py: Python<'_>,
        concurrency: usize,
        timeout: Option<f64>,
        observed: bool,
    ) -> PyResult<Batch> {
        Batch::begin(py, Arc::clone(&self.client), concurrency, timeout.map(seconds), observed)
    }

    /// Where calls go; it holds no user, password or query.
    #[getter]
    fn base_url(&self) -> String {
        self.client.config().transport.base.to_string()
    }

    /// Where else they go, in this order.
    #[getter]
    fn fallback_urls(&self) -> Vec<String> {
        self.client.config().transport.fallbacks.iter().map(ToString::to_string).collect()
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
type Prepared = (Call, Option<Listener>);

impl Engine {
    /// Checks all arguments of a call before anything is done.
    fn prepare(
        &self,
        operation: &str,
        token: &Bound<'_, PyAny>,
        subject: &Bound<'_, PyAny>,
        options: Options<'_>,
    ) -> PyResult<Prepared> {
        let Options(appid, timeout, max_retries, observed) = options;
        let py = token.py();
        let raise = |error: Error| errors::raise(py, &error);
        let config = self.client.config();
        let secret = token.cast::<Secret>().ok();
        let is_source = secret.is_none() && token.hasattr("get_token")?;
        let (speaker, listener) = if is_source || observed {
            let (speaker, listener) = Conversation::channel();
            (Some(speaker), Some(listener))
        } else {
            (None, None)
        };
        let credential = match (secret, &speaker) {
            (Some(secret), _) => Credential::Fixed(token::argument(py, secret.get())?),
            (None, Some(speaker)) if is_source => Credential::Source {
                shared: Runtime::current(py)?.source(token.as_ptr() as usize),
                ask: speaker.asker(),
                max_age: Duration::ZERO,
            },
            _ => {
                let problem = format!("expected text or a token source, got {}", type_name(token)?);
                return Err(raise(Error::argument("token", problem)));
            }
        };
        let call = Call {
            operation: operation::operation(operation, subject)?,
            credential,
            appid: appid.map(|appid| label(&appid)).transpose()?,
            timeouts: timeout.map_or(Ok(config.timeouts), |timeout| timeouts(&timeout))?,
            max_retries: match max_retries {
                Some(value) => check_retries(count("max_retries", &value)?).map_err(raise)?,
                None => config.max_retries,
            },
            observer: speaker.filter(|_| observed).map(|speaker| Arc::new(speaker) as Arc<dyn Observer>),
            batch: None,
            attempts: 0.into(),
        };
        Ok((call, listener))
    }

    fn turn(&self, (call, listener): Prepared) -> impl Future<Output = Turn> + Send + 'static {
        let client = Arc::clone(&self.client);
        let total = call.timeouts.total;
        let performed = Box::pin(async move {
            let result = client.execute(&call).await;
            Outcome { result, auditid: call.operation.auditid(), appid: call.appid }
        });
        async move {
            match listener {
                Some(listener) => listener.listen(performed, total).turn().await,
                None => Turn::Over(Box::new(performed.await)),
            }
        }
    }
}

/// How a call ended, on its way to Python.
pub(crate) struct Outcome {
    result: Result<Reply, Failure>,
    auditid: Option<AuditId>,
    appid: Option<String>,
}

impl Outcome {
    pub(crate) fn into_pyobject(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        match self.result {
            Ok(reply) => operation::reply(py, reply),
            Err(failure) => {
                let auditid = self.auditid.map(AuditId::get);
                let failed =
                    errors::failed(py, &failure, &Context { auditid, appid: self.appid.as_deref() })?;
                Ok(Bound::new(py, Failed(failed.unbind()))?.into_any())
            }
        }
    }
}

/// How a call failed, as the data of which Python code makes the exception.
#[pyclass(frozen, module = "wxaudit._native")]
pub(crate) struct Failed(Py<PyAny>);

#[pymethods]
impl Failed {
    /// The name of the exception's class, what happened, and its attributes.
    #[getter]
    fn described<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        self.0.bind(py).clone()
    }
}
