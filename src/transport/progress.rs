//! What the opening of a connection is doing, and where the connection leads.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::{Error, Phase};

/// The most addresses that a message names.
const SHOWN_ADDRESSES: usize = 4;

/// What the opening of a connection is doing. Once it is open: where it leads.
///
/// It is displayed as in "connecting to api.weixin.qq.com at 203.0.113.1:443", and as in "cannot connect to …" in errors. It
/// holds neither a token nor a password.
pub struct Progress(Mutex<(Phase, String)>);

impl Progress {
    pub(super) fn new() -> Self {
        Self(Mutex::new((Phase::Resolve, String::new())))
    }

    pub(super) fn enter(&self, phase: Phase, place: impl Into<String>) {
        *self.state() = (phase, place.into());
    }

    pub(super) fn phase(&self) -> Phase {
        self.state().0
    }

    /// Whether the connection is open, so that a request can be sent.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.phase() == Phase::Head
    }

    /// The error for a problem in the current phase.
    pub(super) fn error(&self, problem: impl fmt::Display, transient: bool) -> Error {
        self.error_in(self.phase(), problem, transient)
    }

    /// What is being done in another phase at the same place.
    pub(super) fn during(&self, phase: Phase) -> String {
        activity(phase, &self.state().1)
    }

    /// The error for a problem in another phase at the same place.
    pub(super) fn error_in(&self, phase: Phase, problem: impl fmt::Display, transient: bool) -> Error {
        let detail = format!("{}: {problem}", failure(phase, &self.state().1));
        Error::Transport { phase, detail, transient }
    }

    fn state(&self) -> MutexGuard<'_, (Phase, String)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (phase, place) = &*self.state();
        formatter.write_str(&activity(*phase, place))
    }
}

/// What is being done at a place.
fn activity(phase: Phase, place: &str) -> String {
    match phase {
        _ if place.is_empty() => phase.to_string(),
        Phase::Start | Phase::Resolve => format!("{phase} {place}"),
        Phase::Connect | Phase::Proxy => format!("connecting to {place}"),
        Phase::Tls => format!("{phase} with {place}"),
        Phase::Head | Phase::Body => format!("{phase} from {place}"),
    }
}

/// What failed at a place.
fn failure(phase: Phase, place: &str) -> String {
    match phase {
        _ if place.is_empty() => phase.failure().to_owned(),
        Phase::Start | Phase::Resolve => format!("{} {place}", phase.failure()),
        Phase::Connect | Phase::Proxy => format!("cannot connect to {place}"),
        Phase::Tls => format!("TLS with {place} failed"),
        Phase::Head => format!("no answer from {place}"),
        Phase::Body => format!("cannot read the answer from {place}"),
    }
}

/// A host and its addresses, as in "api.weixin.qq.com at 203.0.113.1:443".
pub(super) fn place(host: &str, addresses: &[SocketAddr]) -> String {
    let mut shown: Vec<_> = addresses.iter().take(SHOWN_ADDRESSES).map(ToString::to_string).collect();
    let more = addresses.len() - shown.len();
    if more > 0 {
        shown.push(format!("{more} more"));
    }
    let addresses = shown.join(", ");
    if host.parse::<IpAddr>().is_ok() { addresses } else { format!("{host} at {addresses}") }
}
