//! What stands between two attempts of a call: a fresh token, a quota gate, a pause; or the end of it.

use std::time::SystemTime;

use tokio::time::sleep;

use super::Session;
use super::progress::{Doing, Held, describe};
use super::run::Run;
use crate::error::Error;
use crate::event::Kind;
use crate::gate;
use crate::hosts;
use crate::retry::{self, Class};
use crate::source::{Credential, Dated};
use crate::token::Token;

/// What a call has done so far to recover.
#[derive(Default)]
pub(super) struct Recovery {
    refreshed: bool,
    retries: u32,
    /// What the last retry took of the budget.
    spent: Option<u32>,
}

impl Recovery {
    /// What success gives back to the budget.
    pub(super) fn spent(&self) -> u32 {
        self.spent.unwrap_or(1)
    }
}

impl Run<'_> {
    /// Does what must be done before another attempt, or fails with the error where none may help.
    pub(super) async fn recover(
        &self,
        session: &Session,
        held: &mut Held,
        recovery: &mut Recovery,
        error: Error,
    ) -> Result<(), Error> {
        let class = match retry::classify(&error) {
            // It would only repeat itself, but not elsewhere.
            Class::Lasting if session.hosts.count() > 1 && hosts::is_failure(&error) => Class::Transport,
            class => class,
        };
        if class == Class::Token && !recovery.refreshed {
            recovery.refreshed = true;
            held.renew(self.refresh(&held.dated, error).await?);
            return Ok(());
        }
        let error = self.close_gate(session, held.tokens.current(), error);
        if recovery.retries >= class.retries(self.call.max_retries) || !session.budget.take(class.cost()) {
            if self.may_wait_for_gate(&error) && recovery.retries < self.call.max_retries {
                recovery.retries += 1;
                return Ok(());
            }
            return Err(error);
        }
        recovery.retries += 1;
        recovery.spent = Some(class.cost());
        self.pause(class, recovery.retries, &error).await;
        Ok(())
    }

    /// A fresh token in place of the refused one, or the refusal where there is none to be had.
    async fn refresh(&self, refused: &Dated, refusal: Error) -> Result<Dated, Error> {
        if matches!(self.call.credential, Credential::Source { .. }) {
            self.tell(Kind::Refresh, |event| describe(event, &refusal));
            self.doing(Doing::Refreshing);
        }
        self.call.credential.replace(refused, self.wait()).await.unwrap_or(Err(refusal))
    }

    /// After a quota refusal nothing more is sent for its owner until the quota is renewed.
    fn close_gate(&self, session: &Session, token: &Token, error: Error) -> Error {
        let Error::Api { errcode, errmsg, rid, .. } = error else {
            return error;
        };
        let now = SystemTime::now();
        let retry_at = gate::reopens_at(errcode, now);
        let error = Error::Api { errcode, errmsg, rid, retry_at };
        if let Some(until) = retry_at {
            let owner = self.owner(session, token);
            session.gates.close(owner, until, error.clone(), now);
        }
        error
    }

    fn may_wait_for_gate(&self, error: &Error) -> bool {
        match error {
            Error::Api { retry_at: Some(at), .. } => {
                at.duration_since(SystemTime::now()).unwrap_or_default() < self.left()
            }
            _ => false,
        }
    }

    async fn pause(&self, class: Class, retry: u32, error: &Error) {
        let hint = match error {
            Error::HttpStatus { retry_after, .. } => *retry_after,
            _ => None,
        };
        let delay = retry::clamp(class.delay(retry, fastrand::f64()), hint, self.left());
        self.tell(Kind::Retry, |event| {
            describe(event, error);
            event.delay = Some(delay);
        });
        self.doing(Doing::Pausing(error.to_string()));
        sleep(delay).await;
    }
}
