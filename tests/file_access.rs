//! What lies in a file's place is named, and keeps nobody waiting.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
};

use facemchd::files::{self, FileError};

use crate::{keys::data, support::files::fifo};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, bytes: &[u8], mode: u32) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("set");
        path
    }

    fn fifo(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        fifo(&path);
        path
    }
}

#[test]
fn a_fifo_a_device_a_folder_and_a_socket_are_no_files_and_are_named() {
    let folder = Folder::new();
    let fifo = folder.fifo("fifo");
    symlink(&fifo, folder.path("link")).expect("a link");
    let _socket = std::os::unix::net::UnixListener::bind(folder.path("socket")).expect("a socket");
    for (file, what) in [
        (&*fifo, "a FIFO"),
        (&folder.path("link"), "a FIFO"),
        (folder.0.path(), "a folder"),
        (Path::new("/dev/zero"), "a device"),
        (&folder.path("socket"), "a socket"),
    ] {
        let told = format!("{}: is {what}, not a file", file.display());
        assert_eq!(files::read(file, 64).expect_err("no file").to_string(), told);
        assert_eq!(files::read_secret(file, 64).expect_err("no file").to_string(), told);
        for opened in
            [files::edit(file), files::create(file), files::append(file), files::lock(file, true).map(|_| panic!())]
        {
            assert_eq!(opened.expect_err("no file").to_string(), told);
        }
    }
    assert!(files::read(&folder.path("none"), 64).expect_err("nothing").is_missing());
}

#[test]
fn no_more_is_read_than_was_agreed() {
    let folder = Folder::new();
    let file = folder.file("large", b"12345", 0o600);
    assert_eq!(files::read(&file, 5).expect("fits"), b"12345");
    assert!(matches!(files::read(&file, 4), Err(FileError::TooLarge { most: 4, .. })));
    let sparse = folder.path("sparse");
    fs::File::create(&sparse).and_then(|file| file.set_len(200 << 20)).expect("made");
    assert!(matches!(files::read(&sparse, 1 << 20), Err(FileError::TooLarge { .. })));
}

#[test]
fn a_secret_is_for_its_owner_alone() {
    let folder = Folder::new();
    for mode in [0o600, 0o400, 0o700] {
        let file = folder.file("own", b"secret", mode);
        assert_eq!(&**files::read_secret(&file, 64).expect("private"), b"secret", "{mode:o}");
    }
    for mode in [0o640, 0o620, 0o604, 0o602, 0o644, 0o610] {
        let file = folder.file(&format!("{mode:o}"), b"secret", mode);
        let error = files::read_secret(&file, 64).expect_err("others may");
        assert!(error.is_exposed() && error.to_string().contains(&format!("mode {mode:o}")), "{error}");
    }
}

#[test]
fn a_list_that_gives_the_file_to_our_user_alone_exposes_nothing() {
    let folder = Folder::new();
    let us = rustix::process::geteuid().as_raw();
    let list = |user: u32| {
        let entries =
            [(1u16, 4u16, u32::MAX), (2, 4, user), (4, 0, u32::MAX), (0x10, 4, u32::MAX), (0x20, 0, u32::MAX)];
        let mut bytes = 2u32.to_le_bytes().to_vec();
        for (tag, permissions, id) in entries {
            bytes.extend([tag.to_le_bytes(), permissions.to_le_bytes()].concat());
            bytes.extend(id.to_le_bytes());
        }
        bytes
    };
    let give = |file: &Path, user| {
        rustix::fs::setxattr(file, "system.posix_acl_access", &list(user), rustix::fs::XattrFlags::empty())
    };
    let credential = folder.file("credential", b"secret", 0o400);
    if give(&credential, us).is_err() {
        eprintln!("left out: this file system keeps no access control lists");
        return;
    }
    let shown = fs::metadata(&credential).expect("there").permissions().mode() & 0o777;
    assert_eq!(shown, 0o440, "as LoadCredential's files are shown");
    assert_eq!(&**files::read_secret(&credential, 64).expect("ours alone"), b"secret");
    give(&credential, us + 1).expect("set");
    let error = files::read_secret(&credential, 64).expect_err("another's, too");
    assert!(error.is_exposed() && error.to_string().contains(&format!("uid {}", us + 1)), "{error}");
}

#[test]
fn a_secret_of_one_line_loses_one_line_end_and_is_not_empty() {
    let folder = Folder::new();
    for (written, meant) in
        [("key", "key"), ("key\n", "key"), ("key\r\n", "key"), ("key\n\n", "key\n"), (" key", " key")]
    {
        let file = folder.file("line", written.as_bytes(), 0o600);
        assert_eq!(&**files::read_secret_line(&file, 8).expect("a line"), meant.as_bytes(), "{written:?}");
    }
    for empty in ["", "\n", "\r\n"] {
        let file = folder.file("empty", empty.as_bytes(), 0o600);
        assert!(matches!(files::read_secret_line(&file, 8), Err(FileError::Empty { .. })), "{empty:?}");
    }
    let long = folder.file("long", b"123456789\n", 0o600);
    assert!(matches!(files::read_secret_line(&long, 8), Err(FileError::TooLarge { most: 8, .. })));
}

#[test]
fn what_lies_in_a_keys_place_is_named() {
    let begin = |label: &str| format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n");
    let ec =
        "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg\n-----END PRIVATE KEY-----\n";
    let locked = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    for (text, what) in [
        (data("sp.crt.pem"), "a certificate"),
        (data("sp.key.pem"), "a private key"),
        (data("platform.pub.pem"), "a public key"),
        (begin("ENCRYPTED PRIVATE KEY"), "a private key locked with a passphrase"),
        (locked.to_owned(), "a private key locked with a passphrase"),
        (begin("EC PRIVATE KEY"), "an EC private key"),
        (ec.to_owned(), "an EC private key"),
        (begin("OPENSSH PRIVATE KEY"), "a private key of OpenSSH"),
        (begin("CERTIFICATE REQUEST"), "a certificate request"),
        ("hello".to_owned(), "nothing in PEM"),
        (" \n".to_owned(), "nothing"),
    ] {
        assert_eq!(files::describe(text.as_bytes()).as_str(), what, "{text}");
    }
    assert_eq!(files::describe(&[0x30, 0x82, 0x04, 0xBD, 0x02]).as_str(), "something in DER, not PEM");
    let folder = Folder::new();
    let file = folder.file("hmac", data("sp.crt.pem").as_bytes(), 0o600);
    let error = files::read_secret_line(&file, 4096).expect_err("a certificate");
    assert!(error.to_string().ends_with("is a certificate, not a secret of one line"), "{error}");
}

#[test]
fn a_replaced_file_is_private_and_whole() {
    let folder = Folder::new();
    let file = folder.path("permission.json");
    files::replace(&file, b"old").expect("written");
    files::replace(&file, b"new").expect("written");
    assert_eq!(fs::read(&file).expect("there"), b"new");
    assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
    assert!(!folder.path("permission.new").exists());
}
