//! The roots a client trusts. A system's bundle holds some hundred and forty and takes a board longer to read than all
//! else of a start: clients that name the same file share what was read, for as long as one of them lives and the file
//! stays as it was.

use std::{
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, Weak},
};

use rustls::RootCertStore;

use super::{OpenError, trust::certificates};
use crate::files;

/// The system's certificates on the distributions such boards run.
const SYSTEM: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/// What clients of this process trust now.
static SHARED: Mutex<Vec<(Stamp, Weak<RootCertStore>)>> = Mutex::new(Vec::new());

/// A file as it lay there: path, device, inode, length, and when it was written and changed, seconds and nanoseconds.
#[derive(PartialEq, Eq)]
struct Stamp(PathBuf, [u64; 3], [i64; 4]);

/// Those of this file, or of the system.
pub(super) fn roots(file: Option<&Path>) -> Result<(Arc<RootCertStore>, PathBuf), OpenError> {
    let system = || SYSTEM.iter().map(Path::new).find(|file| file.exists());
    let file = file.or_else(system).unwrap_or(Path::new(SYSTEM[0]));
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    shared.retain(|(_, roots)| roots.strong_count() > 0);
    // Before it is read: one that changes meanwhile is read again the next time.
    let stamp = Stamp::of(file);
    let known = shared.iter().find(|(known, _)| Some(known) == stamp.as_ref()).and_then(|(_, roots)| roots.upgrade());
    if let Some(roots) = known {
        return Ok((roots, file.to_owned()));
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates(file)?);
    let roots = Arc::new(roots);
    shared.extend(stamp.map(|stamp| (stamp, Arc::downgrade(&roots))));
    Ok((roots, file.to_owned()))
}

impl Stamp {
    fn of(file: &Path) -> Option<Self> {
        let known = files::open(file).ok()?.metadata().ok()?;
        let times = [known.mtime(), known.mtime_nsec(), known.ctime(), known.ctime_nsec()];
        Some(Self(file.to_owned(), [known.dev(), known.ino(), known.len()], times))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn clients_of_one_file_share_its_roots_until_it_changes() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("ca.pem");
        let write = |pem: &str| files::replace(&file, pem.as_bytes()).expect("written");
        write(include_str!("../../tests/data/sp.crt.pem"));
        let (first, _) = roots(Some(&file)).expect("read");
        let (again, _) = roots(Some(&file)).expect("read");
        assert!(Arc::ptr_eq(&first, &again));
        write(include_str!("../../tests/data/sub.crt.pem"));
        let (fresh, _) = roots(Some(&file)).expect("read");
        assert_ne!(first.roots[0].subject_public_key_info, fresh.roots[0].subject_public_key_info);
        fs::remove_file(&file).expect("gone");
        assert!(roots(Some(&file)).is_err(), "what is gone is not trusted by a new client");
    }
}
