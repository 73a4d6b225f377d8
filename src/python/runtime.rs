//! The threads of a process: one that runs all requests, and one that hands finished asyncio calls to Python.
//!
//! The stock tokio runtime of pyo3-async-runtimes hangs after fork, aborts at interpreter exit and hands results over
//! by a growing pool of threads; so this is a runtime of our own behind that crate's `generic::Runtime`.

use std::any::Any;
use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3_async_runtimes::TaskLocals;
use pyo3_async_runtimes::generic;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use super::event_loop;
use crate::process::PerProcess;
use crate::source::SharedSource;

static RUNTIME: PerProcess<Runtime> = PerProcess::new();

/// How long interpreter exit waits for the thread that touches Python; it has never more to do than a few calls.
const EXIT_BOUND: Duration = Duration::from_secs(1);

/// Finished calls handled under one attach, so that other Python threads get their turn.
const BUNCH: usize = 128;

/// The runtime of one process.
pub(super) struct Runtime {
    pub(super) handle: Handle,
    deliveries: Arc<Deliveries>,
    /// What calls on the same token source share, by the source's address, for as long as one of them lasts.
    sources: Mutex<HashMap<usize, Weak<SharedSource>>>,
    /// Ends the thread when the runtime is dropped, which only happens to one that was never used.
    _running: oneshot::Sender<Infallible>,
}

impl Runtime {
    /// This process's runtime, started at first use.
    pub(super) fn current(py: Python<'_>) -> PyResult<Arc<Self>> {
        match RUNTIME.get() {
            Some(runtime) => Ok(runtime),
            None => py.detach(|| RUNTIME.get_or_build(Self::start)).map_err(PyErr::from),
        }
    }

    fn start() -> std::io::Result<Self> {
        // One blocking thread: host names are looked up one after another, and no call ever waits for a file.
        let runtime = Builder::new_current_thread().enable_all().max_blocking_threads(1).build()?;
        let handle = runtime.handle().clone();
        let (running, stop) = oneshot::channel::<Infallible>();
        thread::Builder::new().name("wxaudit-io".to_owned()).spawn(move || runtime.block_on(stop).is_ok())?;
        Ok(Self { handle, deliveries: Arc::default(), sources: Mutex::default(), _running: running })
    }

    /// The shared state of the token source at `address`. The caller keeps the source alive during its call, so no
    /// other object can have its address meanwhile.
    pub(super) fn source(&self, address: usize) -> Arc<SharedSource> {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = sources.get(&address).and_then(Weak::upgrade) {
            return shared;
        }
        sources.retain(|_, shared| shared.strong_count() > 0);
        let shared = Arc::new(SharedSource::default());
        sources.insert(address, Arc::downgrade(&shared));
        shared
    }

    /// Makes sure that finished calls are delivered to Python.
    pub(super) fn deliver(&self) -> PyResult<()> {
        Deliveries::start(&self.deliveries)
    }
}

/// Stops what may touch Python, while the interpreter is still whole; runs at exit.
#[pyfunction]
pub(super) fn shutdown(py: Python<'_>) {
    if let Some(runtime) = RUNTIME.get() {
        py.detach(|| runtime.deliveries.stop());
    }
}

type Job = Box<dyn FnOnce() + Send>;

/// Work that needs Python, done by one thread of its own.
#[derive(Default)]
struct Deliveries {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    jobs: Vec<Job>,
    phase: Phase,
}

#[derive(Default, Clone, Copy, PartialEq)]
enum Phase {
    #[default]
    NotStarted,
    Running,
    Stopping,
    Stopped,
}

impl Deliveries {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(this: &Arc<Self>) -> PyResult<()> {
        let mut state = this.state();
        match state.phase {
            Phase::Running => {}
            Phase::NotStarted => {
                let deliveries = Arc::clone(this);
                thread::Builder::new().name("wxaudit-py".to_owned()).spawn(move || deliveries.run())?;
                state.phase = Phase::Running;
            }
            Phase::Stopping | Phase::Stopped => {
                return Err(PyRuntimeError::new_err(
                    "the interpreter is exiting: asyncio calls are over; the blocking client still works",
                ));
            }
        }
        Ok(())
    }

    fn push(&self, job: Job) {
        let mut state = self.state();
        if matches!(state.phase, Phase::Stopping | Phase::Stopped) {
            // It holds Python objects, and nobody may touch Python any more: leak it.
            mem::forget(job);
            return;
        }
        state.jobs.push(job);
        if state.jobs.len() == 1 {
            self.changed.notify_all();
        }
    }

