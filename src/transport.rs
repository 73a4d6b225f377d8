//! The HTTP client of a process: from an operation to the size-capped body of its answer. URLs, which hold the token, are
//! taken off errors here, once.

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use reqwest::StatusCode;
use reqwest::header::{
    ACCEPT, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER,
    TRANSFER_ENCODING, USER_AGENT,
};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout};

use crate::connection::{Progress, Watch, WatchLayer};
use crate::error::{Error, Limit, Phase};
use crate::request::{BaseUrl, Operation};
use crate::retry;
use crate::token::Token;

mod failure;
mod tls;

/// Answers of this interface have a few hundred bytes.
const BODY_CAP: usize = 256 * 1024;
/// More than any honest head; hyper itself would take 400 KiB.
const HEAD_CAP: usize = 64 * 1024;
/// reqwest's 90 s race the server's own cut; 15 s stay below it.
const IDLE: Duration = Duration::from_secs(15);

/// How to reach WeChat; fixed for the life of a client.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where calls go.
    pub base: BaseUrl,
    /// Through which proxy, if any.
    pub proxy: Option<Proxy>,
    /// The only certificates to trust, PEM; the system's where None.
    pub ca_file: Option<PathBuf>,
    /// The `User-Agent`.
    pub user_agent: HeaderValue,
    /// How many requests may be under way at once.
    pub max_concurrency: usize,
}

/// A proxy; its URL may hold credentials, so Debug shows none of it.
#[derive(Clone)]
pub struct Proxy {
    /// http or https, with user and password if need be.
    pub url: reqwest::Url,
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

/// The connections of one client in one process.
pub struct Transport {
    base: BaseUrl,
    headers: HeaderMap,
    pooled: reqwest::Client,
    /// Never reuses a connection: for what a reused one failed.
    fresh: reqwest::Client,
    places: Semaphore,
}

impl Transport {
    /// Reads the certificates and makes the clients; opens nothing.
    ///
    /// # Errors
    /// [`Error::Argument`] for a CA file that cannot be used, [`Error::Transport`] where the system does not allow it.
    pub fn new(options: &Options) -> Result<Self, Error> {
        let tls = tls::configuration(options)?;
        let build = |idle: usize| {
            let mut builder = reqwest::Client::builder()
                .tls_backend_preconfigured(tls.clone())
                .https_only(options.base.is_https())
                .http1_only()
                .redirect(reqwest::redirect::Policy::none())
                .referer(false)
                .retry(reqwest::retry::never())
                .pool_idle_timeout(IDLE)
                .pool_max_idle_per_host(idle)
                .connector_layer(WatchLayer)
                // reqwest would read the proxy variables by itself; which apply is decided in `config`.
                .no_proxy();
            if let Some(proxy) = &options.proxy {
                let except = proxy.except.as_deref().and_then(reqwest::NoProxy::from_string);
                let proxy = reqwest::Proxy::all(proxy.url.clone()).map_err(|_| failure::unusable_proxy())?;
                builder = builder.proxy(proxy.no_proxy(except));
            }
            builder
                .build()
                .map_err(|error| Error::lasting(Phase::Start, failure::describe(&error.without_url())))
        };
        Ok(Self {
            base: options.base.clone(),
            headers: HeaderMap::from_iter([
                (CONTENT_TYPE, HeaderValue::from_static("application/json")),
                (ACCEPT, HeaderValue::from_static("application/json")),
                (USER_AGENT, options.user_agent.clone()),
            ]),
            pooled: build(options.max_concurrency)?,
            fresh: build(0)?,
            places: Semaphore::new(options.max_concurrency),
        })
    }

    /// Sends `operation` once and gives the body of the answer.
    ///
    /// A reused connection that dies before a byte of the answer is replaced by a fresh one, silently: the server
    /// closed it for being idle, and the call is a read.
    ///
    /// # Errors
    /// [`Error::Transport`], [`Error::Timeout`], [`Error::HttpStatus`] for every status but 200, and
    /// [`Error::Decode`] for a body that is compressed or above the cap.
    pub async fn send(&self, operation: &Operation, token: &Token, limits: Limits) -> Result<Vec<u8>, Error> {
        let watch = Watch::new(limits.connect);
        let head = match self.head(&self.pooled, operation, token, limits, &watch).await {
            Err(failure::HeadFailure::Broken(_)) if watch.progress() == Progress::Reused => {
                let watch = Watch::new(limits.connect);
                self.head(&self.fresh, operation, token, limits, &watch).await
            }
            head => head,
        };
        body(head.map_err(failure::HeadFailure::into_error)?, limits.read).await
    }

