//! Requests through a transport, without a client.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests may")]

use std::time::Duration;

use http::HeaderValue;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use wxaudit::error::Error;
use wxaudit::token::{Token, Tokens};
use wxaudit::transport::{Limits, Options, Transport};
use wxaudit::wechat::operation::Operation;
use wxaudit::wechat::request::{AuditId, BaseUrl};

use crate::support::scripted_server::Server;

pub(crate) const LIMITS: Limits =
    Limits { connect: Some(Duration::from_secs(5)), read: Some(Duration::from_secs(5)) };

pub(crate) fn options(base_url: &str) -> Options {
    Options {
        base: BaseUrl::parse(base_url).unwrap(),
        fallbacks: Vec::new(),
        proxy: None,
        ca_file: None,
        user_agent: HeaderValue::from_static("a-test/1.0"),
        max_concurrency: 64,
    }
}

/// A transport and its base URL.
pub(crate) struct TransportHarness {
    pub(crate) transport: Transport,
    pub(crate) base: BaseUrl,
}

pub(crate) fn harness(options: &Options) -> TransportHarness {
    TransportHarness { transport: Transport::new(options).unwrap(), base: options.base.clone() }
}

pub(crate) fn transport(server: &Server) -> TransportHarness {
    harness(&options(&server.base_url))
}

pub(crate) async fn send_within(harness: &TransportHarness, limits: Limits) -> Result<String, Error> {
    let request = Operation::AuditStatus(AuditId::new(1_234_567).unwrap()).request();
    let tokens = Tokens::new(Token::new("86_a+token/of=nobody").unwrap());
    let (body, connection) =
        harness.transport.send(&harness.base, &request, &tokens, &limits, &|_| {}).await?;
    harness.transport.settle(&harness.base, connection, true);
    Ok(String::from_utf8(body).unwrap())
}

pub(crate) async fn send(harness: &TransportHarness) -> Result<String, Error> {
    send_within(harness, LIMITS).await
}

/// Fills the queue of a listener, so that the kernel drops further connection attempts.
pub(crate) async fn fill(listener: &TcpListener) -> TcpStream {
    TcpStream::connect(listener.local_addr().unwrap()).await.unwrap()
}

/// A listener with a queue for one connection.
pub(crate) fn short_queue() -> (TcpListener, String) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(0).unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    (listener, base_url)
}
