//! Which certificates are trusted.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;

use super::Options;
use crate::error::{Error, Phase};
use crate::wechat::request::BaseUrl;

/// TLS 1.2 or later, by ring, with the system's certificates or those of the CA file alone.
///
/// # Errors
/// [`Error::Argument`] for an unusable CA file, [`Error::Transport`] where the system has no certificates.
pub(super) fn configuration(options: &Options) -> Result<ClientConfig, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::permanent(Phase::Start, error.to_string()))?;
    if let Some(path) = &options.ca_file {
        return Ok(builder.with_root_certificates(read(path)?).with_no_client_auth());
    }
    if !options.bases().any(BaseUrl::is_https) && options.proxy.is_none() {
        // Nothing will be verified: do not read a hundred certificates for it.
        return Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth());
    }
    let builder = builder.with_platform_verifier().map_err(|error| {
        let advice = "install the system's certificates (Debian: ca-certificates) or give ca_file";
        Error::permanent(Phase::Start, format!("{error}; {advice}"))
    })?;
    Ok(builder.with_no_client_auth())
}

fn read(path: &Path) -> Result<RootCertStore, Error> {
    let refuse = |problem: String| Error::argument("ca_file", format!("{}: {problem}", path.display()));
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| refuse(error.to_string()))? {
        let certificate = certificate.map_err(|error| refuse(error.to_string()))?;
        store.add(certificate).map_err(|error| refuse(error.to_string()))?;
    }
    if store.is_empty() {
        return Err(refuse("holds no certificate in PEM form".to_owned()));
    }
    Ok(store)
}
