//! The workloads of the benchmarks, measured by time (`benches/core.rs`) and by instructions (`src/bin/instructions.rs`).

use std::error::Error;
use std::sync::atomic::AtomicU32;
use std::time::{Duration, SystemTime};

use wxaudit::call::client::{Call, Client};
use wxaudit::call::token_source::Credential;
use wxaudit::config::{Config, Settings, Timeouts};
use wxaudit::fork::Process;
use wxaudit::token::{Token, Tokens};
use wxaudit::wechat::operation::Operation;
use wxaudit::wechat::request::{AuditId, BaseUrl};
use wxaudit::wechat::status::AuditStatus;
use wxaudit::wechat::{decode, reason};

/// The most common answer.
pub const IN_REVIEW: &[u8] = br#"{"errcode":0,"errmsg":"ok","status":2}"#;

/// A rejection in the wording of WeChat.
pub const REJECTED: &str = concat!(
    r#"{"errcode":0,"errmsg":"ok","status":1,"reason":"1:账号信息不符合规范:<br>(1):包含色情因素<br>"#,
    r#"2:服务类目\"金融业-保险_\"与你提交代码审核时设置的功能页面内容不一致:<br>"#,
    r#"(1):功能页面设置的部分标签不属于所选的服务类目范围。<br>","screenshot":"xxx|yyy|zzz"}"#
);

/// The reason of that rejection.
pub const REASON: &str = concat!(
    "1:账号信息不符合规范:<br>(1):包含色情因素<br>",
    "2:服务类目\"金融业-保险_\"与你提交代码审核时设置的功能页面内容不一致:<br>",
    "(1):功能页面设置的部分标签不属于所选的服务类目范围。<br>"
);

/// Prebuilt inputs for the parts of a call.
pub struct Parts {
    auditid: AuditId,
    base: BaseUrl,
    token: Token,
    tokens: Tokens,
    now: SystemTime,
}

impl Parts {
    /// Inputs with a token as long as those of WeChat.
    ///
    /// # Errors
    /// None with these values.
    pub fn new() -> Result<Self, Box<dyn Error>> {
        let token = Token::new(&format!("80_{}", "Ab3dEf-h1jKlMn0_".repeat(8)))?;
        Ok(Self {
            auditid: AuditId::new(1_234_567)?,
            base: BaseUrl::parse("https://api.weixin.qq.com")?,
            tokens: Tokens::new(token.clone()),
            token,
            now: SystemTime::UNIX_EPOCH,
        })
    }

    /// Decodes an answer.
    ///
    /// # Errors
    /// If it is not a status.
    pub fn decode(&self, body: &[u8]) -> Result<AuditStatus, wxaudit::error::Error> {
        decode::audit_status(body, self.auditid, &self.tokens, self.now)
    }

    /// Builds URL and body. Returns their lengths, so that nothing can be optimized out.
    ///
    /// # Errors
    /// If the URL is invalid.
    pub fn request(&self) -> Result<usize, wxaudit::error::Error> {
        let request = Operation::AuditStatus(self.auditid).request();
        let target = request.uri(&self.base, &self.token)?;
        let length = target.path_and_query().map_or(0, |target| target.as_str().len());
        Ok(length + request.body.len())
    }
}

/// Parses the reason of a rejection. Returns the number of items.
#[must_use]
pub fn reasons(text: &str) -> usize {
    reason::parse(text).len()
}

/// A client of a server on loopback, and a call without retries.
///
/// # Errors
/// For a base URL that the client refuses.
pub fn client_and_call(base_url: &str) -> Result<(Client, Call), Box<dyn Error>> {
    let settings =
        Settings { base_url: Some(base_url.to_owned()), max_concurrency: 1, ..Settings::default() };
    let parts = Parts::new()?;
    let call = Call {
        process: Process::current(),
        credential: Credential::Fixed(parts.token),
        operation: Operation::AuditStatus(parts.auditid),
        appid: None,
        timeouts: Timeouts { total: Duration::from_secs(600), connect: None, read: None },
        max_retries: 0,
        observer: None,
        batch: None,
        attempts: AtomicU32::new(0),
    };
    Ok((Client::new(Config::new(settings, |_| None)?), call))
}
