//! What the calls of a batch have in common: the time at which all of them end, places for those with a request under
//! way, and seats for those that wait.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// Seats for each call that a batch may have under way.
const SEATS: usize = 16;

/// The calls of one batch.
///
/// A call that waits for a quota or for another call's question to its token source takes a seat, and the batch begins
/// another one in its place: so nobody's quota or source holds up the others. The number of seats bounds the memory.
#[derive(Debug)]
pub struct Group {
    places: Semaphore,
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
            places: Semaphore::new(concurrency),
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

    /// A place for a request; None never, since the places are not closed.
    pub async fn place(&self) -> Option<SemaphorePermit<'_>> {
        self.places.acquire().await.ok()
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
