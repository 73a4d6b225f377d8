//! Servers that answer as a scenario requires.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

use super::search::TOKEN;

pub(crate) const IN_REVIEW: &str = r#"{"errcode":0,"errmsg":"ok","status":2}"#;
/// Maps a received request to the bytes of the answer.
pub(crate) type Behaviour = fn(&str) -> String;

/// Serves on loopback until the process ends. Returns the port.
pub(crate) fn serve(behaviour: Behaviour) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for connection in listener.incoming() {
            thread::spawn(move || answer(&connection.unwrap(), behaviour));
        }
    });
    port
}

/// Accepts connections until the process ends, and never answers. Returns the port.
pub(crate) fn silent() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || listener.incoming().collect::<Vec<_>>());
    port
}

fn answer(mut connection: &TcpStream, behaviour: Behaviour) {
    let mut received = Vec::new();
    let mut piece = [0; 4096];
    while !is_whole(&received) {
        match connection.read(&mut piece) {
            Ok(0) | Err(_) => return,
            Ok(count) => received.extend_from_slice(&piece[..count]),
        }
    }
    // In some scenarios the client disconnects before the answer.
    let _ = connection.write_all(behaviour(&String::from_utf8_lossy(&received)).as_bytes());
    let _ = connection.shutdown(Shutdown::Write);
    let _ = connection.read(&mut piece);
}

/// Whether a request with its body, a CONNECT, or a TLS handshake has arrived.
fn is_whole(received: &[u8]) -> bool {
    let text = String::from_utf8_lossy(received);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return !received.is_empty() && received[0] == 22;
    };
    head.starts_with("CONNECT") || body.ends_with('}')
}

pub(crate) fn reply(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len())
}

pub(crate) fn json(body: &str) -> String {
    reply("200 OK", "", body)
}

/// The token as a server may echo it in JSON.
pub(crate) fn quoted(token: &str) -> String {
    token.replace('\\', "\\\\").replace('"', "\\\"").replace('/', "\\/")
}

pub(crate) fn errcode(number: i64) -> String {
    json(&format!(
        r#"{{"errcode":{number},"errmsg":"refused {} rid: 637accc2-7d67c301-4ae3af4b"}}"#,
        quoted(TOKEN)
    ))
}
