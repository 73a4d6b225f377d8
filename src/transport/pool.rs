//! The open connections of a process: each serves one request at a time, and is kept for the next one.

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
use super::failure::{ConnectTimeout, Unanswered};
use crate::request::{BaseUrl, Request};
use crate::token::Token;

/// Longer than most pauses between calls, and shorter than servers keep idle connections: whoever is later than the
/// server's own cut races with it.
const IDLE: Duration = Duration::from_secs(15);

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
    kept: Mutex<Kept>,
    freed: Notify,
}

#[derive(Default)]
struct Kept {
    /// Those that served last stand last.
    connections: Vec<(Box<Connection>, Instant)>,
    /// Somebody looks after them.
    swept: bool,
}

impl Pool {
    /// A pool that keeps so many connections at most, on which every request says `headers`.
    pub(super) fn new(connector: Connector, headers: HeaderMap, most: usize) -> Self {
        Self { connector, headers, most, kept: Mutex::default(), freed: Notify::new() }
    }

    /// A kept connection, or a new one where there is none; or one that becomes free before that is open.
    pub(super) async fn connection(
        self: &Arc<Self>,
        base: &BaseUrl,
        limit: Option<Duration>,
    ) -> Result<Box<Connection>, Unanswered> {
        match self.take(base.origin()) {
            Some(kept) => Ok(kept),
            None => Box::pin(self.freed_or_new(base, limit)).await,
        }
    }

    async fn freed_or_new(
        self: &Arc<Self>,
        base: &BaseUrl,
        limit: Option<Duration>,
    ) -> Result<Box<Connection>, Unanswered> {
        let mut connecting = Box::pin(self.connect(base, limit));
        tokio::select! {
            biased;
            freed = self.freed(base.origin()) => {
                // The other one is kept for the next request.
                let pool = Arc::downgrade(self);
                tokio::spawn(async move {
                    if let (Ok(connection), Some(pool)) = (connecting.await, pool.upgrade()) {
                        pool.keep(connection);
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
    ) -> impl Future<Output = Result<Box<Connection>, Unanswered>> + Send + use<> {
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
            let link = link.map_err(Unanswered::Connecting)?;
            let to_proxy = link.is_to_proxy();
            if let Some(authorization) = link.proxy_authorization() {
                headers.insert(PROXY_AUTHORIZATION, authorization.clone());
            }
            let (mut sender, connection) = http1::handshake(link).await.map_err(Unanswered::Asking)?;
            let (failed, failure) = oneshot::channel();
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    // Of interest only until the connection is there.
                    let _ = failed.send(error);
                }
            });
            if let Err(error) = sender.ready().await {
                return Err(Unanswered::Asking(failure.await.unwrap_or(error)));
            }
            Ok(Box::new(Connection { sender, origin, headers, length: 0, to_proxy, reused: false }))
        }
    }

    /// Takes a connection back whose answer has been read.
    pub(super) fn keep(self: &Arc<Self>, mut connection: Box<Connection>) {
        connection.reused = true;
        let mut kept = self.kept();
        if connection.sender.is_closed() || kept.connections.len() >= self.most {
            return;
        }
        kept.connections.push((connection, Instant::now()));
        if !kept.swept {
            kept.swept = true;
            tokio::spawn(sweep(Arc::downgrade(self)));
        }
        drop(kept);
        self.freed.notify_one();
    }

    /// The connection to there that served last.
    fn take(&self, origin: &Uri) -> Option<Box<Connection>> {
        let mut kept = self.kept();
        loop {
            let last = kept.connections.iter().rposition(|(connection, _)| connection.origin == *origin)?;
            let (connection, since) = kept.connections.remove(last);
            if !connection.sender.is_closed() && since.elapsed() < IDLE {
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

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes connections that serve nobody for a while; ends when there are none.
async fn sweep(pool: Weak<Pool>) {
    loop {
        sleep(IDLE).await;
        let Some(pool) = pool.upgrade() else {
            return;
        };
        let mut kept = pool.kept();
        kept.connections
            .retain(|(connection, since)| !connection.sender.is_closed() && since.elapsed() < IDLE);
        if kept.connections.is_empty() {
            kept.swept = false;
            return;
        }
    }
}
