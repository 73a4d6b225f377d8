//! What is asked: the audit id, the operation, its URL and its body.

use std::fmt;

use reqwest::{Method, Url};

use crate::error::Error;
use crate::token::Token;

/// The number of an audit: 1 to 2⁶³ − 1, as `submit_audit` returned it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AuditId(i64);

impl AuditId {
    /// Takes a number that the caller gave.
    ///
    /// # Errors
    /// [`Error::Argument`] for 0, a negative number, or one above 2⁶³ − 1.
    pub fn new(number: i128) -> Result<Self, Error> {
        match i64::try_from(number) {
            Ok(id) if id > 0 => Ok(Self(id)),
            _ => Err(Error::argument(
                "auditid",
                "the number is out of range; WeChat's audit ids are positive 64-bit numbers",
            )),
        }
    }

    /// Takes a text of decimal digits.
    ///
    /// # Errors
    /// [`Error::Argument`] for anything else: signs, blanks, other digits than ASCII's, a number out of range.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Error::argument("auditid", "a text must hold decimal digits and nothing else"));
        }
        match text.parse::<i64>() {
            Ok(id) if id > 0 => Ok(Self(id)),
            _ => Err(Error::argument(
                "auditid",
                "the number is out of range; WeChat's audit ids are positive 64-bit numbers",
            )),
        }
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for AuditId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// Where WeChat is: scheme, host and port, and a path when a gateway stands before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    url: Url,
    loopback: bool,
}

impl BaseUrl {
    /// WeChat's own address.
    pub const WECHAT: &str = "https://api.weixin.qq.com";

    /// Takes a base URL: https, or http to a loopback host; no user, query or fragment.
    ///
    /// The host must be written as it will be used, since a URL parser silently turns `0x7f.1` into
    /// `127.0.0.1` and look-alike letters into `xn--…`.
    ///
    /// # Errors
    /// [`Error::Argument`] with the reason.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let refuse = |problem: &str| Err(Error::argument("base_url", problem));
        if text.bytes().any(|byte| byte <= b' ' || byte == 0x7f || byte == b'\\') {
            return refuse("holds a blank, a line break, a control character or a backslash");
        }
        if !text.is_ascii() {
            return refuse("holds letters other than ASCII's; write an international host name as xn--…");
        }
        let Ok(url) = Url::parse(text) else {
            return refuse("is no URL; write it like https://api.weixin.qq.com");
        };
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("must not hold a user or a password");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return refuse("must not hold a query or a fragment");
        }
        let Some(host) = url.host_str() else {
            return refuse("names no host; write it like https://api.weixin.qq.com");
        };
        if written_host(text) != host {
            return refuse(
                "has a host that is not written in its plain form; write the name or the usual IP address",
            );
        }
        let loopback = is_loopback(host);
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            "http" => return refuse("must be https; http would show the access token to the network"),
            _ => return refuse("must begin with https://"),
        }
        Ok(Self { url, loopback })
    }

    /// The host, as it may be shown.
    #[must_use]
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Whether the host is this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// Whether calls go over TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.url.as_str().trim_end_matches('/'))
    }
}

/// The host as the caller wrote it, in lower case: what stands between `//` and the port or the path.
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

/// One operation of WeChat's interface, ready to be sent with any token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// The HTTP method.
    pub method: Method,
    /// The path below the base URL.
    pub path: &'static str,
    /// The JSON body; always sized, since WeChat refuses chunked bodies with HTTP 412.
    pub body: String,
}

impl Operation {
    /// `POST /wxa/get_auditstatus`, the review status of one audit.
    #[must_use]
    pub fn audit_status(auditid: AuditId) -> Self {
        Self {
            method: Method::POST,
            path: "/wxa/get_auditstatus",
            body: format!("{{\"auditid\":{auditid}}}"),
        }
    }

    /// The full URL, token included: to be made at the last moment and never to be shown.
    #[must_use]
    pub fn url(&self, base: &BaseUrl, token: &Token) -> Url {
        let mut url = base.url.clone();
        let path = format!("{}{}", url.path().trim_end_matches('/'), self.path);
        url.set_path(&path);
        url.set_query(Some(&format!("access_token={}", token.percent_encoded())));
        url
    }
}
