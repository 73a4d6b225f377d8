//! No token and no proxy password gets out of the core: not by its log records, not by any Debug or Display, not by an
//! event. The Python side has channels of its own, see tests/test_secrecy.py.

use std::collections::BTreeSet;
use std::error::Error as _;
use std::fmt::{Debug, Write as _};
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use wxaudit::client::{Call, Client};
use wxaudit::config::{Config, ProxyUrl, Settings, Timeouts};
use wxaudit::error::{Error, Failure};
use wxaudit::event::{Event, Observer};
use wxaudit::request::{AuditId, Operation};
use wxaudit::source::{Ask, Credential, SharedSource};
use wxaudit::token::Token;

const TOKEN: &str =
    r#"92_zQx7Jb15+b0fK1f2/0b1QLk7c3e=2fcWmR9e78%b47TqYd41&487s"a3fUbb2\z7a8<XpV3v5GdPq-8_~.Nn0"#;
const FRESH_TOKEN: &str = "93_HhT4mw8cVbPzR2yLk6sXqN0dJ5fGaU1eWoIi7tYrBxCvMl3nQpZ9-_SgDjEuAhKy";
const PASSWORD: &str = "p4ss~Wq8Zt1Xv5Lm2Kc9Rb7Nd3Fg6Hj0Ys!$";

const IN_REVIEW: &str = r#"{"errcode":0,"errmsg":"ok","status":2}"#;
const FRAGMENT: usize = 16;

// --- the search

/// What of the secrets stands in `text`: a piece of 16 characters or more, in any of the forms in which Rust and HTTP
/// write texts.
fn found(text: &str) -> Option<String> {
    [TOKEN, FRESH_TOKEN, PASSWORD].into_iter().flat_map(forms).find_map(|form| {
        let characters: Vec<char> = form.chars().collect();
        let pieces = characters.windows(FRAGMENT).map(|piece| piece.iter().collect::<String>());
        pieces.into_iter().find(|piece| text.contains(piece))
    })
}

fn forms(secret: &str) -> BTreeSet<String> {
    let percent = |keep: &str, digits: fn(u8) -> String| {
        secret.bytes().fold(String::new(), |mut text, byte| {
            if byte.is_ascii_alphanumeric() || keep.contains(char::from(byte)) {
                text.push(char::from(byte));
            } else {
                text.push_str(&digits(byte));
            }
            text
        })
    };
    let mut forms = BTreeSet::from([
        secret.to_owned(),
        secret.escape_debug().to_string(),
        secret.replace('/', "\\/").replace('"', "\\\""),
        percent("-._~", |byte| format!("%{byte:02X}")),
        percent("-._~", |byte| format!("%{byte:02x}")),
        percent("-._~/", |byte| format!("%{byte:02X}")),
        percent("", |byte| format!("\\u{byte:04x}")),
        format!("{:?}", secret.as_bytes()),
    ]);
    // Credentials go as base64 of user and password; where the secret stands in it decides how it looks.
    forms.extend((0..3).map(|offset| base64(&secret.as_bytes()[offset..])));
    forms
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    bytes
        .chunks_exact(3)
        .flat_map(|chunk| {
            let bits = u32::from(chunk[0]) << 16 | u32::from(chunk[1]) << 8 | u32::from(chunk[2]);
            [18, 12, 6, 0].map(|shift| char::from(ALPHABET[(bits >> shift & 63) as usize]))
        })
        .collect()
}

// --- what is searched

/// Every log record of the process, as any logger could write it.
struct Notebook(Mutex<Vec<String>>);

static NOTEBOOK: Notebook = Notebook(Mutex::new(Vec::new()));

