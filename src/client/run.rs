//! One call under way: its attempts, and what stands between them.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep};

use super::progress::{Doing, Held, describe};
use super::recovery::Recovery;
use super::{Call, Client, Session};
use crate::config::Timeouts;
use crate::error::{Error, Failure, Limit};
use crate::event::{Event, Kind};
use crate::gate::Owner;
use crate::group::Group;
use crate::hosts;
use crate::operation::Reply;
use crate::request::{AuditId, BaseUrl, Request};
use crate::source::{Credential, Wait};
use crate::token::{Token, Tokens};
use crate::transport::{Limits, Place};

/// A place among the requests of the client, and one among those of the batch.
type Places<'s> = (Place<'s>, Option<Place<'s>>);

/// How many calls have begun in this process, or in those that it was forked from.
static CALLS: AtomicU64 = AtomicU64::new(0);

/// One call under way.
pub(super) struct Run<'a> {
    number: u64,
    client: &'a Client,
    pub(super) call: &'a Call,
    request: Request,
    begun: Instant,
    /// Its own, or that of its batch where that comes first.
    pub(super) deadline: Instant,
    /// The number of the host that was asked last.
    host: AtomicUsize,
    /// That host has failed this call.
    host_failed: AtomicBool,
    /// What it was doing, for the message when its time is over.
    doing: Mutex<Doing>,
}

impl<'a> Run<'a> {
    pub(super) fn new(client: &'a Client, call: &'a Call) -> Self {
        let begun = Instant::now();
        let own = begun + call.timeouts.total;
        let deadline = call.group().and_then(Group::deadline).map_or(own, |(at, _)| own.min(at));
        let doing = Mutex::new(Doing::LookingUp);
        call.attempts.store(0, Ordering::Relaxed);
        let request = call.operation.request();
        let number = CALLS.fetch_add(1, Ordering::Relaxed) + 1;
        Self {
            number,
            client,
            call,
            request,
            begun,
            deadline,
            host: AtomicUsize::new(0),
            host_failed: AtomicBool::new(false),
            doing,
        }
    }

    pub(super) async fn attempts(&self) -> Result<Reply, Error> {
        let session = self.client.session.get_or_build(|| Session::new(&self.client.config))?;
        let mut held = Held::new(self.call.credential.token(self.wait()).await?);
        let mut recovery = Recovery::default();
        loop {
            let places = self.enter(&session, &mut held).await?;
            let error = match self.attempt(&session, &held.tokens).await {
                Ok(reply) => {
                    session.budget.refill(recovery.spent());
                    return Ok(reply);
                }
                Err(error) => error,
            };
            drop(places);
            // Boxed, since it is rare and every call would have the room for it.
            Box::pin(self.recover(&session, &mut held, &mut recovery, error)).await?;
        }
    }

    /// A place among the requests under way, to be had behind an open gate.
    async fn enter<'s>(&'s self, session: &'s Session, held: &mut Held) -> Result<Places<'s>, Error> {
        loop {
            self.pass_gate(session, held.tokens.current()).await?;
            self.doing(Doing::Queueing);
            // That of the batch first: whoever waits for it holds none that another batch could use.
            let in_group = match self.call.group() {
                Some(group) => group.place().await,
                None => None,
            };
            let place = (session.transport.place().await?, in_group);
            // While this call waited, another one may have found the token refused or the quota used up: do not find
            // it out again.
            if let Some(dated) = self.call.credential.renewed(&held.dated) {
                held.renew(dated);
            }
            if self.refusal(session, held.tokens.current()).is_none() {
                return Ok(place);
            }
        }
    }

    /// One request and its answer.
    async fn attempt(&self, session: &Session, tokens: &Tokens) -> Result<Reply, Error> {
        let asked = Instant::now();
        if asked >= self.deadline {
            return Err(self.out_of_time());
        }
        self.doing(Doing::Asking(asked));
        let failed = self.host_failed.swap(false, Ordering::Relaxed);
        let host = session.hosts.choose(failed.then(|| self.host.load(Ordering::Relaxed)));
        self.host.store(host, Ordering::Relaxed);
        self.call.attempts.fetch_add(1, Ordering::Relaxed);
        self.tell(Kind::Request, |_| {});
        let limits = self.limits(session);
        let body = session.transport.send(self.base(), &self.request, tokens, &limits).await;
        match &body {
            Err(error) if hosts::is_silence(error) => self.blame_silent(session, asked.elapsed()),
            Err(error) if hosts::is_failure(error) => self.blame(session),
            Err(Error::Transport { .. }) => {}
            _ => session.hosts.answered(host),
        }
        let decode = |body| self.call.operation.decode(body, tokens, SystemTime::now());
        let outcome = body.and_then(decode);
        self.tell(Kind::Response, |event| match &outcome {
            Ok(_) => (event.http_status, event.errcode) = (Some(200), Some(0)),
            Err(error) => describe(event, error),
        });
        outcome
    }

    /// The host is not asked again by this call, and for a while by no other one.
    fn blame(&self, session: &Session) {
        self.host_failed.store(true, Ordering::Relaxed);
        session.hosts.failed(self.host.load(Ordering::Relaxed));
    }

