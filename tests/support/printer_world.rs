//! A printer behind a wire of its own kind, in simulated time.

use std::{
    collections::VecDeque,
    io::{self, Read, Write},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use facemchd::{
    device::{EscPosPrinter, Fonts, Layout, Port},
    sim::devices::PrinterTwin,
    words::{Clock, Moment, Now, WallTime},
};

/// What lies between the driver and the printer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// The printer holds up the UART by CTS.
    RtsCts,
    /// The printer raises BUSY on a line of its own; the UART knows nothing of it.
    Busy,
    /// usblp: one transfer at a time, taken when the printer has room for it.
    Usb,
    /// The kernel and the printer's own socket hold what the printer does not take.
    Tcp,
}

pub const WIRES: [Wire; 4] = [Wire::RtsCts, Wire::Busy, Wire::Usb, Wire::Tcp];

/// How answers come back: a print server may stand between.
#[derive(Clone, Debug)]
pub enum Answers {
    AtOnce,
    /// So much later each.
    Late(Duration),
    /// When the clock strikes, all that there are.
    InClumps(Duration),
    /// So much later each, out of these in turn, none overtaking another.
    Uneven(VecDeque<Duration>),
    /// And once more, so much later.
    Twice(Duration),
    Never,
}

/// A printer with its wire, and the time of both.
pub struct World {
    wire: Wire,
    pub now: Duration,
    twin: PrinterTwin,
    /// Bytes of the printer's buffer.
    room: usize,
    /// What has not left, what is on its way back until when, and what has come back.
    out: VecDeque<u8>,
    way: VecDeque<(Duration, u8)>,
    back: VecDeque<u8>,
    /// How answers come back.
    pub answers: Answers,
    /// Its status lines, where the wire carries them.
    pub lines: fn(&PrinterTwin) -> Option<u8>,
    obeys: bool,
    patience: Duration,
    /// Bytes that nobody took.
    pub lost: usize,
    pub stopped: Option<Duration>,
}

/// Bytes a millisecond: a UART of 115,200 baud, USB and a network, and a mechanism that prints pictures at 60 mm/s.
const UART: usize = 11;
const FAST: usize = 400;
const MECHANISM: usize = 20;

/// A printer calls itself full while it has still room for this.
const SLACK: usize = 128;

impl World {
    fn is_busy(&self) -> bool {
        self.twin.stands_still() || self.twin.held() + SLACK > self.room
    }

    pub fn advance(&mut self) {
        self.now += Duration::from_millis(1);
        let room = self.room.saturating_sub(self.twin.held());
        let serial = matches!(self.wire, Wire::RtsCts | Wire::Busy);
        let held = self.wire == Wire::RtsCts && self.obeys && self.is_busy();
        let most = if held {
            0
        } else if serial {
            UART
        } else {
            FAST.min(room)
        };
        let sent: Vec<u8> = self.out.drain(..most.min(self.out.len())).collect();
        let taken = sent.len().min(room);
        self.lost += sent.len() - taken;
        let mut answers = self.twin.hear(&sent[..taken]);
        answers.extend(self.twin.work(Some(MECHANISM)));
        self.send_back(&answers);
        if self.twin.stands_still() && self.stopped.is_none() {
            self.stopped = Some(self.now);
        }
    }

    fn send_back(&mut self, answers: &[u8]) {
        let now = self.now;
        if !answers.is_empty() {
            let due = match &mut self.answers {
                Answers::AtOnce | Answers::Twice(_) => now,
                Answers::Late(late) => now + *late,
                Answers::InClumps(beat) => {
                    let beats = now.as_millis() / beat.as_millis() + 1;
                    *beat * u32::try_from(beats).expect("minutes")
                }
                Answers::Uneven(late) => {
                    late.rotate_left(1);
                    now + late[0]
                }
                Answers::Never => return,
            };
            let due = self.way.back().map_or(due, |(last, _)| due.max(*last));
            self.way.extend(answers.iter().map(|byte| (due, *byte)));
            if let Answers::Twice(later) = self.answers {
                self.way.extend(answers.iter().map(|byte| (now + later, *byte)));
                self.way.make_contiguous().sort_by_key(|(due, _)| *due);
            }
        }
        while self.way.front().is_some_and(|(due, _)| *due <= now) {
            self.back.extend(self.way.pop_front().map(|(_, byte)| byte));
        }
    }
}

