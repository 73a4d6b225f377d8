//! The `Retry-After` header.

use std::time::{Duration, SystemTime};

/// Reads a `Retry-After` header: seconds or an HTTP date. What makes no sense is None.
#[must_use]
pub fn retry_after(header: &str, now: SystemTime) -> Option<Duration> {
    let header = header.trim();
    if !header.is_empty() && header.bytes().all(|byte| byte.is_ascii_digit()) {
        // Digits beyond 64 bits ask for a wait without end.
        return Some(Duration::from_secs(header.parse::<u64>().unwrap_or(u64::from(u32::MAX))));
    }
    let date = httpdate::parse_http_date(header).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}
