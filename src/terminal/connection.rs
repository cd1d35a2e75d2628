//! One connection's bytes: lines in, rate-limited; lines out, bounded.

use std::time::Duration;

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    sync::mpsc,
    time::timeout,
};

use super::{
    Frame, Line, Shared, Splitter, parse,
    reply::{ack, pong},
};
use crate::{
    fault::Code,
    kiosk::{AckStatus, Input},
    words::{Moment, PeerId},
};

/// Lines that wait to be written: the answers to a whole burst, and what the core has to say.
pub(super) const QUEUED: usize = BURST as usize + 28;

/// A write that takes longer means that nobody reads.
pub(super) const STALL: Duration = Duration::from_secs(5);

/// Frames a second, and at once.
const RATE: u32 = 50;
const BURST: u32 = 100;

/// One connection's intake.
pub(super) struct Intake {
    shared: Shared,
    peer: PeerId,
    answers: mpsc::Sender<Vec<u8>>,
    splitter: Splitter,
    /// Thousandths of a frame that may come now.
    allowance: u64,
    filled: Moment,
    scolded: Rarely,
}

/// Something that is said once a second at most.
#[derive(Default)]
pub(super) struct Rarely {
    last: Option<Moment>,
}

impl Intake {
    pub(super) fn new(shared: Shared, peer: PeerId, answers: mpsc::Sender<Vec<u8>>) -> Self {
        let filled = shared.clock.now().moment;
        let allowance = u64::from(BURST) * 1000;
        Self { shared, peer, answers, splitter: Splitter::default(), allowance, filled, scolded: Rarely::default() }
    }

    /// Takes bytes as they come.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        let mut lines = Vec::new();
        self.splitter.feed(bytes, |line| lines.push(line));
        for line in lines {
            // The terminal has been told.
            let _ = self.line(&line);
        }
    }

    /// Takes one line; says why it was not taken.
    pub(super) fn line(&mut self, line: &Line) -> Result<(), Code> {
        if !self.may_pass() {
            self.scold();
            return Err(Code::T209);
        }
        let parsed = match line {
            Line::Whole(line) => parse(line, self.shared.settings.plain_lines).map_err(|error| (error.seq, error.code)),
            Line::TooLong => Err((None, Code::T202)),
        };
        match parsed {
            Ok(frame) => self.frame(frame),
            Err((seq, code)) => {
                self.shared.counters.count(code);
                self.answer(ack(seq, AckStatus::Refused, None, Some(code)));
                Err(code)
            }
        }
    }

    fn frame(&mut self, frame: Frame) -> Result<(), Code> {
        let (lane, peer) = (self.shared.settings.lane, self.peer);
        let (input, seq) = match frame {
            Frame::Person => (Input::Approached { lane }, None),
            Frame::Arrival(arrival) => {
                let seq = arrival.seq;
                (Input::Recognised { lane, peer, arrival }, Some(seq))
            }
            Frame::Card { seq, card } => (Input::CardRead { lane, peer, seq, card }, Some(seq)),
            Frame::AuthInfo { seq, wanted } => (Input::AuthInfoWanted { lane, peer, seq, wanted }, Some(seq)),
            Frame::NoFace { seq, code } => (Input::Unrecognised { lane, peer, seq, code }, Some(seq)),
            Frame::Consent { seq, face_sid, granted } => {
                (Input::Consented { lane, peer, seq, face_sid, granted }, Some(seq))
            }
            Frame::Choice { seq, session, option } => {
                (Input::Chose { lane, peer: Some(peer), seq, session: Some(session), option }, Some(seq))
            }
            Frame::Cancel { seq, session } => (Input::Cancelled { lane, peer, seq, session }, Some(seq)),
            Frame::Ping { seq } => {
                self.answer(pong(seq));
                return Ok(());
            }
        };
        if let (Err(_), Some(seq)) = (self.shared.inputs.try_send(input), seq) {
            self.answer(ack(Some(seq), AckStatus::Busy, None, Some(Code::X003)));
            return Err(Code::X003);
        }
        Ok(())
    }

    /// An answer that finds no room is dropped: whoever sends so much, or reads so little, does not wait for it.
    fn answer(&mut self, line: Vec<u8>) {
        let _ = self.answers.try_send(line);
    }

    /// A token bucket: bursts of [`BURST`], [`RATE`] a second for ever.
    fn may_pass(&mut self) -> bool {
        let now = self.shared.clock.now().moment;
        let earned = now.since(self.filled).as_millis().saturating_mul(u128::from(RATE));
        self.filled = now;
        let full = u64::from(BURST) * 1000;
        self.allowance = self.allowance.saturating_add(u64::try_from(earned).unwrap_or(full)).min(full);
        if self.allowance < 1000 {
            return false;
        }
        self.allowance -= 1000;
        true
    }

    /// Counts a frame too many; says so once a second.
    fn scold(&mut self) {
        self.shared.counters.count(Code::T209);
        if self.scolded.may_tell(self.shared.clock.now().moment) {
            self.answer(ack(None, AckStatus::Refused, None, Some(Code::T209)));
        }
    }
}

impl Rarely {
    /// Whether it may be said now; then it has been.
    pub(super) fn may_tell(&mut self, now: Moment) -> bool {
        let due = self.last.is_none_or(|last| now.since(last) >= Duration::from_secs(1));
        if due {
            self.last = Some(now);
        }
        due
    }
}

/// Reads and writes until the terminal has gone or takes nothing for [`STALL`]. `closed`: what is done when it has said
/// all it will.
pub(super) async fn exchange<R, W, F>(
    mut reader: R,
    mut writer: W,
    mut intake: Intake,
    mut lines: mpsc::Receiver<Vec<u8>>,
    closed: impl FnOnce(R) -> F,
) where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
    F: Future<Output = ()>,
{
    let read = async {
        let mut buffer = [0; 2048];
        loop {
            match reader.read(&mut buffer).await {
                Ok(0) => return closed(reader).await,
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
}