/// The driver's end.
#[derive(Clone)]
pub struct End(Arc<Mutex<World>>);

impl End {
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().expect("not poisoned")
    }
}

impl std::fmt::Debug for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("End")
    }
}

impl Clock for End {
    fn now(&self) -> Now {
        Now { moment: Moment(self.world().now), wall: WallTime(0) }
    }
}

impl Read for End {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let until = {
            let world = self.world();
            world.now + world.patience
        };
        loop {
            let read = self.arrived(buffer)?;
            if read > 0 {
                return Ok(read);
            }
            if self.world().now >= until {
                return Err(io::ErrorKind::TimedOut.into());
            }
            self.world().advance();
        }
    }
}

impl Write for End {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut world = self.world();
        if world.wire == Wire::Usb && !world.out.is_empty() {
            world.advance();
            return Err(io::ErrorKind::WouldBlock.into());
        }
        world.out.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Port for End {
    fn set_patience(&mut self, patience: Duration) -> io::Result<()> {
        self.world().patience = patience;
        Ok(())
    }

    fn arrived(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut world = self.world();
        let length = buffer.len().min(world.back.len());
        for (place, byte) in buffer.iter_mut().zip(world.back.drain(..length)) {
            *place = byte;
        }
        Ok(length)
    }

    fn pending(&mut self) -> io::Result<usize> {
        let world = self.world();
        Ok(match world.wire {
            Wire::RtsCts | Wire::Busy => world.out.len(),
            Wire::Usb => usize::from(!world.out.is_empty()),
            Wire::Tcp => 0,
        })
    }

    fn withdraw(&mut self) -> io::Result<usize> {
        let mut world = self.world();
        let serial = matches!(world.wire, Wire::RtsCts | Wire::Busy);
        Ok(if serial { std::mem::take(&mut world.out).len() } else { 0 })
    }

    fn lines(&mut self) -> io::Result<Option<u8>> {
        let world = self.world();
        Ok((world.lines)(&world.twin))
    }

    fn obey(&mut self, flow_control: bool) -> io::Result<()> {
        self.world().obeys = flow_control;
        Ok(())
    }

    fn chunk(&self) -> usize {
        if matches!(self.world().wire, Wire::RtsCts | Wire::Busy) { 64 } else { 512 }
    }
}

/// A printer of this profile with paper and no fault, and the driver at the other end.
pub fn connected(layout: Layout, wire: Wire, answers: Answers) -> (EscPosPrinter, PrinterTwin, End) {
    let twin = PrinterTwin::new(None, layout.profile.columns);
    let world = World {
        wire,
        now: Duration::from_secs(1),
        twin: twin.clone(),
        room: layout.profile.buffer_bytes,
        out: VecDeque::new(),
        way: VecDeque::new(),
        back: VecDeque::new(),
        answers,
        lines: |_| None,
        obeys: true,
        patience: Duration::ZERO,
        lost: 0,
        stopped: None,
    };
    let end = End(Arc::new(Mutex::new(world)));
    let line = end.clone();
    let busy = (wire == Wire::Busy).then(|| Box::new(move || Ok(line.world().is_busy())) as _);
    let port = end.clone();
    let open = move || {
        let mut world = port.world();
        world.back.clear();
        if wire == Wire::Tcp {
            world.way.clear();
        }
        drop(world);
        Ok(Box::new(port.clone()) as _)
    };
    let printer = EscPosPrinter::new(Box::new(open), layout, Fonts::built_in(), Arc::new(end.clone()));
    (printer.with_busy(busy), twin, end)
}
