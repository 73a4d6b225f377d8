//! Run the calls of `Client` and `AsyncClient`: convert their arguments and results.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyIterator;

use super::batch::{Batch, Plan};
use super::prepared_call::PreparedCall;
use super::running::CallsOf;
use super::{operation, outcome};
use crate::call::batch::{self, Outcome, Query};
use crate::call::client::{Call, Client};
use crate::call::token_source::Credential;
use crate::config::{Config, ProxyUrl, Settings, check_retries};
use crate::python::convert::arguments::{argument, count, label, path, seconds, text, texts, timeouts};
use crate::python::convert::errors;
use crate::python::convert::token::PyToken;
use crate::python::runtime::blocking;
use crate::python::runtime::loop_bridge::LoopBridge;
use crate::python::runtime::runtime::Runtime;

/// A client's configuration, connections, retry budget and quota blocks, shared by all threads and event loops.
#[pyclass(frozen, module = "wxaudit._native")]
pub(crate) struct Engine {
    client: Arc<Client>,
}

#[pymethods]
impl Engine {
    #[new]
    #[pyo3(signature = (*, base_url, fallback_urls, timeout, max_retries, max_concurrency, proxy, trust_env, ca_file, user_agent))]
    #[expect(clippy::too_many_arguments, reason = "the keywords of Client")]
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
            proxy: proxy.map(|url| text("proxy", url).map(ProxyUrl)).transpose()?,
            trust_env,
            ca_file: ca_file.map(path).transpose()?,
            user_agent: user_agent.map(|value| text("user_agent", value)).transpose()?,
        };
        // A variable that is not text is refused like any other wrong value.
        let variable = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
        let config = Config::new(settings, variable).map_err(|error| errors::raise(py, error))?;
        Ok(Self { client: Arc::new(Client::new(config)) })
    }

    /// Makes a call with a `Token` and without listeners, which needs no Python code.
    fn call<'py>(
        &self,
        py: Python<'py>,
        operation: &str,
        token: &Bound<'py, PyToken>,
        subject: &Bound<'py, PyAny>,
        options: Options<'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let call = self.prepare(operation, subject, options)?;
        let runtime = Runtime::current(py)?;
        let call = self.execute(call.with(fixed(token), runtime.process));
        outcome::to_python(py, blocking::block_on(py, &runtime, call)?, None)
    }

    /// As `call`, for an event loop.
    fn acall(
        &self,
        bridge: &Bound<'_, LoopBridge>,
        future: Bound<'_, PyAny>,
        operation: &str,
        token: &Bound<'_, PyToken>,
        subject: &Bound<'_, PyAny>,
        options: Options<'_>,
    ) -> PyResult<bool> {
        let call = self.prepare(operation, subject, options)?;
        let runtime = Runtime::current(token.py())?;
        let call = self.execute(call.with(fixed(token), runtime.process));
        LoopBridge::submit(bridge, &runtime, future, call)
    }

    /// Begins any other call, as a batch of one.
    fn begin_call(
        &self,
        operation: &str,
        token: &Bound<'_, PyAny>,
        subject: &Bound<'_, PyAny>,
        options: Options<'_>,
        observed: bool,
    ) -> PyResult<Batch> {
        let call = self.prepare(operation, subject, options)?;
        let runtime = Runtime::current(token.py())?;
        Batch::of_one(Arc::clone(&self.client), runtime, token, observed, call)
    }

    /// Checks the `max_concurrency` of a batch: at most the client's, which is the default.
    fn concurrency(&self, py: Python<'_>, max_concurrency: Option<&Bound<'_, PyAny>>) -> PyResult<u32> {
        let most = u32::try_from(self.client.config().transport.max_concurrency).unwrap_or(u32::MAX);
        let concurrency = max_concurrency.map_or(Ok(most), |value| count("max_concurrency", value))?;
        if (1..=most).contains(&concurrency) {
            return Ok(concurrency);
        }
        let problem = format!(
            "must be 1 to {most}, the limit of this client; create a client with a higher max_concurrency"
        );
        Err(argument(py, "max_concurrency", problem))
    }

    /// Begins a batch. `timeout` limits the whole batch. If `queries` is None, they are added one by one. With `calls`,
    /// its items are not queries but the subjects of those calls.
    #[pyo3(signature = (queries, concurrency, timeout, *, observed, collected, asynchronous, calls = None))]
    #[expect(clippy::too_many_arguments, reason = "the keywords of one call from Python")]
    fn begin_batch(
        &self,
        py: Python<'_>,
        queries: Option<Py<PyIterator>>,
        concurrency: usize,
        timeout: Option<f64>,
        observed: bool,
        collected: bool,
        asynchronous: bool,
        calls: Option<CallsOf>,
    ) -> PyResult<Batch> {
        let limit = timeout.map(seconds);
        let plan = Plan { concurrency, limit, observed, collected, asynchronous, queries, calls };
        Batch::begin(py, Arc::clone(&self.client), plan)
    }

    /// The base URL, without user, password and query.
    #[getter]
    fn base_url(&self) -> String {
        self.client.config().transport.base.to_string()
    }

    /// The URLs to try after the base URL, in order.
    #[getter]
    fn fallback_urls(&self) -> Vec<String> {
        self.client.config().transport.fallbacks.iter().map(ToString::to_string).collect()
    }

    /// Forgets the quota blocks of a mini program in this process, or all of them.
    fn unblock_quota(&self, appid: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let appid = appid.map(label).transpose()?;
        self.client.unblock_quota(appid.as_deref());
        Ok(())
    }

    /// Closes the idle connections of this process.
    fn close(&self, py: Python<'_>) {
        py.detach(|| self.client.close());
    }
}

/// The options of every operation: appid, timeout, `max_retries`.
#[derive(FromPyObject)]
struct Options<'py>(Option<Bound<'py, PyAny>>, Option<Bound<'py, PyAny>>, Option<Bound<'py, PyAny>>);

fn fixed(token: &Bound<'_, PyToken>) -> Credential {
    Credential::Fixed(token.get().get().clone())
}

impl Engine {
    /// Checks the arguments of a call.
    fn prepare(
        &self,
        operation: &str,
        subject: &Bound<'_, PyAny>,
        Options(appid, timeout, max_retries): Options<'_>,
    ) -> PyResult<PreparedCall> {
        let config = self.client.config();
        Ok(PreparedCall {
            operation: operation::operation(operation, subject)?,
            appid: appid.map(|appid| label(&appid)).transpose()?,
            timeouts: timeout.map_or(Ok(config.timeouts), |timeout| timeouts(&timeout))?,
            max_retries: match max_retries {
                Some(value) => check_retries(count("max_retries", &value)?)
                    .map_err(|error| errors::raise(value.py(), error))?,
                None => config.max_retries,
            },
        })
    }

    fn execute(&self, call: Call) -> impl Future<Output = Outcome> + Send + 'static {
        let client = Arc::clone(&self.client);
        async move { batch::answer(&client, Query { index: 0, call }).await }
    }
}
