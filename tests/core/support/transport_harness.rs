//! Requests through a transport, without a client.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests may")]

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use futures_util::future::join;
use http::HeaderValue;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;
use wxaudit::error::Error;
use wxaudit::token::{Token, Tokens};
use wxaudit::transport::{Limits, Options, Transport};
use wxaudit::wechat::operation::Operation;
use wxaudit::wechat::request::{AuditId, BaseUrl};

use crate::support::scripted_server::{IN_REVIEW, Server, answer, read_request, serve_once};

pub(crate) const LIMITS: Limits =
    Limits { connect: Some(Duration::from_secs(5)), read: Some(Duration::from_secs(5)) };

/// How long a test waits for the kernel to retry a dropped connection attempt.
pub(crate) const RECONNECT_LIMIT: Duration = Duration::from_secs(10);

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

/// A transport whose first connection became idle while a second one opened, and the server's ends of both.
pub(crate) async fn used_and_unused() -> (TransportHarness, TcpListener, TcpStream, TcpStream) {
    let (listener, base_url) = short_queue();
    let harness = harness(&options(&base_url));
    let used = {
        let mut first = pin!(send(&harness));
        let accepted = async {
            let (mut connection, _) = listener.accept().await.unwrap();
            read_request(&mut connection).await.unwrap();
            connection
        };
        let mut used = tokio::select! {
            connection = accepted => connection,
            result = &mut first => panic!("{result:?}"),
        };

        let _filling = fill(&listener).await;
        let mut second = pin!(send(&harness));
        assert!(poll_fn(|context| Poll::Ready(second.as_mut().poll(context).is_pending())).await);
        used.write_all(&answer(IN_REVIEW)).await.unwrap();
        assert_eq!(first.await.unwrap(), IN_REVIEW);
        let (second, ()) = join(second, serve_once(&mut used)).await;
        assert_eq!(second.unwrap(), IN_REVIEW);
        used
    };
    listener.accept().await.unwrap();
    let (unused, _) = timeout(RECONNECT_LIMIT, listener.accept()).await.unwrap().unwrap();
    (harness, listener, used, unused)
}
