//! Splitting of PEM files, also of damaged ones.

use wxaudit::transport::pem::{self, Kind};

const BODY: &str = "MIIBtjCCAVugAwIBAgITBmyf1XSXNmY/Owua2eiedgPySjAKBggqhkjOPQQDAjA5";

fn part(label: &str) -> String {
    format!("-----BEGIN {label}-----\n{BODY}\n{BODY}\n-----END {label}-----\n")
}

#[test]
fn each_part_has_its_kind_and_place() {
    let labels = [
        "CERTIFICATE",
        "EC PRIVATE KEY",
        "X509 CERTIFICATE",
        "TRUSTED CERTIFICATE",
        "X509 CRL",
        "PRIVATE KEY",
    ];
    let text = labels.map(|label| format!("about {label}\r\n{}", part(label))).concat();
    let parts = pem::parts(&text).unwrap();
    let kinds: Vec<Kind> = parts.iter().map(|part| part.kind).collect();
    let (certificate, key) = (Kind::Certificate, Kind::PrivateKey);
    assert_eq!(kinds, [certificate, key, certificate, Kind::TrustedCertificate, Kind::Other, key]);
    let places: Vec<&str> = parts.iter().map(|part| part.place.as_str()).collect();
    let expected = ["1 (line 2)", "2 (line 7)", "3 (line 12)", "4 (line 17)", "5 (line 22)", "6 (line 27)"];
    assert_eq!(places, expected.map(|place| format!("part {place}")));
    assert_eq!(parts[0].base64, BODY.repeat(2));
    // Keys are not kept.
    assert_eq!(parts[1].base64, "");
}

#[test]
fn a_text_without_parts_has_none() {
    for text in
        ["", "\n", "---", "-----", "----- BEGIN", "BEGIN CERTIFICATE", "# -----BEGIN CERTIFICATE-----"]
    {
        assert!(pem::parts(text).unwrap().is_empty(), "{text:?}");
    }
}

#[test]
fn no_damage_makes_a_part_disappear() {
    let whole = part("CERTIFICATE").repeat(3);
    let cuts =
        ["\n", "-", " ", "-----", "A", "\\n", "\r", "\u{feff}", "#", ":", "-----BEGIN CERTIFICATE-----"];
    let mut random = fastrand::Rng::with_seed(1);
    let (mut read, mut refused) = (0, 0);
    for _ in 0..100_000 {
        let mut text = whole.clone();
        for _ in 0..random.usize(1..3) {
            let from = random.usize(0..text.len());
            let to = (from + random.usize(0..8)).min(text.len());
            if text.is_char_boundary(from) && text.is_char_boundary(to) {
                text.replace_range(from..to, cuts[random.usize(0..cuts.len())]);
            }
        }
        match pem::parts(&text) {
            Ok(parts) => {
                let commented = text.lines().filter(|line| line.trim().starts_with('#')).count();
                let begins = text.matches("-----BEGIN").count();
                assert!(parts.len() + commented >= begins, "{text}");
                assert!(parts.iter().all(|part| part.base64.bytes().all(|byte| byte.is_ascii_graphic())));
                read += 1;
            }
            Err(problem) => {
                assert!(!problem.contains("MIIB") && !problem.contains(&BODY[20..28]), "{problem}");
                refused += 1;
            }
        }
    }
    assert!(read > 1000 && refused > 1000, "{read} {refused}");
}
