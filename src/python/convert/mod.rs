//! Convert arguments, errors, JSON and tokens between Python and Rust.
//!
//! Used by all rooms of the binding; uses none of them.

pub(crate) mod arguments;
pub(crate) mod errors;
pub(crate) mod imports;
pub(crate) mod json;
pub(crate) mod shown;
pub(crate) mod token;
