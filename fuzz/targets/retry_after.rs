//! A `Retry-After` header is a number of seconds, a date, or nothing; and no hint takes more than half of what is left.

#![no_main]

use std::time::{Duration, SystemTime};

use libfuzzer_sys::fuzz_target;
use wxaudit::call::retry::clamp;
use wxaudit::transport::retry_after::retry_after;

fuzz_target!(|input: (u32, &str)| {
    let (seconds, header) = input;
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.into());
    let hint = retry_after(header, now);
    let text = header.trim();
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match (hint, httpdate::parse_http_date(text)) {
        (Some(hint), _) if is_number => {
            let expected = text.parse().unwrap_or(u64::from(u32::MAX));
            assert_eq!(hint, Duration::from_secs(expected));
        }
        (Some(hint), Ok(date)) => assert_eq!(hint, date.duration_since(now).unwrap_or_default()),
        (None, Err(_)) => assert!(!is_number, "{header:?}"),
        (hint, date) => panic!("{header:?} gave {hint:?}, and as a date {date:?}"),
    }
    for left in [Duration::ZERO, Duration::from_nanos(1), Duration::from_secs(15), Duration::MAX] {
        for delay in [Duration::ZERO, Duration::from_millis(50), Duration::from_secs(20)] {
            let wait = clamp(delay, hint, left);
            assert!(wait <= left / 2, "{header:?}");
            assert!(wait >= delay.min(left / 2), "{header:?}");
        }
    }
});
