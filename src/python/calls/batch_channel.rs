//! Collect the messages of a batch and deliver them to Python together: a wake-up for each result would cost more than the
//! result.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, timeout_at};

use crate::call::batch::Outcome;
use crate::call::token_source::{TokenProvider, TokenRequestKind};
use crate::error::Error;
use crate::event::{Event, Observer};
use crate::token::Token;

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
}

/// The messages since the last delivery.
#[derive(Default)]
pub(crate) struct Messages {
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) requests: Vec<PendingRequest>,
    pub(crate) events: Vec<Event>,
    /// The batch has ended.
    pub(crate) over: bool,
    /// The batch has room for further queries.
    wants_input: bool,
    since: Option<Instant>,
}

/// A request to a token source.
pub(crate) struct PendingRequest {
    pub(crate) kind: TokenRequestKind,
    /// The address of the source.
    pub(crate) source: usize,
    pub(crate) deadline: Instant,
    pub(crate) reply: oneshot::Sender<Result<Token, Error>>,
}

impl BatchChannel {
    pub(crate) fn new(flush_at: usize) -> Self {
        Self {
            messages: Mutex::default(),
            changed: Notify::new(),
            flush_at,
            outstanding: AtomicUsize::new(0),
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
        self.put(|messages| messages.over = true);
    }

    fn is_due(&self, messages: &Messages) -> bool {
        messages.over
            || messages.wants_input
            || !messages.requests.is_empty()
            || messages.outcomes.len() >= self.flush_at
            || self.outstanding.load(Ordering::Relaxed) == 0
    }

    /// The token provider of the source at an address.
    pub(crate) fn token_provider(self: &Arc<Self>, source: usize, total: Duration) -> TokenProvider {
        let channel = Arc::clone(self);
        Arc::new(move |kind| {
            let (reply, answer) = oneshot::channel();
            channel.token_request(PendingRequest { kind, source, deadline: Instant::now() + total, reply });
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
