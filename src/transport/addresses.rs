//! Connect to the first of several addresses that answers, as RFC 8305 says ("happy eyeballs").
//!
//! Running out of descriptors is told apart from an address that does not answer: neither the host nor the network is
//! to blame for it.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use socket2::{Domain, SockRef, Socket, TcpKeepalive, Type};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::sleep;

use crate::error::in_words;

/// How long one address is given before the next one is tried beside it.
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Makes the kernel detect dead peers: routers drop idle connections silently.
const KEEPALIVE: Duration = Duration::from_secs(15);
const KEEPALIVE_PROBES: u32 = 3;
/// The longest that sent data may stay unacknowledged.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);

/// `ENFILE` and `EMFILE`, and what Windows calls the latter: the errors of opening a socket that have no `ErrorKind`.
const TOO_MANY_OPEN_FILES: [i32; 3] = [23, 24, 10024];

/// Why no connection could be opened.
pub(super) enum ConnectError {
    /// No address answered.
    Unreachable(String),
    /// No socket could be opened for at least one of them.
    Exhausted(String),
}

/// Orders addresses for [`connect`]: the preferred one, then IPv6 and IPv4 by turns, as far as both are there.
pub(super) fn order(addresses: Vec<SocketAddr>, preferred: Option<IpAddr>) -> Vec<SocketAddr> {
    let is_ipv6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (same, other): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == is_ipv6);
    let mut ordered = Vec::with_capacity(same.len() + other.len());
    let (mut same, mut other) = (same.into_iter(), other.into_iter());
    loop {
        let turn = [same.next(), other.next()];
        if turn == [None, None] {
            break;
        }
        ordered.extend(turn.into_iter().flatten());
    }
    // A stable sort: the order of the others stays.
    ordered.sort_by_key(|address| Some(address.ip()) != preferred);
    ordered
}

/// Connects to one of the addresses, which are tried in this order: the next one after `ATTEMPT_DELAY`, or at once when one
/// has failed. `trying` is told which have been tried so far.
///
/// # Errors
/// All addresses failed, for the reasons in the text.
pub(super) async fn connect(
    addresses: &[SocketAddr],
    mut trying: impl FnMut(&[SocketAddr]),
) -> Result<(TcpStream, SocketAddr), ConnectError> {
    let mut waiting = addresses.iter();
    let mut attempts = FuturesUnordered::new();
    let mut problems: Vec<String> = Vec::new();
    let mut exhausted = false;
    loop {
        if let Some(address) = waiting.next() {
            trying(addresses.get(..addresses.len() - waiting.len()).unwrap_or(addresses));
            attempts.push(open(*address));
        }
        tokio::select! {
            biased;
            Some(attempt) = attempts.next() => match attempt {
                Ok(connected) => return Ok(connected),
                Err(error) => {
                    exhausted |= is_exhaustion(&error);
                    let problem = in_words(&error);
                    if !problems.contains(&problem) {
                        problems.push(problem);
                    }
                }
            },
            () = sleep(ATTEMPT_DELAY), if !waiting.as_slice().is_empty() => {}
            else => {
                let kind = if exhausted { ConnectError::Exhausted } else { ConnectError::Unreachable };
                return Err(kind(problems.join("; ")));
            }
        }
    }
}

async fn open(address: SocketAddr) -> io::Result<(TcpStream, SocketAddr)> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    let options = SockRef::from(&socket);
    // A system without one of these options connects without it.
    let _ = options.set_tcp_nodelay(true);
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE);
    let _ = options.set_tcp_keepalive(&keepalive.with_retries(KEEPALIVE_PROBES));
    #[cfg(target_os = "linux")]
    let _ = options.set_tcp_user_timeout(Some(UNACKNOWLEDGED));
    Ok((socket.connect(address).await?, address))
}

/// The error of opening a socket now if that is for want of descriptors.
pub(super) fn exhaustion() -> Option<io::Error> {
    Socket::new(Domain::IPV4, Type::DGRAM, None).err().filter(is_exhaustion)
}

fn is_exhaustion(error: &io::Error) -> bool {
    error.raw_os_error().is_some_and(|code| TOO_MANY_OPEN_FILES.contains(&code))
}
