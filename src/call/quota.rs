//! Quota blocks: once WeChat has refused a merchant an interface for its quota, send nothing until the quota resets.

use std::collections::HashMap;
use std::hash::RandomState;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::error::Error;
use crate::token::Token;
use crate::wechat::operation::Reply;

/// `api minute-quota reach limit`.
pub const MINUTE_QUOTA: i64 = 45011;
/// `reach max api daily quota limit`.
pub const DAY_QUOTA: i64 = 45009;

/// WeChat counts days in Beijing time, UTC+8 all year.
const BEIJING: Duration = Duration::from_secs(8 * 3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
const MINUTE: Duration = Duration::from_secs(60);

/// From this many blocks on, expired ones are evicted.
const EVICT_ABOVE: usize = 1024;

/// When the quota that WeChat refused with `errcode` at `now` resets; None for other codes.
#[must_use]
pub fn resets_at(errcode: i64, now: SystemTime) -> Option<SystemTime> {
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

/// Identifies a quota: WeChat counts each interface and each mini program separately.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct QuotaKey {
    /// The path of the interface.
    pub path: &'static str,
    /// Its owner.
    pub subject: QuotaSubject,
}

/// The mini program if the caller named it, and else the owner of the token.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum QuotaSubject {
    /// The caller's `appid`.
    Appid(String),
    /// A fingerprint of the token.
    Token(u64),
}

/// The quota blocks of one client in one process.
#[derive(Default)]
pub struct QuotaBlocks {
    key: RandomState,
    blocked: Mutex<HashMap<QuotaKey, (SystemTime, Error)>>,
}

impl QuotaBlocks {
    /// The key of the quota that a call uses.
    #[must_use]
    pub fn key(&self, path: &'static str, appid: Option<&str>, token: &Token) -> QuotaKey {
        let subject = match appid {
            Some(appid) => QuotaSubject::Appid(appid.to_owned()),
            None => QuotaSubject::Token(token.fingerprint(&self.key)),
        };
        QuotaKey { path, subject }
    }

    /// Blocks calls of `key` until `until`, because of `refusal`.
    pub fn block(&self, key: QuotaKey, until: SystemTime, refusal: Error, now: SystemTime) {
        let mut blocked = self.blocked.lock().unwrap_or_else(PoisonError::into_inner);
        if blocked.len() >= EVICT_ABOVE {
            blocked.retain(|_, (until, _)| *until > now);
        }
        blocked.insert(key, (until, refusal));
    }

    /// Lifts the blocks of a mini program by its `appid`, or all of them.
    pub fn lift(&self, appid: Option<&str>) {
        let is_meant = |subject: &QuotaSubject| {
            appid.is_none_or(|appid| matches!(subject, QuotaSubject::Appid(blocked) if blocked == appid))
        };
        self.blocked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|QuotaKey { subject, .. }, _| !is_meant(subject));
    }

    /// Lifts what the reply to a quota query shows to be open: the day's block of that interface, for the token and for
    /// the appid of the query. It does not tell how many calls are left in this minute.
    pub fn lift_shown_open(&self, path: &'static str, appid: Option<&str>, token: &Token, reply: &Reply) {
        if self.is_empty() || !reply.has_calls_left() {
            return;
        }
        let keys = [Some(self.key(path, None, token)), appid.map(|_| self.key(path, appid, token))];
        let mut blocked = self.blocked.lock().unwrap_or_else(PoisonError::into_inner);
        for key in keys.into_iter().flatten() {
            if let Some((_, Error::Api { errcode: DAY_QUOTA, .. })) = blocked.get(&key) {
                blocked.remove(&key);
            }
        }
    }

    /// Whether nothing is blocked, as is usual: then no call needs to compute a key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.blocked.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// The refusal that blocks `key` at `now`, and for how long.
    #[must_use]
    pub fn refusal(&self, key: &QuotaKey, now: SystemTime) -> Option<(Duration, Error)> {
        let mut blocked = self.blocked.lock().unwrap_or_else(PoisonError::into_inner);
        let (until, refusal) = blocked.get(key)?;
        match until.duration_since(now) {
            Ok(left) if !left.is_zero() => Some((left, refusal.clone())),
            _ => {
                blocked.remove(key);
                None
            }
        }
    }
}
