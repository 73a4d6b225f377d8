//! Where tokens come from, and the one refresh that calls running at the same time share.

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

/// An answer that is on its way from a token source.
pub type TokenFuture = Pin<Box<dyn Future<Output = Result<Token, Error>> + Send>>;

/// How a call reaches its token source.
pub type TokenProvider = Arc<dyn Fn(TokenRequestKind) -> TokenFuture + Send + Sync>;

/// What a call allows its token source.
#[derive(Debug, Clone, Copy)]
pub struct CallLimits<'a> {
    /// When the call is over.
    pub deadline: Instant,
    /// The batch that the call belongs to.
    pub batch: Option<&'a BatchScope>,
}

/// Where the token of a call comes from.
#[derive(Clone)]
pub enum Credential {
    /// The caller gave it; there is no other.
    Fixed(Token),
    /// A source gives it, and a fresh one when WeChat refuses it.
    Source {
        /// What all calls on this source have in common.
        shared: Arc<SharedSource>,
        /// How this call asks.
        ask: TokenProvider,
        /// For how long an answer to another call holds for this one too, without asking again.
        max_age: Duration,
    },
}

/// A token and the number of refreshes that its source had seen when it was asked.
#[derive(Debug, Clone, PartialEq)]
pub struct VersionedToken {
    /// The token.
    pub token: Token,
    generation: u64,
    asked_at: Instant,
}

impl Credential {
    /// The token to begin with.
    ///
    /// # Errors
    /// [`Error::TokenSource`] as the source gave it.
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

    /// The token that another call's refresh has put in the place of `held` meanwhile, None where none has.
    #[must_use]
    pub fn renewed(&self, held: &VersionedToken) -> Option<VersionedToken> {
        match self {
            Self::Fixed(_) => None,
            Self::Source { shared, .. } => shared.renewed(held),
        }
    }

    /// A token in place of one that WeChat refused, None where there is no source to ask.
    ///
    /// # Errors
    /// [`Error::TokenSource`] as the source gave it.
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

/// The state that all calls on one source share: who asks it, and what it said last.
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
        let arrived = self.lookups.generation();
        let still_good = |last: &VersionedToken| {
            let is_young = last.asked_at.elapsed() < max_age;
            is_young && (last.generation == self.refreshes.generation() || self.refreshes.last_succeeded())
        };
        let dated = self
            .lookups
            .share(arrived, limits, still_good, async || {
                let generation = self.refreshes.generation();
                let token = ask().await?;
                Ok(VersionedToken { token, generation, asked_at: Instant::now() })
            })
            .await?;
        if max_age.is_zero() || dated.generation == self.refreshes.generation() {
            return Ok(dated);
        }
        // It was refused meanwhile, and what the refresh gave holds.
        match self.refreshes.latest().await {
            Some(Ok(token)) => Ok(VersionedToken { token, generation: self.refreshes.generation(), ..dated }),
            _ => Ok(dated),
        }
    }

    fn renewed(&self, held: &VersionedToken) -> Option<VersionedToken> {
        if self.refreshes.generation() == held.generation {
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

/// One question at a time: who comes while it is being answered waits and shares the answer.
struct SingleFlight<T> {
    generation: AtomicU64,
    /// How many questions were not answered in time.
    hung: AtomicU64,
    /// Whether the last answer was no failure.
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

    /// The latest answer; waits for one that is under way.
    async fn latest(&self) -> Option<Result<T, Error>> {
        self.last.lock().await.clone()
    }

    /// The latest answer, unless another question is under way: nobody waits for that here.
    fn last(&self) -> Option<Result<T, Error>> {
        self.last.try_lock().ok()?.clone()
    }

    /// Asks, unless somebody has been answered since generation `seen`: then that answer holds for this call too,
    /// failures included; or unless the last answer is still good. When the one who asks is cancelled, the next in line
    /// asks; when his time was over meanwhile, the other calls of his batch ask no more: a question that hangs may cost a
    /// thread, and theirs would hang as well.
    async fn share(
        &self,
        seen: u64,
        limits: CallLimits<'_>,
        still_good: impl Fn(&T) -> bool,
        ask: impl AsyncFnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        let hung = self.hung.load(Ordering::Acquire);
        let mut last = {
            // The call that asks keeps its place: so no more sources are asked at once than calls may be under way.
            let _seat = limits.batch.and_then(BatchScope::wait_slot);
            self.last.lock().await
        };
        if let Some(answer) = last.as_ref()
            && (self.generation() > seen || answer.as_ref().is_ok_and(still_good))
        {
            return answer.clone();
        }
        if limits.batch.is_some() && self.hung.load(Ordering::Acquire) > hung {
            return Err(Error::source_timed_out());
        }
        let asking = RequestGuard { hung: &self.hung, until: limits.deadline };
        let answer = ask().await;
        // That the time of the one who asked is over says nothing to other calls: the next in line asks.
        if !matches!(answer, Err(Error::Timeout { .. })) {
            asking.answered();
            self.last_ok.store(answer.is_ok(), Ordering::Release);
            *last = Some(answer.clone());
            self.generation.fetch_add(1, Ordering::Release);
        }
        answer
    }
}

/// A question under way; one that is dropped when its time is over hung.
struct RequestGuard<'a> {
    hung: &'a AtomicU64,
    until: Instant,
}

impl RequestGuard<'_> {
    fn answered(self) {
        std::mem::forget(self);
    }
}

impl Drop for RequestGuard<'_> {
    fn drop(&mut self) {
        // Timers are a millisecond coarse.
        if Instant::now() + Duration::from_millis(2) >= self.until {
            self.hung.fetch_add(1, Ordering::Release);
        }
    }
}
