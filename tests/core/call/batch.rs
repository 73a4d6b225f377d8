//! Batches: how many calls run at once, in what order, and what does not delay the others.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests may")]

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::call_harness::{MINUTE, call, client, token};
use crate::support::scripted_server::{Act, IN_REVIEW, Server, answer, errcode};
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use wxaudit::call::batch::{BatchEvent, Outcome, Query, answer_all};
use wxaudit::call::batch_scope::BatchScope;
use wxaudit::call::client::Call;
use wxaudit::call::token_source::{CallLimits, Credential, SharedSource, TokenRequestKind};
use wxaudit::error::{Error, Limit};
use wxaudit::wechat::operation::{Operation, Reply};
use wxaudit::wechat::request::AuditId;
use wxaudit::wechat::status::AuditStatus;

/// A batch under test.
struct Batch {
    queries: Option<UnboundedSender<Query>>,
    outcomes: UnboundedReceiver<Outcome>,
    scope: Arc<BatchScope>,
    wants_input: Arc<Notify>,
    task: JoinHandle<()>,
    next_index: u64,
}

impl Batch {
    fn begin(server: &Server, concurrency: usize, limit: Option<Duration>) -> Self {
        let client = client(server);
        let scope = Arc::new(BatchScope::new(concurrency, limit));
        let (queries, input) = unbounded_channel();
        let (output, outcomes) = unbounded_channel();
        let wants_input = Arc::new(Notify::new());
        let (shared, notify) = (Arc::clone(&scope), Arc::clone(&wants_input));
        let task = tokio::spawn(async move {
            let emit = |event| match event {
                BatchEvent::Finished(outcome) => output.send(outcome).unwrap(),
                BatchEvent::NeedsInput => notify.notify_one(),
            };
            answer_all(&client, &shared, concurrency, input, emit).await;
        });
        Self { queries: Some(queries), outcomes, scope, wants_input, task, next_index: 0 }
    }

    fn put(&mut self, call: Call) {
        let call = Call { batch: Some(Arc::clone(&self.scope)), ..call };
        self.queries.as_ref().unwrap().send(Query { index: self.next_index, call }).unwrap();
        self.next_index += 1;
    }

    async fn next(&mut self) -> Outcome {
        tokio::time::timeout(Duration::from_secs(10), self.outcomes.recv()).await.unwrap().unwrap()
    }

    /// Closes the input and returns the remaining outcomes.
    async fn rest(mut self) -> Vec<Outcome> {
        self.queries = None;
        let mut rest = Vec::new();
        while let Some(outcome) = self.outcomes.recv().await {
            rest.push(outcome);
        }
        self.task.await.unwrap();
        rest
    }
}

fn status(outcome: &Outcome) -> Option<&AuditStatus> {
    match &outcome.result {
        Ok(Reply::Status(status)) => Some(status),
        _ => None,
    }
}

fn numbered(auditid: i128) -> Call {
    Call { operation: Operation::AuditStatus(AuditId::new(auditid).unwrap()), ..call(MINUTE) }
}

fn of(appid: &str) -> Call {
    // Long enough to wait for the minute quota.
    Call { appid: Some(appid.to_owned()), ..call(2 * MINUTE) }
}

#[tokio::test]
async fn each_query_has_its_outcome() {
    let server = Server::start([]).await;
    let mut batch = Batch::begin(&server, 8, None);
    (1..=100).for_each(|auditid| batch.put(numbered(auditid)));
    let mut outcomes = batch.rest().await;
    outcomes.sort_by_key(|outcome| outcome.index);
    let seen: Vec<_> = outcomes.iter().map(|it| (it.index, it.auditid, it.attempts)).collect();
    let expected = |index: u64| (index, i64::try_from(index + 1).ok(), 1);
    assert_eq!(seen, (0..100).map(expected).collect::<Vec<_>>());
    assert!(outcomes.iter().all(|outcome| status(outcome).map(|it| it.auditid) == outcome.auditid));
    assert!(server.connections() <= 8);
}

