//! A value that belongs to one process and is built again after a fork.

use std::mem;
use std::process;
use std::sync::Arc;

use arc_swap::ArcSwapOption;

struct Owned<T> {
    pid: u32,
    value: Arc<T>,
}

/// A value of this process, built on first use.
///
/// A forked child inherits the value of its parent and must not touch it: the threads do not exist in the child, locks
/// may be held forever, and the epoll descriptor is shared. So the child leaks it and builds its own. This takes no lock,
/// since the child may inherit a held one.
pub struct PerProcess<T> {
    slot: ArcSwapOption<Owned<T>>,
}

impl<T> PerProcess<T> {
    /// An empty slot.
    #[must_use]
    pub const fn new() -> Self {
        Self { slot: ArcSwapOption::const_empty() }
    }

    /// The value of this process, if it has been built.
    #[must_use]
    pub fn get(&self) -> Option<Arc<T>> {
        let current = self.slot.load();
        let owned = current.as_ref()?;
        (owned.pid == process::id()).then(|| Arc::clone(&owned.value))
    }

    /// The value of this process, built now if necessary. If two threads build at once, one value is dropped unused.
    ///
    /// # Errors
    /// The error of `build`; the slot stays unchanged.
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
            if seen.as_ref().map(Arc::as_ptr) == current.as_ref().map(Arc::as_ptr) {
                mem::forget(current);
                return Ok(Arc::clone(&fresh.value));
            }
        }
    }

    /// Empties the slot. The value is dropped with its last user; an inherited one is leaked.
    pub fn clear(&self) {
        if let Some(owned) = self.slot.swap(None)
            && owned.pid != process::id()
        {
            mem::forget(owned);
        }
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
