//! What a batch has for Python, collected so that it crosses in bunches: waking a thread for each answer would cost
//! more than the answer.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::token_request::Asked;
use crate::call::batch::Outcome;
use crate::event::Event;

/// How long an answer waits for others to go with it.
const FLUSH_INTERVAL: Duration = Duration::from_millis(5);

/// The messages of a batch, on their way.
pub(crate) struct Outbox {
    messages: Mutex<Messages>,
    changed: Notify,
    /// So many answers make a bunch.
    bunch: usize,
    /// Queries taken in and not yet answered.
    outstanding: AtomicUsize,
}

/// What has come since the last time.
#[derive(Default)]
pub(crate) struct Messages {
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) questions: Vec<Asked>,
    pub(crate) events: Vec<Event>,
    /// Nothing more will come.
    pub(crate) over: bool,
    /// Further queries are wanted now.
    wants_input: bool,
    since: Option<Instant>,
}

impl Outbox {
    pub(crate) fn new(bunch: usize) -> Self {
        Self { messages: Mutex::default(), changed: Notify::new(), bunch, outstanding: AtomicUsize::new(0) }
    }

    fn messages(&self) -> MutexGuard<'_, Messages> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, put: impl FnOnce(&mut Messages)) {
        let mut messages = self.messages();
        put(&mut messages);
        let first = messages.since.is_none();
        messages.since.get_or_insert_with(Instant::now);
        // Once for the first, so that the wait for others begins, and once when it is over.
        if first || self.is_due(&messages) {
            drop(messages);
            self.changed.notify_one();
        }
    }

    /// A query more.
    pub(crate) fn note_query(&self) {
        self.outstanding.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn outcome(&self, outcome: Outcome) {
        self.outstanding.fetch_sub(1, Ordering::Relaxed);
        self.put(|messages| messages.outcomes.push(outcome));
    }

    pub(crate) fn question(&self, asked: Asked) {
        self.put(|messages| messages.questions.push(asked));
    }

    pub(crate) fn event(&self, event: Event) {
        self.put(|messages| messages.events.push(event));
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
            || !messages.questions.is_empty()
            || messages.outcomes.len() >= self.bunch
            || self.outstanding.load(Ordering::Relaxed) == 0
    }

    /// Waits until there is a bunch, or something that cannot wait.
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
