//! Whom the client trusts, and who it is.

use std::{fs, path::Path, sync::Arc};

use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig, parse_pem};

use super::{HttpError, Settings};

/// The system's certificates on the distributions such boards run.
const SYSTEM_ROOTS: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

pub(super) fn tls(settings: &Settings) -> Result<TlsConfig, HttpError> {
    let roots = match &settings.ca_file {
        Some(file) => certificates(file)?,
        None => {
            let file =
                SYSTEM_ROOTS.iter().map(Path::new).find(|file| file.exists()).unwrap_or(Path::new(SYSTEM_ROOTS[0]));
            certificates(file)?
        }
    };
    let client = match &settings.client_certificate {
        Some((chain, key)) => Some(ClientCert::new_with_certs(&certificates(chain)?, private_key(key)?)),
        None => None,
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    Ok(TlsConfig::builder()
        .unversioned_rustls_crypto_provider(provider)
        .root_certs(RootCerts::new_with_certs(&roots))
        .client_cert(client)
        .build())
}

fn certificates(file: &Path) -> Result<Vec<Certificate<'static>>, HttpError> {
    let pem = read(file)?;
    let found: Vec<_> = parse_pem(&pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if found.is_empty() {
        return Err(HttpError::NoPem { file: file.to_owned(), what: "certificate" });
    }
    Ok(found)
}

fn private_key(file: &Path) -> Result<PrivateKey<'static>, HttpError> {
    let pem = zeroize::Zeroizing::new(read(file)?);
    PrivateKey::from_pem(&pem).map_err(|_| HttpError::NoPem { file: file.to_owned(), what: "private key" })
}

fn read(file: &Path) -> Result<Vec<u8>, HttpError> {
    fs::read(file).map_err(|source| HttpError::Unreadable { file: file.to_owned(), source })
}
