//! Where staff and technicians speak to the running daemon: a Unix socket of mode 0600 in the state directory, one
//! JSON line each way. `facemchd status`, `lane` and `reprint` are its other end.

use std::{io, path::Path, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{UnixStream, unix::OwnedReadHalf},
    sync::{mpsc, oneshot},
    time::{sleep, timeout},
};

use super::{
    requests::{NO_WORD, UNACKNOWLEDGED, not_done},
    status::Status,
};
#[cfg(feature = "page")]
use crate::kiosk::Signal;
use crate::{
    fault::Code,
    terminal::{Activity, Bounds, Connections, LocalPeer, LocalSocket, TerminalError},
    words::{Clock, PeerId, Visit},
};

/// The socket's name in the state directory.
pub const SOCKET: &str = "staff.sock";

/// What staff ask for; what the socket does not take comes from the pages, where somebody has logged in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum StaffRequest {
    /// Say what is known of the machine.
    Status,
    /// Open or close a lane.
    Lane {
        /// Its name.
        lane: String,
        /// How it shall be.
        mode: StaffMode,
    },
    /// Open or close a lane, as a nurse does: a technician's work on it goes on.
    #[cfg(feature = "page")]
    #[serde(skip)]
    DeskLane {
        /// Its name.
        lane: String,
        /// It shall be closed.
        closed: bool,
    },
    /// Try one device of a lane.
    #[cfg(feature = "page")]
    #[serde(skip)]
    Exercise {
        /// The lane's name.
        lane: String,
        /// What is tried.
        what: Exercise,
    },
    /// Take a check-in back, of somebody who has gone.
    #[cfg(feature = "page")]
    #[serde(skip)]
    Annul {
        /// The lane's name.
        lane: String,
        /// The session.
        session: String,
    },
    /// Keep what somebody with an account did.
    #[cfg(feature = "page")]
    #[serde(skip)]
    Note(crate::store::Act),
    /// Read again what can be read again, as SIGHUP does.
    #[cfg(feature = "page")]
    #[serde(skip)]
    Reload,
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
        /// What the site told of the visit.
        #[serde(default, skip_serializing_if = "Visit::is_empty")]
        visit: Box<Visit>,
        /// Its number is still to be verified.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        to_verify: bool,
        /// When the decision fell, milliseconds since 1970.
        at: i64,
    },
}

/// What is tried of a lane.
#[cfg(feature = "page")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exercise {
    /// A test slip; whoever stands there is served on.
    Slip,
    /// A test picture, in maintenance.
    Panel,
    /// One opening, in maintenance.
    Gate,
    /// What the test picture says, aloud, in maintenance.
    Voice,
    /// A pattern of lights and buzzer, in maintenance.
    Signal(Signal),
}

/// How a lane shall be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum StaffMode {
    /// Open: it serves whoever comes.
    Normal,
    /// Closed by staff.
    Closed,
    /// A technician works on it.
    Maintenance,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StaffReply {
    /// It was done.
    pub done: bool,
    /// In words, in English.
    pub told: String,
    /// The same for whoever reads another language, where it is one of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Said>,
    /// Why not, where there is a code; who asks at the socket has it in the words.
    #[serde(skip)]
    pub code: Option<Code>,
}

/// What the socket's own requests come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Said {
    /// The lane is so now.
    Mode(StaffMode),
    /// The slip was printed.
    Printed,
    /// The slip was not printed.
    NotPrinted(Code),
    /// Nobody knows whether it was.
    Unacknowledged,
    /// Nothing has answered.
    NoWord,
    /// No lane has this name.
    NoSuchLane,
    /// Nor has a session.
    NoSuchSession,
    /// Too many wait for the printer.
    TooMany,
    /// The daemon has no time.
    Busy,
}

/// What staff are answered.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Answer {
    Told(StaffReply),
    Status(Box<Status>),
}

/// A request, and where its answer goes.
pub(super) type Asked = (StaffRequest, oneshot::Sender<Answer>);

impl Answer {
    pub(super) fn told(done: bool, told: String) -> Self {
        Self::Told(StaffReply { done, told, said: None, code: None })
    }

    #[cfg(feature = "page")]
    pub(super) fn not_done(what: &str, code: Code) -> Self {
        Self::Told(StaffReply { done: false, told: not_done(what, code), said: None, code: Some(code) })
    }

