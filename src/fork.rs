//! A value that belongs to one process and is built again after fork.

use std::mem;
use std::process;
use std::sync::Arc;

use arc_swap::ArcSwapOption;

struct Owned<T> {
    pid: u32,
    value: Arc<T>,
}

/// A value of this process, built at first use.
///
/// A child made by fork finds its parent's value and must not touch it: its threads do not exist, its
/// locks may be held for ever, its epoll descriptor is shared with the parent. So the child leaks it and
/// builds its own. No lock is taken on the way, since a lock could be inherited held.
pub struct PerProcess<T> {
    slot: ArcSwapOption<Owned<T>>,
}

impl<T> PerProcess<T> {
    /// An empty slot; nothing is built before [`PerProcess::get_or_build`].
    #[must_use]
    pub const fn new() -> Self {
        Self { slot: ArcSwapOption::const_empty() }
    }

    /// This process's value, if it was built already.
    #[must_use]
    pub fn get(&self) -> Option<Arc<T>> {
        let current = self.slot.load();
        let owned = current.as_ref()?;
        (owned.pid == process::id()).then(|| Arc::clone(&owned.value))
    }

    /// This process's value, built now if need be. Where two threads build at once, one value wins and the
    /// other is dropped unused.
    ///
    /// # Errors
    /// Whatever `build` fails with; the slot stays as it was.
    pub fn get_or_build<E>(&self, build: impl FnOnce() -> Result<T, E>) -> Result<Arc<T>, E> {
        if let Some(value) = self.get() {
            return Ok(value);
        }
        let fresh = Arc::new(Owned { pid: process::id(), value: Arc::new(build()?) });
        loop {
            let current = self.slot.load_full();
            if let Some(owned) = current.as_ref()
                && owned.pid == fresh.pid
            {
                return Ok(Arc::clone(&owned.value));
            }
            let seen = self.slot.compare_and_swap(&current, Some(Arc::clone(&fresh)));
            if same(seen.as_ref(), current.as_ref()) {
                mem::forget(current);
                return Ok(Arc::clone(&fresh.value));
            }
        }
    }

    /// Empties the slot; the value goes with its last user. An inherited one is leaked.
    pub fn clear(&self) {
        release(self.slot.swap(None));
    }
}

impl<T> Default for PerProcess<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Drop for PerProcess<T> {
    fn drop(&mut self) {
        self.clear();
    }
}

fn same<T>(left: Option<&Arc<T>>, right: Option<&Arc<T>>) -> bool {
    match (left, right) {
        (None, None) => true,
        (Some(left), Some(right)) => Arc::ptr_eq(left, right),
        _ => false,
    }
}

fn release<T>(owned: Option<Arc<Owned<T>>>) {
    if let Some(owned) = owned
        && owned.pid != process::id()
    {
        mem::forget(owned);
    }
}