    /// A place among the requests under way: to be had before [`Transport::send`] and kept until it ends.
    ///
    /// # Errors
    /// Never: the places are not closed while somebody waits for one.
    pub async fn place(&self) -> Result<SemaphorePermit<'_>, Error> {
        self.places
            .acquire()
            .await
            .map_err(|_| Error::lasting(Phase::Start, "the client is closing"))
    }

    async fn head(
        &self,
        client: &reqwest::Client,
        operation: &Operation,
        token: &Token,
        limits: Limits,
        watch: &Watch,
    ) -> Result<reqwest::Response, failure::HeadFailure> {
        let mut request = reqwest::Request::new(operation.method.clone(), operation.url(&self.base, token));
        request.headers_mut().clone_from(&self.headers);
        *request.body_mut() = Some(Bytes::from(operation.body.clone()).into());
        let answer = std::pin::pin!(watch.follow(client.execute(request)));
        let answer = within_read_limit(answer, limits, watch)
            .await
            .map_err(failure::HeadFailure::Final)?;
        answer.map_err(|error| failure::head(&error.without_url(), token))
    }
}

/// Waits for the head of an answer. Time spent on connecting does not count: it has a limit of its own.
async fn within_read_limit<F>(
    mut answer: std::pin::Pin<&mut F>,
    limits: Limits,
    watch: &Watch,
) -> Result<F::Output, Error>
where
    F: Future,
{
    let Some(limit) = limits.read else {
        return Ok(answer.await);
    };
    let begun = Instant::now();
    let mut wait = limit;
    loop {
        if let Ok(answer) = timeout(wait, answer.as_mut()).await {
            return Ok(answer);
        }
        let since = match watch.progress() {
            Progress::Reused => begun,
            Progress::Fresh(since) => since,
            Progress::Connecting(since) => since + limits.connect.unwrap_or_default(),
        };
        wait = limit.saturating_sub(since.elapsed());
        if wait.is_zero() {
            return Err(Error::Timeout {
                limit: Limit::Read,
                after: limit,
                detail: Phase::Head.to_string(),
            });
        }
    }
}

async fn body(mut response: reqwest::Response, limit: Option<Duration>) -> Result<Vec<u8>, Error> {
    check_head(&response)?;
    let announced = response
        .content_length()
        .and_then(|length| usize::try_from(length).ok());
    let mut body = Vec::with_capacity(announced.unwrap_or(1024).min(BODY_CAP));
    loop {
        let chunk = match limit {
            None => response.chunk().await,
            Some(limit) => timeout(limit, response.chunk())
                .await
                .map_err(|_| Error::Timeout {
                    limit: Limit::Read,
                    after: limit,
                    detail: Phase::Body.to_string(),
                })?,
        };
        match chunk.map_err(|error| failure::body(&error.without_url()))? {
            None => return Ok(body),
            Some(chunk) if body.len() + chunk.len() > BODY_CAP => return Err(failure::too_large(BODY_CAP)),
            Some(chunk) => body.extend_from_slice(&chunk),
        }
    }
}

/// What the head alone tells: the body of an answer refused here is never read, and its connection is closed.
fn check_head(response: &reqwest::Response) -> Result<(), Error> {
    let size: usize = response
        .headers()
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum();
    if size > HEAD_CAP {
        return Err(Error::lasting(
            Phase::Head,
            format!("the head of the answer has {size} bytes"),
        ));
    }
    check_framing(response.headers())?;
    if response.status() != StatusCode::OK {
        let hint = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok());
        return Err(Error::HttpStatus {
            status: response.status().as_u16(),
            retry_after: hint.and_then(|hint| retry::retry_after(hint, SystemTime::now())),
        });
    }
    if response
        .headers()
        .get_all(CONTENT_ENCODING)
        .iter()
        .any(|value| value != "identity")
    {
        let problem = "the answer is compressed, which was not asked for; its body was not read".to_owned();
        return Err(Error::Decode {
            problem,
            excerpt: String::new(),
            empty: false,
        });
    }
    if response
        .content_length()
        .is_some_and(|length| length > BODY_CAP as u64)
    {
        return Err(failure::too_large(BODY_CAP));
    }
    Ok(())
}

/// An answer whose length can be read in two ways is how one answer is smuggled behind another.
fn check_framing(headers: &HeaderMap) -> Result<(), Error> {
    let Some(encoding) = headers.get(TRANSFER_ENCODING) else {
        return Ok(());
    };
    if headers.contains_key(CONTENT_LENGTH) {
        return Err(Error::lasting(
            Phase::Head,
            "the answer has both a Content-Length and a Transfer-Encoding",
        ));
    }
    if headers.get_all(TRANSFER_ENCODING).iter().count() != 1
        || !encoding.as_bytes().eq_ignore_ascii_case(b"chunked")
    {
        return Err(Error::lasting(
            Phase::Head,
            "the answer has a Transfer-Encoding other than chunked",
        ));
    }
    Ok(())
}
