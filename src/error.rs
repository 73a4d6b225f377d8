//! Everything that can go wrong with a call, in one enum.

use std::fmt;
use std::time::{Duration, SystemTime};

use crate::escape::escape_controls;

/// Where on its way a call was when the network failed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Starting the machinery in this process: threads, descriptors, certificates.
    Start,
    /// Looking up the host's name.
    Resolve,
    /// Opening the connection.
    Connect,
    /// Talking to the proxy.
    Proxy,
    /// The TLS handshake, or an alert after it.
    Tls,
    /// Sending the request, waiting for the head of the answer, or reading it.
    Head,
    /// Reading the body of the answer.
    Body,
}

impl fmt::Display for Phase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Start => "starting the client",
            Self::Resolve => "looking up the host name",
            Self::Connect => "connecting",
            Self::Proxy => "asking the proxy",
            Self::Tls => "TLS",
            Self::Head => "waiting for the answer",
            Self::Body => "reading the answer",
        })
    }
}

/// Which limit a call ran into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// `Timeout.total`: the whole call, with its waits and attempts.
    Total,
    /// `Timeout.connect`: one connection, from the name to the end of the TLS handshake.
    Connect,
    /// `Timeout.read`: the head of the answer, or the next piece of its body.
    Read,
    /// The limit of the whole batch that the call belongs to.
    Batch,
}

impl fmt::Display for Limit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Total => "total",
            Self::Connect => "connect",
            Self::Read => "read",
            Self::Batch => "batch",
        })
    }
}

/// What went wrong. No variant ever holds the token: text from outside is masked before it gets here.
#[derive(Debug, Clone, PartialEq)]
pub enum Error {
    /// The caller's input; nothing was sent.
    Argument {
        /// The name of the parameter.
        field: &'static str,
        /// What is wrong with it and what to write instead.
        problem: String,
    },
    /// The token source gave no usable token; nothing was sent with it.
    TokenSource {
        /// What the source did.
        problem: String,
    },
    /// The network, or a peer that does not speak HTTP as it should.
    Transport {
        /// Where it happened.
        phase: Phase,
        /// What happened, without the URL.
        detail: String,
        /// Whether another attempt may go better.
        transient: bool,
    },
    /// A limit was reached first.
    Timeout {
        /// Which one.
        limit: Limit,
        /// Its length.
        after: Duration,
        /// What the call was doing, or the last failure before the limit.
        detail: String,
    },
    /// An HTTP status that is no success.
    HttpStatus {
        /// The status.
        status: u16,
        /// The wait that the server asked for, as far as it made sense.
        retry_after: Option<Duration>,
    },
    /// An answer that cannot be trusted.
    Decode {
        /// What is wrong with it.
        problem: String,
        /// The start of the body: at most 200 characters, escaped, the token masked.
        excerpt: String,
        /// The body was empty or blank, which another attempt may mend.
        empty: bool,
    },
    /// WeChat's own answer with an `errcode` that is not 0.
    Api {
        /// WeChat's number.
        errcode: i64,
        /// WeChat's text, the token masked.
        errmsg: String,
        /// The request id in the text.
        rid: Option<String>,
        /// For the quota codes: when the next call makes sense.
        retry_at: Option<SystemTime>,
    },
}

impl Error {
    /// The name that users know it by: that of its exception, or of the base of those.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Argument { .. } => "ArgumentError",
            Self::TokenSource { .. } => "TokenError",
            Self::Transport { .. } => "TransportError",
            Self::Timeout { .. } => "RequestTimeout",
            Self::HttpStatus { .. } => "HTTPStatusError",
            Self::Decode { .. } => "DecodeError",
            Self::Api { .. } => "APIError",
        }
    }

    /// A network failure that another attempt may mend.
    #[must_use]
    pub fn transient(phase: Phase, detail: impl Into<String>) -> Self {
        Self::Transport { phase, detail: detail.into(), transient: true }
    }

    /// A network failure that would only repeat itself.
    #[must_use]
    pub fn permanent(phase: Phase, detail: impl Into<String>) -> Self {
        Self::Transport { phase, detail: detail.into(), transient: false }
    }

    /// A token source that used up the time of its call.
    #[must_use]
    pub fn source_timed_out() -> Self {
        Self::TokenSource { problem: "get_token did not return in time".to_owned() }
    }

    /// The same bad input, of the parameter `name`.
    #[must_use]
    pub fn in_field(self, name: &'static str) -> Self {
        match self {
            Self::Argument { problem, .. } => Self::Argument { field: name, problem },
            error => error,
        }
    }

    /// Bad input in the parameter `field`.
    #[must_use]
    pub fn argument(field: &'static str, problem: impl Into<String>) -> Self {
        Self::Argument { field, problem: problem.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument { field, problem } => write!(formatter, "{field}: {problem}"),
            Self::TokenSource { problem } => write!(formatter, "no token: {problem}"),
            Self::Transport { phase, detail, .. } => write!(formatter, "{phase}: {detail}"),
            Self::Timeout { limit, after, detail } => {
                write!(formatter, "no answer within {} s ({limit} limit", after.as_secs_f64())?;
                if !detail.is_empty() {
                    write!(formatter, "; {detail}")?;
                }
                formatter.write_str(")")
            }
            Self::HttpStatus { status, .. } => write!(formatter, "HTTP status {status}"),
            Self::Decode { problem, excerpt, .. } => {
                formatter.write_str(problem)?;
                if excerpt.is_empty() { Ok(()) } else { write!(formatter, ": {excerpt}") }
            }
            Self::Api { errcode, errmsg, .. } => write!(formatter, "{errcode} {}", escape_controls(errmsg)),
        }
    }
}

impl std::error::Error for Error {}

/// How a call ended when it did not succeed.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// What went wrong last.
    pub error: Error,
    /// How many requests were sent.
    pub attempts: u32,
    /// The path of the interface that was asked.
    pub url_path: &'static str,
}
