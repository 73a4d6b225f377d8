//! The thread that hands finished asyncio calls to Python, and the tasks that send their Python objects to it.

use std::cell::Cell;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyTuple};

use super::driver::Claim;
use super::event_loop;

/// How long interpreter exit waits for the thread; it has never more to do than a few calls.
const EXIT_BOUND: Duration = Duration::from_secs(1);

/// Finished calls handled under one attach, so that other Python threads get their turn.
const BUNCH: usize = 128;

pub(super) type Job = Box<dyn FnOnce() + Send>;

/// Work that needs Python, done by one thread of its own.
#[derive(Default)]
pub(super) struct Deliveries {
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

    /// Starts the thread, unless it runs already.
    ///
    /// Python starts it, so that its thread state is made once, under the interpreter's lock. A native thread would
    /// make one without that lock, in the middle of which a fork leaves the child hanging (CPython 3.10 and 3.11).
    ///
    /// False where the interpreter is exiting, so that nothing can be delivered any more.
    pub(super) fn start(this: &Arc<Self>, py: Python<'_>) -> PyResult<bool> {
        {
            let mut state = this.state();
            match state.phase {
                Phase::Running => return Ok(true),
                Phase::NotStarted => state.phase = Phase::Running,
                Phase::Stopping | Phase::Stopped => return Ok(false),
            }
        }
        let deliveries = Arc::clone(this);
        let run =
            PyCFunction::new_closure(py, None, None, move |arguments, _| deliveries.run(arguments.py()))?;
        let started = py.import("_thread")?.call_method1("start_new_thread", (run, PyTuple::empty(py)));
        started.map(|_| true).inspect_err(|_| this.state().phase = Phase::NotStarted)
    }

    /// Leaves a job for the thread.
    pub(super) fn push(&self, job: Job) {
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

    fn run(&self, py: Python<'_>) {
        while let Some(bunch) = py.detach(|| self.next_bunch()) {
            for job in bunch {
                job();
            }
            event_loop::wake_all(py);
        }
        let mut state = self.state();
        state.phase = Phase::Stopped;
        mem::take(&mut state.jobs).into_iter().for_each(mem::forget);
        self.changed.notify_all();
    }

    /// Waits for jobs; None when the thread is to end.
    fn next_bunch(&self) -> Option<Vec<Job>> {
        let idle = |state: &mut State| state.jobs.is_empty() && state.phase == Phase::Running;
        let mut state = self.changed.wait_while(self.state(), idle).unwrap_or_else(PoisonError::into_inner);
        if state.phase != Phase::Running {
            return None;
        }
        let count = state.jobs.len().min(BUNCH);
        Some(state.jobs.drain(..count).collect())
    }

    /// Ends the thread, which from then on touches Python no more.
    pub(super) fn stop(&self) {
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

thread_local! {
    /// Whether the task that is being polled has only Python objects left to drop.
    static GO_HOME: Cell<bool> = const { Cell::new(false) };
}

/// Ends the task that is being polled, which then is dropped by the delivering thread as it is.
pub(super) fn send_home() {
    GO_HOME.set(true);
}

/// A task that holds Python objects. It goes home to be dropped: dropped here, without the interpreter, they would go
/// through pyo3's global list, whose lock a forked child could inherit held.
pub(super) struct Homing<F: Send + 'static> {
    future: Option<Pin<Box<F>>>,
    deliveries: Arc<Deliveries>,
    waker: Option<Arc<OwnWaker>>,
    _claim: Claim,
}

impl<F: Send + 'static> Homing<F> {
    pub(super) fn new(future: F, deliveries: Arc<Deliveries>, claim: Claim) -> Self {
        Self { future: Some(Box::pin(future)), deliveries, waker: None, _claim: claim }
    }

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
        let Some(future) = self.future.as_mut() else {
            return Poll::Ready(());
        };
        let outcome = future.as_mut().poll(&mut Context::from_waker(&waker));
        if outcome.is_ready() || GO_HOME.take() {
            self.go_home();
            return Poll::Ready(());
        }
        Poll::Pending
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
