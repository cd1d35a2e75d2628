//! What WeChat lets each merchant of this site ask for, kept for `check`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    fault::{Code, Failure},
    files,
    identity::{self, Merchant},
};

/// What WeChat last granted or refused, in a file of its own: `check` reads it while the daemon holds the state.
#[derive(Clone)]
pub(super) struct PermissionFile {
    path: PathBuf,
    /// Many lookups write, one at a time.
    turn: Arc<Mutex<()>>,
}

/// What one merchant's lookup writes there.
struct PermissionOf {
    file: PermissionFile,
    merchant: String,
}

/// Its name in the state directory.
const PERMISSION: &str = "permission.json";

/// The largest, bytes: a thousand merchants have a fifth of it.
const MOST: usize = 1 << 20;

/// `permission.json`: by merchant, the latest moment of each, milliseconds since 1970.
type Records = BTreeMap<String, PermissionRecord>;

/// What WeChat said to one merchant.
#[derive(Default, serde::Serialize, serde::Deserialize)]
pub(super) struct PermissionRecord {
    pub(super) asked: String,
    pub(super) granted: Option<i64>,
    pub(super) refused: Option<i64>,
}

impl PermissionFile {
    /// The file of this state directory.
    pub(super) fn of(state_dir: &Path) -> Self {
        Self { path: state_dir.join(PERMISSION), turn: Arc::default() }
    }

    /// What stands there, by [`key`]; nothing where nobody has been asked about yet.
    pub(super) fn read(&self) -> Records {
        files::read(&self.path, MOST).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    /// Where one merchant's lookup writes.
    pub(super) fn log_of(&self, merchant: &Merchant) -> Arc<dyn identity::PermissionLog> {
        Arc::new(PermissionOf { file: self.clone(), merchant: key(merchant) })
    }

    fn write(&self, records: &Records) -> Result<(), Failure> {
        let unwritten = || Failure::new(Code::C103).told(self.path.display().to_string());
        let bytes = serde_json::to_vec(records).map_err(|error| unwritten().because(error))?;
        files::replace(&self.path, &bytes).map_err(|error| unwritten().because(error))
    }
}

/// What a merchant is called in the file.
pub(super) fn key(merchant: &Merchant) -> String {
    merchant.name.clone().unwrap_or_default()
}

impl identity::PermissionLog for PermissionOf {
    fn note(&self, permission: identity::Permission) -> Result<(), Failure> {
        let _turn = self.file.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut records = self.file.read();
        let record = records.entry(self.merchant.clone()).or_default();
        if record.asked != permission.asked.as_str() {
            *record = PermissionRecord { asked: permission.asked.as_str().to_owned(), ..PermissionRecord::default() };
        }
        let place = if permission.granted { &mut record.granted } else { &mut record.refused };
        *place = Some(permission.at.0);
        self.file.write(&records)
    }
}
