//! New links: direct to WeChat, or through a proxy.

use std::error::Error as StdError;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::uri::Scheme;
use http::{HeaderValue, Uri};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiAddrs, GaiResolver, Name};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::Matcher;
use rustls::ClientConfig;
use tower_service::Service;

use super::{Proxy, error};
use crate::error::Error;

pub(super) type BoxError = Box<dyn StdError + Send + Sync>;

type BoxFuture<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

/// Dead peers are noticed, as the kernel can: routers forget idle connections without a word.
const KEEPALIVE: Duration = Duration::from_secs(15);
const KEEPALIVE_PROBES: u32 = 3;
/// So long may what was sent stay without an acknowledgement.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);

/// Makes links.
pub(super) struct Connector {
    direct: HttpsConnector<HttpConnector<Resolver>>,
    tls: Arc<ClientConfig>,
    proxy: Option<Matcher>,
}

impl Connector {
    pub(super) fn new(tls: Arc<ClientConfig>, proxy: Option<&Proxy>) -> Result<Self, Error> {
        let mut http = HttpConnector::new_with_resolver(Resolver(GaiResolver::new()));
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_keepalive(Some(KEEPALIVE));
        http.set_keepalive_interval(Some(KEEPALIVE));
        http.set_keepalive_retries(Some(KEEPALIVE_PROBES));
        #[cfg(target_os = "linux")]
        http.set_tcp_user_timeout(Some(UNACKNOWLEDGED));
        Ok(Self {
            direct: HttpsConnector::from((http, Arc::clone(&tls))),
            tls,
            proxy: proxy.map(matcher).transpose()?,
        })
    }

    /// Opens a link to there.
    pub(super) fn connect(&self, origin: Uri) -> BoxFuture<Link, BoxError> {
        let mut direct = self.direct.clone();
        let Some(proxy) = self.proxy.as_ref().and_then(|proxy| proxy.intercept(&origin)) else {
            let connecting = direct.call(origin);
            return Box::pin(async move { Ok(Link::direct(connecting.await?)) });
        };
        if origin.scheme() == Some(&Scheme::HTTP) {
            let connecting = direct.call(proxy.uri().clone());
            let authorization = proxy.basic_auth().cloned();
            return Box::pin(async move { Ok(Link::to_proxy(connecting.await?, authorization)) });
        }
        let mut tunnel = Tunnel::new(proxy.uri().clone(), direct);
        if let Some(authorization) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(authorization.clone());
        }
        let connecting = HttpsConnector::from((tunnel, Arc::clone(&self.tls))).call(origin);
        Box::pin(async move { Ok(Link::direct(connecting.await?)) })
    }
}

fn matcher(proxy: &Proxy) -> Result<Matcher, Error> {
    let build = |except: &str| Matcher::builder().all(proxy.url.as_str()).no(except).build();
    // It passes over what it cannot read, and calls would go past the proxy.
    if build("").intercept(&Uri::from_static("https://api.weixin.qq.com")).is_none() {
        return Err(error::unusable_proxy());
    }
    Ok(build(proxy.except.as_deref().unwrap_or_default()))
}

/// Looks names up as the system does, and marks what goes wrong there.
#[derive(Clone)]
pub(super) struct Resolver(GaiResolver);

/// A name was not found, or could not be looked up.
#[derive(Debug)]
pub(super) struct ResolveError(io::Error);

impl std::fmt::Display for ResolveError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}

impl StdError for ResolveError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.0)
    }
}

impl Service<Name> for Resolver {
    type Response = GaiAddrs;
    type Error = ResolveError;
    type Future = BoxFuture<GaiAddrs, ResolveError>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), ResolveError>> {
        self.0.poll_ready(context).map_err(ResolveError)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let found = self.0.call(name);
        Box::pin(async move { found.await.map_err(ResolveError) })
    }
}

trait Stream: Read + Write + Send + Unpin {}

impl<T: Read + Write + Send + Unpin> Stream for T {}

/// An open link of any kind.
pub(super) struct Link {
    stream: Box<dyn Stream>,
    to_proxy: bool,
    authorization: Option<HeaderValue>,
}

impl Link {
    fn direct(stream: impl Stream + 'static) -> Self {
        Self { stream: Box::new(stream), to_proxy: false, authorization: None }
    }

    fn to_proxy(stream: impl Stream + 'static, authorization: Option<HeaderValue>) -> Self {
        Self { stream: Box::new(stream), to_proxy: true, authorization }
    }

    /// Whether it ends at a proxy, which wants to see whole URLs.
    pub(super) fn is_to_proxy(&self) -> bool {
        self.to_proxy
    }

    /// What that proxy wants to see with each request.
    pub(super) fn proxy_authorization(&self) -> Option<&HeaderValue> {
        self.authorization.as_ref()
    }

    fn stream(self: Pin<&mut Self>) -> Pin<&mut dyn Stream> {
        Pin::new(&mut *self.get_mut().stream)
    }
}

impl Read for Link {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        self.stream().poll_read(context, buffer)
    }
}

impl Write for Link {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.stream().poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stream().poll_write_vectored(context, parts)
    }
}
