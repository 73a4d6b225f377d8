//! The hosts that `NO_PROXY` excludes from the proxy.
//!
//! Where curl and requests agree on a form, this agrees with them; `tests/network/proxies/test_no_proxy.py` has the table.

use std::net::IpAddr;

/// The hosts of a `NO_PROXY` variable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NoProxy {
    everything: bool,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Entry {
    /// The addresses that share the first bits of this one.
    Network(IpAddr, u32),
    /// A name and all names below it; with a port, only that port.
    Domain(String, Option<u16>),
}

impl NoProxy {
    /// Reads a list of names, addresses and networks, separated by commas or spaces, or a single `*` for all hosts. Anything
    /// else excludes nothing.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut list = Self { everything: text == "*", entries: Vec::new() };
        list.add(text);
        list
    }

    /// Excludes further hosts.
    pub fn add(&mut self, text: &str) {
        self.entries.extend(text.split([',', ' ', '\t']).filter_map(Entry::parse));
    }

    /// Whether a host is reached without the proxy. The port is the one of its URL, if that is not the usual one.
    #[must_use]
    pub fn excludes(&self, host: &str, port: Option<u16>) -> bool {
        if self.everything {
            return true;
        }
        let host = host.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase();
        let address = host.parse::<IpAddr>().ok();
        self.entries.iter().any(|entry| match (entry, address) {
            (Entry::Network(network, bits), Some(address)) => is_within(address, *network, *bits),
            (Entry::Domain(name, only), None) => {
                (only.is_none() || *only == port)
                    && host
                        .strip_suffix(name.as_str())
                        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            }
            _ => false,
        })
    }
}

impl Entry {
    fn parse(text: &str) -> Option<Self> {
        if let Ok(address) = text.parse() {
            return Some(Self::Network(address, width(address)));
        }
        if let Some((address, bits)) = text.split_once('/') {
            let (address, bits) = (address.parse().ok()?, bits.parse().ok()?);
            return (1..=width(address)).contains(&bits).then_some(Self::Network(address, bits));
        }
        let (name, port) = match text.rsplit_once(':') {
            Some((name, port)) => (name, Some(port.parse().ok()?)),
            None => (text, None),
        };
        let name = name.trim_start_matches('.').trim_end_matches('.').to_ascii_lowercase();
        (!name.is_empty()).then_some(Self::Domain(name, port))
    }
}

fn width(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn is_within(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            (address.to_bits() ^ network.to_bits()).checked_shr(32 - bits).unwrap_or(0) == 0
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => {
            (address.to_bits() ^ network.to_bits()).checked_shr(128 - bits).unwrap_or(0) == 0
        }
        _ => false,
    }
}
