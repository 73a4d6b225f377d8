//! The choice between several hosts.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests may")]

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::advance;
use wxaudit::call::client::{Call, Client};
use wxaudit::call::failover::{Hosts, is_failure};
use wxaudit::config::{Config, Settings, Timeouts};
use wxaudit::error::{Error, Limit, Phase};

use crate::support::call_harness::{Log, MINUTE, call, errcode_of, failed, observed};
use crate::support::scripted_server::{Act, Server, errcode, reply};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn the_first_host_is_used_until_it_fails_and_then_avoided_for_a_minute() {
    let hosts = Hosts::new(3);
    for _ in 0..3 {
        assert_eq!(hosts.choose(None), 0);
        hosts.mark_answered(0);
    }
    hosts.mark_failed(0);
    for _ in 0..59 {
        assert_eq!(hosts.choose(None), 1);
        hosts.mark_answered(1);
        advance(SECOND).await;
    }
    advance(SECOND).await;
    assert_eq!(hosts.choose(None), 0);
}

#[tokio::test(start_paused = true)]
async fn one_call_a_minute_tries_the_first_host_again() {
    let hosts = Hosts::new(2);
    hosts.mark_failed(0);
    for _ in 0..3 {
        advance(MINUTE).await;
        assert_eq!(hosts.choose(None), 0, "the one that tries it");
        assert_eq!([hosts.choose(None), hosts.choose(None)], [1, 1], "meanwhile");
        hosts.mark_failed(0);
        assert_eq!(hosts.choose(None), 1);
    }
    advance(MINUTE).await;
    assert_eq!(hosts.choose(None), 0);
    hosts.mark_answered(0);
    assert_eq!([hosts.choose(None), hosts.choose(None)], [0, 0]);
}

#[tokio::test(start_paused = true)]
async fn hosts_follow_each_other_in_a_circle() {
    let hosts = Hosts::new(3);
    for (failing, next) in [(0, 1), (1, 2), (2, 0), (0, 1)] {
        hosts.mark_failed(failing);
        assert_eq!(hosts.choose(None), next);
    }
}

#[tokio::test(start_paused = true)]
async fn simultaneous_failures_advance_by_one_host() {
    let hosts = Hosts::new(3);
    for _ in 0..10 {
        hosts.mark_failed(0);
    }
    assert_eq!(hosts.choose(None), 1);
}

#[tokio::test(start_paused = true)]
async fn a_single_host_is_always_used() {
    let hosts = Hosts::new(1);
    for _ in 0..3 {
        hosts.mark_failed(0);
        assert_eq!(hosts.choose(None), 0);
        advance(MINUTE).await;
    }
}

#[test]
fn silence_and_broken_connections_are_failures_of_a_host_and_answers_are_not() {
    let timeout = |limit| Error::Timeout { limit, after: SECOND, detail: String::new() };
    let api = Error::Api { errcode: -1, errmsg: String::new(), rid: None, retry_at: None };
    let decode = Error::Decode { problem: String::new(), excerpt: String::new(), empty: true };
    for (error, expected) in [
        (Error::transient(Phase::Connect, "refused"), true),
        (Error::transient(Phase::Resolve, "no such name"), true),
        (Error::transient(Phase::Body, "cut"), true),
        (timeout(Limit::Connect), true),
        (timeout(Limit::Read), true),
        (timeout(Limit::Total), false),
        (timeout(Limit::Batch), false),
        (Error::permanent(Phase::Tls, "expired certificate"), true),
        (Error::permanent(Phase::Head, "no HTTP"), true),
        (Error::permanent(Phase::Start, "no descriptors"), false),
        (Error::HttpStatus { status: 503, retry_after: None }, false),
        (api, false),
        (decode, false),
        (Error::argument("auditid", "wrong"), false),
    ] {
        assert_eq!(is_failure(&error), expected, "{error:?}");
    }
}

fn client(urls: &[&str], max_retries: u32) -> Client {
    let (base, fallbacks) = urls.split_first().unwrap();
    let settings = Settings {
        base_url: Some((*base).to_owned()),
        fallback_urls: fallbacks.iter().map(ToString::to_string).collect(),
        max_retries,
        max_concurrency: 64,
        ..Settings::default()
    };
    Client::new(Config::new(settings, |_| None).unwrap())
}

/// An address that refuses connections.
async fn refusing() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// How many attempts were made, according to the events.
fn attempts(log: &Log) -> usize {
    log.kinds().iter().filter(|kind| *kind == wxaudit::event::kind::REQUEST).count()
}

#[tokio::test]
async fn a_first_host_that_refuses_connections_costs_one_attempt_and_is_remembered() {
    let second = Server::start([]).await;
    let client = client(&[&refusing().await, &second.base_url], 2);
    for (number, expected) in [2, 1, 1].into_iter().enumerate() {
        let log = Arc::new(Log::default());
        client.get_audit_status(&observed(MINUTE, &log)).await.unwrap();
        assert_eq!((attempts(&log), second.requests().len()), (expected, number + 1));
    }
}

