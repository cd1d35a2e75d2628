//! A coil of a Modbus relay board as a gate's contact: written, read back, and written off again.

use std::{
    sync::atomic::{AtomicU16, Ordering},
    time::Duration,
};

use rmodbus::{ErrorKind, ModbusProto, client::ModbusRequest};

use super::{Action, Controller, Manner, Side, State, Status};

/// A coil.
pub struct Coil {
    /// Which of the bus's boards.
    pub unit: u8,
    /// Its number, from 0.
    pub coil: u16,
    /// Modbus TCP; else RTU.
    pub tcp: bool,
    /// How long it stays on.
    pub pulse: Duration,
    /// No answer comes later.
    pub answer_within: Duration,
    /// Which question this is, where frames say so.
    turn: AtomicU16,
}

/// Write Single Coil, and an exception's bit.
const WRITE: u8 = 5;
const READ: u8 = 1;
const EXCEPTION: u8 = 0x80;

impl Coil {
    /// A coil, off.
    pub fn new(unit: u8, coil: u16, tcp: bool, pulse: Duration, answer_within: Duration) -> Self {
        Self { unit, coil, tcp, pulse, answer_within, turn: AtomicU16::new(0) }
    }

    /// The question with its bytes.
    fn asked(&self, action: Action) -> Option<(ModbusRequest, Vec<u8>)> {
        let mut request = match self.tcp {
            true => ModbusRequest::new_tcp_udp(self.unit, self.turn.load(Ordering::Relaxed)),
            false => ModbusRequest::new(self.unit, ModbusProto::Rtu),
        };
        let mut bytes = Vec::new();
        let written = match action {
            Action::Status => request.generate_get_coils(self.coil, 1, &mut bytes),
            Action::Open(_) => request.generate_set_coil(self.coil, true, &mut bytes),
            Action::Close => request.generate_set_coil(self.coil, false, &mut bytes),
        };
        written.is_ok().then_some((request, bytes))
    }

    /// How long an answer is whose own part has so many bytes.
    fn length(&self, bytes: usize) -> usize {
        bytes + if self.tcp { 6 } else { 2 }
    }

    /// The byte of an answer's own part.
    fn byte(&self, answer: &[u8], at: usize) -> Option<u8> {
        answer.get(at + if self.tcp { 6 } else { 0 }).copied()
    }
}

impl Controller for Coil {
    fn request(&self, action: Action) -> Option<Vec<u8>> {
        self.turn.fetch_add(1, Ordering::Relaxed);
        Some(self.asked(action)?.1)
    }

    fn answer(&self, action: Action, heard: &[u8]) -> Option<Status> {
        let (request, written) = self.asked(action)?;
        let find =
            |length: usize, fits: &dyn Fn(&[u8]) -> bool| heard.windows(self.length(length)).find(|bytes| fits(bytes));
        // Address, function with its highest bit, and why not.
        let function = if action == Action::Status { READ } else { WRITE };
        let refused = |bytes: &[u8]| {
            let broken =
                matches!(request.parse_ok(bytes), Ok(()) | Err(ErrorKind::FrameBroken | ErrorKind::FrameCRCError));
            !broken && self.byte(bytes, 1) == Some(function | EXCEPTION)
        };
        if let Some(refusal) = find(3, &refused) {
            return Some(Status { fault: self.byte(refusal, 2).map(u32::from), ..Status::default() });
        }
        if action != Action::Status {
            // The answer to a write is the same again; what it came to is read.
            return find(6, &|bytes| bytes == written && request.parse_ok(bytes).is_ok()).map(|_| Status::default());
        }
        let answer = find(4, &|bytes| request.parse_ok(bytes).is_ok() && self.byte(bytes, 2) == Some(1))?;
        let mut on = Vec::new();
        request.parse_bool(answer, &mut on).ok()?;
        let state = if *on.first()? { State::Open(Side::Left) } else { State::Closed };
        Some(Status { state, ..Status::default() })
    }

    fn manner(&self) -> Manner {
        Manner {
            answer_within: self.answer_within,
            retries: 2,
            poll: Duration::from_secs(1),
            // Read back at once.
            opens_within: self.answer_within.saturating_mul(3),
            knows_state: true,
            counts: false,
            count_mask: 0,
            closes: true,
            pulse: Some(self.pulse),
        }
    }
}
