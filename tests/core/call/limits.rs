//! What keeps a client from sending: quota blocks and the retry budget.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::support::call_harness::{
    Log, MINUTE, call, client, client_with, errcode_of, failed, observed, token,
};
use crate::support::scripted_server::{Act, Server, errcode, reply};
use wxaudit::call::client::Call;
use wxaudit::call::token_source::Credential;
use wxaudit::error::{Error, Limit};
use wxaudit::event::{Event, Observer, kind};

const DAY: Duration = Duration::from_secs(24 * 3600);

fn with_appid(appid: &str) -> Call {
    Call { appid: Some(appid.to_owned()), ..call(MINUTE / 2) }
}

fn with_token(text: &str) -> Call {
    Call { credential: Credential::Fixed(token(text)), ..call(MINUTE / 2) }
}

#[tokio::test]
async fn after_a_quota_refusal_nothing_is_sent_for_the_same_subject() {
    for code in [45009, 45011] {
        let server = Server::start([errcode(code)]).await;
        let client = client(&server);
        let before = SystemTime::now();
        let (first, sent) = failed(client.get_audit_status(&call(MINUTE / 2)).await);
        assert_eq!(sent, 1);
        for _ in 0..5 {
            // The same refusal, with the same retry_at.
            assert_eq!(failed(client.get_audit_status(&call(MINUTE / 2)).await), (first.clone(), 0));
        }
        let Error::Api { errcode, rid, retry_at: Some(retry_at), .. } = first else { panic!("{first:?}") };
        assert_eq!((errcode, rid.as_deref()), (code, Some("637accc2-7d67c301-4ae3af4b")));
        let wait = retry_at.duration_since(before).unwrap();
        assert!(wait >= if code == 45011 { MINUTE } else { Duration::ZERO } && wait <= DAY);
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn the_subject_is_the_appid_if_there_is_one() {
    let server = Server::start([errcode(45009)]).await;
    let client = client(&server);
    assert_eq!(errcode_of(client.get_audit_status(&with_appid("wx1")).await), (45009, 1));
    let another_token = Call { credential: Credential::Fixed(token("another-token")), ..with_appid("wx1") };
    assert_eq!(errcode_of(client.get_audit_status(&another_token).await), (45009, 0));
    client.get_audit_status(&with_appid("wx2")).await.unwrap();
    client.get_audit_status(&call(MINUTE)).await.unwrap();
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn the_subject_is_the_token_if_there_is_no_appid() {
    let server = Server::start([errcode(45011)]).await;
    let client = client(&server);
    assert_eq!(errcode_of(client.get_audit_status(&with_token("token-of-one")).await), (45011, 1));
    assert_eq!(errcode_of(client.get_audit_status(&with_token("token-of-one")).await), (45011, 0));
    client.get_audit_status(&with_token("token-of-another")).await.unwrap();
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn another_client_is_not_blocked() {
    let server = Server::start([errcode(45009)]).await;
    assert_eq!(errcode_of(client(&server).get_audit_status(&call(MINUTE)).await), (45009, 1));
    client(&server).get_audit_status(&call(MINUTE)).await.unwrap();
}

// A block follows the system clock, which these tests cannot change. What a call does after the reset is tested from
// Python, in a process with a fake clock.
#[tokio::test]
async fn a_call_with_enough_time_waits_for_the_quota() {
    let server = Server::start([errcode(45011)]).await;
    let client = client(&server);
    let log = Log::jumping();
    assert_eq!(errcode_of(client.get_audit_status(&observed(2 * MINUTE, &log)).await), (45011, 1));
    assert_eq!(log.kinds()[..3], [kind::REQUEST, kind::RESPONSE, kind::RETRY]);
    let delay = log.delays()[0];
    assert!(delay + Duration::from_secs(5) > MINUTE && delay <= MINUTE, "{delay:?}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_call_with_enough_time_waits_for_a_quota_that_another_call_used_up() {
    let server = Server::start([errcode(45011)]).await;
    let client = client(&server);
    assert_eq!(errcode_of(client.get_audit_status(&call(MINUTE / 2)).await), (45011, 1));
    let log = Log::jumping();
    let patient = Call { max_retries: 0, ..observed(2 * MINUTE, &log) };
    assert_eq!(errcode_of(client.get_audit_status(&patient).await), (45011, 0));
    assert_eq!(log.kinds()[0], kind::RETRY);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn without_retries_the_refusal_is_returned_at_once() {
    let server = Server::start([errcode(45011)]).await;
    let log = Arc::<Log>::default();
    let call = Call { max_retries: 0, ..observed(10 * MINUTE, &log) };
    assert_eq!(errcode_of(client(&server).get_audit_status(&call).await), (45011, 1));
    assert_eq!(log.kinds(), [kind::REQUEST, kind::RESPONSE]);
}

#[tokio::test]
async fn calls_that_wait_for_a_permit_notice_the_block() {
    let server = Server::start([errcode(45009)]).await;
    let client = client_with(&server, 1);
    let calls = [call(MINUTE), call(MINUTE), call(MINUTE)];
    let [one, two, three] = &calls;
    let (first, second, third) = tokio::join!(
        client.get_audit_status(one),
        client.get_audit_status(two),
        client.get_audit_status(three)
    );
    assert_eq!(errcode_of(first), (45009, 1));
    assert_eq!(errcode_of(second), (45009, 0));
    assert_eq!(errcode_of(third), (45009, 0));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn an_outage_adds_35_requests_to_those_of_the_calls() {
    let server = Server::start(vec![Act::Send(reply("503 Busy", "", "")); 200]).await;
    let client = client(&server);
    let log = Log::jumping();
    let mut attempts = Vec::new();
    for _ in 0..50 {
        attempts.push(failed(client.get_audit_status(&observed(MINUTE, &log)).await).1);
    }
    // 17 calls with two retries, one with one retry, and then none.
    assert_eq!(attempts, [vec![3; 17], vec![2], vec![1; 32]].concat());
    assert_eq!(server.requests().len(), 50 + 35);
}

#[tokio::test]
async fn busy_answers_take_less_of_the_budget() {
    let server = Server::start(vec![errcode(-1); 1000]).await;
    let client = client(&server);
    let log = Log::jumping();
    for _ in 0..60 {
        failed(client.get_audit_status(&observed(MINUTE, &log)).await);
    }
    assert_eq!(server.requests().len(), 60 + 100);
}

#[tokio::test]
async fn success_refills_the_budget() {
    let server = Server::start(vec![Act::Send(reply("503 Busy", "", "")); 53]).await;
    let client = client(&server);
    let log = Log::jumping();
    while server.requests().len() < 53 {
        failed(client.get_audit_status(&observed(MINUTE, &log)).await);
    }
    // 10 units are left. A success gives back 1, and a retry takes 14.
    for _ in 0..3 {
        client.get_audit_status(&call(MINUTE)).await.unwrap();
    }
    server.then(Act::Send(reply("503 Busy", "", "")));
    assert_eq!(failed(client.get_audit_status(&observed(MINUTE, &log)).await).1, 1);
    client.get_audit_status(&call(MINUTE)).await.unwrap();
    server.then(Act::Send(reply("503 Busy", "", "")));
    // 14 units are left: enough for one retry, which succeeds and gives its 14 back.
    client.get_audit_status(&observed(MINUTE, &log)).await.unwrap();
    server.then(Act::Send(reply("503 Busy", "", "")));
    client.get_audit_status(&observed(MINUTE, &log)).await.unwrap();
}

/// Blocks the thread when an answer has come, as a busy machine does.
struct Busy(Duration);

impl Observer for Busy {
    fn on_event(&self, event: Event) {
        if event.kind == kind::RESPONSE {
            std::thread::sleep(self.0);
        }
    }
}

#[tokio::test]
async fn a_call_whose_time_ends_while_it_waits_for_a_permit_is_not_retried() {
    let server = Server::start([]).await;
    let client = client_with(&server, 1);
    let log = Arc::<Log>::default();
    let limit = Duration::from_millis(20);
    let busy = Call { observer: Some(Arc::new(Busy(2 * limit))), ..call(MINUTE) };
    let late = observed(limit, &log);
    let (first, second) = tokio::join!(client.get_audit_status(&busy), client.get_audit_status(&late));
    first.unwrap();
    let (error, sent) = failed(second);
    let Error::Timeout { limit: Limit::Total, detail, .. } = error else { panic!("{error:?}") };
    assert!(detail.starts_with("waiting for another request"), "{detail}");
    assert_eq!((sent, log.kinds().len()), (0, 0));
}
