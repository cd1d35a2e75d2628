//! `[terminals]`: what a terminal that comes over the network is shown, and whose certificates count.

use serde::Deserialize;

use super::{Anchored, Lane};

/// `[terminals]`; in builds with feature `network`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Terminals {
    /// Our certificate chain, PEM.
    pub certificate: Anchored,
    /// Its private key, PEM, readable by the daemon's user alone.
    pub key: Anchored,
    /// Who issues the terminals' certificates, PEM. Nobody else is believed, the system's authorities neither.
    pub ca_file: Anchored,
    /// Which of their certificates were taken back: lists of their issuers, PEM or one as DER.
    pub crl_file: Option<Anchored>,
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