impl log::Log for Notebook {
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
struct Ear(Mutex<Vec<Event>>);

impl Observer for Ear {
    fn notice(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

/// The texts that were gathered, each with the place that it comes from.
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

    /// The hits, and how many texts were searched.
    fn search(&self) -> (Vec<String>, usize) {
        let hit = |(place, text): &(String, String)| found(text).map(|_| place.clone());
        (self.0.iter().filter_map(hit).collect(), self.0.len())
    }
}

// --- the servers

/// What a server does with a request, given all that it received.
type Behaviour = fn(&str) -> String;

/// Serves on loopback until the process ends; gives the port.
fn serve(behaviour: Behaviour) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for connection in listener.incoming() {
            thread::spawn(move || answer(&connection.unwrap(), behaviour));
        }
    });
    port
}

fn answer(mut connection: &TcpStream, behaviour: Behaviour) {
    let mut received = Vec::new();
    let mut piece = [0; 4096];
    while !is_whole(&received) {
        match connection.read(&mut piece) {
            Ok(0) | Err(_) => return,
            Ok(count) => received.extend_from_slice(&piece[..count]),
        }
    }
    // A client that went away meanwhile is what some of the calls are about.
    let _ = connection.write_all(behaviour(&String::from_utf8_lossy(&received)).as_bytes());
    let _ = connection.shutdown(Shutdown::Write);
    let _ = connection.read(&mut piece);
}

/// A request with its body, a CONNECT, or no HTTP at all.
fn is_whole(received: &[u8]) -> bool {
    let text = String::from_utf8_lossy(received);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return !received.is_empty() && received[0] == 22;
    };
    head.starts_with("CONNECT") || body.ends_with('}')
}

fn reply(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len())
}

fn json(body: &str) -> String {
    reply("200 OK", "", body)
}

/// The token in JSON, as a server would echo it.
fn quoted(token: &str) -> String {
    token.replace('\\', "\\\\").replace('"', "\\\"").replace('/', "\\/")
}

fn errcode(number: i64) -> String {
    json(&format!(
        r#"{{"errcode":{number},"errmsg":"refused {} rid: 637accc2-7d67c301-4ae3af4b"}}"#,
        quoted(TOKEN)
    ))
}

// --- the scenarios

/// One call: where it goes, and what it must come to.
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

    /// With a token source that refreshes as `refreshed` says.
    fn with_source(mut self, refreshed: fn() -> Result<Token, Error>) -> Self {
        let ask = Arc::new(move |ask| -> wxaudit::source::Answer {
            Box::pin(
                async move { if ask == Ask::Lookup { Ok(Token::new(TOKEN).unwrap()) } else { refreshed() } },
            )
        });
        self.credential = Credential::Source { shared: Arc::new(SharedSource::default()), ask };
        self
    }
}

fn scenarios() -> Vec<Scenario> {
    let refused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let echo_all: Behaviour = |request| reply("407 Proxy Authentication Required", "", request);
    let tunnel_fails: Behaviour = |request| reply("502 Bad Gateway", "", request);
    let fresh = || Ok(Token::new(FRESH_TOKEN).unwrap());
    let away = || Err(Error::TokenSource { problem: "it is away".to_owned() });
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
        to("refresh in vain", |_| errcode(42001), "Api").with_source(fresh),
        to("refresh that fails", |_| errcode(42001), "TokenSource").with_source(away),
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
        to("garbage", |_| format!("{TOKEN} is no HTTP\r\n\r\n"), "Transport"),
        to("empty answer", |_| String::new(), "Transport").with_retries(),
        to("cut body", |_| "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{".to_owned(), "Transport"),
        at("refused", format!("http://127.0.0.1:{refused}"), "Transport").with_retries(),
        to(
            "no answer in time",
            |_| {
                thread::sleep(Duration::from_secs(1));
                String::new()
            },
            "Timeout",
        )
        .within(Duration::from_millis(100)),
        at("no TLS", format!("https://localhost:{}", serve(|_| json(IN_REVIEW))), "Transport"),
        at("tunnel, 407", "https://wechat.invalid".to_owned(), "HttpStatus").through(serve(echo_all)),
        at("tunnel, 502", "https://wechat.invalid".to_owned(), "Transport").through(serve(tunnel_fails)),
        at("tunnel, refused", "https://wechat.invalid".to_owned(), "Transport").through(refused),
        at("plain proxy", "http://127.0.0.1:1".to_owned(), "ok").through(serve(|_| json(IN_REVIEW))),
        at("plain proxy, 407", "http://127.0.0.1:1".to_owned(), "HttpStatus").through(serve(echo_all)),
    ]
}

