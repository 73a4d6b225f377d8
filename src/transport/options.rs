//! How to reach WeChat, and how long one attempt may take.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use http::HeaderValue;
use url::Url;

use super::no_proxy::NoProxy;
use crate::wechat::request::BaseUrl;

/// How to reach WeChat; fixed for the life of a client.
#[derive(Debug, Clone)]
pub struct Options {
    /// The preferred base URL.
    pub base: BaseUrl,
    /// The base URLs to fail over to, in this order.
    pub fallbacks: Vec<BaseUrl>,
    /// The proxy, if any.
    pub proxy: Option<Proxy>,
    /// The only certificates to trust, in PEM form; None means those of the system.
    pub ca_file: Option<PathBuf>,
    /// The `User-Agent`.
    pub user_agent: HeaderValue,
    /// How many requests may be in flight at once.
    pub max_concurrency: usize,
}

impl Options {
    /// All base URLs, the preferred one first.
    pub fn bases(&self) -> impl Iterator<Item = &BaseUrl> {
        std::iter::once(&self.base).chain(&self.fallbacks)
    }

    /// The base URL at `index` in [`Options::bases`].
    #[must_use]
    pub fn base(&self, index: usize) -> &BaseUrl {
        index.checked_sub(1).and_then(|fallback| self.fallbacks.get(fallback)).unwrap_or(&self.base)
    }
}

/// A proxy. Its URL may hold a password, so Debug hides it.
#[derive(Clone)]
pub struct Proxy {
    /// An http, https, socks4, socks4a, socks5 or socks5h URL, with user and password where the proxy requires them.
    pub url: Url,
    /// The hosts to connect to directly.
    pub except: NoProxy,
}

impl fmt::Debug for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Proxy(***)")
    }
}

/// The limits of one attempt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// For a new connection, from the name lookup to the end of the TLS handshake.
    pub connect: Option<Duration>,
    /// For the head of the answer, and for each further chunk of its body.
    pub read: Option<Duration>,
}
