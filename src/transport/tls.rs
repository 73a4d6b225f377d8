//! The TLS configuration, and the certificates that it trusts.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;

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
        return Ok(builder.with_root_certificates(read(path)?).with_no_client_auth());
    }
    if !options.bases().any(BaseUrl::is_https) && options.proxy.is_none() {
        // No connection will use TLS, so the system's certificates need not be read.
        return Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth());
    }
    let builder = builder.with_platform_verifier().map_err(|error| {
        let advice = "install the system's certificates (Debian: ca-certificates) or give ca_file";
        Error::permanent(Phase::Start, format!("{error}; {advice}"))
    })?;
    Ok(builder.with_no_client_auth())
}

fn read(path: &Path) -> Result<RootCertStore, Error> {
    let reject = |problem: String| Error::argument("ca_file", format!("{}: {problem}", path.display()));
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| reject(error.to_string()))? {
        let certificate = certificate.map_err(|error| reject(error.to_string()))?;
        store.add(certificate).map_err(|error| reject(error.to_string()))?;
    }
    if store.is_empty() {
        return Err(reject("contains no certificate in PEM format".to_owned()));
    }
    Ok(store)
}
