//! The review status of an audit.

use std::time::SystemTime;

use crate::json::Json;
use crate::wechat::reason::{self, Reason};

/// The review status of one audit as WeChat reported it.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditStatus {
    /// The audit.
    pub auditid: i64,
    /// 0 approved, 1 rejected, 2 in review, 3 withdrawn, 4 delayed; other numbers are kept.
    pub status: i64,
    /// Why it was rejected or delayed; None if WeChat gave no text.
    pub reason: Option<String>,
    /// The `media_id`s of the screenshots.
    pub screenshots: Vec<String>,
    /// The caller's label for the mini program.
    pub appid: Option<String>,
    /// When the answer arrived, since the answer itself has no time.
    pub observed_at: SystemTime,
    /// Whether the answer had to be repaired before it could be parsed.
    pub lossy: bool,
    /// The decoded answer, with the token masked.
    pub raw: Json,
}

/// The review status of the last submission of a mini program.
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
    /// The items of the reason.
    #[must_use]
    pub fn reasons(&self) -> Vec<Reason> {
        self.reason.as_deref().map(reason::parse).unwrap_or_default()
    }
}
