//! The layer around the connector: the bound on connecting, and who got a connection of its own.

use std::convert::Infallible;
use std::future::{Future, pending, ready};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tower_service::Service;
use wxaudit::connection::{ConnectTimeout, Progress, Watch, Watched};

/// A connector that takes that long, and gives the number that it is asked for.
#[derive(Clone)]
struct Slow(Duration);

impl Service<u32> for Slow {
    type Response = u32;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<u32, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, number: u32) -> Self::Future {
        let time = self.0;
        Box::pin(async move {
            sleep(time).await;
            Ok(number)
        })
    }
}

/// A connector that always fails.
#[derive(Clone)]
struct Failing;

impl Service<u32> for Failing {
    type Response = u32;
    type Error = std::io::Error;
    type Future = std::future::Ready<Result<u32, std::io::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), std::io::Error>> {
        Poll::Ready(Err(std::io::Error::other("not ready")))
    }

    fn call(&mut self, _: u32) -> Self::Future {
        ready(Err(std::io::ErrorKind::ConnectionRefused.into()))
    }
}

fn connector(milliseconds: u64) -> Watched<Slow> {
    Watched::new(Slow(Duration::from_millis(milliseconds)))
}

/// Connects as a request does: the connector is called within the request's watch.
async fn connect(milliseconds: u64) -> Result<u32, Box<dyn std::error::Error + Send + Sync>> {
    connector(milliseconds).call(7).await
}

#[tokio::test(start_paused = true)]
async fn a_request_that_needs_no_connection_is_on_a_reused_one() {
    let watch = Watch::new(None);
    assert_eq!(watch.follow(async { 5 }).await, 5);
    assert_eq!(watch.progress(), Progress::Reused);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_connects_is_on_a_fresh_one_since_that_moment() {
    let watch = Watch::new(None);
    let begun = Instant::now();
    let connected = watch.follow(connect(300)).await;
    assert_eq!(connected.unwrap(), 7);
    assert_eq!(watch.progress(), Progress::Fresh(begun + Duration::from_millis(300)));
}

#[tokio::test(start_paused = true)]
async fn while_it_connects_that_can_be_seen() {
    let watch = Watch::new(None);
    let begun = Instant::now();
    let connecting = watch.follow(connect(300));
    let given_up = tokio::time::timeout(Duration::from_millis(100), connecting).await;
    assert!(given_up.is_err());
    assert_eq!(watch.progress(), Progress::Connecting(begun));
}

#[tokio::test(start_paused = true)]
async fn connecting_is_bounded_by_the_limit_of_its_request() {
    let limit = Duration::from_millis(200);
    let watch = Watch::new(Some(limit));
    let begun = Instant::now();
    let error = watch.follow(connect(300)).await.unwrap_err();
    assert_eq!(begun.elapsed(), limit);
    assert_eq!(error.downcast_ref::<ConnectTimeout>().unwrap().0, limit);
    assert_eq!(error.to_string(), "no connection within 0.2 s");
    assert_eq!(watch.progress(), Progress::Connecting(begun));
    assert_eq!(Watch::new(Some(limit)).follow(connect(199)).await.unwrap(), 7);
}

#[tokio::test(start_paused = true)]
async fn each_request_has_its_own_watch() {
    let (one, other) = (Watch::new(Some(Duration::from_millis(50))), Watch::new(None));
    let (first, second) = tokio::join!(one.follow(connect(100)), other.follow(connect(100)));
    assert!(first.is_err() && second.is_ok());
    assert!(matches!(one.progress(), Progress::Connecting(_)));
    assert!(matches!(other.progress(), Progress::Fresh(_)));
}

#[tokio::test(start_paused = true)]
async fn a_connection_made_in_the_background_tells_nobody_and_has_no_limit() {
    let watch = Watch::new(Some(Duration::from_millis(50)));
    let mut connector = connector(100);
    let background = tokio::spawn(async move { connector.call(7).await.unwrap() });
    assert!(tokio::time::timeout(Duration::from_millis(10), watch.follow(pending::<()>())).await.is_err());
    assert_eq!(background.await.unwrap(), 7);
    assert_eq!(watch.progress(), Progress::Reused);
}

#[tokio::test]
async fn failures_are_handed_on_as_they_are() {
    let mut connector = Watched::new(Failing);
    let not_ready = std::future::poll_fn(|context| connector.poll_ready(context)).await.unwrap_err();
    assert_eq!(not_ready.to_string(), "not ready");
    let watch = Watch::new(Some(Duration::from_secs(1)));
    let error = watch.follow(async { connector.call(7).await }).await.unwrap_err();
    let error = error.downcast_ref::<std::io::Error>().unwrap();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
    assert!(matches!(watch.progress(), Progress::Connecting(_)));
}
