//! Decoding of the latest audit status, request records and other objects.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may panic as tests may")]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use wxaudit::error::Error;
use wxaudit::json::Json;
use wxaudit::token::{Token, Tokens};
use wxaudit::wechat::decode::{latest_audit_status, object, request_trace};
use wxaudit::wechat::request::RequestId;
use wxaudit::wechat::status::LatestAuditStatus;

const TOKEN: &str = "86_raw+server/token=of%a&test?0123456789";
const RID: &str = "637accc2-7d67c301-4ae3af4b";

fn tokens() -> Tokens {
    Tokens::new(Token::new(TOKEN).unwrap())
}

/// Decodes a successful answer with these further members.
fn latest(members: &str) -> Result<LatestAuditStatus, Error> {
    let body = format!(r#"{{"errcode":0,"errmsg":"ok",{members}}}"#);
    latest_audit_status(body.as_bytes(), &tokens(), UNIX_EPOCH)
}

fn problem<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    match result {
        Err(Error::Decode { problem, .. }) => problem,
        other => panic!("{other:?}"),
    }
}

#[test]
fn all_members_of_an_answer_are_decoded() {
    let found = latest(
        r#""auditid":1234567,"status":1,"reason":"1:帐号信息不合规范:<br>","ScreenShot":"a|b","user_version":"V1.1","user_desc":"第一版","submit_audit_time":1669000000,"more":[1]"#,
    )
    .unwrap();
    let status = &found.status;
    assert_eq!((status.auditid, status.status, status.lossy), (1_234_567, 1, false));
    assert_eq!((status.reason.as_deref(), status.appid.as_deref()), (Some("1:帐号信息不合规范:<br>"), None));
    assert_eq!(
        (&status.screenshots, status.observed_at),
        (&vec!["a".to_owned(), "b".to_owned()], UNIX_EPOCH)
    );
    assert_eq!((found.user_version.as_deref(), found.user_desc.as_deref()), (Some("V1.1"), Some("第一版")));
    assert_eq!(found.submitted_at, Some(UNIX_EPOCH + Duration::from_secs(1_669_000_000)));
    assert_eq!(status.raw.get("more"), Some(&Json::Array(vec![Json::Integer(1)])));
}

