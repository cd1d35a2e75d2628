//! A number sent to an access controller over two wires, Wiegand, by the board's own kernel driver: pulses of 100 µs are not
//! a program's to make. The driver's file takes a number as `echo 1234567 > …/wiegand26` gives it, and adds the parity.
//!
//! Nothing comes back over such wires. "Opened" says that the driver took the number; who went through, the lane's own
//! sensors see.

use std::{
    io::Write as _,
    path::PathBuf,
    sync::mpsc::{Receiver, TryRecvError, sync_channel},
    thread,
};

use serde::Deserialize;

use crate::{
    device::{DeviceError, gate::Contact},
    fault::causes,
    files,
    kiosk::Grant,
};

/// How long a number is, its two bits of parity with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u8")]
pub enum NumberBits {
    /// 26: numbers to 16777215.
    #[default]
    TwentySix,
    /// 34: numbers to 4294967295.
    ThirtyFour,
}

impl TryFrom<u8> for NumberBits {
    type Error = &'static str;

    fn try_from(bits: u8) -> Result<Self, Self::Error> {
        match bits {
            26 => Ok(Self::TwentySix),
            34 => Ok(Self::ThirtyFour),
            _ => Err("expected 26 or 34 bits"),
        }
    }
}

impl NumberBits {
    /// The largest number.
    fn most(self) -> u32 {
        match self {
            Self::TwentySix => 0x00FF_FFFF,
            Self::ThirtyFour => u32::MAX,
        }
    }
}

/// A driver's file, and what became of the number before.
pub struct Wiegand {
    file: PathBuf,
    bits: NumberBits,
    under_way: Option<Receiver<Result<(), String>>>,
}

impl Wiegand {
    /// Sends nothing yet.
    pub fn new(file: PathBuf, bits: NumberBits) -> Self {
        Self { file, bits, under_way: None }
    }

    /// Nothing of the number stays in a message.
    fn failed(&self, reason: &str) -> DeviceError {
        DeviceError::Line(format!("{}: {reason}", self.file.display()))
    }

    /// What became of the number that was sent last; without one, whether the driver is there.
    fn looked_at(&mut self) -> Result<(), DeviceError> {
        let Some(sent) = &self.under_way else {
            return files::device(&self.file, false).map(drop).map_err(|error| self.failed(&causes(&error)));
        };
        let sent = match sent.try_recv() {
            Err(TryRecvError::Empty) => return Err(self.failed("the driver is at the number before")),
            Ok(sent) => sent,
            Err(TryRecvError::Disconnected) => Err("nobody knows what became of the number".to_owned()),
        };
        self.under_way = None;
        sent.map_err(|reason| self.failed(&reason))
    }
}

impl Contact for Wiegand {
    /// The driver takes the number bit by bit, in which nobody waits for it.
    fn set(&mut self, opens: Option<Grant>, _: bool) -> Result<(), DeviceError> {
        let Some(grant) = opens else { return self.looked_at() };
        let number = grant.number.map(|number| number.reveal()).filter(|number| *number <= self.bits.most());
        let number = number.ok_or(DeviceError::Number(self.bits.most()))?;
        let ((told, sent), file) = (sync_channel(1), self.file.clone());
        let send = move || {
            let sent = files::device(&file, false).map_err(|error| causes(&error)).and_then(|mut file| {
                // A bench's file keeps what is behind it.
                let _ = file.set_len(0);
                file.write_all(format!("{number}\n").as_bytes()).map_err(|error| error.to_string())
            });
            let _ = told.send(sent);
        };
        thread::Builder::new()
            .name("wiegand".to_owned())
            .spawn(send)
            .map_err(|error| self.failed(&error.to_string()))?;
        self.under_way = Some(sent);
        Ok(())
    }

    fn answers_late(&self) -> bool {
        true
    }
}
