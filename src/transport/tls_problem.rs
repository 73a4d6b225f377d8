//! Say in plain words why TLS failed and what to do about it. rustls itself gives the names of its variants.

use std::time::{Duration, UNIX_EPOCH};

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error, PeerIncompatible};

use crate::escape::escape_controls;

/// How many names of a certificate a message has.
const NAMES_SHOWN: usize = 5;

const CRITICAL_EXTENSION: &str =
    "the server's certificate has a critical extension that is not supported; issue it without";

/// What went wrong, in one sentence.
pub(super) fn describe(error: &Error) -> String {
    let text = match error {
        Error::InvalidCertificate(problem) => return certificate(problem),
        Error::AlertReceived(alert) => return refusal(*alert),
        // The platform verifier of macOS and Windows passes on what the system says.
        Error::General(text) => {
            return format!("the server's certificate is not accepted: {}", escape_controls(text));
        }
        Error::InvalidMessage(_) => {
            "the server does not answer in TLS; check that the port is one of HTTPS, and that no proxy on the way answers \
             in its place"
        }
        Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        ) => "the server supports neither TLS 1.2 nor TLS 1.3; enable one of them there",
        Error::PeerIncompatible(_) => {
            "the server supports no cipher suite or key exchange of this client; enable usual ones of TLS 1.2 or 1.3 there"
        }
        Error::NoCertificatesPresented => "the server sent no certificate",
        Error::DecryptError | Error::PeerSentOversizedRecord => {
            "the TLS connection was damaged on the way; a proxy or firewall may have changed it"
        }
        Error::FailedToGetCurrentTime => {
            "the clock of this machine cannot be read, or shows a time before 1970"
        }
        Error::FailedToGetRandomBytes => "the system gives no random numbers",
        _ => {
            "the server violates the TLS protocol; a proxy or firewall on the way may have changed the connection"
        }
    };
    text.to_owned()
}

/// What the server's alert means.
fn refusal(alert: AlertDescription) -> String {
    let text = match alert {
        AlertDescription::ProtocolVersion => {
            "the server supports neither TLS 1.2 nor TLS 1.3; enable one of them there"
        }
        AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity => {
            "the server ended the handshake: it demands a client certificate, which this client does not have, or they \
             have no cipher suite in common"
        }
        AlertDescription::CertificateRequired
        | AlertDescription::NoCertificate
        | AlertDescription::BadCertificate
        | AlertDescription::AccessDenied => {
            "the server demands a client certificate, which this client does not have; check the host and the proxy"
        }
        AlertDescription::UnrecognisedName => {
            "the server does not know this host name; check the host and the proxy"
        }
        other => return format!("the server ended TLS with the alert {}", u8::from(other)),
    };
    text.to_owned()
}

fn certificate(problem: &CertificateError) -> String {
    let text = match problem {
        CertificateError::Expired => {
            "the server's certificate has expired; renew it, or correct the clock of this machine"
        }
        CertificateError::ExpiredContext { not_after, .. } => {
            return format!(
                "the server's certificate, or that of an authority above it, expired on {}; renew it, or correct the \
                 clock of this machine",
                date(*not_after)
            );
        }
        CertificateError::NotValidYet => {
            "the server's certificate is not valid yet; correct the clock of this machine"
        }
        CertificateError::NotValidYetContext { not_before, .. } => {
            return format!(
                "the server's certificate is not valid before {}; correct the clock of this machine",
                date(*not_before)
            );
        }
        CertificateError::UnknownIssuer => {
            "the server's certificate was issued by an authority that is not trusted; if this authority is your own, or \
             that of a proxy on the way, give its certificate as ca_file, or install it in the system"
        }
        CertificateError::NotValidForNameContext { expected, presented } => {
            return other_name(&expected.to_str(), presented);
        }
        CertificateError::NotValidForName => "the server's certificate is not valid for this host name",
        CertificateError::BadSignature => {
            "the signature of the server's certificate is wrong: the authority of that name has another key; give its \
             present certificate as ca_file"
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "the server's certificate is not one for servers; issue it with extendedKeyUsage=serverAuth"
        }
        CertificateError::Revoked => "the server's certificate has been revoked; issue another",
        CertificateError::BadEncoding => "the server's certificate is damaged; issue another",
        CertificateError::UnhandledCriticalExtension => CRITICAL_EXTENSION,
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "the server's certificate, or that of an authority above it, is signed in a way that is not supported, such \
             as with SHA-1; issue it with SHA-256 or better, and an RSA key of 2048 bits or more or an ECDSA key"
        }
        CertificateError::Other(other) => chain(other.0.downcast_ref::<webpki::Error>()),
        _ => "the server's certificate cannot be verified",
    };
    text.to_owned()
}

/// What rustls has no variant for.
fn chain(error: Option<&webpki::Error>) -> &'static str {
    match error {
        Some(webpki::Error::CaUsedAsEndEntity) => {
            "the server's certificate is marked as that of an authority (CA:TRUE), and such a one does not identify a \
             server; issue it with basicConstraints=CA:FALSE (openssl req -x509 … -addext \
             basicConstraints=critical,CA:FALSE), or by an authority, and give that one's certificate as ca_file"
        }
        Some(webpki::Error::EndEntityUsedAsCa) => {
            "the server's certificate was issued by one that is not marked as that of an authority; issue that one with \
             basicConstraints=critical,CA:TRUE"
        }
        Some(webpki::Error::UnsupportedCertVersion) => {
            "the server's certificate is of an old version of X.509; issue one of version 3 with a subjectAltName"
        }
        Some(webpki::Error::UnsupportedCriticalExtension) => CRITICAL_EXTENSION,
        Some(webpki::Error::NameConstraintViolation) => {
            "an authority above the server's certificate may not issue one for this host name (nameConstraints)"
        }
        Some(webpki::Error::PathLenConstraintViolated | webpki::Error::MaximumPathDepthExceeded) => {
            "there are more authorities above the server's certificate than allowed (pathLenConstraint)"
        }
        _ => "the server's certificate, or that of an authority above it, is not valid; issue another",
    }
}

/// `presented` has the names in rustls's own form: `DnsName("wechat.example")`.
fn other_name(expected: &str, presented: &[String]) -> String {
    let expected = escape_controls(expected);
    let names: Vec<_> = presented
        .iter()
        .take(NAMES_SHOWN)
        .map(|name| escape_controls(name.split('"').nth(1).unwrap_or(name)))
        .collect();
    if names.is_empty() {
        return format!(
            "the server's certificate is not valid for {expected}: it has no subjectAltName; issue it with that name"
        );
    }
    let more = if presented.len() > NAMES_SHOWN { " and others" } else { "" };
    format!(
        "the server's certificate is not valid for {expected}, but for {}{more}; connect to such a name, or issue the \
         certificate for {expected}",
        names.join(", ")
    )
}

fn date(time: UnixTime) -> String {
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(time.as_secs()))
}
