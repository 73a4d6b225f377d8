//! The operations of WeChat's interface, each with its request and its reply.

use std::time::SystemTime;

use crate::error::Error;
use crate::json::Json;
use crate::token::Tokens;
use crate::wechat::decode;
use crate::wechat::image::{self, Picture};
use crate::wechat::request::{AuditId, MediaId, Request, RequestId};
use crate::wechat::status::{AuditStatus, LatestAuditStatus};

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
        match self {
            Self::AuditStatus(auditid) => Request::audit_status(*auditid),
            Self::LatestAuditStatus => Request::latest_audit_status(),
            Self::Screenshot(media_id) => Request::material(media_id),
            Self::Explain(rid) => Request::request_trace(rid),
            Self::Quota => Request::quota(),
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
