//! Bodies that are rejected: not JSON, another encoding, truncated, too large.

use wxaudit::json::{self, Json, JsonErrorKind};

const REJECTION: &str =
    r#"{"errcode":0,"errmsg":"ok","status":1,"reason":"帐号信息不合规范","screenshot":"xxx|yyy|zzz"}"#;

/// An answer with these bytes as its reason.
fn answer_with(interior: &[u8]) -> Vec<u8> {
    [br#"{"errcode":0,"errmsg":"ok","status":1,"reason":""#.as_slice(), interior, br#""}"#].concat()
}

#[test]
fn invalid_json_is_an_error() {
    let deep = "[".repeat(100_000);
    let deep_object = "{\"a\":".repeat(100_000);
    let million =
        format!("{{{}}}", (0..1_000_000).map(|n| format!("\"{n}\":0")).collect::<Vec<_>>().join(","));
    let rows: [(&str, &[u8]); 36] = [
        ("control outside", b"{\"status\":\x011}"),
        ("control behind", b"{\"status\":1}\x00"),
        ("bad UTF-8 outside", b"{\"status\":1\xff}"),
        ("bad UTF-8 in front", b"\xff{\"status\":1}"),
        ("two byte order marks", b"\xef\xbb\xbf\xef\xbb\xbf{\"status\":1}"),
        ("half a byte order mark", b"\xef\xbb{\"status\":1}"),
        ("vertical tab outside", b"{\"status\":\x0b1}"),
        ("surrogate outside", br#"{"status":\ud8001}"#),
        ("control in a key", b"{\"sta\ntus\":1}"),
        ("bad UTF-8 in a key", b"{\"status\xff\" :1}"),
        ("surrogate in a key", br#"{"status\ud800":1}"#),
        ("control in one string, bad escape in another", b"{\"a\":\"\n\",\"b\":\"\\x\"}"),
        ("backslash before a line break", b"{\"a\":\"x\\\ny\"}"),
        ("backslash before a bad byte", b"{\"a\":\"x\\\xff\"}"),
        ("short hex before a control", b"{\"a\":\"\\u00\x0100\"}"),
        ("short hex", br#"{"a":"\u12"}"#),
        ("signed hex", br#"{"a":"\u+123"}"#),
        ("trailing garbage", br#"{"status":1}x"#),
        ("a second answer behind", br#"{"status":1}{"status":0}"#),
        ("trailing comma", br#"{"status":1,}"#),
        ("PHP warning", b"<br />\n<b>Warning</b>: x in <b>/a.php</b> on line <b>3</b><br />\n{\"status\":1}"),
        ("HTML", b"<html><head><title>502 Bad Gateway</title></head></html>"),
        ("plain text", b"This ip is no longer use. Please change your DNS server"),
        ("form", b"errcode=0&status=1"),
        ("single quotes", b"{'status':1}"),
        ("NaN", br#"{"status":NaN}"#),
        ("Infinity", br#"{"status":-Infinity}"#),
        ("1e999", br#"{"status":1e999}"#),
        ("leading zero", br#"{"status":01}"#),
        ("comment", br#"{"status":1/**/}"#),
        ("repeated key", br#"{"status":1,"status":0}"#),
        ("repeated key, spelt otherwise", br#"{"status":1,"\u0073tatus":1}"#),
        ("repeated key within", br#"{"a":[{"b":null,"b":null}]}"#),
        ("100 000 arrays", deep.as_bytes()),
        ("100 000 objects", deep_object.as_bytes()),
        ("a million keys", million.as_bytes()),
    ];
    for (name, body) in rows {
        let error = json::parse(body).map(|parsed| panic!("{name}: {parsed:?}")).unwrap_err();
        assert_eq!(error.kind, JsonErrorKind::Malformed, "{name}: {error}");
        assert!(!error.is_empty(), "{name}");
    }
}

#[test]
fn empty_and_blank_bodies_are_a_separate_error() {
    for body in [b"".as_slice(), b" ", b"\r\n\t ", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"] {
        let error = json::parse(body).unwrap_err();
        assert!(error.is_empty());
        assert_eq!(error.to_string(), "the body is empty");
    }
}

#[test]
fn the_message_names_the_problem_and_its_position() {
    let rows: [(&[u8], &str); 5] = [
        (b"{\"a\":1}\n x", "trailing characters at line 2 column 2"),
        (br#"{"a":1,"a":2}"#, "an object repeats a key at line 1 column 13"),
        (br#"{"a":"#, "EOF while parsing a value at line 1 column 5"),
        (b"{\"a\":\"\n\"} x", "trailing characters at line 1 column 16, after its strings were repaired"),
        (
            b"{\"\x01\":1}",
            "control character (\\u0000-\\u001F) found while parsing a string at line 1 column 3",
        ),
    ];
    for (body, expected) in rows {
        assert_eq!(json::parse(body).unwrap_err().to_string(), expected);
    }
}

#[test]
fn other_encodings_are_named_instead_of_repaired() {
    let utf16 = |big_endian: bool, mark: bool| -> Vec<u8> {
        let units = mark.then_some(0xFEFF).into_iter().chain(REJECTION.encode_utf16());
        units.flat_map(|unit: u16| if big_endian { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    };
    for (big_endian, mark) in [(false, false), (false, true), (true, false), (true, true)] {
        let error = json::parse(&utf16(big_endian, mark)).unwrap_err();
        assert_eq!(error.kind, JsonErrorKind::Encoding);
        assert_eq!(error.to_string(), "the body is not UTF-8 (looks like UTF-16 or UTF-32)");
    }
    let gbk: [&[u8]; 7] = [
        b"\xD5\xCA\xBA\xC5\xD0\xC5\xCF\xA2\xB2\xBB\xBA\xCF\xB9\xE6\xB7\xB6", // 帐号信息不合规范
        b"\xBE\xDC\xBE\xF8",                                                         // 拒绝
        b"\xCF\xB5\xCD\xB3\xB7\xB1\xC3\xA6",                                         // 系统繁忙
        b"1:\xD5\xCB\xBA\xC5\xD0\xC5\xCF\xA2\xB2\xBB\xB7\xFB\xBA\xCF\xB9\xE6\xB7\xB6:<br>(1):\xB0\xFC\xBA\xAC\xC9\xAB\xC7\xE9\xD2\xF2\xCB\xD8<br>",
        b"\xB7\xFE\xCE\xF1\xC0\xE0\xC4\xBF\\\"\xBD\xF0\xC8\xDA\xD2\xB5-\xB1\xA3\xCF\xD5_\\\"\xD3\xEB\xC4\xE3",
        b"\xD2\xB3\xC3\xE6\xCE\xDE\xD5\xFD\xCA\xBD\xD4\xCB\xD3\xAA\xC4\xDA\xC8\xDD\xA3\xAC\\n\xC7\xEB\xC9\xCF\xBC\xDC",
        b"\xBE\xDC\xBE\xF8\x81\x30\x81\x30", // with a four-byte character of GB 18030
    ];
    for interior in gbk {
        let error = json::parse(&answer_with(interior)).unwrap_err();
        assert_eq!(error.kind, JsonErrorKind::Encoding, "{interior:?}");
        assert_eq!(error.to_string(), "the body is not UTF-8 (looks like GBK)");
    }
}

#[test]
fn a_gbk_character_that_ends_in_a_backslash_never_becomes_wrong_text() {
    for lead in 0x81..=0xFE {
        for behind in
            ["", "n", "t", "/", "b", "f", "r", "u0041", "\\\\", "\\\"", "\",\"status\":\"0", "。", "x"]
        {
            let interior = [&[lead, b'\\'], behind.as_bytes()].concat();
            assert!(json::parse(&answer_with(&interior)).is_err(), "{interior:?}");
        }
    }
}

#[test]
fn an_answer_truncated_at_any_byte_is_an_error() {
    let answers: [Vec<u8>; 5] = [
        REJECTION.into(),
        format!("\u{feff}{REJECTION}").into(),
        answer_with(br#"\/ \u5e10 \ud83d\ude00 \" \\"#),
        answer_with("帐号\n\t\u{1}信息不合规范".as_bytes()),
        [
            br#"{"list":[{"id":-1.5e3},[true,false,null]],"reason":"\ud800 "#.as_slice(),
            "帐号".as_bytes(),
            b"\xff\xfe\"} \n",
        ]
        .concat(),
    ];
    for answer in answers {
        let end = answer.trim_ascii_end().len();
        for cut in 0..end {
            let result = json::parse(&answer[..cut]);
            assert!(result.is_err(), "cut at {cut}: {result:?}");
        }
        for cut in end..=answer.len() {
            assert!(json::parse(&answer[..cut]).is_ok());
        }
    }
}

#[test]
fn nesting_is_allowed_up_to_the_limit_of_the_parser() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(json::parse(nested(127).as_bytes()).is_ok());
    let error = json::parse(nested(128).as_bytes()).unwrap_err();
    assert!(error.message.starts_with("recursion limit exceeded"), "{error}");
}

#[test]
fn a_large_object_is_searched_for_repeated_keys_and_may_hold_ten_thousand_values() {
    let object = |last: &str, count: usize| {
        let members: Vec<String> = (0..count).map(|number| format!("\"{number}\":{number},")).collect();
        format!("{{{}\"{last}\":0}}", members.concat())
    };
    for count in [15, 16, 17, 1000, 9998] {
        let parsed = json::parse(object("last", count).as_bytes()).unwrap();
        let number = count - 1;
        assert_eq!(parsed.value.get(&number.to_string()), Some(&Json::Integer(number.try_into().unwrap())));
        for repeated in [0, number] {
            let error = json::parse(object(&repeated.to_string(), count).as_bytes()).unwrap_err();
            assert!(error.message.starts_with("an object repeats a key"), "{error}");
        }
    }
    let error = json::parse(object("last", 9999).as_bytes()).unwrap_err();
    assert!(error.message.starts_with("too many values"), "{error}");
}
