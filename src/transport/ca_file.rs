//! Read the certificates of a `ca_file`: all that it has, or an error that says which one cannot be used.
//!
//! No error holds anything of a file: a private key may stand in it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::pem::{self, Kind, Part};
use crate::error::in_words;

/// Bundles of all public authorities have 300 KB.
const MAX_SIZE: u64 = 16 * 1024 * 1024;

/// The certificates of a file in PEM form, of a file with one certificate in DER form, or of a directory that
/// `openssl rehash` has prepared.
pub(super) fn read(path: &Path) -> Result<RootCertStore, String> {
    let mut store = RootCertStore::empty();
    let within = |path: &Path, problem: String| format!("{}: {problem}", path.display());
    if !path.is_dir() {
        add_file(path, &mut store).map_err(|problem| within(path, problem))?;
        return Ok(store);
    }
    for file in hashed(path).map_err(|error| within(path, in_words(&error)))? {
        add_file(&file, &mut store).map_err(|problem| within(&file, problem))?;
    }
    if store.is_empty() {
        let problem = "is a directory without certificates under their hashes, such as 5ed36f99.0; run openssl rehash on \
                       it, or give a file";
        return Err(within(path, problem.to_owned()));
    }
    Ok(store)
}

/// The files of a directory that OpenSSL would look at, in a fixed order.
fn hashed(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        let is_hash = name.to_str().and_then(|name| name.split_once('.')).is_some_and(|(hash, number)| {
            hash.len() == 8
                && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
                && !number.is_empty()
                && number.bytes().all(|byte| byte.is_ascii_digit())
        });
        if is_hash {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

fn add_file(path: &Path, store: &mut RootCertStore) -> Result<(), String> {
    let mut content = Vec::new();
    let limited = File::open(path).and_then(|file| file.take(MAX_SIZE + 1).read_to_end(&mut content));
    if limited.map_err(|error| in_words(&error))? as u64 > MAX_SIZE {
        return Err("is larger than 16 MiB".to_owned());
    }
    match content.as_slice() {
        [] => Err("is empty".to_owned()),
        // The first byte of each DER file.
        [0x30, second, ..] if *second >= 0x80 => add_der(&content, store),
        text if text.contains(&0) => {
            Err("is UTF-16 text, or not text at all; save it in PEM format as ASCII or UTF-8".to_owned())
        }
        _ => add_parts(&String::from_utf8_lossy(&content), store),
    }
}

fn add_der(content: &[u8], store: &mut RootCertStore) -> Result<(), String> {
    store.add(CertificateDer::from(content.to_vec())).map_err(|_| {
        "is neither in PEM format nor a single certificate in DER format; convert it with openssl (a PKCS #12 file: \
         openssl pkcs12 -nokeys, a PKCS #7 file: openssl pkcs7 -print_certs)"
            .to_owned()
    })
}

fn add_parts(text: &str, store: &mut RootCertStore) -> Result<(), String> {
    let parts = pem::parts(text)?;
    for Part { kind, base64, place } in &parts {
        match kind {
            Kind::Certificate => {
                let certificate = decode(base64).ok_or_else(|| format!("{place} is not valid Base64"))?;
                store.add(certificate).map_err(|_| {
                    format!("{place} is damaged, or not a certificate of a form that is supported")
                })?;
            }
            Kind::TrustedCertificate => {
                return Err(format!(
                    "{place} is a TRUSTED CERTIFICATE, which has rules of OpenSSL; convert it with openssl x509 -in … -out …"
                ));
            }
            // As OpenSSL: a file may hold a key too.
            Kind::PrivateKey | Kind::Other => {}
        }
    }
    if store.is_empty() {
        let found = if parts.iter().any(|part| part.kind == Kind::PrivateKey) {
            "contains a private key and no certificate; give the file of the certificate"
        } else {
            "contains no certificate in PEM format"
        };
        return Err(found.to_owned());
    }
    Ok(())
}

fn decode(base64: &str) -> Option<CertificateDer<'static>> {
    let pem = format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n");
    CertificateDer::from_pem_slice(pem.as_bytes()).ok()
}
