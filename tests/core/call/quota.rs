//! Quota blocks: how long they last, and which calls they affect.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests may")]

use std::time::{Duration, SystemTime};

use wxaudit::call::quota::{DAY_QUOTA, MINUTE_QUOTA, QuotaBlocks, QuotaKey, QuotaSubject, resets_at};
use wxaudit::error::Error;
use wxaudit::json::Json;
use wxaudit::token::Token;
use wxaudit::wechat::operation::Reply;

fn utc(date: &str) -> SystemTime {
    httpdate::parse_http_date(date).unwrap()
}

fn refusal(errcode: i64) -> Error {
    Error::Api { errcode, errmsg: "reach max api daily quota limit".to_owned(), rid: None, retry_at: None }
}

fn token(text: &str) -> Token {
    Token::new(text).unwrap()
}

const PATH: &str = "/wxa/get_auditstatus";

fn appid(text: &str) -> QuotaKey {
    QuotaKey { path: PATH, subject: QuotaSubject::Appid(text.to_owned()) }
}

fn key(number: u64) -> QuotaKey {
    QuotaKey { path: PATH, subject: QuotaSubject::Token(number) }
}

#[test]
fn the_minute_quota_resets_after_sixty_seconds() {
    let now = utc("Mon, 21 Nov 2022 03:06:40 GMT") + Duration::from_millis(1234);
    assert_eq!(resets_at(MINUTE_QUOTA, now), Some(now + Duration::from_secs(60)));
}

#[test]
fn the_day_quota_resets_at_midnight_in_beijing() {
    let rows = [
        ("Mon, 21 Nov 2022 03:06:40 GMT", "Mon, 21 Nov 2022 16:00:00 GMT"),
        ("Mon, 21 Nov 2022 00:00:00 GMT", "Mon, 21 Nov 2022 16:00:00 GMT"),
        ("Mon, 21 Nov 2022 15:59:59 GMT", "Mon, 21 Nov 2022 16:00:00 GMT"),
        ("Mon, 21 Nov 2022 16:00:00 GMT", "Tue, 22 Nov 2022 16:00:00 GMT"),
        ("Mon, 21 Nov 2022 16:00:01 GMT", "Tue, 22 Nov 2022 16:00:00 GMT"),
        ("Mon, 21 Nov 2022 23:59:59 GMT", "Tue, 22 Nov 2022 16:00:00 GMT"),
        // The end of a month, the end of a year and a leap day, which are eight hours earlier in Beijing.
        ("Wed, 30 Nov 2022 20:00:00 GMT", "Thu, 01 Dec 2022 16:00:00 GMT"),
        ("Sat, 31 Dec 2022 16:00:00 GMT", "Sun, 01 Jan 2023 16:00:00 GMT"),
        ("Wed, 28 Feb 2024 16:00:00 GMT", "Thu, 29 Feb 2024 16:00:00 GMT"),
        // July: there is no daylight saving time.
        ("Sat, 15 Jul 2023 15:59:59 GMT", "Sat, 15 Jul 2023 16:00:00 GMT"),
        ("Thu, 01 Jan 1970 00:00:00 GMT", "Thu, 01 Jan 1970 16:00:00 GMT"),
        ("Fri, 01 Jan 2100 00:00:00 GMT", "Fri, 01 Jan 2100 16:00:00 GMT"),
    ];
    for (now, expected) in rows {
        assert_eq!(resets_at(DAY_QUOTA, utc(now)), Some(utc(expected)), "{now}");
    }
}

#[test]
fn fractions_of_a_second_do_not_move_midnight() {
    let midnight = utc("Mon, 21 Nov 2022 16:00:00 GMT");
    let nanosecond = Duration::from_nanos(1);
    assert_eq!(resets_at(DAY_QUOTA, midnight - nanosecond), Some(midnight));
    let next = midnight + Duration::from_secs(24 * 3600);
    assert_eq!(resets_at(DAY_QUOTA, midnight + nanosecond), Some(next));
    assert_eq!(resets_at(DAY_QUOTA, next - nanosecond), Some(next));
}

#[test]
fn the_day_quota_always_resets_at_the_next_midnight() {
    let mut random = fastrand::Rng::with_seed(1);
    let eight_hours = Duration::from_secs(8 * 3600);
    for _ in 0..10_000 {
        let now = SystemTime::UNIX_EPOCH + Duration::from_nanos(random.u64(..1 << 62));
        let at = resets_at(DAY_QUOTA, now).unwrap();
        let in_beijing = at.duration_since(SystemTime::UNIX_EPOCH).unwrap() + eight_hours;
        assert_eq!((in_beijing.as_secs() % (24 * 3600), in_beijing.subsec_nanos()), (0, 0));
        let wait = at.duration_since(now).unwrap();
        assert!(!wait.is_zero() && wait <= Duration::from_secs(24 * 3600));
    }
}

#[test]
fn no_other_code_blocks_a_quota() {
    for errcode in [-1, 0, 40001, 45008, 45010, 45012, 48001, i64::MAX] {
        assert_eq!(resets_at(errcode, SystemTime::now()), None, "{errcode}");
    }
}

