//! The requests of WeChat's interface: their URLs, and checked parameters.

use std::fmt;

use bytes::Bytes;
use http::uri::{PathAndQuery, Scheme};
use http::{HeaderValue, Method, Uri};
use url::Url;

use crate::error::Error;
use crate::token::Token;

pub use super::audit_id::AuditId;

/// The id of permanent material: so far always 64 characters of `[A-Za-z0-9_-]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaId(String);

impl MediaId {
    /// A media id from its text.
    ///
    /// # Errors
    /// [`Error::Argument`] for other characters, which could inject JSON.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if (1..=MAX_MEDIA_ID_LENGTH).contains(&text.len()) && text.bytes().all(plain) {
            return Ok(Self(text.to_owned()));
        }
        let problem = "must consist of letters, digits, - and _, as in AuditStatus.screenshots";
        Err(Error::argument("media_id", problem))
    }
}

const MAX_MEDIA_ID_LENGTH: usize = 256;

impl fmt::Display for MediaId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The id that WeChat gave a request: three blocks of eight hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    /// A request id from its text.
    ///
    /// # Errors
    /// [`Error::Argument`] for another form.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if is_request_id(text) {
            return Ok(Self(text.to_owned()));
        }
        let problem = "must be three blocks of eight hexadecimal digits, such as 637accc2-7d67c301-4ae3af4b";
        Err(Error::argument("rid", problem))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Whether a text has the form of a request id.
#[must_use]
pub fn is_request_id(text: &str) -> bool {
    let is_block = |block: &str| block.len() == 8 && block.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut blocks = text.split('-');
    blocks.by_ref().take(3).filter(|block| is_block(block)).count() == 3 && blocks.next().is_none()
}

/// The base URL of WeChat or of a gateway to it: scheme, host, port, and optionally a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    url: Url,
    origin: Uri,
    host_header: HeaderValue,
    loopback: bool,
}

impl BaseUrl {
    /// The base URL of WeChat.
    pub const WECHAT: &str = "https://api.weixin.qq.com";

    /// Parses a base URL: https, or http to a loopback host, without user, query or fragment.
    ///
    /// The host must be in its normal form: a URL parser silently converts `0x7f.1` to `127.0.0.1`, and look-alike
    /// letters to `xn--…`.
    ///
    /// # Errors
    /// [`Error::Argument`] for any other text.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let refuse = |problem: &str| Err(Error::argument("base_url", problem));
        if text.bytes().any(|byte| byte <= b' ' || byte == 0x7f || byte == b'\\') {
            return refuse("must not contain spaces, control characters or backslashes");
        }
        if !text.is_ascii() {
            return refuse("must be ASCII text; write an international host name as xn--…");
        }
        let Ok(url) = Url::parse(text) else {
            return refuse("is not a URL; write it like https://api.weixin.qq.com");
        };
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("must not contain a user or a password");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return refuse("must not contain a query or a fragment");
        }
        let Some(host) = url.host_str() else {
            return refuse("has no host; write it like https://api.weixin.qq.com");
        };
        if written_host(text) != host {
            return refuse(
                "has a host that is not in its plain form; write the host name or the usual form of the IP address",
            );
        }
        let loopback = is_loopback(host);
        let scheme = match url.scheme() {
            "https" => Scheme::HTTPS,
            "http" if loopback => Scheme::HTTP,
            "http" => return refuse("must be https; http would expose the access token to the network"),
            _ => return refuse("must start with https://"),
        };
        let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
        let authority = format!("{host}{port}");
        let host_header = HeaderValue::from_str(&authority);
        let origin = Uri::builder()
            .scheme(scheme)
            .authority(authority)
            .path_and_query(PathAndQuery::from_static("/"))
            .build();
        let (Ok(origin), Ok(host_header)) = (origin, host_header) else {
            return refuse("has an invalid host");
        };
        Ok(Self { url, origin, host_header, loopback })
    }

    /// The host.
    #[must_use]
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// The port, by default that of the scheme.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or_default()
    }

    /// The scheme, host and port to connect to.
    pub(crate) fn origin(&self) -> &Uri {
        &self.origin
    }

    /// The value of the `Host` header.
    pub(crate) fn host_header(&self) -> &HeaderValue {
        &self.host_header
    }

    /// Whether the host is this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// Whether calls go over TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.origin.scheme() == Some(&Scheme::HTTPS)
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.url.as_str().trim_end_matches('/'))
    }
}

/// The host as the caller wrote it, in lower case.
fn written_host(text: &str) -> String {
    let authority = text.split_once("//").map_or("", |(_, rest)| rest);
    let authority = authority.split('/').next().unwrap_or_default();
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    host.to_ascii_lowercase()
}

fn is_loopback(host: &str) -> bool {
    use std::net::{Ipv4Addr, Ipv6Addr};
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || address.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
        || address.parse::<Ipv6Addr>().is_ok_and(|ip| ip.is_loopback())
}

/// A request without its token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The HTTP method.
    pub method: Method,
    /// The path below the base URL.
    pub path: &'static str,
    /// The JSON body, empty for a GET. Its size is known, since WeChat rejects chunked bodies with HTTP 412.
    pub body: Bytes,
    /// The most bytes of an answer.
    pub max_answer_size: usize,
}

impl Request {
    /// The full URL, token included. Build it as late as possible and never show it.
    ///
    /// # Errors
    /// [`Error::Argument`] if the path of the base URL is invalid.
    pub fn uri(&self, base: &BaseUrl, token: &Token) -> Result<Uri, Error> {
        let mut parts = base.origin.clone().into_parts();
        parts.path_and_query = Some(self.path_and_query(base, token)?);
        Uri::from_parts(parts).map_err(|_| unusable_path())
    }

    /// The same without scheme and host, as a request to the host itself requires it.
    pub(crate) fn origin_form(&self, base: &BaseUrl, token: &Token) -> Result<Uri, Error> {
        self.path_and_query(base, token).map(Uri::from)
    }

    fn path_and_query(&self, base: &BaseUrl, token: &Token) -> Result<PathAndQuery, Error> {
        let prefix = base.url.path().trim_end_matches('/');
        let token = token.percent_encoded();
        let target = [prefix, self.path, "?access_token=", &token].concat();
        PathAndQuery::from_maybe_shared(Bytes::from(target)).map_err(|_| unusable_path())
    }
}

fn unusable_path() -> Error {
    Error::argument("base_url", "has an invalid path")
}
