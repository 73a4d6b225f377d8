//! Decode an answer into a result or an error. Nothing is guessed: a status that is missing or has a wrong type is an
//! error, never an approval.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::error::Error;
use crate::escape::escape_controls;
use crate::json::{self, Json};
use crate::token::{Tokens, mask_tokens};
use crate::wechat::request::{AuditId, RequestId, is_request_id};
use crate::wechat::status::{AuditStatus, LatestAuditStatus};

/// The spellings in WeChat's interfaces.
const SCREENSHOT: [&str; 3] = ["screenshot", "ScreenShot", "screen_shot"];

/// Far above any real answer.
const MAX_SCREENSHOTS: usize = 10_000;

/// The end of the year 9999, in Unix seconds.
const END_OF_TIME: u64 = 253_402_300_800;

const EXCERPT_CHARACTERS: usize = 200;
/// The part of a body that an excerpt is made from. A token cut off at its end is masked too.
const EXCERPT_SOURCE: usize = 16 * 1024;

/// Decodes the answer of `get_auditstatus`.
///
/// # Errors
/// [`Error::Api`] for an `errcode` other than 0, [`Error::Decode`] for anything that is not the status of this audit.
pub fn audit_status(
    body: &[u8],
    auditid: AuditId,
    tokens: &Tokens,
    now: SystemTime,
) -> Result<AuditStatus, Error> {
    let answer = Answer::read(body, tokens)?;
    answer.check_auditid(auditid)?;
    answer.into_status(auditid.get(), now)
}

/// Decodes the answer of `get_latest_auditstatus`.
///
/// # Errors
/// As [`audit_status`].
pub fn latest_audit_status(
    body: &[u8],
    tokens: &Tokens,
    now: SystemTime,
) -> Result<LatestAuditStatus, Error> {
    let answer = Answer::read(body, tokens)?;
    let auditid = match answer.object.get("auditid").and_then(integer) {
        Some(auditid) if auditid > 0 => auditid,
        _ => return Err(answer.wrong("the answer has no valid auditid")),
    };
    Ok(LatestAuditStatus {
        user_version: answer.note("user_version"),
        user_desc: answer.note("user_desc"),
        submitted_at: answer.moment("submit_audit_time"),
        status: answer.into_status(auditid, now)?,
    })
}

/// Decodes the answer of `rid/get`: the `rid`, and the `request` as WeChat recorded it. All secrets in it are masked by
/// their names, since the request may have used or fetched any token.
///
/// # Errors
/// As [`audit_status`], and for an answer without a request.
pub fn request_trace(body: &[u8], rid: &RequestId, tokens: &Tokens) -> Result<Json, Error> {
    let answer = Answer::read(body, tokens)?;
    match answer.object.get("request") {
        Some(request @ Json::Object(_)) => {
            let mut request = request.clone();
            request.mask_tokens();
            let rid = Json::String(rid.to_string());
            Ok(Json::Object(vec![("rid".to_owned(), rid), ("request".to_owned(), request)]))
        }
        _ => Err(answer.wrong("the answer has no request")),
    }
}

/// Decodes the answer of any other interface into its JSON object.
///
/// # Errors
/// As [`audit_status`].
pub fn object(body: &[u8], tokens: &Tokens) -> Result<Json, Error> {
    Ok(Answer::read(body, tokens)?.object)
}

/// The JSON object of a successful answer, with the token masked in all strings.
struct Answer<'a> {
    object: Json,
    lossy: bool,
    body: &'a [u8],
    tokens: &'a Tokens,
}

impl<'a> Answer<'a> {
    fn read(body: &'a [u8], tokens: &'a Tokens) -> Result<Self, Error> {
        let mut parsed = json::parse(body).map_err(|error| {
            let problem = if error.is_empty() {
                "the answer is empty".to_owned()
            } else {
                format!("the answer is not valid JSON ({error})")
            };
            Error::Decode { problem, excerpt: excerpt(body, tokens), empty: error.is_empty() }
        })?;
        parsed.value.map_strings(&mut |text| tokens.mask(text));
        let answer = Self { object: parsed.value, lossy: parsed.lossy, body, tokens };
        if !matches!(answer.object, Json::Object(_)) {
            return Err(answer.wrong("the answer is not a JSON object"));
        }
        answer.check_errcode()?;
        Ok(answer)
    }

    fn wrong(&self, problem: impl Into<String>) -> Error {
        refused(problem, self.body, self.tokens)
    }

    /// Success is `errcode` 0, or `errmsg` "ok" without an `errcode`, and nothing else.
    fn check_errcode(&self) -> Result<(), Error> {
        let errmsg = match self.object.get("errmsg") {
            Some(Json::String(text)) => text,
            _ => "",
        };
        match self.object.get("errcode") {
            None if errmsg == "ok" => Ok(()),
            None => Err(self.wrong("the answer has neither an errcode nor the errmsg \"ok\"")),
            Some(value) => match integer(value) {
                Some(0) => Ok(()),
                Some(errcode) => Err(Error::Api {
                    errcode,
                    errmsg: errmsg.to_owned(),
                    rid: rid(errmsg).map(str::to_owned),
                    retry_at: None,
                }),
                None => Err(self.wrong("the errcode of the answer is not a whole number")),
            },
        }
    }

