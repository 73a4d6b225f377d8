//! The body of an answer becomes a result or an error, and never what it does not say.

#![no_main]

use std::time::SystemTime;

use libfuzzer_sys::fuzz_target;
use wxaudit::error::Error;
use wxaudit::token::{Token, Tokens};
use wxaudit::wechat::operation::{Operation, Reply};
use wxaudit::wechat::request::{AuditId, MediaId, RequestId};
use wxaudit_fuzz::{TOKEN, assert_hides_token, read_again, whole_number};

const AUDITID: i64 = 1_234_567;

fuzz_target!(|body: &[u8]| {
    let auditid = AuditId::new(AUDITID.into()).expect("a good number");
    let rid = RequestId::parse("637accc2-7d67c301-4ae3af4b").expect("a good rid");
    let media_id = MediaId::parse("a-_9").expect("a good media_id");
    let other = match body.len() % 4 {
        0 => Operation::LatestAuditStatus,
        1 => Operation::Explain(rid),
        2 => Operation::Quota,
        _ => Operation::Screenshot(media_id),
    };
    for operation in [Operation::AuditStatus(auditid), other] {
        let outcome = decode(&operation, body);
        check_secrecy(&outcome);
        match outcome {
            Ok(Reply::Status(status)) => {
                assert_eq!(status.auditid, AUDITID);
                check_success(body, status.status);
                check_cut(&operation, body);
                let raw = read_again(body);
                if let Some(answered) = raw.get("auditid").and_then(whole_number) {
                    assert_eq!(answered, AUDITID, "the answer is about another audit");
                }
                assert!(status.screenshots.iter().all(|media_id| !media_id.is_empty()));
                assert!(status.reason.is_none_or(|reason| !reason.is_empty()));
            }
            Ok(Reply::Latest(latest)) => {
                assert!(latest.status.auditid > 0);
                check_success(body, latest.status.status);
            }
            Ok(Reply::Object(_)) => check_errcode(body),
            Ok(Reply::Picture(_)) => {}
            Err(Error::Api { errcode, .. }) => {
                let answered = read_again(body).get("errcode").and_then(whole_number);
                assert_eq!(answered, Some(errcode));
            }
            Err(Error::Decode { excerpt, .. }) => {
                assert!(excerpt.chars().count() <= 200, "{excerpt:?}");
                assert!(!excerpt.chars().any(char::is_control), "{excerpt:?}");
            }
            Err(error) => panic!("decoding gave {error:?}"),
        }
    }
});

fn decode(operation: &Operation, body: &[u8]) -> Result<Reply, Error> {
    let tokens = Tokens::new(Token::new(TOKEN).expect("a good token"));
    operation.decode(body.to_vec(), &tokens, SystemTime::UNIX_EPOCH)
}

fn check_secrecy(outcome: &Result<Reply, Error>) {
    let encoded = Token::new(TOKEN).expect("a good token").percent_encoded().into_owned();
    if !matches!(outcome, Ok(Reply::Picture(_))) {
        assert_hides_token(&format!("{outcome:?}"), &encoded);
    }
    if let Err(error) = outcome {
        assert_hides_token(&error.to_string(), &encoded);
    }
}

/// Success is errcode 0, or errmsg "ok" without an errcode.
fn check_errcode(body: &[u8]) {
    let answer = read_again(body);
    let answer = answer.as_object().expect("an object");
    match answer.get("errcode") {
        None => assert_eq!(answer["errmsg"], "ok"),
        Some(errcode) => assert_eq!(whole_number(errcode), Some(0), "{errcode}"),
    }
}

/// The status stands in the answer, as that number.
fn check_success(body: &[u8], status: i64) {
    check_errcode(body);
    assert_eq!(read_again(body).get("status").and_then(whole_number), Some(status));
}

/// An answer that is cut off says nothing, wherever the cut is.
fn check_cut(operation: &Operation, body: &[u8]) {
    let length = body.trim_ascii_end().len();
    // Enough cuts to find any over time, and few enough to be quick.
    let step = (length / 4).max(1);
    let first = body.iter().fold(0, |sum: usize, byte| sum.wrapping_mul(31) + usize::from(*byte)) % step;
    for end in (first..length).step_by(step).chain([length - 1]) {
        let outcome = decode(operation, &body[..end]);
        assert!(matches!(outcome, Err(Error::Decode { .. })), "cut at {end}: {outcome:?}");
    }
}
