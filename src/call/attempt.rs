//! A call in flight: its attempts, its limits and its events.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::{Instant, sleep};

use super::batch_scope::BatchScope;
use super::failover;
use super::phase::{CallPhase, TokenState, describe};
use super::quota::QuotaKey;
use super::session::{Call, Client, Session};
use super::token_source::{CallLimits, Credential, VersionedToken};
use crate::config::Timeouts;
use crate::error::{Error, Failure, Limit};
use crate::event::{Event, kind};
use crate::token::{Token, Tokens};
use crate::transport::{Limits, Permit, Progress};
use crate::wechat::operation::{Operation, QUOTA_PATH, Reply};
use crate::wechat::request::{AuditId, BaseUrl, Request};

/// A permit of the client, and one of the batch.
type Permits<'s> = (Permit<'s>, Option<Permit<'s>>);

/// Counts the calls of this process, and those of the processes that it was forked from before.
static CALLS: AtomicU64 = AtomicU64::new(0);

/// A call in flight.
pub(super) struct ActiveCall<'a> {
    number: u64,
    pub(super) client: &'a Client,
    pub(super) call: &'a Call,
    request: Request,
    begun: Instant,
    /// Its own deadline, or that of its batch if that is earlier.
    pub(super) deadline: Instant,
    /// The index of the host of the last attempt.
    host: AtomicUsize,
    /// That host has failed this call.
    host_failed: AtomicBool,
    /// Attempts that sent no request, since their connection did not open.
    unsent: AtomicU32,
    /// Named in the error when the deadline passes.
    phase: Mutex<CallPhase>,
}

impl<'a> ActiveCall<'a> {
    pub(super) fn new(client: &'a Client, call: &'a Call) -> Self {
        let begun = Instant::now();
        let own = begun + call.timeouts.total;
        let deadline = call.batch().and_then(BatchScope::deadline).map_or(own, |(at, _)| own.min(at));
        call.attempts.store(0, Ordering::Relaxed);
        Self {
            number: CALLS.fetch_add(1, Ordering::Relaxed) + 1,
            client,
            call,
            request: call.operation.request(),
            begun,
            deadline,
            host: AtomicUsize::new(0),
            host_failed: AtomicBool::new(false),
            unsent: AtomicU32::new(0),
            phase: Mutex::new(CallPhase::LookingUp),
        }
    }

    /// The token for the first attempt.
    pub(super) async fn token(&self) -> Result<VersionedToken, Error> {
        self.call.credential.token(self.limits_for_source()).await
    }

