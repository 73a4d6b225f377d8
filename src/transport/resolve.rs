//! Look up host names with the system's resolver: side by side, each name once at a time, and remember the answers.
//!
//! The system's resolver knows `/etc/hosts`, search domains and whatever else the machine is set up for. It blocks its
//! thread, so each lookup has a thread of its own.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;

use crate::error::{in_words, lower_case};
use crate::fork::{PerProcess, Process};

/// How long the addresses of a name are used without another lookup.
const ANSWER_LIFETIME: Duration = Duration::from_secs(30);

/// How long the address of the last connection to a host is tried before its other addresses.
const PREFERENCE_LIFETIME: Duration = Duration::from_secs(600);

/// The most lookups at once. One that hangs holds its thread for as long as the system's resolver waits.
const MAX_LOOKUPS: usize = 16;

/// The names that this process has looked up. A forked child starts with none: the threads do not exist in it.
static NAMES: PerProcess<Names> = PerProcess::new();

struct Names {
    permits: Arc<Semaphore>,
    hosts: Mutex<HashMap<String, Host>>,
    preferred: Mutex<HashMap<(String, u16), (IpAddr, Instant)>>,
}

enum Host {
    Pending(watch::Receiver<Option<Answer>>),
    /// Its addresses, looked up at that instant.
    Known(Arc<[SocketAddr]>, Instant),
}

type Answer = Result<Arc<[SocketAddr]>, LookupError>;

/// Why a name has no addresses.
#[derive(Debug, Clone)]
pub(super) enum LookupError {
    /// The system's resolver says why.
    Failed(String),
    /// No thread or descriptor is left to ask it.
    Exhausted(String),
}

/// The addresses of a host, in the system's order. Calls that ask for the same name at the same time share a lookup, which
/// goes on even if all of them give up.
pub(super) async fn addresses(host: &str, port: u16) -> Result<Vec<SocketAddr>, LookupError> {
    if let Ok(address) = host.parse() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let mut found = names().lookup(host).await?.to_vec();
    for address in &mut found {
        address.set_port(port);
    }
    Ok(found)
}

/// The address of the last connection to a host.
pub(super) fn preferred(host: &str, port: u16) -> Option<IpAddr> {
    let names = names();
    let (address, since) = *lock(&names.preferred).get(&(host.to_owned(), port))?;
    (since.elapsed() < PREFERENCE_LIFETIME).then_some(address)
}

/// Prefers an address, since a connection to it was opened.
pub(super) fn prefer(host: &str, port: u16, address: IpAddr) {
    let names = names();
    let mut preferred = lock(&names.preferred);
    preferred.retain(|_, (_, since)| since.elapsed() < PREFERENCE_LIFETIME);
    preferred.insert((host.to_owned(), port), (address, Instant::now()));
}

/// Forgets the addresses of a host: the next call looks its name up anew.
pub(super) fn forget(host: &str) {
    let names = names();
    lock(&names.preferred).retain(|(name, _), _| name != host);
    let mut hosts = lock(&names.hosts);
    if matches!(hosts.get(host), Some(Host::Known(..))) {
        hosts.remove(host);
    }
}

fn names() -> Arc<Names> {
    let Ok(names) =
        NAMES.get_or_build(Process::current(), || Ok::<_, std::convert::Infallible>(Names::new()));
    names
}

impl Names {
    fn new() -> Self {
        Self {
            permits: Arc::new(Semaphore::new(MAX_LOOKUPS)),
            hosts: Mutex::default(),
            preferred: Mutex::default(),
        }
    }

    async fn lookup(self: &Arc<Self>, host: &str) -> Answer {
        let known = lock(&self.hosts).get(host).and_then(Host::current);
        let mut answer = match known {
            Some(answer) => answer,
            None => match Arc::clone(&self.permits).acquire_owned().await {
                Ok(permit) => self.start(host, permit)?,
                Err(closed) => return Err(LookupError::Failed(closed.to_string())),
            },
        };
        let answer = answer.wait_for(Option::is_some).await.ok().and_then(|answer| answer.clone());
        answer.unwrap_or_else(|| Err(LookupError::Failed("the lookup was cut off".to_owned())))
    }

    /// Starts a lookup, unless another call has done so meanwhile.
    fn start(
        self: &Arc<Self>,
        host: &str,
        permit: OwnedSemaphorePermit,
    ) -> Result<watch::Receiver<Option<Answer>>, LookupError> {
        let mut hosts = lock(&self.hosts);
        if let Some(answer) = hosts.get(host).and_then(Host::current) {
            return Ok(answer);
        }
        hosts.retain(|_, host| host.current().is_some());
        let (sender, receiver) = watch::channel(None);
        let (names, name) = (Arc::clone(self), host.to_owned());
        let look_up = move || {
            let answer = ask_system(&name);
            names.store(name, &answer);
            sender.send_replace(Some(answer));
            drop(permit);
        };
        let thread = thread::Builder::new().name("wxaudit-lookup".to_owned());
        let started = thread.spawn(look_up);
        started.map_err(|error| {
            LookupError::Exhausted(format!("no thread could be started: {}", in_words(&error)))
        })?;
        hosts.insert(host.to_owned(), Host::Pending(receiver.clone()));
        Ok(receiver)
    }

    /// Keeps the addresses. A failure is not kept, since the next lookup may succeed.
    fn store(&self, host: String, answer: &Answer) {
        let mut hosts = lock(&self.hosts);
        match answer {
            Ok(addresses) => hosts.insert(host, Host::Known(Arc::clone(addresses), Instant::now())),
            Err(_) => hosts.remove(&host),
        };
    }
}

impl Host {
    /// The answer, now or later; None if it is too old.
    fn current(&self) -> Option<watch::Receiver<Option<Answer>>> {
        match self {
            Self::Known(addresses, since) if since.elapsed() < ANSWER_LIFETIME => {
                Some(watch::channel(Some(Ok(Arc::clone(addresses)))).1)
            }
            // Its sender is gone if the thread panicked.
            Self::Pending(answer) if answer.has_changed().is_ok() => Some(answer.clone()),
            _ => None,
        }
    }
}

fn ask_system(host: &str) -> Answer {
    match (host, 0).to_socket_addrs() {
        Ok(addresses) => Ok(addresses.collect()),
        Err(error) => {
            // Without a descriptor to ask for a name, the resolver says that there is no such name.
            if let Some(exhausted) = super::addresses::exhaustion() {
                return Err(LookupError::Exhausted(in_words(&exhausted)));
            }
            let problem = in_words(&error);
            let problem = problem.trim_start_matches("failed to lookup address information: ");
            Err(LookupError::Failed(lower_case(problem)))
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
