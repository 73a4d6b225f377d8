//! One request and its answer over real connections.

use std::time::{Duration, Instant};

use crate::support::scripted_server::{Act, IN_REVIEW, Server, answer, reply};
use crate::support::transport_harness::{fill, harness, options, send, send_within, short_queue, transport};
use tokio::net::TcpListener;
use wxaudit::error::{Error, Limit, Phase};
use wxaudit::transport::{Limits, Options, Transport};

const MAX_BODY_SIZE: usize = 256 * 1024;

fn transient(result: &Result<String, Error>, expected: Phase) -> bool {
    matches!(result, Err(Error::Transport { phase, transient: true, .. }) if *phase == expected)
}

fn permanent(result: &Result<String, Error>, expected: Phase) -> bool {
    matches!(result, Err(Error::Transport { phase, transient: false, .. }) if *phase == expected)
}

fn whole_without(count: usize) -> Vec<u8> {
    let mut whole = answer(IN_REVIEW);
    whole.truncate(whole.len() - count);
    whole
}

#[tokio::test]
async fn a_request_has_a_content_length_and_only_these_headers() {
    let server = Server::start([]).await;
    assert_eq!(send(&transport(&server)).await.unwrap(), IN_REVIEW);
    let [request] = &server.requests()[..] else { panic!() };
    let mut lines: Vec<_> = request.head.split("\r\n").map(str::to_owned).collect();
    let first = lines.remove(0);
    assert_eq!(first, "POST /wxa/get_auditstatus?access_token=86_a%2Btoken%2Fof%3Dnobody HTTP/1.1");
    lines.sort();
    let host = server.base_url.trim_start_matches("http://");
    let expected = [
        "accept: application/json",
        "content-length: 19",
        "content-type: application/json",
        &format!("host: {host}"),
        "user-agent: a-test/1.0",
    ];
    assert_eq!(lines, expected);
    assert_eq!(request.body, r#"{"auditid":1234567}"#);
}

#[tokio::test]
async fn connections_are_reused() {
    let server = Server::start([]).await;
    let transport = transport(&server);
    for _ in 0..5 {
        send(&transport).await.unwrap();
    }
    assert_eq!((server.requests().len(), server.connections()), (5, 1));
}

#[tokio::test]
async fn a_reused_connection_that_breaks_is_replaced_silently() {
    let cut = || Act::SendAndClose(Vec::new());
    let server = Server::start([Act::Send(answer(IN_REVIEW)), cut()]).await;
    let transport = transport(&server);
    for _ in 0..2 {
        assert_eq!(send(&transport).await.unwrap(), IN_REVIEW);
    }
    let connections: Vec<_> = server.requests().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [1, 1, 2]);
}

#[tokio::test]
async fn a_replacement_that_breaks_too_is_an_error() {
    let cut = || Act::SendAndClose(Vec::new());
    let server = Server::start([Act::Send(answer(IN_REVIEW)), cut(), cut()]).await;
    let transport = transport(&server);
    send(&transport).await.unwrap();
    assert!(transient(&send(&transport).await, Phase::Head));
    assert_eq!((server.requests().len(), server.connections()), (3, 2));
}

#[tokio::test]
async fn a_new_connection_that_breaks_is_a_transient_failure() {
    for (part, phase) in [(0, Phase::Head), (1, Phase::Head), (20, Phase::Head)] {
        let server = Server::start([Act::SendAndClose(answer(IN_REVIEW)[..part].to_vec())]).await;
        let transport = transport(&server);
        assert!(transient(&send(&transport).await, phase), "{part}");
        assert_eq!((server.requests().len(), server.connections()), (1, 1));
        assert_eq!(send(&transport).await.unwrap(), IN_REVIEW);
        assert_eq!(server.connections(), 2);
    }
}

#[tokio::test]
async fn a_truncated_body_is_a_transient_failure_on_a_reused_connection_too() {
    for missing in [1, IN_REVIEW.len()] {
        let server =
            Server::start([Act::Send(answer(IN_REVIEW)), Act::SendAndClose(whole_without(missing))]).await;
        let transport = transport(&server);
        send(&transport).await.unwrap();
        assert!(transient(&send(&transport).await, Phase::Body), "{missing}");
        assert_eq!(server.requests().len(), 2);
    }
}

#[tokio::test]
async fn a_refused_connection_is_a_transient_failure() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let transport = harness(&options(&base_url));
    assert!(transient(&send(&transport).await, Phase::Connect));
}

#[tokio::test]
async fn invalid_http_is_a_permanent_failure() {
    for garbage in
        ["hello there\r\n\r\n", "HTTP/1.1 abc OK\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", IN_REVIEW]
    {
        let server = Server::start([Act::SendAndClose(garbage.into())]).await;
        assert!(permanent(&send(&transport(&server)).await, Phase::Head), "{garbage}");
    }
    let server = Server::start([Act::SendAndClose(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".to_vec(),
    )]);
    assert!(permanent(&send(&transport(&server.await)).await, Phase::Body));
}

