//! Who turns the tokio runtime: its own thread, or for a moment the one thread that makes all the calls.
//!
//! To hand a call to another thread, and to be woken by it, costs as much as the call itself. So where blocking calls
//! follow each other and nothing else is under way, the thread that makes them drives them; but each only for a moment,
//! since that thread has to wait for the interpreter's lock now and then, during which nothing would move.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::Notify;
use tokio::time::timeout;

use super::arrivals;

/// How long the runtime may stand still between two calls of a thread that drives them, before its own thread takes
/// over again: connections that the server closes want to be closed here too.
const STANDSTILL: Duration = Duration::from_millis(20);

/// The runtime of one process, and who turns it.
pub(super) struct Driver {
    runtime: Runtime,
    /// Its own thread; set before anybody else knows the driver.
    keeper: OnceLock<Thread>,
    /// Held by whoever turns the runtime.
    turning: Mutex<()>,
    /// Asks the keeper to leave the runtime to callers.
    leave: Notify,
    /// The keeper is to turn the runtime now.
    recalled: AtomicBool,
    /// The keeper is to end.
    over: AtomicBool,
    /// Calls and batches under way.
    under_way: AtomicUsize,
    /// How many calls their own threads have driven.
    driven: AtomicUsize,
}

impl Driver {
    /// A runtime with its thread.
    pub(super) fn start() -> std::io::Result<Arc<Self>> {
        // One blocking thread: host names are looked up one after another, and no call ever waits for a file.
        let runtime = Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(1)
            .on_thread_park(arrivals::ring)
            .build()?;
        let driver = Arc::new(Self {
            runtime,
            keeper: OnceLock::new(),
            turning: Mutex::new(()),
            leave: Notify::new(),
            recalled: AtomicBool::new(false),
            over: AtomicBool::new(false),
            under_way: AtomicUsize::new(0),
            driven: AtomicUsize::new(0),
        });
        let keeper = {
            let driver = Arc::clone(&driver);
            thread::Builder::new().name("wxaudit-io".to_owned()).spawn(move || driver.keep())?
        };
        driver.keeper.get_or_init(|| keeper.thread().clone());
        Ok(driver)
    }

    /// Where tasks are spawned.
    pub(super) fn handle(&self) -> &Handle {
        self.runtime.handle()
    }

    /// Ends its thread.
    pub(super) fn end(&self) {
        self.over.store(true, Ordering::SeqCst);
        self.leave.notify_one();
        self.recall();
    }

    fn keep(&self) {
        while !self.over.load(Ordering::SeqCst) {
            {
                let _turn = self.turning.lock().unwrap_or_else(PoisonError::into_inner);
                self.turn(self.leave.notified());
            }
            while self.is_turned_by_callers() {}
        }
    }

    fn turn<F: Future>(&self, until: F) -> F::Output {
        let output = self.runtime.block_on(until);
        arrivals::ring();
        output
    }

    /// Waits for a while. False where the keeper is recalled, or where no caller has turned the runtime meanwhile.
    fn is_turned_by_callers(&self) -> bool {
        let driven = self.driven.load(Ordering::SeqCst);
        let until = Instant::now() + STANDSTILL;
        while !self.recalled.swap(false, Ordering::SeqCst) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return self.driven.load(Ordering::SeqCst) != driven;
            }
            thread::park_timeout(left);
        }
        false
    }

    /// Has the keeper turn the runtime: at once, or from the end of a call that is driven right now.
    pub(super) fn recall(&self) {
        self.recalled.store(true, Ordering::SeqCst);
        if let Some(keeper) = self.keeper.get() {
            keeper.unpark();
        }
    }

    /// Leaves the runtime to the calls that may follow one that was alone.
    pub(super) fn dismiss(&self) {
        self.recalled.store(false, Ordering::SeqCst);
        self.leave.notify_one();
    }

    /// Notes a call or a batch that the keeper is to drive.
    pub(super) fn claim(self: &Arc<Self>) -> Claim {
        let claim = self.claim_quietly();
        self.recall();
        claim
    }

    /// The same, while it is not known yet who is to drive it.
    pub(super) fn claim_quietly(self: &Arc<Self>) -> Claim {
        let others = self.under_way.fetch_add(1, Ordering::SeqCst);
        Claim { driver: Arc::clone(self), alone: others == 0 }
    }

    /// Drives a call in this thread; None where that is another one's part, or where it is not done in time.
    pub(super) fn drive<F: Future>(&self, call: Pin<&mut F>, limit: Duration) -> Option<F::Output> {
        let _turn = self.turning.try_lock().ok()?;
        let outcome = self.turn(async { timeout(limit, call).await.ok() });
        self.driven.fetch_add(1, Ordering::SeqCst);
        outcome
    }
}

/// Something under way.
pub(super) struct Claim {
    driver: Arc<Driver>,
    /// Nothing else was when it began.
    pub(super) alone: bool,
}

impl Drop for Claim {
    fn drop(&mut self) {
        // Who came meanwhile relied on this one to turn the runtime.
        if self.driver.under_way.fetch_sub(1, Ordering::SeqCst) > 1 {
            self.driver.recall();
        }
    }
}
