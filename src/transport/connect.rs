//! Open connections: directly, or through a proxy.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use http::uri::Scheme;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::Connection;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::time::timeout;
use tower_service::Service;

use super::addresses::{self, ConnectError};
use super::error;
use super::options::Options;
use super::progress::{Progress, place};
use super::proxy::{Kind, Opened, ProxyRoute, authority};
use super::resolve::{self, LookupError};
use super::stream::{Io, Socket, Stream};
use crate::error::{Error, Phase};

type BoxFuture<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

/// The longest lookup of a client with several hosts: it leaves time for the next one. The lookup itself goes on, and the
/// next call that needs the name waits for the same answer.
const LOOKUP_LIMIT: Duration = Duration::from_secs(2);

const DEFAULT_SOCKS_PORT: u16 = 1080;

/// Stands before the name of a proxy in messages.
const THE_PROXY: &str = "the proxy ";

/// Opens connections.
#[derive(Clone)]
pub(super) struct Connector {
    tls: Arc<ClientConfig>,
    proxy: Option<Arc<ProxyRoute>>,
    lookup_limit: Option<Duration>,
}

impl Connector {
    pub(super) fn new(tls: Arc<ClientConfig>, options: &Options) -> Result<Self, Error> {
        let proxy = options.proxy.as_ref().map(ProxyRoute::new).transpose()?;
        let lookup_limit = (!options.fallbacks.is_empty()).then_some(LOOKUP_LIMIT);
        Ok(Self { tls, proxy: proxy.map(Arc::new), lookup_limit })
    }

    /// Opens a connection to `origin`. `progress` tells what it is doing.
    pub(super) fn connect(&self, origin: Uri, progress: Arc<Progress>) -> BoxFuture<Stream, Error> {
        let connector = self.clone();
        Box::pin(async move {
            match connector.proxy.as_ref().filter(|proxy| proxy.leads_to(&origin)) {
                None => connector.direct(&origin, &progress).await,
                Some(proxy) => connector.through(proxy, &origin, &progress).await,
            }
        })
    }

    /// Forgets where `origin` is: the next connection looks its name up anew.
    pub(super) fn forget(origin: &Uri) {
        resolve::forget(destination(origin).0);
    }

    async fn direct(&self, origin: &Uri, progress: &Progress) -> Result<Stream, Error> {
        let (host, _) = destination(origin);
        let (tcp, address) = self.tcp(origin, "", progress).await?;
        Ok(Stream::direct(self.secure(origin, tcp, place(host, &[address]), progress).await?))
    }

    async fn through(&self, proxy: &ProxyRoute, origin: &Uri, progress: &Progress) -> Result<Stream, Error> {
        if proxy.kind != Kind::Http {
            return self.through_socks(proxy, origin, progress).await;
        }
        let (tcp, address) = self.tcp(&proxy.uri, THE_PROXY, progress).await?;
        let at = place(destination(&proxy.uri).0, &[address]);
        let io = self.secure(&proxy.uri, tcp, format!("{THE_PROXY}{at}"), progress).await?;
        if origin.scheme() == Some(&Scheme::HTTP) {
            return Ok(Stream::to_proxy(io, proxy.authorization.clone()));
        }
        let (host, port) = destination(origin);
        progress.enter(Phase::Proxy, format!("{} through {THE_PROXY}{at}", authority(host, port)));
        let io = proxy.tunnel(io, host, port).await.map_err(|error| error::tunnel(&*error, progress))?;
        let place = format!("{host} through {THE_PROXY}{at}");
        Ok(Stream::direct(self.secure(origin, io, place, progress).await?))
    }

