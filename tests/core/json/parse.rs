//! Bodies that are accepted: unchanged, or repaired and marked as lossy.

use wxaudit::json::{self, Json, Parsed};

const REJECTION: &str =
    r#"{"errcode":0,"errmsg":"ok","status":1,"reason":"帐号信息不合规范","screenshot":"xxx|yyy|zzz"}"#;

fn text<'a>(parsed: &'a Parsed, key: &str) -> Option<&'a str> {
    match parsed.value.get(key) {
        Some(Json::String(text)) => Some(text),
        _ => None,
    }
}

/// An answer with these bytes as its reason.
fn answer_with(interior: &[u8]) -> Vec<u8> {
    [br#"{"errcode":0,"errmsg":"ok","status":1,"reason":""#.as_slice(), interior, br#""}"#].concat()
}

#[test]
fn a_good_answer_keeps_its_members_in_order_and_is_not_lossy() {
    let parsed = json::parse(REJECTION.as_bytes()).unwrap();
    let string = |text: &str| Json::String(text.to_owned());
    let members = [
        ("errcode", Json::Integer(0)),
        ("errmsg", string("ok")),
        ("status", Json::Integer(1)),
        ("reason", string("帐号信息不合规范")),
        ("screenshot", string("xxx|yyy|zzz")),
    ];
    let members = members.map(|(key, value)| (key.to_owned(), value));
    assert_eq!(parsed, Parsed { value: Json::Object(members.into()), lossy: false });
}

#[test]
fn a_byte_order_mark_and_surrounding_space_are_not_damage() {
    for (before, after) in [("\u{feff}", ""), ("", " \t\r\n"), ("\u{feff}\r\n ", "\n")] {
        let parsed = json::parse(format!("{before}{REJECTION}{after}").as_bytes()).unwrap();
        assert_eq!(parsed, json::parse(REJECTION.as_bytes()).unwrap());
    }
}

#[test]
fn valid_text_is_unchanged() {
    let rows: [(&str, &str); 8] = [
        ("", ""),
        (r"\u5e10\u53f7", "帐号"),
        (r"https:\/\/mp.weixin.qq.com\/", "https://mp.weixin.qq.com/"),
        (r#"服务类目\"金融业\""#, "服务类目\"金融业\""),
        (r"\ud83d\ude00", "😀"),
        (r"a\u0000\u001f\b\f\n\r\t\\", "a\0\u{1f}\u{8}\u{c}\n\r\t\\"),
        ("\u{7f}\u{85}\u{2028}\u{202e}", "\u{7f}\u{85}\u{2028}\u{202e}"),
        (r"\\ud800", r"\ud800"),
    ];
    for (interior, expected) in rows {
        let parsed = json::parse(&answer_with(interior.as_bytes())).unwrap();
        assert_eq!((text(&parsed, "reason"), parsed.lossy), (Some(expected), false));
    }
}

#[test]
fn damage_inside_a_string_is_repaired_and_marked() {
    let rows: [(&str, &[u8], &str); 18] = [
        (
            "truncated character among Latin ones",
            b"\xc3\xa9t\xc3\xa9 d\xc3\xa9j\xc3\xa0 \xe5\xb8",
            "été déjà \u{fffd}",
        ),
        ("line break", b"a\nb\r\nc", "a\nb\r\nc"),
        (
            "every kind of control",
            b"\x00\x01\x08\x09\x0b\x0c\x1b\x1f",
            "\0\u{1}\u{8}\t\u{b}\u{c}\u{1b}\u{1f}",
        ),
        ("control beside escapes", b"\\n\n\\\\\t\\\"\x01", "\n\n\\\t\"\u{1}"),
        ("stray byte", b"a\xffb", "a\u{fffd}b"),
        ("stray bytes in good text", b"\xe5\xb8\x90\xff\xfe\xe5\x8f\xb7", "帐\u{fffd}\u{fffd}号"),
        ("continuation alone", b"\x80", "\u{fffd}"),
        ("truncated character at the end", b"\xe5\xb8\x90\xe5\x8f", "帐\u{fffd}"),
        ("truncated character before an escape", b"\xe5\xb8\x90\xe5\x8f\\n", "帐\u{fffd}\n"),
        ("truncated character before a quote", b"\xe5\xb8\x90\xe5\\\"", "帐\u{fffd}\""),
        ("overlong slash", b"\xc0\xaf", "\u{fffd}\u{fffd}"),
        ("surrogate as UTF-8", b"x\xed\xa0\x80x", "x\u{fffd}\u{fffd}\u{fffd}x"),
        ("truncated 4 bytes", b"\xf0\x9f\x98 \xf0\x9f", "\u{fffd} \u{fffd}"),
        ("Latin-1", b"caf\xe9 ol\xe9", "caf\u{fffd} ol\u{fffd}"),
        ("high surrogate alone", br"a\ud800b", "a\u{fffd}b"),
        ("low surrogate alone", br"\uDC00", "\u{fffd}"),
        ("surrogates in wrong order", br"\ude00\ud83d", "\u{fffd}\u{fffd}"),
        (
            "high surrogate before others",
            br"\ud83d\u0041\ud83d\ud83d\ude00\ud83d\n",
            "\u{fffd}A\u{fffd}😀\u{fffd}\n",
        ),
    ];
    for (name, interior, expected) in rows {
        let parsed = json::parse(&answer_with(interior)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((text(&parsed, "reason"), parsed.lossy), (Some(expected), true), "{name}");
        assert_eq!(parsed.value.get("status"), Some(&Json::Integer(1)), "{name}");
    }
}

#[test]
fn numbers_are_exact_where_64_bits_are_enough() {
    let rows = [
        ("0", Json::Integer(0)),
        ("-1", Json::Integer(-1)),
        ("9007199254740993", Json::Integer((1 << 53) + 1)),
        ("9223372036854775807", Json::Integer(i64::MAX)),
        ("-9223372036854775808", Json::Integer(i64::MIN)),
        ("9223372036854775808", Json::Unsigned(1 << 63)),
        ("18446744073709551615", Json::Unsigned(u64::MAX)),
        ("1.0", Json::Float(1.0)),
        ("1e3", Json::Float(1000.0)),
        ("-0.5", Json::Float(-0.5)),
        ("18446744073709551616", Json::Float(18_446_744_073_709_551_616.0)),
    ];
    for (body, expected) in rows {
        assert_eq!(json::parse(body.as_bytes()).unwrap(), Parsed { value: expected, lossy: false }, "{body}");
    }
}

#[test]
fn get_finds_members_of_objects_only() {
    let value = json::parse(br#"{"a":{"b":[1]},"":2}"#).unwrap().value;
    assert_eq!(value.get("a").and_then(|a| a.get("b")), Some(&Json::Array(vec![Json::Integer(1)])));
    assert_eq!(value.get(""), Some(&Json::Integer(2)));
    assert_eq!(value.get("b"), None);
    assert_eq!(Json::Array(vec![]).get("a"), None);
}

#[test]
fn map_strings_reaches_every_text_and_key() {
    let mut value = json::parse(br#"{"secret":[{"a":"my secret"},"secret",1,null,true,0.5]}"#).unwrap().value;
    let mut seen = 0;
    value.map_strings(&mut |text| {
        seen += 1;
        *text = text.replace("secret", "***");
    });
    assert_eq!(seen, 4);
    assert_eq!(value, json::parse(br#"{"***":[{"a":"my ***"},"***",1,null,true,0.5]}"#).unwrap().value);
}
