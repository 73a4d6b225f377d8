//! Token sources: one request at a time, and one refresh for all calls that need it.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests may")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::{Mutex, Notify};
use tokio::task::{JoinHandle, yield_now};
use wxaudit::call::token_source::{
    CallLimits, Credential, SharedSource, TokenFuture, TokenRequestKind, VersionedToken,
};
use wxaudit::error::Error;
use wxaudit::token::Token;

/// A source that counts requests, and answers when the test releases them.
#[derive(Default)]
struct Source {
    lookups: AtomicU32,
    refreshes: AtomicU32,
    /// If set, each request waits for one notification.
    release: Option<Notify>,
    /// The next answers; afterwards each is a token with the number of the request.
    answers: Mutex<Vec<Result<Token, Error>>>,
}

fn failure() -> Error {
    Error::TokenSource { problem: "get_token raised OSError".to_owned() }
}

impl Source {
    fn held_back() -> Arc<Self> {
        Arc::new(Self { release: Some(Notify::new()), ..Self::default() })
    }

    fn release_one(&self) {
        self.release.as_ref().unwrap().notify_one();
    }

    async fn answer(&self, ask: TokenRequestKind) -> Result<Token, Error> {
        let counter = if ask == TokenRequestKind::Lookup { &self.lookups } else { &self.refreshes };
        let number = counter.fetch_add(1, Ordering::Relaxed) + 1;
        if let Some(release) = &self.release {
            release.notified().await;
        }
        let mut answers = self.answers.lock().await;
        if answers.is_empty() { Ok(token(&format!("{ask:?}-{number}"))) } else { answers.remove(0) }
    }

    fn asked(&self) -> (u32, u32) {
        (self.lookups.load(Ordering::Relaxed), self.refreshes.load(Ordering::Relaxed))
    }
}

fn token(text: &str) -> Token {
    Token::new(text).unwrap()
}

/// The credential of a call on `source`. Calls with the same `shared` share answers.
fn credential(source: &Arc<Source>, shared: &Arc<SharedSource>) -> Credential {
    let source = Arc::clone(source);
    let ask = move |ask| {
        let source = Arc::clone(&source);
        Box::pin(async move { source.answer(ask).await }) as TokenFuture
    };
    Credential::Source { shared: Arc::clone(shared), ask: Arc::new(ask), max_age: Duration::ZERO }
}

fn call(credential: &Credential) -> JoinHandle<Result<VersionedToken, Error>> {
    let credential = credential.clone();
    tokio::spawn(async move { credential.token(wait()).await })
}

fn refresh(credential: &Credential, refused: &VersionedToken) -> JoinHandle<Result<VersionedToken, Error>> {
    let (credential, refused) = (credential.clone(), refused.clone());
    tokio::spawn(async move { credential.replace(&refused, wait()).await.unwrap() })
}

/// Lets all tasks run until they wait.
async fn settle() {
    for _ in 0..10 {
        yield_now().await;
    }
}

#[tokio::test]
async fn a_fixed_token_cannot_be_refreshed() {
    let credential = Credential::Fixed(token("given"));
    let versioned = credential.token(wait()).await.unwrap();
    assert_eq!(versioned.token, token("given"));
    assert_eq!(credential.replace(&versioned, wait()).await, None);
    assert_eq!(credential.renewed(&versioned), None);
}

#[tokio::test]
async fn each_call_makes_a_lookup() {
    let source = Arc::<Source>::default();
    let credential = credential(&source, &Arc::default());
    for number in 1..=3 {
        assert_eq!(credential.token(wait()).await.unwrap().token, token(&format!("Lookup-{number}")));
    }
    assert_eq!(source.asked(), (3, 0));
}

