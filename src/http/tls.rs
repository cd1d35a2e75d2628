//! One TLS connection all of whose buffers are ours.
//!
//! rustls' buffered connection decrypts within a buffer it keeps: for as long as a connection is pooled, the last
//! person's answer would stand there. Here rustls borrows a buffer for each step; what it has taken is wiped, and an idle
//! connection has none.

use std::{
    io::{self, Read as _, Write as _},
    net::TcpStream,
    sync::Arc,
};

use rustix::net::{RecvFlags, recv};
use rustls::{
    ClientConfig, HandshakeKind,
    client::UnbufferedClientConnection,
    pki_types::{CertificateDer, ServerName},
    unbuffered::{ConnectionState, EncodeError, EncryptError, InsufficientSizeError, UnbufferedStatus},
};
use zeroize::{Zeroize as _, Zeroizing};

use super::timer::{Timer, of_socket};

/// A connection, its handshake done.
pub(super) struct Secure {
    tls: UnbufferedClientConnection,
    socket: TcpStream,
    incoming: Zeroizing<Vec<u8>>,
    /// How much of `incoming` is waiting.
    filled: usize,
    /// Encrypted, or the handshake's own.
    outgoing: Vec<u8>,
}

/// What a connection wants next.
enum Step {
    Again,
    Input,
    Ready,
    Closed,
}

/// Read at once, bytes.
const READ: usize = 8 * 1024;

/// The longest handshake message rustls takes (64 KiB), and a record.
const MOST: usize = 80 * 1024;

impl Secure {
    pub(super) fn handshake(
        config: Arc<ClientConfig>,
        name: ServerName<'static>,
        socket: TcpStream,
        timer: &Timer<'_>,
    ) -> io::Result<Self> {
        let tls = UnbufferedClientConnection::new(config, name).map_err(io::Error::other)?;
        let mut secure = Self { tls, socket, incoming: Zeroizing::default(), filled: 0, outgoing: Vec::new() };
        match secure.until_ready(&mut Vec::new(), timer) {
            Ok(()) => Ok(secure),
            Err(error) => {
                secure.tell_why(timer);
                Err(error)
            }
        }
    }

    pub(super) fn is_resumed(&self) -> bool {
        self.tls.handshake_kind() == Some(HandshakeKind::Resumed)
    }

    /// The server's certificate, and those that lead from it to a root.
    pub(super) fn certificates(&self) -> &[CertificateDer<'static>] {
        self.tls.peer_certificates().unwrap_or_default()
    }

    /// Writes all of it; `sent` tells whether the kernel took the last byte.
    pub(super) fn write(&mut self, bytes: &[u8], sent: &mut bool, timer: &Timer<'_>) -> io::Result<()> {
        let mut unasked = Vec::new();
        self.until_ready(&mut unasked, timer)?;
        if !unasked.is_empty() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        self.step(&mut unasked, Some(bytes), timer)?;
        self.transmit(timer)?;
        *sent = true;
        Ok(())
    }

    /// Adds what comes to `plain`; false when the server has closed the connection in good order.
    pub(super) fn read(&mut self, plain: &mut Vec<u8>, timer: &Timer<'_>) -> io::Result<bool> {
        let before = plain.len();
        loop {
            let step = self.step(plain, None, timer)?;
            if plain.len() > before {
                return Ok(true);
            }
            match step {
                Step::Again => {}
                Step::Closed => return Ok(false),
                Step::Input | Step::Ready => self.fill(timer)?,
            }
        }
    }

    /// Takes leave of one message: true when another can follow.
    pub(super) fn rest(&mut self, timer: &Timer<'_>) -> bool {
        let mut unasked = Vec::new();
        let open = loop {
            match self.step(&mut unasked, None, timer) {
                Ok(Step::Again) => {}
                Ok(Step::Ready) => break unasked.is_empty(),
                Ok(Step::Input | Step::Closed) | Err(_) => break false,
            }
        };
        unasked.zeroize();
        if self.filled == 0 {
            self.incoming = Zeroizing::default();
        }
        self.outgoing = Vec::new();
        open
    }

    /// Whether an idle connection still stands: what has come meanwhile is neither an end nor an answer.
    pub(super) fn is_open(&mut self, timer: &Timer<'_>) -> bool {
        match recv(&self.socket, &mut [0_u8; 1], RecvFlags::PEEK | RecvFlags::DONTWAIT) {
            Err(rustix::io::Errno::AGAIN) => true,
            Ok((_, 1..)) => self.fill(timer).is_ok() && self.rest(timer),
            _ => false,
        }
    }

