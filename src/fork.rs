//! A value that belongs to one process and is built again after a fork.

use std::mem;
use std::process;
use std::sync::Arc;

use arc_swap::ArcSwapOption;

/// A process, by its id.
///
/// To ask for the current one costs a system call. So it is asked once each time that Python calls, after the last
/// code of the caller has run, and passed down. It stays the current one for the tasks that follow, since tasks are
/// never polled after a fork: the child has its own runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Process(u32);

impl Process {
    /// The calling process.
    #[must_use]
    pub fn current() -> Self {
        Self(process::id())
    }

    /// Whether it is the calling process, and not one that it was forked from.
    #[must_use]
    pub fn is_current(self) -> bool {
        self == Self::current()
    }
}

struct Owned<T> {
    process: Process,
    value: Arc<T>,
}

/// A value of each process, built on first use.
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

    /// The value of the `current` process, if it has been built.
    #[must_use]
    pub fn get(&self, current: Process) -> Option<Arc<T>> {
        let owned = self.slot.load();
        let owned = owned.as_ref()?;
        (owned.process == current).then(|| Arc::clone(&owned.value))
    }

    /// The value of the `current` process, built now if necessary. If two threads build at once, one value is dropped unused.
    ///
    /// # Errors
    /// The error of `build`; the slot stays unchanged.
    pub fn get_or_build<E>(
        &self,
        current: Process,
        build: impl FnOnce() -> Result<T, E>,
    ) -> Result<Arc<T>, E> {
        if let Some(value) = self.get(current) {
            return Ok(value);
        }
        let fresh = Arc::new(Owned { process: current, value: Arc::new(build()?) });
        loop {
            let before = self.slot.load_full();
            if let Some(owned) = before.as_ref()
                && owned.process == current
            {
                return Ok(Arc::clone(&owned.value));
            }
            let seen = self.slot.compare_and_swap(&before, Some(Arc::clone(&fresh)));
            if seen.as_ref().map(Arc::as_ptr) == before.as_ref().map(Arc::as_ptr) {
                mem::forget(before);
                return Ok(Arc::clone(&fresh.value));
            }
        }
    }

    /// Empties the slot. The value is dropped with its last user; an inherited one is leaked.
    pub fn clear(&self) {
        if let Some(owned) = self.slot.swap(None)
            && !owned.process.is_current()
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
