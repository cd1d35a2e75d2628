//! Paths of the site file.

use std::{
    cell::RefCell,
    ops::Deref,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Deserializer};

/// A path as the site file means it: `credential:NAME` is what systemd hands over (LoadCredential), everything else is
/// relative to the file. Being read makes it so: no list of paths has to be kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Anchored(PathBuf);

thread_local! {
    /// The folder of the site file that this thread reads; serde hands nothing down to a member.
    static FOLDER: RefCell<PathBuf> = RefCell::default();
}

/// Reads with relative paths meant in this folder.
pub(super) fn within<T>(folder: &Path, read: impl FnOnce() -> T) -> T {
    let before = FOLDER.replace(folder.to_owned());
    let value = read();
    FOLDER.set(before);
    value
}

impl Anchored {
    /// What the site file being read means by this.
    pub(super) fn new(written: &str) -> Self {
        let credentials = std::env::var_os("CREDENTIALS_DIRECTORY");
        match (written.strip_prefix("credential:"), credentials) {
            (Some(name), Some(credentials)) if !name.contains('/') => Self(Path::new(&credentials).join(name)),
            _ => Self(FOLDER.with_borrow(|folder| folder.join(written))),
        }
    }
}

impl Deref for Anchored {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl From<Anchored> for PathBuf {
    fn from(path: Anchored) -> Self {
        path.0
    }
}

impl<'de> Deserialize<'de> for Anchored {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::new(&String::deserialize(deserializer)?))
    }
}

/// `board`: a name, or a path.
pub(super) fn name_or_path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let word = String::deserialize(deserializer)?;
    let is_path = word.contains('/') || word.ends_with(".toml");
    Ok(if is_path { Anchored::new(&word).display().to_string() } else { word })
}
