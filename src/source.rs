//! Where tokens come from, and the one refresh that calls running at the same time share.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Mutex;

use crate::error::Error;
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
    },
}

/// A token and the number of refreshes that its source had seen when it was asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Dated {
    /// The token.
    pub token: Token,
    round: u64,
}

impl Credential {
    /// The token to begin with.
    ///
    /// # Errors
    /// [`Error::TokenSource`] as the source gave it.
    pub async fn token(&self) -> Result<Dated, Error> {
        match self {
            Self::Fixed(token) => Ok(Dated { token: token.clone(), round: 0 }),
            Self::Source { shared, ask } => shared.look_up(|| ask(Ask::Lookup)).await,
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
    pub async fn replace(&self, refused: &Dated) -> Option<Result<Dated, Error>> {
        match self {
            Self::Fixed(_) => None,
            Self::Source { shared, ask } => Some(shared.refresh(refused, || ask(Ask::Refresh)).await),
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
    async fn look_up(&self, ask: impl FnOnce() -> Answer) -> Result<Dated, Error> {
        let arrived = self.lookups.round();
        self.lookups
            .share(arrived, async || {
                let round = self.refreshes.round();
                let token = ask().await?;
                Ok(Dated { token, round })
            })
            .await
    }

    fn renewed(&self, held: &Dated) -> Option<Dated> {
        if self.refreshes.round() == held.round {
            return None;
        }
        let token = self.refreshes.last()?.ok()?;
        Some(Dated { token, round: self.refreshes.round() })
    }

    async fn refresh(&self, refused: &Dated, ask: impl FnOnce() -> Answer) -> Result<Dated, Error> {
        let token = self.refreshes.share(refused.round, async || ask().await).await?;
        Ok(Dated { token, round: self.refreshes.round() })
    }
}

/// One question at a time: who comes while it is being answered waits and shares the answer.
struct SingleFlight<T> {
    round: AtomicU64,
    last: Mutex<Option<Result<T, Error>>>,
}

impl<T> Default for SingleFlight<T> {
    fn default() -> Self {
        Self { round: AtomicU64::new(0), last: Mutex::new(None) }
    }
}

impl<T: Clone> SingleFlight<T> {
    fn round(&self) -> u64 {
        self.round.load(Ordering::Acquire)
    }

    /// The latest answer, unless another question is under way: nobody waits for that here.
    fn last(&self) -> Option<Result<T, Error>> {
        self.last.try_lock().ok()?.clone()
    }

    /// Asks, unless somebody has been answered since round `seen`: then that answer holds for this call too,
    /// failures included. When the one who asks is cancelled, the next in line asks.
    async fn share(&self, seen: u64, ask: impl AsyncFnOnce() -> Result<T, Error>) -> Result<T, Error> {
        let mut last = self.last.lock().await;
        if self.round() > seen
            && let Some(answer) = last.as_ref()
        {
            return answer.clone();
        }
        let answer = ask().await;
        // That the time of the one who asked is over says nothing to the others: the next in line asks.
        if !matches!(answer, Err(Error::Timeout { .. })) {
            *last = Some(answer.clone());
            self.round.fetch_add(1, Ordering::Release);
        }
        answer
    }
}
