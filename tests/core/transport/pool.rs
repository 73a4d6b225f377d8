//! The choice of a connection for a request, and what happens to it afterwards.

use std::pin::pin;
use std::time::Duration;

use crate::support::scripted_server::{Act, IN_REVIEW, Server, answer, reply, serve_once};
use crate::support::transport_harness::{RECONNECT_LIMIT, send, transport, used_and_unused};
use futures_util::future::join;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

/// Advances the clock by `time` once other tasks wait.
async fn pass(time: Duration) {
    tokio::task::yield_now().await;
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

#[tokio::test]
async fn simultaneous_requests_have_separate_connections_which_are_all_kept() {
    let server =
        Server::start([Act::Wait(Duration::from_millis(50)), Act::Wait(Duration::from_millis(50))]).await;
    let transport = transport(&server);
    for _ in 0..2 {
        let (one, other) = join(send(&transport), send(&transport)).await;
        assert!(one.is_ok() && other.is_ok());
    }
    assert_eq!((server.requests().len(), server.connections()), (4, 2));
}

#[tokio::test]
async fn a_connection_that_becomes_idle_is_used_while_a_new_one_opens_and_both_are_kept() {
    let (harness, _listener, mut used, mut unused) = used_and_unused().await;
    let both = join(send(&harness), send(&harness));
    let served = join(serve_once(&mut used), serve_once(&mut unused));
    let ((one, other), _) = timeout(RECONNECT_LIMIT, join(both, served)).await.unwrap();
    assert!(one.is_ok() && other.is_ok());
}

#[tokio::test]
async fn what_came_over_a_connection_before_its_first_request_is_not_taken_for_an_answer() {
    let (harness, listener, _used, mut unused) = used_and_unused().await;
    // Until the transport has it: it is the one that became idle last.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    // The kernel has it before tokio asks for events again.
    unused.write_all(&answer(r#"{"errcode":0,"errmsg":"stray","status":0}"#)).await.unwrap();
    let served = async {
        let (mut fresh, _) = listener.accept().await.unwrap();
        serve_once(&mut fresh).await;
    };
    let (result, ()) = timeout(RECONNECT_LIMIT, join(send(&harness), served)).await.unwrap();
    assert_eq!(result.unwrap(), IN_REVIEW);
}

#[tokio::test]
async fn a_connection_that_was_closed_while_idle_is_not_used() {
    let server = Server::start([Act::SendAndClose(answer(IN_REVIEW))]).await;
    let transport = transport(&server);
    send(&transport).await.unwrap();
    server.wait_for_closed(1).await;
    send(&transport).await.unwrap();
    let connections: Vec<_> = server.requests().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [1, 2]);
}

#[tokio::test]
async fn a_connection_is_kept_after_an_error_status() {
    let server = Server::start([Act::Send(reply("503 Busy", "", "later"))]).await;
    let transport = transport(&server);
    assert!(send(&transport).await.is_err());
    send(&transport).await.unwrap();
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn the_connection_of_a_cancelled_request_is_closed() {
    let server = Server::start([Act::SendAndStall(Vec::new())]).await;
    let transport = transport(&server);
    {
        let mut cancelled = pin!(send(&transport));
        tokio::select! {
            () = server.wait_for_requests(1) => {}
            result = &mut cancelled => panic!("{result:?}"),
        }
    }
    server.wait_for_closed(1).await;
    send(&transport).await.unwrap();
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn an_idle_connection_is_not_used_after_15_seconds_and_closed_within_30() {
    let server = Server::start([]).await;
    let transport = transport(&server);
    send(&transport).await.unwrap();
    pass(Duration::from_secs(14)).await;
    send(&transport).await.unwrap();
    assert_eq!(server.connections(), 1);
    pass(Duration::from_millis(15_100)).await;
    send(&transport).await.unwrap();
    assert_eq!(server.connections(), 2);
    pass(Duration::from_secs(30)).await;
    server.wait_for_closed(2).await;
}

#[tokio::test]
async fn idle_connections_are_closed_with_their_transport() {
    let server = Server::start([]).await;
    let transport = transport(&server);
    send(&transport).await.unwrap();
    drop(transport);
    server.wait_for_closed(1).await;
}
