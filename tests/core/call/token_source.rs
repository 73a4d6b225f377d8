//! Token sources: one question at a time, one refresh for all who need it.

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

/// A source that counts, and answers when the test lets it.
#[derive(Default)]
struct Source {
    lookups: AtomicU32,
    refreshes: AtomicU32,
    /// Where set, each question waits for one permission.
    gate: Option<Notify>,
    /// What the next questions are answered; afterwards a token with the number of the question.
    answers: Mutex<Vec<Result<Token, Error>>>,
}

fn failure() -> Error {
    Error::TokenSource { problem: "get_token raised OSError".to_owned() }
}

impl Source {
    fn gated() -> Arc<Self> {
        Arc::new(Self { gate: Some(Notify::new()), ..Self::default() })
    }

    fn let_one_pass(&self) {
        self.gate.as_ref().unwrap().notify_one();
    }

    async fn answer(&self, ask: TokenRequestKind) -> Result<Token, Error> {
        let counter = if ask == TokenRequestKind::Lookup { &self.lookups } else { &self.refreshes };
        let number = counter.fetch_add(1, Ordering::Relaxed) + 1;
        if let Some(gate) = &self.gate {
            gate.notified().await;
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

/// One call's harness to the source; all that share `shared` share its answers.
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

/// Lets all tasks go on as far as they can.
async fn settle() {
    for _ in 0..10 {
        yield_now().await;
    }
}

#[tokio::test]
async fn a_token_that_the_caller_gave_has_no_other() {
    let credential = Credential::Fixed(token("given"));
    let dated = credential.token(wait()).await.unwrap();
    assert_eq!(dated.token, token("given"));
    assert_eq!(credential.replace(&dated, wait()).await, None);
    assert_eq!(credential.renewed(&dated), None);
}

#[tokio::test]
async fn each_call_asks_for_the_token_again() {
    let source = Arc::<Source>::default();
    let credential = credential(&source, &Arc::default());
    for number in 1..=3 {
        assert_eq!(credential.token(wait()).await.unwrap().token, token(&format!("Lookup-{number}")));
    }
    assert_eq!(source.asked(), (3, 0));
}

#[tokio::test]
async fn who_comes_while_the_source_is_asked_shares_its_answer() {
    let source = Source::gated();
    let credential = credential(&source, &Arc::default());
    let calls: Vec<_> = (0..1000).map(|_| call(&credential)).collect();
    settle().await;
    assert_eq!(source.asked(), (1, 0));
    source.let_one_pass();
    for answer in calls {
        assert_eq!(answer.await.unwrap().unwrap().token, token("Lookup-1"));
    }
    assert_eq!(source.asked(), (1, 0));
    source.let_one_pass();
    assert_eq!(credential.token(wait()).await.unwrap().token, token("Lookup-2"));
}

#[tokio::test]
async fn sources_of_their_own_share_nothing() {
    let source = Arc::<Source>::default();
    let (one, other) = (credential(&source, &Arc::default()), credential(&source, &Arc::default()));
    let dated = one.token(wait()).await.unwrap();
    let of_other = other.token(wait()).await.unwrap();
    one.replace(&dated, wait()).await.unwrap().unwrap();
    other.replace(&of_other, wait()).await.unwrap().unwrap();
    assert_eq!(source.asked(), (2, 2));
}

#[tokio::test]
async fn a_thousand_refusals_at_once_are_one_refresh() {
    let source = Source::gated();
    let credential = credential(&source, &Arc::default());
    source.let_one_pass();
    let dated = credential.token(wait()).await.unwrap();
    let calls: Vec<_> = (0..1000).map(|_| refresh(&credential, &dated)).collect();
    settle().await;
    assert_eq!(source.asked(), (1, 1));
    source.let_one_pass();
    for answer in calls {
        assert_eq!(answer.await.unwrap().unwrap().token, token("Refresh-1"));
    }
    assert_eq!(source.asked(), (1, 1));
}

#[tokio::test]
async fn a_token_older_than_the_last_refresh_gets_what_that_one_gave() {
    let source = Arc::<Source>::default();
    let credential = credential(&source, &Arc::default());
    let (first, second) = (credential.token(wait()).await.unwrap(), credential.token(wait()).await.unwrap());
    assert_eq!(credential.replace(&first, wait()).await.unwrap().unwrap().token, token("Refresh-1"));
    // Much later another call's answer comes in, which still was to an old token.
    assert_eq!(credential.replace(&second, wait()).await.unwrap().unwrap().token, token("Refresh-1"));
    assert_eq!(source.asked(), (2, 1));
    // QuotaSubject was given the token after that refresh needs another one.
    let third = credential.token(wait()).await.unwrap();
    assert_eq!(credential.replace(&third, wait()).await.unwrap().unwrap().token, token("Refresh-2"));
    assert_eq!(source.asked(), (3, 2));
}

#[tokio::test]
async fn a_token_that_a_refresh_gave_can_be_refreshed_itself() {
    let source = Arc::<Source>::default();
    let credential = credential(&source, &Arc::default());
    let first = credential.token(wait()).await.unwrap();
    let fresh = credential.replace(&first, wait()).await.unwrap().unwrap();
    assert_eq!(credential.replace(&fresh, wait()).await.unwrap().unwrap().token, token("Refresh-2"));
}

#[tokio::test]
async fn a_token_looked_up_while_a_refresh_is_under_way_counts_as_old() {
    let source = Source::gated();
    let credential = credential(&source, &Arc::default());
    source.let_one_pass();
    let first = credential.token(wait()).await.unwrap();
    let refreshing = refresh(&credential, &first);
    settle().await;
    // The source still gives the old token to this lookup, or the new one: nobody can tell.
    let looking_up = call(&credential);
    settle().await;
    assert_eq!(source.asked(), (2, 1), "a lookup does not wait for a refresh");
    source.let_one_pass();
    source.let_one_pass();
    settle().await;
    source.let_one_pass();
    refreshing.await.unwrap().unwrap();
    let second = looking_up.await.unwrap().unwrap();
    assert_eq!(credential.replace(&second, wait()).await.unwrap().unwrap().token, token("Refresh-1"));
    assert_eq!(source.asked(), (2, 1));
}

#[tokio::test]
async fn a_held_token_is_known_to_be_renewed_without_asking() {
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
async fn a_failure_is_shared_by_those_who_waited_and_by_nobody_else() {
    let source = Source::gated();
    let credential = credential(&source, &Arc::default());
    source.let_one_pass();
    let dated = credential.token(wait()).await.unwrap();
    source.answers.lock().await.push(Err(failure()));
    let calls: Vec<_> = (0..100).map(|_| refresh(&credential, &dated)).collect();
    settle().await;
    source.let_one_pass();
    for answer in calls {
        assert_eq!(answer.await.unwrap(), Err(failure()));
    }
    assert_eq!(source.asked(), (1, 1));
    source.let_one_pass();
    let next = credential.token(wait()).await.unwrap();
    source.let_one_pass();
    assert_eq!(credential.replace(&next, wait()).await.unwrap().unwrap().token, token("Refresh-2"));
}

#[tokio::test]
async fn a_failed_lookup_is_shared_by_those_who_waited() {
    let source = Source::gated();
    let credential = credential(&source, &Arc::default());
    source.answers.lock().await.push(Err(failure()));
    let calls: Vec<_> = (0..100).map(|_| call(&credential)).collect();
    settle().await;
    source.let_one_pass();
    for answer in calls {
        assert_eq!(answer.await.unwrap(), Err(failure()));
    }
    source.let_one_pass();
    assert_eq!(credential.token(wait()).await.unwrap().token, token("Lookup-2"));
}

#[tokio::test]
async fn when_the_one_who_asks_is_cancelled_the_next_asks() {
    let source = Source::gated();
    let credential = credential(&source, &Arc::default());
    source.let_one_pass();
    let dated = credential.token(wait()).await.unwrap();
    let calls: Vec<_> = (0..10).map(|_| refresh(&credential, &dated)).collect();
    settle().await;
    for (cancelled, leader) in (1..).zip(&calls[..9]) {
        assert_eq!(source.asked().1, cancelled);
        leader.abort();
        settle().await;
    }
    assert_eq!(source.asked().1, 10);
    source.let_one_pass();
    let last = calls.into_iter().next_back().unwrap();
    assert_eq!(last.await.unwrap().unwrap().token, token("Refresh-10"));
}

#[tokio::test]
async fn a_waiter_that_is_cancelled_changes_nothing() {
    let source = Source::gated();
    let credential = credential(&source, &Arc::default());
    let (leader, waiter, other) = (call(&credential), call(&credential), call(&credential));
    settle().await;
    waiter.abort();
    settle().await;
    source.let_one_pass();
    for answer in [leader, other] {
        assert_eq!(answer.await.unwrap().unwrap().token, token("Lookup-1"));
    }
    assert_eq!(source.asked(), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_waiter_gives_up_by_its_own_clock() {
    let source = Source::gated();
    let credential = credential(&source, &Arc::default());
    let leader = call(&credential);
    settle().await;
    let waiter = tokio::time::timeout(Duration::from_secs(5), credential.token(wait())).await;
    assert!(waiter.is_err());
    source.let_one_pass();
    assert!(leader.await.unwrap().is_ok());
}

fn wait() -> CallLimits<'static> {
    CallLimits { deadline: tokio::time::Instant::now() + Duration::from_secs(60), batch: None }
}
