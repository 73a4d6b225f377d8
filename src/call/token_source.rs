//! Get tokens from a source, with one lookup and one refresh shared by concurrent calls.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::batch_scope::BatchScope;
use crate::error::Error;
use crate::token::Token;

/// What a token source is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenRequestKind {
    /// The token it has.
    Lookup,
    /// A fresh one, since WeChat refused the last.
    Refresh,
}

/// A pending answer of a token source.
pub type TokenFuture = Pin<Box<dyn Future<Output = Result<Token, Error>> + Send>>;

/// Asks a token source on behalf of a call.
pub type TokenProvider = Arc<dyn Fn(TokenRequestKind) -> TokenFuture + Send + Sync>;

/// The limits of a call that apply to its token source.
#[derive(Debug, Clone, Copy)]
pub struct CallLimits<'a> {
    /// The deadline of the call.
    pub deadline: Instant,
    /// The batch that the call belongs to.
    pub batch: Option<&'a BatchScope>,
}

/// Where the token of a call comes from.
#[derive(Clone)]
pub enum Credential {
    /// A fixed token from the caller.
    Fixed(Token),
    /// A source, which is asked again when WeChat refuses its token.
    Source {
        /// The state that all calls on this source share.
        shared: Arc<SharedSource>,
        /// Asks the source for this call.
        ask: TokenProvider,
        /// The longest time that an answer to another call is reused for this one.
        max_age: Duration,
    },
}

/// A token, and the number of refreshes that its source had answered when the token was requested, its own included.
#[derive(Debug, Clone, PartialEq)]
pub struct VersionedToken {
    /// The token.
    pub token: Token,
    generation: u64,
    asked_at: Instant,
}

impl Credential {
    /// The token for the first attempt.
    ///
    /// # Errors
    /// The error of the source.
    pub async fn token(&self, limits: CallLimits<'_>) -> Result<VersionedToken, Error> {
        let (shared, ask, max_age) = match self {
            Self::Fixed(token) => {
                return Ok(VersionedToken { token: token.clone(), generation: 0, asked_at: Instant::now() });
            }
            Self::Source { shared, ask, max_age } => (shared, ask, *max_age),
        };
        let SharedSource { lookups, refreshes, .. } = &**shared;
        let is_reusable = |last: &VersionedToken| {
            let is_young = last.asked_at.elapsed() < max_age;
            is_young && (last.generation == refreshes.generation() || refreshes.last_succeeded())
        };
        let look_up = async || {
            let generation = refreshes.generation();
            let token = ask(TokenRequestKind::Lookup).await?;
            Ok(VersionedToken { token, generation, asked_at: Instant::now() })
        };
        let looked_up = lookups.share(lookups.generation(), limits, is_reusable, look_up).await?;
        if max_age.is_zero() || looked_up.generation == refreshes.generation() {
            return Ok(looked_up);
        }
        // WeChat has refused it meanwhile, so use the token of the refresh.
        Ok(refreshes.last().and_then(Result::ok).unwrap_or(looked_up))
    }

    /// The token by which a refresh of another call has replaced `current`; None if none has.
    #[must_use]
    pub fn renewed(&self, current: &VersionedToken) -> Option<VersionedToken> {
        match self {
            Self::Source { shared, .. } if shared.refreshes.generation() != current.generation => {
                shared.refreshes.last()?.ok()
            }
            _ => None,
        }
    }

    /// Whether WeChat has refused this token, and another call has asked the source for a fresh one.
    #[must_use]
    pub fn is_being_replaced(&self, current: &VersionedToken) -> bool {
        match self {
            Self::Source { shared, .. } => shared.refused().is_some_and(|refused| refused == current.token),
            Self::Fixed(_) => false,
        }
    }

