//! Ids of visits and print jobs.

use std::{fmt, str::FromStr};

/// One person's visit; the idempotency key towards the site's system, the printer and the gate.
///
/// `run` is drawn at random once per start of the program, `serial` counts within it, so an id is never used twice.
/// Text form: sixteen hex digits, `-`, at least four decimal digits: `3f9c0a1be2d45577-0012`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId {
    /// Random per start.
    pub run: u64,
    /// From 1, per start.
    pub serial: u32,
}

/// A text that is not a session id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a session id (sixteen hex digits, a hyphen, a number)")]
pub struct SessionIdError;

/// One slip to be printed: a session prints at most one slip by itself, a reprint is the next copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId {
    /// The session whose slip it is.
    pub session: SessionId,
    /// 0 is the original.
    pub copy: u8,
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}-{:04}", self.run, self.serial)
    }
}

impl FromStr for SessionId {
    type Err = SessionIdError;

    fn from_str(text: &str) -> Result<Self, SessionIdError> {
        let (run, serial) = text.split_once('-').ok_or(SessionIdError)?;
        if run.len() != 16 || serial.len() < 4 || !serial.bytes().all(|b| b.is_ascii_digit()) {
            return Err(SessionIdError);
        }
        Ok(Self {
            run: u64::from_str_radix(run, 16).map_err(|_| SessionIdError)?,
            serial: serial.parse().map_err(|_| SessionIdError)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_form_reads_back() {
        for id in [SessionId { run: 0, serial: 1 }, SessionId { run: u64::MAX, serial: u32::MAX }] {
            assert_eq!(id.to_string().parse(), Ok(id));
        }
        assert_eq!("3f-1".parse::<SessionId>(), Err(SessionIdError));
    }
}
