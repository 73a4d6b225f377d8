//! Pool of HTTP/1.1 connections. Each serves one request at a time and is idle between two requests.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use http::Uri;
use http::header::{CONTENT_LENGTH, HOST, HeaderMap, PROXY_AUTHORIZATION};
use http_body_util::Full;
use hyper::client::conn::http1::{self, SendRequest};
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep, timeout};

use super::connect::Connector;
use super::error::ExchangeError;
use super::head::MAX_HEAD_SIZE;
use super::progress::Progress;
use crate::token::Token;
use crate::wechat::request::{BaseUrl, Request};

/// Longer than most intervals between calls, and shorter than servers keep idle connections: a request on a connection
/// that the server is closing fails.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);

/// How often idle connections are checked. Less than the limits of calls: tokio wakes itself, by a system call, for each
/// timer that ends before all others, so one that nearly always ends first spares that to every call.
const EVICTION_INTERVAL: Duration = Duration::from_secs(1);

/// Told which connection a request waits for, before it is open.
pub(super) type Opening<'a> = dyn Fn(&Arc<Progress>) + Sync + 'a;

/// A connection for one request at a time, closed on drop. It is large and often moved, so the pool boxes it.
pub(super) struct Connection {
    pub(super) sender: SendRequest<Full<Bytes>>,
    origin: Uri,
    /// The headers of the next request: those of the last one, as far as the body has the same length.
    headers: HeaderMap,
    length: usize,
    /// It ends at a proxy, which requires requests in absolute form.
    to_proxy: bool,
    /// Where it leads.
    pub(super) progress: Arc<Progress>,
    /// The head of the answer has come: the bytes before it need no bound any more. Set before a request, it makes the
    /// stream look for unexpected bytes.
    pub(super) head_received: Arc<AtomicBool>,
    /// It has served a request before: then the server may be closing it as idle.
    pub(super) reused: bool,
}

impl Connection {
    /// Builds the HTTP request in the form that this connection requires.
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
}

/// Opens connections and keeps idle ones.
pub(super) struct Pool {
    connector: Connector,
    headers: HeaderMap,
    max_idle: usize,
    idle: Mutex<IdleConnections>,
    freed: Notify,
}

#[derive(Default)]
struct IdleConnections {
    /// The most recently used one last.
    connections: Vec<(Box<Connection>, Instant)>,
    /// The task that evicts them is running.
    evicting: bool,
}

impl Pool {
    /// A pool that keeps at most `max_idle` connections and sends `headers` with every request.
    pub(super) fn new(connector: Connector, headers: HeaderMap, max_idle: usize) -> Self {
        Self { connector, headers, max_idle, idle: Mutex::default(), freed: Notify::new() }
    }

    /// An idle connection. Without one, opens a new one, unless another becomes idle first; `opening` is told which.
    pub(super) async fn connection(
        self: &Arc<Self>,
        base: &BaseUrl,
        limit: Option<Duration>,
        opening: &Opening<'_>,
    ) -> Result<Box<Connection>, ExchangeError> {
        match self.take(base.origin()) {
            Some(idle) => Ok(idle),
            None => Box::pin(self.freed_or_new(base, limit, opening)).await,
        }
    }

    async fn freed_or_new(
        self: &Arc<Self>,
        base: &BaseUrl,
        limit: Option<Duration>,
        opening: &Opening<'_>,
    ) -> Result<Box<Connection>, ExchangeError> {
        let mut connecting = Box::pin(self.connect(base, limit, opening));
        tokio::select! {
            biased;
            freed = self.freed(base.origin()) => {
                // The new connection is for the next request.
                let pool = Arc::downgrade(self);
                tokio::spawn(async move {
                    if let (Ok(connection), Some(pool)) = (connecting.await, pool.upgrade()) {
                        pool.release(connection);
                    }
                });
                opening(&freed.progress);
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
        opening: &Opening<'_>,
    ) -> impl Future<Output = Result<Box<Connection>, ExchangeError>> + Send + use<> {
        let origin = base.origin().clone();
        let progress = Arc::new(Progress::new());
        opening(&progress);
        let connecting = self.connector.connect(origin.clone(), Arc::clone(&progress));
        let mut headers = self.headers.clone();
        headers.insert(HOST, base.host_header().clone());
        async move {
            let stream = match limit {
                None => connecting.await,
                Some(limit) => {
                    let late = |_| ExchangeError::ConnectTimeout(limit, Arc::clone(&progress));
                    timeout(limit, connecting).await.map_err(late)?
                }
            };
            let stream = stream.map_err(ExchangeError::Connecting)?;
            let (to_proxy, head_received) = (stream.to_proxy, Arc::clone(&stream.head_received));
            if let Some(authorization) = &stream.authorization {
                headers.insert(PROXY_AUTHORIZATION, authorization.clone());
            }
            let broken = |error| ExchangeError::Sending(error, Arc::clone(&progress));
            let handshake = http1::Builder::new().max_buf_size(MAX_HEAD_SIZE).handshake(stream);
            let (mut sender, connection) = handshake.await.map_err(broken)?;
            let (failed, cause) = oneshot::channel();
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    // Received only while the connection is being opened.
                    let _ = failed.send(error);
                }
            });
            if let Err(error) = sender.ready().await {
                return Err(broken(cause.await.unwrap_or(error)));
            }
            Ok(Box::new(Connection {
                sender,
                origin,
                headers,
                length: 0,
                to_proxy,
                progress,
                head_received,
                reused: false,
            }))
        }
    }

    /// Takes back a connection once its answer has been read.
    pub(super) fn release(self: &Arc<Self>, mut connection: Box<Connection>) {
        connection.reused = true;
        // Already set, unless it has not served a request yet.
        connection.head_received.store(true, Ordering::Relaxed);
        let mut idle = self.idle();
        if connection.sender.is_closed() || idle.connections.len() >= self.max_idle {
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

    /// Closes the idle connections to `origin`, and forgets its addresses: they may lead to something that is not WeChat.
    pub(super) fn forget(&self, origin: &Uri) {
        Connector::forget(origin);
        self.idle().connections.retain(|(connection, _)| connection.origin != *origin);
    }

    /// Takes the most recently used connection to `origin`.
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

/// Closes connections that have been idle for `IDLE_TIMEOUT`. Ends when none is left.
async fn evict_idle(pool: Weak<Pool>) {
    loop {
        sleep(EVICTION_INTERVAL).await;
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