    /// A token in place of one that WeChat refused; None if there is no source to ask.
    ///
    /// # Errors
    /// The error of the source.
    pub async fn replace(
        &self,
        refused: &VersionedToken,
        limits: CallLimits<'_>,
    ) -> Option<Result<VersionedToken, Error>> {
        let Self::Source { shared, ask, .. } = self else {
            return None;
        };
        let refreshes = &shared.refreshes;
        let refresh = async || {
            let _pending = PendingRefresh::new(&shared.refused, refused.token.clone());
            let token = ask(TokenRequestKind::Refresh).await?;
            Ok(VersionedToken { token, generation: refreshes.generation() + 1, asked_at: Instant::now() })
        };
        Some(refreshes.share(refused.generation, limits, |_| false, refresh).await)
    }
}

/// The state that all calls on one source share: its pending requests and its last answers.
#[derive(Default)]
pub struct SharedSource {
    lookups: SingleFlight,
    refreshes: SingleFlight,
    /// The token that the pending refresh replaces.
    refused: Mutex<Option<Token>>,
}

impl SharedSource {
    /// The token that the pending refresh replaces.
    #[must_use]
    pub fn refused(&self) -> Option<Token> {
        lock(&self.refused).clone()
    }
}

/// A pending refresh, until it is dropped.
struct PendingRefresh<'a>(&'a Mutex<Option<Token>>);

impl<'a> PendingRefresh<'a> {
    fn new(refused: &'a Mutex<Option<Token>>, token: Token) -> Self {
        *lock(refused) = Some(token);
        Self(refused)
    }
}

impl Drop for PendingRefresh<'_> {
    fn drop(&mut self) {
        *lock(self.0) = None;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The answer of a token source.
type Answer = Result<VersionedToken, Error>;

/// One request at a time: calls that arrive during a request wait for its answer and share it.
#[derive(Default)]
struct SingleFlight {
    generation: AtomicU64,
    /// How many requests were not answered in time.
    hung: AtomicU64,
    /// Held while a request is pending.
    flight: tokio::sync::Mutex<()>,
    last: Mutex<Option<Answer>>,
}

impl SingleFlight {
    fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    fn last_succeeded(&self) -> bool {
        matches!(*lock(&self.last), Some(Ok(_)))
    }

    fn last(&self) -> Option<Answer> {
        lock(&self.last).clone()
    }

    /// Reuses the last answer if it came after generation `seen`, failures included, or if it is reusable. Otherwise
    /// makes a request.
    ///
    /// If the requesting call is cancelled, the next waiting call makes a request. If it was cancelled at its deadline,
    /// the waiting calls of a batch fail instead: their requests would probably hang too, and each may block a thread.
    async fn share(
        &self,
        seen: u64,
        limits: CallLimits<'_>,
        is_reusable: impl Fn(&VersionedToken) -> bool,
        ask: impl AsyncFnOnce() -> Answer,
    ) -> Answer {
        let hung = self.hung.load(Ordering::Acquire);
        let _flight = {
            // Only waiting calls take a slot, so that the batch makes at most `concurrency` requests at once.
            let _slot = limits.batch.and_then(BatchScope::wait_slot);
            self.flight.lock().await
        };
        if let Some(answer) = self.last()
            && (self.generation() > seen || answer.as_ref().is_ok_and(is_reusable))
        {
            return answer;
        }
        if limits.batch.is_some() && self.hung.load(Ordering::Acquire) > hung {
            return Err(Error::source_timed_out());
        }
        let guard = RequestGuard { hung: &self.hung, deadline: limits.deadline };
        let answer = ask().await;
        // A timeout concerns the requesting call alone: the next waiting call makes a request.
        if !matches!(answer, Err(Error::Timeout { .. })) {
            guard.answered();
            *lock(&self.last) = Some(answer.clone());
            self.generation.fetch_add(1, Ordering::Release);
        }
        answer
    }
}

/// A pending request. If it is dropped at its deadline, it counts as hung.
struct RequestGuard<'a> {
    hung: &'a AtomicU64,
    deadline: Instant,
}

impl RequestGuard<'_> {
    fn answered(self) {
        std::mem::forget(self);
    }
}

impl Drop for RequestGuard<'_> {
    fn drop(&mut self) {
        // Timers have a resolution of one millisecond.
        if Instant::now() + Duration::from_millis(2) >= self.deadline {
            self.hung.fetch_add(1, Ordering::Release);
        }
    }
}
