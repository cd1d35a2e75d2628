//! Structured logs: to journald where systemd connected us to it, else to standard error.

use std::io;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{Layer as _, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// Starts logging at `FACEMCHD_LOG` (error, warn, info, debug; default info).
pub(super) fn start() {
    let level = std::env::var("FACEMCHD_LOG").ok().and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO);
    if std::env::var_os("JOURNAL_STREAM").is_some()
        && let Ok(journald) = tracing_journald::layer()
    {
        tracing_subscriber::registry().with(journald.with_filter(level)).init();
        return;
    }
    let stderr =
        tracing_subscriber::fmt::layer().with_writer(io::stderr).with_ansi(false).with_target(false).without_time();
    tracing_subscriber::registry().with(stderr.with_filter(level)).init();
}
