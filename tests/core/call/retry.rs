//! Which failures are retried, after which delay, and at what cost.

use std::time::Duration;

use wxaudit::call::retry::{Budget, Class, clamp, classify};
use wxaudit::error::{Error, Limit, Phase};

fn api(errcode: i64) -> Error {
    Error::Api { errcode, errmsg: String::new(), rid: None, retry_at: None }
}

fn http(status: u16) -> Error {
    Error::HttpStatus { status, retry_after: None }
}

fn timeout(limit: Limit) -> Error {
    Error::Timeout { limit, after: Duration::from_secs(1), detail: String::new() }
}

fn decode(empty: bool) -> Error {
    Error::Decode { problem: String::new(), excerpt: String::new(), empty }
}

fn milliseconds(count: u64) -> Duration {
    Duration::from_millis(count)
}

#[test]
fn transient_network_failures_are_retried() {
    for phase in
        [Phase::Start, Phase::Resolve, Phase::Connect, Phase::Proxy, Phase::Tls, Phase::Head, Phase::Body]
    {
        assert_eq!(classify(&Error::transient(phase, "")), Class::Transport);
        assert_eq!(classify(&Error::permanent(phase, "")), Class::Permanent);
    }
    for limit in [Limit::Connect, Limit::Read] {
        assert_eq!(classify(&timeout(limit)), Class::Transport);
    }
    // No time is left for another attempt.
    for limit in [Limit::Total, Limit::Batch] {
        assert_eq!(classify(&timeout(limit)), Class::Permanent);
    }
}

#[test]
fn of_the_http_statuses_408_429_and_5xx_are_retried() {
    for status in 0..=1000 {
        let retried = matches!(status, 408 | 429 | 500..=599);
        let expected = if retried { Class::Transport } else { Class::Permanent };
        assert_eq!(classify(&http(status)), expected, "{status}");
    }
}

#[test]
fn of_the_errcodes_only_busy_and_refused_tokens_are_retried() {
    assert_eq!(classify(&api(-1)), Class::Busy);
    for errcode in [40001, 40014, 42001] {
        assert_eq!(classify(&api(errcode)), Class::Token, "{errcode}");
    }
    let permanent = [
        -2,
        0,
        1,
        40013,
        40066,
        40097,
        41001,
        42002,
        42007,
        43002,
        44002,
        45009,
        45011,
        47001,
        48001,
        48004,
        50002,
        61003,
        61004,
        61007,
        85012,
        86000,
        99999,
        i64::MAX,
        i64::MIN,
    ];
    for errcode in permanent {
        assert_eq!(classify(&api(errcode)), Class::Permanent, "{errcode}");
    }
}

#[test]
fn of_invalid_answers_only_empty_ones_are_retried_once() {
    assert_eq!(classify(&decode(true)), Class::Empty);
    assert_eq!(classify(&decode(false)), Class::Permanent);
    assert_eq!(classify(&Error::argument("auditid", "")), Class::Permanent);
    assert_eq!(classify(&Error::TokenSource { problem: String::new() }), Class::Permanent);
}

#[test]
fn each_class_has_its_retries_and_its_cost() {
    for (class, retries, cost) in [
        (Class::Transport, [0, 1, 2, 10], 14),
        (Class::Busy, [0, 1, 2, 10], 5),
        (Class::Empty, [0, 1, 1, 1], 14),
    ] {
        assert_eq!([0, 1, 2, 10].map(|most| class.retries(most)), retries, "{class:?}");
        assert_eq!(class.cost(), cost, "{class:?}");
    }
    for class in [Class::Permanent, Class::Token] {
        assert_eq!([0, 1, 2, 10].map(|most| class.retries(most)), [0; 4], "{class:?}");
    }
}

