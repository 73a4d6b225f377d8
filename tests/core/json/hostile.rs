//! Generated, randomly damaged and hostile JSON bodies.

use std::time::{Duration, Instant};

use serde_json::{Map, Value};
use wxaudit::json::{self, Json, Parsed};

const REJECTION: &str =
    r#"{"errcode":0,"errmsg":"ok","status":1,"reason":"帐号信息不合规范","screenshot":"xxx|yyy|zzz"}"#;
const BODY_LIMIT: usize = 256 * 1024;

fn text<'a>(parsed: &'a Parsed, key: &str) -> Option<&'a str> {
    match parsed.value.get(key) {
        Some(Json::String(text)) => Some(text),
        _ => None,
    }
}

fn as_value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => (*value).into(),
        Json::Integer(value) => (*value).into(),
        Json::Unsigned(value) => (*value).into(),
        Json::Float(value) => (*value).into(),
        Json::String(value) => value.as_str().into(),
        Json::Array(items) => items.iter().map(as_value).collect(),
        Json::Object(members) => {
            members.iter().map(|(key, value)| (key.clone(), as_value(value))).collect::<Map<_, _>>().into()
        }
    }
}

/// Any value that `serde_json` can write, within the limit on values.
fn any_value(random: &mut fastrand::Rng, depth: u32) -> Value {
    match random.u32(0..if depth == 0 { 6 } else { 8 }) {
        0 => Value::Null,
        1 => random.bool().into(),
        2 => random.i64(..).into(),
        3 => random.u64(..).into(),
        4 => f64::from_bits(random.u64(..)).into(), // `null` where it is not finite
        5 => any_text(random).into(),
        6 => (0..random.usize(0..5)).map(|_| any_value(random, depth - 1)).collect(),
        _ => (0..random.usize(0..5))
            .map(|_| (any_text(random), any_value(random, depth - 1)))
            .collect::<Map<_, _>>()
            .into(),
    }
}

fn any_text(random: &mut fastrand::Rng) -> String {
    let any = |random: &mut fastrand::Rng| match random.u32(0..4) {
        0 => random.char('\0'..='\u{7f}'),
        1 => random.char('\u{4e00}'..='\u{9fff}'),
        2 => random.choice(['"', '\\', '/', '\n', '\0', '\u{fffd}', '\u{feff}']).unwrap_or_default(),
        _ => random.char(..),
    };
    (0..random.usize(0..8)).map(|_| any(random)).collect()
}

#[test]
fn what_serde_json_writes_is_parsed_and_not_lossy() {
    let mut random = fastrand::Rng::with_seed(1);
    for _ in 0..3000 {
        let body = serde_json::to_vec(&any_value(&mut random, 4)).unwrap();
        let parsed = json::parse(&body).unwrap();
        // serde_json may read a float with another last bit than it wrote, so compare with what it reads.
        let expected: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!((as_value(&parsed.value), parsed.lossy), (expected, false));
    }
}

#[test]
fn any_damage_inside_a_string_changes_that_string_only() {
    let pieces: [(&[u8], &str); 17] = [
        (b"a", "a"),
        (b":", ":"),
        (b"{", "{"),
        ("帐".as_bytes(), "帐"),
        (b"\\\"", "\""),
        (b"\\\\", "\\"),
        (b"\\/", "/"),
        (b"\\n", "\n"),
        (br"\u5e10", "帐"),
        (br"\ud83d\ude00", "😀"),
        (b"\n", "\n"),
        (b"\x00", "\0"),
        (b"\x1f", "\u{1f}"),
        (b"\xff", "\u{fffd}"),
        (b"\xe5\xb8", "\u{fffd}"),
        (b"\xf0\x9f\x98", "\u{fffd}"),
        (br"\ud800", "\u{fffd}"),
    ];
    let mut random = fastrand::Rng::with_seed(2);
    let (mut lossy, mut intact) = (0, 0);
    for _ in 0..3000 {
        let chosen: Vec<usize> = (0..random.usize(0..9)).map(|_| random.usize(0..pieces.len())).collect();
        let interior: Vec<u8> = chosen.iter().flat_map(|piece| pieces[*piece].0).copied().collect();
        let expected: String = chosen.iter().map(|piece| pieces[*piece].1).collect();
        let answer = [
            b"{\"errmsg\":\"".as_slice(),
            "审核被拒绝，审核延后".as_bytes(),
            b"\",\"reason\":\"",
            &interior,
            b"\"}",
        ];
        let parsed = json::parse(&answer.concat()).unwrap();
        let damaged = chosen.iter().any(|piece| *piece >= 10);
        assert_eq!(text(&parsed, "reason"), Some(expected.as_str()));
        assert_eq!(text(&parsed, "errmsg"), Some("审核被拒绝，审核延后"));
        assert_eq!(parsed.lossy, damaged);
        *(if damaged { &mut lossy } else { &mut intact }) += 1;
        // The repaired text needs no further repair.
        let again = json::parse(&serde_json::to_vec(&as_value(&parsed.value)).unwrap()).unwrap();
        assert_eq!((text(&again, "reason"), again.lossy), (Some(expected.as_str()), false));
    }
    assert!(lossy > 500 && intact > 500, "{lossy} {intact}");
}

