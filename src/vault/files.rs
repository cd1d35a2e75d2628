//! Key files: read once, bounded, refused when others may read them, wiped when parsed.

use std::{
    fs::File,
    io::{self, Read as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use zeroize::Zeroizing;

use super::VaultError;

/// The largest key file, bytes.
const MOST: u64 = 64 * 1024;

/// The bytes of a file that only its owner may read.
pub(super) struct KeyFile {
    path: PathBuf,
    bytes: Zeroizing<Vec<u8>>,
}

impl KeyFile {
    /// Reads the file; the permission bits of what a link points to count.
    pub(super) fn read(path: &Path) -> Result<Self, VaultError> {
        let unreadable = |source| VaultError::Unreadable { file: path.to_owned(), source };
        let file = File::open(path).map_err(unreadable)?;
        let mode = file.metadata().map_err(unreadable)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(VaultError::ReadableByOthers { file: path.to_owned(), mode });
        }
        Ok(Self { path: path.to_owned(), bytes: read_bounded(file).map_err(unreadable)? })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Reads at most 64 KiB, into memory reserved beforehand so that no copy of a key is left behind by growing.
pub(super) fn read_bounded(file: File) -> io::Result<Zeroizing<Vec<u8>>> {
    let capacity = usize::try_from(MOST + 1).unwrap_or(usize::MAX);
    let mut bytes = Zeroizing::new(Vec::with_capacity(capacity));
    if file.take(MOST + 1).read_to_end(&mut bytes)? as u64 > MOST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than 64 KiB"));
    }
    Ok(bytes)
}

/// The first PEM block with one of these labels: label and DER. CRLF, indentation and text around it are tolerated.
pub(super) fn pem_block<'a>(text: &[u8], labels: &[&'a str]) -> Option<(&'a str, Zeroizing<Vec<u8>>)> {
    let text = std::str::from_utf8(text).ok()?;
    labels
        .iter()
        .filter_map(|label| {
            let begin = format!("-----BEGIN {label}-----");
            let at = text.find(&begin)?;
            Some((at, *label, at + begin.len()))
        })
        .min()
        .and_then(|(_, label, start)| {
            let body = &text[start..];
            let body = &body[..body.find(&format!("-----END {label}-----"))?];
            let mut digits = Zeroizing::new(String::with_capacity(body.len()));
            digits.extend(body.chars().filter(|c| !c.is_whitespace()));
            Some((label, Zeroizing::new(BASE64_STANDARD.decode(digits.as_bytes()).ok()?)))
        })
}
