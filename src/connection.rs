//! What the connector sees of a call: the bound on connecting, and whether the call got a connection of its own.
//!
//! A connection that was used before may be closed by the server just when the next request is on its way
//! (api.weixin.qq.com is known for it). Such a call is sent again at once; but one whose fresh connection dies is a
//! failure like any other. The HTTP client does not tell the two apart, so what stands around its connector does.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Instant;
use tower_service::Service;

tokio::task_local! {
    static WATCH: Watch;
}

/// How far the connecting of one request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// It needed no new connection, as far as is known.
    Reused,
    /// It has been connecting since then.
    Connecting(Instant),
    /// It got a connection of its own at that moment.
    Fresh(Instant),
}

/// Follows the connecting of one request.
#[derive(Debug, Clone)]
pub struct Watch {
    limit: Option<Duration>,
    progress: Arc<Mutex<Progress>>,
}

impl Watch {
    /// A watch that lets one connection take at most `limit`.
    #[must_use]
    pub fn new(limit: Option<Duration>) -> Self {
        Self { limit, progress: Arc::new(Mutex::new(Progress::Reused)) }
    }

    /// Runs a request under this watch.
    pub async fn follow<F: Future>(&self, request: F) -> F::Output {
        WATCH.scope(self.clone(), request).await
    }

    /// How far it is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, progress: Progress) {
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner) = progress;
    }

    /// Tells the request in whose scope this runs. A connection that goes on in the background, because
    /// another one became free first, has no such scope and tells nobody.
    fn tell(progress: Progress) {
        let _ = WATCH.try_with(|watch| watch.set(progress));
    }
}

/// Connecting took longer than `Timeout.connect`.
#[derive(Debug)]
pub struct ConnectTimeout(pub Duration);

impl std::fmt::Display for ConnectTimeout {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "no connection within {} s", self.0.as_secs_f64())
    }
}

impl std::error::Error for ConnectTimeout {}

/// A connector that keeps the limit of the request it connects for, and tells its watch.
#[derive(Debug, Clone)]
pub struct Watched<S> {
    inner: S,
}

impl<S> Watched<S> {
    /// Puts itself around a connector.
    pub fn new(inner: S) -> Self {
        Self { inner }
    }
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

impl<S, R> Service<R> for Watched<S>
where
    S: Service<R>,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, target: R) -> Self::Future {
        let limit = WATCH.try_with(|watch| watch.limit).ok().flatten();
        let connecting = self.inner.call(target);
        Box::pin(async move {
            Watch::tell(Progress::Connecting(Instant::now()));
            let connection = match limit {
                None => connecting.await.map_err(Into::into),
                Some(limit) => match tokio::time::timeout(limit, connecting).await {
                    Ok(connected) => connected.map_err(Into::into),
                    Err(_) => Err(BoxError::from(ConnectTimeout(limit))),
                },
            }?;
            Watch::tell(Progress::Fresh(Instant::now()));
            Ok(connection)
        })
    }
}
