//! A server on loopback with a script of one act for each request, across all connections.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests may panic as tests may"
)]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

pub(crate) const IN_REVIEW: &str = r#"{"errcode":0,"errmsg":"ok","status":2}"#;

/// The reaction to one request.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// Sends these bytes; the connection stays open.
    Send(Vec<u8>),
    /// Sends these bytes and closes the connection.
    SendAndClose(Vec<u8>),
    /// Sends these bytes, and then nothing until the client disconnects.
    SendAndStall(Vec<u8>),
    /// Sends a good answer after this time.
    Wait(Duration),
}

/// An HTTP response with this body.
pub(crate) fn answer(body: impl AsRef<[u8]>) -> Vec<u8> {
    reply("200 OK", "", body)
}

/// An HTTP response with this status, these further header lines and this body.
pub(crate) fn reply(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// An answer of WeChat with this errcode.
pub(crate) fn errcode(errcode: i64) -> Act {
    Act::Send(answer(format!(
        r#"{{"errcode":{errcode},"errmsg":"some words rid: 637accc2-7d67c301-4ae3af4b"}}"#
    )))
}

/// A received request: the number of its connection, its head and its body.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Request {
    pub(crate) connection: usize,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Request {
    /// The token in its query, percent-encoded.
    pub(crate) fn token(&self) -> &str {
        let line = self.head.lines().next().unwrap();
        line.split_once("access_token=").unwrap().1.split_once(' ').unwrap().0
    }
}

#[derive(Default)]
struct State {
    script: VecDeque<Act>,
    requests: Vec<Request>,
    connections: usize,
    closed: usize,
}

/// The server, which lives as long as its runtime.
#[derive(Clone)]
pub(crate) struct Server {
    state: Arc<Mutex<State>>,
    changed: Arc<Notify>,
    pub(crate) base_url: String,
}

impl Server {
    /// Serves the script, and good answers after it.
    pub(crate) async fn start(script: impl IntoIterator<Item = Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State { script: script.into_iter().collect(), ..State::default() }));
        let server = Self { state, changed: Arc::default(), base_url };
        let accepting = server.clone();
        tokio::spawn(async move {
            loop {
                let (connection, _) = listener.accept().await.unwrap();
                accepting.state.lock().unwrap().connections += 1;
                let number = accepting.connections();
                let serving = accepting.clone();
                // An error means that the client has disconnected.
                tokio::spawn(async move {
                    serving.serve(connection, number).await.unwrap_or_default();
                    serving.change(|state| state.closed += 1);
                });
            }
        });
        server
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.state.lock().unwrap().requests.clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.state.lock().unwrap().connections
    }

    /// Waits for `count` requests.
    pub(crate) async fn wait_for_requests(&self, count: usize) {
        self.wait_for(|state| state.requests.len() >= count).await;
    }

    /// Waits until `count` connections are closed.
    pub(crate) async fn wait_for_closed(&self, count: usize) {
        self.wait_for(|state| state.closed >= count).await;
    }

    async fn wait_for(&self, done: impl Fn(&State) -> bool) {
        let waiting = async {
            loop {
                let changed = self.changed.notified();
                if done(&self.state.lock().unwrap()) {
                    return;
                }
                changed.await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), waiting).await.unwrap();
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap());
        self.changed.notify_waiters();
    }

    pub(crate) fn then(&self, act: Act) {
        self.state.lock().unwrap().script.push_back(act);
    }

    async fn serve(&self, mut connection: TcpStream, number: usize) -> std::io::Result<()> {
        while let Some((head, body)) = read_request(&mut connection).await? {
            let mut act = None;
            self.change(|state| {
                state.requests.push(Request { connection: number, head, body });
                act = state.script.pop_front();
            });
            let act = act.unwrap_or_else(|| Act::Send(answer(IN_REVIEW)));
            match act {
                Act::Send(data) => connection.write_all(&data).await?,
                Act::SendAndClose(data) => return connection.write_all(&data).await,
                Act::SendAndStall(data) => {
                    connection.write_all(&data).await?;
                    while connection.read(&mut [0; 1024]).await? > 0 {}
                    return Ok(());
                }
                Act::Wait(time) => {
                    tokio::time::sleep(time).await;
                    connection.write_all(&answer(IN_REVIEW)).await?;
                }
            }
        }
        Ok(())
    }
}

/// Answers the next request of a connection without a script.
pub(crate) async fn serve_once(connection: &mut TcpStream) {
    assert!(read_request(connection).await.unwrap().is_some());
    connection.write_all(&answer(IN_REVIEW)).await.unwrap();
}

/// The head and the body of the next request; None if the client has disconnected.
pub(crate) async fn read_request(connection: &mut TcpStream) -> std::io::Result<Option<(String, String)>> {
    let mut received = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&received).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let sizes = head.lines().filter_map(|line| line.strip_prefix("content-length: "));
            if body.len() == sizes.map(|size| size.parse::<usize>().unwrap()).sum::<usize>() {
                return Ok(Some((head.to_owned(), body.to_owned())));
            }
        }
        let mut chunk = [0; 4096];
        match connection.read(&mut chunk).await? {
            0 => return Ok(None),
            length => received.extend_from_slice(&chunk[..length]),
        }
    }
}