    /// Acquires the permits for one attempt, once no quota blocks it.
    pub(super) async fn acquire_permits<'s>(
        &'s self,
        session: &'s Session,
        token_state: &mut TokenState,
    ) -> Result<Permits<'s>, Error> {
        loop {
            self.wait_for_quota(session, token_state.tokens.current()).await?;
            self.set_phase(CallPhase::Queueing);
            // The permit of the batch first: while waiting for it, hold none that another batch could use.
            let batch_permit = match self.call.batch() {
                Some(scope) => scope.permit().await,
                None => None,
            };
            let permit = (session.transport.permit().await?, batch_permit);
            // Meanwhile another call may have refreshed the token or used up the quota.
            if let Some(renewed) = self.call.credential.renewed(&token_state.versioned) {
                token_state.renew(renewed);
            }
            if self.call.credential.is_being_replaced(&token_state.versioned) {
                drop(permit);
                token_state.renew(self.replacement(&token_state.versioned).await?);
                continue;
            }
            if self.refusal(session, token_state.tokens.current()).is_none() {
                return Ok(permit);
            }
        }
    }

    /// The fresh token that another call has asked the source for. The current one would only be refused again.
    async fn replacement(&self, current: &VersionedToken) -> Result<VersionedToken, Error> {
        self.set_phase(CallPhase::Refreshing);
        let replaced = self.call.credential.replace(current, self.limits_for_source()).await;
        replaced.unwrap_or_else(|| Ok(current.clone()))
    }

    /// Sends one request and decodes its answer.
    pub(super) async fn attempt(&self, session: &Session, tokens: &Tokens) -> Result<Reply, Error> {
        let started = Instant::now();
        if started >= self.deadline {
            return Err(self.out_of_time());
        }
        self.set_phase(CallPhase::WaitingForHost(started, None));
        let failed = self.host_failed.swap(false, Ordering::Relaxed);
        let host = session.hosts.choose(failed.then(|| self.host.load(Ordering::Relaxed)));
        self.host.store(host, Ordering::Relaxed);
        self.call.attempts.fetch_add(1, Ordering::Relaxed);
        self.emit(kind::REQUEST, |_| {});
        let limits = self.limits(session);
        let opening = |progress: &Arc<Progress>| {
            self.set_phase(CallPhase::WaitingForHost(started, Some(Arc::clone(progress))));
        };
        let answer = session.transport.send(self.base(), &self.request, tokens, &limits, &opening).await;
        if answer.is_err() {
            self.discount_unsent();
        }
        match &answer {
            Err(error) if failover::is_silence(error) => {
                self.mark_slow_host_failed(session, started.elapsed());
            }
            Err(error) if failover::is_failure(error) => self.mark_host_failed(session),
            Err(Error::Transport { .. }) => {}
            _ => session.hosts.mark_answered(host),
        }
        let outcome = answer.and_then(|(body, connection)| {
            let decoded = self.call.operation.decode(body, tokens, SystemTime::now());
            session.transport.settle(self.base(), connection, failover::is_from_wechat(&decoded));
            decoded
        });
        self.emit(kind::RESPONSE, |event| match &outcome {
            Ok(_) => (event.http_status, event.errcode) = (Some(200), Some(0)),
            Err(error) => describe(event, error),
        });
        outcome
    }

    /// Takes back the last attempt from the count of requests if none was sent.
    fn discount_unsent(&self) {
        if self.waits_for_connection() {
            self.call.attempts.fetch_sub(1, Ordering::Relaxed);
            self.unsent.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether the last attempt got no connection, and so sent no request.
    pub(super) fn waits_for_connection(&self) -> bool {
        self.phase().waits_for_connection()
    }

    /// The number of attempts so far, whether or not they sent a request.
    pub(super) fn tried(&self) -> u32 {
        self.call.attempts() + self.unsent.load(Ordering::Relaxed)
    }

    /// Makes this call avoid the host, and other calls for a while.
    fn mark_host_failed(&self, session: &Session) {
        self.host_failed.store(true, Ordering::Relaxed);
        session.hosts.mark_failed(self.host.load(Ordering::Relaxed));
    }

    /// As `mark_host_failed`, but affects other calls only if the host had the usual limits or enough time.
    fn mark_slow_host_failed(&self, session: &Session, silence: Duration) {
        self.host_failed.store(true, Ordering::Relaxed);
        let own_limits = self.call.timeouts != self.client.config().timeouts || self.ends_with_batch();
        if !own_limits || silence >= failover::SLOW_HOST_THRESHOLD {
            self.mark_host_failed(session);
        }
    }

    /// The limits of one attempt. Each host that may still be tried gets an equal share of the time left.
    fn limits(&self, session: &Session) -> Limits {
        let Timeouts { connect, read, .. } = self.call.timeouts;
        let retries_left = self.call.max_retries.saturating_sub(self.tried().saturating_sub(1));
        let shares = session.hosts.count().min(1 + retries_left as usize);
        if shares == 1 {
            return Limits { connect, read };
        }
        let share = self.left() / u32::try_from(shares).unwrap_or(u32::MAX);
        let within = |limit: Option<Duration>| Some(limit.map_or(share, |limit| limit.min(share)));
        Limits { connect: within(connect), read: within(read) }
    }

    /// Waits until the quota resets if the deadline allows it, and fails with the refusal otherwise.
    async fn wait_for_quota(&self, session: &Session, token: &Token) -> Result<(), Error> {
        while let Some((wait, refusal)) = self.refusal(session, token) {
            if wait >= self.left() {
                return Err(refusal);
            }
            let wait_slot = self.call.batch().map(BatchScope::wait_slot);
            if matches!(wait_slot, Some(None)) {
                // Waiting without a slot would delay the other merchants of the batch.
                return Err(refusal);
            }
            self.emit(kind::RETRY, |event| {
                describe(event, &refusal);
                event.delay = Some(wait.as_secs_f64());
            });
            self.set_phase(CallPhase::WaitingForQuota);
            sleep(wait).await;
        }
        Ok(())
    }

    /// The refusal that blocks the quota of the call, and for how long.
    fn refusal(&self, session: &Session, token: &Token) -> Option<(Duration, Error)> {
        if session.quota_blocks.is_empty() {
            return None;
        }
        session.quota_blocks.refusal(&self.quota_key(session, token), SystemTime::now())
    }

    /// After a quota query, lifts the block that its reply shows to be over: WeChat's `clear_quota`, or a larger quota,
    /// may have opened it.
    pub(super) fn lift_quota_block(&self, session: &Session, token: &Token, reply: &Reply) {
        if matches!(self.call.operation, Operation::Quota) {
            session.quota_blocks.lift_shown_open(QUOTA_PATH, self.call.appid.as_deref(), token, reply);
        }
    }

    /// The key of the quota that the call uses.
    pub(super) fn quota_key(&self, session: &Session, token: &Token) -> QuotaKey {
        session.quota_blocks.key(self.request.path, self.call.appid.as_deref(), token)
    }

    /// The base URL of the last attempt.
    fn base(&self) -> &BaseUrl {
        self.client.config().transport.base(self.host.load(Ordering::Relaxed))
    }

    pub(super) fn limits_for_source(&self) -> CallLimits<'_> {
        CallLimits { deadline: self.deadline, batch: self.call.batch() }
    }

    /// Whether the deadline had passed when the call began.
    pub(super) fn starts_too_late(&self) -> bool {
        self.begun >= self.deadline
    }

    pub(super) fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    pub(super) fn set_phase(&self, phase: CallPhase) {
        *self.phase() = phase;
    }

    fn phase(&self) -> MutexGuard<'_, CallPhase> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the deadline is that of the batch.
    fn ends_with_batch(&self) -> bool {
        self.call.batch().and_then(BatchScope::deadline).is_some_and(|(at, _)| at <= self.deadline)
    }

    /// The error of a call whose deadline has passed. A host that has not answered by then is marked as failed.
    pub(super) fn cut_off(&self) -> Error {
        let error = self.out_of_time();
        let waiting_for_host = self.phase().waiting_for_host();
        if let Some(silence) = waiting_for_host {
            self.discount_unsent();
            if let Ok(session) = self.client.session(self.call.process) {
                self.mark_slow_host_failed(&session, silence);
            }
            self.emit(kind::RESPONSE, |event| describe(event, &error));
        }
        error
    }

    pub(super) fn out_of_time(&self) -> Error {
        let phase = self.phase();
        let (limit, after) = match self.call.batch().and_then(BatchScope::deadline) {
            Some((_, after)) if self.ends_with_batch() => (Limit::Batch, after),
            _ => (Limit::Total, self.call.timeouts.total),
        };
        Error::Timeout { limit, after, detail: phase.to_string() }
    }

    pub(super) fn failed(&self, error: Error) -> Failure {
        let waiting_for_source =
            matches!(self.call.credential, Credential::Source { .. }) && self.phase().is_waiting_for_source();
        let error = match error {
            Error::Timeout { limit: Limit::Total, .. } if waiting_for_source => Error::source_timed_out(),
            error => error,
        };
        let (attempts, tried) = (self.call.attempts(), self.tried());
        Failure { error, attempts, tried, url_path: self.request.path }
    }

    pub(super) fn emit(&self, kind: &'static str, fill: impl FnOnce(&mut Event)) {
        let Some(observer) = &self.call.observer else {
            return;
        };
        let mut event = Event {
            kind: kind.into(),
            time: Some(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()),
            call: Some(self.number),
            auditid: self.call.operation.auditid().map(AuditId::get),
            appid: self.call.appid.clone(),
            attempt: Some(self.tried()),
            method: Some(self.request.method.to_string()),
            host: Some(self.base().host().to_owned()),
            port: Some(self.base().port()),
            url_path: Some(self.request.path.to_owned()),
            elapsed: Some(self.begun.elapsed().as_secs_f64()),
            ..Event::default()
        };
        fill(&mut event);
        observer.on_event(event);
    }
}
