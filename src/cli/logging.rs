//! Logs: a line each, on standard error; below systemd with the priority that its journal takes from the line's head.
//!
//! Codes and fields stand in the line itself: `journalctl -u facemchd` shows them, and `-g N301` finds them.

#[cfg(feature = "sim")]
use std::fs::File;
use std::{
    fmt, io,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use rustix::{
    io::Errno,
    net::{SendFlags, send},
};
use tracing::{Event, Level, Metadata, Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    Layer as _,
    fmt::{
        FmtContext, FormatEvent, FormatFields, MakeWriter,
        format::{DefaultFields, Writer},
    },
    layer::SubscriberExt as _,
    registry::LookupSpan,
    util::SubscriberInitExt as _,
};

/// Standard error. Below systemd it is a socket, and a journal that does not read keeps nobody waiting: lines that it has
/// no room for are lost, and counted in the next.
struct StandardError {
    /// Whoever looks at the page, or is sent the bundle, is told of it: lines that name nobody.
    #[cfg(feature = "page")]
    is_everybodys: bool,
}

/// Where each line goes.
struct Lines;

static LOST: AtomicU64 = AtomicU64::new(0);

/// How a line begins.
enum Line {
    /// `<4>`, as sd-daemon(3) says.
    Journal,
    /// ` WARN `
    Plain,
}

/// Starts logging at `FACEMCHD_LOG` (error, warn, info, debug; default info).
pub(super) fn start() {
    let line = if std::env::var_os("JOURNAL_STREAM").is_some() { Line::Journal } else { Line::Plain };
    let stderr = tracing_subscriber::fmt::layer().event_format(line).with_writer(Lines);
    tracing_subscriber::registry().with(stderr.with_filter(level())).init();
}

/// Starts logging into a file.
#[cfg(feature = "sim")]
pub(super) fn start_in(file: File) {
    let layer = tracing_subscriber::fmt::layer().event_format(Line::Plain).with_writer(std::sync::Mutex::new(file));
    tracing_subscriber::registry().with(layer.with_filter(level())).init();
}

fn level() -> LevelFilter {
    std::env::var("FACEMCHD_LOG").ok().and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO)
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> FormatEvent<S, DefaultFields> for Line {
    fn format_event(
        &self,
        context: &FmtContext<'_, S, DefaultFields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let level = *event.metadata().level();
        match self {
            Self::Journal => write!(writer, "<{}>", priority(level))?,
            Self::Plain => write!(writer, "{level:>5} ")?,
        }
        let mut fields = String::new();
        context.field_format().format_fields(Writer::new(&mut fields), event)?;
        // What comes from outside does not begin a line of its own.
        fields
            .chars()
            .map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c })
            .try_for_each(|c| writer.write_char(c))?;
        writeln!(writer)
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = StandardError;

    fn make_writer(&'a self) -> StandardError {
        StandardError {
            #[cfg(feature = "page")]
            is_everybodys: true,
        }
    }

    #[cfg_attr(not(feature = "page"), expect(unused_variables, reason = "nobody else is told"))]
    fn make_writer_for(&'a self, of: &Metadata<'_>) -> StandardError {
        StandardError {
            #[cfg(feature = "page")]
            is_everybodys: of.target() != crate::page::NAMED,
        }
    }
}

impl io::Write for StandardError {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        #[cfg(feature = "page")]
        if self.is_everybodys {
            crate::page::LOG.push(line);
        }
        let lost = LOST.swap(0, Relaxed);
        let told = if lost > 0 { format!("<4>{lost} lines of this log were lost\n") } else { String::new() };
        match send(io::stderr(), &[told.as_bytes(), line].concat(), SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
            Ok(_) => Ok(line.len()),
            Err(Errno::NOTSOCK) => io::stderr().write_all(line).map(|()| line.len()),
            Err(_) => {
                LOST.fetch_add(lost.saturating_add(1), Relaxed);
                Ok(line.len())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// syslog(3)
fn priority(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        _ => 7,
    }
}
