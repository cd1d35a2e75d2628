//! `[terminals]`: what a terminal that comes over the network is shown, and whose certificates count.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::Lane;

/// `[terminals]`; in builds with feature `network`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Terminals {
    /// Our certificate chain, PEM.
    pub certificate: PathBuf,
    /// Its private key, PEM, readable by the daemon's user alone.
    pub key: PathBuf,
    /// Who issues the terminals' certificates, PEM. Nobody else is believed, the system's authorities neither.
    pub ca_file: PathBuf,
    /// Which of their certificates were taken back: lists of their issuers, PEM or one as DER.
    pub crl_file: Option<PathBuf>,
}

impl Terminals {
    pub(super) fn anchor(&mut self, folder: &Path) {
        for path in [&mut self.certificate, &mut self.key, &mut self.ca_file].into_iter().chain(&mut self.crl_file) {
            *path = super::anchored(folder, path);
        }
    }
}

/// A lane whose terminal comes over the network needs both sides' certificates.
pub(super) fn fit_together(terminals: Option<&Terminals>, lane: &Lane) -> Result<(), &'static str> {
    if terminals.is_none() {
        return Err("lane.terminal over the network needs [terminals]");
    }
    if lane.allow_subjects.is_empty() {
        return Err("lane.terminal over the network needs lane.allow-subjects");
    }
    Ok(())
}
