//! Where tokens come from, and the one refresh that calls running at the same time share.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::error::Error;
use crate::group::Group;
use crate::token::Token;

/// What a token source is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// The token it has.
    Lookup,
    /// A fresh one, since WeChat refused the last.
    Refresh,
}

/// An answer that is on its way from a token source.
pub type Answer = Pin<Box<dyn Future<Output = Result<Token, Error>> + Send>>;

/// How a call reaches its token source.
pub type Asker = Arc<dyn Fn(Ask) -> Answer + Send + Sync>;

/// What a call allows its token source.
#[derive(Debug, Clone, Copy)]
pub struct Wait<'a> {
    /// When the call is over.
    pub until: Instant,
    /// The batch that the call belongs to.
    pub group: Option<&'a Group>,
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
        ask: Asker,
        /// For how long an answer to another call holds for this one too, without asking again.
        keep: Duration,
    },
}

/// A token and the number of refreshes that its source had seen when it was asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Dated {
    /// The token.
    pub token: Token,
    round: u64,
    asked_at: Instant,
}

impl Credential {
    /// The token to begin with.
    ///
    /// # Errors
    /// [`Error::TokenSource`] as the source gave it.
    pub async fn token(&self, wait: Wait<'_>) -> Result<Dated, Error> {
        match self {
            Self::Fixed(token) => Ok(Dated { token: token.clone(), round: 0, asked_at: Instant::now() }),
            Self::Source { shared, ask, keep } => shared.look_up(*keep, wait, || ask(Ask::Lookup)).await,
        }
    }

    /// The token that another call's refresh has put in the place of `held` meanwhile, None where none has.
    #[must_use]
    pub fn renewed(&self, held: &Dated) -> Option<Dated> {
        match self {
            Self::Fixed(_) => None,
            Self::Source { shared, .. } => shared.renewed(held),
        }
    }

    /// A token in place of one that WeChat refused, None where there is no source to ask.
    ///
    /// # Errors
    /// [`Error::TokenSource`] as the source gave it.
    pub async fn replace(&self, refused: &Dated, wait: Wait<'_>) -> Option<Result<Dated, Error>> {
        match self {
            Self::Fixed(_) => None,
            Self::Source { shared, ask, .. } => {
                Some(shared.refresh(refused, wait, || ask(Ask::Refresh)).await)
            }
        }
    }
}

/// The state that all calls on one source share: who asks it, and what it said last.
#[derive(Default)]
pub struct SharedSource {
    lookups: SingleFlight<Dated>,
    refreshes: SingleFlight<Token>,
}

impl SharedSource {
    async fn look_up(
        &self,
        keep: Duration,
        wait: Wait<'_>,
        ask: impl FnOnce() -> Answer,
    ) -> Result<Dated, Error> {
        let arrived = self.lookups.round();
        let still_good = |last: &Dated| {
            let is_young = last.asked_at.elapsed() < keep;
            is_young && (last.round == self.refreshes.round() || self.refreshes.went_well())
        };
        let dated = self
            .lookups
            .share(arrived, wait, still_good, async || {
                let round = self.refreshes.round();
                let token = ask().await?;
                Ok(Dated { token, round, asked_at: Instant::now() })
            })
            .await?;
        if keep.is_zero() || dated.round == self.refreshes.round() {
            return Ok(dated);
        }
        // It was refused meanwhile, and what the refresh gave holds.
        match self.refreshes.latest().await {
            Some(Ok(token)) => Ok(Dated { token, round: self.refreshes.round(), ..dated }),
            _ => Ok(dated),
        }
    }

    fn renewed(&self, held: &Dated) -> Option<Dated> {
        if self.refreshes.round() == held.round {
            return None;
        }
        let token = self.refreshes.last()?.ok()?;
        Some(Dated { token, round: self.refreshes.round(), asked_at: Instant::now() })
    }

    async fn refresh(
        &self,
        refused: &Dated,
        wait: Wait<'_>,
        ask: impl FnOnce() -> Answer,
    ) -> Result<Dated, Error> {
        let token = self.refreshes.share(refused.round, wait, |_| false, async || ask().await).await?;
        Ok(Dated { token, round: self.refreshes.round(), asked_at: Instant::now() })
    }
}

/// One question at a time: who comes while it is being answered waits and shares the answer.
struct SingleFlight<T> {
    round: AtomicU64,
    /// How many questions were not answered in time.
    hung: AtomicU64,
    /// Whether the last answer was no failure.
    well: AtomicBool,
    last: Mutex<Option<Result<T, Error>>>,
}

impl<T> Default for SingleFlight<T> {
    fn default() -> Self {
        Self {
            round: AtomicU64::new(0),
            hung: AtomicU64::new(0),
            well: AtomicBool::new(false),
            last: Mutex::new(None),
        }
    }
}

impl<T: Clone> SingleFlight<T> {
    fn round(&self) -> u64 {
        self.round.load(Ordering::Acquire)
    }

    fn went_well(&self) -> bool {
        self.well.load(Ordering::Acquire)
    }

    /// The latest answer; waits for one that is under way.
    async fn latest(&self) -> Option<Result<T, Error>> {
        self.last.lock().await.clone()
    }

    /// The latest answer, unless another question is under way: nobody waits for that here.
    fn last(&self) -> Option<Result<T, Error>> {
        self.last.try_lock().ok()?.clone()
    }

    /// Asks, unless somebody has been answered since round `seen`: then that answer holds for this call too,
    /// failures included; or unless the last answer is still good. When the one who asks is cancelled, the next in line
    /// asks; when his time was over meanwhile, the other calls of his batch ask no more: a question that hangs may cost a
    /// thread, and theirs would hang as well.
    async fn share(
        &self,
        seen: u64,
        wait: Wait<'_>,
        still_good: impl Fn(&T) -> bool,
        ask: impl AsyncFnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        let hung = self.hung.load(Ordering::Acquire);
        let mut last = {
            // Who asks keeps its place: so no more sources are asked at once than calls may be under way.
            let _seat = wait.group.and_then(Group::seat);
            self.last.lock().await
        };
        if let Some(answer) = last.as_ref()
            && (self.round() > seen || answer.as_ref().is_ok_and(still_good))
        {
            return answer.clone();
        }
        if wait.group.is_some() && self.hung.load(Ordering::Acquire) > hung {
            return Err(Error::source_hung());
        }
        let asking = Asking { hung: &self.hung, until: wait.until };
        let answer = ask().await;
        // That the time of the one who asked is over says nothing to other calls: the next in line asks.
        if !matches!(answer, Err(Error::Timeout { .. })) {
            asking.answered();
            self.well.store(answer.is_ok(), Ordering::Release);
            *last = Some(answer.clone());
            self.round.fetch_add(1, Ordering::Release);
        }
        answer
    }
}

/// A question under way; one that is dropped when its time is over hung.
struct Asking<'a> {
    hung: &'a AtomicU64,
    until: Instant,
}

impl Asking<'_> {
    fn answered(self) {
        std::mem::forget(self);
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        // Timers are a millisecond coarse.
        if Instant::now() + Duration::from_millis(2) >= self.until {
            self.hung.fetch_add(1, Ordering::Release);
        }
    }
}
