//! The Unix socket: mode 0660, a list of users, a handful of connections.

use std::{
    fs, io,
    os::unix::{fs::PermissionsExt as _, net::UnixStream as BlockingStream},
    path::{Path, PathBuf},
    sync::atomic::Ordering,
    time::Duration,
};

use tokio::{
    io::Interest,
    net::{UnixListener, UnixStream, unix::OwnedReadHalf},
    sync::mpsc::Receiver,
    time::sleep,
};

use super::{
    Address, Reply, Shared, TerminalError,
    connection::{Rarely, exchange},
    connections::LineConnections,
    reply::ack,
};
use crate::{fault::Code, kiosk::AckStatus};

/// The most connections of one lane.
const CONNECTIONS: usize = 8;

/// How long a connection is kept whose terminal has closed its own direction.
const LINGER: Duration = Duration::from_secs(15);

/// How often such a connection is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// A socket that listens; its file goes with it.
pub struct Socket {
    path: PathBuf,
    listener: UnixListener,
}

impl Socket {
    pub(super) fn bind(path: &Path) -> Result<Self, TerminalError> {
        let failed = |source| TerminalError::Bind { place: path.display().to_string(), source };
        if BlockingStream::connect(path).is_ok() {
            return Err(TerminalError::InUse { path: path.to_owned() });
        }
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            // Left over by a run that ended without order: nobody listens on it.
            _ => {}
        }
        let listener = UnixListener::bind(path).map_err(failed)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o660)).map_err(failed)?;
        Ok(Self { path: path.to_owned(), listener })
    }

    pub(super) async fn serve(self, shared: Shared, mut replies: Receiver<Reply>) {
        let mut connections = LineConnections::default();
        let mut told = Rarely::default();
        loop {
            tokio::select! {
                reply = replies.recv() => match reply {
                    Some(reply) => connections.deliver(&shared, &reply),
                    None => return,
                },
                () = connections.ended() => {}
                accepted = self.listener.accept(), if connections.len() < CONNECTIONS => {
                    let Ok((stream, _)) = accepted else { continue };
                    if may_act(&stream, &shared) {
                        connections.add(&shared, "", |intake, lines| {
                            let (reader, writer) = stream.into_split();
                            exchange(reader, writer, intake, lines, until_gone)
                        });
                    } else {
                        shared.counters.refused_peers.fetch_add(1, Ordering::Relaxed);
                        if told.may_tell(shared.clock.now().moment) {
                            tracing::warn!(code = %Code::T211, "a user without permission tried to act as the terminal");
                        }
                        let refusal = ack(None, AckStatus::Refused, None, Some(Code::T211));
                        let _ = stream.try_write(&refusal);
                    }
                }
            }
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

fn may_act(stream: &UnixStream, shared: &Shared) -> bool {
    let Address::Unix { allow_uids, .. } = &shared.settings.address else { return false };
    let Ok(uid) = stream.peer_cred().map(|credentials| credentials.uid()) else { return false };
    if allow_uids.is_empty() {
        return uid == 0 || uid == rustix::process::geteuid().as_raw();
    }
    allow_uids.contains(&uid)
}

/// A terminal that has said all it will may still listen for its outcome, for [`LINGER`] at most.
async fn until_gone(reader: OwnedReadHalf) {
    for _ in 0..LINGER.as_millis() / LOOK.as_millis() {
        if !reader.ready(Interest::WRITABLE).await.is_ok_and(|ready| !ready.is_write_closed()) {
            return;
        }
        sleep(LOOK).await;
    }
}
