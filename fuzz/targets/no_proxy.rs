//! `NO_PROXY` excludes the hosts that it names and those below them, and no others.

#![no_main]

use std::net::Ipv4Addr;

use libfuzzer_sys::fuzz_target;
use wxaudit::transport::no_proxy::NoProxy;

// The first line is the host, the second one the list.
fuzz_target!(|input: (u16, &str)| {
    let (number, text) = input;
    let port = (number != 0).then_some(number);
    let (host, list) = text.split_once('\n').unwrap_or((text, ""));
    let excludes = |list: &str, host: &str| NoProxy::parse(list).excludes(host, port);
    let verdict = excludes(list, host);

    let entries: Vec<&str> = list.split([',', ' ', '\t']).filter(|entry| !entry.is_empty()).collect();
    if entries.is_empty() {
        assert!(!verdict, "nothing excludes {host:?}");
    }
    if entries != ["*"] {
        let reversed: Vec<&str> = entries.iter().rev().copied().collect();
        assert_eq!(verdict, excludes(&reversed.join(", "), host), "the order counts: {list:?} {host:?}");
        let longer = [list, ",somewhere.example,192.0.2.1"].concat();
        assert!(!verdict || excludes(&longer, host), "an entry includes again: {list:?} {host:?}");
        // A `*` means all hosts only if nothing else stands beside it.
        let any = entries.iter().any(|entry| excludes(&format!("{entry},"), host));
        assert_eq!(verdict, any, "entries are judged together: {list:?} {host:?}");
    }
    assert_eq!(verdict, excludes(list, &host.to_ascii_uppercase()), "case counts: {list:?} {host:?}");
    assert_eq!(verdict, excludes(&list.to_ascii_uppercase(), host), "case counts: {list:?} {host:?}");

    let is_name = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if let Ok(address) = host.parse::<Ipv4Addr>() {
        assert!(excludes(host, host), "{host} does not exclude itself");
        if let [entry] = entries.as_slice()
            && let Some((network, bits)) = entry.split_once('/')
            && let (Ok(network), Ok(bits @ 1..=32)) = (network.parse::<Ipv4Addr>(), bits.parse::<u32>())
        {
            let mask = u32::MAX << (32 - bits);
            assert_eq!(verdict, address.to_bits() & mask == network.to_bits() & mask, "{list:?} {host:?}");
        }
    } else if is_name {
        for below in [host.to_owned(), format!("api.{host}"), format!("a.b.{host}")] {
            assert!(excludes(host, &below), "{host} does not exclude {below}");
            assert!(excludes(&format!(".{host}"), &below), ".{host} does not exclude {below}");
        }
        assert!(!excludes(host, &format!("x{host}")), "{host} excludes x{host}");
        assert!(!excludes(host, &format!("{host}.x{host}")), "{host} excludes {host}.x{host}");
        // By an independent reading: lists of names alone.
        if entries
            .iter()
            .all(|entry| entry.bytes().all(|byte| byte.is_ascii_alphabetic() || b".-".contains(&byte)))
        {
            let expected = entries.iter().any(|entry| {
                let name = entry.trim_start_matches('.').trim_end_matches('.');
                name.eq_ignore_ascii_case(host)
            });
            assert_eq!(verdict, expected, "{list:?} {host:?}");
        }
    }
});
