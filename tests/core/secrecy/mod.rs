//! No token or proxy password leaks from the core: not in log records, Debug or Display output, or events.
//! `tests/secrecy` checks the same from Python, with more channels.

// Helpers of tests may panic as tests may, and the test prints a report.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout)]

use std::error::Error as _;
use std::fmt::{Debug, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use wxaudit::call::client::{Call, Client};
use wxaudit::call::token_source::{CallLimits, Credential, SharedSource, TokenRequestKind};
use wxaudit::config::{Config, ProxyUrl, Settings, Timeouts};
use wxaudit::error::{Error, Failure};
use wxaudit::event::{Event, Observer};
use wxaudit::fork::Process;
use wxaudit::token::Token;
use wxaudit::wechat::operation::Operation;
use wxaudit::wechat::request::AuditId;

mod search;
mod servers;

use search::{FRESH_TOKEN, PASSWORD, TOKEN, found};
use servers::{Behaviour, IN_REVIEW, errcode, json, quoted, reply, serve, silent};

/// Every log record of the process, as a logger could write it.
struct LogRecords(Mutex<Vec<String>>);

static LOG_RECORDS: LogRecords = LogRecords(Mutex::new(Vec::new()));

impl log::Log for LogRecords {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        self.0.lock().unwrap().push(format!("{} {} {record:?}", record.target(), record.args()));
    }

    fn flush(&self) {}
}

/// Keeps the events of a call.
#[derive(Default)]
struct EventLog(Mutex<Vec<Event>>);

