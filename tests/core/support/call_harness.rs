//! Calls against a scripted server, with a log of their events.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests may panic as tests may"
)]

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use wxaudit::call::client::{Call, Client};
use wxaudit::call::token_source::Credential;
use wxaudit::config::{Config, Settings, Timeouts};
use wxaudit::error::{Error, Failure};
use wxaudit::event::{Event, Observer, kind};
use wxaudit::fork::Process;
use wxaudit::token::Token;
use wxaudit::wechat::operation::Operation;
use wxaudit::wechat::request::AuditId;
use wxaudit::wechat::status::AuditStatus;

use crate::support::scripted_server::Server;

pub(crate) const MINUTE: Duration = Duration::from_secs(60);

pub(crate) fn client_with(server: &Server, max_concurrency: usize) -> Client {
    let base_url = Some(server.base_url.clone());
    let settings = Settings { base_url, max_retries: 2, max_concurrency, ..Settings::default() };
    Client::new(Config::new(settings, |_| None).unwrap())
}

pub(crate) fn client(server: &Server) -> Client {
    client_with(server, 64)
}

pub(crate) fn token(text: &str) -> Token {
    Token::new(text).unwrap()
}

/// A call with a fixed token and two retries.
pub(crate) fn call(total: Duration) -> Call {
    Call {
        process: Process::current(),
        credential: Credential::Fixed(token("the-token-that-was-given")),
        operation: Operation::AuditStatus(AuditId::new(1_234_567).unwrap()),
        appid: None,
        timeouts: Timeouts { total, connect: None, read: None },
        max_retries: 2,
        observer: None,
        batch: None,
        attempts: AtomicU32::new(0),
    }
}

/// Logs events. A jumping log pauses the clock of tokio from a `retry` to the next `request`, so that delays take no time.
#[derive(Default)]
pub(crate) struct Log {
    pub(crate) events: Mutex<Vec<Event>>,
    jumps: bool,
    paused: AtomicBool,
}

impl Log {
    pub(crate) fn jumping() -> Arc<Self> {
        Arc::new(Self { jumps: true, ..Self::default() })
    }

    pub(crate) fn kinds(&self) -> Vec<String> {
        self.events.lock().unwrap().iter().map(|event| event.kind.to_string()).collect()
    }

    pub(crate) fn delays(&self) -> Vec<Duration> {
        self.events
            .lock()
            .unwrap()
            .iter()
            .filter_map(|event| event.delay.map(Duration::from_secs_f64))
            .collect()
    }
}

impl Observer for Log {
    fn on_event(&self, event: Event) {
        let paused = event.kind == kind::RETRY;
        if self.jumps && self.paused.swap(paused, Ordering::Relaxed) != paused {
            if paused { tokio::time::pause() } else { tokio::time::resume() }
        }
        self.events.lock().unwrap().push(event);
    }
}

pub(crate) fn observed(total: Duration, log: &Arc<Log>) -> Call {
    let observer: Arc<dyn Observer> = Arc::<Log>::clone(log);
    Call { observer: Some(observer), ..call(total) }
}

pub(crate) fn failed(result: Result<AuditStatus, Failure>) -> (Error, u32) {
    let failure = result.unwrap_err();
    (failure.error, failure.attempts)
}

pub(crate) fn errcode_of(result: Result<AuditStatus, Failure>) -> (i64, u32) {
    match failed(result) {
        (Error::Api { errcode, .. }, attempts) => (errcode, attempts),
        other => panic!("{other:?}"),
    }
}
