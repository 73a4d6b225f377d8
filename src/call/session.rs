//! A client with its state in each process, and the parameters of its calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::batch_scope::BatchScope;
use super::failover::Hosts;
use super::quota::QuotaBlocks;
use super::retry::Budget;
use super::token_source::Credential;
use crate::config::{Config, Timeouts};
use crate::error::Error;
use crate::event::Observer;
use crate::fork::{PerProcess, Process};
use crate::transport::Transport;
use crate::wechat::operation::Operation;

/// The parameters of one call.
pub struct Call {
    /// The process that makes it: no call goes on in a forked child.
    pub process: Process,
    /// What to ask WeChat.
    pub operation: Operation,
    /// Where its token comes from.
    pub credential: Credential,
    /// The caller's label.
    pub appid: Option<String>,
    /// Its limits.
    pub timeouts: Timeouts,
    /// Its retries.
    pub max_retries: u32,
    /// The receiver of its events.
    pub observer: Option<Arc<dyn Observer>>,
    /// The batch that it belongs to.
    pub batch: Option<Arc<BatchScope>>,
    /// How many requests it has sent. An attempt counts from its start, and no longer if it gets no connection.
    pub attempts: AtomicU32,
}

impl Call {
    /// How many requests it has sent so far.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts.load(Ordering::Relaxed)
    }

    pub(super) fn batch(&self) -> Option<&BatchScope> {
        self.batch.as_deref()
    }
}

/// The state of a client in one process. A forked child starts with its own.
pub(super) struct Session {
    pub(super) transport: Transport,
    pub(super) budget: Budget,
    pub(super) quota_blocks: QuotaBlocks,
    pub(super) hosts: Hosts,
}

impl Session {
    fn new(config: &Config) -> Result<Self, Error> {
        Ok(Self {
            transport: Transport::new(&config.transport)?,
            budget: Budget::default(),
            quota_blocks: QuotaBlocks::default(),
            hosts: Hosts::new(1 + config.transport.fallbacks.len()),
        })
    }
}

/// A client: its configuration, and its state in each process that uses it. Creating one opens no connection.
pub struct Client {
    config: Config,
    session: PerProcess<Session>,
}

impl Client {
    /// A client with a checked configuration.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self { config, session: PerProcess::new() }
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Forgets the quota blocks of a mini program in this process, or all of them.
    pub fn unblock_quota(&self, appid: Option<&str>) {
        if let Some(session) = self.session.get(Process::current()) {
            session.quota_blocks.lift(appid);
        }
    }

    /// Closes the idle connections of this process; calls in flight continue.
    pub fn close(&self) {
        self.session.clear();
    }

    /// The session of the current process, built on first use.
    pub(super) fn session(&self, current: Process) -> Result<Arc<Session>, Error> {
        self.session.get_or_build(current, || Session::new(&self.config))
    }
}
