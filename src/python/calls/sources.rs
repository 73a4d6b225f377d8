//! Keep the token sources of a batch alive.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::intern;
use pyo3::prelude::*;

use crate::python::runtime::known_source::{KnownSource, KnownSources};

/// The number of sources that are kept without queries, since their tokens may serve later queries. Equal ones count as
/// one.
const MAX_RECENT: usize = 1024;

/// The sources of the queries of a batch, and a bounded number of recent ones.
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
    /// By address, too.
    recent: HashMap<usize, Arc<KnownSource>>,
}

struct Entry {
    source: Py<PyAny>,
    known: Arc<KnownSource>,
    same_thread: bool,
    queries: usize,
}

/// The source of a query.
pub(crate) struct HeldSource {
    pub(crate) address: usize,
    pub(crate) known: Arc<KnownSource>,
    /// Whether it must be asked in the thread that takes the results.
    pub(crate) same_thread: bool,
}

/// The source of a query that has ended.
pub(crate) struct Released {
    /// The source, if no other query uses the same object.
    pub(crate) source: Py<PyAny>,
    pub(crate) known: Arc<KnownSource>,
    pub(crate) same_thread: bool,
    #[expect(dead_code, reason = "dropped by the caller, outside of the lock")]
    evicted: HashMap<usize, Arc<KnownSource>>,
}

impl Sources {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the source of a query, and what it shares with equal ones.
    pub(crate) fn hold(
        &self,
        index: u64,
        source: &Bound<'_, PyAny>,
        all: &KnownSources,
    ) -> PyResult<HeldSource> {
        let address = source.as_ptr() as usize;
        let fresh = if self.table().sources.contains_key(&address) {
            None
        } else {
            let same_thread = match source.getattr_opt(intern!(source.py(), "same_thread"))? {
                Some(value) => value.is_truthy()?,
                None => false,
            };
            Some((source.clone().unbind(), all.of(source)?, same_thread))
        };
        let mut table = self.table();
        let table = &mut *table;
        let entry = match (table.sources.entry(address), fresh) {
            (Slot::Occupied(held), _) => held.into_mut(),
            (Slot::Vacant(free), Some((source, known, same_thread))) => {
                free.insert(Entry { source, known, same_thread, queries: 0 })
            }
            (Slot::Vacant(_), None) => {
                // The caller holds the source and the GIL, so that nothing has released it meanwhile.
                return Err(pyo3::exceptions::PyRuntimeError::new_err(
                    "a bug in wxaudit: a token source is gone",
                ));
            }
        };
        entry.queries += 1;
        let held = HeldSource { address, known: Arc::clone(&entry.known), same_thread: entry.same_thread };
        table.of_query.insert(index, address);
        Ok(held)
    }

    /// The source at an address, and what it shares with equal ones.
    pub(crate) fn get(&self, py: Python<'_>, address: usize) -> Option<(Py<PyAny>, Arc<KnownSource>)> {
        let table = self.table();
        table.sources.get(&address).map(|entry| (entry.source.clone_ref(py), Arc::clone(&entry.known)))
    }

    /// Releases the source of a query that has ended.
    pub(crate) fn release(&self, py: Python<'_>, index: u64) -> Option<Released> {
        let mut table = self.table();
        let table = &mut *table;
        let address = table.of_query.remove(&index)?;
        let entry = table.sources.get_mut(&address)?;
        entry.queries -= 1;
        let (known, same_thread) = (Arc::clone(&entry.known), entry.same_thread);
        if entry.queries > 0 {
            let source = entry.source.clone_ref(py);
            return Some(Released { source, known, same_thread, evicted: HashMap::new() });
        }
        let Entry { source, .. } = table.sources.remove(&address)?;
        table.recent.insert(Arc::as_ptr(&known) as usize, Arc::clone(&known));
        let evicted =
            if table.recent.len() > MAX_RECENT { mem::take(&mut table.recent) } else { HashMap::new() };
        Some(Released { source, known, same_thread, evicted })
    }
}
