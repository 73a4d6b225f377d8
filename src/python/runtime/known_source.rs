//! Share the state of token sources that stand for the same: those that Python says are equal.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;

use pyo3::exceptions::{PyException, PyTypeError};
use pyo3::prelude::*;

use crate::call::token_source::SharedSource;
use crate::python::convert::arguments::{argument, type_name};

/// What equal token sources share in this process, for as long as a call uses one of them.
pub(crate) struct KnownSource {
    pub(crate) shared: Arc<SharedSource>,
    /// The first of the equal ones.
    source: Py<PyAny>,
    /// False for a source that cannot be hashed: only the object itself is the same source.
    hashable: bool,
    /// The latest problem of a `get_token` that raised, and its exception.
    cause: Mutex<Option<(String, Py<PyAny>)>>,
    /// The threads that `get_token` runs in, and since when. A source that hangs keeps its thread.
    threads: Mutex<Vec<(u64, Instant)>>,
}

impl KnownSource {
    /// Counts a thread in which `get_token` begins.
    pub(crate) fn enter(&self, thread: u64) {
        lock(&self.threads).push((thread, Instant::now()));
    }

    /// Ends the count of a thread.
    pub(crate) fn leave(&self, thread: u64) {
        lock(&self.threads).retain(|(entered, _)| *entered != thread);
    }

    /// The threads in which `get_token` runs, the longest first: their identifiers, and for how many seconds.
    pub(crate) fn threads(&self) -> Vec<(u64, f64)> {
        lock(&self.threads).iter().map(|(thread, since)| (*thread, since.elapsed().as_secs_f64())).collect()
    }

    /// Stores the exception of `get_token`. Returns an object to drop outside of any lock.
    pub(crate) fn note_cause(&self, problem: String, cause: Py<PyAny>) -> Option<(String, Py<PyAny>)> {
        lock(&self.cause).replace((problem, cause))
    }

    /// The exception behind a problem.
    pub(crate) fn cause(&self, py: Python<'_>, problem: &str) -> Option<Py<PyAny>> {
        let cause = lock(&self.cause);
        cause.as_ref().filter(|(noted, _)| noted == problem).map(|(_, cause)| cause.clone_ref(py))
    }
}

/// The known sources, by their hash. It keeps none of them alive.
///
/// Python objects must not be compared, created or dropped under the lock: that may run Python code, and a thread that
/// waits for the lock holds the GIL.
#[derive(Default)]
pub(crate) struct KnownSources(Mutex<HashMap<isize, Vec<Weak<KnownSource>>>>);

impl KnownSources {
    /// What a source shares with those equal to it. A source that cannot be hashed is equal to itself alone.
    pub(crate) fn of(&self, source: &Bound<'_, PyAny>) -> PyResult<Arc<KnownSource>> {
        let (hash, hashable) = match source.hash() {
            Ok(hash) => (hash, true),
            Err(error) if error.is_instance_of::<PyTypeError>(source.py()) => {
                ((source.as_ptr() as usize).cast_signed(), false)
            }
            Err(error) => return Err(broken(source, "__hash__", error)),
        };
        let mut different: Vec<Arc<KnownSource>> = Vec::new();
        loop {
            let known = self.others(hash, &different);
            if known.is_empty() {
                let fresh = Arc::new(KnownSource {
                    shared: Arc::default(),
                    source: source.clone().unbind(),
                    hashable,
                    cause: Mutex::default(),
                    threads: Mutex::default(),
                });
                if self.insert(hash, &fresh, &different) {
                    return Ok(fresh);
                }
                continue;
            }
            for other in known {
                if other.source.is(source)
                    || (hashable && other.hashable && are_equal(&other.source, source)?)
                {
                    return Ok(other);
                }
                different.push(other);
            }
        }
    }

    /// The known sources with that hash, without those that have been compared.
    fn others(&self, hash: isize, different: &[Arc<KnownSource>]) -> Vec<Arc<KnownSource>> {
        let sources = lock(&self.0);
        let known = sources.get(&hash).into_iter().flatten().filter_map(Weak::upgrade);
        // Kept until the lock is released, since dropping the last reference may run Python code.
        let known: Vec<_> = known.collect();
        drop(sources);
        known.into_iter().filter(|known| !is_among(known, different)).collect()
    }

    /// Adds a source. False if another one with that hash has been added meanwhile.
    fn insert(&self, hash: isize, fresh: &Arc<KnownSource>, different: &[Arc<KnownSource>]) -> bool {
        let mut sources = lock(&self.0);
        // Only when the map is about to grow: a batch may use a million sources, one after another.
        if sources.len() == sources.capacity() {
            sources.retain(|_, known| known.iter().any(|known| known.strong_count() > 0));
        }
        let known = sources.entry(hash).or_default();
        known.retain(|known| known.strong_count() > 0);
        if known.iter().any(|known| !different.iter().any(|other| known.as_ptr() == Arc::as_ptr(other))) {
            return false;
        }
        known.push(Arc::downgrade(fresh));
        true
    }
}

fn is_among(known: &Arc<KnownSource>, different: &[Arc<KnownSource>]) -> bool {
    different.iter().any(|other| Arc::ptr_eq(known, other))
}

fn are_equal(known: &Py<PyAny>, source: &Bound<'_, PyAny>) -> PyResult<bool> {
    known.bind(source.py()).eq(source).map_err(|error| broken(source, "__eq__", error))
}

/// The `ArgumentError` for a source whose hash or comparison raised. Exceptions such as `KeyboardInterrupt` stay as they
/// are.
fn broken(source: &Bound<'_, PyAny>, method: &str, cause: PyErr) -> PyErr {
    let py = source.py();
    if !cause.is_instance_of::<PyException>(py) {
        return cause;
    }
    let describe = || {
        // Without the text of the exception, which may contain secrets.
        let (source, raised) = (type_name(source)?, type_name(cause.value(py))?);
        Ok(format!(
            "{method} of the token source {source} raised {raised}; equal sources share their token, so make the \
             method return a value, or set __hash__ = None to compare by identity"
        ))
    };
    match describe() {
        Ok(problem) => {
            let error = argument(py, "token", problem);
            error.set_cause(py, Some(cause));
            error
        }
        Err(error) => error,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
