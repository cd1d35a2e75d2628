//! What WeChat lets this site ask for, kept for `check`.

use std::path::{Path, PathBuf};

use crate::{fault::Code, identity};

/// What WeChat last granted or refused, in a file of its own: `check` reads it while the daemon holds the state.
pub(super) struct PermissionFile(PathBuf);

/// Its name in the state directory.
const PERMISSION: &str = "permission.json";

/// `permission.json`: the latest moment of each, milliseconds since 1970.
#[derive(Default, serde::Serialize, serde::Deserialize)]
pub(super) struct PermissionRecord {
    pub(super) asked: String,
    pub(super) granted: Option<i64>,
    pub(super) refused: Option<i64>,
}

impl PermissionFile {
    /// The file of this state directory.
    pub(super) fn of(state_dir: &Path) -> Self {
        Self(state_dir.join(PERMISSION))
    }

    /// What stands there; nothing where nobody has been asked about yet.
    pub(super) fn read(&self) -> Option<PermissionRecord> {
        serde_json::from_slice(&std::fs::read(&self.0).ok()?).ok()
    }
}

impl identity::PermissionLog for PermissionFile {
    fn note(&self, permission: identity::Permission) {
        let mut record = self.read().unwrap_or_default();
        if record.asked != permission.asked.as_str() {
            record = PermissionRecord { asked: permission.asked.as_str().to_owned(), ..PermissionRecord::default() };
        }
        let place = if permission.granted { &mut record.granted } else { &mut record.refused };
        *place = Some(permission.at.0);
        if !permission.granted {
            tracing::warn!(code = %Code::N321, asked = record.asked, "WeChat refuses this for want of permission");
        }
        let fresh = self.0.with_extension("part");
        let written = serde_json::to_vec(&record)
            .map_err(std::io::Error::from)
            .and_then(|bytes| std::fs::write(&fresh, bytes))
            .and_then(|()| std::fs::rename(&fresh, &self.0));
        if let Err(error) = written {
            // Commissioning uses the lookup without a state directory.
            tracing::debug!(%error, "the permission could not be written down");
        }
    }
}
