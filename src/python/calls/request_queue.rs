//! Queue the requests of a batch to its token sources, for a thread or task that serves them whatever the consumer of
//! the batch does.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use crate::call::token_source::TokenRequestKind;
use crate::error::Error;
use crate::token::Token;

/// A request to a token source.
pub(crate) struct PendingRequest {
    pub(crate) kind: TokenRequestKind,
    /// The address of the source.
    pub(crate) source: usize,
    pub(crate) deadline: Instant,
    pub(crate) reply: oneshot::Sender<Result<Token, Error>>,
}

/// The requests that nobody has taken yet.
#[derive(Default)]
pub(crate) struct RequestQueue {
    requests: Mutex<Requests>,
    for_thread: Condvar,
    for_loop: Notify,
    expected: AtomicBool,
}

#[derive(Default)]
struct Requests {
    pending: Vec<PendingRequest>,
    /// No more requests are taken.
    closed: bool,
}

impl RequestQueue {
    fn requests(&self) -> MutexGuard<'_, Requests> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there may be requests: a query has a source.
    pub(crate) fn is_expected(&self) -> bool {
        self.expected.load(Ordering::Relaxed)
    }

    pub(crate) fn expect(&self) {
        self.expected.store(true, Ordering::Relaxed);
    }

    /// Adds a request. Gives it back if the queue is closed.
    pub(crate) fn push(&self, request: PendingRequest) -> Option<PendingRequest> {
        let mut requests = self.requests();
        if requests.closed {
            return Some(request);
        }
        requests.pending.push(request);
        drop(requests);
        self.for_thread.notify_one();
        self.for_loop.notify_one();
        None
    }

    /// Ends the queue and its waiting thread or task. Returns the requests that nobody has taken.
    pub(crate) fn close(&self) -> Vec<PendingRequest> {
        let mut requests = self.requests();
        requests.closed = true;
        let pending = std::mem::take(&mut requests.pending);
        drop(requests);
        self.for_thread.notify_all();
        self.for_loop.notify_one();
        pending
    }

    /// Whether no more requests are taken.
    pub(crate) fn is_closed(&self) -> bool {
        self.requests().closed
    }

    /// The requests that there are.
    pub(crate) fn take(&self) -> Vec<PendingRequest> {
        std::mem::take(&mut self.requests().pending)
    }

    /// Blocks until there are requests, and takes them. There are none once the queue is closed.
    pub(crate) fn wait(&self) -> Vec<PendingRequest> {
        let mut requests = self.requests();
        while requests.pending.is_empty() && !requests.closed {
            requests = self.for_thread.wait(requests).unwrap_or_else(PoisonError::into_inner);
        }
        std::mem::take(&mut requests.pending)
    }

    /// Waits until there are requests or the queue is closed, for an event loop.
    pub(crate) async fn ready(&self) {
        loop {
            let notified = self.for_loop.notified();
            {
                let requests = self.requests();
                if requests.closed || !requests.pending.is_empty() {
                    return;
                }
            }
            notified.await;
        }
    }
}
