//! Opening: which padding, and whether what came out is a name.
//!
//! WeChat does not publish the padding. A wrong padding shows as an error with some engines and as
//! random bytes with others, so a plaintext counts only when it is plausible. Whatever fails, the same number of
//! private operations is spent: two per padding tried, on both fields, always to the end.

use std::sync::atomic::{AtomicBool, Ordering};

use super::{
    CharsetChoice, PaddingChoice,
    charset::{self, Charsets, Reading},
};
use crate::{
    vault::{Padding, Sealed, Unopened, Vault},
    words::{Credential, CredentialType, RealName},
};

pub(super) struct Opener {
    padding: PaddingChoice,
    charsets: Charsets,
    /// Which padding succeeded last, where it is found out.
    pkcs1_first: AtomicBool,
}

impl Opener {
    pub(super) fn new(padding: PaddingChoice, charset: CharsetChoice) -> Self {
        // OAEP first: it checks itself.
        Self { padding, charsets: Charsets::new(charset), pkcs1_first: AtomicBool::new(false) }
    }

    /// Name and document, or nothing: no reason, no hint which of them failed.
    pub(super) fn open(
        &self,
        vault: &Vault,
        name: &Sealed,
        number: Option<&Sealed>,
        kind: CredentialType,
    ) -> Result<(RealName, Option<Credential>), Unopened> {
        let attempt = |padding| self.open_with(padding, vault, name, number, kind);
        match self.padding {
            PaddingChoice::Pkcs1v15 => attempt(Padding::Pkcs1v15),
            PaddingChoice::OaepSha1 => attempt(Padding::OaepSha1),
            PaddingChoice::Auto => {
                let pkcs1_first = self.pkcs1_first.load(Ordering::Relaxed);
                let order = [Padding::OaepSha1, Padding::Pkcs1v15];
                let (first, second) = if pkcs1_first { (order[1], order[0]) } else { (order[0], order[1]) };
                attempt(first).or_else(|Unopened| {
                    let opened = attempt(second)?;
                    self.pkcs1_first.store(second == Padding::Pkcs1v15, Ordering::Relaxed);
                    Ok(opened)
                })
            }
        }
    }

    fn open_with(
        &self,
        padding: Padding,
        vault: &Vault,
        name: &Sealed,
        number: Option<&Sealed>,
        kind: CredentialType,
    ) -> Result<(RealName, Option<Credential>), Unopened> {
        let name = vault.open_sealed(padding, name);
        let number = number.map(|number| vault.open_sealed(padding, number));
        let Reading { name, proves } = self.charsets.read(&name?).ok_or(Unopened)?;
        let document = match number {
            None => None,
            Some(number) => Some(charset::credential(&number?, kind).ok_or(Unopened)?),
        };
        self.charsets.believe(proves);
        Ok((name, document))
    }
}
