//! The twin of a gate's RS-485 board: 19,200 8N1, questions of eight bytes (`7E 00 machine command d0 d1 d2 ~sum`),
//! answers of eighteen (`7F version machine fault gate alarm left×3 right×3 infrared done volts 0 0 ~sum`). Several may
//! share one bus.

use std::{
    collections::BTreeMap,
    io::{self, Read as _, Write as _},
    os::unix::net::{UnixListener, UnixStream},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use super::heard::Heard;

/// The boards of one bus.
#[derive(Clone)]
pub struct TurnstileTwin(Arc<Mutex<Bus>>);

/// What is wrong with the bus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BusTrouble {
    /// Nothing.
    #[default]
    None,
    /// The boards hear and say nothing.
    Deaf,
    /// They hear and obey, and what they say is lost.
    Mute,
    /// The answer to the next opening alone is lost.
    MuteOnce,
    /// Half of each answer is lost.
    Half,
    /// A bit of each answer is wrong.
    Garbled,
    /// Noise comes before each answer.
    Noisy,
    /// They answer and do not move.
    Stuck,
}

struct Bus {
    boards: BTreeMap<u8, Machine>,
    trouble: BusTrouble,
    echoes: bool,
    complaints: Vec<String>,
    heard: Heard,
}

#[derive(Default)]
struct Machine {
    /// 0 shut, 1 open to the left, 2 to the right.
    stands: u8,
    left: u32,
    right: u32,
    alarm: u8,
    fault: u8,
    /// How often it opened to the left and to the right.
    openings: [usize; 2],
    closings: usize,
}

impl TurnstileTwin {
    /// Boards with these numbers, on a thread of their own until the wire is dropped.
    pub fn start(machines: &[u8]) -> io::Result<(Self, UnixStream)> {
        let (near, far) = UnixStream::pair()?;
        let twin = Self::new(machines);
        let listening = twin.clone();
        thread::Builder::new().name("turnstile twin".to_owned()).spawn(move || listening.listen(far))?;
        Ok((twin, near))
    }

    /// The same behind a socket, for whoever comes, one after the other.
    pub fn behind(socket: &Path, machines: &[u8]) -> io::Result<Self> {
        let listener = UnixListener::bind(socket)?;
        let twin = Self::new(machines);
        let listening = twin.clone();
        thread::Builder::new().name("turnstile twin".to_owned()).spawn(move || {
            listener.incoming().map_while(Result::ok).for_each(|wire| listening.listen(wire));
        })?;
        Ok(twin)
    }

    fn new(machines: &[u8]) -> Self {
        let boards = machines.iter().map(|machine| (*machine, Machine::default())).collect();
        let (trouble, heard) = (BusTrouble::None, Heard::default());
        let bus = Bus { boards, trouble, echoes: false, complaints: Vec::new(), heard };
        Self(Arc::new(Mutex::new(bus)))
    }

    /// Somebody goes through, whether they may or not; a gate that stood open for them shuts behind them.
    pub fn pass(&self, machine: u8, left: bool) {
        self.machine(machine, |board| {
            let (count, open) = if left { (&mut board.left, 1) } else { (&mut board.right, 2) };
            *count = (*count + 1) & 0x00ff_ffff;
            if board.stands == open {
                board.stands = 0;
            }
        });
    }

    /// The board's alarm and fault bytes from now on.
    pub fn set_bytes(&self, machine: u8, alarm: u8, fault: u8) {
        self.machine(machine, |board| (board.alarm, board.fault) = (alarm, fault));
    }

    /// The board's counters, as if it had run for long.
    pub fn set_counts(&self, machine: u8, left: u32, right: u32) {
        self.machine(machine, |board| (board.left, board.right) = (left, right));
    }

    /// From now on.
    pub fn set_trouble(&self, trouble: BusTrouble) {
        self.bus().trouble = trouble;
    }

    /// Whatever is sent comes back first, as from an adapter that hears itself.
    pub fn set_echo(&self, echoes: bool) {
        self.bus().echoes = echoes;
    }

    /// How often it opened: to the left, to the right.
    pub fn openings(&self, machine: u8) -> [usize; 2] {
        self.bus().boards.get(&machine).map_or([0; 2], |board| board.openings)
    }

    /// How often it was told to shut.
    pub fn closings(&self, machine: u8) -> usize {
        self.bus().boards.get(&machine).map_or(0, |board| board.closings)
    }

    /// It stands open.
    pub fn is_open(&self, machine: u8) -> bool {
        self.bus().boards.get(&machine).is_some_and(|board| board.stands != 0)
    }

