//! The checked, immutable configuration of a client. Its Debug form shows no secret.

use std::path::PathBuf;
use std::time::Duration;

use http::HeaderValue;
use url::Url;

use crate::error::Error;
use crate::transport::no_proxy::NoProxy;
use crate::transport::{Options, Proxy};
use crate::wechat::request::BaseUrl;

/// The upper limit of `max_retries`.
pub const MAX_RETRIES: u32 = 10;

/// The limits of a call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Timeouts {
    /// For the whole call, its waits and attempts included.
    pub total: Duration,
    /// For one connection; None means that only `total` applies.
    pub connect: Option<Duration>,
    /// For the head of an answer, and for the next chunk of its body; None means that only `total` applies.
    pub read: Option<Duration>,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            total: Duration::from_secs(15),
            connect: Some(Duration::from_secs(5)),
            read: Some(Duration::from_secs(10)),
        }
    }
}

/// The settings of a client as the caller gave them.
#[derive(Debug, Default)]
pub struct Settings {
    /// WeChat's base URL; None means the usual one.
    pub base_url: Option<String>,
    /// The base URLs to fail over to, in this order.
    pub fallback_urls: Vec<String>,
    /// The limits of a call.
    pub timeouts: Timeouts,
    /// Retries after the first attempt.
    pub max_retries: u32,
    /// How many requests may be in flight at once.
    pub max_concurrency: usize,
    /// A proxy for all requests.
    pub proxy: Option<ProxyUrl>,
    /// Whether to read the proxy from environment variables.
    pub trust_env: bool,
    /// The only certificates to trust.
    pub ca_file: Option<PathBuf>,
    /// The `User-Agent`; None means that of the library.
    pub user_agent: Option<String>,
}

/// The URL of a proxy as text. It may hold a password, so Debug hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyUrl(pub String);

impl std::fmt::Debug for ProxyUrl {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ProxyUrl(***)")
    }
}

/// A checked configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// How to reach WeChat.
    pub transport: Options,
    /// The limits of a call.
    pub timeouts: Timeouts,
    /// Retries after the first attempt.
    pub max_retries: u32,
}

impl Config {
    /// Checks the settings. `variable` reads the environment.
    ///
    /// # Errors
    /// [`Error::Argument`] that names the setting.
    pub fn new(settings: Settings, variable: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let base = BaseUrl::parse(settings.base_url.as_deref().unwrap_or(BaseUrl::WECHAT))?;
        let mut fallbacks = Vec::new();
        for url in &settings.fallback_urls {
            let fallback = BaseUrl::parse(url).map_err(|error| error.in_field("fallback_urls"))?;
            if fallback != base && !fallbacks.contains(&fallback) {
                fallbacks.push(fallback);
            }
        }
        let proxy = match settings.proxy {
            Some(url) => Some(Proxy { url: proxy_url("proxy", &url.0)?, except: NoProxy::default() }),
            None if settings.trust_env => proxy_from_environment(&base, &fallbacks, variable)?,
            None => None,
        };
        let user_agent =
            settings.user_agent.unwrap_or_else(|| concat!("wxaudit/", env!("CARGO_PKG_VERSION")).to_owned());
        if settings.max_concurrency == 0 {
            return Err(Error::argument("max_concurrency", "must be 1 or more"));
        }
        Ok(Self {
            transport: Options {
                base,
                fallbacks,
                proxy,
                ca_file: settings.ca_file,
                user_agent: user_agent_header(&user_agent)?,
                max_concurrency: settings.max_concurrency,
            },
            timeouts: settings.timeouts,
            max_retries: check_retries(settings.max_retries)?,
        })
    }
}

fn user_agent_header(text: &str) -> Result<HeaderValue, Error> {
    let visible = !text.trim().is_empty() && text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    let header = HeaderValue::from_str(text).ok().filter(|_| visible);
    header.ok_or_else(|| Error::argument("user_agent", "must be printable ASCII text and not blank"))
}

/// Checks a number of retries.
///
/// # Errors
/// [`Error::Argument`] above [`MAX_RETRIES`].
pub fn check_retries(max_retries: u32) -> Result<u32, Error> {
    if max_retries > MAX_RETRIES {
        return Err(Error::argument("max_retries", format!("must be 0 to {MAX_RETRIES}")));
    }
    Ok(max_retries)
}

/// The proxy from environment variables. It is not used for loopback hosts.
fn proxy_from_environment(
    base: &BaseUrl,
    fallbacks: &[BaseUrl],
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Option<Proxy>, Error> {
    // As with curl and requests, the name in small letters goes first, and may be set to nothing.
    let read = |names: [&'static str; 2]| {
        let set = |name| variable(name).map(|value| (name, value));
        names.into_iter().find_map(set).filter(|(_, value)| !value.is_empty())
    };
    let found = read(["https_proxy", "HTTPS_PROXY"]).or_else(|| read(["all_proxy", "ALL_PROXY"]));
    let Some((name, url)) = found else {
        return Ok(None);
    };
    let listed = variable("no_proxy").filter(|hosts| !hosts.is_empty()).or_else(|| variable("NO_PROXY"));
    let mut except = NoProxy::parse(&listed.unwrap_or_default());
    except.add("localhost,127.0.0.0/8,::1");
    let is_direct = |base: &BaseUrl| except.excludes(base.host(), base.origin().port_u16());
    if std::iter::once(base).chain(fallbacks).all(is_direct) {
        // The proxy is not used, so whatever stands in the variable is not for this client.
        return Ok(None);
    }
    Ok(Some(Proxy { url: proxy_url(name, &url)?, except }))
}

/// The protocols of proxies.
const PROXY_SCHEMES: [&str; 6] = ["http", "https", "socks4", "socks4a", "socks5", "socks5h"];

fn proxy_url(field: &'static str, text: &str) -> Result<Url, Error> {
    // curl and requests accept a bare host:port too.
    let text = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    match Url::parse(&text) {
        Ok(url) if PROXY_SCHEMES.contains(&url.scheme()) && url.has_host() => Ok(url),
        _ => Err(Error::argument(
            field,
            format!(
                "is not the URL of a proxy ({}); write it like http://proxy.example:3128 or socks5://127.0.0.1:1080",
                PROXY_SCHEMES.join(", ")
            ),
        )),
    }
}