#[test]
fn any_bytes_are_a_value_or_an_error() {
    let alphabet = b"{}[]\",:\\u dD80019etrfalsn\x00\x0a\x1f\x7f\x80\x9f\xb8\xc0\xe5\xed\xf0\xff";
    let bases = [REJECTION.as_bytes(), br#"{"a":["\ud83d\ude00",-1.5e3,{"b":null}]}"#];
    let mut random = fastrand::Rng::with_seed(3);
    let mut parsed_strictly = 0;
    for round in 0..30_000 {
        let mut body: Vec<u8> = if round % 3 == 0 {
            (0..random.usize(0..24)).map(|_| alphabet[random.usize(0..alphabet.len())]).collect()
        } else {
            bases[round % 2].to_vec()
        };
        for _ in 0..random.usize(0..4) {
            let at = random.usize(0..=body.len());
            body.splice(
                at..(at + random.usize(0..3)).min(body.len()),
                [alphabet[random.usize(0..alphabet.len())]],
            );
        }
        let strict = serde_json::from_slice::<Value>(&body);
        match json::parse(&body) {
            Ok(Parsed { value, lossy: false }) => {
                assert_eq!(as_value(&value), strict.unwrap());
                parsed_strictly += 1;
            }
            Ok(Parsed { value, lossy: true }) => {
                assert!(strict.is_err());
                let written = serde_json::to_vec(&as_value(&value)).unwrap();
                assert!(!json::parse(&written).unwrap().lossy);
            }
            Err(error) => assert!(!error.message.is_empty()),
        }
    }
    assert!(parsed_strictly > 1000, "{parsed_strictly}");
}

#[test]
fn no_error_shows_text_of_the_body() {
    let body = br#"{"canary":"canary","list":["canary",1,{"canary":true}],"canaries":null}"#;
    let mut errors = 0;
    for at in 0..=body.len() {
        for insert in [
            b"\"".as_slice(),
            b"\\",
            b"{",
            b"]",
            b",",
            b"\x01",
            b"\xff",
            b"\\ud800",
            b"canary",
            b"\"canary\":1,",
        ] {
            let damaged = [&body[..at], insert, &body[at..]].concat();
            for body in [damaged.as_slice(), &damaged[..at + insert.len()]] {
                if let Err(error) = json::parse(body) {
                    assert!(!format!("{error} {error:?}").contains("canar"), "{error}");
                    errors += 1;
                }
            }
        }
    }
    assert!(errors > 500, "{errors}");
}

#[test]
fn hostile_bodies_of_the_largest_size_take_less_than_50_ms() {
    let filled = |before: &str, fill: &[u8], after: &str| -> Vec<u8> {
        let count = (BODY_LIMIT - before.len() - after.len()) / fill.len();
        [before.as_bytes(), &fill.repeat(count), after.as_bytes()].concat()
    };
    let keys: String = (0..).map(|number| format!("\"{number}\":0,")).take(20_000).collect();
    let rows: [(&str, Vec<u8>); 24] = [
        ("quotes", filled("", b"\"", "")),
        ("strings", filled("[", b"\"\",", "0]")),
        ("backslashes", filled("{\"a\":\"", b"\\", "")),
        ("escaped backslashes", filled("{\"a\":\"", b"\\\\", "\"}")),
        ("escaped quotes", filled("{\"a\":\"\x01", b"\\\"", "\"}")),
        ("controls", filled("{\"a\":\"", b"\x01", "\"}")),
        ("bad bytes", filled("{\"a\":\"", b"\xff", "\"}")),
        ("bad bytes between", filled("{\"a\":\"", b"a\xff\x01", "\"}")),
        ("truncated characters", filled("{\"a\":\"", b"\xe5\xb8", "\"}")),
        ("lone surrogates", filled("{\"a\":\"", br"\ud800", "\"}")),
        ("damaged strings", filled("[", b"\"\x01\",", "0]")),
        ("damaged string and blanks", filled("[\"\x01\"", b" ", "]")),
        ("damaged key behind blanks", filled("{\"\x01\"", b" ", ":0}")),
        ("arrays without end", filled("", b"[", "")),
        ("objects without end", filled("", b"{\"a\":", "")),
        ("arrays of arrays", filled("[", b"[0],", "0]")),
        ("keys", format!("{{{keys}\"a\":0}}").into()),
        ("the same key", filled("{", b"\"a\":0,", "\"b\":0}")),
        ("digits", filled("[", b"1", "]")),
        ("decimals", filled("[0.", b"7", "]")),
        ("exponent", filled("[1e", b"0", "1]")),
        ("GBK", filled("{\"a\":\"", b"\xBE\xDC", "\"}")),
        ("blanks", filled("", b" ", "")),
        ("good text", filled("{\"a\":\"", "帐".as_bytes(), "\"}")),
    ];
    for (name, body) in rows {
        // The fastest of several runs, since other tests run at the same time.
        let fastest = (0..5)
            .map(|_| {
                let start = Instant::now();
                let _ = std::hint::black_box(json::parse(std::hint::black_box(&body)));
                start.elapsed()
            })
            .min()
            .unwrap();
        assert!(fastest < Duration::from_millis(50), "{name} took {fastest:?}");
    }
}