    pub(super) fn said(said: Said) -> Self {
        let done = matches!(said, Said::Mode(_) | Said::Printed);
        let told = match said {
            Said::Mode(mode) => format!("{mode:?}").to_ascii_lowercase(),
            Said::Printed => "printed and acknowledged".to_owned(),
            Said::NotPrinted(code) => not_done("not printed", code),
            Said::Unacknowledged => UNACKNOWLEDGED.to_owned(),
            Said::NoWord => NO_WORD.to_owned(),
            Said::NoSuchLane => "no such lane; the site file names them".to_owned(),
            Said::NoSuchSession => "no such session".to_owned(),
            Said::TooMany => "too many copies at once".to_owned(),
            Said::Busy => "the daemon is busy or stopping".to_owned(),
        };
        let code = if let Said::NotPrinted(code) = said { Some(code) } else { None };
        Self::Told(StaffReply { done, told, said: Some(said), code })
    }
}

/// The most who ask at once, and of one process. Whoever has connected and not asked gives way first.
const PLACES: Bounds = Bounds { most: 32, of_one: 4 };

/// The longest request, bytes.
const LONGEST: u64 = 4096;

/// How long somebody may take to ask, to be heard, and to take the answer.
pub(super) const ASKING: Duration = Duration::from_secs(3);

/// How long a printer may take; the requests' own patience ends before.
pub(super) const PRINTING: Duration = Duration::from_secs(62);

/// How long nobody is let in after the system had no room for a connection.
const RECOVERY: Duration = Duration::from_millis(100);

/// The socket, and the clock that tells who has waited for how long.
pub(super) struct Desk {
    socket: LocalSocket,
    clock: Arc<dyn Clock>,
}

impl Desk {
    pub(super) fn open(state_dir: &Path, clock: &Arc<dyn Clock>) -> Result<Self, TerminalError> {
        Ok(Self { socket: LocalSocket::bind(&state_dir.join(SOCKET), 0o600)?, clock: Arc::clone(clock) })
    }

    pub(super) async fn serve(self, asked: mpsc::Sender<Asked>) {
        let mut connections: Connections<LocalPeer, ()> = Connections::new(PLACES);
        let mut number = 0_u32;
        loop {
            tokio::select! {
                accepted = self.socket.accept() => match accepted {
                    Ok((stream, peer)) if peer.is_ours() => {
                        number = number.wrapping_add(1);
                        let activity = Activity::default();
                        let caller = Caller { activity: activity.clone(), clock: Arc::clone(&self.clock) };
                        connections.start(PeerId(number), peer, activity, (), caller.serve(stream, asked.clone()));
                    }
                    Ok(_) => {}
                    Err(_) => sleep(RECOVERY).await,
                },
                () = connections.ended() => {}
            }
        }
    }
}

/// Somebody at the desk.
struct Caller {
    activity: Activity,
    clock: Arc<dyn Clock>,
}

impl Caller {
    async fn serve(self, stream: UnixStream, asked: mpsc::Sender<Asked>) {
        let (reader, mut writer) = stream.into_split();
        let Ok(Ok(line)) = timeout(ASKING, request(reader)).await else { return };
        self.activity.mark(self.clock.now().moment);
        let reply = match serde_json::from_slice::<StaffRequest>(&line) {
            Err(error) => Answer::told(false, format!("not understood: {error}")),
            Ok(request) => ask(request, &asked, PRINTING).await.unwrap_or_else(|_| Answer::said(Said::Busy)),
        };
        let mut line = serde_json::to_vec(&reply).unwrap_or_default();
        line.push(b'\n');
        // Whoever does not take the answer does not want it.
        let _ = timeout(ASKING, writer.write_all(&line)).await;
    }
}

async fn request(reader: OwnedReadHalf) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    match BufReader::new(reader.take(LONGEST)).read_until(b'\n', &mut line).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(line),
    }
}

/// What the loop answers within so long; in words, why it did not.
pub(super) async fn ask(
    request: StaffRequest,
    asked: &mpsc::Sender<Asked>,
    patience: Duration,
) -> Result<Answer, &'static str> {
    let (answer, answered) = oneshot::channel();
    timeout(ASKING, asked.send((request, answer))).await.ok().and_then(Result::ok).ok_or("busy")?;
    timeout(patience, answered).await.ok().and_then(Result::ok).ok_or(NO_WORD)
}
