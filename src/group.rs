//! What the calls of a batch have in common: the time at which all of them end, and seats for those that wait without
//! a request under way.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// Seats for each call that a batch may have under way.
const SEATS: usize = 16;

/// The calls of one batch.
///
/// A call that waits for a quota or for another call's question to its token source takes a seat, and the batch begins
/// another one in its place: so nobody's quota or source holds up the others. The number of seats bounds the memory.
#[derive(Debug)]
pub struct Group {
    seats: usize,
    seated: AtomicUsize,
    deadline: Option<(Instant, Duration)>,
}

/// A seat; it is free again when this is dropped.
#[derive(Debug)]
pub struct Seat<'a>(&'a Group);

impl Group {
    /// For so many calls under way at once, which all end when `limit` is over.
    #[must_use]
    pub fn new(concurrency: usize, limit: Option<Duration>) -> Self {
        Self {
            seats: concurrency.saturating_mul(SEATS),
            seated: AtomicUsize::new(0),
            deadline: limit.and_then(|limit| Some((Instant::now().checked_add(limit)?, limit))),
        }
    }

    /// When all calls end, and how long the whole batch may take.
    #[must_use]
    pub fn deadline(&self) -> Option<(Instant, Duration)> {
        self.deadline
    }

    /// How many calls wait seated.
    #[must_use]
    pub fn seated(&self) -> usize {
        self.seated.load(Ordering::Relaxed)
    }

    /// A seat, None where all are taken.
    #[must_use]
    pub fn seat(&self) -> Option<Seat<'_>> {
        let sit = |seated: usize| (seated < self.seats).then_some(seated + 1);
        self.seated.fetch_update(Ordering::Relaxed, Ordering::Relaxed, sit).ok().map(|_| Seat(self))
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.0.seated.fetch_sub(1, Ordering::Relaxed);
    }
}
