//! What systemd is told. Without systemd every call is a success that does nothing.

use std::{env, process, time::Duration};

use sd_notify::NotifyState;

/// The daemon serves.
pub(super) fn ready() {
    send(&[NotifyState::Ready]);
}

/// The daemon is stopping in order.
pub(super) fn stopping() {
    send(&[NotifyState::Stopping]);
}

/// One line for `systemctl status`, and a sign of life.
pub(super) fn alive(status: &str) {
    send(&[NotifyState::Watchdog, NotifyState::Status(status)]);
}

/// There will be no sign of life: what the watchdog is for has happened.
pub(super) fn hung() {
    send(&[NotifyState::WatchdogTrigger]);
}

/// How often a sign of life is due: half of `WATCHDOG_USEC` (sd_watchdog_enabled(3)), if it is meant for this process.
pub(super) fn watchdog_interval() -> Option<Duration> {
    if env::var("WATCHDOG_PID").is_ok_and(|pid| pid != process::id().to_string()) {
        return None;
    }
    let microseconds: u64 = env::var("WATCHDOG_USEC").ok()?.parse().ok()?;
    (microseconds > 0).then(|| Duration::from_micros(microseconds / 2))
}

fn send(states: &[NotifyState]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "systemd could not be told");
    }
}
