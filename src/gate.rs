//! Quota gates: while WeChat refuses a merchant for the quota of an interface, nothing more is sent to that one for it.

use std::collections::HashMap;
use std::hash::RandomState;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::error::Error;
use crate::token::Token;

/// `api minute-quota reach limit`.
pub const MINUTE_QUOTA: i64 = 45011;
/// `reach max api daily quota limit`.
pub const DAY_QUOTA: i64 = 45009;

/// WeChat counts days in Beijing's time, UTC+8 all the year.
const BEIJING: Duration = Duration::from_secs(8 * 3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
const MINUTE: Duration = Duration::from_secs(60);

/// Beyond this many closed gates the expired ones are swept.
const SWEEP_ABOVE: usize = 1024;

/// When a call refused at `now` with `errcode` may be tried again; None for codes that are no quota.
#[must_use]
pub fn reopens_at(errcode: i64, now: SystemTime) -> Option<SystemTime> {
    match errcode {
        MINUTE_QUOTA => Some(now + MINUTE),
        DAY_QUOTA => {
            let in_beijing = now.duration_since(UNIX_EPOCH).unwrap_or_default() + BEIJING;
            let next_day = in_beijing.as_secs() / DAY.as_secs() + 1;
            Some(UNIX_EPOCH + Duration::from_secs(next_day * DAY.as_secs()) - BEIJING)
        }
        _ => None,
    }
}

/// Whose quota it is, and of which interface: WeChat counts each on its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Owner {
    /// The path of the interface.
    pub path: &'static str,
    /// Whose it is.
    pub who: Who,
}

/// The mini program where the caller named it, or else whoever owns the token.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Who {
    /// The caller's `appid`.
    Appid(String),
    /// A fingerprint of the token.
    Token(u64),
}

/// The closed gates of one client in one process.
#[derive(Default)]
pub struct Gates {
    key: RandomState,
    closed: Mutex<HashMap<Owner, (SystemTime, Error)>>,
}

impl Gates {
    /// Whose gate a call passes.
    #[must_use]
    pub fn owner(&self, path: &'static str, appid: Option<&str>, token: &Token) -> Owner {
        let who = match appid {
            Some(appid) => Who::Appid(appid.to_owned()),
            None => Who::Token(token.fingerprint(&self.key)),
        };
        Owner { path, who }
    }

    /// Closes the owner's gate until `until`, with the refusal that closed it.
    pub fn close(&self, owner: Owner, until: SystemTime, refusal: Error, now: SystemTime) {
        let mut closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        if closed.len() >= SWEEP_ABOVE {
            closed.retain(|_, (until, _)| *until > now);
        }
        closed.insert(owner, (until, refusal));
    }

    /// Whether nothing is refused to anybody, as is usual: then nobody needs to ask whose gate it is.
    #[must_use]
    pub fn are_all_open(&self) -> bool {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// The refusal that keeps the owner's gate closed at `now`, and how long it stays closed.
    #[must_use]
    pub fn refusal(&self, owner: &Owner, now: SystemTime) -> Option<(Duration, Error)> {
        let mut closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        let (until, refusal) = closed.get(owner)?;
        match until.duration_since(now) {
            Ok(left) if !left.is_zero() => Some((left, refusal.clone())),
            _ => {
                closed.remove(owner);
                None
            }
        }
    }
}