#[tokio::test]
async fn a_contradictory_head_is_a_permanent_failure_and_its_connection_is_closed() {
    let body = format!("{:x}\r\n{IN_REVIEW}\r\n0\r\n\r\n", IN_REVIEW.len());
    let both = format!("HTTP/1.1 200 OK\r\nContent-Length: 38\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
    let server = Server::start([Act::Send(both.into())]).await;
    let transport = transport(&server);
    assert!(permanent(&send(&transport).await, Phase::Head));
    send(&transport).await.unwrap();
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_body_has_at_most_256_kib() {
    let chunks = |size: usize| {
        let chunk = format!("{size:x}\r\n{}\r\n0\r\n\r\n", "x".repeat(size));
        format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}").into_bytes()
    };
    for (data, taken) in [
        (answer("x".repeat(MAX_BODY_SIZE)), true),
        (answer("x".repeat(MAX_BODY_SIZE + 1)), false),
        (chunks(MAX_BODY_SIZE), true),
        (chunks(MAX_BODY_SIZE + 1), false),
    ] {
        let server = Server::start([Act::Send(data)]).await;
        match send(&transport(&server)).await {
            Ok(body) => assert!(taken && body.len() == MAX_BODY_SIZE),
            Err(Error::Decode { excerpt, empty: false, .. }) => assert!(!taken && excerpt.is_empty()),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_body_that_the_head_rules_out_is_not_awaited() {
    for head in [
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", MAX_BODY_SIZE + 1),
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 60\r\n\r\n".to_owned(),
        "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 60\r\n\r\n".to_owned(),
        format!("HTTP/1.1 200 OK\r\nX: {}\r\nContent-Length: 60\r\n\r\n", "x".repeat(70_000)),
    ] {
        let server = Server::start([Act::SendAndStall(head.clone().into())]).await;
        let begun = Instant::now();
        assert!(send(&transport(&server)).await.is_err());
        assert!(begun.elapsed() < Duration::from_secs(4), "{}", &head[..40]);
    }
}

#[tokio::test]
async fn every_status_but_200_is_an_error_with_its_retry_after() {
    for (status, headers, retry_after) in [
        ("503 Busy", "", None),
        ("503 Busy", "Retry-After: 7\r\n", Some(Duration::from_secs(7))),
        ("429 Too Many", "Retry-After: soon\r\n", None),
        ("201 Created", "", None),
        ("206 Partial", "", None),
        ("302 Found", "Location: /elsewhere\r\n", None),
        ("404 Not Found", "", None),
        ("999 What", "", None),
    ] {
        let server = Server::start([Act::Send(reply(status, headers, IN_REVIEW))]).await;
        let expected = Error::HttpStatus { status: status[..3].parse().unwrap(), retry_after };
        assert_eq!(send(&transport(&server)).await, Err(expected), "{status}");
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn the_read_limit_applies_to_the_head_and_to_each_chunk_of_the_body() {
    let read = Some(Duration::from_millis(200));
    for part in [Vec::new(), b"HTTP/1.1 200".to_vec(), whole_without(IN_REVIEW.len()), whole_without(1)] {
        let server = Server::start([Act::SendAndStall(part)]).await;
        let result = send_within(&transport(&server), Limits { connect: None, read }).await;
        assert!(matches!(result, Err(Error::Timeout { limit: Limit::Read, .. })), "{result:?}");
    }
}

#[tokio::test]
async fn the_read_limit_applies_to_a_reused_connection_too() {
    let server = Server::start([Act::Send(answer(IN_REVIEW)), Act::SendAndStall(Vec::new())]).await;
    let transport = transport(&server);
    let limits = Limits { connect: None, read: Some(Duration::from_millis(200)) };
    send_within(&transport, limits).await.unwrap();
    let result = send_within(&transport, limits).await;
    assert!(matches!(result, Err(Error::Timeout { limit: Limit::Read, .. })), "{result:?}");
}

#[tokio::test]
async fn the_connect_limit_applies_to_connecting_and_the_read_limit_does_not() {
    let (listener, base_url) = short_queue();
    let _first = fill(&listener).await;
    let transport = harness(&options(&base_url));
    let connect = Duration::from_millis(400);
    let begun = Instant::now();
    let limits = Limits { connect: Some(connect), read: Some(Duration::from_millis(100)) };
    let result = send_within(&transport, limits).await;
    let detail = format!("connecting to {}", base_url.trim_start_matches("http://"));
    let expected = Error::Timeout { limit: Limit::Connect, after: connect, detail };
    assert_eq!(result, Err(expected));
    assert!(begun.elapsed() >= connect);
}

#[tokio::test]
async fn an_answer_within_the_read_limit_is_accepted() {
    let server = Server::start([Act::Wait(Duration::from_millis(50))]).await;
    let limits = Limits { connect: None, read: Some(Duration::from_secs(5)) };
    assert_eq!(send_within(&transport(&server), limits).await.unwrap(), IN_REVIEW);
}

#[tokio::test]
async fn there_are_as_many_permits_as_configured() {
    let server = Server::start([]).await;
    let transport = Transport::new(&Options { max_concurrency: 2, ..options(&server.base_url) }).unwrap();
    let (_first, second) = (transport.permit().await.unwrap(), transport.permit().await.unwrap());
    let third = tokio::time::timeout(Duration::from_millis(20), transport.permit()).await;
    assert!(third.is_err());
    drop(second);
    let _third = transport.permit().await.unwrap();
}

#[test]
fn an_unusable_ca_file_is_an_argument_error() {
    for path in ["/nowhere/ca.pem", "Cargo.toml", "src"] {
        let options = Options { ca_file: Some(path.into()), ..options("https://localhost:9") };
        let error = Transport::new(&options).err().unwrap();
        assert!(
            matches!(&error, Error::Argument { field: "ca_file", problem } if problem.contains(path)),
            "{error}"
        );
    }
}

#[tokio::test]
async fn no_error_holds_the_url() {
    let server =
        Server::start([Act::SendAndClose(b"86_a+token/of=nobody is no HTTP\r\n\r\n".to_vec())]).await;
    for server in [server.base_url.as_str(), "http://127.0.0.1:9", "https://localhost:9"] {
        let error = send(&harness(&options(server))).await.unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("nobody") && !shown.contains("access_token"), "{shown}");
    }
}
