//! The Python binding: the module `wxaudit._native`.
//!
//! | room | what lives there |
//! | --- | --- |
//! | `calls` | calls and batches on their way between Python and the core |
//! | `types` | the classes of results, queries and events |
//! | `runtime` | who drives tokio, and how blocking threads and event loops wait for it |
//! | `convert` | arguments, errors, JSON and tokens between Python and Rust |

use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

mod calls;
mod convert;
mod runtime;
mod types;

/// The module `builtins` of the interpreter that has loaded this library: each interpreter has its own.
static BUILTINS: PyOnceLock<Py<PyModule>> = PyOnceLock::new();

/// Refuses a second interpreter in the process. Its classes and the names that it has looked up would be those of the
/// first one, which fails later and elsewhere.
fn check_interpreter(py: Python<'_>) -> PyResult<()> {
    let builtins = py.import("builtins")?;
    if BUILTINS.get_or_init(py, || builtins.clone().unbind()).is(&builtins) {
        return Ok(());
    }
    Err(PyImportError::new_err("another interpreter of this process has loaded it already"))
}

/// The native part of wxaudit. Import from `wxaudit` instead.
#[pymodule]
mod _native {
    use super::{Bound, PyModule, PyModuleMethods, PyResult, check_interpreter};

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
        check_interpreter(module.py())?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
