//! A file of certificates is taken whole or refused, and nothing of it stands in what is said about it.

#![no_main]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use wxaudit::config::{Config, Settings};
use wxaudit::error::Error;
use wxaudit::transport::Transport;

/// Stands for a part of a private key in the file.
const CANARY: &str = "Qx7ZcanaryK9w";

/// A file in memory, a new one for each process.
static FILE: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = Path::new("/dev/shm");
    let folder = if folder.is_dir() { folder.to_path_buf() } else { std::env::temp_dir() };
    folder.join(format!("wxaudit-fuzz-{}.pem", std::process::id()))
});

fuzz_target!(|input: (u16, &[u8])| {
    let (position, bundle) = input;
    let outcome = read(bundle);
    assert_eq!(outcome, read(bundle), "the same file, another outcome");
    // Other line ends mean nothing.
    if bundle.is_ascii() && !bundle.contains(&b'\r') {
        let lines: Vec<&[u8]> = bundle.split(|byte| *byte == b'\n').collect();
        assert_eq!(outcome.is_ok(), read(&lines.join(&b"\r\n"[..])).is_ok(), "CRLF changes the verdict");
    }
    // A bundle holds as much as the same one twice.
    if outcome.is_ok() && bundle.is_ascii() {
        assert_eq!(read(&[bundle, b"\n", bundle].concat()), Ok(()), "a bundle twice is not a bundle");
    }
    let mut planted = bundle.to_vec();
    let position = usize::from(position) % (bundle.len() + 1);
    planted.splice(position..position, CANARY.bytes());
    if let Err(message) = read(&planted) {
        assert!(!shows(&message), "{message}");
    }
});

fn read(bundle: &[u8]) -> Result<(), String> {
    std::fs::write(&*FILE, bundle).expect("room in memory");
    let settings = Settings {
        base_url: Some("https://api.weixin.qq.com".to_owned()),
        ca_file: Some(FILE.clone()),
        max_concurrency: 1,
        ..Settings::default()
    };
    let config = Config::new(settings, |_| None).expect("good settings");
    match Transport::new(&config.transport) {
        Ok(_) => Ok(()),
        Err(error @ Error::Argument { field: "ca_file", .. }) => Err(error.to_string()),
        Err(error) => panic!("a file of certificates gave {error:?}"),
    }
}

/// Whether the message shows a part of the canary: as text, or as numbers of its bytes.
fn shows(message: &str) -> bool {
    let part = &CANARY[2..9];
    let (mut decimal, mut hexadecimal) = (String::new(), String::new());
    for byte in part.bytes() {
        let _ = write!(decimal, "{byte}, ");
        let _ = write!(hexadecimal, "{byte:02x}");
    }
    let lower = message.to_ascii_lowercase();
    message.contains(part)
        || message.contains(decimal.trim_end_matches([',', ' ']))
        || lower.contains(&hexadecimal)
}