#[test]
fn the_subject_is_the_appid_or_else_the_token() {
    let blocks = QuotaBlocks::default();
    let (one, same, other) = (token("token-of-one"), token("token-of-one"), token("token-of-another"));
    let key = |appid, token| blocks.key(PATH, appid, token);
    assert_eq!(key(Some("wx1"), &one), key(Some("wx1"), &other));
    assert_ne!(key(Some("wx1"), &one), key(Some("wx2"), &one));
    assert_eq!(key(None, &one), key(None, &same));
    assert_ne!(key(None, &one), key(None, &other));
    assert_ne!(key(None, &one), key(Some("token-of-one"), &one));
    // A fingerprint is useless outside its client.
    assert_ne!(key(None, &one), QuotaBlocks::default().key(PATH, None, &one));
    assert!(!format!("{:?}", key(None, &one)).contains("token-of-one"));
}

#[test]
fn each_interface_is_blocked_separately() {
    let blocks = QuotaBlocks::default();
    let now = SystemTime::now();
    blocks.block(appid("wx1"), now + Duration::from_secs(60), refusal(DAY_QUOTA), now);
    assert!(blocks.refusal(&appid("wx1"), now).is_some());
    let elsewhere = blocks.key("/cgi-bin/openapi/quota/get", Some("wx1"), &token("token-of-one"));
    assert_eq!(blocks.refusal(&elsewhere, now), None);
}

#[test]
fn a_block_lasts_until_its_time_and_affects_its_subject_only() {
    let blocks = QuotaBlocks::default();
    let now = SystemTime::now();
    let key = appid("wx1");
    let minute = Duration::from_secs(60);
    blocks.block(key.clone(), now + minute, refusal(MINUTE_QUOTA), now);
    for (after, left) in [(0, 60_000), (1, 59_999), (59_999, 1)] {
        let expected = Some((Duration::from_millis(left), refusal(MINUTE_QUOTA)));
        assert_eq!(blocks.refusal(&key, now + Duration::from_millis(after)), expected);
    }
    assert_eq!(blocks.refusal(&appid("wx2"), now), None);
    assert_eq!(blocks.refusal(&key, now + minute), None);
    assert_eq!(blocks.refusal(&key, now), None, "an expired block is removed");
}

#[test]
fn a_later_refusal_replaces_an_earlier_one() {
    let blocks = QuotaBlocks::default();
    let now = SystemTime::now();
    let key = key(5);
    blocks.block(key.clone(), now + Duration::from_secs(60), refusal(MINUTE_QUOTA), now);
    blocks.block(key.clone(), now + Duration::from_secs(3600), refusal(DAY_QUOTA), now);
    assert_eq!(blocks.refusal(&key, now), Some((Duration::from_secs(3600), refusal(DAY_QUOTA))));
}

#[test]
fn evicting_expired_blocks_keeps_the_others() {
    let blocks = QuotaBlocks::default();
    let now = SystemTime::now();
    let later = now + Duration::from_secs(60);
    for number in 0..5000 {
        let until =
            if number % 2 == 0 { now + Duration::from_secs(1) } else { later + Duration::from_secs(60) };
        blocks.block(key(number), until, refusal(MINUTE_QUOTA), now);
    }
    blocks.block(key(5000), later, refusal(MINUTE_QUOTA), later);
    for number in 0..5000 {
        assert_eq!(blocks.refusal(&key(number), later).is_some(), number % 2 == 1, "{number}");
    }
}

/// A reply to a quota query.
fn left(remain: i64) -> Reply {
    let quota = Json::Object(vec![("remain".to_owned(), Json::Integer(remain))]);
    Reply::Object(Json::Object(vec![("quota".to_owned(), quota)]))
}

#[test]
fn a_reply_with_calls_left_lifts_the_block_of_its_token_and_appid_for_the_day() {
    let now = SystemTime::now();
    let later = now + Duration::from_secs(3600);
    let one = token("token-of-one");
    for (errcode, reply, lifted) in
        [(DAY_QUOTA, left(1), true), (DAY_QUOTA, left(0), false), (MINUTE_QUOTA, left(1), false)]
    {
        let blocks = QuotaBlocks::default();
        let mine = [blocks.key(PATH, None, &one), appid("wx1")];
        let elsewhere = blocks.key("/wxa/get_latest_auditstatus", Some("wx1"), &one);
        let others = [appid("wx2"), blocks.key(PATH, None, &token("token-of-another")), elsewhere];
        for key in mine.iter().chain(&others) {
            blocks.block(key.clone(), later, refusal(errcode), now);
        }
        blocks.lift_shown_open(PATH, Some("wx1"), &one, &reply);
        for key in &mine {
            assert_eq!(blocks.refusal(key, now).is_none(), lifted, "{key:?} {errcode}");
        }
        for key in &others {
            assert!(blocks.refusal(key, now).is_some(), "{key:?} {errcode}");
        }
    }
}

#[test]
fn blocks_are_lifted_by_appid_or_all_at_once() {
    let blocks = QuotaBlocks::default();
    let now = SystemTime::now();
    for key in [appid("wx1"), appid("wx2"), key(5)] {
        blocks.block(key, now + Duration::from_secs(60), refusal(DAY_QUOTA), now);
    }
    blocks.lift(Some("wx1"));
    assert!(blocks.refusal(&appid("wx1"), now).is_none());
    assert!(blocks.refusal(&appid("wx2"), now).is_some());
    assert!(blocks.refusal(&key(5), now).is_some());
    blocks.lift(None);
    assert!(blocks.is_empty());
}
