//! What systemd is told (sd_notify(3)): one datagram each. Without systemd every call does nothing.

use std::{
    env,
    ffi::OsStr,
    io,
    os::{
        linux::net::SocketAddrExt as _,
        unix::{
            ffi::OsStrExt as _,
            net::{SocketAddr, UnixDatagram},
        },
    },
    process,
    time::Duration,
};

/// Who reads does so at once; who does not keeps nobody waiting.
const PATIENCE: Duration = Duration::from_millis(50);

/// The daemon serves.
pub(super) fn ready() {
    tell("READY=1");
}

/// The daemon is stopping in order.
pub(super) fn stopping() {
    tell("STOPPING=1");
}

/// One line for `systemctl status`, and a sign of life.
pub(super) fn alive(status: &str) {
    tell(&format!("WATCHDOG=1\nSTATUS={status}"));
}

/// There will be no sign of life: what the watchdog is for has happened.
pub(super) fn hung() {
    tell("WATCHDOG=trigger");
}

/// How often a sign of life is due: half of `WATCHDOG_USEC` (sd_watchdog_enabled(3)), if it is meant for this process.
pub(super) fn watchdog_interval() -> Option<Duration> {
    if env::var("WATCHDOG_PID").is_ok_and(|pid| pid != process::id().to_string()) {
        return None;
    }
    let microseconds: u64 = env::var("WATCHDOG_USEC").ok()?.parse().ok()?;
    (microseconds > 0).then(|| Duration::from_micros(microseconds / 2))
}

fn tell(what: &str) {
    if let Some(socket) = env::var_os("NOTIFY_SOCKET")
        && let Err(error) = send(&socket, what)
    {
        tracing::debug!(%error, "systemd could not be told");
    }
}

/// `socket` is a path, or behind `@` an abstract name.
fn send(socket: &OsStr, what: &str) -> io::Result<()> {
    let address = match socket.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        _ => SocketAddr::from_pathname(socket)?,
    };
    let ours = UnixDatagram::unbound()?;
    ours.set_write_timeout(Some(PATIENCE))?;
    ours.send_to_addr(what.as_bytes(), &address)?;
    Ok(())
}
