//! The flow of a call: token → request → transport → decode, and again where that may help. `run` is the only file that
//! knows the sequence, which is the same for each operation.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::time::timeout_at;

use crate::config::{Config, Timeouts};
use crate::error::{Error, Failure};
use crate::event::Observer;
use crate::gate::Gates;
use crate::group::Group;
use crate::hosts::Hosts;
use crate::operation::{Operation, Reply};
use crate::process::PerProcess;
use crate::retry::Budget;
use crate::source::Credential;
use crate::status::AuditStatus;
use crate::transport::Transport;

mod progress;
mod recovery;
mod run;

use run::Run;

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
    hosts: Hosts,
}

/// What one call brings along.
pub struct Call {
    /// What is asked.
    pub operation: Operation,
    /// Where its token comes from.
    pub credential: Credential,
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

    /// Runs an operation until it succeeds, until nothing more can be done, or until its time is over.
    ///
    /// # Errors
    /// A [`Failure`], never later than the call's total limit.
    pub async fn ask(&self, call: &Call) -> Result<Reply, Failure> {
        let run = Run::new(self, call);
        if run.is_late_already() {
            return Err(run.failed(run.out_of_time()));
        }
        // In a box of its own: two middling pieces of memory are had for much less than a large one.
        let outcome = timeout_at(run.deadline, Box::pin(run.attempts())).await;
        let outcome = outcome.unwrap_or_else(|_| Err(run.cut_off()));
        outcome.map(|reply| reply.labelled(call.appid.as_deref())).map_err(|error| run.failed(error))
    }

    /// The review status that a call of [`Operation::AuditStatus`] asks for.
    ///
    /// # Errors
    /// As [`Client::ask`], and for a call of another operation.
    pub async fn get_audit_status(&self, call: &Call) -> Result<AuditStatus, Failure> {
        match self.ask(call).await? {
            Reply::Status(status) => Ok(status),
            _ => Err(Failure {
                error: Error::argument("operation", "must be AuditStatus"),
                attempts: call.attempts(),
                url_path: call.operation.request().path,
            }),
        }
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

impl Session {
    fn new(config: &Config) -> Result<Self, Error> {
        Ok(Self {
            transport: Transport::new(&config.transport)?,
            budget: Budget::default(),
            gates: Gates::default(),
            hosts: Hosts::new(1 + config.transport.fallbacks.len()),
        })
    }
}
