//! The token that a call in flight holds, and what the call is doing.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::token_source::VersionedToken;
use crate::error::{Error, Phase};
use crate::escape::escape_controls;
use crate::event::Event;
use crate::token::Tokens;
use crate::transport::Progress;

/// The token of a call, and the tokens before it.
pub(super) struct TokenState {
    pub(super) versioned: VersionedToken,
    pub(super) tokens: Tokens,
}

impl TokenState {
    pub(super) fn new(versioned: VersionedToken) -> Self {
        Self { tokens: Tokens::new(versioned.token.clone()), versioned }
    }

    pub(super) fn renew(&mut self, versioned: VersionedToken) {
        self.tokens.renew(versioned.token.clone());
        self.versioned = versioned;
    }
}

/// What a call is doing. Cheap to set, since every call passes through most phases.
pub(super) enum CallPhase {
    LookingUp,
    Queueing,
    /// Since that instant. The connection is one that was idle, or the one that is told.
    WaitingForHost(Instant, Option<Arc<Progress>>),
    /// After that failure.
    BackingOff(String),
    Refreshing,
    WaitingForQuota,
}

impl CallPhase {
    /// How long the call has been waiting for the host; None if it waits for something else.
    pub(super) fn waiting_for_host(&self) -> Option<Duration> {
        match self {
            Self::WaitingForHost(since, _) => Some(since.elapsed()),
            _ => None,
        }
    }

    /// Whether the call waits for a connection to open, so that its request has not been sent.
    pub(super) fn waits_for_connection(&self) -> bool {
        matches!(self, Self::WaitingForHost(_, Some(progress)) if !progress.is_open())
    }

    /// Whether the call waits for its token source.
    pub(super) fn is_waiting_for_source(&self) -> bool {
        matches!(self, Self::LookingUp | Self::Refreshing)
    }
}

impl fmt::Display for CallPhase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LookingUp => formatter.write_str("waiting for the token source"),
            Self::Queueing => {
                formatter.write_str("waiting for another request to end, since max_concurrency are in flight")
            }
            Self::WaitingForHost(_, Some(progress)) => progress.fmt(formatter),
            Self::WaitingForHost(_, None) => Phase::Head.fmt(formatter),
            Self::BackingOff(failure) => write!(formatter, "the last attempt failed: {failure}"),
            Self::Refreshing => formatter.write_str("waiting for the token source to refresh"),
            Self::WaitingForQuota => formatter.write_str("waiting for the quota"),
        }
    }
}

/// Fills the fields of an event that describe a failure.
pub(super) fn describe(event: &mut Event, error: &Error) {
    // The words of a peer may stand in it.
    event.error = Some(escape_controls(&error.to_string()).into_owned());
    event.error_type = Some(error.kind().to_owned());
    match error {
        Error::HttpStatus { status, .. } => event.http_status = Some(*status),
        // A body is read only after status 200.
        Error::Decode { .. } | Error::Transport { phase: Phase::Body, .. } => event.http_status = Some(200),
        Error::Api { errcode, rid, .. } => {
            event.http_status = Some(200);
            event.errcode = Some(*errcode);
            event.rid.clone_from(rid);
        }
        _ => {}
    }
}