#[tokio::test]
async fn calls_that_arrive_during_a_lookup_share_its_answer() {
    let source = Source::held_back();
    let credential = credential(&source, &Arc::default());
    let calls: Vec<_> = (0..1000).map(|_| call(&credential)).collect();
    settle().await;
    assert_eq!(source.asked(), (1, 0));
    source.release_one();
    for answer in calls {
        assert_eq!(answer.await.unwrap().unwrap().token, token("Lookup-1"));
    }
    assert_eq!(source.asked(), (1, 0));
    source.release_one();
    assert_eq!(credential.token(wait()).await.unwrap().token, token("Lookup-2"));
}

#[tokio::test]
async fn different_sources_share_nothing() {
    let source = Arc::<Source>::default();
    let (one, other) = (credential(&source, &Arc::default()), credential(&source, &Arc::default()));
    let versioned = one.token(wait()).await.unwrap();
    let of_other = other.token(wait()).await.unwrap();
    one.replace(&versioned, wait()).await.unwrap().unwrap();
    other.replace(&of_other, wait()).await.unwrap().unwrap();
    assert_eq!(source.asked(), (2, 2));
}

#[tokio::test]
async fn a_thousand_simultaneous_refusals_cause_one_refresh() {
    let source = Source::held_back();
    let credential = credential(&source, &Arc::default());
    source.release_one();
    let versioned = credential.token(wait()).await.unwrap();
    let calls: Vec<_> = (0..1000).map(|_| refresh(&credential, &versioned)).collect();
    settle().await;
    assert_eq!(source.asked(), (1, 1));
    source.release_one();
    for answer in calls {
        assert_eq!(answer.await.unwrap().unwrap().token, token("Refresh-1"));
    }
    assert_eq!(source.asked(), (1, 1));
}

#[tokio::test]
async fn a_token_older_than_the_last_refresh_is_replaced_by_its_token() {
    let source = Arc::<Source>::default();
    let credential = credential(&source, &Arc::default());
    let (first, second) = (credential.token(wait()).await.unwrap(), credential.token(wait()).await.unwrap());
    assert_eq!(credential.replace(&first, wait()).await.unwrap().unwrap().token, token("Refresh-1"));
    // A late answer to another call refuses an old token too.
    assert_eq!(credential.replace(&second, wait()).await.unwrap().unwrap().token, token("Refresh-1"));
    assert_eq!(source.asked(), (2, 1));
    // A token from after that refresh needs another refresh.
    let third = credential.token(wait()).await.unwrap();
    assert_eq!(credential.replace(&third, wait()).await.unwrap().unwrap().token, token("Refresh-2"));
    assert_eq!(source.asked(), (3, 2));
}

#[tokio::test]
async fn a_refreshed_token_can_be_refreshed_again() {
    let source = Arc::<Source>::default();
    let credential = credential(&source, &Arc::default());
    let first = credential.token(wait()).await.unwrap();
    let fresh = credential.replace(&first, wait()).await.unwrap().unwrap();
    assert_eq!(credential.replace(&fresh, wait()).await.unwrap().unwrap().token, token("Refresh-2"));
}

#[tokio::test]
async fn a_token_looked_up_during_a_refresh_counts_as_old() {
    let source = Source::held_back();
    let credential = credential(&source, &Arc::default());
    source.release_one();
    let first = credential.token(wait()).await.unwrap();
    let refreshing = refresh(&credential, &first);
    settle().await;
    // This lookup may return the old token or the new one.
    let looking_up = call(&credential);
    settle().await;
    assert_eq!(source.asked(), (2, 1), "a lookup does not wait for a refresh");
    source.release_one();
    source.release_one();
    settle().await;
    source.release_one();
    refreshing.await.unwrap().unwrap();
    let second = looking_up.await.unwrap().unwrap();
    assert_eq!(credential.replace(&second, wait()).await.unwrap().unwrap().token, token("Refresh-1"));
    assert_eq!(source.asked(), (2, 1));
}

