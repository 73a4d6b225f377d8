//! The errors of a call, in one enum.

use std::fmt;
use std::time::{Duration, SystemTime};

use crate::escape::escape_controls;

/// The phase of an exchange in which the network failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Setting up the client in this process: threads, descriptors, certificates.
    Start,
    /// Resolving the host name.
    Resolve,
    /// Opening the connection.
    Connect,
    /// Opening a tunnel through the proxy.
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
            Self::Proxy => "connecting through the proxy",
            Self::Tls => "TLS",
            Self::Head => "waiting for the answer",
            Self::Body => "reading the answer",
        })
    }
}

impl Phase {
    /// What failed in this phase.
    #[must_use]
    pub fn failure(self) -> &'static str {
        match self {
            Self::Start => "starting the client",
            Self::Resolve => "cannot look up the host name",
            Self::Connect => "cannot connect",
            Self::Proxy => "cannot connect through the proxy",
            Self::Tls => "TLS failed",
            Self::Head => "no valid HTTP answer",
            Self::Body => "cannot read the answer",
        }
    }
}

/// The limit that a call reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// `Timeout.total`: the whole call, its waits and attempts included.
    Total,
    /// `Timeout.connect`: one connection, from the name lookup to the end of the TLS handshake.
    Connect,
    /// `Timeout.read`: the head of the answer, or the next chunk of its body.
    Read,
    /// The limit of the batch that the call belongs to.
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

/// Why a call failed. No variant holds the token: text from outside is masked before.
#[derive(Debug, Clone, PartialEq)]
pub enum Error {
    /// An invalid argument; nothing was sent.
    Argument {
        /// The name of the parameter.
        field: &'static str,
        /// What is wrong with it and what to write instead.
        problem: String,
    },
    /// The token source returned no usable token.
    TokenSource {
        /// What went wrong.
        problem: String,
    },
    /// A failure of the network, or a peer that violates HTTP.
    Transport {
        /// When it happened.
        phase: Phase,
        /// What happened in which phase, without the URL.
        detail: String,
        /// Whether another attempt may help.
        transient: bool,
    },
    /// The call reached a limit.
    Timeout {
        /// The limit.
        limit: Limit,
        /// Its length.
        after: Duration,
        /// What the call was doing, or the last failure before the limit.
        detail: String,
    },
    /// An HTTP status other than 200.
    HttpStatus {
        /// The status.
        status: u16,
        /// The delay from a valid `Retry-After` header.
        retry_after: Option<Duration>,
    },
    /// An invalid answer.
    Decode {
        /// What is wrong with it.
        problem: String,
        /// The start of the body: at most 200 characters, escaped, the token masked.
        excerpt: String,
        /// Whether the body was empty or blank: then another attempt may help.
        empty: bool,
    },
    /// An answer with an `errcode` other than 0.
    Api {
        /// The code.
        errcode: i64,
        /// The text, with the token masked.
        errmsg: String,
        /// The request id from the text.
        rid: Option<String>,
        /// For quota codes: when the quota resets.
        retry_at: Option<SystemTime>,
    },
}

impl Error {
    /// The name of its Python exception, or of their common base class.
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

    /// A network failure that may not occur again.
    #[must_use]
    pub fn transient(phase: Phase, detail: impl fmt::Display) -> Self {
        Self::Transport { phase, detail: format!("{}: {detail}", phase.failure()), transient: true }
    }

    /// A network failure that would occur again.
    #[must_use]
    pub fn permanent(phase: Phase, detail: impl fmt::Display) -> Self {
        Self::Transport { phase, detail: format!("{}: {detail}", phase.failure()), transient: false }
    }

    /// A token source that did not answer before the deadline of the call.
    #[must_use]
    pub fn source_timed_out() -> Self {
        Self::TokenSource { problem: "get_token did not return within the time limit of the call".to_owned() }
    }

    /// The same error for the parameter `name`.
    #[must_use]
    pub fn in_field(self, name: &'static str) -> Self {
        match self {
            Self::Argument { problem, .. } => Self::Argument { field: name, problem },
            error => error,
        }
    }

    /// An invalid argument for the parameter `field`.
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
            Self::Transport { detail, .. } => formatter.write_str(detail),
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

/// A failed call.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// The last error.
    pub error: Error,
    /// How many requests were sent; an attempt whose connection did not open sends none.
    pub attempts: u32,
    /// How many attempts were made, with or without a request.
    pub tried: u32,
    /// The path of the interface.
    pub url_path: &'static str,
}

/// What the system says of an error, as words within a sentence: without its number, and in lower case.
#[must_use]
pub fn in_words(error: &dyn std::error::Error) -> String {
    let text = error.to_string();
    lower_case(text.split(" (os error ").next().unwrap_or(&text))
}

/// A text that begins in lower case, unless its first word is an abbreviation.
#[must_use]
pub fn lower_case(text: &str) -> String {
    let mut rest = text.chars();
    match (rest.next(), rest.clone().next()) {
        (Some(first), Some(second)) if second.is_ascii_lowercase() => {
            format!("{}{}", first.to_lowercase(), rest.as_str())
        }
        _ => text.to_owned(),
    }
}
