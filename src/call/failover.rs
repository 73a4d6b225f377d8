//! Choose one of several hosts: the first, or a fallback while the first fails.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::error::{Error, Limit, Phase};

/// A host that has been silent for less time than this may be healthy.
pub const SLOW_HOST_THRESHOLD: Duration = Duration::from_secs(1);

/// `This ip is no longer use. Please change your DNS server`.
const RETIRED_ADDRESS: i64 = 48017;

/// How long the first host is avoided after a failure.
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
    /// When one call tries the first host again.
    retry_first_at: Option<Instant>,
}

impl Hosts {
    /// `count` hosts, of which the first is preferred.
    #[must_use]
    pub fn new(count: usize) -> Self {
        Self { count, state: Mutex::default() }
    }

    /// The number of hosts.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The index of the host to try now, other than the `failed` one of the same call if there is another.
    #[must_use]
    pub fn choose(&self, failed: Option<usize>) -> usize {
        let mut state = self.state();
        let chosen = match state.retry_first_at {
            // One call tries it; the others stay with the current host.
            Some(at) if Instant::now() >= at => {
                state.retry_first_at = Some(Instant::now() + COOLDOWN);
                0
            }
            _ => state.current,
        };
        if failed == Some(chosen) { (chosen + 1) % self.count } else { chosen }
    }

    /// Records that a host has answered, whatever the answer.
    pub fn mark_answered(&self, host: usize) {
        if host == 0 {
            *self.state() = State::default();
        }
    }

    /// Records that a host was not reached, dropped the connection or broke the protocol.
    pub fn mark_failed(&self, host: usize) {
        let mut state = self.state();
        if state.current == host && self.count > 1 {
            state.current = (host + 1) % self.count;
            state.retry_first_at = (state.current != 0).then(|| Instant::now() + COOLDOWN);
        }
    }
}

/// Whether an error is a failure of the host rather than an answer from it.
#[must_use]
pub fn is_failure(error: &Error) -> bool {
    match error {
        Error::Transport { phase, .. } => *phase != Phase::Start,
        error => is_silence(error),
    }
}

/// Whether the host did not answer within a limit of one attempt.
#[must_use]
pub fn is_silence(error: &Error) -> bool {
    matches!(error, Error::Timeout { limit: Limit::Connect | Limit::Read, .. })
}

/// Whether what came with status 200 is an answer of WeChat, rather than of a retired address or of something in between.
#[must_use]
pub fn is_from_wechat<T>(decoded: &Result<T, Error>) -> bool {
    !matches!(decoded, Err(Error::Decode { .. } | Error::Api { errcode: RETIRED_ADDRESS, .. }))
}