#[tokio::test]
async fn a_renewed_token_is_available_without_a_request() {
    let source = Arc::<Source>::default();
    let credential = credential(&source, &Arc::default());
    let (first, second) = (credential.token(wait()).await.unwrap(), credential.token(wait()).await.unwrap());
    assert_eq!(credential.renewed(&second), None);
    let fresh = credential.replace(&first, wait()).await.unwrap().unwrap();
    assert_eq!(credential.renewed(&second).unwrap().token, token("Refresh-1"));
    assert_eq!(credential.renewed(&fresh), None);
    assert_eq!(credential.renewed(&credential.token(wait()).await.unwrap()), None);
    assert_eq!(source.asked(), (3, 1));
}

#[tokio::test]
async fn a_failed_refresh_renews_nothing() {
    let source = Arc::<Source>::default();
    let credential = credential(&source, &Arc::default());
    let (first, second) = (credential.token(wait()).await.unwrap(), credential.token(wait()).await.unwrap());
    source.answers.lock().await.push(Err(failure()));
    assert_eq!(credential.replace(&first, wait()).await.unwrap(), Err(failure()));
    assert_eq!(credential.renewed(&second), None);
}

#[tokio::test]
async fn a_failure_is_shared_by_waiting_calls_only() {
    let source = Source::held_back();
    let credential = credential(&source, &Arc::default());
    source.release_one();
    let versioned = credential.token(wait()).await.unwrap();
    source.answers.lock().await.push(Err(failure()));
    let calls: Vec<_> = (0..100).map(|_| refresh(&credential, &versioned)).collect();
    settle().await;
    source.release_one();
    for answer in calls {
        assert_eq!(answer.await.unwrap(), Err(failure()));
    }
    assert_eq!(source.asked(), (1, 1));
    source.release_one();
    let next = credential.token(wait()).await.unwrap();
    source.release_one();
    assert_eq!(credential.replace(&next, wait()).await.unwrap().unwrap().token, token("Refresh-2"));
}

#[tokio::test]
async fn a_failed_lookup_is_shared_by_waiting_calls() {
    let source = Source::held_back();
    let credential = credential(&source, &Arc::default());
    source.answers.lock().await.push(Err(failure()));
    let calls: Vec<_> = (0..100).map(|_| call(&credential)).collect();
    settle().await;
    source.release_one();
    for answer in calls {
        assert_eq!(answer.await.unwrap(), Err(failure()));
    }
    source.release_one();
    assert_eq!(credential.token(wait()).await.unwrap().token, token("Lookup-2"));
}

#[tokio::test]
async fn if_the_requesting_call_is_cancelled_the_next_one_makes_a_request() {
    let source = Source::held_back();
    let credential = credential(&source, &Arc::default());
    source.release_one();
    let versioned = credential.token(wait()).await.unwrap();
    let calls: Vec<_> = (0..10).map(|_| refresh(&credential, &versioned)).collect();
    settle().await;
    for (cancelled, leader) in (1..).zip(&calls[..9]) {
        assert_eq!(source.asked().1, cancelled);
        leader.abort();
        settle().await;
    }
    assert_eq!(source.asked().1, 10);
    source.release_one();
    let last = calls.into_iter().next_back().unwrap();
    assert_eq!(last.await.unwrap().unwrap().token, token("Refresh-10"));
}

#[tokio::test]
async fn cancelling_a_waiting_call_changes_nothing() {
    let source = Source::held_back();
    let credential = credential(&source, &Arc::default());
    let (leader, waiter, other) = (call(&credential), call(&credential), call(&credential));
    settle().await;
    waiter.abort();
    settle().await;
    source.release_one();
    for answer in [leader, other] {
        assert_eq!(answer.await.unwrap().unwrap().token, token("Lookup-1"));
    }
    assert_eq!(source.asked(), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_waiting_call_keeps_its_own_deadline() {
    let source = Source::held_back();
    let credential = credential(&source, &Arc::default());
    let leader = call(&credential);
    settle().await;
    let waiter = tokio::time::timeout(Duration::from_secs(5), credential.token(wait())).await;
    assert!(waiter.is_err());
    source.release_one();
    assert!(leader.await.unwrap().is_ok());
}

fn wait() -> CallLimits<'static> {
    CallLimits { deadline: tokio::time::Instant::now() + Duration::from_secs(60), batch: None }
}
