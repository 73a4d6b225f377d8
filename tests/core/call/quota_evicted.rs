//! The memory for quota blocks: a client of many merchants forgets those that have expired.

use std::time::{Duration, SystemTime};

use wxaudit::call::quota::{QuotaBlocks, QuotaKey, QuotaSubject};
use wxaudit::error::Error;

const MINUTE: Duration = Duration::from_secs(60);
/// From this many blocks on, expired ones are evicted.
const MANY: u64 = 1024;

fn block(blocks: &QuotaBlocks, number: u64, until: SystemTime, now: SystemTime) -> QuotaKey {
    let key = QuotaKey { path: "/wxa/get_auditstatus", subject: QuotaSubject::Token(number) };
    blocks.block(key.clone(), until, Error::argument("quota", ""), now);
    key
}

#[test]
fn blocks_are_empty_until_one_is_set_and_after_the_last_one_expired() {
    let blocks = QuotaBlocks::default();
    assert!(blocks.is_empty());
    let now = SystemTime::now();
    let key = block(&blocks, 1, now + MINUTE, now);
    assert!(!blocks.is_empty());
    assert_eq!(blocks.refusal(&key, now + MINUTE), None);
    assert!(blocks.is_empty());
}

#[test]
fn many_expired_blocks_are_evicted_at_the_next_one() {
    let now = SystemTime::now();
    for (count, evicted) in [(MANY - 1, false), (MANY, true)] {
        let blocks = QuotaBlocks::default();
        for number in 1..=count {
            block(&blocks, number, now + MINUTE, now);
        }
        // They expire at that moment.
        let last = block(&blocks, 0, now + 2 * MINUTE, now + MINUTE);
        assert_eq!(blocks.refusal(&last, now + 2 * MINUTE), None);
        assert_eq!(blocks.is_empty(), evicted, "{count}");
    }
}
