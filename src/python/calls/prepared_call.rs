//! A call without its credential.

use crate::call::client::Call;
use crate::call::token_source::Credential;
use crate::config::Timeouts;
use crate::fork::Process;
use crate::wechat::operation::Operation;

/// The checked arguments of a call.
pub(crate) struct PreparedCall {
    pub(crate) operation: Operation,
    pub(crate) appid: Option<String>,
    pub(crate) timeouts: Timeouts,
    pub(crate) max_retries: u32,
}

impl PreparedCall {
    /// The call, which `process` makes.
    pub(crate) fn with(self, credential: Credential, process: Process) -> Call {
        let Self { operation, appid, timeouts, max_retries } = self;
        Call {
            process,
            operation,
            credential,
            appid,
            timeouts,
            max_retries,
            observer: None,
            batch: None,
            attempts: 0.into(),
        }
    }
}
