//! The flow of a call: token → request → transport → decode, and again where that may help. The only file that
//! knows the sequence; one async fn an operation.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep, timeout_at};

use crate::config::{Config, Timeouts};
use crate::decode;
use crate::error::{Error, Failure, Limit};
use crate::event::{Event, Kind, Observer};
use crate::gate::{self, Gates};
use crate::group::Group;
use crate::process::PerProcess;
use crate::request::{AuditId, Operation};
use crate::retry::{self, Budget, Class};
use crate::source::{Credential, Dated, Wait};
use crate::status::AuditStatus;
use crate::token::{Token, Tokens};
use crate::transport::{Limits, Place, Transport};

mod progress;

use progress::{Doing, Held, describe};

/// A client: its configuration, and what it has in the process that uses it. Making one opens nothing.
pub struct Client {
    config: Config,
    session: PerProcess<Session>,
}

/// What a client has in one process: connections, budget and gates. A child made by fork begins with its own.
struct Session {
    transport: Transport,
    budget: Budget,
    gates: Gates,
}

/// What one call brings along.
pub struct Call {
    /// Where its token comes from.
    pub credential: Credential,
    /// The audit it is about.
    pub auditid: AuditId,
    /// The caller's label.
    pub appid: Option<String>,
    /// Its limits.
    pub timeouts: Timeouts,
    /// Its retries.
    pub max_retries: u32,
    /// Who listens.
    pub observer: Option<Arc<dyn Observer>>,
    /// The batch that it belongs to.
    pub group: Option<Arc<Group>>,
    /// How many requests it has sent.
    pub attempts: AtomicU32,
}

impl Client {
    /// Takes a checked configuration.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self { config, session: PerProcess::new() }
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Closes the idle connections of this process; calls under way end as they would.
    pub fn close(&self) {
        self.session.clear();
    }

    /// The review status of one audit.
    ///
    /// # Errors
    /// A [`Failure`], never later than the call's total limit.
    pub async fn get_audit_status(&self, call: &Call) -> Result<AuditStatus, Failure> {
        let operation = Operation::audit_status(call.auditid);
        let decode = |body: &[u8], tokens: &Tokens| {
            decode::audit_status(body, call.auditid, tokens, SystemTime::now())
        };
        let status = self.perform(call, &operation, decode).await?;
        Ok(AuditStatus { appid: call.appid.clone(), ..status })
    }

    /// Runs an operation until it succeeds, until nothing more can be done, or until its time is over.
    async fn perform<T>(
        &self,
        call: &Call,
        operation: &Operation,
        decode: impl Fn(&[u8], &Tokens) -> Result<T, Error>,
    ) -> Result<T, Failure> {
        let run = Run::new(self, call, operation);
        if run.left().is_zero() {
            return Err(run.failed(run.out_of_time()));
        }
        let outcome = timeout_at(run.deadline, run.attempts(decode)).await;
        outcome.unwrap_or_else(|_| Err(run.out_of_time())).map_err(|error| run.failed(error))
    }
}

impl Call {
    /// How many requests it has sent by now.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts.load(Ordering::Relaxed)
    }

    fn group(&self) -> Option<&Group> {
        self.group.as_deref()
    }
}

/// A place among the requests of the client, and one among those of the batch.
type Places<'s> = (Place<'s>, Option<Place<'s>>);

/// One call under way.
struct Run<'a> {
    client: &'a Client,
    call: &'a Call,
    operation: &'a Operation,
    begun: Instant,
    /// Its own, or that of its batch where that comes first.
    deadline: Instant,
    /// What it was doing, for the message when its time is over.
    doing: Mutex<Doing>,
}

impl<'a> Run<'a> {
    fn new(client: &'a Client, call: &'a Call, operation: &'a Operation) -> Self {
        let begun = Instant::now();
        let own = begun + call.timeouts.total;
        let deadline = call.group().and_then(Group::deadline).map_or(own, |(at, _)| own.min(at));
        let doing = Mutex::new(Doing::LookingUp);
        call.attempts.store(0, Ordering::Relaxed);
        Self { client, call, operation, begun, deadline, doing }
    }

    async fn attempts<T>(&self, decode: impl Fn(&[u8], &Tokens) -> Result<T, Error>) -> Result<T, Error> {
        let session = self.client.session.get_or_build(|| Session::new(&self.client.config))?;
        let mut held = Held::new(self.call.credential.token(self.wait()).await?);
        let mut refreshed = false;
        let mut retries = 0;
        let mut spent = None;
        loop {
            let place = self.enter(&session, &mut held).await?;
            let error = match self.attempt(&session, &held.tokens, place, &decode).await {
                Ok(result) => {
                    session.budget.refill(spent.unwrap_or(1));
                    return Ok(result);
                }
                Err(error) => error,
            };
            let class = retry::classify(&error);
            if class == Class::Token && !refreshed {
                refreshed = true;
                held.renew(self.refresh(&held.dated, error).await?);
                continue;
            }
            let error = self.close_gate(&session, held.tokens.current(), error);
            if retries >= class.retries(self.call.max_retries) || !session.budget.take(class.cost()) {
                if self.may_wait_for_gate(&error) && retries < self.call.max_retries {
                    retries += 1;
                    continue;
                }
                return Err(error);
            }
            retries += 1;
            spent = Some(class.cost());
            self.pause(class, retries, &error).await;
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
            let owner = session.gates.owner(self.call.appid.as_deref(), held.tokens.current());
            if session.gates.refusal(&owner, SystemTime::now()).is_none() {
                return Ok(place);
            }
        }
    }