/// Makes two calls, where the first host does `act` on the first request. Returns the number of requests to each host.
async fn requests_after(act: Act, succeeds: bool) -> (usize, usize) {
    let (first, second) = (Server::start([act]).await, Server::start([]).await);
    let client = client(&[&first.base_url, &second.base_url], 2);
    assert_eq!(client.get_audit_status(&call(MINUTE)).await.is_ok(), succeeds);
    client.get_audit_status(&call(MINUTE)).await.unwrap();
    (first.requests().len(), second.requests().len())
}

#[tokio::test]
async fn a_first_host_that_drops_connections_is_skipped() {
    for answer in [b"".as_slice(), b"HTTP/1.1 2", b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"] {
        assert_eq!(requests_after(Act::SendAndClose(answer.to_vec()), true).await, (1, 2), "{answer:?}");
    }
}

#[tokio::test]
async fn a_first_host_that_violates_http_is_skipped() {
    assert_eq!(requests_after(Act::SendAndClose(b"no HTTP\r\n\r\n".to_vec()), true).await, (1, 2));
}

#[tokio::test]
async fn an_html_page_does_not_cause_a_failover() {
    let page = Act::Send(reply("200 OK", "", "<html>Sign in</html>"));
    assert_eq!(requests_after(page, false).await, (2, 0));
}

#[tokio::test]
async fn a_call_with_a_short_limit_fails_over_without_affecting_others() {
    let silent = || Act::SendAndStall(Vec::new());
    let (first, second) = (Server::start([silent(), silent()]).await, Server::start([]).await);
    let client = client(&[&first.base_url, &second.base_url], 2);
    client.get_audit_status(&call(Duration::from_millis(600))).await.unwrap();
    let once = Call { max_retries: 0, ..call(Duration::from_millis(50)) };
    assert!(client.get_audit_status(&once).await.is_err());
    assert_eq!((first.requests().len(), second.requests().len()), (2, 1));
    client.get_audit_status(&call(MINUTE)).await.unwrap();
    assert_eq!((first.requests().len(), second.requests().len()), (3, 1));
}

#[tokio::test]
async fn a_silent_first_host_leaves_the_second_its_share_of_the_time() {
    let silent = || Act::SendAndStall(Vec::new());
    let (first, second) = (Server::start([silent(), silent(), silent()]).await, Server::start([]).await);
    let client = client(&[&first.base_url, &second.base_url], 2);
    for _ in 0..2 {
        client.get_audit_status(&call(Duration::from_millis(3100))).await.unwrap();
    }
    assert_eq!((first.requests().len(), second.requests().len()), (1, 2));
}

#[tokio::test]
async fn a_call_without_retries_marks_the_host_for_the_next_call() {
    let (first, second) = (Server::start([Act::SendAndStall(Vec::new())]).await, Server::start([]).await);
    let client = client(&[&first.base_url, &second.base_url], 0);
    let once = || Call { max_retries: 0, ..call(Duration::from_millis(1100)) };
    let (error, attempts) = failed(client.get_audit_status(&once()).await);
    assert!(matches!(error, Error::Timeout { limit: Limit::Total, .. }), "{error:?}");
    assert_eq!(attempts, 1);
    client.get_audit_status(&once()).await.unwrap();
    assert_eq!((first.requests().len(), second.requests().len()), (1, 1));
}

#[tokio::test]
async fn shorter_limits_of_an_attempt_are_kept() {
    let (first, second) = (Server::start([Act::SendAndStall(Vec::new())]).await, Server::start([]).await);
    let client = client(&[&first.base_url, &second.base_url], 2);
    let timeouts = Timeouts { total: MINUTE, connect: None, read: Some(Duration::from_millis(100)) };
    let begun = std::time::Instant::now();
    client.get_audit_status(&Call { timeouts, ..call(MINUTE) }).await.unwrap();
    assert!(begun.elapsed() < 10 * SECOND);
    assert_eq!((first.requests().len(), second.requests().len()), (1, 1));
}

#[tokio::test]
async fn an_answer_never_causes_a_failover() {
    for act in [errcode(-1), Act::Send(reply("503 Service Unavailable", "", "busy"))] {
        let (first, second) = (Server::start([act]).await, Server::start([]).await);
        let client = client(&[&first.base_url, &second.base_url], 2);
        client.get_audit_status(&call(MINUTE)).await.unwrap();
        assert_eq!((first.requests().len(), second.requests().len()), (2, 0));
    }
    let (first, second) = (Server::start([errcode(85012)]).await, Server::start([]).await);
    let client = client(&[&first.base_url, &second.base_url], 2);
    assert_eq!(errcode_of(client.get_audit_status(&call(MINUTE)).await), (85012, 1));
    assert_eq!(second.requests().len(), 0);
}

#[tokio::test]
async fn several_failing_hosts_do_not_add_attempts() {
    let client = client(&[&refusing().await, &refusing().await], 2);
    let log = Arc::new(Log::default());
    let (error, sent) = failed(client.get_audit_status(&observed(MINUTE, &log)).await);
    assert!(matches!(error, Error::Transport { phase: Phase::Connect, transient: true, .. }), "{error:?}");
    assert_eq!((attempts(&log), sent), (3, 0));
}
