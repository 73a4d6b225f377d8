//! The HTTP transport: send one request over a pooled connection and read the size-limited body of its answer.
//!
//! No error of this module holds a URL, since URLs hold the token. May use `wechat`, `token` and `error`.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, USER_AGENT};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use crate::error::{Error, Limit, Phase};
use crate::token::Tokens;
use crate::wechat::request::{BaseUrl, Request};

mod addresses;
mod ca_file;
mod connect;
mod error;
mod head;
pub mod no_proxy;
mod options;
pub mod pem;
mod pool;
mod progress;
mod proxy;
mod resolve;
pub mod retry_after;
mod stream;
mod tls;
mod tls_problem;

pub use options::{Limits, Options, Proxy};
pub use progress::Progress;

use connect::Connector;
use error::{ExchangeError, HeadFailure};
use pool::{Connection, Opening, Pool};

/// A permit to send a request, released on drop.
pub type Permit<'a> = SemaphorePermit<'a>;

/// A connection over which an answer has come. It is closed unless [`Transport::settle`] keeps it.
pub struct AnsweredConnection(Box<Connection>);

/// The connections of one client in one process.
pub struct Transport {
    pool: Arc<Pool>,
    permits: Semaphore,
}

impl Transport {
    /// Reads the certificates. Opens no connection.
    ///
    /// # Errors
    /// [`Error::Argument`] for a CA file or a proxy that cannot be used, [`Error::Transport`] where the system has no
    /// certificates.
    pub fn new(options: &Options) -> Result<Self, Error> {
        let connector = Connector::new(Arc::new(tls::configuration(options)?), options)?;
        let headers = HeaderMap::from_iter([
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (ACCEPT, HeaderValue::from_static("application/json")),
            (USER_AGENT, options.user_agent.clone()),
        ]);
        Ok(Self {
            pool: Arc::new(Pool::new(connector, headers, options.max_concurrency)),
            permits: Semaphore::new(options.max_concurrency),
        })
    }

    /// Sends `request` and returns the body of its answer, with the connection to settle once the body is decoded.
    ///
    /// If a reused connection breaks before the first byte of the answer, the request is sent once more on a new one:
    /// the server has probably closed the idle connection, and all operations are reads.
    ///
    /// If the request has to wait for a connection to open, `opening` is told which.
    ///
    /// # Errors
    /// [`Error::Transport`], [`Error::Timeout`], [`Error::HttpStatus`] for every status but 200, and
    /// [`Error::Decode`] for a body that is compressed or too large.
    pub async fn send(
        &self,
        base: &BaseUrl,
        request: &Request,
        tokens: &Tokens,
        limits: &Limits,
        opening: &Opening<'_>,
    ) -> Result<(Vec<u8>, AnsweredConnection), Error> {
        let no_connection = |error: ExchangeError| error::head(error, tokens).into_error();
        let mut connection =
            self.pool.connection(base, limits.connect, opening).await.map_err(no_connection)?;
        let mut response = head(&mut connection, base, request, tokens, limits.read).await;
        if matches!(response, Err(HeadFailure::Broken(_))) && connection.reused {
            // Boxed: it is rare, and inline it would enlarge the future of every call.
            let replaced = Box::pin(async {
                let mut fresh =
                    self.pool.connect(base, limits.connect, opening).await.map_err(no_connection)?;
                let response = head(&mut fresh, base, request, tokens, limits.read).await;
                Ok((fresh, response))
            });
            (connection, response) = replaced.await?;
        }
        let response = response.map_err(HeadFailure::into_error)?;
        if let Err(error) = head::check(&response, request.max_answer_size) {
            drop(response);
            if head::is_from_busy_server(&error) {
                self.pool.release(connection);
            } else {
                self.pool.forget(base.origin());
            }
            return Err(error);
        }
        let body = body(response, request.max_answer_size, limits.read, &connection.progress).await?;
        Ok((body, AnsweredConnection(connection)))
    }

    /// Keeps the connection for the next request if the answer was WeChat's. Otherwise closes all idle connections to that
    /// host as well, and forgets its addresses: they have probably led to the same place.
    pub fn settle(&self, base: &BaseUrl, connection: AnsweredConnection, is_from_wechat: bool) {
        if is_from_wechat {
            self.pool.release(connection.0);
        } else {
            self.pool.forget(base.origin());
        }
    }

    /// Waits for a permit. Acquire it before [`Transport::send`] and hold it until that returns.
    ///
    /// # Errors
    /// Never: the semaphore is not closed.
    pub async fn permit(&self) -> Result<Permit<'_>, Error> {
        self.permits.acquire().await.map_err(|_| Error::permanent(Phase::Start, "the client is closing"))
    }
}

/// Sends the request and waits for the head of its answer, within `limit`. Connecting has a limit of its own.
async fn head(
    connection: &mut Connection,
    base: &BaseUrl,
    request: &Request,
    tokens: &Tokens,
    limit: Option<Duration>,
) -> Result<http::Response<Incoming>, HeadFailure> {
    let prepared = connection.prepare(base, request, tokens.current()).map_err(HeadFailure::Final)?;
    let answer = async {
        // Nearly always ready at once.
        connection.sender.ready().await?;
        let response = connection.sender.send_request(prepared).await;
        connection.head_received.store(true, Ordering::Relaxed);
        response
    };
    let answer = match limit {
        None => answer.await,
        Some(limit) => timeout(limit, answer).await.map_err(|_| {
            let detail = connection.progress.to_string();
            HeadFailure::Final(Error::Timeout { limit: Limit::Read, after: limit, detail })
        })?,
    };
    answer
        .map_err(|error| error::head(ExchangeError::Sending(error, Arc::clone(&connection.progress)), tokens))
}

async fn body(
    response: http::Response<Incoming>,
    max_size: usize,
    limit: Option<Duration>,
    progress: &Progress,
) -> Result<Vec<u8>, Error> {
    let mut incoming = response.into_body();
    let announced = incoming.size_hint().exact().and_then(|length| usize::try_from(length).ok());
    let mut body = Vec::with_capacity(announced.unwrap_or(1024).min(max_size));
    while !incoming.is_end_stream() {
        let frame = match limit {
            None => incoming.frame().await,
            Some(limit) => timeout(limit, incoming.frame()).await.map_err(|_| Error::Timeout {
                limit: Limit::Read,
                after: limit,
                detail: progress.during(Phase::Body),
            })?,
        };
        let Some(frame) = frame.transpose().map_err(|error| error::body(&error, progress))? else {
            break;
        };
        // A frame without data holds trailers, which are ignored.
        let data = frame.into_data().unwrap_or_default();
        if body.len() + data.len() > max_size {
            return Err(error::too_large(max_size));
        }
        body.extend_from_slice(&data);
    }
    Ok(body)
}
