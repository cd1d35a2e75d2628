//! The certificates: ours, and whose counts.

use std::{fmt, io, net::IpAddr, path::Path, sync::Arc, time::Duration};

use rustix::net::sockopt;
use rustls::{
    RootCertStore, ServerConfig, ServerConnection,
    pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, UnixTime, pem::PemObject},
    server::{NoServerSessionStorage, WebPkiClientVerifier, danger::ClientCertVerifier},
    time_provider::TimeProvider,
};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use x509_cert::{Certificate, crl::CertificateList, der::Decode as _};

use super::{Network, Protocol, Refusal};
use crate::{
    fault::Cure,
    files,
    terminal::TerminalError,
    words::{Clock, WallTime},
};

/// A terminal that says nothing for this long, and does not answer when asked, has gone.
const SILENCE: Duration = Duration::from_secs(10);
const ASKED_EVERY: Duration = Duration::from_secs(5);
const ASKED: u32 = 3;

/// The largest file with a key or certificates, and with a list of those taken back, bytes.
const MOST: usize = 1 << 20;
const LONGEST_LIST: usize = 8 << 20;

/// What is spoken within (ALPN).
const HTTP: &[u8] = b"http/1.1";

/// Who is let in, and what they are shown.
#[derive(Clone)]
pub(crate) struct Welcome {
    tls: Arc<ServerConfig>,
    verifier: Arc<dyn ClientCertVerifier>,
    allow_subjects: Vec<String>,
    validity: Validity,
}

/// A certificate that was shown, and from where. Two of one subject are the same terminal.
#[derive(Clone)]
pub(crate) struct Shown {
    pub(crate) subject: String,
    pub(super) from: IpAddr,
    chain: Arc<[CertificateDer<'static>]>,
}

/// What is to be known of the files of a network lane.
#[derive(Clone, Copy, Debug)]
pub struct Validity {
    /// When our certificate ends.
    pub certificate: WallTime,
    /// When the authority meant to have published the next list of those it took back.
    pub crl: Option<WallTime>,
}

impl Welcome {
    /// Reads everything anew. A client certificate is required at every connection.
    pub(crate) fn open(network: &Network, clock: &Arc<dyn Clock>) -> Result<Self, TerminalError> {
        let unusable = |file: &Path, why: String| TerminalError::Pem { file: file.to_owned(), why, cure: None };
        let ours = &network.credentials;
        let (chain, key) = ours_of(&ours.certificate, &ours.key)?;
        let lists = ours.crl_file.as_ref().map(|file| lists(file)).transpose()?;
        let validity = Validity {
            certificate: good_until(&chain[0]).ok_or_else(|| unusable(&ours.certificate, "not X.509".to_owned()))?,
            crl: lists.iter().flatten().filter_map(next_update).min(),
        };
        let mut roots = RootCertStore::empty();
        for certificate in certificates(&ours.ca_file)? {
            roots.add(certificate).map_err(|error| unusable(&ours.ca_file, error.to_string()))?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        if let Some(lists) = lists {
            // Of a terminal's own certificate its issuer must say that it stands; of the issuers nobody is asked.
            verifier = verifier.with_crls(lists).only_check_end_entity_revocation();
        }
        let blamed = ours.crl_file.as_ref().unwrap_or(&ours.ca_file);
        let verifier = verifier.build().map_err(|error| unusable(blamed, error.to_string()))?;
        let mut tls = server(chain, key, Arc::clone(&verifier), clock)
            .map_err(|error| unusable(&ours.certificate, error.to_string()))?;
        if network.protocol == Protocol::Http {
            tls.alpn_protocols = vec![HTTP.to_vec()];
        }
        Ok(Self { tls: Arc::new(tls), verifier, allow_subjects: network.allow_subjects.clone(), validity })
    }

    /// Until when our files are good.
    pub(crate) fn validity(&self) -> Validity {
        self.validity
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        Arc::clone(&self.tls).into()
    }

    /// Whether the certificate still counts: it stands, is not taken back, and its subject is on the list.
    pub(super) fn judge(&self, shown: &Shown, now: WallTime) -> Result<(), Refusal> {
        let (first, others) = shown.chain.split_first().ok_or(Refusal::Unreadable)?;
        let verified = self.verifier.verify_client_cert(first, others, unix_time(now));
        verified.map_err(|error| Refusal::Handshake(io::Error::other(error)))?;
        if self.allow_subjects.contains(&shown.subject) {
            Ok(())
        } else {
            Err(Refusal::Stranger(shown.subject.clone()))
        }
    }
}

/// Our certificate with its chain, and its key.
fn ours_of(
    certificate: &Path,
    key: &Path,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TerminalError> {
    let chain = certificates(certificate)?;
    let pem = files::read_secret(key, MOST)?;
    let private = PrivateKeyDer::from_pem_slice(&pem).map_err(|_| instead(key, "private key", &pem))?;
    Ok((chain, private))
}

/// TLS 1.2 and 1.3. No session is resumed, for one that is resumed outlives its certificate.
fn server(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    verifier: Arc<dyn ClientCertVerifier>,
    clock: &Arc<dyn Clock>,
) -> Result<ServerConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut tls = ServerConfig::builder_with_details(provider, Arc::new(OurTime(Arc::clone(clock))))
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)?;
    tls.session_storage = Arc::new(NoServerSessionStorage {});
    tls.send_tls13_tickets = 0;
    Ok(tls)
}

/// TLS for whoever comes, HTTP within; and when our certificate ends.
#[cfg(feature = "page")]
pub(super) fn without_certificates(
    certificate: &Path,
    key: &Path,
    clock: &Arc<dyn Clock>,
) -> Result<(TlsAcceptor, WallTime), TerminalError> {
    let (chain, key) = ours_of(certificate, key)?;
    let unusable = |why: String| TerminalError::Pem { file: certificate.to_owned(), why, cure: None };
    let until = good_until(&chain[0]).ok_or_else(|| unusable("not X.509".to_owned()))?;
    let tls = server(chain, key, WebPkiClientVerifier::no_client_auth(), clock);
    let mut tls = tls.map_err(|error| unusable(error.to_string()))?;
    tls.alpn_protocols = vec![HTTP.to_vec()];
    Ok((Arc::new(tls).into(), until))
}

impl Shown {
    /// What was shown in a handshake.
    pub(super) fn of(connection: &ServerConnection, from: IpAddr) -> Result<Self, Refusal> {
        let chain: Vec<_> = connection.peer_certificates().unwrap_or_default().to_vec();
        let first = chain.first().and_then(|first| Certificate::from_der(first).ok()).ok_or(Refusal::Unreadable)?;
        // As RFC 4514 writes it.
        let subject = first.tbs_certificate.subject.to_string();
        Ok(Self { subject, from, chain: chain.into() })
    }
}

impl Ord for Shown {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.subject.cmp(&other.subject)
    }
}

