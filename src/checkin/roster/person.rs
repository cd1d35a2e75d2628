//! Who somebody is on a roster.

use std::path::Path;

use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{
    files::{self, FileError},
    words::{Card, Credential, Identity, RealName},
};

/// The first 16 bytes of a person's HMAC-SHA256.
pub(super) type Hash = [u8; 16];

/// The key that whoever makes a roster and whoever reads it share.
pub struct RosterKey(Zeroizing<Vec<u8>>);

/// A key is so long, bytes.
const LENGTHS: std::ops::RangeInclusive<usize> = 16..=4096;

impl RosterKey {
    /// Reads its file: the bytes, less a final line break, are the key. Nothing inside where it is shorter than 16 bytes.
    pub(crate) fn read(file: &Path) -> Result<Option<Self>, FileError> {
        Ok(Self::new(files::read_secret_line(file, *LENGTHS.end())?))
    }

    /// The same of bytes.
    pub fn new(key: Zeroizing<Vec<u8>>) -> Option<Self> {
        LENGTHS.contains(&key.len()).then_some(Self(key))
    }

    /// `day`: `2026-11-26`; `kind`: `person`, `union-id`, `voucher`.
    pub(super) fn hash(&self, day: &str, kind: &str, text: &str) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        for part in [day, "\n", kind, "\n", text] {
            mac.update(part.as_bytes());
        }
        mac.finalize().into_bytes().into()
    }

    /// Everything by which this person may stand on the roster of a day.
    pub(super) fn hashes(&self, day: &str, identity: &Identity) -> Vec<Hash> {
        let mut hashes = Vec::new();
        let mut add = |kind, text: &str| hashes.push(short(&self.hash(day, kind, text)));
        if let Some((name, credential)) = document(identity) {
            add("person", &named(name, &credential));
        }
        // Whom the visit is for comes in person; whoever came with them has no place of theirs.
        if identity.patient.is_none() {
            identity.union_id.iter().for_each(|id| add("union-id", id.reveal()));
            identity.voucher.iter().for_each(|voucher| add("voucher", voucher.reveal()));
        }
        hashes
    }
}

/// The part that is kept.
pub(super) fn short(hash: &[u8; 32]) -> Hash {
    let mut short = [0; 16];
    short.copy_from_slice(&hash[..16]);
    short
}

/// Name and document on one line each, as everywhere else: `张三丰\n1:11010519491231002X`.
pub(super) fn named(name: &RealName, credential: &Credential) -> Zeroizing<String> {
    let holder = credential.holder();
    let mut text = Zeroizing::new(String::with_capacity(name.reveal().len().saturating_add(128)));
    text.push_str(name.reveal());
    text.push('\n');
    text.push_str(holder.reveal());
    text
}

/// Whose visit it is: the patient's, the person's, or that of whoever came with a card alone.
fn document(identity: &Identity) -> Option<(&RealName, Credential)> {
    let of_card = |card: &'_ Card| card.credential();
    if let Some(patient) = &identity.patient {
        return Some((&patient.name, of_card(patient)));
    }
    if let (Some(name), Some(credential)) = (&identity.real_name, &identity.credential) {
        return Some((name, credential.clone()));
    }
    identity.card.as_ref().map(|card| (&card.name, of_card(card)))
}
