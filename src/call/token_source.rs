//! Get tokens from a source, with one lookup and one refresh shared by concurrent calls.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;
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

/// A token, and the number of refreshes that its source had answered when the token was requested.
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
        match self {
            Self::Fixed(token) => {
                Ok(VersionedToken { token: token.clone(), generation: 0, asked_at: Instant::now() })
            }
            Self::Source { shared, ask, max_age } => {
                shared.look_up(*max_age, limits, || ask(TokenRequestKind::Lookup)).await
            }
        }
    }

    /// The token by which a refresh of another call has replaced `current`; None if none has.
    #[must_use]
    pub fn renewed(&self, current: &VersionedToken) -> Option<VersionedToken> {
        match self {
            Self::Fixed(_) => None,
            Self::Source { shared, .. } => shared.renewed(current),
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
        match self {
            Self::Fixed(_) => None,
            Self::Source { shared, ask, .. } => {
                Some(shared.refresh(refused, limits, || ask(TokenRequestKind::Refresh)).await)
            }
        }
    }
}

/// The state that all calls on one source share: its pending requests and its last answers.
#[derive(Default)]
pub struct SharedSource {
    lookups: SingleFlight<VersionedToken>,
    refreshes: SingleFlight<Token>,
}

impl SharedSource {
    async fn look_up(
        &self,
        max_age: Duration,
        limits: CallLimits<'_>,
        ask: impl FnOnce() -> TokenFuture,
    ) -> Result<VersionedToken, Error> {
        let seen = self.lookups.generation();
        let is_reusable = |last: &VersionedToken| {
            let is_young = last.asked_at.elapsed() < max_age;
            is_young && (last.generation == self.refreshes.generation() || self.refreshes.last_succeeded())
        };
        let looked_up = self
            .lookups
            .share(seen, limits, is_reusable, async || {
                let generation = self.refreshes.generation();
                let token = ask().await?;
                Ok(VersionedToken { token, generation, asked_at: Instant::now() })
            })
            .await?;
        if max_age.is_zero() || looked_up.generation == self.refreshes.generation() {
            return Ok(looked_up);
        }
        // WeChat has refused it meanwhile, so use the token of the refresh.
        match self.refreshes.latest().await {
            Some(Ok(token)) => {
                Ok(VersionedToken { token, generation: self.refreshes.generation(), ..looked_up })
            }
            _ => Ok(looked_up),
        }
    }

    fn renewed(&self, current: &VersionedToken) -> Option<VersionedToken> {
        if self.refreshes.generation() == current.generation {
            return None;
        }
        let token = self.refreshes.last()?.ok()?;
        Some(VersionedToken { token, generation: self.refreshes.generation(), asked_at: Instant::now() })
    }

    async fn refresh(
        &self,
        refused: &VersionedToken,
        limits: CallLimits<'_>,
        ask: impl FnOnce() -> TokenFuture,
    ) -> Result<VersionedToken, Error> {
        let token = self.refreshes.share(refused.generation, limits, |_| false, async || ask().await).await?;
        Ok(VersionedToken { token, generation: self.refreshes.generation(), asked_at: Instant::now() })
    }
}

/// One request at a time: calls that arrive during a request wait for its answer and share it.
struct SingleFlight<T> {
    generation: AtomicU64,
    /// How many requests were not answered in time.
    hung: AtomicU64,
    /// Whether the last answer was a success.
    last_ok: AtomicBool,
    last: Mutex<Option<Result<T, Error>>>,
}

impl<T> Default for SingleFlight<T> {
    fn default() -> Self {
        Self {
            generation: AtomicU64::new(0),
            hung: AtomicU64::new(0),
            last_ok: AtomicBool::new(false),
            last: Mutex::new(None),
        }
    }
}

impl<T: Clone> SingleFlight<T> {
    fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    fn last_succeeded(&self) -> bool {
        self.last_ok.load(Ordering::Acquire)
    }

    /// The last answer, once no request is pending.
    async fn latest(&self) -> Option<Result<T, Error>> {
        self.last.lock().await.clone()
    }

    /// The last answer; None while a request is pending.
    fn last(&self) -> Option<Result<T, Error>> {
        self.last.try_lock().ok()?.clone()
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
        is_reusable: impl Fn(&T) -> bool,
        ask: impl AsyncFnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        let hung = self.hung.load(Ordering::Acquire);
        let mut last = {
            // Only waiting calls take a slot, so that the batch makes at most `concurrency` requests at once.
            let _slot = limits.batch.and_then(BatchScope::wait_slot);
            self.last.lock().await
        };
        if let Some(answer) = last.as_ref()
            && (self.generation() > seen || answer.as_ref().is_ok_and(is_reusable))
        {
            return answer.clone();
        }
        if limits.batch.is_some() && self.hung.load(Ordering::Acquire) > hung {
            return Err(Error::source_timed_out());
        }
        let guard = RequestGuard { hung: &self.hung, deadline: limits.deadline };
        let answer = ask().await;
        // A timeout concerns the requesting call alone: the next waiting call makes a request.
        if !matches!(answer, Err(Error::Timeout { .. })) {
            guard.answered();
            self.last_ok.store(answer.is_ok(), Ordering::Release);
            *last = Some(answer.clone());
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
