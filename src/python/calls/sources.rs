//! The token sources of a batch: kept alive while a query needs them, with what they raised last.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;

use crate::call::token_source::SharedSource;

/// So many sources are kept beyond their last query: another one of theirs may come, and their token still holds.
const IDLE: usize = 1024;

/// The sources of the queries that a batch has taken in, and a bounded number of those whose queries are handed back.
///
/// Python objects are neither made nor dropped under the lock: either may run Python code, and a thread that waits for
/// the lock holds the interpreter.
#[derive(Default)]
pub(crate) struct Sources(Mutex<Table>);

#[derive(Default)]
struct Table {
    /// By address, which no other object has while this table holds the source.
    sources: HashMap<usize, Entry>,
    of_query: HashMap<u64, usize>,
    /// How many of the sources no query needs.
    idle: usize,
}

impl Table {
    fn sweep(&mut self) -> Vec<Entry> {
        self.idle = 0;
        self.sources.extract_if(|_, entry| entry.queries == 0).map(|(_, entry)| entry).collect()
    }
}

struct Entry {
    source: Py<PyAny>,
    /// Kept with it: what it said last holds for the queries to come.
    _shared: Arc<SharedSource>,
    queries: usize,
    cause: Option<Py<PyAny>>,
}

/// What a query leaves behind: what its source raised last, and sources that are let go.
#[derive(Default)]
pub(crate) struct Released {
    pub(crate) cause: Option<Py<PyAny>>,
    #[expect(dead_code, reason = "dropped by whoever holds the interpreter, outside of the lock")]
    idle: Vec<Entry>,
}

impl Sources {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the source of a query, and what all calls on it share; its address.
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

    /// The source at an address, while a query needs it.
    pub(crate) fn get(&self, py: Python<'_>, address: usize) -> Option<Py<PyAny>> {
        self.table().sources.get(&address).map(|entry| entry.source.clone_ref(py))
    }

    /// Remembers what a source raised; what it raised before.
    pub(crate) fn note_cause(&self, address: usize, cause: Py<PyAny>) -> Option<Py<PyAny>> {
        match self.table().sources.get_mut(&address) {
            Some(entry) => entry.cause.replace(cause),
            None => Some(cause),
        }
    }

    /// Lets a query go that is handed back.
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
        let idle = if table.idle > IDLE { table.sweep() } else { Vec::new() };
        drop(table);
        Released { cause, idle }
    }
}
