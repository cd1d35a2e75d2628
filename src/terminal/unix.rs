//! The Unix socket: mode 0660, a list of users, a handful of connections.

use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::{fs::PermissionsExt as _, net::UnixStream as BlockingStream},
    path::{Path, PathBuf},
    sync::atomic::Ordering,
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, Interest},
    net::{UnixListener, UnixStream, unix::OwnedReadHalf},
    sync::mpsc::{self, Receiver},
    task::{AbortHandle, JoinSet},
    time::{sleep, timeout},
};

use super::{
    Address, Reply, Shared, TerminalError,
    connection::{Intake, QUEUED, STALL},
    reply::ack,
};
use crate::{fault::Code, kiosk::AckStatus, words::PeerId};

/// The most connections of one lane.
const CONNECTIONS: usize = 8;

/// How long a connection is kept whose terminal has closed its own direction.
const LINGER: Duration = Duration::from_secs(15);

/// How often such a connection is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// The connections' queues of lines, and their tasks.
type Writers = BTreeMap<PeerId, (mpsc::Sender<Vec<u8>>, AbortHandle)>;

/// A socket that listens; its file goes with it.
pub struct Socket {
    path: PathBuf,
    listener: UnixListener,
}

impl Socket {
    pub(super) fn bind(path: &Path) -> Result<Self, TerminalError> {
        let failed = |source| TerminalError::Bind { path: path.to_owned(), source };
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
        let mut connections = JoinSet::new();
        let mut writers = Writers::new();
        loop {
            tokio::select! {
                reply = replies.recv() => match reply {
                    Some(reply) => deliver(&shared, &mut writers, &reply),
                    None => return,
                },
                Some(ended) = connections.join_next() => {
                    if let Ok(peer) = ended {
                        writers.remove(&peer);
                    }
                }
                accepted = self.listener.accept(), if connections.len() < CONNECTIONS => {
                    let Ok((stream, _)) = accepted else { continue };
                    let peer = shared.counters.next_peer();
                    let (answers, lines) = mpsc::channel(QUEUED);
                    if may_act(&stream, &shared) {
                        let intake = Intake::new(shared.clone(), peer, answers.clone());
                        let task = connections.spawn(serve_one(stream, intake, lines, peer));
                        writers.insert(peer, (answers, task));
                    } else {
                        shared.counters.refused_peers.fetch_add(1, Ordering::Relaxed);
                        tracing::warn!(code = %Code::T211, "a user without permission tried to act as the terminal");
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

/// Hands a line to whom it is for. Whoever lets lines pile up is disconnected.
fn deliver(shared: &Shared, writers: &mut Writers, reply: &Reply) {
    let line = reply.line();
    let only = reply.peer();
    writers.retain(|peer, (writer, task)| {
        let wanted = only.is_none_or(|only| only == *peer);
        let kept = !wanted || writer.try_send(line.clone()).is_ok();
        if !kept {
            task.abort();
            shared.counters.stalled.fetch_add(1, Ordering::Relaxed);
        }
        kept
    });
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
async fn until_gone(reader: &OwnedReadHalf) {
    for _ in 0..LINGER.as_millis() / LOOK.as_millis() {
        if !reader.ready(Interest::WRITABLE).await.is_ok_and(|ready| !ready.is_write_closed()) {
            return;
        }
        sleep(LOOK).await;
    }
}

/// Reads and writes until the terminal has gone or takes nothing for [`STALL`].
async fn serve_one(stream: UnixStream, mut intake: Intake, mut lines: Receiver<Vec<u8>>, peer: PeerId) -> PeerId {
    let (mut reader, mut writer) = stream.into_split();
    let read = async {
        let mut buffer = [0; 2048];
        loop {
            match reader.read(&mut buffer).await {
                Ok(0) => return until_gone(&reader).await,
                Err(_) => return,
                Ok(length) => intake.take(&buffer[..length]),
            }
        }
    };
    let write = async {
        while let Some(line) = lines.recv().await {
            if !matches!(timeout(STALL, writer.write_all(&line)).await, Ok(Ok(()))) {
                return;
            }
        }
    };
    tokio::select! {
        () = read => {}
        () = write => {}
    }
    peer
}
