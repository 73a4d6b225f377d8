//! Which of several hosts is asked: the first, or one that answered when the first did not.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::error::{Error, Limit, Phase};

/// A host that was silent for less time than this may be as well as ever.
pub const SLOW_HOST_THRESHOLD: Duration = Duration::from_secs(1);

/// How long the first host is left alone after it failed.
const COOLDOWN: Duration = Duration::from_secs(60);

/// The hosts of one client in one process.
#[derive(Debug)]
pub struct Hosts {
    count: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    current: usize,
    /// When the first one is tried again, by one call.
    retry_first_at: Option<Instant>,
}

impl Hosts {
    /// For so many hosts, the first of which is preferred.
    #[must_use]
    pub fn new(count: usize) -> Self {
        Self { count, state: Mutex::default() }
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of the host to ask now: another one than that which has failed this very call, where there is one.
    #[must_use]
    pub fn choose(&self, failed: Option<usize>) -> usize {
        let chosen = self.preferred();
        if failed == Some(chosen) { (chosen + 1) % self.count } else { chosen }
    }

    fn preferred(&self) -> usize {
        let mut state = self.state();
        match state.retry_first_at {
            // One call finds out for all: the others go on with the host that answers.
            Some(again) if Instant::now() >= again => {
                state.retry_first_at = Some(Instant::now() + COOLDOWN);
                0
            }
            _ => state.current,
        }
    }

    /// A host has answered, whatever it said.
    pub fn mark_answered(&self, host: usize) {
        let mut state = self.state();
        if host == 0 {
            *state = State::default();
        }
    }

    /// A host could not be reached, broke off, or does not speak as it should.
    pub fn mark_failed(&self, host: usize) {
        let mut state = self.state();
        if state.current == host && self.count > 1 {
            state.current = (host + 1) % self.count;
            state.retry_first_at = (state.current != 0).then(|| Instant::now() + COOLDOWN);
        }
    }
}

/// Whether an error says that the host cannot be used, rather than what the host says.
#[must_use]
pub fn is_failure(error: &Error) -> bool {
    match error {
        Error::Transport { phase, .. } => *phase != Phase::Start,
        error => is_silence(error),
    }
}

/// Whether the host said nothing within one of the limits that it had.
#[must_use]
pub fn is_silence(error: &Error) -> bool {
    matches!(error, Error::Timeout { limit: Limit::Connect | Limit::Read, .. })
}
