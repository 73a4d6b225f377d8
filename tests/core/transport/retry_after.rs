//! The `Retry-After` header.

use std::time::{Duration, SystemTime};

use wxaudit::transport::retry_after::retry_after;

#[test]
fn retry_after_is_seconds_or_a_date() {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_669_000_000); // Mon, 21 Nov 2022 03:06:40 GMT
    let seconds = |count| Some(Duration::from_secs(count));
    let rows = [
        ("0", seconds(0)),
        ("1", seconds(1)),
        (" 120 ", seconds(120)),
        ("007", seconds(7)),
        ("1000000000", seconds(1_000_000_000)),
        ("18446744073709551615", seconds(u64::MAX)),
        ("18446744073709551616", seconds(u64::from(u32::MAX))),
        ("99999999999999999999999999", seconds(u64::from(u32::MAX))),
        ("Mon, 21 Nov 2022 03:06:41 GMT", seconds(1)),
        ("Mon, 21 Nov 2022 03:06:40 GMT", seconds(0)),
        ("Mon, 21 Nov 2022 02:00:00 GMT", seconds(0)),
        ("Thu, 01 Jan 1970 00:00:00 GMT", seconds(0)),
        ("Monday, 21-Nov-22 03:07:40 GMT", seconds(60)),
        ("Mon Nov 21 04:06:40 2022", seconds(3600)),
        ("-1", None),
        ("+1", None),
        ("1.5", None),
        ("1e9", None),
        ("NaN", None),
        ("inf", None),
        ("0x10", None),
        ("1 2", None),
        ("", None),
        (" ", None),
        ("soon", None),
        ("١", None),
        ("2022-11-21T03:06:41Z", None),
        ("Mon, 99 Nov 2022 03:06:41 GMT", None),
    ];
    for (header, expected) in rows {
        assert_eq!(retry_after(header, now), expected, "{header:?}");
    }
}
