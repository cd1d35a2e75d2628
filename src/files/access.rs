//! Who may read or change what was opened.
//!
//! The owner is to be root or the user this process acts as. Everybody else's access is what the kernel would grant: the
//! bits of the mode, or, where the file has an access control list, its entries under its mask (acl(5)). So a
//! credential of systemd's — root's, 0400, with one entry for the unit's user, shown as 0440 — is private, and a 0640
//! whose group has members is not.

use std::{fs::File, path::Path};

use rustix::{fs::Stat, io::Errno, process::geteuid};

use super::FileError;

/// The access control list of a file, as the kernel gives it (linux/posix_acl_xattr.h).
const ACL: &str = "system.posix_acl_access";

/// Entries beyond this make a list nobody wrote for a key: the attribute of that many, bytes.
const LONGEST: usize = 4 + 8 * 64;

const USER: u16 = 0x02;
const GROUP_OBJ: u16 = 0x04;
const GROUP: u16 = 0x08;
const MASK: u16 = 0x10;
const OTHER: u16 = 0x20;

/// Refuses what anybody besides its owner may read or change.
pub(super) fn judge(opened: &File, file: &Path) -> Result<(), FileError> {
    let found = owned(opened, file)?;
    let mut attribute = [0u8; LONGEST];
    let list = match rustix::fs::fgetxattr(opened, ACL, &mut attribute[..]) {
        Ok(length) => Some(&attribute[..length.min(LONGEST)]),
        // No list, or a file system that knows none: the mode is all there is.
        Err(Errno::NODATA | Errno::OPNOTSUPP | Errno::NOSYS) => None,
        Err(error) => return Err(FileError::unreadable(file, error)),
    };
    let exposed = |who: String| FileError::Exposed { file: file.to_owned(), who };
    match list {
        None => match found.st_mode & 0o777 {
            mode if mode & 0o077 == 0 => Ok(()),
            mode => Err(exposed(format!("mode {mode:03o} lets others read or change it; chmod 0600"))),
        },
        Some(list) => match granted(list, &[geteuid().as_raw(), 0]) {
            None => Ok(()),
            Some(who) => Err(exposed(format!("its access control list lets {who} use it; setfacl -b and chmod 0600"))),
        },
    }
}

/// Refuses a folder whose names anybody besides its owner may change.
pub(super) fn judge_folder(opened: &File, folder: &Path) -> Result<(), FileError> {
    let mode = owned(opened, folder)?.st_mode & 0o7777;
    if mode & 0o022 != 0 {
        let who = format!("mode {mode:03o} lets others put files into it; chmod 0700");
        return Err(FileError::Exposed { file: folder.to_owned(), who });
    }
    Ok(())
}

fn owned(opened: &File, file: &Path) -> Result<Stat, FileError> {
    let found = rustix::fs::fstat(opened).map_err(|error| FileError::unreadable(file, error))?;
    judge_owner(found.st_uid, file)?;
    Ok(found)
}

/// Refuses what belongs to neither root nor the user this process acts as.
pub(super) fn judge_owner(owner: u32, file: &Path) -> Result<(), FileError> {
    if owner == 0 || owner == geteuid().as_raw() {
        Ok(())
    } else {
        Err(FileError::Foreign { file: file.to_owned(), owner })
    }
}

/// Whom a list grants anything, besides the owner and these users.
fn granted(list: &[u8], ours: &[u32]) -> Option<String> {
    let entries = || list.get(4..).unwrap_or_default().chunks_exact(8).map(entry);
    let mask = entries().find(|(tag, ..)| *tag == MASK).map_or(7, |(_, permissions, _)| permissions);
    entries().find_map(|(tag, permissions, id)| match tag {
        USER if permissions & mask != 0 && !ours.contains(&id) => Some(format!("uid {id}")),
        GROUP_OBJ if permissions & mask != 0 => Some("its group".to_owned()),
        GROUP if permissions & mask != 0 => Some(format!("gid {id}")),
        OTHER if permissions != 0 => Some("everybody".to_owned()),
        _ => None,
    })
}

/// `tag:u16 permissions:u16 id:u32`, little-endian.
fn entry(bytes: &[u8]) -> (u16, u16, u32) {
    let short = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
    (short(0), short(2), u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(entries: &[(u16, u16, u32)]) -> Vec<u8> {
        let mut bytes = 2u32.to_le_bytes().to_vec();
        for (tag, permissions, id) in entries {
            bytes.extend_from_slice(&tag.to_le_bytes());
            bytes.extend_from_slice(&permissions.to_le_bytes());
            bytes.extend_from_slice(&id.to_le_bytes());
        }
        bytes
    }

    const NOBODY: u32 = u32::MAX;
    const USER_OBJ: u16 = 0x01;

    #[test]
    fn a_credential_that_one_entry_of_a_list_gives_to_our_user_is_private() {
        // As systemd makes it: user::r--,user:997:r--,group::---,mask::r--,other::---; shown as 0440.
        let systemd = list(&[
            (USER_OBJ, 4, NOBODY),
            (USER, 4, 997),
            (GROUP_OBJ, 0, NOBODY),
            (MASK, 4, NOBODY),
            (OTHER, 0, NOBODY),
        ]);
        assert_eq!(granted(&systemd, &[997, 0]), None);
        assert_eq!(granted(&systemd, &[1000, 0]).as_deref(), Some("uid 997"));
    }

    #[test]
    fn an_entry_counts_as_far_as_the_mask_lets_it() {
        let masked =
            list(&[(USER, 7, 5), (GROUP_OBJ, 4, NOBODY), (GROUP, 4, 6), (MASK, 0, NOBODY), (OTHER, 0, NOBODY)]);
        assert_eq!(granted(&masked, &[0]), None);
        let group = list(&[(GROUP_OBJ, 4, NOBODY), (MASK, 4, NOBODY), (OTHER, 0, NOBODY)]);
        assert_eq!(granted(&group, &[0]).as_deref(), Some("its group"));
        let named = list(&[(GROUP_OBJ, 0, NOBODY), (GROUP, 2, 6), (MASK, 6, NOBODY), (OTHER, 0, NOBODY)]);
        assert_eq!(granted(&named, &[0]).as_deref(), Some("gid 6"));
        let others = list(&[(GROUP_OBJ, 0, NOBODY), (MASK, 0, NOBODY), (OTHER, 4, NOBODY)]);
        assert_eq!(granted(&others, &[0]).as_deref(), Some("everybody"));
    }
}
