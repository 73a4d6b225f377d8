//! Classify failures, compute backoff, and limit the retries of a client by a budget, so that an outage causes no storm.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::error::{Error, Limit};

/// WeChat's `system error`: busy.
pub const BUSY: i64 = -1;

/// Codes that say the token is refused: superseded, malformed, expired.
pub const TOKEN_REFUSED: [i64; 3] = [40001, 40014, 42001];

const MAX_RETRY_DELAY: Duration = Duration::from_secs(20);

/// What another attempt could do about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Nothing: it would fail again.
    Permanent,
    /// A fresh token may help, once.
    Token,
    /// The network or a server behind it: try again soon.
    Transport,
    /// WeChat is busy: try again after a second or so.
    Busy,
    /// An empty answer: try again once.
    Empty,
}

/// Classifies a failure.
#[must_use]
pub fn classify(error: &Error) -> Class {
    match error {
        Error::Transport { transient: true, .. }
        | Error::Timeout { limit: Limit::Connect | Limit::Read, .. }
        | Error::HttpStatus { status: 408 | 429 | 500..=599, .. } => Class::Transport,
        Error::Decode { empty: true, .. } => Class::Empty,
        Error::Api { errcode: BUSY, .. } => Class::Busy,
        Error::Api { errcode, .. } if TOKEN_REFUSED.contains(errcode) => Class::Token,
        _ => Class::Permanent,
    }
}

impl Class {
    /// The most retries that a call may make after such failures.
    #[must_use]
    pub fn retries(self, max_retries: u32) -> u32 {
        match self {
            Self::Transport | Self::Busy => max_retries,
            Self::Empty => max_retries.min(1),
            Self::Permanent | Self::Token => 0,
        }
    }

    /// What a retry takes from the budget.
    #[must_use]
    pub fn cost(self) -> u32 {
        match self {
            Self::Busy => 5,
            _ => 14,
        }
    }

    /// The longest delay before retry number `retry` (from 1): doubled each time, at most 20 s.
    #[must_use]
    pub fn max_delay(self, retry: u32) -> Duration {
        let base = match self {
            Self::Busy => Duration::from_secs(1),
            _ => Duration::from_millis(50),
        };
        base.saturating_mul(1 << retry.saturating_sub(1).min(16)).min(MAX_RETRY_DELAY)
    }

    /// The delay before retry number `retry`, with full jitter: `random` is in [0, 1).
    #[must_use]
    pub fn delay(self, retry: u32, random: f64) -> Duration {
        self.max_delay(retry).mul_f64(random.clamp(0.0, 1.0))
    }
}

/// A delay that leaves time for another attempt: at least the server's hint, but at most half of what is left until the
/// deadline.
#[must_use]
pub fn clamp(delay: Duration, hint: Option<Duration>, left: Duration) -> Duration {
    hint.map_or(delay, |hint| hint.max(delay)).min(left / 2)
}

/// The retry budget of a client: 500 units, of which a transport retry takes 14 and a busy one 5. A call that succeeds
/// gives back what its last retry took, or 1. So a total outage adds at most 35 requests.
#[derive(Debug)]
pub struct Budget {
    left: AtomicU32,
}

impl Budget {
    /// A full budget.
    pub const FULL: u32 = 500;

    /// Takes `cost` if that much is left.
    #[must_use]
    pub fn take(&self, cost: u32) -> bool {
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(cost)).is_ok()
    }

    /// Gives back `amount`, up to the full budget.
    pub fn refill(&self, amount: u32) {
        let _ = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            (left < Self::FULL).then(|| left.saturating_add(amount).min(Self::FULL))
        });
    }

    /// What is left of it.
    #[must_use]
    pub fn left(&self) -> u32 {
        self.left.load(Ordering::Relaxed)
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self { left: AtomicU32::new(Self::FULL) }
    }
}