    /// The same, unless this call is more impatient than the client's are: then others may find the host quick enough.
    fn blame_silent(&self, session: &Session, silence: Duration) {
        self.host_failed.store(true, Ordering::Relaxed);
        let own_limits = self.call.timeouts != self.client.config.timeouts || self.ends_with_batch();
        if !own_limits || silence >= hosts::PATIENCE {
            self.blame(session);
        }
    }

    /// The limits of one attempt. Where another host may still be asked, this one must leave it its part of the time.
    fn limits(&self, session: &Session) -> Limits {
        let Timeouts { connect, read, .. } = self.call.timeouts;
        let further = self.call.max_retries.saturating_sub(self.call.attempts().saturating_sub(1));
        let shares = session.hosts.count().min(1 + further as usize);
        if shares == 1 {
            return Limits { connect, read };
        }
        let share = self.left() / u32::try_from(shares).unwrap_or(u32::MAX);
        let within = |limit: Option<Duration>| Some(limit.map_or(share, |limit| limit.min(share)));
        Limits { connect: within(connect), read: within(read) }
    }

    /// Waits for a closed quota gate where the deadline allows it, and fails with its refusal where not.
    async fn pass_gate(&self, session: &Session, token: &Token) -> Result<(), Error> {
        while let Some((wait, refusal)) = self.refusal(session, token) {
            if wait >= self.left() {
                return Err(refusal);
            }
            let seat = self.call.group().map(Group::seat);
            if matches!(seat, Some(None)) {
                // Waiting without a seat would hold up the other merchants of the batch.
                return Err(refusal);
            }
            self.tell(Kind::Retry, |event| {
                describe(event, &refusal);
                event.delay = Some(wait);
            });
            self.doing(Doing::WaitingForQuota);
            sleep(wait).await;
        }
        Ok(())
    }

    /// What keeps the call's gate closed, and for how long.
    fn refusal(&self, session: &Session, token: &Token) -> Option<(Duration, Error)> {
        if session.gates.are_all_open() {
            return None;
        }
        session.gates.refusal(&self.owner(session, token), SystemTime::now())
    }

    /// Whose quota the call uses.
    pub(super) fn owner(&self, session: &Session, token: &Token) -> Owner {
        session.gates.owner(self.request.path, self.call.appid.as_deref(), token)
    }

    /// The host that was asked last.
    fn base(&self) -> &BaseUrl {
        let host = self.host.load(Ordering::Relaxed);
        self.client.config.transport.base(host)
    }

    pub(super) fn wait(&self) -> Wait<'_> {
        Wait { until: self.deadline, group: self.call.group() }
    }

    /// Whether its time was over when it began.
    pub(super) fn is_late_already(&self) -> bool {
        self.begun >= self.deadline
    }

    pub(super) fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    pub(super) fn doing(&self, what: Doing) {
        *self.doing.lock().unwrap_or_else(PoisonError::into_inner) = what;
    }

    /// Whether its deadline is that of its batch.
    fn ends_with_batch(&self) -> bool {
        self.call.group().and_then(Group::deadline).is_some_and(|(at, _)| at <= self.deadline)
    }

    /// The error of a call that its deadline cut off. A host that let it wait until then has failed.
    pub(super) fn cut_off(&self) -> Error {
        let error = self.out_of_time();
        let with_host = self.doing.lock().unwrap_or_else(PoisonError::into_inner).with_host();
        if let Some(silence) = with_host {
            if let Ok(session) = self.client.session.get_or_build(|| Session::new(&self.client.config)) {
                self.blame_silent(&session, silence);
            }
            self.tell(Kind::Response, |event| describe(event, &error));
        }
        error
    }

    pub(super) fn out_of_time(&self) -> Error {
        let doing = self.doing.lock().unwrap_or_else(PoisonError::into_inner);
        let (limit, after) = match self.call.group().and_then(Group::deadline) {
            Some((_, after)) if self.ends_with_batch() => (Limit::Batch, after),
            _ => (Limit::Total, self.call.timeouts.total),
        };
        Error::Timeout { limit, after, detail: doing.to_string() }
    }

    pub(super) fn failed(&self, error: Error) -> Failure {
        let with_source = matches!(self.call.credential, Credential::Source { .. })
            && self.doing.lock().unwrap_or_else(PoisonError::into_inner).is_with_source();
        let error = match error {
            Error::Timeout { limit: Limit::Total, .. } if with_source => Error::source_hung(),
            error => error,
        };
        Failure { error, attempts: self.call.attempts(), url_path: self.request.path }
    }

    pub(super) fn tell(&self, kind: Kind, fill: impl FnOnce(&mut Event)) {
        let Some(observer) = &self.call.observer else {
            return;
        };
        let mut event = Event {
            kind,
            at: SystemTime::now(),
            call: self.number,
            auditid: self.call.operation.auditid().map(AuditId::get),
            appid: self.call.appid.clone(),
            attempt: self.call.attempts(),
            method: self.request.method.to_string(),
            url_path: self.request.path,
            host: self.base().host().to_owned(),
            port: self.base().port(),
            http_status: None,
            errcode: None,
            rid: None,
            delay: None,
            elapsed: self.begun.elapsed(),
            error: None,
            error_type: None,
        };
        fill(&mut event);
        observer.notice(event);
    }
}