impl PartialOrd for Shown {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Shown {
    fn eq(&self, other: &Self) -> bool {
        self.subject == other.subject
    }
}

impl Eq for Shown {}

fn good_until(certificate: &CertificateDer<'_>) -> Option<WallTime> {
    Some(wall_time(Certificate::from_der(certificate).ok()?.tbs_certificate.validity.not_after))
}

/// When the next list is to be expected; a list may leave it open.
fn next_update(list: &CertificateRevocationListDer<'_>) -> Option<WallTime> {
    CertificateList::from_der(list).ok()?.tbs_cert_list.next_update.map(wall_time)
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

/// The daemon's clock, for rustls.
struct OurTime(Arc<dyn Clock>);

impl TimeProvider for OurTime {
    fn current_time(&self) -> Option<UnixTime> {
        Some(unix_time(self.0.now().wall))
    }
}

impl fmt::Debug for OurTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OurTime")
    }
}

fn unix_time(at: WallTime) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_millis(u64::try_from(at.0).unwrap_or(0)))
}

fn wall_time(at: x509_cert::time::Time) -> WallTime {
    WallTime(i64::try_from(at.to_unix_duration().as_millis()).unwrap_or(i64::MAX))
}

/// Lists of certificates that were taken back: PEM, or one as DER.
fn lists(file: &Path) -> Result<Vec<CertificateRevocationListDer<'static>>, TerminalError> {
    let bytes = files::read(file, LONGEST_LIST)?;
    match bytes.first() {
        // A DER sequence.
        Some(0x30) => Ok(vec![CertificateRevocationListDer::from(bytes.to_vec())]),
        _ => pem_of(file, "revocation list", &bytes),
    }
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TerminalError> {
    pem_of(file, "certificate", &files::read(file, MOST)?)
}

fn pem_of<T: PemObject>(file: &Path, wanted: &str, pem: &[u8]) -> Result<Vec<T>, TerminalError> {
    match T::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>() {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(instead(file, wanted, pem)),
    }
}

/// What is wrong with a file, without a word of what it says.
fn instead(file: &Path, wanted: &str, pem: &[u8]) -> TerminalError {
    let found = files::describe(pem);
    let cure = if wanted == "private key" { found.instead_of_key() } else { found.instead_of_certificate() };
    // Terminals' TLS takes keys of curves, and lists are no certificates.
    let cure = cure.filter(|cure| *cure != Cure::EcKey && wanted != "revocation list");
    TerminalError::Pem { file: file.to_owned(), why: format!("holds no usable {wanted} in PEM, but {found}"), cure }
}
