//! Values that belong to one process. Forking is tested from Python, since safe Rust cannot fork.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier};

use wxaudit::fork::{PerProcess, Process};

fn build(value: &str) -> impl FnOnce() -> Result<String, Infallible> {
    let value = value.to_owned();
    || Ok(value)
}

#[test]
fn nothing_is_built_before_it_is_needed_and_then_once() {
    let slot = PerProcess::new();
    assert_eq!(slot.get(Process::current()), None);
    let first = slot.get_or_build(Process::current(), build("first")).unwrap();
    let second =
        slot.get_or_build(Process::current(), || -> Result<_, Infallible> { panic!("built twice") }).unwrap();
    assert!(Arc::ptr_eq(&first, &second));
    assert!(Arc::ptr_eq(&first, &slot.get(Process::current()).unwrap()));
    assert_eq!(*first, "first");
}

#[test]
fn a_failure_to_build_leaves_the_slot_empty_for_the_next_try() {
    let slot = PerProcess::<String>::default();
    assert_eq!(
        slot.get_or_build(Process::current(), || Err("no descriptors left")),
        Err("no descriptors left")
    );
    assert_eq!(slot.get(Process::current()), None);
    assert_eq!(*slot.get_or_build(Process::current(), build("later")).unwrap(), "later");
}

#[test]
fn a_cleared_slot_is_built_anew_and_users_of_the_old_value_keep_it() {
    let slot = PerProcess::new();
    let old = slot.get_or_build(Process::current(), build("old")).unwrap();
    slot.clear();
    slot.clear();
    assert_eq!(slot.get(Process::current()), None);
    assert_eq!(*slot.get_or_build(Process::current(), build("new")).unwrap(), "new");
    assert_eq!(*old, "old");
}

/// A value that counts its living instances.
struct Counted<'a>(&'a AtomicU32);

impl<'a> Counted<'a> {
    fn new(alive: &'a AtomicU32) -> Self {
        alive.fetch_add(1, Ordering::SeqCst);
        Self(alive)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[test]
fn in_its_own_process_a_value_is_dropped_with_its_last_user() {
    let alive = AtomicU32::new(0);
    let slot = PerProcess::new();
    let user = slot.get_or_build(Process::current(), || Ok::<_, Infallible>(Counted::new(&alive))).unwrap();
    slot.clear();
    assert_eq!(alive.load(Ordering::SeqCst), 1);
    drop(user);
    assert_eq!(alive.load(Ordering::SeqCst), 0);
    slot.get_or_build(Process::current(), || Ok::<_, Infallible>(Counted::new(&alive))).unwrap();
    drop(slot);
    assert_eq!(alive.load(Ordering::SeqCst), 0);
}

#[test]
fn threads_that_build_at_once_agree_on_one_value_and_the_others_are_dropped() {
    for _ in 0..200 {
        let alive = AtomicU32::new(0);
        let slot = PerProcess::new();
        let barrier = Barrier::new(4);
        let values: Vec<_> = std::thread::scope(|scope| {
            let build = || {
                barrier.wait();
                slot.get_or_build(Process::current(), || Ok::<_, Infallible>(Counted::new(&alive))).unwrap()
            };
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(build)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(values.iter().all(|value| Arc::ptr_eq(value, &values[0])));
        assert_eq!(alive.load(Ordering::SeqCst), 1);
    }
}

#[test]
fn threads_that_clear_and_build_at_once_lose_nothing() {
    let alive = AtomicU32::new(0);
    let slot = PerProcess::new();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..2000 {
                    slot.get_or_build(Process::current(), || Ok::<_, Infallible>(Counted::new(&alive)))
                        .unwrap();
                    slot.clear();
                }
            });
        }
    });
    slot.clear();
    assert_eq!(alive.load(Ordering::SeqCst), 0);
}
