//! Many calls at once: bounded concurrency, queries taken in as there is room for them.
//!
//! All calls of a batch run in one task; a task each would cost more than what it does.

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
    /// What is asked.
    pub call: Call,
}

/// How one query ended.
#[derive(Debug)]
pub struct Outcome {
    /// The query's number in the input.
    pub index: u64,
    /// The audit it was about.
    pub auditid: Option<i64>,
    /// The caller's label.
    pub appid: Option<String>,
    /// How many requests were sent for it.
    pub attempts: u32,
    /// What came, or why nothing did.
    pub result: Result<Reply, Failure>,
}

/// What a batch tells.
#[expect(
    clippy::large_enum_variant,
    reason = "it lives for a moment; a box would be an allocation for each query"
)]
pub enum BatchEvent {
    /// A query has ended.
    Finished(Outcome),
    /// There is room for further queries, and none of them is there.
    NeedsInput,
}

/// Answers the queries as they come, `concurrency` at once, and tells each outcome as soon as it is there. Ends
/// when `queries` is closed and all of them are answered. Dropping the future drops what is under way.
pub async fn answer_all(
    client: &Client,
    scope: &BatchScope,
    concurrency: usize,
    mut queries: UnboundedReceiver<Query>,
    mut emit: impl FnMut(BatchEvent),
) {
    let mut in_flight = FuturesUnordered::new();
    let mut open = true;
    let turn = |context: &mut Context<'_>| {
        loop {
            let mut looked = false;
            while open && in_flight.len().saturating_sub(scope.waiting()) < concurrency {
                match queries.poll_recv(context) {
                    Poll::Ready(Some(query)) => in_flight.push(answer(client, query)),
                    Poll::Ready(None) => open = false,
                    Poll::Pending => {
                        looked = true;
                        break;
                    }
                }
            }
            match in_flight.poll_next_unpin(context) {
                Poll::Ready(Some(outcome)) => emit(BatchEvent::Finished(outcome)),
                Poll::Ready(None) if !open => return Poll::Ready(()),
                // Calls that have sat down just now make room for others.
                Poll::Pending
                    if open && !looked && in_flight.len().saturating_sub(scope.waiting()) < concurrency => {}
                Poll::Ready(None) | Poll::Pending => {
                    if looked {
                        emit(BatchEvent::NeedsInput);
                    }
                    return Poll::Pending;
                }
            }
        }
    };
    poll_fn(turn).await;
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
