//! Convert hyper's errors: in which phase they occurred, and whether another attempt may help.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::progress::Progress;
use super::tls_problem;
use crate::error::{Error, Limit, Phase, in_words};
use crate::token::Tokens;

pub(super) type BoxError = Box<dyn StdError + Send + Sync>;

/// Why no head of an answer arrived, as the connector and hyper report it.
pub(super) enum ExchangeError {
    /// No connection could be opened.
    Connecting(Error),
    /// Connecting took longer than `Timeout.connect`.
    ConnectTimeout(Duration, Arc<Progress>),
    /// The connection closed, or the peer sent something that is not a head.
    Sending(hyper::Error, Arc<Progress>),
}

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
pub(super) fn head(failure: ExchangeError, tokens: &Tokens) -> HeadFailure {
    match failure {
        ExchangeError::Connecting(mut error) => {
            if let Error::Transport { detail, .. } = &mut error {
                tokens.mask(detail);
            }
            HeadFailure::Final(error)
        }
        ExchangeError::ConnectTimeout(after, progress) => {
            let detail = progress.to_string();
            HeadFailure::Final(Error::Timeout { limit: Limit::Connect, after, detail })
        }
        ExchangeError::Sending(error, progress) => {
            let tls = find::<rustls::Error>(&error);
            let mut detail = tls.map_or_else(|| describe(&error), tls_problem::describe);
            tokens.mask(&mut detail);
            if tls.is_some() {
                HeadFailure::Final(Error::permanent(Phase::Tls, detail))
            } else if error.is_parse()
                || find::<io::Error>(&error).is_some_and(|error| error.kind() == io::ErrorKind::InvalidData)
            {
                HeadFailure::Final(progress.error(format!("no valid HTTP answer: {detail}"), false))
            } else {
                HeadFailure::Broken(progress.error(detail, true))
            }
        }
    }
}

/// Converts an error of the TLS handshake.
pub(super) fn tls(error: &(dyn StdError + 'static), progress: &Progress) -> Error {
    match find::<rustls::Error>(error) {
        Some(problem) => progress.error(tls_problem::describe(problem), false),
        None => progress.error(describe(error), true),
    }
}

/// Converts the error of a proxy that opened no tunnel. hyper-util keeps the types private, so they are recognized by
/// their texts.
pub(super) fn tunnel(error: &(dyn StdError + 'static), progress: &Progress) -> Error {
    match error.to_string().as_str() {
        "tunnel error: proxy authorization required" => Error::HttpStatus { status: 407, retry_after: None },
        "tunnel error: unsuccessful" => {
            progress.error("it did not answer CONNECT with HTTP status 200", true)
        }
        "tunnel error: unexpected end of file" => progress
            .error("it closed the connection without an answer to CONNECT; is it a SOCKS proxy?", true),
        "SOCKS error: credentials not accepted" => {
            progress.error("it did not accept the user and the password", false)
        }
        "SOCKS error: server does not support user/pass authentication" => {
            progress.error("it requires a user and a password, or another login than these", false)
        }
        "SOCKS error: io error during SOCKS handshake" => progress.error("it closed the connection", true),
        _ => {
            let problem = describe(error);
            let problem = problem.trim_start_matches("tunnel error: ").trim_start_matches("SOCKS error: ");
            progress.error(problem, true)
        }
    }
}

/// Converts an error within a body: a lost connection is transient, malformed chunks are not.
pub(super) fn body(error: &hyper::Error, progress: &Progress) -> Error {
    let malformed = error.is_parse()
        || chain(error)
            .filter_map(|cause| cause.downcast_ref::<io::Error>())
            .any(|cause| matches!(cause.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData));
    let problem = if malformed { "no valid HTTP answer: " } else { "" };
    progress.error_in(Phase::Body, format!("{problem}{}", describe(error)), !malformed)
}

pub(super) fn too_large(max_size: usize) -> Error {
    unread(format!("the answer is larger than {} KiB; it was not read", max_size / 1024))
}

/// The error for an answer whose body must not be read.
pub(super) fn unread(problem: impl Into<String>) -> Error {
    Error::Decode { problem: problem.into(), excerpt: String::new(), empty: false }
}

/// The words of the innermost error.
fn describe(error: &(dyn StdError + 'static)) -> String {
    in_words(chain(error).last().unwrap_or(error))
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
