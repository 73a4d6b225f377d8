//! Proxies: HTTP with CONNECT, and SOCKS.

use std::future::{Ready, ready};
use std::net::IpAddr;
use std::task::{Context, Poll};

use http::{HeaderValue, Uri};
use hyper::rt::{Read, Write};
use hyper_util::client::legacy::connect::proxy::{SocksV4, SocksV5, Tunnel};
use hyper_util::client::proxy::matcher::Matcher;
use tower_service::Service;

use super::error::BoxError;
use super::no_proxy::NoProxy;
use super::options::Proxy;
use crate::error::Error;

/// A proxy, and the hosts that are reached without it.
pub(super) struct ProxyRoute {
    pub(super) kind: Kind,
    pub(super) uri: Uri,
    /// For an HTTP proxy: the `Proxy-Authorization` header.
    pub(super) authorization: Option<HeaderValue>,
    /// For a SOCKS proxy: user and password.
    login: Option<(String, String)>,
    except: NoProxy,
}

/// The protocol of a proxy, and who looks the host name up.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Over TLS if its URL says so. The proxy looks names up.
    Http,
    /// This machine looks names up; IPv4 only.
    Socks4,
    /// The proxy looks names up.
    Socks4a,
    /// This machine looks names up.
    Socks5,
    /// The proxy looks names up.
    Socks5h,
}

impl Kind {
    /// Whether the proxy is given an address instead of a name.
    pub(super) fn needs_address(self) -> bool {
        matches!(self, Self::Socks4 | Self::Socks5)
    }
}

impl ProxyRoute {
    pub(super) fn new(options: &Proxy) -> Result<Self, Error> {
        let unusable = || Error::argument("proxy", "cannot be used; write it like http://proxy.example:3128");
        // Splits the user and the password from the URL. It ignores a URL that it cannot parse.
        let matcher = Matcher::builder().all(options.url.as_str()).build();
        let parsed =
            matcher.intercept(&Uri::from_static("https://api.weixin.qq.com")).ok_or_else(unusable)?;
        Ok(Self {
            kind: match options.url.scheme() {
                "socks4" => Kind::Socks4,
                "socks4a" => Kind::Socks4a,
                "socks5" => Kind::Socks5,
                "socks5h" => Kind::Socks5h,
                _ => Kind::Http,
            },
            uri: parsed.uri().clone(),
            authorization: parsed.basic_auth().cloned(),
            login: parsed.raw_auth().map(|(user, password)| (user.to_owned(), password.to_owned())),
            except: options.except.clone(),
        })
    }

    pub(super) fn leads_to(&self, origin: &Uri) -> bool {
        !self.except.excludes(origin.host().unwrap_or_default(), origin.port_u16())
    }

    /// Makes the proxy at the other end of `io` connect it to `host`.
    pub(super) async fn tunnel<S>(&self, io: S, host: &str, port: u16) -> Result<S, BoxError>
    where
        S: Read + Write + Unpin + Send + 'static,
    {
        let destination =
            Uri::builder().scheme("https").authority(authority(host, port)).path_and_query("/").build()?;
        let (proxy, io) = (self.uri.clone(), Opened(Some(io)));
        match self.kind {
            Kind::Http => {
                let mut tunnel = Tunnel::new(proxy, io);
                if let Some(authorization) = &self.authorization {
                    tunnel = tunnel.with_auth(authorization.clone());
                }
                Ok(tunnel.call(destination).await?)
            }
            Kind::Socks4 | Kind::Socks4a => Ok(SocksV4::new(proxy, io).call(destination).await?),
            Kind::Socks5 | Kind::Socks5h => {
                let mut socks = SocksV5::new(proxy, io);
                if let Some((user, password)) = self.login.clone() {
                    socks = socks.with_auth(user, password);
                }
                Ok(socks.call(destination).await?)
            }
        }
    }
}

/// A host and a port, with brackets around an IPv6 address.
pub(super) fn authority(host: &str, port: u16) -> String {
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V6(address)) => format!("[{address}]:{port}"),
        _ => format!("{host}:{port}"),
    }
}

/// Gives an open connection to a connector that builds on it.
pub(super) struct Opened<S>(pub(super) Option<S>);

impl<S> Service<Uri> for Opened<S> {
    type Response = S;
    type Error = BoxError;
    type Future = Ready<Result<S, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        ready(self.0.take().ok_or_else(|| "the connection is in use".into()))
    }
}
