//! One connection's bytes: lines in, rate-limited; lines out, bounded.

use std::{io, sync::PoisonError, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    sync::mpsc,
    time::timeout,
};
use zeroize::Zeroizing;

use super::{
    Frame, Line, Shared, Splitter,
    allowance::{BURST, Rarely, SharedAllowance},
    connections::Activity,
    parse,
    reply::{OutLine, ack, pong},
};
use crate::{
    fault::Code,
    kiosk::{AckStatus, Button, Input},
    words::PeerId,
};

/// Lines that wait to be written: the answers to a whole burst, and what the core has to say.
pub(super) const QUEUED: usize = BURST as usize + 28;

/// A write that takes longer means that nobody reads.
pub(super) const STALL: Duration = Duration::from_secs(5);

/// Half a line whose other half does not come is forgotten: its sender has gone, and the next line is another's.
const HALF_LINE: Duration = Duration::from_secs(5);

/// What is read at once, bytes.
const CHUNK: usize = 2048;

/// One connection's intake.
pub(super) struct Intake {
    shared: Shared,
    peer: PeerId,
    answers: mpsc::Sender<OutLine>,
    splitter: Splitter,
    allowance: SharedAllowance,
    activity: Activity,
    scolded: Rarely,
}

impl Intake {
    pub(super) fn new(
        shared: Shared,
        peer: PeerId,
        answers: mpsc::Sender<OutLine>,
        allowance: SharedAllowance,
        activity: Activity,
    ) -> Self {
        Self { shared, peer, answers, splitter: Splitter::default(), allowance, activity, scolded: Rarely::default() }
    }

    /// Waits for bytes and takes them, and wipes the place they came to; none at the end.
    pub(super) async fn read_from(&mut self, reader: &mut (impl AsyncRead + Unpin)) -> Option<()> {
        let mut buffer = Zeroizing::new([0; CHUNK]);
        let read = if self.splitter.is_amid_line() {
            match timeout(HALF_LINE, reader.read(&mut buffer[..])).await {
                Ok(read) => read,
                Err(_) => {
                    self.splitter.forget();
                    self.shared.witness.heard(self.peer, &[], Some(Code::T201));
                    self.refuse(None, Code::T201);
                    return Some(());
                }
            }
        } else {
            reader.read(&mut buffer[..]).await
        };
        let length = read.ok().filter(|length| *length > 0)?;
        self.take(&buffer[..length]);
        Some(())
    }

    /// Takes bytes as they come.
    fn take(&mut self, bytes: &[u8]) {
        let mut splitter = std::mem::take(&mut self.splitter);
        // The terminal has been told.
        splitter.feed(bytes, |line| {
            let _ = self.line(line);
        });
        self.splitter = splitter;
    }

    /// Takes one line; says why it was not taken.
    pub(super) fn line(&mut self, line: Line<'_>) -> Result<(), Code> {
        let now = self.shared.clock.now().moment;
        if !self.allowance.lock().unwrap_or_else(PoisonError::into_inner).may_pass(now) {
            self.shared.garbled(Code::T209);
            self.shared.witness.heard(self.peer, &[], Some(Code::T209));
            if self.scolded.may_tell(now) {
                self.answer(ack(None, AckStatus::Refused, None, Some(Code::T209)));
            }
            return Err(Code::T209);
        }
        let bytes = match line {
            Line::Whole(line) => line,
            Line::TooLong => &[],
        };
        let parsed = match line {
            Line::Whole(line) => {
                parse(line, self.shared.settings().plain_lines).map_err(|error| (error.seq, error.code))
            }
            Line::TooLong => Err((None, Code::T202)),
        };
        self.shared.witness.heard(self.peer, bytes, parsed.as_ref().err().map(|(_, code)| *code));
        match parsed {
            Ok(frame) => {
                self.activity.mark(now);
                self.shared.counters.hears(now);
                self.frame(frame)
            }
            Err((seq, code)) => {
                self.refuse(seq, code);
                Err(code)
            }
        }
    }

    fn refuse(&mut self, seq: Option<u64>, code: Code) {
        self.shared.garbled(code);
        self.answer(ack(seq, AckStatus::Refused, None, Some(code)));
    }

    fn frame(&mut self, frame: Frame) -> Result<(), Code> {
        let (lane, peer) = (self.shared.lane, self.peer);
        let (input, seq) = match frame {
            Frame::Person { seq } => {
                self.answer(ack(seq, AckStatus::Accepted, None, None));
                (Input::Approached { lane }, None)
            }
            Frame::Start { seq } => {
                self.answer(ack(seq, AckStatus::Accepted, None, None));
                (Input::Pressed { lane, button: Button::Start }, None)
            }
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
    fn answer(&self, line: OutLine) {
        self.shared.witness.said(Some(self.peer), &line);
        let _ = self.answers.try_send(line);
    }
}

/// Reads and writes until the terminal has gone or takes nothing for [`STALL`]. `closed`: what is done when one that may
/// be owed an answer has said all it will.
pub(super) async fn exchange<R, W, F>(
    mut reader: R,
    mut writer: W,
    mut intake: Intake,
    mut lines: mpsc::Receiver<OutLine>,
    closed: impl FnOnce(R) -> F,
) where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
    F: Future<Output = ()>,
{
    let activity = intake.activity.clone();
    let read = async {
        while intake.read_from(&mut reader).await.is_some() {}
        if !activity.is_silent() {
            closed(reader).await;
        }
    };
    let write = async {
        while let Some(line) = lines.recv().await {
            if !matches!(timeout(STALL, send(&mut writer, &line)).await, Ok(Ok(()))) {
                return;
            }
        }
    };
    tokio::select! {
        () = read => {}
        () = write => {}
    }
}

/// Writes all of it, and waits until it has left us: a layer below may hold some back.
pub(super) async fn send(writer: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    writer.write_all(bytes).await?;
    writer.flush().await
}
