//! Run a batch: take queries, and hand out results, token requests and events.
//!
//! A single call with a token source or a listener is a batch of one.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pyo3::exceptions::PyRuntimeError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyIterator, PyList};
use tokio::sync::mpsc;

use super::batch_channel::BatchChannel;
use super::input::Input;
use super::prepared_call::PreparedCall;
use super::running::{CallFuture, CallsOf, Running, Work};
use super::token_request::{TokenRequest, TokenRequests};
use crate::call::batch::{self, BatchEvent, Query};
use crate::call::batch_scope::BatchScope;
use crate::call::client::{Call, Client};
use crate::event::Event;
use crate::fork::Process;
use crate::python::runtime::blocking::{self, AbortOnDrop};
use crate::python::runtime::completion_queue;
use crate::python::runtime::loop_bridge::LoopBridge;
use crate::python::runtime::runtime::Runtime;
use crate::python::types;

/// A batch in the process that began it.
#[pyclass(frozen, module = "wxaudit._native")]
pub(crate) struct Batch {
    process: Process,
    /// None after `close`.
    running: Mutex<Option<Arc<Running>>>,
}

/// The arguments of a batch.
pub(crate) struct Plan {
    pub(crate) concurrency: usize,
    pub(crate) limit: Option<Duration>,
    pub(crate) observed: bool,
    pub(crate) collected: bool,
    pub(crate) asynchronous: bool,
    /// None if queries are added one by one.
    pub(crate) queries: Option<Py<PyIterator>>,
    /// None if the items are queries.
    pub(crate) calls: Option<CallsOf>,
}

impl Batch {
    pub(crate) fn begin(py: Python<'_>, client: Arc<Client>, plan: Plan) -> PyResult<Self> {
        let Plan { concurrency, limit, observed, collected, asynchronous, queries: iterator, calls } = plan;
        let runtime = Runtime::current(py)?;
        let scope = Arc::new(BatchScope::new(concurrency, limit));
        // While Python handles the results of one half, the other half is in flight.
        let channel = Arc::new(BatchChannel::new(concurrency.div_ceil(2)));
        let (sender, queries) = mpsc::unbounded_channel();
        let task = {
            let (client, scope, channel) = (Arc::clone(&client), Arc::clone(&scope), Arc::clone(&channel));
            let activity = runtime.driver.begin_activity();
            runtime.driver.handle().spawn(async move {
                let _activity = activity;
                let emit = |event| match event {
                    BatchEvent::Finished(outcome) => {
                        channel.outcome(outcome);
                        completion_queue::note_result();
                    }
                    BatchEvent::NeedsInput => channel.wants_input(),
                };
                batch::answer_all(&client, &scope, concurrency, queries, emit).await;
                channel.over();
            })
        };
        let input = Input::new(scope, concurrency, collected, iterator, sender);
        let work = Work::Batch { input, calls, _task: AbortOnDrop(task.abort_handle()) };
        let (sources, total) = (Arc::default(), client.config().timeouts.total);
        Ok(Self::of(Running { client, runtime, channel, sources, observed, asynchronous, total, work }))
    }

    /// Begins a batch of one call.
    pub(crate) fn of_one(
        client: Arc<Client>,
        runtime: Arc<Runtime>,
        token: &Bound<'_, PyAny>,
        observed: bool,
        call: PreparedCall,
    ) -> PyResult<Self> {
        let running = Running {
            client: Arc::clone(&client),
            runtime,
            channel: Arc::new(BatchChannel::new(1)),
            sources: Arc::default(),
            observed,
            asynchronous: false,
            total: call.timeouts.total,
            work: Work::Call(Arc::default()),
        };
        let credential = running.credential(0, token, Duration::ZERO)?;
        let call = Call { observer: running.observer(), ..call.with(credential, running.runtime.process) };
        running.channel.note_query();
        let channel = Arc::clone(&running.channel);
        let future: CallFuture = Box::pin(async move {
            channel.outcome(batch::answer(&client, Query { index: 0, call }).await);
            channel.over();
        });
        if let Work::Call(slot) = &running.work {
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(future);
        }
        Ok(Self::of(running))
    }

    fn of(running: Running) -> Self {
        Self { process: running.runtime.process, running: Mutex::new(Some(Arc::new(running))) }
    }

    fn slot(&self) -> MutexGuard<'_, Option<Arc<Running>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end_calls(&self) -> Vec<Event> {
        let Some(running) = self.slot().take() else {
            return Vec::new();
        };
        if !self.process.is_current() {
            std::mem::forget(running);
            return Vec::new();
        }
        match &running.work {
            Work::Batch { input, .. } => input.end(),
            Work::Call(call) => drop(call.lock().unwrap_or_else(PoisonError::into_inner).take()),
        }
        let events = running.channel.take().events;
        // Wakes a thread or task that is still waiting.
        running.channel.over();
        events
    }

    fn running(&self) -> PyResult<Arc<Running>> {
        if !self.process.is_current() {
            let problem = "this call or batch belongs to the process that forked; begin a new one";
            return Err(PyRuntimeError::new_err(problem));
        }
        let running = self.slot().as_ref().map(Arc::clone);
        running.ok_or_else(|| PyRuntimeError::new_err("this batch is closed; begin a new one"))
    }

    /// Ready when there is something to take, or when one of the `others` has requests for its consumer.
    fn ready(running: &Running, others: Vec<Arc<BatchChannel>>) -> impl Future<Output = ()> + Send + 'static {
        let channel = Arc::clone(&running.channel);
        let slot = match &running.work {
            Work::Call(slot) => Some(Arc::clone(slot)),
            Work::Batch { .. } => None,
        };
        async move {
            let take = || slot.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner).take();
            let Some(mut call) = take() else {
                return channel.wait_or_serve(others).await;
            };
            tokio::select! {
                biased;
                () = &mut call => {}
                () = channel.wait_or_serve(others) => {
                    if let Some(slot) = &slot {
                        *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(call);
                    }
                }
            }
        }
    }
}

