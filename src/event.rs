//! What a call tells while it is under way. No event ever holds the token.

use std::time::{Duration, SystemTime};

/// The kinds of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A request is about to be sent.
    Request,
    /// It was answered, or failed.
    Response,
    /// The call waits before another attempt.
    Retry,
    /// The token source is asked for a fresh token.
    Refresh,
}

impl Kind {
    /// The name users see.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Response => "response",
            Self::Retry => "retry",
            Self::Refresh => "refresh",
        }
    }
}

/// One event of one call.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its kind.
    pub kind: Kind,
    /// When it happened.
    pub at: SystemTime,
    /// The number of the call among those of its process, from 1.
    pub call: u64,
    /// The audit, where the call is about one.
    pub auditid: Option<i64>,
    /// The caller's label.
    pub appid: Option<String>,
    /// The number of the attempt, from 1.
    pub attempt: u32,
    /// The HTTP method.
    pub method: String,
    /// The path of the operation, without the query.
    pub url_path: &'static str,
    /// The host.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The HTTP status, where an answer came.
    pub http_status: Option<u16>,
    /// WeChat's number, where its answer could be read.
    pub errcode: Option<i64>,
    /// The request id, where there was one.
    pub rid: Option<String>,
    /// The wait before the next attempt.
    pub delay: Option<Duration>,
    /// The time since the call began.
    pub elapsed: Duration,
    /// What went wrong.
    pub error: Option<String>,
    /// And what kind of error that is: [`crate::error::Error::kind`].
    pub error_type: Option<&'static str>,
}

/// A receiver of events.
pub trait Observer: Send + Sync {
    /// Takes an event; it must not block.
    fn on_event(&self, event: Event);
}
