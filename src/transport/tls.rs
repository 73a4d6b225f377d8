//! The TLS configuration, and the certificates that it trusts.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;

use super::ca_file;
use super::options::Options;
use crate::error::{Error, Phase};
use crate::wechat::request::BaseUrl;

/// TLS 1.2 or later by ring, with the certificates of the CA file only, or those of the system without one.
pub(super) fn configuration(options: &Options) -> Result<ClientConfig, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::permanent(Phase::Start, error.to_string()))?;
    if let Some(path) = &options.ca_file {
        let store = ca_file::read(path).map_err(|problem| Error::argument("ca_file", problem))?;
        return Ok(builder.with_root_certificates(store).with_no_client_auth());
    }
    if !options.bases().any(BaseUrl::is_https) && options.proxy.is_none() {
        // No connection will use TLS, so the system's certificates need not be read.
        return Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth());
    }
    // Its error names no file. On Linux, the variables replace the usual places.
    let builder = builder.with_platform_verifier().map_err(|_| {
        let problem = "the system has no certificates that can be read; install them (Debian: ca-certificates), check \
                       SSL_CERT_FILE and SSL_CERT_DIR, or give ca_file";
        Error::permanent(Phase::Start, problem)
    })?;
    Ok(builder.with_no_client_auth())
}
