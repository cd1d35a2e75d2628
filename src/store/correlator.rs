//! Keyed hashes: the journal tells that two sessions were the same person, and not who.

use std::{fmt, path::Path};

use hmac::{Hmac, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::StoreError;
use crate::{
    files::{self, FileError},
    words::{Private, WayIn},
};

/// The first 16 bytes of HMAC-SHA256 under the device's correlation key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Tag(pub [u8; 16]);

/// The device's correlation key: 32 random bytes, made at the first start, never leaving the state directory.
pub struct Correlator {
    key: Zeroizing<[u8; LENGTH]>,
}

const FILE: &str = "correlation.key";

/// The key, bytes.
const LENGTH: usize = 32;

impl Correlator {
    /// Reads the key, or makes one.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        files::make_folder(dir)?;
        match Self::read(dir)? {
            Some(there) => Ok(there),
            None => Ok(Self { key: make(&dir.join(FILE))? }),
        }
    }

    /// Whether [`Correlator::open`] would find the key usable, or none; makes nothing.
    pub fn look(dir: &Path) -> Result<(), StoreError> {
        Self::read(dir).map(drop)
    }

    fn read(dir: &Path) -> Result<Option<Self>, StoreError> {
        let file = dir.join(FILE);
        let bytes = match files::read_secret(&file, LENGTH) {
            Err(error) if error.is_missing() => return Ok(None),
            Err(FileError::Empty { .. } | FileError::TooLarge { .. }) => {
                return Err(StoreError::CorrelationKey { file });
            }
            read => read?,
        };
        let key = <[u8; LENGTH]>::try_from(bytes.as_slice()).map_err(|_| StoreError::CorrelationKey { file })?;
        Ok(Some(Self { key: Zeroizing::new(key) }))
    }

    /// The hash of what somebody presented.
    pub fn way(&self, way: &WayIn) -> Tag {
        self.tag(format!("{}\0", way.as_str()).as_bytes(), way.secret().as_bytes())
    }

    /// The hash of what tells one person from another.
    pub fn person(&self, person: &Private) -> Tag {
        self.tag(b"person\0", person.reveal().as_bytes())
    }

    /// The hash of what is kept beside the journal and is nobody's to read.
    #[cfg(feature = "hospital")]
    pub fn seal(&self, what: &[u8]) -> [u8; 16] {
        self.tag(b"kept\0", what).0
    }

    fn tag(&self, domain: &[u8], text: &[u8]) -> Tag {
        let mut mac = Hmac::<Sha256>::new_from_slice(&*self.key).expect("HMAC takes keys of any length");
        mac.update(domain);
        mac.update(text);
        let mut tag = [0; 16];
        tag.copy_from_slice(&mac.finalize().into_bytes()[..16]);
        Tag(tag)
    }
}

/// Written beside and renamed, so that a power cut leaves a whole key or none.
fn make(file: &Path) -> Result<Zeroizing<[u8; LENGTH]>, StoreError> {
    let mut bytes = Zeroizing::new([0; LENGTH]);
    getrandom::fill(&mut *bytes).map_err(|_| StoreError::NoRandomNumbers)?;
    files::replace(file, &*bytes)?;
    Ok(bytes)
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for Tag {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Thirty-two hex digits are one u128, big-endian.
        u128::from_str_radix(text, 16).map(|number| Self(number.to_be_bytes()))
    }
}

impl From<Tag> for String {
    fn from(tag: Tag) -> Self {
        tag.to_string()
    }
}

impl TryFrom<String> for Tag {
    type Error = std::num::ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}
