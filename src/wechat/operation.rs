//! The operations of WeChat's interface, each with its request and its reply.

use std::time::SystemTime;

use http::Method;

use crate::error::Error;
use crate::json::Json;
use crate::token::Tokens;
use crate::wechat::decode;
use crate::wechat::image::{self, Picture};
use crate::wechat::request::{AuditId, MediaId, Request, RequestId};
use crate::wechat::status::{AuditStatus, LatestAuditStatus};

/// JSON answers have a few hundred bytes.
const MAX_JSON_SIZE: usize = 256 * 1024;

/// WeChat accepts images of up to 10 MB.
const MAX_MATERIAL_SIZE: usize = 20 * 1024 * 1024;

/// An operation and its parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// The review status of an audit.
    AuditStatus(AuditId),
    /// The review status of the last submission.
    LatestAuditStatus,
    /// A screenshot by its `media_id`.
    Screenshot(MediaId),
    /// The record that WeChat keeps of a request.
    Explain(RequestId),
    /// The quota of `get_auditstatus`.
    Quota,
}

/// The interface whose quota [`Operation::Quota`] queries.
pub const QUOTA_PATH: &str = "/wxa/get_auditstatus";

/// The reply to an operation.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// To [`Operation::AuditStatus`].
    Status(AuditStatus),
    /// To [`Operation::LatestAuditStatus`].
    Latest(LatestAuditStatus),
    /// To [`Operation::Screenshot`].
    Picture(Picture),
    /// To the others: the answer, with the tokens masked.
    Object(Json),
}

impl Operation {
    /// The request of the operation.
    #[must_use]
    pub fn request(&self) -> Request {
        let (path, body) = match self {
            Self::AuditStatus(auditid) => (QUOTA_PATH, format!(r#"{{"auditid":{auditid}}}"#)),
            Self::LatestAuditStatus => ("/wxa/get_latest_auditstatus", String::new()),
            Self::Screenshot(media_id) => {
                ("/cgi-bin/material/get_material", format!(r#"{{"media_id":"{media_id}"}}"#))
            }
            Self::Explain(rid) => ("/cgi-bin/openapi/rid/get", format!(r#"{{"rid":"{rid}"}}"#)),
            Self::Quota => ("/cgi-bin/openapi/quota/get", format!(r#"{{"cgi_path":"{QUOTA_PATH}"}}"#)),
        };
        Request {
            method: if body.is_empty() { Method::GET } else { Method::POST },
            path,
            body: body.into(),
            max_answer_size: match self {
                Self::Screenshot(_) => MAX_MATERIAL_SIZE,
                _ => MAX_JSON_SIZE,
            },
        }
    }

    /// Decodes the body of the answer.
    ///
    /// # Errors
    /// [`Error::Api`] for an `errcode` other than 0, [`Error::Decode`] for an invalid answer.
    pub fn decode(&self, body: Vec<u8>, tokens: &Tokens, now: SystemTime) -> Result<Reply, Error> {
        match self {
            Self::AuditStatus(auditid) => {
                decode::audit_status(&body, *auditid, tokens, now).map(Reply::Status)
            }
            Self::LatestAuditStatus => decode::latest_audit_status(&body, tokens, now).map(Reply::Latest),
            Self::Screenshot(media_id) => image::picture(media_id, body, tokens).map(Reply::Picture),
            Self::Explain(rid) => decode::request_trace(&body, rid, tokens).map(Reply::Object),
            Self::Quota => decode::object(&body, tokens).map(Reply::Object),
        }
    }

    /// The audit, for an operation on one.
    #[must_use]
    pub fn auditid(&self) -> Option<AuditId> {
        match self {
            Self::AuditStatus(auditid) => Some(*auditid),
            _ => None,
        }
    }
}

impl Reply {
    /// Whether this is a reply to [`Operation::Quota`] that shows calls to be left today.
    #[must_use]
    pub fn has_calls_left(&self) -> bool {
        let Self::Object(object) = self else {
            return false;
        };
        object
            .get("quota")
            .and_then(|quota| quota.get("remain"))
            .and_then(decode::integer)
            .is_some_and(|left| left > 0)
    }

    /// The same reply with the caller's label.
    #[must_use]
    pub fn with_appid(mut self, appid: Option<&str>) -> Self {
        let status = match &mut self {
            Self::Status(status) => status,
            Self::Latest(latest) => &mut latest.status,
            Self::Picture(_) | Self::Object(_) => return self,
        };
        status.appid = appid.map(str::to_owned);
        self
    }
}
