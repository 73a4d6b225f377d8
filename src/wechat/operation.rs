//! What can be asked of WeChat, and what it gives: a line each for the request and for the answer.

use std::time::SystemTime;

use crate::error::Error;
use crate::json::Json;
use crate::token::Tokens;
use crate::wechat::decode;
use crate::wechat::image::{self, Picture};
use crate::wechat::request::{AuditId, MediaId, Request, RequestId};
use crate::wechat::status::{AuditStatus, LatestAuditStatus};

/// One operation, and what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// The review status of an audit.
    AuditStatus(AuditId),
    /// That of what the mini program submitted last.
    LatestAuditStatus,
    /// The picture that a `media_id` names.
    Screenshot(MediaId),
    /// What WeChat saw of a request.
    Explain(RequestId),
    /// How often `get_auditstatus` may be called.
    Quota,
}

/// What an operation gives.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// Of [`Operation::AuditStatus`].
    Status(AuditStatus),
    /// Of [`Operation::LatestAuditStatus`].
    Latest(LatestAuditStatus),
    /// Of [`Operation::Screenshot`].
    Picture(Picture),
    /// Of the others: the answer, its tokens masked.
    Object(Json),
}

impl Operation {
    /// The request that it is.
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

    /// Reads the body of its answer.
    ///
    /// # Errors
    /// [`Error::Api`] for an `errcode` that is not 0, [`Error::Decode`] for what cannot be trusted.
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

    /// The audit that it is about, where it is about one.
    #[must_use]
    pub fn auditid(&self) -> Option<AuditId> {
        match self {
            Self::AuditStatus(auditid) => Some(*auditid),
            _ => None,
        }
    }
}

impl Reply {
    /// The same with the caller's label.
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
