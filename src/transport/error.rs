//! Convert hyper's errors: in which phase they occurred, and whether another attempt may help.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::time::Duration;

use super::tls_problem;
use crate::error::{Error, Limit, Phase};
use crate::token::Tokens;

pub(super) type BoxError = Box<dyn StdError + Send + Sync>;

/// Why no head of an answer arrived, as the connector and hyper report it.
pub(super) enum ExchangeError {
    /// No connection could be opened.
    Connecting(BoxError),
    /// Connecting took longer than `Timeout.connect`.
    ConnectTimeout(Duration),
    /// The connection closed, or the peer sent something that is not a head.
    Sending(hyper::Error),
}

/// A host name could not be resolved.
#[derive(Debug)]
pub(super) struct ResolveError(pub(super) io::Error);

impl fmt::Display for ResolveError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl StdError for ResolveError {}

/// Why no head of an answer arrived, and whether a new connection may help.
pub(super) enum HeadFailure {
    /// The connection broke before the answer. A reused one was probably closed by the server as idle.
    Broken(Error),
    /// Anything else.
    Final(Error),
}

impl HeadFailure {
    pub(super) fn into_error(self) -> Error {
        match self {
            Self::Broken(error) | Self::Final(error) => error,
        }
    }
}

/// Converts an error that occurred before the head of an answer. The text holds no URL, but it may quote the peer, so
/// the token is masked in it.
pub(super) fn head(failure: &ExchangeError, tokens: &Tokens) -> HeadFailure {
    let error: &(dyn StdError + 'static) = match failure {
        ExchangeError::Connecting(error) => error.as_ref(),
        ExchangeError::Sending(error) => error,
        ExchangeError::ConnectTimeout(after) => {
            let detail = Phase::Connect.to_string();
            return HeadFailure::Final(Error::Timeout { limit: Limit::Connect, after: *after, detail });
        }
    };
    let tls = find::<rustls::Error>(error);
    let mut detail = tls.map_or_else(|| describe(error), tls_problem::describe);
    tokens.mask(&mut detail);
    let converted = if let Some(error) = proxy(error) {
        error
    } else if tls.is_some() {
        Error::permanent(Phase::Tls, detail)
    } else if find::<ResolveError>(error).is_some() {
        Error::transient(Phase::Resolve, detail)
    } else if matches!(failure, ExchangeError::Connecting(_)) {
        Error::transient(Phase::Connect, detail)
    } else if find::<hyper::Error>(error).is_some_and(hyper::Error::is_parse)
        || find::<io::Error>(error).is_some_and(|error| error.kind() == io::ErrorKind::InvalidData)
    {
        Error::permanent(Phase::Head, format!("no valid HTTP answer: {detail}"))
    } else {
        return HeadFailure::Broken(Error::transient(Phase::Head, detail));
    };
    HeadFailure::Final(converted)
}

/// Converts an error within a body: a lost connection is transient, malformed chunks are not.
pub(super) fn body(error: &hyper::Error) -> Error {
    let malformed = error.is_parse()
        || chain(error)
            .filter_map(|cause| cause.downcast_ref::<io::Error>())
            .any(|cause| matches!(cause.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData));
    if malformed {
        Error::permanent(Phase::Body, format!("no valid HTTP answer: {}", describe(error)))
    } else {
        Error::transient(Phase::Body, describe(error))
    }
}

pub(super) fn too_large(max_size: usize) -> Error {
    unread(format!("the answer is larger than {} KiB; it was not read", max_size / 1024))
}

/// The error for an answer whose body must not be read.
pub(super) fn unread(problem: impl Into<String>) -> Error {
    Error::Decode { problem: problem.into(), excerpt: String::new(), empty: false }
}

pub(super) fn unusable_proxy() -> Error {
    Error::argument("proxy", "cannot be used; write it like http://proxy.example:3128")
}

/// The text of the innermost error.
fn describe(error: &(dyn StdError + 'static)) -> String {
    chain(error).last().map_or_else(|| error.to_string(), ToString::to_string)
}

/// The error of a failed CONNECT. hyper-util keeps the type private, so it is recognized by its text.
fn proxy(error: &(dyn StdError + 'static)) -> Option<Error> {
    let text = chain(error).map(ToString::to_string).find(|text| text.starts_with("tunnel error: "))?;
    if text.ends_with("proxy authorization required") {
        return Some(Error::HttpStatus { status: 407, retry_after: None });
    }
    let detail = describe(error);
    Some(Error::transient(Phase::Proxy, detail.trim_start_matches("tunnel error: ")))
}

fn find<'e, T: StdError + 'static>(error: &'e (dyn StdError + 'static)) -> Option<&'e T> {
    chain(error).find_map(|cause| cause.downcast_ref::<T>())
}

/// The error and its sources. `source` of an `io::Error` skips the error that it wraps, so `get_ref` is tried first.
fn chain<'e>(error: &'e (dyn StdError + 'static)) -> impl Iterator<Item = &'e (dyn StdError + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let cause = next?;
        next = match cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => cause.source(),
        };
        Some(cause)
    })
}
