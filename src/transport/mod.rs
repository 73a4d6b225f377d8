//! The HTTP client of a process: from a request to the size-capped body of its answer. URLs, which hold the token, are
//! taken off errors here, once.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, USER_AGENT};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;
use url::Url;

use crate::error::{Error, Limit, Phase};
use crate::token::Tokens;
use crate::wechat::request::{BaseUrl, Request};

mod connect;
mod error;
mod head;
mod pool;
pub mod retry_after;
mod tls;

use connect::Connector;
use error::{ExchangeError, HeadFailure};
use pool::{Connection, Pool};

/// How to reach WeChat; fixed for the life of a client.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where calls go.
    pub base: BaseUrl,
    /// Where else, in this order.
    pub fallbacks: Vec<BaseUrl>,
    /// Through which proxy, if any.
    pub proxy: Option<Proxy>,
    /// The only certificates to trust, PEM; the system's where None.
    pub ca_file: Option<PathBuf>,
    /// The `User-Agent`.
    pub user_agent: HeaderValue,
    /// How many requests may be under way at once.
    pub max_concurrency: usize,
}

impl Options {
    /// All places where calls go.
    pub fn bases(&self) -> impl Iterator<Item = &BaseUrl> {
        std::iter::once(&self.base).chain(&self.fallbacks)
    }

    /// The place with that number, 0 the preferred one.
    #[must_use]
    pub fn base(&self, number: usize) -> &BaseUrl {
        number.checked_sub(1).and_then(|index| self.fallbacks.get(index)).unwrap_or(&self.base)
    }
}

/// A proxy; its URL may hold credentials, so Debug shows none of it.
#[derive(Clone)]
pub struct Proxy {
    /// http or https, with user and password if need be.
    pub url: Url,
    /// Hosts that are reached directly, as in `NO_PROXY`.
    pub except: Option<String>,
}

impl fmt::Debug for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Proxy(***)")
    }
}

/// The limits of one attempt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// For a new connection, from the name to the end of the TLS handshake.
    pub connect: Option<Duration>,
    /// For the head of the answer, and for each further piece of its body.
    pub read: Option<Duration>,
}

/// A permit among the requests under way; free again when it is dropped.
pub type Permit<'a> = SemaphorePermit<'a>;

/// What one client has in one process to reach WeChat.
pub struct Transport {
    pool: Arc<Pool>,
    permits: Semaphore,
}

impl Transport {
    /// Reads the certificates; opens nothing.
    ///
    /// # Errors
    /// [`Error::Argument`] for a CA file or a proxy that cannot be used, [`Error::Transport`] where the system does not
    /// allow it.
    pub fn new(options: &Options) -> Result<Self, Error> {
        let connector = Connector::new(Arc::new(tls::configuration(options)?), options.proxy.as_ref())?;
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

    /// Sends `request` once and gives the body of the answer.
    ///
    /// A reused connection that dies before a byte of the answer is replaced by a fresh one, silently: the server
    /// closed it for being idle, and the call is a read.
    ///
    /// # Errors
    /// [`Error::Transport`], [`Error::Timeout`], [`Error::HttpStatus`] for every status but 200, and
    /// [`Error::Decode`] for a body that is compressed or above the cap.
    pub async fn send(
        &self,
        base: &BaseUrl,
        request: &Request,
        tokens: &Tokens,
        limits: &Limits,
    ) -> Result<Vec<u8>, Error> {
        let unanswered = |unanswered: ExchangeError| error::head(&unanswered, tokens).into_error();
        let mut connection = self.pool.connection(base, limits.connect).await.map_err(unanswered)?;
        let mut response = head(&mut connection, base, request, tokens, limits.read).await;
        if matches!(response, Err(HeadFailure::Broken(_))) && connection.is_reused() {
            // Boxed, since it is rare and every call would have the room for it.
            let replaced = Box::pin(async {
                let mut fresh = self.pool.connect(base, limits.connect).await.map_err(unanswered)?;
                let response = head(&mut fresh, base, request, tokens, limits.read).await;
                Ok((fresh, response))
            });
            (connection, response) = replaced.await?;
        }
        let response = response.map_err(HeadFailure::into_error)?;
        if let Err(error) = head::check(&response, request.answer_cap) {
            if matches!(error, Error::HttpStatus { .. }) {
                drop(response);
                self.pool.release(connection);
            }
            // QuotaSubject sends what no honest server sends may have sent more: otherwise the connection is closed.
            return Err(error);
        }
        let body = body(response, request.answer_cap, limits.read).await?;
        self.pool.release(connection);
        Ok(body)
    }

    /// A permit among the requests under way: to be had before [`Transport::send`] and kept until it ends.
    ///
    /// # Errors
    /// Never: the permits are not closed while somebody waits for one.
    pub async fn permit(&self) -> Result<Permit<'_>, Error> {
        self.permits.acquire().await.map_err(|_| Error::permanent(Phase::Start, "the client is closing"))
    }
}

/// Sends the request, and waits for the head of its answer. Time spent on connecting does not count: it has a limit of
/// its own.
async fn head(
    connection: &mut Connection,
    base: &BaseUrl,
    request: &Request,
    tokens: &Tokens,
    limit: Option<Duration>,
) -> Result<http::Response<Incoming>, HeadFailure> {
    let broken = |error| error::head(&ExchangeError::Asking(error), tokens);
    let answer = async {
        connection.ready().await.map_err(broken)?;
        let prepared = connection.prepare(base, request, tokens.current()).map_err(HeadFailure::Final)?;
        connection.ask(prepared).await.map_err(broken)
    };
    match limit {
        None => answer.await,
        Some(limit) => timeout(limit, answer).await.unwrap_or_else(|_| {
            let detail = Phase::Head.to_string();
            Err(HeadFailure::Final(Error::Timeout { limit: Limit::Read, after: limit, detail }))
        }),
    }
}

async fn body(
    response: http::Response<Incoming>,
    cap: usize,
    limit: Option<Duration>,
) -> Result<Vec<u8>, Error> {
    let mut incoming = response.into_body();
    let announced = incoming.size_hint().exact().and_then(|length| usize::try_from(length).ok());
    let mut body = Vec::with_capacity(announced.unwrap_or(1024).min(cap));
    while !incoming.is_end_stream() {
        let frame = match limit {
            None => incoming.frame().await,
            Some(limit) => timeout(limit, incoming.frame()).await.map_err(|_| Error::Timeout {
                limit: Limit::Read,
                after: limit,
                detail: Phase::Body.to_string(),
            })?,
        };
        let Some(frame) = frame.transpose().map_err(|error| error::body(&error))? else {
            break;
        };
        // Trailers are of no use.
        let data = frame.into_data().unwrap_or_default();
        if body.len() + data.len() > cap {
            return Err(error::too_large(cap));
        }
        body.extend_from_slice(&data);
    }
    Ok(body)
}
