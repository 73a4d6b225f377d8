//! Drive the tokio runtime on the I/O thread, or inline on a calling thread.
//!
//! Handing a call to another thread and being woken by it costs as much as the call itself. So the calling thread drives
//! a blocking call itself if nothing else is in flight, but only for a limited time: while it waits for the GIL, the
//! runtime stands still.
//!
//! | state | who holds `drive_lock` | left by |
//! | --- | --- | --- |
//! | I/O thread drives | the I/O thread, in `block_on` | `yield_to_callers`: a call that was alone has ended |
//! | callers drive | a calling thread during `drive`, nobody between two calls | `resume_io_thread`, or `INLINE_GRACE` without a call |
//! | shut down | nobody | (final) |

use std::hint::black_box;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::Notify;
use tokio::time::timeout;

use super::completion_queue;
use crate::error::in_words;

/// How long the runtime may stand still between two inline calls before the I/O thread takes over, for example to close
/// connections that the server has closed.
const INLINE_GRACE: Duration = Duration::from_millis(20);

/// The stack of a thread, by default.
const STACK_SIZE: usize = 2 * 1024 * 1024;

/// The runtime of one process, and who drives it.
pub(crate) struct Driver {
    runtime: Runtime,
    /// Set before the driver is shared.
    io_thread: OnceLock<Thread>,
    /// Held by the thread that drives the runtime.
    drive_lock: Mutex<()>,
    /// Tells the I/O thread to leave the runtime to callers.
    leave: Notify,
    /// The I/O thread has to drive the runtime now.
    io_thread_resumed: AtomicBool,
    /// The I/O thread has to end.
    shutdown: AtomicBool,
    /// Calls and batches in flight.
    in_flight: AtomicUsize,
    /// How many calls were driven inline.
    inline_calls: AtomicUsize,
}

impl Driver {
    /// Starts a runtime with its I/O thread.
    pub(crate) fn start() -> io::Result<Arc<Self>> {
        check_memory()?;
        let runtime = Builder::new_current_thread()
            .enable_all()
            .on_thread_park(completion_queue::wake_loops)
            .build()?;
        let driver = Arc::new(Self {
            runtime,
            io_thread: OnceLock::new(),
            drive_lock: Mutex::new(()),
            leave: Notify::new(),
            io_thread_resumed: AtomicBool::new(false),
            shutdown: AtomicBool::new(false),
            in_flight: AtomicUsize::new(0),
            inline_calls: AtomicUsize::new(0),
        });
        let io_thread = {
            let driver = Arc::clone(&driver);
            let named = thread::Builder::new().name("wxaudit-io".to_owned());
            named.spawn(move || driver.run_io_thread()).map_err(|error| {
                io::Error::new(error.kind(), format!("no thread could be started: {}", in_words(&error)))
            })?
        };
        driver.io_thread.get_or_init(|| io_thread.thread().clone());
        Ok(driver)
    }

    /// Where tasks are spawned.
    pub(crate) fn handle(&self) -> &Handle {
        self.runtime.handle()
    }

    /// Ends the I/O thread.
    pub(crate) fn shut_down(&self) {
        self.shutdown.store(true, Ordering::SeqCst);
        self.leave.notify_one();
        self.resume_io_thread();
    }

    fn run_io_thread(&self) {
        while !self.shutdown.load(Ordering::SeqCst) {
            {
                let _driving = self.drive_lock.lock().unwrap_or_else(PoisonError::into_inner);
                self.block_on(self.leave.notified());
            }
            while self.callers_drive() {}
        }
    }

    fn block_on<F: Future>(&self, until: F) -> F::Output {
        let output = self.runtime.block_on(until);
        completion_queue::wake_loops();
        output
    }

    /// Waits for `INLINE_GRACE`. False if the I/O thread was resumed, or no caller has driven the runtime meanwhile.
    fn callers_drive(&self) -> bool {
        let inline_calls = self.inline_calls.load(Ordering::SeqCst);
        let until = Instant::now() + INLINE_GRACE;
        while !self.io_thread_resumed.swap(false, Ordering::SeqCst) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return self.inline_calls.load(Ordering::SeqCst) != inline_calls;
            }
            thread::park_timeout(left);
        }
        false
    }

    /// Lets the I/O thread drive the runtime, once a call that is driven inline has ended.
    pub(crate) fn resume_io_thread(&self) {
        self.io_thread_resumed.store(true, Ordering::SeqCst);
        if let Some(io_thread) = self.io_thread.get() {
            io_thread.unpark();
        }
    }

    /// Leaves the runtime to the calls that may follow one that was alone.
    pub(crate) fn yield_to_callers(&self) {
        self.io_thread_resumed.store(false, Ordering::SeqCst);
        self.leave.notify_one();
    }

    /// Counts a call or a batch that the I/O thread drives.
    pub(crate) fn begin_activity(self: &Arc<Self>) -> ActivityGuard {
        let activity = self.begin_activity_unannounced();
        self.resume_io_thread();
        activity
    }

    /// Counts a call that may yet be driven inline.
    pub(crate) fn begin_activity_unannounced(self: &Arc<Self>) -> ActivityGuard {
        let others = self.in_flight.fetch_add(1, Ordering::SeqCst);
        ActivityGuard { driver: Arc::clone(self), alone: others == 0 }
    }

    /// Drives a call on this thread. None if another thread drives the runtime, or the call does not end within `limit`.
    pub(crate) fn drive<F: Future>(&self, call: Pin<&mut F>, limit: Duration) -> Option<F::Output> {
        let _driving = self.drive_lock.try_lock().ok()?;
        let outcome = self.block_on(async { timeout(limit, call).await.ok() });
        self.inline_calls.fetch_add(1, Ordering::SeqCst);
        outcome
    }
}

/// Fails if there is no memory for the stack of a thread. Smaller allocations that fail would abort the process.
fn check_memory() -> io::Result<()> {
    let mut stack: Vec<u8> = Vec::new();
    let reserved = stack.try_reserve_exact(STACK_SIZE);
    // Otherwise the compiler may leave out an allocation that nothing uses.
    black_box(&mut stack);
    reserved.map_err(|_| io::Error::new(io::ErrorKind::OutOfMemory, "no memory is left for a thread"))
}

/// Counts a call or a batch as in flight until drop.
pub(crate) struct ActivityGuard {
    driver: Arc<Driver>,
    /// Whether nothing else was in flight when it began.
    pub(crate) alone: bool,
}

impl Drop for ActivityGuard {
    fn drop(&mut self) {
        // Calls that began meanwhile relied on this thread to drive the runtime.
        if self.driver.in_flight.fetch_sub(1, Ordering::SeqCst) > 1 {
            self.driver.resume_io_thread();
        }
    }
}