#[test]
fn the_longest_delay_doubles_up_to_twenty_seconds() {
    let transport = [50, 100, 200, 400, 800, 1600, 3200, 6400, 12_800, 20_000, 20_000];
    let busy = [1000, 2000, 4000, 8000, 16_000, 20_000, 20_000];
    for (class, ceilings) in
        [(Class::Transport, &transport[..]), (Class::Empty, &transport[..]), (Class::Busy, &busy[..])]
    {
        for (retry, max_delay) in (1..).zip(ceilings) {
            assert_eq!(class.max_delay(retry), milliseconds(*max_delay), "{class:?} {retry}");
        }
        assert_eq!(class.max_delay(u32::MAX), milliseconds(20_000));
        assert_eq!(class.max_delay(0), class.max_delay(1));
    }
}

#[test]
fn the_delay_has_full_jitter() {
    let class = Class::Busy;
    for (random, wait) in [(0.0, 0), (0.25, 1000), (0.5, 2000), (1.0, 4000), (-1.0, 0), (7.0, 4000)] {
        assert_eq!(class.delay(3, random), milliseconds(wait), "{random}");
    }
    let mut random = fastrand::Rng::with_seed(1);
    for retry in 1..=12 {
        let waits: Vec<_> = (0..500).map(|_| Class::Transport.delay(retry, random.f64())).collect();
        let max_delay = Class::Transport.max_delay(retry);
        assert!(waits.iter().all(|wait| *wait < max_delay));
        assert!(waits.iter().any(|wait| *wait < max_delay / 10));
        assert!(waits.iter().any(|wait| *wait > max_delay / 10 * 9));
    }
}

#[test]
fn a_delay_leaves_time_for_another_attempt() {
    let left = milliseconds(1000);
    for (delay, hint, expected) in [
        (100, None, 100),
        (500, None, 500),
        (501, None, 500),
        (5000, None, 500),
        (100, Some(300), 300),
        (300, Some(100), 300),
        (100, Some(0), 100),
        (100, Some(u64::MAX), 500),
        (0, Some(0), 0),
    ] {
        let wait = clamp(milliseconds(delay), hint.map(milliseconds), left);
        assert_eq!(wait, milliseconds(expected), "{delay} {hint:?}");
    }
    assert_eq!(clamp(milliseconds(100), None, Duration::ZERO), Duration::ZERO);
}

#[test]
fn an_outage_costs_a_client_35_retries() {
    let budget = Budget::default();
    let taken =
        std::iter::repeat_with(|| budget.take(Class::Transport.cost())).take_while(|taken| *taken).count();
    assert_eq!(taken, 35);
    assert_eq!(budget.left(), 10);
    assert!(!budget.take(14));
    assert_eq!(budget.left(), 10, "a refusal takes nothing");
    assert!(budget.take(5));
    assert!(budget.take(5));
    assert!(!budget.take(5));
}

#[test]
fn a_hundred_busy_answers_exhaust_the_budget() {
    let budget = Budget::default();
    let taken = std::iter::repeat_with(|| budget.take(Class::Busy.cost())).take_while(|taken| *taken).count();
    assert_eq!((taken, budget.left()), (100, 0));
}

#[test]
fn success_refills_the_budget_up_to_its_limit() {
    let budget = Budget::default();
    budget.refill(1);
    assert_eq!(budget.left(), Budget::FULL);
    assert!(budget.take(14));
    budget.refill(1);
    assert_eq!(budget.left(), Budget::FULL - 13);
    budget.refill(14);
    assert_eq!(budget.left(), Budget::FULL);
    assert!(budget.take(500));
    budget.refill(u32::MAX);
    assert_eq!(budget.left(), Budget::FULL);
}

#[test]
fn concurrent_threads_never_overdraw_the_budget() {
    let budget = Budget::default();
    let taken: u32 = std::thread::scope(|scope| {
        let take = || (0..100).map(|_| u32::from(budget.take(14))).sum::<u32>();
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(take)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!((taken, budget.left()), (35, 10));
}
