//! Keep the token sources of a batch alive, with their latest exceptions.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;

use crate::call::token_source::SharedSource;

/// The number of sources that are kept without queries, since their tokens may serve later queries.
const MAX_IDLE_SOURCES: usize = 1024;

/// The sources of the queries of a batch, and a bounded number of idle ones.
///
/// Python objects must not be created or dropped under the lock: either may run Python code, and a thread that waits for
/// the lock holds the GIL.
#[derive(Default)]
pub(crate) struct Sources(Mutex<Table>);

#[derive(Default)]
struct Table {
    /// By address, which is unique while this table keeps the source alive.
    sources: HashMap<usize, Entry>,
    of_query: HashMap<u64, usize>,
    /// The number of sources without queries.
    idle: usize,
}

impl Table {
    fn evict_idle(&mut self) -> Vec<Entry> {
        self.idle = 0;
        self.sources.extract_if(|_, entry| entry.queries == 0).map(|(_, entry)| entry).collect()
    }
}

struct Entry {
    source: Py<PyAny>,
    /// Kept for the source's latest token.
    _shared: Arc<SharedSource>,
    queries: usize,
    cause: Option<Py<PyAny>>,
}

/// The result of releasing a query: the latest exception of its source, and evicted sources.
#[derive(Default)]
pub(crate) struct Released {
    pub(crate) cause: Option<Py<PyAny>>,
    #[expect(dead_code, reason = "dropped by the caller, outside of the lock")]
    idle: Vec<Entry>,
}

impl Sources {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the source of a query and its shared state. Returns its address.
    pub(crate) fn hold(&self, index: u64, source: &Bound<'_, PyAny>, shared: &Arc<SharedSource>) -> usize {
        let address = source.as_ptr() as usize;
        let (source, shared) = (source.clone().unbind(), Arc::clone(shared));
        let mut table = self.table();
        let table = &mut *table;
        table.of_query.insert(index, address);
        match table.sources.entry(address) {
            Slot::Occupied(mut held) => {
                let entry = held.get_mut();
                entry.queries += 1;
                table.idle -= usize::from(entry.queries == 1);
            }
            Slot::Vacant(free) => {
                free.insert(Entry { source, _shared: shared, queries: 1, cause: None });
            }
        }
        address
    }

    /// The source at an address.
    pub(crate) fn get(&self, py: Python<'_>, address: usize) -> Option<Py<PyAny>> {
        self.table().sources.get(&address).map(|entry| entry.source.clone_ref(py))
    }

    /// Stores the exception of a source. Returns an object to drop outside of the lock.
    pub(crate) fn note_cause(&self, address: usize, cause: Py<PyAny>) -> Option<Py<PyAny>> {
        match self.table().sources.get_mut(&address) {
            Some(entry) => entry.cause.replace(cause),
            None => Some(cause),
        }
    }

    /// Releases the source of a query that has ended.
    pub(crate) fn release(&self, py: Python<'_>, index: u64) -> Released {
        let mut table = self.table();
        let Some(address) = table.of_query.remove(&index) else {
            return Released::default();
        };
        let Some(entry) = table.sources.get_mut(&address) else {
            return Released::default();
        };
        entry.queries -= 1;
        let cause = entry.cause.as_ref().map(|cause| cause.clone_ref(py));
        if entry.queries == 0 {
            table.idle += 1;
        }
        let idle = if table.idle > MAX_IDLE_SOURCES { table.evict_idle() } else { Vec::new() };
        drop(table);
        Released { cause, idle }
    }
}