    /// Rejects an answer about another audit, which belongs to another call.
    fn check_auditid(&self, asked: AuditId) -> Result<(), Error> {
        match self.object.get("auditid").map(integer) {
            Some(Some(answered)) if answered != asked.get() => {
                Err(self.wrong(format!("the answer is about audit {answered}, not {asked}")))
            }
            _ => Ok(()),
        }
    }

    fn status(&self) -> Result<i64, Error> {
        match self.object.get("status") {
            None | Some(Json::Null) => Err(self.wrong("the answer has no status")),
            Some(value) => {
                integer(value).ok_or_else(|| self.wrong("the status of the answer is not a whole number"))
            }
        }
    }

    fn into_status(self, auditid: i64, now: SystemTime) -> Result<AuditStatus, Error> {
        Ok(AuditStatus {
            auditid,
            status: self.status()?,
            reason: self.optional_text("reason")?,
            screenshots: self.screenshots()?,
            appid: None,
            observed_at: now,
            lossy: self.lossy,
            raw: self.object,
        })
    }

    fn optional_text(&self, key: &str) -> Result<Option<String>, Error> {
        match self.object.get(key) {
            None | Some(Json::Null) => Ok(None),
            Some(Json::String(text)) => Ok((!text.is_empty()).then(|| text.clone())),
            Some(_) => Err(self.wrong(format!("the {key} of the answer is not a string"))),
        }
    }

    /// An accessory text; None for a wrong type, since the status matters more.
    fn note(&self, key: &str) -> Option<String> {
        match self.object.get(key) {
            Some(Json::String(text)) if !text.is_empty() => Some(text.clone()),
            Some(Json::Integer(number)) => Some(number.to_string()),
            _ => None,
        }
    }

    /// A time in Unix seconds; None for a wrong type, as in `note`.
    fn moment(&self, key: &str) -> Option<SystemTime> {
        let seconds = u64::try_from(self.object.get(key).and_then(integer)?).ok()?;
        (seconds < END_OF_TIME).then(|| UNIX_EPOCH + Duration::from_secs(seconds))
    }

    fn screenshots(&self) -> Result<Vec<String>, Error> {
        let is_filled = |value: &&Json| match value {
            Json::Null => false,
            Json::String(text) => !text.trim().is_empty(),
            _ => true,
        };
        match SCREENSHOT.iter().filter_map(|key| self.object.get(key)).find(is_filled) {
            None => Ok(Vec::new()),
            Some(Json::String(text)) => {
                let mut media_ids = Vec::new();
                for media_id in text.split('|').map(str::trim).filter(|media_id| !media_id.is_empty()) {
                    if media_ids.len() == MAX_SCREENSHOTS {
                        return Err(self.wrong("the answer has more than 10 000 screenshots"));
                    }
                    media_ids.push(media_id.to_owned());
                }
                Ok(media_ids)
            }
            Some(_) => Err(self.wrong("the screenshot of the answer is not a string")),
        }
    }
}

/// A whole number, or a string of one: WeChat sends both.
pub(super) fn integer(value: &Json) -> Option<i64> {
    match value {
        Json::Integer(number) => Some(*number),
        Json::String(text) => {
            let digits = text.strip_prefix('-').unwrap_or(text);
            (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
                .then(|| text.parse().ok())?
        }
        _ => None,
    }
}

/// The request id in an errmsg: `rid: 637accc2-7d67c301-4ae3af4b`.
fn rid(errmsg: &str) -> Option<&str> {
    let (_, rest) = errmsg.rsplit_once("rid:")?;
    rest.split_ascii_whitespace().next().filter(|rid| is_request_id(rid))
}

/// The error for a body of another kind than expected.
pub(super) fn refused(problem: impl Into<String>, body: &[u8], tokens: &Tokens) -> Error {
    Error::Decode { problem: problem.into(), excerpt: excerpt(body, tokens), empty: false }
}

/// The start of a body for a message. The token is masked before the text is cut, since the cut could leave half of it.
fn excerpt(body: &[u8], tokens: &Tokens) -> String {
    let mut text = String::from_utf8_lossy(body.get(..EXCERPT_SOURCE).unwrap_or(body)).into_owned();
    tokens.mask(&mut text);
    // The body may contain tokens other than those of this call.
    mask_tokens(&mut text);
    let start: String = text.chars().take(EXCERPT_CHARACTERS).collect();
    escape_controls(&start).chars().take(EXCERPT_CHARACTERS).collect()
}