    /// Connects through a SOCKS proxy. If names are looked up here, to the first address that the proxy can reach.
    async fn through_socks(
        &self,
        proxy: &ProxyRoute,
        origin: &Uri,
        progress: &Progress,
    ) -> Result<Stream, Error> {
        let (host, port) = destination(origin);
        let mut hosts = vec![host.to_owned()];
        if proxy.kind.needs_address() {
            let addresses = self.look_up(host, port, "", progress).await?.into_iter();
            let usable = addresses.filter(|address| proxy.kind == Kind::Socks5 || address.is_ipv4());
            hosts = usable.map(|address| address.ip().to_string()).collect();
        }
        let mut failure = None;
        for target in hosts {
            let (tcp, address) = self.tcp(&proxy.uri, THE_PROXY, progress).await?;
            let at = place(destination(&proxy.uri).0, &[address]);
            progress.enter(Phase::Proxy, format!("{} through {THE_PROXY}{at}", authority(&target, port)));
            match proxy.tunnel(tcp, &target, port).await {
                Ok(io) => {
                    let place = format!("{host} through {THE_PROXY}{at}");
                    return Ok(Stream::direct(self.secure(origin, io, place, progress).await?));
                }
                Err(error) => {
                    let error = error::tunnel(&*error, progress);
                    if matches!(error, Error::Transport { transient: false, .. }) {
                        return Err(error);
                    }
                    failure = Some(error);
                }
            }
        }
        Self::forget(origin);
        Err(failure.unwrap_or_else(|| progress.error("it has no IPv4 address, and SOCKS 4 needs one", false)))
    }

    /// Opens a TCP connection to the host of `uri`. `what` says before its name what it is.
    async fn tcp(
        &self,
        uri: &Uri,
        what: &str,
        progress: &Progress,
    ) -> Result<(TokioIo<Socket>, SocketAddr), Error> {
        let (host, port) = destination(uri);
        let found = self.look_up(host, port, what, progress).await?;
        let ordered = addresses::order(found, resolve::preferred(host, port));
        let trying = |addresses: &[SocketAddr]| {
            progress.enter(Phase::Connect, format!("{what}{}", place(host, addresses)));
        };
        match addresses::connect(&ordered, trying).await {
            Ok((tcp, address)) => {
                resolve::prefer(host, port, address.ip());
                Ok((TokioIo::new(Socket::new(tcp)), address))
            }
            Err(ConnectError::Unreachable(problem)) => {
                // Its addresses may have changed.
                Self::forget(uri);
                Err(progress.error(problem, true))
            }
            Err(ConnectError::Exhausted(problem)) => {
                progress.enter(Phase::Start, "");
                Err(progress.error(problem, true))
            }
        }
    }

    async fn look_up(
        &self,
        host: &str,
        port: u16,
        what: &str,
        progress: &Progress,
    ) -> Result<Vec<SocketAddr>, Error> {
        let name = if what.is_empty() { host.to_owned() } else { format!("of {what}{host}") };
        progress.enter(Phase::Resolve, name);
        let lookup = resolve::addresses(host, port);
        let found = match self.lookup_limit {
            None => lookup.await,
            Some(limit) => timeout(limit, lookup).await.unwrap_or_else(|_| {
                Err(LookupError::Failed(format!("no answer within {} s", limit.as_secs())))
            }),
        };
        found.map_err(|error| match error {
            LookupError::Failed(problem) => progress.error(problem, true),
            LookupError::Exhausted(problem) => {
                progress.enter(Phase::Start, "");
                progress.error(problem, true)
            }
        })
    }

    /// Adds TLS to a connection if the scheme of `uri` requires it. `place` says where the connection leads.
    async fn secure<S>(
        &self,
        uri: &Uri,
        io: S,
        place: String,
        progress: &Progress,
    ) -> Result<MaybeHttpsStream<S>, Error>
    where
        S: Connection + Io + 'static,
    {
        if uri.scheme() == Some(&Scheme::HTTPS) {
            progress.enter(Phase::Tls, place.as_str());
        }
        let io = HttpsConnector::from((Opened(Some(io)), Arc::clone(&self.tls))).call(uri.clone()).await;
        let io = io.map_err(|error| {
            // Another of its addresses may lead to WeChat.
            Self::forget(uri);
            error::tls(&*error, progress)
        })?;
        progress.enter(Phase::Head, place);
        Ok(io)
    }
}

/// The host, without the brackets of an IPv6 address, and the port.
fn destination(uri: &Uri) -> (&str, u16) {
    let host = uri.host().unwrap_or_default();
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let default = match uri.scheme_str() {
        Some("http") => 80,
        Some("https") => 443,
        _ => DEFAULT_SOCKS_PORT,
    };
    (host, uri.port_u16().unwrap_or(default))
}
