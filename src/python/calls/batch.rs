//! The native half of a batch: queries in, results out in bunches, questions and events between.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyList;
use tokio::sync::mpsc::{self, UnboundedSender};
use tokio::sync::oneshot;

use super::batch_channel::Outbox;
use super::operation;
use super::sources::Sources;
use super::token_request::{Asked, Question};
use crate::call::batch::{self, BatchEvent, Outcome, Query};
use crate::call::batch_scope::BatchScope;
use crate::call::client::{Call, Client};
use crate::call::token_source::{Credential, TokenProvider};
use crate::error::Error;
use crate::event::{Event, Observer};
use crate::python::convert::arguments::label;
use crate::python::convert::errors::{self, Context};
use crate::python::convert::token::{self, Secret, hidden_text};
use crate::python::runtime::blocking::{self, AbortOnDrop};
use crate::python::runtime::completion_queue;
use crate::python::runtime::loop_bridge::LoopBridge;
use crate::python::runtime::runtime::Runtime;
use crate::python::types;
use crate::python::types::query::{self, Checked};
use crate::python::types::result::{Answered, AuditResult};
use crate::python::types::status::AuditStatus;
use crate::wechat::operation::{Operation, Reply};

/// For how long a token that a source gave is used for further queries of the batch without asking again.
const KEEP_TOKENS: Duration = Duration::from_secs(60);

/// A batch under way in the process that began it. `wait` only waits: whoever cancels it loses nothing.
#[pyclass(frozen, module = "wxaudit._native")]
pub(crate) struct Batch {
    pid: u32,
    /// None once it is closed.
    running: Mutex<Option<Arc<Running>>>,
}

struct Running {
    client: Arc<Client>,
    runtime: Arc<Runtime>,
    scope: Arc<BatchScope>,
    outbox: Arc<Outbox>,
    sources: Arc<Sources>,
    concurrency: usize,
    observed: bool,
    progress: Mutex<Progress>,
    _task: AbortOnDrop,
}

struct Progress {
    /// None once the input is over.
    queries: Option<UnboundedSender<Query>>,
    /// Queries that have come, refused ones included.
    taken: u64,
    /// Queries taken in and not yet handed back.
    held: usize,
}

impl Batch {
    pub(crate) fn begin(
        py: Python<'_>,
        client: Arc<Client>,
        concurrency: usize,
        limit: Option<Duration>,
        observed: bool,
    ) -> PyResult<Self> {
        let runtime = Runtime::current(py)?;
        let scope = Arc::new(BatchScope::new(concurrency, limit));
        // While Python handles one half of what may be under way, the other half is.
        let outbox = Arc::new(Outbox::new(concurrency.div_ceil(2)));
        let (sender, queries) = mpsc::unbounded_channel();
        let task = {
            let (client, scope, outbox) = (Arc::clone(&client), Arc::clone(&scope), Arc::clone(&outbox));
            let activity = runtime.driver.begin_activity();
            runtime.driver.handle().spawn(async move {
                let _activity = activity;
                let tell = |news| match news {
                    BatchEvent::Finished(outcome) => {
                        outbox.outcome(outcome);
                        completion_queue::note_result();
                    }
                    BatchEvent::NeedsInput => outbox.wants_input(),
                };
                batch::answer_all(&client, &scope, concurrency, queries, tell).await;
                outbox.over();
            })
        };
        let running = Running {
            client,
            runtime,
            scope,
            outbox,
            sources: Arc::default(),
            concurrency,
            observed,
            progress: Mutex::new(Progress { queries: Some(sender), taken: 0, held: 0 }),
            _task: AbortOnDrop(task.abort_handle()),
        };
        Ok(Self { pid: std::process::id(), running: Mutex::new(Some(Arc::new(running))) })
    }

    fn slot(&self) -> MutexGuard<'_, Option<Arc<Running>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn running(&self) -> PyResult<Arc<Running>> {
        if self.pid != std::process::id() {
            let problem = "this batch belongs to the process that forked; begin a new one";
            return Err(PyRuntimeError::new_err(problem));
        }
        let running = self.slot().as_ref().map(Arc::clone);
        running.ok_or_else(|| PyRuntimeError::new_err("this batch is closed; begin a new one"))
    }
}

#[pymethods]
impl Batch {
    /// How many queries more it takes in now: as many as keep it busy while Python is not looking.
    #[getter]
    fn wanted(&self) -> PyResult<usize> {
        let running = self.running()?;
        let held = running.progress().held;
        Ok((2 * running.concurrency + running.scope.waiting()).saturating_sub(held))
    }