    fn until_ready(&mut self, plain: &mut Vec<u8>, timer: &Timer<'_>) -> io::Result<()> {
        loop {
            match self.step(plain, None, timer)? {
                Step::Again => {}
                Step::Ready => return Ok(()),
                Step::Closed => return Err(io::ErrorKind::UnexpectedEof.into()),
                Step::Input => self.fill(timer)?,
            }
        }
    }

    /// Whatever rustls wants done next; `to_send` is encrypted when it is ready for that.
    fn step(&mut self, plain: &mut Vec<u8>, to_send: Option<&[u8]>, timer: &Timer<'_>) -> io::Result<Step> {
        let UnbufferedStatus { mut discard, state, .. } =
            self.tls.process_tls_records(&mut self.incoming[..self.filled]);
        let outgoing = &mut self.outgoing;
        let step = match state {
            Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                while let Some(record) = traffic.next_record() {
                    let record = record.map_err(io::Error::other)?;
                    discard += record.discard;
                    plain.extend_from_slice(record.payload);
                }
                Step::Again
            }
            Ok(ConnectionState::EncodeTlsData(mut data)) => {
                append(outgoing, |room| match data.encode(room) {
                    Err(EncodeError::InsufficientSize(size)) => Err(Some(size)),
                    other => other.map_err(|_| None),
                })?;
                Step::Again
            }
            Ok(ConnectionState::TransmitTlsData(data)) => {
                transmit(&self.socket, outgoing, timer)?;
                data.done();
                Step::Again
            }
            Ok(ConnectionState::WriteTraffic(mut traffic)) => {
                if let Some(bytes) = to_send {
                    append(outgoing, |room| match traffic.encrypt(bytes, room) {
                        Err(EncryptError::InsufficientSize(size)) => Err(Some(size)),
                        other => other.map_err(|_| None),
                    })?;
                }
                Step::Ready
            }
            Ok(ConnectionState::BlockedHandshake) => Step::Input,
            Ok(_) => Step::Closed,
            Err(error) => return Err(io::Error::other(error)),
        };
        let discard = discard.min(self.filled);
        self.incoming.copy_within(discard..self.filled, 0);
        self.incoming[self.filled - discard..self.filled].zeroize();
        self.filled -= discard;
        Ok(step)
    }

    fn fill(&mut self, timer: &Timer<'_>) -> io::Result<()> {
        if self.incoming.len() < self.filled + READ {
            if self.filled + READ > MOST {
                return Err(io::ErrorKind::InvalidData.into());
            }
            let mut wider = Zeroizing::new(vec![0; self.filled + READ]);
            wider[..self.filled].copy_from_slice(&self.incoming[..self.filled]);
            self.incoming = wider;
        }
        timer.limit(&self.socket)?;
        match self.socket.read(&mut self.incoming[self.filled..]).map_err(of_socket)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            length => {
                self.filled += length;
                Ok(())
            }
        }
    }

    fn transmit(&mut self, timer: &Timer<'_>) -> io::Result<()> {
        transmit(&self.socket, &mut self.outgoing, timer)
    }

    /// After an error rustls may have an alert to send, so that the server's log knows, too. Taken in one step and no
    /// more: a failed connection that is shown its input again panics.
    fn tell_why(&mut self, timer: &Timer<'_>) {
        if self.step(&mut Vec::new(), None, timer).is_ok() {
            let _ = self.transmit(timer);
        }
    }
}

fn transmit(mut socket: &TcpStream, outgoing: &mut Vec<u8>, timer: &Timer<'_>) -> io::Result<()> {
    let mut rest = outgoing.as_slice();
    while !rest.is_empty() {
        timer.limit(socket)?;
        match socket.write(rest).map_err(of_socket)? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            written => rest = &rest[written..],
        }
    }
    outgoing.clear();
    Ok(())
}

/// Lets `encode` write behind what is there, with as much room as it asks for.
fn append(
    outgoing: &mut Vec<u8>,
    mut encode: impl FnMut(&mut [u8]) -> Result<usize, Option<InsufficientSizeError>>,
) -> io::Result<()> {
    let before = outgoing.len();
    loop {
        match encode(&mut outgoing[before..]) {
            Ok(written) => {
                outgoing.truncate(before + written);
                return Ok(());
            }
            Err(Some(size)) if outgoing.len() < before + size.required_size => {
                outgoing.resize(before + size.required_size, 0);
            }
            Err(_) => return Err(io::ErrorKind::InvalidData.into()),
        }
    }
}
