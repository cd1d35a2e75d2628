//! The kiosk's place as the kit keeps it: the real one's sockets, ports and certificates, and an ear at every line.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
    time::sleep,
};
use zeroize::Zeroizing;

use crate::{
    fault::{Code, Failure},
    terminal::{Counters, LaneTerminal, Listener, Reply, TerminalError, Witness},
    words::{Clock, Moment, PeerId},
};

/// What happens at a terminal.
pub(super) enum Heard {
    /// It connects.
    Came,
    /// Its connection has ended.
    Went,
    /// It was not let in, and why.
    NotLetIn(String),
    /// It said something.
    Line {
        /// By which connection.
        peer: PeerId,
        /// When.
        at: Moment,
        /// What; wiped behind.
        line: Zeroizing<Vec<u8>>,
        /// Why it was not taken.
        refused: Option<Code>,
    },
}

/// Hears a terminal's lines as they come.
struct Ear {
    clock: Arc<dyn Clock>,
    heard: mpsc::Sender<Heard>,
}

impl Ear {
    /// What finds no room is of a terminal that says more than fifty things a second, which is heard by then.
    fn tell(&self, heard: Heard) {
        let _ = self.heard.try_send(heard);
    }
}

impl Witness for Ear {
    fn failed(&self, _: &'static str, failure: &Failure) {
        // Refused frames are heard one by one.
        if failure.code() == Code::T211 {
            self.tell(Heard::NotLetIn(format!("{} {}", failure.code(), failure.chain())));
        }
    }

    fn mended(&self, _: &'static str, _: Code) {}

    fn heard(&self, peer: PeerId, line: &[u8], refused: Option<Code>) {
        let (at, line) = (self.clock.now().moment, Zeroizing::new(line.to_vec()));
        self.tell(Heard::Line { peer, at, line, refused });
    }

    fn connected(&self, is: bool) {
        self.tell(if is { Heard::Came } else { Heard::Went });
    }
}

/// A place where a terminal connects; it can be closed and opened again.
pub(super) struct Door {
    settings: LaneTerminal,
    clock: Arc<dyn Clock>,
    ear: Arc<Ear>,
    open: Option<(mpsc::Sender<Reply>, JoinHandle<()>)>,
}

/// What waits to be heard, or to be said.
const QUEUED: usize = 256;

/// A port that was just let go may be taken again a moment later.
const AGAIN: (usize, Duration) = (20, Duration::from_millis(100));

impl Door {
    /// Opens it.
    pub(super) async fn open(
        settings: LaneTerminal,
        clock: Arc<dyn Clock>,
    ) -> Result<(Self, mpsc::Receiver<Heard>), TerminalError> {
        let (heard, hears) = mpsc::channel(QUEUED);
        let ear = Arc::new(Ear { clock: Arc::clone(&clock), heard });
        let mut door = Self { settings, clock, ear, open: None };
        door.open_again().await?;
        Ok((door, hears))
    }

    /// The kiosk is gone.
    pub(super) async fn close(&mut self) {
        let Some((replies, serving)) = self.open.take() else { return };
        drop(replies);
        serving.abort();
        let _ = serving.await;
    }

    /// It is there again.
    pub(super) async fn open_again(&mut self) -> Result<(), TerminalError> {
        let (tries, pause) = AGAIN;
        let mut left = tries;
        let listener = loop {
            match Listener::bind(&self.settings, &self.clock) {
                Err(TerminalError::Bind { .. }) if left > 0 => left = left.saturating_sub(1),
                bound => break bound?,
            }
            sleep(pause).await;
        };
        let (replies, wanted) = mpsc::channel(QUEUED);
        let (inputs, mut ignored) = mpsc::channel(QUEUED);
        let settings = self.settings.clone();
        let (clock, ear) = (Arc::clone(&self.clock), Arc::<Ear>::clone(&self.ear));
        let serving = tokio::spawn(async move {
            let (_stays, settings) = watch::channel(settings);
            tokio::select! {
                () = listener.serve(settings, clock, inputs, wanted, Arc::new(Counters::default()), ear) => {}
                // What the core would hear is heard by the ear.
                () = async { while ignored.recv().await.is_some() {} } => {}
            }
        });
        self.open = Some((replies, serving));
        Ok(())
    }

    /// Says something; what finds no room is for a terminal that reads nothing.
    pub(super) async fn say(&self, reply: Reply) {
        if let Some((replies, _)) = &self.open {
            let _ = replies.try_send(reply);
        }
    }
}
