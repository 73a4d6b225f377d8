//! Open connections: directly, or through a proxy.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use http::uri::Scheme;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiAddrs, GaiResolver, Name};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tower_service::Service;

use super::error::{BoxError, ResolveError, unusable_proxy};
use super::options::Proxy;
use super::stream::{Socket, Stream};
use crate::error::Error;

type BoxFuture<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

/// Makes the kernel detect dead peers: routers drop idle connections silently.
const KEEPALIVE: Duration = Duration::from_secs(15);
const KEEPALIVE_PROBES: u32 = 3;
/// The longest that sent data may stay unacknowledged.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);

/// Opens connections.
pub(super) struct Connector {
    direct: HttpsConnector<TcpConnector>,
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
            direct: HttpsConnector::from((TcpConnector(http), Arc::clone(&tls))),
            tls,
            proxy: proxy.map(matcher).transpose()?,
        })
    }

    /// Opens a connection to `origin`.
    pub(super) fn connect(&self, origin: Uri) -> BoxFuture<Stream, BoxError> {
        let mut direct = self.direct.clone();
        let Some(proxy) = self.proxy.as_ref().and_then(|proxy| proxy.intercept(&origin)) else {
            let connecting = direct.call(origin);
            return Box::pin(async move { Ok(Stream::direct(connecting.await?)) });
        };
        if origin.scheme() == Some(&Scheme::HTTP) {
            let connecting = direct.call(proxy.uri().clone());
            let authorization = proxy.basic_auth().cloned();
            return Box::pin(async move { Ok(Stream::to_proxy(connecting.await?, authorization)) });
        }
        let mut tunnel = Tunnel::new(proxy.uri().clone(), direct);
        if let Some(authorization) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(authorization.clone());
        }
        let connecting = HttpsConnector::from((tunnel, Arc::clone(&self.tls))).call(origin);
        Box::pin(async move { Ok(Stream::direct(connecting.await?)) })
    }
}

/// Opens TCP connections.
#[derive(Clone)]
struct TcpConnector(HttpConnector<Resolver>);

impl Service<Uri> for TcpConnector {
    type Response = TokioIo<Socket>;
    type Error = BoxError;
    type Future = BoxFuture<TokioIo<Socket>, BoxError>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, origin: Uri) -> Self::Future {
        let connecting = self.0.call(origin);
        Box::pin(async move { Ok(TokioIo::new(Socket::new(connecting.await?.into_inner()))) })
    }
}

fn matcher(proxy: &Proxy) -> Result<Matcher, Error> {
    let build = |except: &str| Matcher::builder().all(proxy.url.as_str()).no(except).build();
    // The matcher ignores a URL that it cannot parse, so that calls would bypass the proxy.
    if build("").intercept(&Uri::from_static("https://api.weixin.qq.com")).is_none() {
        return Err(unusable_proxy());
    }
    Ok(build(proxy.except.as_deref().unwrap_or_default()))
}

/// Resolves names by the system's resolver, and marks its errors as [`ResolveError`].
#[derive(Clone)]
pub(super) struct Resolver(GaiResolver);

impl Service<Name> for Resolver {
    type Response = GaiAddrs;
    type Error = ResolveError;
    type Future = BoxFuture<GaiAddrs, ResolveError>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), ResolveError>> {
        self.0.poll_ready(context).map_err(ResolveError)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let addresses = self.0.call(name);
        Box::pin(async move { addresses.await.map_err(ResolveError) })
    }
}
