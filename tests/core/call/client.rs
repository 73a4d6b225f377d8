//! The flow of a call: which requests are sent, and when.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests may")]

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use crate::support::call_harness::{
    Log, MINUTE, call, client, client_with, errcode_of, failed, observed, token,
};
use crate::support::scripted_server::{Act, Request, Server, answer, errcode, reply};
use wxaudit::call::client::{Call, Client};
use wxaudit::call::retry::Class;
use wxaudit::call::token_source::{Credential, SharedSource, TokenFuture, TokenRequestKind};
use wxaudit::config::{Config, Settings, Timeouts};
use wxaudit::error::{Error, Limit};
use wxaudit::event::kind;

/// The behavior of a token source.
#[derive(Clone, Copy, PartialEq)]
enum Source {
    Answers,
    FailsToRefresh,
    HangsAtLookup,
    HangsAtRefresh,
}

/// A call with a token source, and the log of its requests.
fn call_with(source: Source, shared: &Arc<SharedSource>) -> (Call, Arc<Mutex<Vec<TokenRequestKind>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    let ask = move |ask| {
        log.lock().unwrap().push(ask);
        Box::pin(async move {
            match (source, ask) {
                (Source::HangsAtLookup, TokenRequestKind::Lookup)
                | (Source::HangsAtRefresh, TokenRequestKind::Refresh) => std::future::pending().await,
                (Source::FailsToRefresh, TokenRequestKind::Refresh) => {
                    Err(Error::TokenSource { problem: "no".to_owned() })
                }
                (_, TokenRequestKind::Lookup) => Ok(token("an-old-token")),
                (_, TokenRequestKind::Refresh) => Ok(token("a-new-token")),
            }
        }) as TokenFuture
    };
    let credential =
        Credential::Source { shared: Arc::clone(shared), ask: Arc::new(ask), max_age: Duration::ZERO };
    (Call { credential, ..call(MINUTE) }, asked)
}

fn repeated(act: &Act, times: usize) -> Vec<Act> {
    vec![act.clone(); times]
}

fn busy_gateway() -> Act {
    Act::Send(reply("503 Busy", "", ""))
}

#[tokio::test]
async fn one_call_is_one_request() {
    let server = Server::start([]).await;
    let log = Log::jumping();
    let call = Call { appid: Some("wx1".to_owned()), ..observed(MINUTE, &log) };
    let before = SystemTime::now();
    let status = client(&server).get_audit_status(&call).await.unwrap();
    assert_eq!((status.auditid, status.status, status.appid.as_deref()), (1_234_567, 2, Some("wx1")));
    assert!(status.observed_at >= before && status.observed_at <= SystemTime::now());
    assert_eq!(server.requests().len(), 1);
    assert_eq!(log.kinds(), [kind::REQUEST, kind::RESPONSE]);
    let events = log.events.lock().unwrap();
    for event in events.iter() {
        assert_eq!(
            (event.auditid, event.appid.as_deref(), event.attempt),
            (Some(1_234_567), Some("wx1"), Some(1))
        );
        assert_eq!(event.method.as_deref(), Some("POST"));
        assert_eq!(event.url_path.as_deref(), Some("/wxa/get_auditstatus"));
        assert_eq!(event.host.as_deref(), Some("127.0.0.1"));
    }
    assert_eq!((events[1].http_status, events[1].errcode, &events[1].error), (Some(200), Some(0), &None));
}

#[tokio::test]
async fn two_busy_answers_are_retried() {
    let server = Server::start(repeated(&errcode(-1), 2)).await;
    let log = Log::jumping();
    fastrand::seed(7);
    client(&server).get_audit_status(&observed(MINUTE, &log)).await.unwrap();
    assert_eq!(server.requests().len(), 3);
    assert_eq!(log.kinds(), [[kind::REQUEST, kind::RESPONSE, kind::RETRY]; 3].concat()[..8]);
    let mut random = fastrand::Rng::with_seed(7);
    let expected = [1, 2].map(|retry| Class::Busy.delay(retry, random.f64()));
    assert_eq!(log.delays(), expected);
}

