//! What an audit's answer says: the result of the call.

use std::time::SystemTime;

use crate::json::Json;
use crate::wechat::reason::{self, Reason};

/// The review status of one audit as WeChat told it.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditStatus {
    /// The audit.
    pub auditid: i64,
    /// WeChat's number: 0 approved, 1 rejected, 2 in review, 3 withdrawn, 4 delayed; others are kept as they are.
    pub status: i64,
    /// Why it was rejected or delayed; None where WeChat gave no text.
    pub reason: Option<String>,
    /// The `media_id`s of the screenshots.
    pub screenshots: Vec<String>,
    /// The caller's label for the mini program.
    pub appid: Option<String>,
    /// When the answer arrived; the wire itself carries no time.
    pub observed_at: SystemTime,
    /// Bytes of the answer had to be repaired before it could be read.
    pub lossy: bool,
    /// The answer as decoded, the token masked.
    pub raw: Json,
}

/// The review status of what a mini program submitted last.
#[derive(Debug, Clone, PartialEq)]
pub struct LatestAuditStatus {
    /// The status.
    pub status: AuditStatus,
    /// The version that was submitted.
    pub user_version: Option<String>,
    /// Its description.
    pub user_desc: Option<String>,
    /// When it was submitted.
    pub submitted_at: Option<SystemTime>,
}

impl AuditStatus {
    /// The items of the reason's text; nothing of it is lost.
    #[must_use]
    pub fn reasons(&self) -> Vec<Reason> {
        self.reason.as_deref().map(reason::parse).unwrap_or_default()
    }
}
