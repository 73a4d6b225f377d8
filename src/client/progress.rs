//! What a call under way holds, does and tells.

use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

use crate::error::{Error, Phase};
use crate::event::Event;
use crate::source::Dated;
use crate::token::Tokens;

/// The token that a call holds, and those it held before.
pub(super) struct Held {
    pub(super) dated: Dated,
    pub(super) tokens: Tokens,
}

impl Held {
    pub(super) fn new(dated: Dated) -> Self {
        Self { tokens: Tokens::new(dated.token.clone()), dated }
    }

    pub(super) fn renew(&mut self, dated: Dated) {
        self.tokens.renew(dated.token.clone());
        self.dated = dated;
    }
}

/// What a call is doing; kept cheap, since every call goes through most of it.
pub(super) enum Doing {
    LookingUp,
    Queueing,
    /// A host, since then.
    Asking(Instant),
    Pausing(String),
    Refreshing,
    WaitingForQuota,
}

impl Doing {
    /// For how long it is the host that keeps the call waiting.
    pub(super) fn with_host(&self) -> Option<Duration> {
        match self {
            Self::Asking(since) => Some(since.elapsed()),
            _ => None,
        }
    }

    /// Whether it is the token source that keeps the call waiting.
    pub(super) fn is_with_source(&self) -> bool {
        matches!(self, Self::LookingUp | Self::Refreshing)
    }
}

impl fmt::Display for Doing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LookingUp => formatter.write_str("waiting for the token source"),
            Self::Queueing => formatter.write_str("waiting for one of the max_concurrency places"),
            Self::Asking(_) => Phase::Head.fmt(formatter),
            Self::Pausing(failure) => write!(formatter, "the last attempt failed: {failure}"),
            Self::Refreshing => formatter.write_str("waiting for the token source to refresh"),
            Self::WaitingForQuota => formatter.write_str("waiting for the quota"),
        }
    }
}

/// What an event tells of a failure.
pub(super) fn describe(event: &mut Event, error: &Error) {
    event.error = Some(error.to_string());
    event.error_type = Some(error.kind());
    match error {
        Error::HttpStatus { status, .. } => event.http_status = Some(*status),
        // Nothing else is read.
        Error::Decode { .. } | Error::Transport { phase: Phase::Body, .. } => event.http_status = Some(200),
        Error::Api { errcode, rid, .. } => {
            event.http_status = Some(200);
            event.errcode = Some(*errcode);
            event.rid.clone_from(rid);
        }
        _ => {}
    }
}
