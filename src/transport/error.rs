//! From hyper's errors to ours: which phase, and whether another attempt may help.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::time::Duration;

use super::connect::{BoxError, ResolveError};
use crate::error::{Error, Limit, Phase};
use crate::token::Tokens;

/// What came instead of the head of an answer.
pub(super) enum ExchangeError {
    /// No connection.
    Connecting(BoxError),
    /// The end of the connection, or something that is no head.
    Asking(hyper::Error),
}

/// Connecting took longer than `Timeout.connect`.
#[derive(Debug)]
pub(super) struct ConnectTimeout(pub(super) Duration);

impl fmt::Display for ConnectTimeout {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "no connection within {} s", self.0.as_secs_f64())
    }
}

impl StdError for ConnectTimeout {}

/// Why no head of an answer came.
pub(super) enum HeadFailure {
    /// The connection broke while the answer was awaited: on a reused one that is the server's idle cut.
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

/// Sorts what came instead of a head. No URL is in it; the token is masked all the same, since a peer's words may stand
/// in the text.
pub(super) fn head(unanswered: &ExchangeError, tokens: &Tokens) -> HeadFailure {
    let error: &(dyn StdError + 'static) = match unanswered {
        ExchangeError::Connecting(error) => error.as_ref(),
        ExchangeError::Asking(error) => error,
    };
    let mut detail = describe(error);
    tokens.mask(&mut detail);
    if let Some(ConnectTimeout(after)) = find::<ConnectTimeout>(error) {
        let detail = Phase::Connect.to_string();
        return HeadFailure::Final(Error::Timeout { limit: Limit::Connect, after: *after, detail });
    }
    if let Some(verdict) = proxy(error) {
        return HeadFailure::Final(verdict);
    }
    if let Some(problem) = find::<rustls::Error>(error) {
        return HeadFailure::Final(Error::permanent(Phase::Tls, problem.to_string()));
    }
    if find::<ResolveError>(error).is_some() {
        return HeadFailure::Final(Error::transient(Phase::Resolve, detail));
    }
    if matches!(unanswered, ExchangeError::Connecting(_)) {
        return HeadFailure::Final(Error::transient(Phase::Connect, detail));
    }
    if let Some(problem) = find::<hyper::Error>(error)
        && problem.is_parse()
    {
        return HeadFailure::Final(Error::permanent(Phase::Head, format!("no valid HTTP answer: {detail}")));
    }
    HeadFailure::Broken(Error::transient(Phase::Head, detail))
}

/// Sorts an error in the middle of a body: a cut may be mended by another attempt, chunks that are none may not.
pub(super) fn body(error: &hyper::Error) -> Error {
    let malformed = error.is_parse()
        || chain(error)
            .filter_map(|reason| reason.downcast_ref::<io::Error>())
            .any(|reason| matches!(reason.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData));
    if malformed {
        Error::permanent(Phase::Body, format!("no valid HTTP answer: {}", describe(error)))
    } else {
        Error::transient(Phase::Body, describe(error))
    }
}

pub(super) fn too_large(cap: usize) -> Error {
    let problem = format!("the answer is larger than {} KiB; it was not read", cap / 1024);
    Error::Decode { problem, excerpt: String::new(), empty: false }
}

pub(super) fn unusable_proxy() -> Error {
    Error::argument("proxy", "cannot be used; write it like http://proxy.example:3128")
}

/// The innermost reason in its own words.
fn describe(error: &(dyn StdError + 'static)) -> String {
    chain(error).last().map_or_else(|| error.to_string(), ToString::to_string)
}

/// What went wrong in a CONNECT. The type of these errors is private to hyper-util, so their fixed texts have to do.
fn proxy(error: &(dyn StdError + 'static)) -> Option<Error> {
    let text = chain(error).map(ToString::to_string).find(|text| text.starts_with("tunnel error: "))?;
    if text.ends_with("proxy authorization required") {
        return Some(Error::HttpStatus { status: 407, retry_after: None });
    }
    let detail = describe(error);
    Some(Error::transient(Phase::Proxy, detail.trim_start_matches("tunnel error: ")))
}

fn find<'e, T: StdError + 'static>(error: &'e (dyn StdError + 'static)) -> Option<&'e T> {
    chain(error).find_map(|reason| reason.downcast_ref::<T>())
}

/// The error and all its reasons. An `io::Error` hides the one it was made from: `source` steps over it.
fn chain<'e>(error: &'e (dyn StdError + 'static)) -> impl Iterator<Item = &'e (dyn StdError + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let reason = next?;
        next = match reason.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => reason.source(),
        };
        Some(reason)
    })
}
