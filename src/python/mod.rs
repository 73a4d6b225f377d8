//! The Python binding: the module `wxaudit._native`.
//!
//! | room | what lives there |
//! | --- | --- |
//! | `calls` | calls and batches on their way between Python and the core |
//! | `types` | the classes of results, queries and events |
//! | `runtime` | who drives tokio, and how blocking threads and event loops wait for it |
//! | `convert` | arguments, errors, JSON and tokens between Python and Rust |

use pyo3::prelude::*;

mod calls;
mod convert;
mod runtime;
mod types;

/// The native part of wxaudit. Import from `wxaudit` instead.
#[pymodule]
mod _native {
    use super::{Bound, PyModule, PyModuleMethods, PyResult};

    #[pymodule_export]
    use super::calls::batch::Batch;
    #[pymodule_export]
    use super::calls::engine::Engine;
    #[pymodule_export]
    use super::calls::token_request::{TokenRequest, TokenRequests};
    #[pymodule_export]
    use super::convert::shown::escape_controls;
    #[pymodule_export]
    use super::convert::token::{PyToken, as_secret, as_token};
    #[pymodule_export]
    use super::runtime::loop_bridge::LoopBridge;
    #[pymodule_export]
    use super::types::event::Event;
    #[pymodule_export]
    use super::types::latest::LatestAuditStatus;
    #[pymodule_export]
    use super::types::query::{AuditQuery, read_query};
    #[pymodule_export]
    use super::types::result::AuditResult;
    #[pymodule_export]
    use super::types::status::AuditStatus;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
