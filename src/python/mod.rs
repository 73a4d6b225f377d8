//! The binding: the native half of the Python package.

use pyo3::prelude::*;

mod arguments;
mod arrivals;
mod batch;
mod bridge;
mod client;
mod conversation;
mod driver;
mod errors;
mod event_loop;
mod json;
mod latest;
mod operation;
mod outbox;
mod query;
mod question;
mod result;
mod runtime;
mod secret;
mod shown;
mod sources;
mod status;

/// The native half of wxaudit; users import from `wxaudit`.
#[pymodule]
mod _native {
    use super::{Bound, PyModule, PyModuleMethods, PyResult};

    #[pymodule_export]
    use super::batch::Batch;
    #[pymodule_export]
    use super::client::{Engine, Failed};
    #[pymodule_export]
    use super::conversation::Step;
    #[pymodule_export]
    use super::event_loop::LoopPort;
    #[pymodule_export]
    use super::latest::LatestAuditStatus;
    #[pymodule_export]
    use super::query::{AuditQuery, read_query};
    #[pymodule_export]
    use super::question::Question;
    #[pymodule_export]
    use super::result::AuditResult;
    #[pymodule_export]
    use super::secret::{Hidden, Secret, conceal, hide};
    #[pymodule_export]
    use super::status::AuditStatus;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