#[test]
fn only_auditid_and_status_are_required() {
    let found = latest(r#""auditid":1,"status":2"#).unwrap();
    let empty =
        latest(r#""auditid":1,"status":2,"user_version":"","user_desc":null,"submit_audit_time":null"#);
    for found in [found, empty.unwrap()] {
        assert_eq!((found.user_version, found.user_desc, found.submitted_at), (None, None, None));
        assert_eq!((found.status.reason, found.status.screenshots), (None, Vec::new()));
    }
}

#[test]
fn an_auditid_is_a_number_or_a_string_of_one() {
    for (written, auditid) in [("5", 5), (r#""5""#, 5), ("9223372036854775807", i64::MAX)] {
        assert_eq!(latest(&format!(r#""status":0,"auditid":{written}"#)).unwrap().status.auditid, auditid);
    }
    for written in ["0", "-5", "null", "true", "1.0", r#""""#, r#""x""#, "[5]", "9223372036854775808"] {
        let found = latest(&format!(r#""status":0,"auditid":{written}"#));
        assert_eq!(problem(found), "the answer has no valid auditid", "{written}");
    }
    assert_eq!(problem(latest(r#""status":0"#)), "the answer has no valid auditid");
}

#[test]
fn a_missing_or_invalid_status_is_never_an_approval() {
    for member in ["", r#","status":null"#, r#","status":true"#, r#","status":"""#, r#","status":0.0"#] {
        assert!(problem(latest(&format!(r#""auditid":5{member}"#))).contains("status"), "{member}");
    }
    for body in
        [r#"{"auditid":5,"status":0}"#, r#"{"errcode":null,"errmsg":"ok","auditid":5,"status":0}"#, ""]
    {
        problem(latest_audit_status(body.as_bytes(), &tokens(), UNIX_EPOCH));
    }
}

#[test]
fn screenshots_are_found_under_each_key() {
    for key in ["screenshot", "ScreenShot", "screen_shot"] {
        for (written, expected) in [(r#""a|b""#, 2), (r#""a||b|""#, 2), (r#""""#, 0), ("null", 0)] {
            let found = latest(&format!(r#""auditid":5,"status":1,"{key}":{written}"#)).unwrap();
            assert_eq!(found.status.screenshots.len(), expected, "{key} {written}");
        }
        problem(latest(&format!(r#""auditid":5,"status":1,"{key}":5"#)));
    }
}

#[test]
fn an_empty_member_does_not_hide_another_key() {
    for empty in [r#""""#, "null"] {
        let found =
            latest(&format!(r#""auditid":5,"status":1,"screenshot":{empty},"ScreenShot":"a|b""#)).unwrap();
        assert_eq!(found.status.screenshots, ["a", "b"]);
    }
}

#[test]
fn a_time_is_seconds_or_their_digits_and_anything_else_is_none() {
    let at = |written: &str| {
        let found = latest(&format!(r#""auditid":5,"status":1,"submit_audit_time":{written}"#)).unwrap();
        assert_eq!((found.status.auditid, found.status.status), (5, 1));
        found.submitted_at.map(|at| at.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs())
    };
    for (written, seconds) in [
        ("0", 0),
        ("1669000000", 1_669_000_000),
        (r#""1669000000""#, 1_669_000_000),
        ("253402300799", 253_402_300_799),
    ] {
        assert_eq!(at(written), Some(seconds));
    }
    let none =
        ["-1", "253402300800", "1669000000000000000", r#""soon""#, r#""""#, "1.5", "true", "[]", "1e9"];
    for written in none {
        assert_eq!(at(written), None, "{written}");
    }
}

#[test]
fn version_and_description_are_text_or_none() {
    for (written, told) in
        [("5", Some("5")), (r#""1.0""#, Some("1.0")), ("true", None), ("[]", None), ("{}", None)]
    {
        let found =
            latest(&format!(r#""auditid":5,"status":1,"user_version":{written},"user_desc":{written}"#))
                .unwrap();
        assert_eq!((found.user_version.as_deref(), found.user_desc.as_deref()), (told, told));
    }
}

#[test]
fn a_reason_of_another_type_is_rejected_by_name() {
    for written in ["5", "true", "[]", "{}"] {
        let found = latest(&format!(r#""auditid":5,"status":1,"reason":{written}"#));
        assert!(problem(found).contains("reason"), "{written}");
    }
}

#[test]
fn errcodes_are_errors_and_echoed_tokens_are_masked() {
    let body = r#"{"errcode":85058,"errmsg":"no valid audit_id exist rid: 637accc2-7d67c301-4ae3af4b"}"#;
    let found = latest_audit_status(body.as_bytes(), &tokens(), UNIX_EPOCH);
    assert!(matches!(found, Err(Error::Api { errcode: 85058, rid: Some(_), .. })), "{found:?}");
    let echo = format!(r#""auditid":5,"status":1,"user_version":"{TOKEN}","user_desc":"{TOKEN}""#);
    let shown = format!("{:?}", latest(&echo).unwrap());
    assert!(shown.contains("***") && !shown.contains("86_raw"), "{shown}");
}

fn trace(request: &str) -> Result<Json, Error> {
    let body = format!(r#"{{"errcode":0,"errmsg":"ok","request":{request}}}"#);
    request_trace(body.as_bytes(), &RequestId::parse(RID).unwrap(), &tokens())
}

#[test]
fn a_request_record_has_its_rid_and_no_token() {
    let found = trace(
        r#"{"invoke_time":1635156704,"cost_in_ms":30,"request_url":"access_token=50_foreign-one\/x&a=1",
        "request_body":"{\"component_appsecret\":\"foreign-two\"}","client_ip":"203.0.113.7",
        "response_body":"{\"authorizer_access_token\":\"foreign-three\\\/x\",\"expires_in\":7200}",
        "authorizer_refresh_token":"foreign-four"}"#,
    )
    .unwrap();
    assert_eq!(found.get("rid"), Some(&Json::String(RID.to_owned())));
    let request = found.get("request").unwrap();
    let text = |key| match request.get(key) {
        Some(Json::String(text)) => text.as_str(),
        other => panic!("{key}: {other:?}"),
    };
    assert_eq!(text("request_url"), "access_token=***&a=1");
    assert_eq!(text("request_body"), r#"{"component_appsecret":"***"}"#);
    assert_eq!(text("response_body"), r#"{"authorizer_access_token":"***","expires_in":7200}"#);
    assert_eq!((text("client_ip"), text("authorizer_refresh_token")), ("203.0.113.7", "***"));
    assert_eq!(request.get("invoke_time"), Some(&Json::Integer(1_635_156_704)));
}

#[test]
fn an_answer_without_a_request_is_an_error() {
    for request in ["null", "[]", "\"text\"", "5"] {
        assert_eq!(problem(trace(request)), "the answer has no request");
    }
}

#[test]
fn the_excerpt_of_an_invalid_answer_shows_no_foreign_token() {
    for body in [
        r#"{"errcode":null,"request":{"request_url":"access_token=50_foreign-one&a=1"}}"#,
        r#"{"errcode":0,"request":"access_token=50_foreign-one"}"#,
        r#"{"request":{"request_body":"{\"access_token\":\"50_foreign-one"#,
    ] {
        match request_trace(body.as_bytes(), &RequestId::parse(RID).unwrap(), &tokens()) {
            Err(Error::Decode { excerpt, .. }) => {
                assert!(excerpt.contains("***") && !excerpt.contains("foreign"), "{excerpt}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn any_successful_object_is_returned_unchanged() {
    let body = br#"{"errcode":0,"errmsg":"ok","quota":{"used":5}}"#;
    let quota = object(body, &tokens()).unwrap();
    assert_eq!(quota.get("quota").and_then(|quota| quota.get("used")), Some(&Json::Integer(5)));
    problem(object(b"{}", &tokens()));
}
