//! What a request is written on: TLS, or nothing between it and the network.

use std::io;

#[cfg(feature = "hospital")]
use super::plain::Plain;
use super::{timer::Timer, tls::Secure};

/// What a request is written on.
pub(super) enum Wire {
    Secure(Box<Secure>),
    #[cfg(feature = "hospital")]
    Plain(Plain),
}

impl Wire {
    /// The TLS connection, where it is one.
    pub(super) fn secure(&self) -> Option<&Secure> {
        match self {
            Self::Secure(secure) => Some(secure),
            #[cfg(feature = "hospital")]
            Self::Plain(_) => None,
        }
    }

    pub(super) fn write(&mut self, bytes: &[u8], sent: &mut bool, timer: &Timer<'_>) -> io::Result<()> {
        match self {
            Self::Secure(secure) => secure.write(bytes, sent, timer),
            #[cfg(feature = "hospital")]
            Self::Plain(plain) => plain.write(bytes, sent, timer),
        }
    }

    pub(super) fn read(&mut self, plain: &mut Vec<u8>, timer: &Timer<'_>) -> io::Result<bool> {
        match self {
            Self::Secure(secure) => secure.read(plain, timer),
            #[cfg(feature = "hospital")]
            Self::Plain(bare) => bare.read(plain, timer),
        }
    }

    /// Takes leave of one message: true when another can follow.
    pub(super) fn rest(&mut self, timer: &Timer<'_>) -> bool {
        match self {
            Self::Secure(secure) => secure.rest(timer),
            #[cfg(feature = "hospital")]
            Self::Plain(_) => true,
        }
    }

    pub(super) fn is_open(&mut self, timer: &Timer<'_>) -> bool {
        match self {
            Self::Secure(secure) => secure.is_open(timer),
            #[cfg(feature = "hospital")]
            Self::Plain(plain) => plain.is_open(),
        }
    }
}
