//! The native classes of results and queries.
//!
//! May use `convert`.

pub(crate) mod latest;
pub(crate) mod query;
pub(crate) mod result;
pub(crate) mod status;