    fn run(&self) {
        loop {
            let mut state = self.state();
            while state.jobs.is_empty() && state.phase == Phase::Running {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            if state.phase != Phase::Running {
                state.phase = Phase::Stopped;
                mem::take(&mut state.jobs).into_iter().for_each(mem::forget);
                self.changed.notify_all();
                return;
            }
            let count = state.jobs.len().min(BUNCH);
            let jobs: Vec<Job> = state.jobs.drain(..count).collect();
            drop(state);
            Python::attach(|py| {
                for job in jobs {
                    job();
                }
                event_loop::wake_all(py);
            });
        }
    }

    fn stop(&self) {
        let mut state = self.state();
        if state.phase != Phase::Running {
            state.phase = Phase::Stopped;
            return;
        }
        state.phase = Phase::Stopping;
        self.changed.notify_all();
        let wait = self.changed.wait_timeout_while(state, EXIT_BOUND, |state| state.phase != Phase::Stopped);
        drop(wait);
    }
}

/// The runtime as pyo3-async-runtimes sees it.
pub(super) struct Bridge;

/// A spawned task; `Lost` where this process has no runtime, which no caller can bring about.
pub(super) enum Spawned {
    Task(tokio::task::JoinHandle<()>),
    Lost,
}

impl Future for Spawned {
    type Output = Result<(), JoinError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Self::Task(task) => Pin::new(task).poll(context).map_err(JoinError),
            Self::Lost => Poll::Ready(Ok(())),
        }
    }
}

/// Why a task did not end by itself.
pub(super) struct JoinError(tokio::task::JoinError);

impl generic::JoinError for JoinError {
    fn is_panic(&self) -> bool {
        self.0.is_panic()
    }

    fn into_panic(self) -> Box<dyn Any + Send + 'static> {
        self.0.try_into_panic().unwrap_or_else(|error| Box::new(error.to_string()))
    }
}

impl generic::Runtime for Bridge {
    type JoinError = JoinError;
    type JoinHandle = Spawned;

    fn spawn<F>(future: F) -> Spawned
    where
        F: Future<Output = ()> + Send + 'static,
    {
        match RUNTIME.get() {
            Some(runtime) => {
                let deliveries = Arc::clone(&runtime.deliveries);
                let homing = Homing { future: Some(Box::pin(future)), deliveries, waker: None };
                Spawned::Task(runtime.handle.spawn(homing))
            }
            None => Spawned::Lost,
        }
    }

    fn spawn_blocking<F>(job: F) -> Spawned
    where
        F: FnOnce() + Send + 'static,
    {
        if let Some(runtime) = RUNTIME.get() {
            runtime.deliveries.push(Box::new(job));
        }
        Spawned::Lost
    }
}

impl generic::ContextExt for Bridge {
    fn scope<F, R>(locals: TaskLocals, future: F) -> Pin<Box<dyn Future<Output = R> + Send>>
    where
        F: Future<Output = R> + Send + 'static,
    {
        // Nothing here looks at the locals; they are Python objects and must be dropped where the future is.
        Box::pin(async move {
            let _locals = locals;
            future.await
        })
    }

    fn get_task_locals() -> Option<TaskLocals> {
        None
    }
}

/// A task that holds Python objects. It goes home to be dropped: dropped here, without the interpreter, they would go
/// through pyo3's global list, whose lock a forked child could inherit held.
struct Homing<F: Send + 'static> {
    future: Option<Pin<Box<F>>>,
    deliveries: Arc<Deliveries>,
    waker: Option<Arc<OwnWaker>>,
}

impl<F: Send + 'static> Homing<F> {
    fn go_home(&mut self) {
        if let Some(future) = self.future.take() {
            self.deliveries.push(Box::new(move || drop(future)));
        }
    }

    /// The waker of the task, cut off from forked children.
    fn waker(&mut self, context: &Context<'_>) -> Waker {
        let known = self.waker.as_ref().filter(|own| own.waker.will_wake(context.waker()));
        let own = match known {
            Some(own) => Arc::clone(own),
            None => Arc::new(OwnWaker { pid: std::process::id(), waker: context.waker().clone() }),
        };
        self.waker = Some(Arc::clone(&own));
        Waker::from(own)
    }
}

impl<F: Future<Output = ()> + Send + 'static> Future for Homing<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let waker = self.waker(context);
        let Some(future) = self.future.as_mut() else { return Poll::Ready(()) };
        let outcome = future.as_mut().poll(&mut Context::from_waker(&waker));
        if outcome.is_ready() {
            self.go_home();
        }
        outcome
    }
}

impl<F: Send + 'static> Drop for Homing<F> {
    fn drop(&mut self) {
        self.go_home();
    }
}

/// A waker that does nothing in a forked child: an asyncio future collected there would otherwise reach for the
/// parent's runtime, whose locks and descriptors are not the child's.
struct OwnWaker {
    pid: u32,
    waker: Waker,
}

impl Wake for OwnWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.pid == std::process::id() {
            self.waker.wake_by_ref();
        }
    }
}
