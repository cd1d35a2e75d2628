//! Whom the client trusts, and who it is.

use std::{path::Path, sync::Arc};

use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig, parse_pem};

use super::{HttpError, Settings};
use crate::files;

/// The system's certificates on the distributions such boards run.
const SYSTEM_ROOTS: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/// A system's bundle has a quarter of this, bytes.
const MOST: usize = 1 << 20;

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
    let pem = files::read(file, MOST)?;
    let found: Vec<_> = parse_pem(&pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if found.is_empty() {
        return Err(HttpError::NoPem { file: file.to_owned(), what: "certificate", found: files::describe(&pem) });
    }
    Ok(found)
}

fn private_key(file: &Path) -> Result<PrivateKey<'static>, HttpError> {
    let pem = files::read_secret(file, MOST)?;
    let none = |_| HttpError::NoPem { file: file.to_owned(), what: "private key", found: files::describe(&pem) };
    PrivateKey::from_pem(&pem).map_err(none)
}
