//! Collect the messages of a batch and deliver them to Python together: a wake-up for each result would cost more than the
//! result.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::select_all;
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, timeout_at};

use super::request_queue::{PendingRequest, RequestQueue};
use crate::call::batch::Outcome;
use crate::call::token_source::TokenProvider;
use crate::error::Error;
use crate::event::{Event, Observer};

/// How long a result waits for others to be delivered with it.
const FLUSH_INTERVAL: Duration = Duration::from_millis(5);

/// The messages of a batch on their way to Python.
pub(crate) struct BatchChannel {
    messages: Mutex<Messages>,
    changed: Notify,
    /// The number of results that triggers a delivery.
    flush_at: usize,
    /// Queries without a result.
    outstanding: AtomicUsize,
    /// There may be requests for the thread that takes the results.
    asks_consumer: AtomicBool,
    /// The requests to sources that any thread may ask.
    pub(crate) requests: Arc<RequestQueue>,
}

/// The messages since the last delivery.
#[derive(Default)]
pub(crate) struct Messages {
    pub(crate) outcomes: Vec<Outcome>,
    /// The requests to sources that the thread that takes the results asks.
    pub(crate) requests: Vec<PendingRequest>,
    pub(crate) events: Vec<Event>,
    /// The batch has ended.
    pub(crate) over: bool,
    /// The batch has room for further queries.
    wants_input: bool,
    since: Option<Instant>,
}

impl BatchChannel {
    pub(crate) fn new(flush_at: usize) -> Self {
        Self {
            messages: Mutex::default(),
            changed: Notify::new(),
            flush_at,
            outstanding: AtomicUsize::new(0),
            asks_consumer: AtomicBool::new(false),
            requests: Arc::default(),
        }
    }

    fn messages(&self) -> MutexGuard<'_, Messages> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, put: impl FnOnce(&mut Messages)) {
        let mut messages = self.messages();
        put(&mut messages);
        let first = messages.since.is_none();
        messages.since.get_or_insert_with(Instant::now);
        // The first message starts the flush interval. When the messages are due, it ends early.
        if first || self.is_due(&messages) {
            drop(messages);
            self.changed.notify_one();
        }
    }

    /// Counts a query.
    pub(crate) fn note_query(&self) {
        self.outstanding.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn outcome(&self, outcome: Outcome) {
        self.outstanding.fetch_sub(1, Ordering::Relaxed);
        self.put(|messages| messages.outcomes.push(outcome));
    }

    pub(crate) fn token_request(&self, request: PendingRequest) {
        self.put(|messages| messages.requests.push(request));
    }

    pub(crate) fn wants_input(&self) {
        self.put(|messages| messages.wants_input = true);
    }

    pub(crate) fn over(&self) {
        drop(self.requests.close());
        self.put(|messages| messages.over = true);
    }

    /// Whether there may be requests in the queue, and for the thread that takes the results.
    pub(crate) fn expected_requests(&self) -> (bool, bool) {
        (self.requests.is_expected(), self.asks_consumer.load(Ordering::Relaxed))
    }

    /// Leaves all requests to the thread that takes the results, since no other thread can be started.
    pub(crate) fn serve_in_consumer(&self) {
        self.asks_consumer.store(true, Ordering::Relaxed);
        for request in self.requests.close() {
            self.token_request(request);
        }
    }

    fn is_due(&self, messages: &Messages) -> bool {
        messages.over
            || messages.wants_input
            || !messages.requests.is_empty()
            || messages.outcomes.len() >= self.flush_at
            || self.outstanding.load(Ordering::Relaxed) == 0
    }

    /// The token provider of the source at an address. With `same_thread`, the thread that takes the results asks it.
    pub(crate) fn token_provider(
        self: &Arc<Self>,
        source: usize,
        total: Duration,
        same_thread: bool,
    ) -> TokenProvider {
        if same_thread {
            self.asks_consumer.store(true, Ordering::Relaxed);
        } else {
            self.requests.expect();
        }
        let channel = Arc::clone(self);
        Arc::new(move |kind| {
            let (reply, answer) = oneshot::channel();
            let request = PendingRequest { kind, source, deadline: Instant::now() + total, reply };
            let refused = if same_thread { Some(request) } else { channel.requests.push(request) };
            if let Some(request) = refused {
                channel.token_request(request);
            }
            Box::pin(async move {
                let dropped =
                    || Error::TokenSource { problem: "the batch ended before it was asked".to_owned() };
                answer.await.unwrap_or_else(|_| Err(dropped()))
            })
        })
    }

    /// Waits until messages are due or the flush interval has passed.
    pub(crate) async fn wait(&self) {
        loop {
            let since = {
                let messages = self.messages();
                if messages.since.is_some() && self.is_due(&messages) {
                    return;
                }
                messages.since
            };
            match since {
                None => self.changed.notified().await,
                Some(since) => {
                    if timeout_at(since + FLUSH_INTERVAL, self.changed.notified()).await.is_err() {
                        return;
                    }
                }
            }
        }
    }

    /// As `wait`, or until one of the `others` has requests for the thread that takes its results.
    pub(crate) async fn wait_or_serve(&self, others: Vec<Arc<Self>>) {
        if others.is_empty() {
            return self.wait().await;
        }
        let requests = others.iter().map(|other| Box::pin(other.has_requests()));
        tokio::select! {
            () = self.wait() => {}
            _ = select_all(requests) => {}
        }
    }

    async fn has_requests(&self) {
        while self.messages().requests.is_empty() {
            self.changed.notified().await;
        }
    }

    pub(crate) fn take_requests(&self) -> Vec<PendingRequest> {
        std::mem::take(&mut self.messages().requests)
    }

    pub(crate) fn take(&self) -> Messages {
        let mut messages = self.messages();
        let over = messages.over;
        let taken = std::mem::take(&mut *messages);
        messages.over = over;
        messages.since = over.then(Instant::now);
        taken
    }
}

/// Forwards the events of the calls of a batch.
pub(crate) struct EventForwarder(pub(crate) Arc<BatchChannel>);

impl Observer for EventForwarder {
    fn on_event(&self, event: Event) {
        self.0.put(|messages| messages.events.push(event));
    }
}