impl Observer for EventLog {
    fn on_event(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

/// The collected texts, each with its origin.
#[derive(Default)]
struct Texts(Vec<(String, String)>);

impl Texts {
    fn add(&mut self, place: &str, text: impl Into<String>) {
        self.0.push((place.to_owned(), text.into()));
    }

    fn add_debug(&mut self, place: &str, value: &impl Debug) {
        self.add(place, format!("{value:?} {value:#?}"));
    }

    fn add_error(&mut self, place: &str, error: &Error) {
        self.add_debug(place, error);
        self.add(place, format!("{error} {error:#}"));
        let mut source = error.source();
        while let Some(error) = source {
            self.add(place, format!("{error} {error:?}"));
            source = error.source();
        }
    }

    /// The origins of leaks, and how many texts were searched.
    fn search(&self) -> (Vec<String>, usize) {
        let hit = |(place, text): &(String, String)| found(text).map(|_| place.clone());
        (self.0.iter().filter_map(hit).collect(), self.0.len())
    }
}

/// A call and its expected outcome.
struct Scenario {
    name: &'static str,
    settings: Settings,
    credential: Credential,
    outcome: &'static str,
}

fn to(name: &'static str, behaviour: Behaviour, outcome: &'static str) -> Scenario {
    at(name, format!("http://127.0.0.1:{}", serve(behaviour)), outcome)
}

fn at(name: &'static str, base_url: String, outcome: &'static str) -> Scenario {
    let settings = Settings { base_url: Some(base_url), max_concurrency: 4, ..Settings::default() };
    Scenario { name, settings, credential: Credential::Fixed(Token::new(TOKEN).unwrap()), outcome }
}

impl Scenario {
    fn within(mut self, total: Duration) -> Self {
        self.settings.timeouts = Timeouts { total, connect: None, read: None };
        self
    }

    fn with_retries(mut self) -> Self {
        self.settings.max_retries = 2;
        self
    }

    fn through(mut self, proxy: u16) -> Self {
        let password: String = PASSWORD.bytes().fold(String::new(), |mut text, byte| {
            write!(text, "%{byte:02X}").unwrap();
            text
        });
        self.settings.proxy = Some(ProxyUrl(format!("http://merchant:{password}@127.0.0.1:{proxy}")));
        self
    }

    /// With a token source that answers a refresh by `refreshed`.
    fn with_source(mut self, refreshed: fn() -> Result<Token, Error>) -> Self {
        let ask = Arc::new(move |ask| -> wxaudit::call::token_source::TokenFuture {
            Box::pin(async move {
                if ask == TokenRequestKind::Lookup { Ok(Token::new(TOKEN).unwrap()) } else { refreshed() }
            })
        });
        self.credential =
            Credential::Source { shared: Arc::new(SharedSource::default()), ask, max_age: Duration::ZERO };
        self
    }
}

fn scenarios() -> Vec<Scenario> {
    let refused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let echo_all: Behaviour = |request| reply("407 Proxy Authentication Required", "", request);
    let tunnel_fails: Behaviour = |request| reply("502 Bad Gateway", "", request);
    let fresh = || Ok(Token::new(FRESH_TOKEN).unwrap());
    let unavailable = || Err(Error::TokenSource { problem: "it is unavailable".to_owned() });
    vec![
        to("success", |_| json(IN_REVIEW), "ok"),
        to(
            "echo in the reason",
            |_| {
                let token = quoted(TOKEN);
                json(&format!(
                    r#"{{"errcode":0,"errmsg":"ok","status":1,"reason":"{token}","{token}":["{token}"]}}"#
                ))
            },
            "ok",
        ),
        to("busy", |_| errcode(-1), "Api"),
        to("token refused", |_| errcode(40001), "Api"),
        to("quota", |_| errcode(45009), "Api"),
        to("unknown errcode", |_| errcode(99999), "Api"),
        to(
            "refresh",
            |request| {
                if request.contains(FRESH_TOKEN) { json(IN_REVIEW) } else { errcode(42001) }
            },
            "ok",
        )
        .with_source(fresh),
        to("refresh without success", |_| errcode(42001), "Api").with_source(fresh),
        to("refresh that fails", |_| errcode(42001), "TokenSource").with_source(unavailable),
        to(
            "redirect",
            |request| {
                let target = request.split(' ').nth(1).unwrap();
                reply("307 Temporary Redirect", &format!("Location: http://127.0.0.1:1{target}\r\n"), "")
            },
            "HttpStatus",
        ),
        to("gateway error", |request| reply("502 Bad Gateway", "Retry-After: 0\r\n", request), "HttpStatus")
            .with_retries(),
        to("page with 200", |request| json(&format!("<html>{request}</html>")), "Decode"),
        to("undecodable echo", |_| json(&format!("PHP Warning: {TOKEN}")), "Decode"),
        to("undecodable echo, cut", |_| json(&format!("{{\"a\":\"{}", &TOKEN[..40])), "Decode"),
        to(
            "echo as the status",
            |_| json(&format!(r#"{{"errcode":0,"errmsg":"ok","status":"{}"}}"#, quoted(TOKEN))),
            "Decode",
        ),
        to("empty body", |_| json(""), "Decode"),
        to("garbage", |_| format!("{TOKEN} is not HTTP\r\n\r\n"), "Transport"),
        to("empty answer", |_| String::new(), "Transport").with_retries(),
        to("cut body", |_| "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{".to_owned(), "Transport"),
        at("refused", format!("http://127.0.0.1:{refused}"), "Transport").with_retries(),
        at("no answer in time", format!("http://127.0.0.1:{}", silent()), "Timeout")
            .within(Duration::from_millis(100)),
        at("no TLS", format!("https://localhost:{}", serve(|_| json(IN_REVIEW))), "Transport"),
        at("tunnel, 407", "https://wechat.invalid".to_owned(), "HttpStatus").through(serve(echo_all)),
        at("tunnel, 502", "https://wechat.invalid".to_owned(), "Transport").through(serve(tunnel_fails)),
        at("tunnel, refused", "https://wechat.invalid".to_owned(), "Transport").through(refused),
        at("plain proxy", "http://127.0.0.1:1".to_owned(), "ok").through(serve(|_| json(IN_REVIEW))),
        at("plain proxy, 407", "http://127.0.0.1:1".to_owned(), "HttpStatus").through(serve(echo_all)),
    ]
}

/// Runs one scenario and returns its outcome.
async fn run(scenario: Scenario, texts: &mut Texts) -> &'static str {
    let place = |what: &str| format!("{}: {what}", scenario.name);
    texts.add_debug(&place("settings"), &scenario.settings);
    let config = Config::new(scenario.settings, |_| None).unwrap();
    texts.add_debug(&place("config"), &config);
    let client = Client::new(config);
    let events = Arc::new(EventLog::default());
    let call = Call {
        process: Process::current(),
        credential: scenario.credential,
        operation: Operation::AuditStatus(AuditId::new(1_234_567).unwrap()),
        appid: None,
        timeouts: client.config().timeouts,
        max_retries: client.config().max_retries,
        observer: Some(Arc::clone(&events) as Arc<dyn Observer>),
        batch: None,
        attempts: 0.into(),
    };
    let result = client.get_audit_status(&call).await;
    texts.add_debug(&place("result"), &result);
    texts.add_debug(
        &place("versioned token"),
        &call
            .credential
            .token(CallLimits {
                deadline: tokio::time::Instant::now() + std::time::Duration::from_secs(60),
                batch: None,
            })
            .await,
    );
    texts.add_debug(&place("events"), &*events.0.lock().unwrap());
    assert!(!events.0.lock().unwrap().is_empty());
    match result {
        Ok(_) => "ok",
        Err(Failure { error, .. }) => {
            texts.add_error(&place("error"), &error);
            variant(&error)
        }
    }
}

fn variant(error: &Error) -> &'static str {
    match error {
        Error::Argument { .. } => "Argument",
        Error::TokenSource { .. } => "TokenSource",
        Error::Transport { .. } => "Transport",
        Error::Timeout { .. } => "Timeout",
        Error::HttpStatus { .. } => "HttpStatus",
        Error::Decode { .. } => "Decode",
        Error::Api { .. } => "Api",
    }
}

/// Adds the errors before any call, and the types that hold a secret.
fn add_values(texts: &mut Texts) {
    let token = Token::new(TOKEN).unwrap();
    texts.add("token", format!("{token} {token:?} {token:#?}"));
    texts.add_debug("operation", &Operation::AuditStatus(AuditId::new(1).unwrap()).request());
    for wrong in [format!("{TOKEN}\n"), format!(" {TOKEN}"), TOKEN.repeat(50)] {
        texts.add("refused token", Token::new(&wrong).unwrap_err());
    }
    texts.add_error("token as auditid", &AuditId::parse(TOKEN).unwrap_err());
    let plain: fn(&str) -> Option<String> = |_| None;
    let environment: fn(&str) -> Option<String> =
        |name| (name == "HTTPS_PROXY").then(|| format!("ftp://merchant:{PASSWORD}@proxy.example"));
    let in_base_url = Settings {
        base_url: Some(format!("https://merchant:{PASSWORD}@api.weixin.qq.com/?access_token={TOKEN}")),
        max_concurrency: 1,
        ..Settings::default()
    };
    let unusable_proxy = Settings {
        proxy: Some(ProxyUrl(format!("ftp://merchant:{PASSWORD}@proxy.example"))),
        max_concurrency: 1,
        ..Settings::default()
    };
    let from_environment = Settings { trust_env: true, max_concurrency: 1, ..Settings::default() };
    for (settings, variable) in
        [(in_base_url, plain), (unusable_proxy, plain), (from_environment, environment)]
    {
        texts.add_error("configuration", &Config::new(settings, variable).unwrap_err());
    }
}

#[tokio::test]
async fn no_log_record_error_or_event_holds_a_secret() {
    log::set_logger(&LOG_RECORDS).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    let mut texts = Texts::default();
    add_values(&mut texts);
    let mut outcomes = Vec::new();
    let mut expected = Vec::new();
    for scenario in scenarios() {
        expected.push((scenario.name, scenario.outcome));
        outcomes.push((scenario.name, run(scenario, &mut texts).await));
    }
    assert_eq!(outcomes, expected);

    let records = LOG_RECORDS.0.lock().unwrap().clone();
    assert!(records.iter().any(|record| record.contains("certificates from the system")), "{records:?}");
    for record in &records {
        texts.add("log", record);
    }
    let (hits, searched) = texts.search();
    println!(
        "secrecy of the core: {} calls, {searched} texts, {} log records, {} hits",
        expected.len(),
        records.len(),
        hits.len()
    );
    assert_eq!(hits, [""; 0]);

    log::trace!("sending {TOKEN}");
    let record = LOG_RECORDS.0.lock().unwrap().last().unwrap().clone();
    assert!(found(&record).is_some(), "a secret in the log would not have been found");
}
