//! The open connections of a process: each serves one request at a time, and is idle for the next one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use http::Uri;
use http::header::{CONTENT_LENGTH, HOST, HeaderMap, PROXY_AUTHORIZATION};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep, timeout};

use super::connect::Connector;
use super::error::{ConnectTimeout, ExchangeError};
use crate::token::Token;
use crate::wechat::request::{BaseUrl, Request};

/// Longer than most pauses between calls, and shorter than servers keep idle connections: whoever is later than the
/// server's own cut races with it.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);

/// A connection, for one request at a time. Dropping it closes it. Boxed, for it is large and often moved.
pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    origin: Uri,
    /// What the next request on it says; nearly always what the last one said, its length included.
    headers: HeaderMap,
    length: usize,
    /// It ends at a proxy, which wants to see whole URLs.
    to_proxy: bool,
    /// It has served a request before.
    reused: bool,
}

impl Connection {
    /// Whether it has served a request before: then the server may be closing it at this very moment.
    pub(super) fn is_reused(&self) -> bool {
        self.reused
    }

    /// A request in the form that this connection wants.
    pub(super) fn prepare(
        &mut self,
        base: &BaseUrl,
        request: &Request,
        token: &Token,
    ) -> Result<http::Request<Full<Bytes>>, crate::error::Error> {
        let uri = if self.to_proxy { request.uri(base, token)? } else { request.origin_form(base, token)? };
        if self.length != request.body.len() {
            self.length = request.body.len();
            match self.length {
                0 => drop(self.headers.remove(CONTENT_LENGTH)),
                length => drop(self.headers.insert(CONTENT_LENGTH, length.into())),
            }
        }
        let mut prepared = http::Request::new(Full::new(request.body.clone()));
        *prepared.method_mut() = request.method.clone();
        *prepared.uri_mut() = uri;
        *prepared.headers_mut() = self.headers.clone();
        Ok(prepared)
    }

    /// Waits until it can take a request: nearly always it can.
    pub(super) async fn ready(&mut self) -> hyper::Result<()> {
        self.sender.ready().await
    }

    /// Sends a request, and waits for the head of its answer.
    pub(super) fn ask(
        &mut self,
        prepared: http::Request<Full<Bytes>>,
    ) -> impl Future<Output = hyper::Result<http::Response<Incoming>>> + use<> {
        self.sender.send_request(prepared)
    }
}

/// Makes connections, and keeps those that serve nobody.
pub(super) struct Pool {
    connector: Connector,
    headers: HeaderMap,
    most: usize,
    idle: Mutex<IdleConnections>,
    freed: Notify,
}

#[derive(Default)]
struct IdleConnections {
    /// Those that served last stand last.
    connections: Vec<(Box<Connection>, Instant)>,
    /// Somebody looks after them.
    evicting: bool,
}

impl Pool {
    /// A pool that keeps so many connections at most, on which every request says `headers`.
    pub(super) fn new(connector: Connector, headers: HeaderMap, most: usize) -> Self {
        Self { connector, headers, most, idle: Mutex::default(), freed: Notify::new() }
    }

    /// An idle connection, or a new one where there is none; or one that becomes free before that is open.
    pub(super) async fn connection(
        self: &Arc<Self>,
        base: &BaseUrl,
        limit: Option<Duration>,
    ) -> Result<Box<Connection>, ExchangeError> {
        match self.take(base.origin()) {
            Some(idle) => Ok(idle),
            None => Box::pin(self.freed_or_new(base, limit)).await,
        }
    }

    async fn freed_or_new(
        self: &Arc<Self>,
        base: &BaseUrl,
        limit: Option<Duration>,
    ) -> Result<Box<Connection>, ExchangeError> {
        let mut connecting = Box::pin(self.connect(base, limit));
        tokio::select! {
            biased;
            freed = self.freed(base.origin()) => {
                // The other one is idle for the next request.
                let pool = Arc::downgrade(self);
                tokio::spawn(async move {
                    if let (Ok(connection), Some(pool)) = (connecting.await, pool.upgrade()) {
                        pool.release(connection);
                    }
                });
                Ok(freed)
            }
            connected = &mut connecting => connected,
        }
    }

    /// Opens a connection.
    pub(super) fn connect(
        &self,
        base: &BaseUrl,
        limit: Option<Duration>,
    ) -> impl Future<Output = Result<Box<Connection>, ExchangeError>> + Send + use<> {
        let origin = base.origin().clone();
        let connecting = self.connector.connect(origin.clone());
        let mut headers = self.headers.clone();
        headers.insert(HOST, base.host_header().clone());
        async move {
            let link = match limit {
                None => connecting.await,
                Some(limit) => {
                    timeout(limit, connecting).await.unwrap_or_else(|_| Err(ConnectTimeout(limit).into()))
                }
            };
            let link = link.map_err(ExchangeError::Connecting)?;
            let to_proxy = link.is_to_proxy();
            if let Some(authorization) = link.proxy_authorization() {
                headers.insert(PROXY_AUTHORIZATION, authorization.clone());
            }
            let (mut sender, connection) = http1::handshake(link).await.map_err(ExchangeError::Asking)?;
            let (failed, cause) = oneshot::channel();
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    // Of interest only until the connection is there.
                    let _ = failed.send(error);
                }
            });
            if let Err(error) = sender.ready().await {
                return Err(ExchangeError::Asking(cause.await.unwrap_or(error)));
            }
            Ok(Box::new(Connection { sender, origin, headers, length: 0, to_proxy, reused: false }))
        }
    }

    /// Takes a connection back whose answer has been read.
    pub(super) fn release(self: &Arc<Self>, mut connection: Box<Connection>) {
        connection.reused = true;
        let mut idle = self.idle();
        if connection.sender.is_closed() || idle.connections.len() >= self.most {
            return;
        }
        idle.connections.push((connection, Instant::now()));
        if !idle.evicting {
            idle.evicting = true;
            tokio::spawn(evict_idle(Arc::downgrade(self)));
        }
        drop(idle);
        self.freed.notify_one();
    }

    /// The connection to there that served last.
    fn take(&self, origin: &Uri) -> Option<Box<Connection>> {
        let mut idle = self.idle();
        loop {
            let last = idle.connections.iter().rposition(|(connection, _)| connection.origin == *origin)?;
            let (connection, since) = idle.connections.remove(last);
            if !connection.sender.is_closed() && since.elapsed() < IDLE_TIMEOUT {
                return Some(connection);
            }
        }
    }

    async fn freed(&self, origin: &Uri) -> Box<Connection> {
        loop {
            if let Some(connection) = self.take(origin) {
                return connection;
            }
            self.freed.notified().await;
        }
    }

    fn idle(&self) -> MutexGuard<'_, IdleConnections> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes connections that serve nobody for a while; ends when there are none.
async fn evict_idle(pool: Weak<Pool>) {
    loop {
        sleep(IDLE_TIMEOUT).await;
        let Some(pool) = pool.upgrade() else {
            return;
        };
        let mut idle = pool.idle();
        idle.connections
            .retain(|(connection, since)| !connection.sender.is_closed() && since.elapsed() < IDLE_TIMEOUT);
        if idle.connections.is_empty() {
            idle.evicting = false;
            return;
        }
    }
}
