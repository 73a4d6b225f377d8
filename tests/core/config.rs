//! The configuration: its checks, and that its Debug form shows no secret.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may panic as tests may")]

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use wxaudit::config::{Config, MAX_RETRIES, ProxyUrl, Settings, Timeouts, check_retries};
use wxaudit::error::Error;
use wxaudit::transport::no_proxy::NoProxy;

fn settings() -> Settings {
    Settings { max_retries: 2, max_concurrency: 64, trust_env: true, ..Settings::default() }
}

fn with_variables(settings: Settings, variables: &[(&str, &str)]) -> Result<Config, Error> {
    let variables: HashMap<_, _> = variables.iter().copied().collect();
    Config::new(settings, |name| variables.get(name).map(ToString::to_string))
}

/// The proxy that a client for `base_url` gets from these variables.
fn proxy_for(base_url: &str, variables: &[(&str, &str)]) -> Option<String> {
    let settings = Settings { base_url: Some(base_url.to_owned()), ..settings() };
    Some(with_variables(settings, variables).unwrap().transport.proxy?.url.to_string())
}

fn refused(settings: Settings) -> (&'static str, String) {
    match Config::new(settings, |_| None) {
        Err(Error::Argument { field, problem }) => (field, problem),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_defaults_are_wechat_and_the_documented_limits() {
    let config = with_variables(settings(), &[]).unwrap();
    assert_eq!(config.transport.base.to_string(), "https://api.weixin.qq.com");
    assert_eq!(config.max_retries, 2);
    assert_eq!(config.transport.max_concurrency, 64);
    assert!(config.transport.proxy.is_none());
    assert!(config.transport.ca_file.is_none());
    let seconds = Duration::from_secs;
    let limits = Timeouts { total: seconds(15), connect: Some(seconds(5)), read: Some(seconds(10)) };
    assert_eq!(config.timeouts, limits);
    assert_eq!(Timeouts::default(), limits);
    let user_agent = config.transport.user_agent.to_str().unwrap();
    assert_eq!(user_agent, format!("wxaudit/{}", env!("CARGO_PKG_VERSION")));
}

#[test]
fn settings_are_kept_as_given() {
    let timeouts = Timeouts { total: Duration::from_secs(1), connect: None, read: None };
    let config = with_variables(
        Settings {
            fallback_urls: Vec::new(),
            base_url: Some("http://127.0.0.1:8080".to_owned()),
            timeouts,
            max_retries: 0,
            max_concurrency: 1,
            proxy: None,
            trust_env: false,
            ca_file: Some(PathBuf::from("ca.pem")),
            user_agent: Some("shop/1.0 (test)".to_owned()),
        },
        &[],
    )
    .unwrap();
    assert_eq!(config.transport.base.to_string(), "http://127.0.0.1:8080");
    assert_eq!((config.timeouts, config.max_retries, config.transport.max_concurrency), (timeouts, 0, 1));
    assert_eq!(config.transport.ca_file, Some(PathBuf::from("ca.pem")));
    assert_eq!(config.transport.user_agent, "shop/1.0 (test)");
}

#[test]
fn invalid_settings_are_rejected_by_name() {
    let base_url = Some("http://example.com".to_owned());
    assert_eq!(refused(Settings { base_url, ..settings() }).0, "base_url");
    assert_eq!(refused(Settings { max_retries: MAX_RETRIES + 1, ..settings() }).0, "max_retries");
    assert_eq!(refused(Settings { max_concurrency: 0, ..settings() }).0, "max_concurrency");
    for user_agent in ["shop\r\nX: y", "shop\0", "小店/1.0", "", " ", "caf\u{e9}", "shop\u{7f}"] {
        let user_agent = Some(user_agent.to_owned());
        assert_eq!(refused(Settings { user_agent, ..settings() }).0, "user_agent");
    }
    assert_eq!(check_retries(MAX_RETRIES), Ok(MAX_RETRIES));
    assert!(check_retries(u32::MAX).is_err());
}

#[test]
fn proxies_are_http_or_socks_and_a_bad_one_is_not_shown() {
    for (url, used) in [
        ("http://127.0.0.1:3128", "http://127.0.0.1:3128/"),
        ("https://proxy.example", "https://proxy.example/"),
        ("proxy.example:3128", "http://proxy.example:3128/"),
        ("socks5://127.0.0.1:7897", "socks5://127.0.0.1:7897"),
        ("socks5h://someone:p%40ss@[::1]:1080", "socks5h://someone:p%40ss@[::1]:1080"),
        ("socks4://127.0.0.1", "socks4://127.0.0.1"),
        ("socks4a://proxy.example:1080", "socks4a://proxy.example:1080"),
        ("http://someone:p%40ss@proxy.example:3128", "http://someone:p%40ss@proxy.example:3128/"),
    ] {
        let config = with_variables(Settings { proxy: Some(ProxyUrl(url.to_owned())), ..settings() }, &[]);
        assert_eq!(config.unwrap().transport.proxy.unwrap().url.as_str(), used);
    }
    for url in [
        "socks://u:a-password@h:1",
        "socks5://",
        "ftp://u:a-password@h",
        "http://",
        "",
        "http://u:a-password@h:99999",
        "://",
    ] {
        let (field, problem) = refused(Settings { proxy: Some(ProxyUrl(url.to_owned())), ..settings() });
        assert_eq!(field, "proxy", "{url}");
        assert!(!problem.contains("a-password"), "{problem}");
    }
}

type Variables = &'static [(&'static str, &'static str)];

#[test]
fn the_environment_gives_the_proxy_if_no_setting_does() {
    let wechat = "https://api.weixin.qq.com";
    let rows: [(Variables, Option<&str>); 11] = [
        (&[], None),
        (&[("HTTPS_PROXY", "http://p:1")], Some("http://p:1/")),
        (&[("https_proxy", "http://p:1")], Some("http://p:1/")),
        (&[("https_proxy", "http://small:1"), ("HTTPS_PROXY", "http://great:1")], Some("http://small:1/")),
        (&[("ALL_PROXY", "p:1")], Some("http://p:1/")),
        (&[("ALL_PROXY", "http://all:1"), ("HTTPS_PROXY", "http://p:1")], Some("http://p:1/")),
        (&[("HTTPS_PROXY", ""), ("all_proxy", "http://all:1")], Some("http://all:1/")),
        (&[("https_proxy", ""), ("HTTPS_PROXY", "http://great:1")], None),
        (&[("ALL_PROXY", "socks5://u:p@h:1")], Some("socks5://u:p@h:1")),
        (&[("HTTP_PROXY", "http://p:1"), ("http_proxy", "http://p:1")], None),
        (&[("NO_PROXY", "*")], None),
    ];
    for (variables, expected) in rows {
        assert_eq!(proxy_for(wechat, variables).as_deref(), expected, "{variables:?}");
    }
}

#[test]
fn an_error_names_the_variable_that_was_read() {
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        for url in ["ftp://u:a-password@h:1", "socks://h:1", "http://", "h:99999", "https://u:a-password@"] {
            let error = with_variables(settings(), &[(name, url)]).unwrap_err();
            assert!(error.to_string().starts_with(&format!("{name}: is not the URL of a proxy")), "{error}");
            assert!(!error.to_string().contains("a-password"), "{error}");
        }
    }
}

#[test]
fn a_variable_is_not_checked_if_no_proxy_excludes_the_host() {
    let wrong = ("HTTPS_PROXY", "ftp://h");
    let one = || Settings { base_url: Some("https://a.example".to_owned()), ..settings() };
    let fallback = |url: &str| Settings { fallback_urls: vec![url.to_owned()], ..one() };
    assert!(with_variables(one(), &[wrong, ("NO_PROXY", "a.example")]).unwrap().transport.proxy.is_none());
    assert!(with_variables(one(), &[wrong, ("no_proxy", "example"), ("NO_PROXY", "")]).is_ok());
    assert!(with_variables(fallback("http://127.0.0.1:1"), &[wrong, ("NO_PROXY", "a.example")]).is_ok());
    assert!(with_variables(fallback("https://b.org"), &[wrong, ("NO_PROXY", "a.example")]).is_err());
    let variables = [("HTTPS_PROXY", "http://p:1"), ("NO_PROXY", "a.example,.b.example")];
    let except = with_variables(settings(), &variables).unwrap().transport.proxy.unwrap().except;
    assert!(except.excludes("a.example", None) && except.excludes("localhost", Some(1)));
    assert!(!except.excludes("api.weixin.qq.com", None));
}

#[test]
fn the_environment_is_ignored_for_loopback_hosts_and_if_not_trusted() {
    let variables =
        [("HTTPS_PROXY", "http://p:1"), ("ALL_PROXY", "http://p:1"), ("HTTP_PROXY", "http://p:1")];
    for base_url in ["http://localhost:1", "https://localhost", "http://127.0.0.1:1", "http://[::1]:1"] {
        assert_eq!(proxy_for(base_url, &variables), None, "{base_url}");
    }
    let untrusting = with_variables(Settings { trust_env: false, ..settings() }, &variables).unwrap();
    assert!(untrusting.transport.proxy.is_none());
    // A proxy from the settings is used for every host, regardless of NO_PROXY.
    let given = Settings {
        base_url: Some("http://127.0.0.1:1".to_owned()),
        proxy: Some(ProxyUrl("http://given:1".to_owned())),
        ..settings()
    };
    let proxy =
        with_variables(given, &[("NO_PROXY", "*"), ("HTTPS_PROXY", "http://p:1")]).unwrap().transport.proxy;
    let proxy = proxy.unwrap();
    assert_eq!((proxy.url.as_str(), proxy.except), ("http://given:1/", NoProxy::default()));
}

#[test]
fn no_debug_form_shows_a_password() {
    let url = "http://someone:a-password@proxy.example:3128";
    let given = Settings { proxy: Some(ProxyUrl(url.to_owned())), ..settings() };
    assert!(!format!("{given:?} {given:#?}").contains("a-password"));
    let config = with_variables(given, &[]).unwrap();
    assert!(!format!("{config:?} {config:#?}").contains("a-password"));
    assert!(format!("{config:?}").contains("Proxy(***)"));
}