#[tokio::test]
async fn no_more_calls_are_in_flight_than_allowed() {
    let server = Server::start(vec![Act::SendAndStall(Vec::new()); 3]).await;
    let mut batch = Batch::begin(&server, 3, None);
    (1..=10).for_each(|auditid| batch.put(numbered(auditid)));
    server.wait_for_requests(3).await;
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn it_emits_needs_input_when_another_query_could_start() {
    let server = Server::start(vec![Act::SendAndStall(Vec::new()); 3]).await;
    let mut batch = Batch::begin(&server, 3, None);
    for auditid in 1..=3 {
        tokio::time::timeout(Duration::from_secs(10), batch.wants_input.notified()).await.unwrap();
        batch.put(numbered(auditid));
    }
    server.wait_for_requests(3).await;
    assert!(tokio::time::timeout(Duration::from_millis(20), batch.wants_input.notified()).await.is_err());
}

#[tokio::test]
async fn outcomes_arrive_before_the_input_ends() {
    let server = Server::start([]).await;
    let mut batch = Batch::begin(&server, 1, None);
    for auditid in 1..=5 {
        batch.put(numbered(auditid));
        assert_eq!(batch.next().await.auditid.map(i128::from), Some(auditid));
    }
    assert!(batch.rest().await.is_empty());
}

#[tokio::test]
async fn the_quota_of_one_merchant_does_not_delay_another() {
    let server = Server::start([errcode(45011)]).await;
    let mut batch = Batch::begin(&server, 1, None);
    for appid in ["wx1", "wx1", "wx1", "wx2", "wx1", "wx3"] {
        batch.put(of(appid));
    }
    assert_eq!(batch.next().await.appid.as_deref(), Some("wx2"));
    assert_eq!(batch.next().await.appid.as_deref(), Some("wx3"));
    assert_eq!(server.requests().len(), 3);
    assert_eq!(batch.scope.waiting(), 4);
}

#[tokio::test]
async fn without_a_wait_slot_a_quota_refusal_is_returned_at_once() {
    let server = Server::start([errcode(45011)]).await;
    let mut batch = Batch::begin(&server, 1, None);
    (0..20).for_each(|_| batch.put(of("wx1")));
    batch.put(of("wx2"));
    for _ in 0..4 {
        let outcome = batch.next().await;
        let error = outcome.result.unwrap_err().error;
        assert!(matches!(error, Error::Api { errcode: 45011, retry_at: Some(_), .. }), "{error:?}");
        assert_eq!((outcome.appid.as_deref(), outcome.attempts), (Some("wx1"), 0));
    }
    assert_eq!(batch.next().await.appid.as_deref(), Some("wx2"));
    assert_eq!((batch.scope.waiting(), server.requests().len()), (16, 2));
}

#[tokio::test]
async fn a_source_that_hangs_occupies_one_permit() {
    let server = Server::start([]).await;
    let mut batch = Batch::begin(&server, 2, None);
    let shared = Arc::new(SharedSource::default());
    let hanging = |shared: &Arc<SharedSource>| Credential::Source {
        shared: Arc::clone(shared),
        ask: Arc::new(|_| Box::pin(std::future::pending())),
        max_age: MINUTE,
    };
    (0..5).for_each(|_| batch.put(Call { credential: hanging(&shared), ..call(MINUTE) }));
    (1..=3).for_each(|auditid| batch.put(numbered(auditid)));
    for auditid in 1..=3 {
        assert_eq!(batch.next().await.auditid, Some(auditid));
    }
}

#[tokio::test]
async fn calls_that_waited_for_a_source_keep_to_the_concurrency_limit() {
    let server = Server::start(vec![Act::Wait(Duration::from_millis(30)); 60]).await;
    let mut batch = Batch::begin(&server, 2, None);
    let shared = Arc::new(SharedSource::default());
    let release = Arc::new(Notify::new());
    for _ in 0..30 {
        let release = Arc::clone(&release);
        let ask = move |_| -> wxaudit::call::token_source::TokenFuture {
            let release = Arc::clone(&release);
            Box::pin(async move {
                release.notified().await;
                Ok(token("the-token-of-all-of-them"))
            })
        };
        let credential =
            Credential::Source { shared: Arc::clone(&shared), ask: Arc::new(ask), max_age: MINUTE };
        batch.put(Call { credential, ..call(MINUTE) });
    }
    while batch.scope.waiting() < 29 {
        tokio::task::yield_now().await;
    }
    release.notify_one();
    assert!(batch.rest().await.iter().all(|outcome| outcome.result.is_ok()));
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn calls_that_waited_for_a_source_that_hangs_do_not_ask_it_again() {
    let server = Server::start([]).await;
    let mut batch = Batch::begin(&server, 4, None);
    let shared = Arc::new(SharedSource::default());
    let asked = Arc::new(AtomicU32::new(0));
    for number in 0..40 {
        let asked = Arc::clone(&asked);
        let ask = move |_| -> wxaudit::call::token_source::TokenFuture {
            asked.fetch_add(1, Ordering::Relaxed);
            Box::pin(std::future::pending())
        };
        let credential =
            Credential::Source { shared: Arc::clone(&shared), ask: Arc::new(ask), max_age: MINUTE };
        // Each has a slightly later deadline than the one before.
        batch.put(Call { credential, ..call(Duration::from_millis(100 + number)) });
    }
    for outcome in batch.rest().await {
        assert_eq!(outcome.result.unwrap_err().error, Error::source_timed_out());
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn an_answer_of_a_source_is_reused_within_max_age() {
    let server = Server::start([errcode(42001)]).await;
    let mut batch = Batch::begin(&server, 4, None);
    let shared = Arc::new(SharedSource::default());
    let asked = Arc::new(Mutex::new(Vec::new()));
    for _ in 0..50 {
        let asked = Arc::clone(&asked);
        let ask = move |ask: TokenRequestKind| -> wxaudit::call::token_source::TokenFuture {
            asked.lock().unwrap().push(ask);
            let given =
                token(if ask == TokenRequestKind::Refresh { "the-fresh-token" } else { "the-token-it-had" });
            Box::pin(async move { Ok(given) })
        };
        let credential =
            Credential::Source { shared: Arc::clone(&shared), ask: Arc::new(ask), max_age: MINUTE };
        batch.put(Call { credential, ..call(MINUTE) });
        batch.next().await.result.unwrap();
    }
    assert_eq!(*asked.lock().unwrap(), [TokenRequestKind::Lookup, TokenRequestKind::Refresh]);
    let requests = server.requests();
    let fresh = requests.iter().filter(|request| request.token() == "the-fresh-token").count();
    assert_eq!((requests.len(), fresh), (51, 50));
}

#[tokio::test]
async fn a_token_older_than_max_age_is_requested_again() {
    let shared = Arc::new(SharedSource::default());
    let lookups = Arc::new(AtomicU32::new(0));
    let credential = |max_age| {
        let lookups = Arc::clone(&lookups);
        let ask = move |_| -> wxaudit::call::token_source::TokenFuture {
            let number = lookups.fetch_add(1, Ordering::Relaxed);
            Box::pin(async move { Ok(token(&format!("the-token-number-{number}"))) })
        };
        Credential::Source { shared: Arc::clone(&shared), ask: Arc::new(ask), max_age }
    };
    tokio::time::pause();
    credential(MINUTE).token(wait()).await.unwrap();
    tokio::time::advance(MINUTE / 2).await;
    credential(MINUTE).token(wait()).await.unwrap();
    assert_eq!(lookups.load(Ordering::Relaxed), 1);
    credential(Duration::ZERO).token(wait()).await.unwrap();
    assert_eq!(lookups.load(Ordering::Relaxed), 2);
    tokio::time::advance(MINUTE).await;
    credential(MINUTE).token(wait()).await.unwrap();
    assert_eq!(lookups.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn the_deadline_of_a_batch_ends_its_calls_and_keeps_earlier_outcomes() {
    let stall = Act::SendAndStall(Vec::new());
    let server = Server::start([Act::Send(answer(IN_REVIEW)), stall.clone(), stall]).await;
    let mut batch = Batch::begin(&server, 1, Some(Duration::from_millis(300)));
    (1..=5).for_each(|auditid| batch.put(numbered(auditid)));
    let outcomes = batch.rest().await;
    assert!(outcomes.first().unwrap().result.is_ok());
    let attempts: Vec<_> = outcomes.iter().map(|outcome| outcome.attempts).collect();
    assert_eq!(attempts, [1, 1, 0, 0, 0]);
    for outcome in outcomes.into_iter().skip(1) {
        let error = outcome.result.unwrap_err().error;
        assert!(
            matches!(error, Error::Timeout { limit: Limit::Batch, after, .. } if after.as_millis() == 300),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn dropping_a_batch_cancels_the_calls_in_flight() {
    let server = Server::start(vec![Act::SendAndStall(Vec::new()); 4]).await;
    let mut batch = Batch::begin(&server, 4, None);
    (1..=4).for_each(|auditid| batch.put(numbered(auditid)));
    server.wait_for_requests(4).await;
    batch.task.abort();
    server.wait_for_closed(4).await;
}

fn wait() -> CallLimits<'static> {
    CallLimits { deadline: tokio::time::Instant::now() + Duration::from_secs(60), batch: None }
}