    /// Takes in what a caller passes as a query. One that cannot be used comes back as its number in the input and an
    /// `ArgumentError`.
    fn add<'py>(&self, item: &Bound<'py, PyAny>) -> PyResult<Option<(u64, Bound<'py, PyAny>)>> {
        let py = item.py();
        let running = self.running()?;
        let index = running.next_index();
        match query::checked(item)? {
            Ok(Checked { token, auditid, appid }) => {
                running.put(py, index, Operation::AuditStatus(auditid), &token, appid)?;
                Ok(None)
            }
            Err(error) => Ok(Some((index, error))),
        }
    }

    /// Takes in another call, by the name of the client's method; the rest is as for `add`.
    fn ask<'py>(
        &self,
        name: &str,
        token: &Bound<'py, PyAny>,
        subject: Bound<'py, PyAny>,
        appid: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<(u64, Bound<'py, PyAny>)>> {
        let py = token.py();
        let running = self.running()?;
        let index = running.next_index();
        let taken_in = || {
            let appid = appid.map(|appid| label(&appid)).transpose()?;
            running.put(py, index, operation::operation(name, &hidden_text(subject)?)?, token, appid)
        };
        match taken_in() {
            Ok(()) => Ok(None),
            Err(error) => Ok(Some((index, query::argument_error(py, error)?))),
        }
    }

    /// There is no more input.
    fn end(&self) {
        if let Ok(running) = self.running() {
            running.progress().queries = None;
        }
    }

    /// Blocks until there is something to take.
    fn wait(&self, py: Python<'_>) -> PyResult<()> {
        blocking::block_on(py, self.ready()?)
    }

    /// The same, for an event loop.
    fn await_(&self, bridge: &Bound<'_, LoopBridge>, future: Bound<'_, PyAny>) -> PyResult<bool> {
        LoopBridge::submit(bridge, future, self.ready()?)
    }

    /// What there is: results (an `AuditResult`, or what the error is made of), questions, events, and whether all is over.
    #[expect(clippy::type_complexity, reason = "a tuple that the stub names")]
    fn take<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyList>, Vec<Question>, Vec<types::event::Event>, bool)> {
        let running = self.running()?;
        let messages = running.outbox.take();
        running.progress().held -= messages.outcomes.len();
        let results = PyList::empty(py);
        for outcome in messages.outcomes {
            results.append(running.result(py, outcome)?)?;
        }
        let questions = messages.questions.into_iter().filter_map(|asked| {
            let source = running.sources.get(py, asked.source)?;
            Some(Question::new(asked, source, Arc::downgrade(&running.sources)))
        });
        let events = messages.events.into_iter().map(types::event::Event);
        Ok((results, questions.collect(), events.collect(), messages.over))
    }

    /// Drops what is under way.
    fn close(&self) {
        let running = self.slot().take();
        if self.pid != std::process::id() {
            std::mem::forget(running);
        } else if let Some(running) = running {
            // Whoever still waits goes home.
            running.outbox.over();
        }
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        self.close();
    }
}

impl Batch {
    fn ready(&self) -> PyResult<impl Future<Output = ()> + Send + 'static> {
        let outbox = Arc::clone(&self.running()?.outbox);
        Ok(async move { outbox.wait().await })
    }
}

impl Running {
    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of the next query in the input.
    fn next_index(&self) -> u64 {
        let mut progress = self.progress();
        let index = progress.taken;
        progress.taken += 1;
        index
    }

    fn put(
        &self,
        py: Python<'_>,
        index: u64,
        operation: Operation,
        token: &Bound<'_, PyAny>,
        appid: Option<String>,
    ) -> PyResult<()> {
        let call = self.call(py, index, operation, token, appid)?;
        let mut progress = self.progress();
        let Some(queries) = &progress.queries else {
            return Err(PyRuntimeError::new_err("the input of this batch is over"));
        };
        self.outbox.note_query();
        if queries.send(Query { index, call }).is_err() {
            return Err(PyRuntimeError::new_err("a bug in wxaudit: the batch ended early; please report it"));
        }
        progress.held += 1;
        Ok(())
    }

    fn call(
        &self,
        py: Python<'_>,
        index: u64,
        operation: Operation,
        token: &Bound<'_, PyAny>,
        appid: Option<String>,
    ) -> PyResult<Call> {
        let config = self.client.config();
        let credential = if let Ok(secret) = token.cast::<Secret>() {
            Credential::Fixed(token::argument(py, secret.get())?)
        } else {
            let shared = self.runtime.source(token.as_ptr() as usize);
            let source = self.sources.hold(index, token, &shared);
            Credential::Source {
                shared,
                ask: self.asker(source, config.timeouts.total),
                max_age: KEEP_TOKENS,
            }
        };
        let observer = || Arc::new(EventForwarder(Arc::clone(&self.outbox))) as Arc<dyn Observer>;
        Ok(Call {
            operation,
            credential,
            appid,
            timeouts: config.timeouts,
            max_retries: config.max_retries,
            observer: self.observed.then(observer),
            batch: Some(Arc::clone(&self.scope)),
            attempts: 0.into(),
        })
    }

    /// How a call asks for a token.
    fn asker(&self, source: usize, total: Duration) -> TokenProvider {
        let outbox = Arc::clone(&self.outbox);
        Arc::new(move |ask| {
            let (reply, answer) = oneshot::channel();
            outbox.question(Asked { ask, source, deadline: Instant::now() + total, reply });
            Box::pin(async move {
                let silent = || Error::TokenSource { problem: "nobody was there to ask".to_owned() };
                answer.await.unwrap_or_else(|_| Err(silent()))
            })
        })
    }

    fn result<'py>(&self, py: Python<'py>, outcome: Outcome) -> PyResult<Bound<'py, PyAny>> {
        let Outcome { index, auditid, appid, attempts, result } = outcome;
        let released = self.sources.release(py, index);
        match result {
            Ok(Reply::Status(status)) => {
                let status = Bound::new(py, AuditStatus::from(status))?.unbind();
                let answered = Answered { auditid, appid, index, attempts };
                Ok(Bound::new(py, AuditResult::answered(status, answered))?.into_any())
            }
            Ok(reply) => Ok((index, operation::reply(py, reply)?).into_pyobject(py)?.into_any()),
            Err(failure) => {
                let context = Context { auditid, appid: appid.as_deref() };
                let failed = errors::failed(py, &failure, &context)?;
                Ok((index, failed, released.cause).into_pyobject(py)?.into_any())
            }
        }
    }
}

/// Hears the events of all calls of a batch.
struct EventForwarder(Arc<Outbox>);

impl Observer for EventForwarder {
    fn on_event(&self, event: Event) {
        self.0.event(event);
    }
}