/// Plays one scenario; gives what it came to.
async fn play(scenario: Scenario, texts: &mut Texts) -> &'static str {
    let place = |what: &str| format!("{}: {what}", scenario.name);
    texts.add_debug(&place("settings"), &scenario.settings);
    let config = Config::new(scenario.settings, |_| None).unwrap();
    texts.add_debug(&place("config"), &config);
    let client = Client::new(config);
    let ear = Arc::new(Ear::default());
    let call = Call {
        credential: scenario.credential,
        auditid: AuditId::new(1_234_567).unwrap(),
        appid: None,
        timeouts: client.config().timeouts,
        max_retries: client.config().max_retries,
        observer: Some(Arc::clone(&ear) as Arc<dyn Observer>),
    };
    let result = client.get_audit_status(&call).await;
    texts.add_debug(&place("result"), &result);
    texts.add_debug(&place("dated token"), &call.credential.token().await);
    texts.add_debug(&place("events"), &*ear.0.lock().unwrap());
    assert!(!ear.0.lock().unwrap().is_empty());
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

/// What is wrong before any call, and the types that hold a secret.
fn add_values(texts: &mut Texts) {
    let token = Token::new(TOKEN).unwrap();
    texts.add("token", format!("{token} {token:?} {token:#?}"));
    texts.add_debug("operation", &Operation::audit_status(AuditId::new(1).unwrap()));
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
async fn no_record_no_text_and_no_event_of_any_call_holds_a_secret() {
    log::set_logger(&NOTEBOOK).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    let mut texts = Texts::default();
    add_values(&mut texts);
    let mut outcomes = Vec::new();
    let mut meant = Vec::new();
    for scenario in scenarios() {
        meant.push((scenario.name, scenario.outcome));
        outcomes.push((scenario.name, play(scenario, &mut texts).await));
    }
    assert_eq!(outcomes, meant);

    let records = NOTEBOOK.0.lock().unwrap().clone();
    assert!(records.iter().any(|record| record.contains("starting new connection")), "{records:?}");
    assert!(records.iter().any(|record| record.contains("intercepts")), "{records:?}");
    for record in &records {
        texts.add("log", record);
    }
    let (hits, searched) = texts.search();
    println!(
        "secrecy of the core: {} calls, {searched} texts, {} log records, {} hits",
        meant.len(),
        records.len(),
        hits.len()
    );
    assert_eq!(hits, [""; 0]);

    log::trace!("sending {TOKEN}");
    let record = NOTEBOOK.0.lock().unwrap().last().unwrap().clone();
    assert!(found(&record).is_some(), "a secret in the log would not have been found");
}

#[test]
fn the_search_finds_a_secret_in_each_form_and_each_piece_of_it() {
    for secret in [TOKEN, FRESH_TOKEN, PASSWORD] {
        let url = format!("https://h/p?access_token={}", Token::new(secret).unwrap().percent_encoded());
        let request = format!("POST /p?access_token={secret} HTTP/1.1").into_bytes();
        let credentials = (0..3).map(|count| base64(format!("{}{secret}", "-".repeat(count)).as_bytes()));
        let texts = [secret.to_owned(), url, format!("{:?}", Some(secret)), format!("{request:?}")];
        for text in texts.into_iter().chain(credentials) {
            assert!(found(&text).is_some(), "{text}");
        }
        for piece in secret.chars().collect::<Vec<_>>().windows(FRAGMENT) {
            assert!(found(&piece.iter().collect::<String>()).is_some());
        }
        assert!(found(&secret[..FRAGMENT - 1]).is_none());
    }
}
