//! What goes over the wires of a pilot, as shapes: lengths, scripts of characters, words and codes of protocols, times. So
//! the first frames of a real terminal, the first bytes of a real printer and the first answers of WeChat come home, and
//! nobody's name with them.
//!
//! One recorder to a process. Whoever has a wire tells of it by a function of this room, which costs a look at a pointer
//! where nobody listens. A line is made at once, and what it was made of is not kept; a thread of its own writes it, and
//! whatever becomes of the file, nobody waits for it.
//!
//! What it does not do: decide, fail, or leave the machine.

mod file;
#[cfg(feature = "hl7")]
mod line;
mod printer;
mod shape;

use std::{
    hash::{BuildHasher as _, RandomState},
    path::Path,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
        mpsc::{SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use serde::{Deserialize, Deserializer, de};
use serde_json::{Value, json};

use self::{
    file::Recording,
    printer::commands,
    shape::{Direction, shape_of},
};
use crate::{
    fault::Code,
    files::FileError,
    words::{Clock, LaneId, Moment},
};

/// `[capture]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    /// The same text has the same stand-in within one recording, so that it is seen again; made with a key that is in
    /// memory alone.
    pub stand_ins: bool,
    /// The recording ends with this many bytes, 64 KiB to 4 GiB.
    #[serde(deserialize_with = "bytes")]
    pub max_bytes: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { stand_ins: false, max_bytes: 64 << 20 }
    }
}

fn bytes<'de, D: Deserializer<'de>>(d: D) -> Result<u64, D::Error> {
    let most = u64::deserialize(d)?;
    let fits = (64 << 10..=4 << 30).contains(&most);
    fits.then_some(most).ok_or_else(|| de::Error::custom("expected 65536–4294967296 bytes"))
}

/// Makes lines, and hands them to whoever writes.
struct Recorder {
    clock: Arc<dyn Clock>,
    begun: Moment,
    lines: SyncSender<Vec<u8>>,
    /// Lines on their way to the disk.
    waiting: Arc<AtomicU64>,
    /// Lines that found no room.
    lost: AtomicU64,
    stand_ins: Option<RandomState>,
}

static RECORDER: OnceLock<Recorder> = OnceLock::new();

/// Lines that wait for the disk.
const QUEUED: usize = 4096;

/// Begins the process's recording, at the end of a file of ours (0600).
pub(crate) fn begin(file: &Path, settings: &Settings, lanes: usize, clock: Arc<dyn Clock>) -> Result<(), FileError> {
    let recording = Recording::open(file, settings.max_bytes)?;
    let (lines, written) = sync_channel(QUEUED);
    let now = clock.now();
    let stand_ins = settings.stand_ins.then(RandomState::new);
    let waiting = Arc::<AtomicU64>::default();
    let left = Arc::clone(&waiting);
    let recorder = Recorder { begun: now.moment, clock, lines, waiting, lost: AtomicU64::new(0), stand_ins };
    recorder.send(&json!({
        "capture": 1, "program": env!("CARGO_PKG_VERSION"), "at": now.wall.0, "lanes": lanes,
        "stand-ins": settings.stand_ins,
    }));
    let writing = thread::Builder::new().name("capture".to_owned()).spawn(move || recording.write(&written, &left));
    if let Err(error) = writing {
        tracing::warn!(%error, "nothing is captured");
        return Ok(());
    }
    if RECORDER.set(recorder).is_err() {
        tracing::warn!("something is being captured already");
    }
    Ok(())
}

