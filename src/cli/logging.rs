//! Structured logs: to journald where systemd connected us to it, else to standard error.

#[cfg(feature = "sim")]
use std::fs::File;
use std::io;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{Layer as _, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// Starts logging at `FACEMCHD_LOG` (error, warn, info, debug; default info).
pub(super) fn start() {
    let level = level();
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

/// Starts logging into a file.
#[cfg(feature = "sim")]
pub(super) fn start_in(file: File) {
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(std::sync::Mutex::new(file))
        .with_ansi(false)
        .with_target(false)
        .without_time();
    tracing_subscriber::registry().with(layer.with_filter(level())).init();
}

fn level() -> LevelFilter {
    std::env::var("FACEMCHD_LOG").ok().and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO)
}