    /// One request and its answer, in a place of its own.
    async fn attempt<T>(
        &self,
        session: &Session,
        tokens: &Tokens,
        _places: Places<'_>,
        decode: impl Fn(&[u8], &Tokens) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if self.left().is_zero() {
            return Err(self.out_of_time());
        }
        self.doing(Doing::Asking);
        self.call.attempts.fetch_add(1, Ordering::Relaxed);
        self.tell(Kind::Request, |_| {});
        let limits = Limits { connect: self.call.timeouts.connect, read: self.call.timeouts.read };
        let body = session.transport.send(self.operation, tokens, limits).await;
        let outcome = body.and_then(|body| decode(&body, tokens));
        self.tell(Kind::Response, |event| match &outcome {
            Ok(_) => (event.http_status, event.errcode) = (Some(200), Some(0)),
            Err(error) => describe(event, error),
        });
        outcome
    }

    /// A fresh token in place of the refused one, or the refusal where there is none to be had.
    async fn refresh(&self, refused: &Dated, refusal: Error) -> Result<Dated, Error> {
        if matches!(self.call.credential, Credential::Source { .. }) {
            self.tell(Kind::Refresh, |event| describe(event, &refusal));
            self.doing(Doing::Refreshing);
        }
        self.call.credential.replace(refused, self.wait()).await.unwrap_or(Err(refusal))
    }

    /// Waits for a closed quota gate where the deadline allows it, and fails with its refusal where not.
    async fn pass_gate(&self, session: &Session, token: &Token) -> Result<(), Error> {
        let owner = session.gates.owner(self.call.appid.as_deref(), token);
        while let Some((wait, refusal)) = session.gates.refusal(&owner, SystemTime::now()) {
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

    /// After a quota refusal nothing more is sent for its owner until the quota is renewed.
    fn close_gate(&self, session: &Session, token: &Token, error: Error) -> Error {
        let Error::Api { errcode, errmsg, rid, .. } = error else {
            return error;
        };
        let now = SystemTime::now();
        let retry_at = gate::reopens_at(errcode, now);
        let error = Error::Api { errcode, errmsg, rid, retry_at };
        if let Some(until) = retry_at {
            let owner = session.gates.owner(self.call.appid.as_deref(), token);
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

    fn wait(&self) -> Wait<'_> {
        Wait { until: self.deadline, group: self.call.group() }
    }

    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    fn doing(&self, what: Doing) {
        *self.doing.lock().unwrap_or_else(PoisonError::into_inner) = what;
    }

    fn out_of_time(&self) -> Error {
        let doing = self.doing.lock().unwrap_or_else(PoisonError::into_inner);
        let (limit, after) = match self.call.group().and_then(Group::deadline) {
            Some((at, after)) if at <= self.deadline => (Limit::Batch, after),
            _ => (Limit::Total, self.call.timeouts.total),
        };
        Error::Timeout { limit, after, detail: doing.to_string() }
    }

    fn failed(&self, error: Error) -> Failure {
        let with_source = matches!(self.call.credential, Credential::Source { .. })
            && self.doing.lock().unwrap_or_else(PoisonError::into_inner).is_with_source();
        let error = match error {
            Error::Timeout { limit: Limit::Total, .. } if with_source => Error::source_hung(),
            error => error,
        };
        Failure { error, attempts: self.call.attempts() }
    }

    fn tell(&self, kind: Kind, fill: impl FnOnce(&mut Event)) {
        let Some(observer) = &self.call.observer else {
            return;
        };
        let mut event = Event {
            kind,
            auditid: self.call.auditid.get(),
            appid: self.call.appid.clone(),
            attempt: self.call.attempts(),
            method: self.operation.method.to_string(),
            url_path: self.operation.path,
            host: self.client.config.transport.base.host().to_owned(),
            http_status: None,
            errcode: None,
            rid: None,
            delay: None,
            elapsed: self.begun.elapsed(),
            error: None,
        };
        fill(&mut event);
        observer.notice(event);
    }
}

impl Session {
    fn new(config: &Config) -> Result<Self, Error> {
        Ok(Self {
            transport: Transport::new(&config.transport)?,
            budget: Budget::default(),
            gates: Gates::default(),
        })
    }
}
