//! Paths of a settings file, anchored by being read.

use std::{
    cell::RefCell,
    ops::Deref,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Deserializer};

/// A path as the site file means it: `credential:NAME` is what systemd hands over (LoadCredential), everything else is
/// relative to the file. Being read makes it so: no list of paths has to be kept, and whoever is given one opens it as it
/// stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Anchored(PathBuf);

/// How the site file writes what systemd hands over.
const CREDENTIAL: &str = "credential:";

/// Where the unit's credentials lie while it runs, for whoever looks from outside it.
const OF_THE_UNIT: &str = "/run/credentials/facemchd.service";

thread_local! {
    /// The folder of the site file that this thread reads; serde hands nothing down to a member.
    static FOLDER: RefCell<PathBuf> = RefCell::default();
}

/// A credential that nobody handed over: only the unit has it.
pub(super) fn is_of_the_unit(file: &Path) -> bool {
    file.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(CREDENTIAL))
}

/// Reads with relative paths meant in this folder.
pub(crate) fn within<T>(folder: &Path, read: impl FnOnce() -> T) -> T {
    let before = FOLDER.replace(folder.to_owned());
    let value = read();
    FOLDER.set(before);
    value
}

impl Anchored {
    /// What the site file being read means by this.
    pub(crate) fn new(written: &str) -> Self {
        let beside = || FOLDER.with_borrow(|folder| folder.join(written));
        let Some(name) = written.strip_prefix(CREDENTIAL).filter(|name| !name.contains('/')) else {
            return Self(beside());
        };
        Self(match std::env::var_os("CREDENTIALS_DIRECTORY") {
            Some(handed_over) => Path::new(&handed_over).join(name),
            None => Some(Path::new(OF_THE_UNIT).join(name))
                .filter(|handed_over| handed_over.exists())
                .unwrap_or_else(beside),
        })
    }
}

impl Deref for Anchored {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl From<PathBuf> for Anchored {
    /// A path that nothing has to be added to.
    fn from(path: PathBuf) -> Self {
        Self(path)
    }
}

impl<'de> Deserialize<'de> for Anchored {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::new(&String::deserialize(deserializer)?))
    }
}

/// The name of something that is shipped, or the path of a file in its place.
pub(crate) fn name_or_path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let word = String::deserialize(deserializer)?;
    Ok(if is_path(&word) { Anchored::new(&word).display().to_string() } else { word })
}

fn is_path(word: &str) -> bool {
    word.contains('/') || word.ends_with(".toml")
}

/// A file by its path, or by the name that it has in a folder of the package's: `/usr/share/facemchd/board/NAME.toml`.
pub(crate) fn by_path_or_name(word: &str, folder: &str) -> PathBuf {
    match is_path(word) {
        true => PathBuf::from(word),
        false => Path::new("/usr/share/facemchd").join(folder).join(format!("{word}.toml")),
    }
}

/// The path of a file, or an `https://` address in its place.
#[cfg(feature = "hospital")]
pub(crate) fn some_path_or_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let word = String::deserialize(deserializer)?;
    if word.starts_with("http://") || word.is_empty() {
        return Err(serde::de::Error::custom("expected the path of a file, or an https:// address"));
    }
    let is_address = word.starts_with("https://");
    Ok(Some(if is_address { word } else { Anchored::new(&word).display().to_string() }))
}

#[cfg(feature = "hospital")]
pub(crate) fn some_name_or_path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    name_or_path(deserializer).map(Some)
}
