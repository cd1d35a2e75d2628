//! The certificates: ours, and whose counts.

use std::{io, path::Path, sync::Arc, time::Duration};

use rustix::net::sockopt;
use rustls::{
    RootCertStore, ServerConfig, ServerConnection,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::WebPkiClientVerifier,
};
use tokio::net::TcpStream;
use x509_cert::{Certificate, der::Decode as _};

use super::{Network, Protocol};
use crate::{files, terminal::TerminalError, words::WallTime};

/// A terminal that says nothing for this long, and does not answer when asked, has gone.
const SILENCE: Duration = Duration::from_secs(10);
const ASKED_EVERY: Duration = Duration::from_secs(5);
const ASKED: u32 = 3;

/// The largest file with a key or certificates, bytes.
const MOST: usize = 1 << 20;

/// The server's side of TLS: 1.2 and 1.3, a client certificate required.
pub(super) fn config(network: &Network) -> Result<Arc<ServerConfig>, TerminalError> {
    let unusable = |file: &Path, why: String| TerminalError::Pem { file: file.to_owned(), why };
    let chain = certificates(&network.certificate)?;
    let pem = files::read_secret(&network.key, MOST)?;
    let key = PrivateKeyDer::from_pem_slice(&pem).map_err(|_| unusable(&network.key, instead("private key", &pem)))?;
    let mut roots = RootCertStore::empty();
    for certificate in certificates(&network.ca_file)? {
        roots.add(certificate).map_err(|error| unusable(&network.ca_file, error.to_string()))?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .build()
        .map_err(|error| unusable(&network.ca_file, error.to_string()))?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_client_cert_verifier(verifier).with_single_cert(chain, key))
        .map_err(|error| unusable(&network.certificate, error.to_string()))?;
    if network.protocol == Protocol::Http {
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
    }
    Ok(Arc::new(config))
}

/// When our certificate ends.
pub(super) fn good_until(file: &Path) -> Result<WallTime, TerminalError> {
    let unusable = || TerminalError::Pem { file: file.to_owned(), why: "not a certificate".to_owned() };
    let ours = certificates(file)?;
    let ours = Certificate::from_der(&ours[0]).map_err(|_| unusable())?;
    let end = ours.tbs_certificate.validity.not_after.to_unix_duration();
    i64::try_from(end.as_millis()).map(WallTime).map_err(|_| unusable())
}

/// The subject of the certificate that was shown, as RFC 4514 writes it; it has been verified.
pub(super) fn subject(connection: &ServerConnection) -> Option<String> {
    let shown = connection.peer_certificates()?.first()?;
    let certificate = Certificate::from_der(shown).ok()?;
    Some(certificate.tbs_certificate.subject.to_string())
}

/// Makes the kernel notice a terminal that has gone without a word.
pub(super) fn notice_silence(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, SILENCE)?;
    sockopt::set_tcp_keepintvl(stream, ASKED_EVERY)?;
    sockopt::set_tcp_keepcnt(stream, ASKED)?;
    sockopt::set_tcp_user_timeout(stream, 20_000)?;
    Ok(())
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TerminalError> {
    let pem = files::read(file, MOST)?;
    match CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>() {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(TerminalError::Pem { file: file.to_owned(), why: instead("certificate", &pem) }),
    }
}

/// What is wrong with a file, without a word of what it says.
fn instead(wanted: &str, pem: &[u8]) -> String {
    format!("holds no usable {wanted} in PEM, but {}", files::describe(pem))
}