/// Before the program ends: what was told finds its way to the disk, or does not within a second.
pub(crate) fn end() {
    let Some(recorder) = RECORDER.get() else { return };
    for _ in 0..100 {
        if recorder.waiting.load(Ordering::Relaxed) == 0 {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
}

impl Recorder {
    fn send(&self, line: &Value) {
        let mut bytes = line.to_string().into_bytes();
        bytes.push(b'\n');
        self.waiting.fetch_add(1, Ordering::Relaxed);
        if self.lines.try_send(bytes).is_err() {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn tell(&self, wire: &str, way: &str, mut line: Value) {
        let ms = self.clock.now().moment.since(self.begun).as_millis();
        line["ms"] = u64::try_from(ms).unwrap_or(u64::MAX).into();
        (line["wire"], line["way"]) = (wire.into(), way.into());
        let lost = self.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            line["lost"] = lost.into();
        }
        self.send(&line);
    }
}

/// What stands in for a text, where the site wants that.
fn stand_in(text: &str) -> Option<String> {
    let key = RECORDER.get()?.stand_ins.as_ref()?;
    Some(format!("~{:016x}", key.hash_one(text)))
}

/// A line of a terminal, with why it was not taken.
pub(crate) fn terminal_said(lane: Option<LaneId>, line: &[u8], refused: Option<Code>) {
    let Some(recorder) = RECORDER.get() else { return };
    let frame = shape_of(line, Direction::FromTerminal);
    let code = refused.map(Code::as_str);
    let line = json!({ "lane": at(lane), "bytes": line.len(), "code": code, "frame": frame });
    recorder.tell("terminal", "in", line);
}

/// A line to a terminal.
pub(crate) fn terminal_told(lane: Option<LaneId>, line: &[u8]) {
    let Some(recorder) = RECORDER.get() else { return };
    let frame = shape_of(line, Direction::ToTerminal);
    recorder.tell("terminal", "out", json!({ "lane": at(lane), "bytes": line.len(), "frame": frame }));
}

/// A terminal came or went.
pub(crate) fn terminal_connected(lane: Option<LaneId>, is: bool) {
    let Some(recorder) = RECORDER.get() else { return };
    recorder.tell("terminal", "in", json!({ "lane": at(lane), "what": if is { "connected" } else { "gone" } }));
}

/// One request of ours and what came of it: status and body, or why there is none.
pub(crate) fn exchanged(host: &str, method: &str, sent: usize, took: Duration, answer: Result<(u16, &[u8]), String>) {
    let Some(recorder) = RECORDER.get() else { return };
    let took = milliseconds(took);
    let line = match answer {
        Ok((status, body)) => json!({
            "host": host, "method": method, "sent": sent, "took": took, "status": status, "bytes": body.len(),
            "body": shape_of(body, Direction::Answer),
        }),
        Err(error) => json!({ "host": host, "method": method, "sent": sent, "took": took, "error": error }),
    };
    recorder.tell("http", "out", line);
}

/// Bytes to a hospital's interface engine (`out`) or from it: segments, and what is acknowledged.
#[cfg(feature = "hl7")]
pub(crate) fn line(host: &str, way: &str, bytes: &[u8]) {
    let Some(recorder) = RECORDER.get() else { return };
    recorder.tell("line", way, json!({ "host": host, "bytes": bytes.len(), "segments": line::segments(bytes) }));
}

/// Bytes to a printer: its commands, and how long what stands between them is.
pub(crate) fn printer_sent(bytes: &[u8]) {
    let Some(recorder) = RECORDER.get() else { return };
    recorder.tell("printer", "out", json!({ "thread": thread(), "bytes": bytes.len(), "commands": commands(bytes) }));
}

/// What a printer answers is nobody's: it comes home as it is.
pub(crate) fn printer_said(bytes: &[u8]) {
    let Some(recorder) = RECORDER.get() else { return };
    let said: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    recorder.tell("printer", "in", json!({ "thread": thread(), "bytes": bytes.len(), "said": said }));
}

/// A scene was drawn on a panel, or was not.
pub(crate) fn drawn(lane: LaneId, scene: &str, begun: Moment, code: Option<Code>) {
    let Some(recorder) = RECORDER.get() else { return };
    let took = recorder.clock.now().moment.since(begun);
    let line = json!({ "lane": lane.0, "what": scene, "took": milliseconds(took), "code": code.map(Code::as_str) });
    recorder.tell("panel", "out", line);
}

/// What the core is told, or wants: `what` and all else are words, codes and numbers of ours.
pub(crate) fn core(way: &str, line: Value) {
    if let Some(recorder) = RECORDER.get() {
        recorder.tell("core", way, line);
    }
}

fn at(lane: Option<LaneId>) -> Option<u16> {
    lane.map(|lane| lane.0)
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Whose it is: threads are named by what they serve.
fn thread() -> String {
    thread::current().name().unwrap_or_default().to_owned()
}
