//! From addresses to a connection: each gets its turn, none the others' time.
//!
//! An attempt begins at once when the one before it fails, and beside it when it stays silent (RFC 8305): a black hole at
//! the first address costs a head start, not the person's patience.

use std::{
    io,
    net::{SocketAddr, TcpStream},
    os::fd::OwnedFd,
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    net::{AddressFamily, SocketFlags, SocketType, connect, socket_with, sockopt},
};

use super::timer::Timer;

/// How long an attempt goes on alone (RFC 8305 §5 recommends 250 ms).
const HEAD_START: Duration = Duration::from_millis(250);

/// Bytes that the peer's kernel has not acknowledged for so long mean that nobody is there any more, ms: a connection
/// that a router has forgotten is told from a server that thinks.
const UNACKNOWLEDGED: u32 = 3000;

/// The first of `addresses` that answers. Those that refused or had not answered when time was over go to `failed`.
pub(super) fn first(
    addresses: &[SocketAddr],
    timer: &Timer<'_>,
    failed: &mut Vec<SocketAddr>,
) -> io::Result<(TcpStream, SocketAddr)> {
    let shares = u32::try_from(addresses.len()).unwrap_or(u32::MAX).saturating_add(1);
    let head_start = HEAD_START.min(timer.left()? / shares);
    let mut waiting = addresses.iter().copied();
    let mut running: Vec<(OwnedFd, SocketAddr)> = Vec::new();
    let mut next_at = timer.now();
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    loop {
        let now = timer.now();
        if now >= next_at
            && let Some(address) = waiting.next()
        {
            match begin(address) {
                Ok(socket) => {
                    running.push((socket, address));
                    next_at = now.after(head_start);
                }
                Err(error) => {
                    failed.push(address);
                    last = error;
                }
            }
            continue;
        }
        if running.is_empty() && waiting.len() == 0 {
            return Err(last);
        }
        let left = match timer.left() {
            Ok(left) => left,
            Err(late) => {
                failed.extend(running.iter().map(|(_, address)| *address));
                return Err(late);
            }
        };
        let pause = if waiting.len() == 0 { left } else { left.min(next_at.since(now)) };
        for at in ready(&running, pause)?.into_iter().rev() {
            let (socket, address) = running.remove(at);
            match sockopt::socket_error(&socket)? {
                Ok(()) => return Ok((TcpStream::from(socket), address)),
                Err(error) => {
                    failed.push(address);
                    last = error.into();
                    next_at = now;
                }
            }
        }
    }
}

/// A socket on its way.
fn begin(address: SocketAddr) -> io::Result<OwnedFd> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None)?;
    match connect(&socket, &address) {
        Ok(()) | Err(rustix::io::Errno::INPROGRESS) => Ok(socket),
        Err(error) => Err(error.into()),
    }
}

/// Which of them have been answered, within `pause`.
fn ready(running: &[(OwnedFd, SocketAddr)], pause: Duration) -> io::Result<Vec<usize>> {
    let mut polled: Vec<PollFd<'_>> = running.iter().map(|(socket, _)| PollFd::new(socket, PollFlags::OUT)).collect();
    let pause = Timespec::try_from(pause).map_err(io::Error::other)?;
    match poll(&mut polled, Some(&pause)) {
        Ok(_) | Err(rustix::io::Errno::INTR) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(polled.iter().enumerate().filter(|(_, one)| !one.revents().is_empty()).map(|(at, _)| at).collect())
}

/// A connected socket as the rest wants it: blocking, without delay, and not waiting for the dead.
pub(super) fn settle(socket: &TcpStream) -> io::Result<()> {
    socket.set_nonblocking(false)?;
    socket.set_nodelay(true)?;
    sockopt::set_tcp_user_timeout(socket, UNACKNOWLEDGED)?;
    Ok(())
}
