//! A Unix socket of ours in the file system: made where nobody else's file lies, gone when we are.

use std::{
    fs, io,
    os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use rustix::{
    io::Errno,
    net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with},
};
use tokio::net::{UnixListener, UnixStream};

use super::TerminalError;

/// A socket that listens; its file goes with it, and no other file does.
pub struct LocalSocket {
    path: PathBuf,
    listener: UnixListener,
    /// Device and inode of what was made.
    made: Option<(u64, u64)>,
}

/// Who is at the other end, as the kernel says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalPeer {
    /// The user.
    pub uid: u32,
    /// The process; none where it lives in a namespace that cannot be seen from here.
    pub pid: Option<i32>,
}

/// The longest path of a socket, bytes (unix(7)).
const LONGEST: usize = 107;

impl LocalSocket {
    /// Makes the socket with these permission bits. What a run without an orderly end left behind is replaced; a socket
    /// somebody listens on, or a file that is none, is not.
    pub fn bind(path: &Path, mode: u32) -> Result<Self, TerminalError> {
        Self::may_be_made(path)?;
        let failed = |source| TerminalError::Bind { place: path.display().to_string(), source };
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let listener = UnixListener::bind(path).map_err(failed)?;
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(failed)?;
        Ok(Self { path: path.to_owned(), listener, made: inode(path) })
    }

    /// Whether [`LocalSocket::bind`] would find the place free; changes nothing.
    pub(crate) fn may_be_made(path: &Path) -> Result<(), TerminalError> {
        let path_of = || path.to_owned();
        let address = match SocketAddrUnix::new(path) {
            Ok(address) if path.as_os_str().len() <= LONGEST => address,
            _ => return Err(TerminalError::PathTooLong { path: path_of() }),
        };
        match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(source) => return Err(TerminalError::Bind { place: path.display().to_string(), source }),
            Ok(found) if !found.file_type().is_socket() => return Err(TerminalError::NotASocket { path: path_of() }),
            Ok(_) => {}
        }
        let knock = || {
            // Without waiting: whoever lets others wait for his accept listens, too.
            let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
            connect(socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?, &address)
        };
        match knock() {
            Err(Errno::CONNREFUSED | Errno::NOENT) => Ok(()),
            _ => Err(TerminalError::InUse { path: path_of() }),
        }
    }

    /// The next connection. May be dropped while it waits.
    pub async fn accept(&self) -> io::Result<(UnixStream, LocalPeer)> {
        let (stream, _) = self.listener.accept().await?;
        let peer = stream.peer_cred()?;
        Ok((stream, LocalPeer { uid: peer.uid(), pid: peer.pid() }))
    }
}

impl LocalPeer {
    /// Whether this is root or the daemon's own user.
    pub(crate) fn is_ours(self) -> bool {
        self.uid == 0 || self.uid == rustix::process::geteuid().as_raw()
    }
}

impl Drop for LocalSocket {
    fn drop(&mut self) {
        if self.made.is_some() && inode(&self.path) == self.made {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Device and inode of a socket; none for what is none.
fn inode(path: &Path) -> Option<(u64, u64)> {
    let found = fs::symlink_metadata(path).ok().filter(|found| found.file_type().is_socket())?;
    Some((found.dev(), found.ino()))
}
