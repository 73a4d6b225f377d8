//! The reqwest clients of a process: one that keeps connections, and one that does not.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::ClientConfig;

use super::{Options, failure, tls};
use crate::connection::WatchLayer;
use crate::error::{Error, Phase};
use crate::request::BaseUrl;

/// reqwest's 90 s race the server's own cut; 15 s stay below it.
const IDLE: Duration = Duration::from_secs(15);

/// Both clients, and what they are made of.
pub(super) struct Clients {
    options: Options,
    tls: ClientConfig,
    pooled: ArcSwap<reqwest::Client>,
    fresh: reqwest::Client,
}

impl Clients {
    pub(super) fn new(options: &Options) -> Result<Self, Error> {
        let tls = tls::configuration(options)?;
        let pooled = build(options, &tls, options.max_concurrency)?;
        let fresh = build(options, &tls, 0)?;
        Ok(Self { options: options.clone(), tls, pooled: ArcSwap::from_pointee(pooled), fresh })
    }

    /// The client that keeps its connections for the next call.
    pub(super) fn pooled(&self) -> Arc<reqwest::Client> {
        self.pooled.load_full()
    }

    /// The client that never reuses a connection: for what a reused one failed.
    pub(super) fn fresh(&self) -> &reqwest::Client {
        &self.fresh
    }

    /// Lets go of all kept connections. reqwest cannot let go of a single one, and who sends what no honest server
    /// sends may have sent more; calls under way end as they would.
    pub(super) fn forget_pool(&self) -> Result<(), Error> {
        self.pooled.store(Arc::new(build(&self.options, &self.tls, self.options.max_concurrency)?));
        Ok(())
    }
}

fn build(options: &Options, tls: &ClientConfig, idle: usize) -> Result<reqwest::Client, Error> {
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls.clone())
        .https_only(options.bases().all(BaseUrl::is_https))
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
    builder.build().map_err(|error| Error::lasting(Phase::Start, failure::describe(&error.without_url())))
}
