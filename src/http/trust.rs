//! Whom the client trusts, and who it is.
//!
//! A resumed session and a connection kept open bring the certificate of an earlier handshake with them. It is judged
//! again by the clock of now, so that neither outlives it.

use std::{
    borrow::Cow,
    fmt,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rustls::{
    ALL_VERSIONS, ClientConfig,
    client::{Resumption, WebPkiServerVerifier, danger::ServerCertVerifier as _},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject as _},
    time_provider::TimeProvider,
};

use super::{OpenError, Route, certificate::Judge, roots::roots};
use crate::{
    files,
    words::{Clock, WallTime},
};

/// A system's bundle has a quarter of this, bytes.
const MOST: usize = 1 << 20;

/// Servers whose sessions are kept.
const SERVERS: usize = 8;

/// Roots, our own certificate, sessions.
pub(super) struct Trust {
    sessions: Mutex<Sessions>,
    verifier: Arc<WebPkiServerVerifier>,
    time: Arc<Time>,
}

/// Sessions lie in the configuration; the certificates they came with beside it, by server.
struct Sessions {
    config: Arc<ClientConfig>,
    servers: Vec<(ServerName<'static>, Vec<CertificateDer<'static>>)>,
}

/// The house's clock, for rustls.
struct Time(Arc<dyn Clock>);

impl Trust {
    /// Reads the certificates; none of a session of before is known to it.
    pub(super) fn open(route: &Route, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let (roots, file) = roots(route.ca_file.as_deref())?;
        let (provider, time) = (Arc::new(rustls::crypto::aws_lc_rs::default_provider()), Arc::new(Time(clock)));
        let verifier = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider));
        let verifier = verifier.build().map_err(|_| OpenError::NoAuthority { file })?;
        let builder = ClientConfig::builder_with_details(provider, Arc::clone(&time) as _)
            .with_protocol_versions(ALL_VERSIONS)
            .map_err(|error| OpenError::Tls(error.to_string()))?
            // rustls' own, shared with what judges certificates again.
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Judge(Arc::clone(&verifier))));
        let mut config = match &route.client_certificate {
            None => builder.with_no_client_auth(),
            Some((chain, key)) => {
                let unfit = |_| OpenError::NotAPair { key: key.to_path_buf(), certificate: chain.to_path_buf() };
                builder.with_client_auth_cert(certificates(chain)?, private_key(key)?).map_err(unfit)?
            }
        };
        config.resumption = Resumption::in_memory_sessions(SERVERS);
        let sessions = Sessions { config: Arc::new(config), servers: Vec::new() };
        Ok(Self { sessions: Mutex::new(sessions), verifier, time })
    }

    /// For the next handshake with a server: it resumes no session whose certificate would not be believed now.
    pub(super) fn config(&self, name: &ServerName<'static>) -> Arc<ClientConfig> {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let known = sessions.servers.iter().find(|(known, _)| known == name);
        if known.is_some_and(|(_, certificates)| !self.still_believes(certificates, name)) {
            sessions.forget();
        }
        Arc::clone(&sessions.config)
    }

    /// A whole handshake brought these certificates: sessions with others of the same server are over.
    pub(super) fn met(&self, name: &ServerName<'static>, certificates: &[CertificateDer<'static>]) {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        match sessions.servers.iter().find(|(known, _)| known == name) {
            Some((_, known)) if known == certificates => return,
            Some(_) => sessions.forget(),
            None if sessions.servers.len() == SERVERS => sessions.forget(),
            None => {}
        }
        sessions.servers.push((name.clone(), certificates.to_vec()));
    }

    /// Whether a certificate of an earlier handshake would be believed now.
    pub(super) fn still_believes(&self, certificates: &[CertificateDer<'_>], name: &ServerName<'_>) -> bool {
        let Some(((own, others), now)) = certificates.split_first().zip(self.time.current_time()) else { return false };
        self.verifier.verify_server_cert(own, others, name, &[], now).is_ok()
    }
}

impl Sessions {
    /// The next handshakes are whole ones.
    fn forget(&mut self) {
        let mut config = ClientConfig::clone(&self.config);
        config.resumption = Resumption::in_memory_sessions(SERVERS);
        (self.config, self.servers) = (Arc::new(config), Vec::new());
    }
}

impl TimeProvider for Time {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = u64::try_from(self.0.now().wall.unix_seconds()).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Time")
    }
}

/// When the first of a file's certificates ends.
pub(crate) fn first_end(file: &Path) -> Result<Option<WallTime>, OpenError> {
    Ok(certificates(file)?.iter().filter_map(super::certificate::good_until).min())
}

/// Every certificate of a file, one at least.
pub(super) fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, OpenError> {
    let pem = files::read(file, MOST)?;
    // Names between the blocks may be in any charset.
    let text = std::str::from_utf8(&pem).map_or_else(|_| String::from_utf8_lossy(&pem), Cow::Borrowed);
    let found: Vec<_> = files::pem_blocks(&text, "CERTIFICATE").flatten().map(CertificateDer::from).collect();
    if found.is_empty() {
        return Err(OpenError::NoPem { file: file.to_owned(), what: "certificate", found: files::describe(&pem) });
    }
    Ok(found)
}

fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, OpenError> {
    let pem = files::read_secret(file, MOST)?;
    let none = |_| OpenError::NoPem { file: file.to_owned(), what: "private key", found: files::describe(&pem) };
    PrivateKeyDer::from_pem_slice(&pem).map_err(none)
}
