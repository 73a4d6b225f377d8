//! The HTTP clients of a process: one that keeps connections, and one that does not.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::{HeaderValue, Uri};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::connect::Connector;
use super::{Options, tls};
use crate::connection::Watched;
use crate::error::Error;

/// Longer than most pauses between calls, and shorter than servers keep idle connections: whoever is later than the
/// server's own cut races with it.
const IDLE: Duration = Duration::from_secs(15);

pub(super) type HttpClient = Client<Watched<Connector>, Full<Bytes>>;

/// Both clients, and what they are made of.
pub(super) struct Clients {
    connector: Connector,
    idle: usize,
    pooled: ArcSwap<HttpClient>,
    fresh: HttpClient,
}

impl Clients {
    pub(super) fn new(options: &Options) -> Result<Self, Error> {
        let tls = Arc::new(tls::configuration(options)?);
        let connector = Connector::new(&tls, options.proxy.as_ref())?;
        let idle = options.max_concurrency;
        let pooled = ArcSwap::from_pointee(build(&connector, idle));
        let fresh = build(&connector, 0);
        Ok(Self { connector, idle, pooled, fresh })
    }

    /// The client that keeps its connections for the next call.
    pub(super) fn pooled(&self) -> Arc<HttpClient> {
        self.pooled.load_full()
    }

    /// The client that never reuses a connection: for what a reused one failed.
    pub(super) fn fresh(&self) -> &HttpClient {
        &self.fresh
    }

    /// Lets go of all kept connections. A pool cannot let go of a single one, and who sends what no honest server
    /// sends may have sent more; calls under way end as they would.
    pub(super) fn forget_pool(&self) {
        self.pooled.store(Arc::new(build(&self.connector, self.idle)));
    }

    /// What a proxy wants to see with a request to that target.
    pub(super) fn proxy_authorization(&self, target: &Uri) -> Option<HeaderValue> {
        self.connector.proxy_authorization(target)
    }
}

/// Redirects, compression and cookies are nothing that this client knows: an answer comes as it was sent.
fn build(connector: &Connector, idle: usize) -> HttpClient {
    Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(idle)
        .build(Watched::new(connector.clone()))
}
