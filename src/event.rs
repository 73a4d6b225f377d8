//! The events of a call: what it tells an observer while it runs.

use std::borrow::Cow;

/// The kinds of events that a call tells.
pub mod kind {
    /// An attempt is about to be sent.
    pub const REQUEST: &str = "request";
    /// An answer came, or the attempt failed.
    pub const RESPONSE: &str = "response";
    /// Another attempt follows after a delay.
    pub const RETRY: &str = "retry";
    /// The token source is asked for a fresh token.
    pub const REFRESH: &str = "refresh";
}

/// Lists the fields of an event, all but its kind, and expands `$template` with the list.
macro_rules! event_fields {
    ($template:ident) => {
        $template! {
            /// When it happened, in Unix seconds.
            time: f64,
            /// The number of the call in its process; the events of one call share it.
            call: u64,
            /// The audit, for a call about one audit.
            auditid: i64,
            /// The caller's label.
            appid: String,
            /// The number of the attempt, from 1.
            attempt: u32,
            /// The HTTP method.
            method: String,
            /// The host, such as `api.weixin.qq.com`.
            host: String,
            /// The port.
            port: u16,
            /// The path of the interface, such as `/wxa/get_auditstatus`.
            url_path: String,
            /// The HTTP status of the answer.
            http_status: u16,
            /// WeChat's errcode in the answer.
            errcode: i64,
            /// WeChat's id of the request.
            rid: String,
            /// The seconds until the next attempt or poll.
            delay: f64,
            /// The seconds since the call began.
            elapsed: f64,
            /// What failed: a text that is safe to print.
            error: String,
            /// The name of its exception, `"APIError"` for every errcode.
            error_type: String,
        }
    };
}

macro_rules! define_event {
    ($($(#[$doc:meta])* $name:ident: $type:ty,)+) => {
        /// One step of a call. A field that does not apply is `None`. No field ever holds a token.
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct Event {
            /// One of [`kind`], or a kind that Python code tells, such as `poll`.
            pub kind: Cow<'static, str>,
            $($(#[$doc])* pub $name: Option<$type>,)+
        }
    };
}

event_fields!(define_event);

#[cfg(feature = "python")]
pub(crate) use event_fields;

impl Event {
    /// The same event without what could carry a secret: the query of the path, and the user and password of the host.
    #[must_use]
    pub fn redacted(self) -> Self {
        let without_query = |path: String| path.split(['?', '#']).next().unwrap_or_default().to_owned();
        let without_user = |host: String| host.rsplit('@').next().unwrap_or_default().to_owned();
        Self { url_path: self.url_path.map(without_query), host: self.host.map(without_user), ..self }
    }
}

/// A receiver of events.
pub trait Observer: Send + Sync {
    /// Takes an event; it must not block.
    fn on_event(&self, event: Event);
}
