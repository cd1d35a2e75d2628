//! Inputs: GPIO lines that are watched for edges, and files for a bench without any.

use std::{
    collections::VecDeque,
    io,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use gpiocdev::{
    Request,
    line::{EdgeDetection, EdgeKind, Value},
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::lines::{Bias, LineAt, find};
use crate::{
    device::{DeviceError, InputLines, Seen},
    fault::{Code, causes},
    files,
};

/// An input line to be watched.
pub struct WatchedLine {
    /// Chip and offset, as found at the start.
    pub at: LineAt,
    /// Its resistor.
    pub bias: Bias,
    /// How long a level must stand.
    pub debounce: Duration,
}

/// The inputs of a lane. Each is taken when it is there, and again after a failure: one that is missing keeps none of the
/// others from being watched.
pub struct LineInputs {
    lines: Vec<Watch>,
    debounced: bool,
    /// Edges that were read and not handed on yet, the earliest first.
    edges: VecDeque<Edge>,
    /// A failure beside edges that had to be handed on first.
    failure: Option<io::Error>,
}

/// A change of a line, and when it was by the kernel's clock.
struct Edge {
    at: u64,
    line: usize,
    high: bool,
}

struct Watch {
    line: WatchedLine,
    held: Held,
}

/// What of a line is ours.
enum Held {
    Nothing,
    /// A request of its own, because the first uAPI knows no other way to see edges.
    Gpio(Request, u32),
    /// A bench's file, and its last level.
    File(PathBuf, bool),
}

/// Edges that the kernel keeps of a line.
const KEPT: usize = 16;

/// How often a bench's files are looked at.
const LOOK: Duration = Duration::from_millis(20);

/// Watches lines for edges. The kernel debounces where it can (uAPI v2), for all lines or for none.
pub fn inputs(lines: Vec<WatchedLine>) -> LineInputs {
    let all_gpio = lines.iter().all(|line| matches!(line.at, LineAt::Named(..) | LineAt::Placed(..)));
    let debounced = all_gpio && gpiocdev::supports_abi_version(gpiocdev::AbiVersion::V2).is_ok();
    let lines = lines.into_iter().map(|line| Watch { line, held: Held::Nothing }).collect();
    LineInputs { lines, debounced, edges: VecDeque::new(), failure: None }
}

impl Watch {
    fn hold(&self, debounced: bool) -> Result<Held, String> {
        let at = match &self.line.at {
            LineAt::File(file) => return Ok(Held::File(file.clone(), false)),
            at => at,
        };
        let (chip, offset) = find(at)?;
        let mut builder = Request::builder();
        builder.on_chip(chip).with_consumer("facemchd").with_line(offset).as_input();
        builder.with_edge_detection(EdgeDetection::BothEdges);
        match self.line.bias {
            Bias::AsIs => {}
            Bias::PullUp => drop(builder.with_bias(gpiocdev::line::Bias::PullUp)),
            Bias::PullDown => drop(builder.with_bias(gpiocdev::line::Bias::PullDown)),
            Bias::Disabled => drop(builder.with_bias(gpiocdev::line::Bias::Disabled)),
        }
        if debounced && !self.line.debounce.is_zero() {
            builder.with_debounce_period(self.line.debounce);
        }
        Ok(Held::Gpio(builder.request().map_err(|error| error.to_string())?, offset))
    }

    /// Its level now; what cannot be read is let go of.
    fn level(&mut self, debounced: bool) -> Result<bool, String> {
        if matches!(self.held, Held::Nothing) {
            self.held = self.hold(debounced)?;
        }
        let level = match &mut self.held {
            Held::Nothing => Err("it is not ours".to_owned()),
            Held::Gpio(request, offset) => {
                request.value(*offset).map(|value| value == Value::Active).map_err(|error| error.to_string())
            }
            Held::File(file, high) => read_file(file).inspect(|level| *high = *level).map_err(|error| causes(&error)),
        };
        if level.is_err() {
            self.held = Held::Nothing;
        }
        level
    }

    fn request((index, watch): (usize, &Self)) -> Option<(usize, &Request)> {
        match &watch.held {
            Held::Gpio(request, _) => Some((index, request)),
            Held::Nothing | Held::File(..) => None,
        }
    }
}

impl LineInputs {
    /// What the kernel has kept of a line; no more than it keeps at most.
    fn read_edges(&mut self, line: usize) -> gpiocdev::Result<()> {
        let Held::Gpio(request, _) = &self.lines[line].held else { return Ok(()) };
        for _ in 0..KEPT {
            if !request.has_edge_event()? {
                break;
            }
            let event = request.read_edge_event()?;
            let high = event.kind == EdgeKind::Rising;
            self.edges.push_back(Edge { at: event.timestamp_ns, line, high });
        }
        Ok(())
    }
}

impl InputLines for LineInputs {
    fn look(&mut self) -> Seen {
        let mut seen = Seen::default();
        for (index, watch) in self.lines.iter_mut().enumerate() {
            match watch.level(self.debounced) {
                Ok(high) => seen.levels.push((index, high)),
                Err(reason) => {
                    let what = watch.line.at.to_string();
                    seen.absent.push((index, DeviceError::Open { what, reason, code: Code::D602 }));
                }
            }
        }
        seen
    }

    fn wait(&mut self, patience: Duration) -> io::Result<Option<(usize, bool)>> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        if let Some(Edge { line, high, .. }) = self.edges.pop_front() {
            return Ok(Some((line, high)));
        }
        let mut patience = patience;
        for (index, watch) in self.lines.iter_mut().enumerate() {
            let Held::File(file, high) = &mut watch.held else { continue };
            let now = read_file(file)?;
            if std::mem::replace(high, now) != now {
                return Ok(Some((index, now)));
            }
            patience = patience.min(LOOK);
        }
        let requests: Vec<(usize, &Request)> = self.lines.iter().enumerate().filter_map(Watch::request).collect();
        if requests.is_empty() {
            thread::sleep(patience);
            return Ok(None);
        }
        let timeout = Timespec::try_from(patience).map_err(io::Error::other)?;
        let mut fds: Vec<PollFd<'_>> =
            requests.iter().map(|(_, request)| PollFd::new(*request, PollFlags::IN)).collect();
        match poll(&mut fds, Some(&timeout)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => return Ok(None),
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        let ready: Vec<usize> = fds
            .iter()
            .zip(&requests)
            .filter(|(fd, _)| !fd.revents().is_empty())
            .map(|(_, (index, _))| *index)
            .collect();
        let mut failure = None;
        for line in ready {
            if let Err(error) = self.read_edges(line) {
                self.lines[line].held = Held::Nothing;
                failure = Some(io::Error::other(error.to_string()));
            }
        }
        // Each line has a queue of its own, and whoever is late finds several filled.
        self.edges.make_contiguous().sort_by_key(|edge| edge.at);
        match (self.edges.pop_front(), failure) {
            (Some(Edge { line, high, .. }), failure) => {
                self.failure = failure;
                Ok(Some((line, high)))
            }
            (None, Some(failure)) => Err(failure),
            (None, None) => Ok(None),
        }
    }

    fn is_debounced(&self) -> bool {
        self.debounced
    }
}

/// A file that is not there, or holds anything but `1`, is low.
pub(super) fn read_file(file: &Path) -> io::Result<bool> {
    match files::read(file, 64) {
        Ok(bytes) => Ok(bytes.first() == Some(&b'1')),
        Err(error) if error.is_missing() => Ok(false),
        Err(error) => Err(error.into()),
    }
}
