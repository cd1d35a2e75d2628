//! Where staff and technicians speak to the running daemon: a Unix socket of mode 0600 in the state directory, one
//! JSON line each way. `facemchd lane` and `facemchd reprint` are its other end.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{UnixListener, UnixStream},
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::timeout,
};

/// The socket's name in the state directory.
pub const SOCKET: &str = "staff.sock";

/// What staff ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case", deny_unknown_fields)]
pub enum StaffRequest {
    /// Open or close a lane.
    Lane {
        /// Its name.
        lane: String,
        /// How it shall be.
        mode: StaffMode,
    },
    /// Print a slip again, from what the journal knows; it is marked 补打 and bears no name.
    Reprint {
        /// The lane's name.
        lane: String,
        /// The session.
        session: String,
        /// Which copy, from 1.
        copy: u8,
        /// Queue number.
        number: Option<String>,
        /// Where to go.
        place: Option<String>,
        /// When the decision fell, milliseconds since 1970.
        at: i64,
    },
}

/// How a lane shall be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StaffMode {
    /// Serving.
    Normal,
    /// Closed by staff.
    Closed,
    /// A technician works on it.
    Maintenance,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffReply {
    /// It was done.
    pub done: bool,
    /// In words.
    pub told: String,
}

/// A request, and where its answer goes.
pub(super) type Asked = (StaffRequest, oneshot::Sender<StaffReply>);

/// The most people who ask at once.
const CONNECTIONS: usize = 4;

/// The longest request, bytes.
const LONGEST: u64 = 4096;

/// How long somebody may take to ask, and a printer to print.
const PATIENCE: Duration = Duration::from_secs(60);

/// The socket; its file goes with it.
pub(super) struct Desk {
    path: PathBuf,
    listener: UnixListener,
}

impl Desk {
    pub(super) fn open(state_dir: &Path) -> io::Result<Self> {
        let path = state_dir.join(SOCKET);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            // Only one daemon holds the state directory: whatever lay there was left behind.
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        Ok(Self { path, listener })
    }

    pub(super) async fn serve(self, asked: mpsc::Sender<Asked>) {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept(), if connections.len() < CONNECTIONS => {
                    if let Ok((stream, _)) = accepted {
                        connections.spawn(timeout(PATIENCE, serve_one(stream, asked.clone())));
                    }
                }
                Some(_) = connections.join_next() => {}
            }
        }
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

async fn serve_one(stream: UnixStream, asked: mpsc::Sender<Asked>) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut line = Vec::new();
    BufReader::new(reader.take(LONGEST)).read_until(b'\n', &mut line).await?;
    let reply = match serde_json::from_slice::<StaffRequest>(&line) {
        Err(error) => StaffReply { done: false, told: format!("not understood: {error}") },
        Ok(request) => {
            let (answer, answered) = oneshot::channel();
            let busy = || StaffReply { done: false, told: "the daemon is busy or stopping".to_owned() };
            match asked.try_send((request, answer)) {
                Ok(()) => answered.await.unwrap_or_else(|_| busy()),
                Err(_) => busy(),
            }
        }
    };
    let mut line = serde_json::to_vec(&reply).unwrap_or_default();
    line.push(b'\n');
    writer.write_all(&line).await
}
