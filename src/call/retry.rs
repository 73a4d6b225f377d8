//! Which failures are worth another attempt, and how long to wait: pure functions, and the budget that
//! keeps an outage from turning into a storm.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::error::Error;

/// WeChat's `system error`: busy.
pub const BUSY: i64 = -1;

/// Codes that say the token is refused: superseded, malformed, expired.
pub const TOKEN_REFUSED: [i64; 3] = [40001, 40014, 42001];

const MAX_RETRY_DELAY: Duration = Duration::from_secs(20);

/// What another attempt could do about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Nothing.
    Permanent,
    /// A fresh token may mend it, once.
    Token,
    /// The network or a server behind it: try again soon.
    Transport,
    /// WeChat is busy: try again after a second or so.
    Busy,
    /// An empty answer: try again once.
    Empty,
}

/// Sorts a failure.
#[must_use]
pub fn classify(error: &Error) -> Class {
    match error {
        Error::Transport { transient: true, .. }
        | Error::Timeout { .. }
        | Error::HttpStatus { status: 408 | 429 | 500..=599, .. } => Class::Transport,
        Error::Decode { empty: true, .. } => Class::Empty,
        Error::Api { errcode: BUSY, .. } => Class::Busy,
        Error::Api { errcode, .. } if TOKEN_REFUSED.contains(errcode) => Class::Token,
        _ => Class::Permanent,
    }
}

impl Class {
    /// How many retries a call may spend on it at most.
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

    /// The longest wait before retry number `retry` (from 1): doubled each time, at most 20 s.
    #[must_use]
    pub fn max_delay(self, retry: u32) -> Duration {
        let base = match self {
            Self::Busy => Duration::from_secs(1),
            _ => Duration::from_millis(50),
        };
        base.saturating_mul(1 << retry.saturating_sub(1).min(16)).min(MAX_RETRY_DELAY)
    }

    /// The wait before retry number `retry`, full jitter: `random` is in [0, 1).
    #[must_use]
    pub fn delay(self, retry: u32, random: f64) -> Duration {
        self.max_delay(retry).mul_f64(random.clamp(0.0, 1.0))
    }
}

/// The wait that leaves room for another attempt: the server's hint where it gave one, but never more than
/// half of what is left until the deadline.
#[must_use]
pub fn clamp(delay: Duration, hint: Option<Duration>, left: Duration) -> Duration {
    hint.map_or(delay, |hint| hint.max(delay)).min(left / 2)
}

/// The retries that a client may still spend: 500 to begin with, 14 a transport retry, 5 a busy one. A call
/// that succeeds gives back what its last retry took, or 1. A total outage so adds at most 35 sends.
#[derive(Debug)]
pub struct Budget {
    left: AtomicU32,
}

impl Budget {
    /// A full budget.
    pub const FULL: u32 = 500;

    /// Takes `cost`, or refuses and leaves it as it was.
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

    /// What is left.
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