#[tokio::test]
async fn a_lasting_failure_ends_the_call_after_its_retries() {
    let cut = Act::SendAndClose(Vec::new());
    for (act, retries, attempts) in [
        (errcode(-1), 2, 3),
        (errcode(-1), 0, 1),
        (errcode(-1), 10, 11),
        (busy_gateway(), 2, 3),
        (cut.clone(), 2, 3),
        (cut, 1, 2),
        (Act::Send(answer("")), 2, 2),
        (Act::Send(answer("")), 10, 2),
        (Act::Send(answer("")), 0, 1),
        (Act::Send(answer("null")), 2, 1),
        (Act::Send(reply("404 Not Found", "", "")), 2, 1),
        (errcode(85012), 2, 1),
        (errcode(99999), 10, 1),
    ] {
        let server = Server::start(repeated(&act, 20)).await;
        let log = Log::jumping();
        let call = Call { max_retries: retries, ..observed(60 * MINUTE, &log) };
        let (error, sent) = failed(client(&server).get_audit_status(&call).await);
        assert_eq!((sent as usize, server.requests().len()), (attempts, attempts), "{error}");
        assert_eq!(log.delays().len(), attempts - 1);
    }
}

#[tokio::test]
async fn retries_of_different_failures_are_counted_together() {
    let server = Server::start([errcode(-1), busy_gateway(), errcode(-1), busy_gateway()]).await;
    let log = Log::jumping();
    assert_eq!(errcode_of(client(&server).get_audit_status(&observed(MINUTE, &log)).await), (-1, 3));
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn retry_after_is_respected_as_far_as_the_deadline_allows() {
    for (hint, total, expected) in
        [("7", 60, 7.0), ("120", 60, 30.0), ("1000000000", 60, 30.0), ("7", 3600, 7.0)]
    {
        let refusal = Act::Send(reply("503 Busy", &format!("Retry-After: {hint}\r\n"), ""));
        let server = Server::start([refusal]).await;
        let log = Log::jumping();
        client(&server).get_audit_status(&observed(Duration::from_secs(total), &log)).await.unwrap();
        let [delay] = log.delays()[..] else { panic!("{:?}", log.delays()) };
        assert!((delay.as_secs_f64() - expected).abs() < 0.5, "{hint} within {total}: {delay:?}");
        assert_eq!(server.requests().len(), 2);
    }
}

#[tokio::test]
async fn a_refused_token_is_refreshed_once_without_using_a_retry() {
    let server = Server::start([errcode(42001), busy_gateway(), busy_gateway()]).await;
    let (call, asked) = call_with(Source::Answers, &Arc::default());
    client(&server).get_audit_status(&call).await.unwrap();
    assert_eq!(*asked.lock().unwrap(), [TokenRequestKind::Lookup, TokenRequestKind::Refresh]);
    let requests = server.requests();
    let tokens: Vec<_> = requests.iter().map(Request::token).collect();
    assert_eq!(tokens, ["an-old-token", "a-new-token", "a-new-token", "a-new-token"]);
}

#[tokio::test]
async fn a_token_that_is_always_refused_costs_two_requests() {
    for code in [40001, 40014, 42001] {
        let server = Server::start(repeated(&errcode(code), 10)).await;
        let (call, asked) = call_with(Source::Answers, &Arc::default());
        assert_eq!(errcode_of(client(&server).get_audit_status(&call).await), (code, 2));
        assert_eq!(*asked.lock().unwrap(), [TokenRequestKind::Lookup, TokenRequestKind::Refresh]);
        assert_eq!(server.requests().len(), 2);
    }
}

#[tokio::test]
async fn a_second_refusal_ends_the_call_even_after_a_retry() {
    let server = Server::start([errcode(40001), busy_gateway(), errcode(42001)]).await;
    let (call, asked) = call_with(Source::Answers, &Arc::default());
    assert_eq!(errcode_of(client(&server).get_audit_status(&call).await), (42001, 3));
    assert_eq!(asked.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_fixed_token_that_is_refused_costs_one_request() {
    let server = Server::start([errcode(40001)]).await;
    assert_eq!(errcode_of(client(&server).get_audit_status(&call(MINUTE)).await), (40001, 1));
}

#[tokio::test]
async fn a_source_that_fails_to_refresh_ends_the_call() {
    let server = Server::start([errcode(40001)]).await;
    let (call, _) = call_with(Source::FailsToRefresh, &Arc::default());
    let (error, attempts) = failed(client(&server).get_audit_status(&call).await);
    assert_eq!((error, attempts), (Error::TokenSource { problem: "no".to_owned() }, 1));
}

#[tokio::test]
async fn a_source_that_hangs_is_bounded_by_the_deadline() {
    for (source, attempts) in [(Source::HangsAtLookup, 0), (Source::HangsAtRefresh, 1)] {
        let server = Server::start([errcode(40001)]).await;
        let (call, _) = call_with(source, &Arc::default());
        let total = Duration::from_millis(200);
        let call = Call { timeouts: Timeouts { total, connect: None, read: None }, ..call };
        let (error, sent) = failed(client(&server).get_audit_status(&call).await);
        assert_eq!(error, Error::source_timed_out());
        assert_eq!((sent, server.requests().len()), (attempts, attempts as usize));
    }
}

#[tokio::test]
async fn a_call_that_waited_uses_the_token_that_another_has_refreshed() {
    let server = Server::start([errcode(42001)]).await;
    let client = client_with(&server, 1);
    let shared = Arc::default();
    let ((one, _), (other, asked)) =
        (call_with(Source::Answers, &shared), call_with(Source::Answers, &shared));
    let (first, second) = tokio::join!(client.get_audit_status(&one), client.get_audit_status(&other));
    assert!(first.is_ok() && second.is_ok());
    let requests = server.requests();
    let tokens: Vec<_> = requests.iter().map(Request::token).collect();
    assert_eq!(tokens, ["an-old-token", "a-new-token", "a-new-token"]);
    assert!(!asked.lock().unwrap().contains(&TokenRequestKind::Refresh));
}

#[tokio::test]
async fn a_call_whose_token_is_being_replaced_sends_nothing() {
    let server = Server::start([errcode(42001)]).await;
    let client = client_with(&server, 1);
    let shared = Arc::default();
    let total = Duration::from_millis(300);
    let limited = |source| {
        let (call, _) = call_with(source, &shared);
        Call { timeouts: Timeouts { total, connect: None, read: None }, ..call }
    };
    let (one, other) = (limited(Source::HangsAtRefresh), limited(Source::HangsAtRefresh));
    let (first, second) = tokio::join!(client.get_audit_status(&one), client.get_audit_status(&other));
    assert_eq!(failed(first), (Error::source_timed_out(), 1));
    assert_eq!(failed(second), (Error::source_timed_out(), 0));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn the_deadline_ends_an_attempt_after_a_failure() {
    let server = Server::start([Act::Send(reply("503 Busy", "", "")), Act::Wait(MINUTE)]).await;
    let (error, attempts) = failed(client(&server).get_audit_status(&call(Duration::from_millis(300))).await);
    assert!(matches!(error, Error::Timeout { limit: Limit::Total, .. }), "{error}");
    assert_eq!((attempts, server.requests().len()), (2, 2));
}

#[tokio::test]
async fn a_call_without_a_permit_before_its_deadline_sends_nothing() {
    let server = Server::start([Act::Wait(Duration::from_millis(600))]).await;
    let client = client_with(&server, 1);
    let (patient, hasty) = (call(MINUTE), call(Duration::from_millis(200)));
    let (first, second) = tokio::join!(client.get_audit_status(&patient), client.get_audit_status(&hasty));
    assert!(first.is_ok());
    let (error, attempts) = failed(second);
    assert!(error.to_string().contains("max_concurrency"), "{error}");
    assert_eq!((attempts, server.requests().len()), (0, 1));
}

#[tokio::test]
async fn a_configuration_that_cannot_be_used_sends_nothing() {
    let settings = Settings {
        base_url: Some("https://localhost:9".to_owned()),
        ca_file: Some("/nowhere/ca.pem".into()),
        max_concurrency: 1,
        ..Settings::default()
    };
    let client = Client::new(Config::new(settings, |_| None).unwrap());
    let (error, attempts) = failed(client.get_audit_status(&call(MINUTE)).await);
    assert!(matches!(error, Error::Argument { field: "ca_file", .. }), "{error}");
    assert_eq!(attempts, 0);
}

#[tokio::test]
async fn closing_drops_idle_connections_only() {
    let server = Server::start([
        Act::Send(answer(crate::support::scripted_server::IN_REVIEW)),
        Act::Wait(Duration::from_millis(100)),
    ])
    .await;
    let client = client(&server);
    client.get_audit_status(&call(MINUTE)).await.unwrap();
    let call_in_flight = call(MINUTE);
    let (in_flight, ()) = tokio::join!(client.get_audit_status(&call_in_flight), async {
        while server.requests().len() < 2 {
            tokio::task::yield_now().await;
        }
        client.close();
    });
    assert!(in_flight.is_ok());
    client.get_audit_status(&call(MINUTE)).await.unwrap();
    assert_eq!((server.requests().len(), server.connections()), (3, 2));
}

#[tokio::test]
async fn the_connection_of_a_cancelled_call_is_not_reused() {
    let server = Server::start([Act::Wait(MINUTE)]).await;
    let client = client(&server);
    let dropped = call(MINUTE);
    tokio::select! {
        biased;
        _ = client.get_audit_status(&dropped) => panic!("answered"),
        () = async { while server.requests().is_empty() { tokio::task::yield_now().await } } => {}
    }
    client.get_audit_status(&call(MINUTE)).await.unwrap();
    assert_eq!(server.connections(), 2);
}
