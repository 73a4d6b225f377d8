//! Run many calls at once, with bounded concurrency.
//!
//! All calls of a batch run in one task: a task for each would cost more than the work it does.

use std::future::poll_fn;
use std::task::{Context, Poll};

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc::UnboundedReceiver;

use super::batch_scope::BatchScope;
use super::client::{Call, Client};
use crate::error::Failure;
use crate::wechat::operation::Reply;
use crate::wechat::request::AuditId;

/// One query of a batch.
pub struct Query {
    /// Its number in the input.
    pub index: u64,
    /// The call that answers it.
    pub call: Call,
}

/// How one query ended.
#[derive(Debug)]
pub struct Outcome {
    /// The query's number in the input.
    pub index: u64,
    /// The audit of the query.
    pub auditid: Option<i64>,
    /// The caller's label.
    pub appid: Option<String>,
    /// How many requests were sent for it.
    pub attempts: u32,
    /// The reply or the failure.
    pub result: Result<Reply, Failure>,
}

/// An event of a batch.
#[expect(clippy::large_enum_variant, reason = "it is short-lived; boxing would allocate for each query")]
pub enum BatchEvent {
    /// A query has ended.
    Finished(Outcome),
    /// Another query could start, but none is queued.
    NeedsInput,
}

/// Answers the queries as they arrive, `concurrency` at once, and emits each outcome as soon as it is known. Ends when
/// `queries` is closed and all are answered. Dropping the future cancels the calls in flight.
pub async fn answer_all(
    client: &Client,
    scope: &BatchScope,
    concurrency: usize,
    mut queries: UnboundedReceiver<Query>,
    mut emit: impl FnMut(BatchEvent),
) {
    let mut in_flight = FuturesUnordered::new();
    let mut open = true;
    let poll = |context: &mut Context<'_>| {
        loop {
            let mut input_is_empty = false;
            while open && in_flight.len().saturating_sub(scope.waiting()) < concurrency {
                match queries.poll_recv(context) {
                    Poll::Ready(Some(query)) => in_flight.push(answer(client, query)),
                    Poll::Ready(None) => open = false,
                    Poll::Pending => {
                        input_is_empty = true;
                        break;
                    }
                }
            }
            match in_flight.poll_next_unpin(context) {
                Poll::Ready(Some(outcome)) => emit(BatchEvent::Finished(outcome)),
                Poll::Ready(None) if !open => return Poll::Ready(()),
                // Calls have just taken wait slots, so that others can start.
                Poll::Pending
                    if open
                        && !input_is_empty
                        && in_flight.len().saturating_sub(scope.waiting()) < concurrency => {}
                Poll::Ready(None) | Poll::Pending => {
                    if input_is_empty {
                        emit(BatchEvent::NeedsInput);
                    }
                    return Poll::Pending;
                }
            }
        }
    };
    poll_fn(poll).await;
}

/// Makes the call of one query.
pub async fn answer(client: &Client, Query { index, call }: Query) -> Outcome {
    let result = client.execute(&call).await;
    let attempts = call.attempts();
    Outcome {
        index,
        auditid: call.operation.auditid().map(AuditId::get),
        appid: call.appid,
        attempts,
        result,
    }
}