    /// The newest of what was said on the bus, as its boards read and meant it, a message a line.
    pub fn decoded(&self) -> String {
        self.bus().heard.decoded()
    }

    /// What no such board would have understood.
    pub fn complaints(&self) -> Vec<String> {
        self.bus().complaints.clone()
    }

    fn bus(&self) -> MutexGuard<'_, Bus> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn machine(&self, machine: u8, change: impl FnOnce(&mut Machine)) {
        if let Some(board) = self.bus().boards.get_mut(&machine) {
            change(board);
        }
    }

    fn listen(&self, mut wire: UnixStream) {
        let (mut heard, mut buffer) = (Vec::new(), [0; 64]);
        while let Ok(read @ 1..) = wire.read(&mut buffer) {
            heard.extend_from_slice(&buffer[..read]);
            loop {
                let mut bus = self.bus();
                let Some(question) = bus.question(&mut heard) else { break };
                let said = bus.said(question);
                drop(bus);
                if wire.write_all(&said).is_err() {
                    return;
                }
            }
        }
    }
}

impl Bus {
    /// The first question of what was heard.
    fn question(&mut self, heard: &mut Vec<u8>) -> Option<[u8; 8]> {
        let begins = heard.iter().position(|byte| *byte == 0x7e).unwrap_or(heard.len());
        if begins > 0 {
            self.complaints.push(format!("{begins} bytes before a question"));
            heard.drain(..begins);
        }
        let question: [u8; 8] = heard.get(..8)?.try_into().ok()?;
        heard.drain(..8);
        Some(question)
    }

    /// What is to be heard on the bus after a question.
    fn said(&mut self, question: [u8; 8]) -> Vec<u8> {
        let mut said = if self.echoes { question.to_vec() } else { Vec::new() };
        let [_, version, machine, command, first, ..] = question;
        let sum = question[..7].iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
        if version != 0 || question[7] != !sum {
            self.complaints.push(format!("no question: {question:02x?}"));
            self.heard.message(&question, "no question");
            return said;
        }
        let what = match (command, first) {
            (0x10, _) => "how do you stand",
            (0x80, 1) => "open to the left",
            (0x82, 1) => "open to the right",
            (0x84, _) => "shut",
            _ => "not understood",
        };
        self.heard.message(&question, format!("machine {machine}: {what}"));
        let trouble = self.trouble;
        let Some(board) = self.boards.get_mut(&machine).filter(|_| trouble != BusTrouble::Deaf) else { return said };
        let opens = matches!(command, 0x80 | 0x82);
        match command {
            0x10 => {}
            _ if trouble == BusTrouble::Stuck => {}
            0x80 | 0x82 if first == 1 => {
                let right = usize::from(command == 0x82);
                board.stands = 1 + u8::from(command == 0x82);
                board.openings[right] += 1;
            }
            0x84 => {
                board.stands = 0;
                board.closings += 1;
            }
            _ => self.complaints.push(format!("command {command:02x} {first:02x}")),
        }
        let lost = trouble == BusTrouble::Mute || trouble == BusTrouble::MuteOnce && opens;
        if lost {
            if trouble == BusTrouble::MuteOnce {
                self.trouble = BusTrouble::None;
            }
            return said;
        }
        let mut answer = self.boards.get(&machine).map(|board| board.answer(machine)).unwrap_or_default();
        if let Some(Machine { stands, fault, alarm, .. }) = self.boards.get(&machine) {
            let stands = ["shut", "open to the left", "open to the right"][usize::from(*stands)];
            self.heard.message(&answer, format!("machine {machine}: {stands}, fault {fault}, alarm {alarm}"));
        }
        match trouble {
            BusTrouble::Half => answer.truncate(9),
            BusTrouble::Garbled => answer[4] ^= 0x10,
            BusTrouble::Noisy => said.extend([0x00, 0x7f, 0xff, 0x7f, 0x01]),
            _ => {}
        }
        said.extend(answer);
        said
    }
}

impl Machine {
    fn answer(&self, machine: u8) -> Vec<u8> {
        let (left, right) = (self.left.to_be_bytes(), self.right.to_be_bytes());
        let mut answer = vec![0x7f, 0x21, machine, self.fault, self.stands, self.alarm];
        answer.extend([left[1], left[2], left[3], right[1], right[2], right[3]]);
        answer.extend([0x00, 0x01, 24, 0, 0]);
        answer.push(!answer.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte)));
        answer
    }
}
