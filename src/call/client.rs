//! The flow of a call: token, request, answer, and again after a recovery. The same for all operations.

use tokio::time::timeout_at;

use super::attempt::ActiveCall;
use super::phase::TokenState;
use super::recovery::Recovery;
use crate::error::{Error, Failure};
use crate::wechat::operation::Reply;
use crate::wechat::status::AuditStatus;

pub use super::session::{Call, Client};

impl Client {
    /// Runs a call until it succeeds, no further attempt can help, or its deadline passes.
    ///
    /// # Errors
    /// A [`Failure`], within the total limit of the call.
    pub async fn execute(&self, call: &Call) -> Result<Reply, Failure> {
        let active = ActiveCall::new(self, call);
        if active.starts_too_late() {
            return Err(active.failed(active.out_of_time()));
        }
        // Boxed separately: two medium allocations are much cheaper than a large one.
        let outcome = timeout_at(active.deadline, Box::pin(attempts(&active))).await;
        let outcome = outcome.unwrap_or_else(|_| Err(active.cut_off()));
        outcome.map(|reply| reply.with_appid(call.appid.as_deref())).map_err(|error| active.failed(error))
    }

    /// Runs a call of [`crate::wechat::operation::Operation::AuditStatus`].
    ///
    /// # Errors
    /// As [`Client::execute`], and for a call of another operation.
    pub async fn get_audit_status(&self, call: &Call) -> Result<AuditStatus, Failure> {
        match self.execute(call).await? {
            Reply::Status(status) => Ok(status),
            _ => Err(Failure {
                error: Error::argument("operation", "must be AuditStatus"),
                attempts: call.attempts(),
                tried: call.attempts(),
                url_path: call.operation.request().path,
            }),
        }
    }
}

/// Makes attempts, with a recovery between two of them.
async fn attempts(active: &ActiveCall<'_>) -> Result<Reply, Error> {
    let session = active.client.session(active.call.process)?;
    let mut token_state = TokenState::new(active.token().await?);
    let mut recovery = Recovery::default();
    loop {
        let permits = active.acquire_permits(&session, &mut token_state).await?;
        let error = match active.attempt(&session, &token_state.tokens).await {
            Ok(reply) => {
                session.budget.refill(recovery.spent.unwrap_or(1));
                active.lift_quota_block(&session, token_state.tokens.current(), &reply);
                return Ok(reply);
            }
            Err(error) => error,
        };
        drop(permits);
        // Boxed: it is rare, and inline it would enlarge the future of every call.
        Box::pin(active.recover(&session, &mut token_state, &mut recovery, error)).await?;
    }
}
