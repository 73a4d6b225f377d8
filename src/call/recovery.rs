//! Recover between two attempts of a call: refresh the token, wait for the quota, back off, or give up.

use std::time::SystemTime;

use tokio::time::sleep;

use super::attempt::ActiveCall;
use super::failover;
use super::phase::{CallPhase, TokenState, describe};
use super::quota;
use super::retry::{self, Class};
use super::session::Session;
use super::token_source::{Credential, VersionedToken};
use crate::error::Error;
use crate::event::kind;
use crate::token::Token;

/// The recoveries of a call so far.
#[derive(Default)]
pub(super) struct Recovery {
    refreshed: bool,
    retries: u32,
    /// What the last retry took from the budget. A success gives it back, or 1 without a retry.
    pub(super) spent: Option<u32>,
}

impl ActiveCall<'_> {
    /// Prepares another attempt, or fails with `error` if none may help.
    pub(super) async fn recover(
        &self,
        session: &Session,
        token_state: &mut TokenState,
        recovery: &mut Recovery,
        error: Error,
    ) -> Result<(), Error> {
        let class = match retry::classify(&error) {
            // Another host may not have the problem.
            Class::Permanent if session.hosts.count() > 1 && failover::is_failure(&error) => Class::Transport,
            class => class,
        };
        if class == Class::Token && !recovery.refreshed {
            recovery.refreshed = true;
            token_state.renew(self.refresh(&token_state.versioned, error).await?);
            return Ok(());
        }
        let error = self.block_quota(session, token_state.tokens.current(), error);
        // The budget limits requests. None was sent, and the next attempt is another host's.
        let is_free = session.hosts.count() > 1 && self.waits_for_connection();
        let cost = if is_free { 0 } else { class.cost() };
        if recovery.retries >= class.retries(self.call.max_retries) || !session.budget.take(cost) {
            if self.may_wait_for_quota(&error) && recovery.retries < self.call.max_retries {
                recovery.retries += 1;
                return Ok(());
            }
            return Err(error);
        }
        recovery.retries += 1;
        recovery.spent = Some(cost);
        self.back_off(class, recovery.retries, &error).await;
        Ok(())
    }

    /// A fresh token in place of the refused one, or the refusal if there is no source to ask.
    async fn refresh(&self, refused: &VersionedToken, refusal: Error) -> Result<VersionedToken, Error> {
        if matches!(self.call.credential, Credential::Source { .. }) {
            self.emit(kind::REFRESH, |event| describe(event, &refusal));
            self.set_phase(CallPhase::Refreshing);
        }
        self.call.credential.replace(refused, self.limits_for_source()).await.unwrap_or(Err(refusal))
    }

    /// Blocks the quota if the error is a quota refusal, and adds to the error when it resets.
    fn block_quota(&self, session: &Session, token: &Token, error: Error) -> Error {
        let Error::Api { errcode, errmsg, rid, .. } = error else {
            return error;
        };
        let now = SystemTime::now();
        let retry_at = quota::resets_at(errcode, now);
        let error = Error::Api { errcode, errmsg, rid, retry_at };
        if let Some(until) = retry_at {
            let key = self.quota_key(session, token);
            session.quota_blocks.block(key, until, error.clone(), now);
        }
        error
    }

    fn may_wait_for_quota(&self, error: &Error) -> bool {
        match error {
            Error::Api { retry_at: Some(at), .. } => {
                at.duration_since(SystemTime::now()).unwrap_or_default() < self.left()
            }
            _ => false,
        }
    }

    async fn back_off(&self, class: Class, retry: u32, error: &Error) {
        let hint = match error {
            Error::HttpStatus { retry_after, .. } => *retry_after,
            _ => None,
        };
        let delay = retry::clamp(class.delay(retry, fastrand::f64()), hint, self.left());
        self.emit(kind::RETRY, |event| {
            describe(event, error);
            event.delay = Some(delay.as_secs_f64());
        });
        self.set_phase(CallPhase::BackingOff(error.to_string()));
        sleep(delay).await;
    }
}
