//! The `Retry-After` header.

use std::time::{Duration, SystemTime};

/// Parses a `Retry-After` header: seconds or an HTTP date. Returns None for anything else.
#[must_use]
pub fn retry_after(header: &str, now: SystemTime) -> Option<Duration> {
    let header = header.trim();
    if !header.is_empty() && header.bytes().all(|byte| byte.is_ascii_digit()) {
        // More than 64 bits: a wait far beyond any deadline.
        return Some(Duration::from_secs(header.parse::<u64>().unwrap_or(u64::from(u32::MAX))));
    }
    let date = httpdate::parse_http_date(header).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}
