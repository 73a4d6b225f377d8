//! The native classes that users see: results, queries, events.
//!
//! May use `convert`.

pub(crate) mod event;
pub(crate) mod latest;
pub(crate) mod query;
pub(crate) mod result;
pub(crate) mod status;
