//! Check the head of an answer before its body is read.

use std::time::SystemTime;

use http::StatusCode;
use http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap, HeaderValue, RETRY_AFTER, TRANSFER_ENCODING,
};
use hyper::body::{Body, Incoming};

use super::error;
use super::retry_after::retry_after;
use crate::error::{Error, Phase};

/// Far above any real head.
pub(super) const MAX_HEAD_SIZE: usize = 64 * 1024;

/// Rejects an answer whose body must not be read.
pub(super) fn check(response: &http::Response<Incoming>, max_size: usize) -> Result<(), Error> {
    let size: usize =
        response.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if size > MAX_HEAD_SIZE {
        let problem = format!("the head of the answer is too large: {size} bytes");
        return Err(Error::permanent(Phase::Head, problem));
    }
    check_framing(response.headers())?;
    if response.status() != StatusCode::OK {
        let hint = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        return Err(Error::HttpStatus {
            status: response.status().as_u16(),
            retry_after: hint.and_then(|hint| retry_after(hint, SystemTime::now())),
        });
    }
    if response.headers().get_all(CONTENT_ENCODING).iter().any(compresses) {
        let problem = "the answer is compressed although the request did not allow it; its body was not read";
        return Err(error::unread(problem));
    }
    if response.body().size_hint().exact().is_some_and(|length| length > max_size as u64) {
        return Err(error::too_large(max_size));
    }
    Ok(())
}

/// Whether WeChat may have sent an answer that was rejected for its status, since it is busy. Its connection is used again.
pub(super) fn is_from_busy_server(error: &Error) -> bool {
    matches!(error, Error::HttpStatus { status: 408 | 429 | 500..=599, .. })
}

/// Whether a `Content-Encoding` names anything but the text itself. Some gateways send the charset in it.
fn compresses(value: &HeaderValue) -> bool {
    !value.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii).all(|coding| {
        coding.is_empty()
            || [&b"identity"[..], b"utf-8", b"utf8"].iter().any(|name| coding.eq_ignore_ascii_case(name))
    })
}

/// Rejects an answer with an ambiguous length, as response smuggling needs it.
fn check_framing(headers: &HeaderMap) -> Result<(), Error> {
    let Some(encoding) = headers.get(TRANSFER_ENCODING) else {
        return Ok(());
    };
    if headers.contains_key(CONTENT_LENGTH) {
        let problem = "the answer has both a Content-Length and a Transfer-Encoding";
        return Err(Error::permanent(Phase::Head, problem));
    }
    if headers.get_all(TRANSFER_ENCODING).iter().count() != 1
        || !encoding.as_bytes().eq_ignore_ascii_case(b"chunked")
    {
        return Err(Error::permanent(Phase::Head, "the answer has a Transfer-Encoding other than chunked"));
    }
    Ok(())
}
