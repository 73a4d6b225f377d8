//! The state that the calls of a batch share: a deadline, permits for requests, and wait slots.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// Wait slots for each call that a batch may have in flight at once.
const WAIT_SLOTS: usize = 16;

/// The calls of one batch.
///
/// A call that waits for a quota, or for another call's request to its token source, takes a wait slot, and the batch
/// starts another call meanwhile. So one merchant's quota or source does not delay the others. The number of slots
/// bounds the memory.
#[derive(Debug)]
pub struct BatchScope {
    permits: Semaphore,
    wait_slots: usize,
    waiting: AtomicUsize,
    deadline: Option<(Instant, Duration)>,
}

/// A wait slot, released on drop.
#[derive(Debug)]
pub struct WaitSlot<'a>(&'a BatchScope);

impl BatchScope {
    /// A scope for `concurrency` calls in flight at once, which all end after `limit`.
    #[must_use]
    pub fn new(concurrency: usize, limit: Option<Duration>) -> Self {
        Self {
            permits: Semaphore::new(concurrency),
            wait_slots: concurrency.saturating_mul(WAIT_SLOTS),
            waiting: AtomicUsize::new(0),
            deadline: limit.and_then(|limit| Some((Instant::now().checked_add(limit)?, limit))),
        }
    }

    /// When all calls end, and the limit of the whole batch.
    #[must_use]
    pub fn deadline(&self) -> Option<(Instant, Duration)> {
        self.deadline
    }

    /// Waits for a permit to send a request. Never None: the semaphore is not closed.
    pub async fn permit(&self) -> Option<SemaphorePermit<'_>> {
        self.permits.acquire().await.ok()
    }

    /// How many calls hold a wait slot.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Takes a wait slot; None if all are taken.
    #[must_use]
    pub fn wait_slot(&self) -> Option<WaitSlot<'_>> {
        let take = |waiting: usize| (waiting < self.wait_slots).then_some(waiting + 1);
        self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).ok().map(|_| WaitSlot(self))
    }
}

impl Drop for WaitSlot<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