/// The channels of the batches that are not closed.
fn channels(batches: Vec<Bound<'_, Batch>>) -> Vec<Arc<BatchChannel>> {
    let running = batches.into_iter().filter_map(|batch| batch.get().running().ok());
    running.map(|running| Arc::clone(&running.channel)).collect()
}

#[pymethods]
impl Batch {
    /// Takes queries from the iterator while there is room. Returns whether to `wait` now.
    fn fill(&self, py: Python<'_>) -> PyResult<bool> {
        let running = self.running()?;
        match running.input() {
            Some(input) => input.fill(py, |item| {
                let expected = running.channel.expected_requests();
                running.add(input, item)?;
                // The consumer has to serve them: the next item of the input may need the token.
                Ok(running.channel.expected_requests() != expected)
            }),
            None => Ok(true),
        }
    }

    /// Whether results must be taken before more queries are added.
    #[getter]
    fn is_full(&self) -> PyResult<bool> {
        Ok(self.running()?.input().is_none_or(Input::is_full))
    }

    /// Whether the time for adding queries is over.
    #[getter]
    fn is_late(&self) -> PyResult<bool> {
        Ok(self.running()?.input().is_none_or(Input::is_late))
    }

    /// Adds a query. Returns false if it is invalid: its result is then available at once.
    fn add(&self, item: &Bound<'_, PyAny>) -> PyResult<bool> {
        let running = self.running()?;
        running.input().map_or(Ok(false), |input| running.add(input, item))
    }

    /// Takes the token requests for the consumer alone; none if the batch is closed.
    fn take_requests(&self, py: Python<'_>) -> Vec<TokenRequest> {
        let take =
            |running: Arc<Running>| TokenRequest::all(py, running.channel.take_requests(), &running.sources);
        self.running().map(take).unwrap_or_default()
    }

    /// Whether there may be token requests beside the consumer, in `requests`, and whether for the consumer, in `take`.
    /// Neither as long as no query has a token source.
    #[getter]
    fn expected_requests(&self) -> Option<(bool, bool)> {
        let slot = self.slot();
        let channel = &slot.as_ref()?.channel;
        let expected = channel.expected_requests();
        (expected != (false, false)).then_some(expected)
    }

    /// The token requests that a thread or an event loop serves beside the consumer.
    #[getter]
    fn requests(&self) -> PyResult<TokenRequests> {
        let Running { channel, sources, .. } = &*self.running()?;
        Ok(TokenRequests::new(Arc::clone(&channel.requests), Arc::clone(sources)))
    }

    /// Leaves these requests to the consumer, in `take`.
    fn serve_in_consumer(&self) -> PyResult<()> {
        self.running()?.channel.serve_in_consumer();
        Ok(())
    }

    /// Ends the input.
    fn end(&self) {
        if let Ok(running) = self.running()
            && let Some(input) = running.input()
        {
            input.end();
        }
    }

    /// Blocks until there is something to take. Interrupting it loses nothing. Returns early if there are token requests
    /// for the consumer of one of the `others`, which this thread is: `take_requests` has them.
    #[pyo3(signature = (others = Vec::new()))]
    fn wait(&self, py: Python<'_>, others: Vec<Bound<'_, Self>>) -> PyResult<()> {
        let running = self.running()?;
        blocking::block_on(py, &running.runtime, Self::ready(&running, channels(others)))
    }

    /// As `wait`, for an event loop.
    #[pyo3(signature = (bridge, future, others = Vec::new()))]
    fn await_(
        &self,
        bridge: &Bound<'_, LoopBridge>,
        future: Bound<'_, PyAny>,
        others: Vec<Bound<'_, Self>>,
    ) -> PyResult<bool> {
        let running = self.running()?;
        LoopBridge::submit(bridge, &running.runtime, future, Self::ready(&running, channels(others)))
    }

    /// Takes the available results, token requests for the consumer, and events, and whether the batch has ended. A result
    /// is an `AuditResult`, the outcome of `outcome::to_python`, or the index and `ArgumentError` of an invalid query.
    #[expect(clippy::type_complexity, reason = "a tuple that the stub names")]
    fn take<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyList>, Vec<TokenRequest>, Vec<types::event::Event>, bool)> {
        let running = self.running()?;
        let messages = running.channel.take();
        let results = PyList::empty(py);
        if let Some(input) = running.input() {
            for refused in input.deliver(messages.outcomes.len()) {
                results.append(refused)?;
            }
        }
        for outcome in messages.outcomes {
            results.append(running.result(py, outcome)?)?;
        }
        let requests = TokenRequest::all(py, messages.requests, &running.sources);
        let events = messages.events.into_iter().map(types::event::Event);
        Ok((results, requests, events.collect(), messages.over))
    }

    /// Raises the exception of the input, once.
    fn raise_input_error(&self) -> PyResult<()> {
        match self.running()?.input().and_then(Input::take_error) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// Drops the calls in flight. Returns the remaining events.
    fn close(&self) -> Vec<types::event::Event> {
        self.end_calls().into_iter().map(types::event::Event).collect()
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.running.try_lock().map_or(Ok(()), |running| match running.as_deref() {
            Some(Running { work: Work::Batch { input, calls, .. }, .. }) => {
                visit.call(calls.as_ref().map(|CallsOf(_, token, _)| token))?;
                input.traverse(&visit)
            }
            _ => Ok(()),
        })
    }

    fn __clear__(&self) {
        self.end_calls();
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        self.end_calls();
    }
}
