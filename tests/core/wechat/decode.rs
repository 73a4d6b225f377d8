//! Decoding of audit statuses and errors.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may panic as tests may")]

use std::time::{Duration, SystemTime};

use wxaudit::error::Error;
use wxaudit::json::Json;
use wxaudit::token::{Token, Tokens};
use wxaudit::wechat::decode::audit_status;
use wxaudit::wechat::request::AuditId;
use wxaudit::wechat::status::AuditStatus;

const TOKEN: &str = "86_raw+server/token=of%a&test?0123456789";
const AUDITID: i64 = 1_234_567;

fn decode(body: impl AsRef<[u8]>) -> Result<AuditStatus, Error> {
    let tokens = Tokens::new(Token::new(TOKEN).unwrap());
    audit_status(body.as_ref(), AuditId::new(AUDITID.into()).unwrap(), &tokens, SystemTime::UNIX_EPOCH)
}

/// Decodes a successful answer with these further members.
fn answered(members: &str) -> Result<AuditStatus, Error> {
    decode(format!(r#"{{"errcode":0,"errmsg":"ok",{members}}}"#))
}

fn refusal(errcode: &str, errmsg: &str) -> (i64, String, Option<String>) {
    match decode(format!(r#"{{"errcode":{errcode},"errmsg":{errmsg}}}"#)) {
        Err(Error::Api { errcode, errmsg, rid, retry_at: None }) => (errcode, errmsg, rid),
        other => panic!("{errcode} {errmsg}: {other:?}"),
    }
}

fn problem(body: impl AsRef<[u8]>) -> (String, String, bool) {
    match decode(&body) {
        Err(Error::Decode { problem, excerpt, empty }) => (problem, excerpt, empty),
        other => panic!("{}: {other:?}", String::from_utf8_lossy(body.as_ref())),
    }
}

#[test]
fn all_members_of_an_answer_are_decoded() {
    let body = r#"{"errcode":0,"errmsg":"ok","status":1,"reason":"1:帐号信息不合规范:<br>","screenshot":"a|b","more":[1]}"#;
    let tokens = Tokens::new(Token::new(TOKEN).unwrap());
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_669_000_000);
    let status = audit_status(body.as_bytes(), AuditId::new(AUDITID.into()).unwrap(), &tokens, now).unwrap();
    assert_eq!((status.auditid, status.status, status.lossy), (AUDITID, 1, false));
    assert_eq!(status.reason.as_deref(), Some("1:帐号信息不合规范:<br>"));
    assert_eq!(status.screenshots, ["a", "b"]);
    assert_eq!((status.appid.as_deref(), status.observed_at), (None, now));
    assert_eq!(status.raw.get("more"), Some(&Json::Array(vec![Json::Integer(1)])));
    assert_eq!(status.reasons().len(), 1);
}

#[test]
fn success_is_errcode_0_or_errmsg_ok_without_errcode() {
    for body in [
        r#"{"errcode":0,"errmsg":"ok","status":0}"#,
        r#"{"errcode":"0","errmsg":"ok","status":0}"#,
        r#"{"errcode":0,"status":0}"#,
        r#"{"errcode":0,"errmsg":null,"status":0}"#,
        r#"{"errcode":0,"errmsg":"system busy","status":0}"#,
        r#"{"errmsg":"ok","status":0}"#,
        r#"{"errcode":"-0","errmsg":"ok","status":0}"#,
    ] {
        assert_eq!(decode(body).unwrap().status, 0, "{body}");
    }
}

#[test]
fn nothing_else_is_success() {
    for (body, expected) in [
        ("{}", "neither"),
        (r#"{"status":0}"#, "neither"),
        (r#"{"errmsg":"OK","status":0}"#, "neither"),
        (r#"{"errmsg":" ok","status":0}"#, "neither"),
        (r#"{"errmsg":["ok"],"status":0}"#, "neither"),
        (r#"{"Errcode":0,"status":0}"#, "neither"),
        (r#"{"errcode":null,"errmsg":"ok","status":0}"#, "errcode"),
        (r#"{"errcode":true,"errmsg":"ok","status":0}"#, "errcode"),
        (r#"{"errcode":0.0,"errmsg":"ok","status":0}"#, "errcode"),
        (r#"{"errcode":0.5,"errmsg":"ok","status":0}"#, "errcode"),
        (r#"{"errcode":"","errmsg":"ok","status":0}"#, "errcode"),
        (r#"{"errcode":"-","errmsg":"ok","status":0}"#, "errcode"),
        (r#"{"errcode":"+0","errmsg":"ok","status":0}"#, "errcode"),
        (r#"{"errcode":" 0","errmsg":"ok","status":0}"#, "errcode"),
        (r#"{"errcode":"0x0","errmsg":"ok","status":0}"#, "errcode"),
        (r#"{"errcode":[0],"errmsg":"ok","status":0}"#, "errcode"),
        (r#"{"errcode":"9223372036854775808","errmsg":"ok","status":0}"#, "errcode"),
        (r#"{"errcode":9223372036854775808,"errmsg":"ok","status":0}"#, "errcode"),
    ] {
        let (problem, excerpt, empty) = problem(body);
        assert!(problem.contains(expected), "{body}: {problem}");
        assert_eq!((excerpt.as_str(), empty), (body, false));
    }
}

#[test]
fn a_status_is_a_whole_number_or_a_string_of_one() {
    for (status, number) in [
        ("0", 0),
        ("4", 4),
        ("5", 5),
        ("99", 99),
        ("-1", -1),
        ("\"1\"", 1),
        ("\"-1\"", -1),
        ("\"007\"", 7),
        ("9223372036854775807", i64::MAX),
        ("-9223372036854775808", i64::MIN),
        ("\"-9223372036854775808\"", i64::MIN),
    ] {
        assert_eq!(answered(&format!("\"status\":{status}")).unwrap().status, number, "{status}");
    }
    for status in [
        "null",
        "true",
        "false",
        "1.5",
        "0.0",
        "1e0",
        "\"x\"",
        "\"\"",
        "\" 0\"",
        "\"0 \"",
        "\"+0\"",
        "\"0.0\"",
        "\"\\u0660\"",
        "[0]",
        "{}",
        "9223372036854775808",
        "\"9223372036854775808\"",
        "\"--1\"",
    ] {
        let error = answered(&format!("\"status\":{status}")).unwrap_err();
        assert!(matches!(error, Error::Decode { empty: false, .. }), "{status}: {error}");
    }
    assert!(answered("\"Status\":0").is_err());
    assert!(answered("\"data\":{\"status\":0}").is_err());
}

#[test]
fn a_reason_is_a_string_or_absent() {
    for (member, reason) in [
        ("", None),
        (r#","reason":null"#, None),
        (r#","reason":"""#, None),
        (r#","reason":" ""#, Some(" ")),
        (r#","reason":"x""#, Some("x")),
    ] {
        let status = answered(&format!("\"status\":1{member}")).unwrap();
        assert_eq!(status.reason.as_deref(), reason, "{member}");
    }
    for value in ["5", "true", "[]", "{}", "[\"x\"]"] {
        assert!(matches!(answered(&format!("\"status\":1,\"reason\":{value}")), Err(Error::Decode { .. })));
    }
}

#[test]
fn screenshots_are_split_at_bars_under_each_key() {
    let rows: [(&str, &[&str]); 13] = [
        ("", &[]),
        (r#","screenshot":null"#, &[]),
        (r#","screenshot":"""#, &[]),
        (r#","screenshot":"a""#, &["a"]),
        (r#","screenshot":"a|b|c""#, &["a", "b", "c"]),
        (r#","screenshot":"|a||b|""#, &["a", "b"]),
        (r#","screenshot":"|||""#, &[]),
        (r#","screenshot":" a | b \u3000|\t| ""#, &["a", "b"]),
        (r#","screenshot":" ","ScreenShot":"a""#, &["a"]),
        (r#","ScreenShot":"a|b""#, &["a", "b"]),
        (r#","screen_shot":"a|b""#, &["a", "b"]),
        (r#","screen_shot":"x","screenshot":"a""#, &["a"]),
        (r#","SCREENSHOT":"a""#, &[]),
    ];
    for (member, expected) in rows {
        assert_eq!(answered(&format!("\"status\":1{member}")).unwrap().screenshots, expected, "{member}");
    }
    for value in ["5", "true", "[]", "[\"a\"]"] {
        assert!(matches!(
            answered(&format!("\"status\":1,\"screenshot\":{value}")),
            Err(Error::Decode { .. })
        ));
    }
}

#[test]
fn ten_thousand_screenshots_are_accepted_and_no_more() {
    let of = |count: usize| answered(&format!("\"status\":1,\"screenshot\":\"{}\"", "a|".repeat(count)));
    assert_eq!(of(10_000).unwrap().screenshots.len(), 10_000);
    assert!(matches!(of(10_001), Err(Error::Decode { empty: false, .. })));
}

#[test]
fn an_answer_about_another_audit_is_rejected() {
    for auditid in ["7654321", "\"7654321\"", "0", "-1234567"] {
        let (problem, _, _) =
            problem(format!(r#"{{"errcode":0,"errmsg":"ok","status":0,"auditid":{auditid}}}"#));
        assert!(problem.contains("not 1234567"), "{problem}");
    }
    for auditid in ["1234567", "\"1234567\"", "null", "\"\"", "[]"] {
        assert!(answered(&format!("\"status\":0,\"auditid\":{auditid}")).is_ok(), "{auditid}");
    }
}

#[test]
fn an_errcode_is_an_error_whatever_else_the_answer_holds() {
    for (errcode, number) in
        [("-1", -1), ("85012", 85012), ("\"61003\"", 61003), ("1", 1), ("4294967296", 1 << 32)]
    {
        let status = format!(r#"{{"status":0,"errcode":{errcode},"errmsg":"ok"}}"#);
        assert!(matches!(decode(status), Err(Error::Api { errcode, .. }) if errcode == number));
    }
    for errmsg in ["null", "5", "[]", "\"\""] {
        assert_eq!(refusal("85012", errmsg), (85012, String::new(), None));
    }
    let missing = decode(r#"{"errcode":85012}"#);
    assert!(
        matches!(missing, Err(Error::Api { errcode: 85012, ref errmsg, rid: None, .. }) if errmsg.is_empty())
    );
}

#[test]
fn the_rid_is_found_in_each_form_of_an_errmsg() {
    let rid = Some("637accc2-7d67c301-4ae3af4b");
    let rows = [
        ("invalid audit id rid: 637accc2-7d67c301-4ae3af4b", rid),
        ("invalid audit id, rid: 637accc2-7d67c301-4ae3af4b", rid),
        ("invalid audit id rid:637accc2-7d67c301-4ae3af4b", rid),
        ("rid: 637accc2-7d67c301-4ae3af4b", rid),
        ("invalid audit id hint: [0822e622] rid: 637accc2-7d67c301-4ae3af4b", rid),
        ("invalid audit id hints: [ req_id: xxx ], rid: 637accc2-7d67c301-4ae3af4b ", rid),
        ("not rid: 00000000-00000000-00000000 but rid: 637accc2-7d67c301-4ae3af4b", rid),
        ("access clientip is not registered requestIP: 203.0.113.7 rid: 637accc2-7d67c301-4ae3af4b", rid),
        ("access_token missing rid: ", None),
        ("access_token missing rid:", None),
        ("invalid audit id hint: [0822e622]", None),
        ("ok", None),
        ("rid: 637accc2", None),
        ("rid: 637accc2-7d67c301", None),
        ("rid: 637accc2-7d67c301-4ae3af4b-00000000", None),
        ("rid: 637accc-7d67c3010-4ae3af4b", None),
        ("rid: 637acccx-7d67c301-4ae3af4b", None),
        ("rid: 637accc2_7d67c301_4ae3af4b", None),
        ("bird 637accc2-7d67c301-4ae3af4b", None),
        ("rid: 六37accc-7d67c301-4ae3af4b", None),
    ];
    for (errmsg, rid) in rows {
        assert_eq!(refusal("85012", &format!("{errmsg:?}")).2.as_deref(), rid, "{errmsg}");
    }
}

#[test]
fn the_token_is_masked_in_every_text() {
    let (_, errmsg, rid) = refusal("40013", &format!(r#""invalid {TOKEN} rid: 637accc2-7d67c301-4ae3af4b""#));
    assert_eq!(errmsg, "invalid *** rid: 637accc2-7d67c301-4ae3af4b");
    assert_eq!(rid.as_deref(), Some("637accc2-7d67c301-4ae3af4b"));
    let status = answered(&format!(
        r#""status":1,"reason":"see {TOKEN}","screenshot":"{TOKEN}|b","more":[{{"{TOKEN}":"{TOKEN}"}}]"#
    ));
    let status = status.unwrap();
    assert_eq!(status.reason.as_deref(), Some("see ***"));
    assert_eq!(status.screenshots, ["***", "b"]);
    assert!(!format!("{status:?}").contains("raw+server"));
}

#[test]
fn the_former_token_of_a_call_is_masked_too() {
    let mut tokens = Tokens::new(Token::new(TOKEN).unwrap());
    tokens.renew(Token::new("another-token-0123456789").unwrap());
    let body = format!(r#"{{"errcode":1,"errmsg":"{TOKEN} another-token-0123456789"}}"#);
    let result = audit_status(body.as_bytes(), AuditId::new(1).unwrap(), &tokens, SystemTime::UNIX_EPOCH);
    assert!(matches!(result, Err(Error::Api { ref errmsg, .. }) if errmsg == "*** ***"), "{result:?}");
}

#[test]
fn empty_bodies_are_marked() {
    for (body, excerpt) in [("", ""), (" ", " "), ("\r\n\t", r"\r\n\t"), ("\u{feff}", r"\ufeff")] {
        assert_eq!(problem(body), ("the answer is empty".to_owned(), excerpt.to_owned(), true));
    }
    for body in ["null", "0", "[]", "\"\"", "{}", "\0"] {
        assert!(!problem(body).2, "{body:?}");
    }
}

#[test]
fn json_other_than_an_object_is_an_error() {
    for body in
        [r#"[0,"ok",0,""]"#, r#"[{"errcode":0,"errmsg":"ok","status":0}]"#, "0", "null", "true", "\"ok\""]
    {
        let (problem, excerpt, empty) = problem(body);
        assert_eq!((problem.as_str(), empty), ("the answer is not a JSON object", false));
        assert_eq!(excerpt, body);
    }
}

#[test]
fn an_excerpt_has_at_most_200_printable_characters() {
    let (_, excerpt, _) = problem("帐".repeat(5000));
    assert_eq!(excerpt, "帐".repeat(200));
    let (_, excerpt, _) =
        problem("\x1b[31m\u{202e}\u{2066}\u{200f}\u{61c}\u{2028}\u{200b}\u{feff}\u{85}\r\n");
    assert_eq!(excerpt, r"\x1b[31m\u202e\u2066\u200f\u061c\u2028\u200b\ufeff\x85\r\n");
    let (_, excerpt, _) = problem("\u{1}".repeat(300));
    assert_eq!(excerpt, r"\x01".repeat(50));
    let (_, excerpt, _) = problem(b"\xff\xfe<html>");
    assert_eq!(excerpt, "\u{fffd}\u{fffd}<html>");
}

#[test]
fn the_token_is_masked_before_an_excerpt_is_cut() {
    for length in 140..=210 {
        let (_, excerpt, _) = problem(format!("{}{TOKEN}{}", "x".repeat(length), "y".repeat(300)));
        let expected: String =
            format!("{}***{}", "x".repeat(length), "y".repeat(300)).chars().take(200).collect();
        assert_eq!(excerpt, expected);
    }
}

#[test]
fn repaired_text_is_marked_as_lossy_and_masked() {
    let body =
        [b"{\"errcode\":0,\"errmsg\":\"ok\",\"status\":1,\"reason\":\"\xff ", TOKEN.as_bytes(), b"\n\"}"]
            .concat();
    let status = decode(body).unwrap();
    assert!(status.lossy);
    assert_eq!(status.reason.as_deref(), Some("\u{fffd} ***\n"));
}
