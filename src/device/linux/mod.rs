//! Real lines, buses and ports. The only folder that names `linux-embedded-hal`, `gpiocdev` and
//! `framebuffer`.

mod inputs;
mod lines;
mod outputs;
mod ports;
#[cfg(feature = "turnstile")]
mod rs485;
#[cfg(feature = "glyphs")]
mod screen;
mod serial;
mod usb;

use std::path::PathBuf;

pub(crate) use self::lines::input_level;
#[cfg(feature = "turnstile")]
pub use self::ports::{bus_tcp, rs485};
#[cfg(feature = "glyphs")]
pub(crate) use self::screen::bring_console_back;
#[cfg(feature = "glyphs")]
pub use self::screen::{KernelScreen, screen};
pub use self::{
    inputs::{LineInputs, WatchedLine, inputs},
    lines::{Bias, LineAt, group},
    outputs::{LineError, OutputLine, output},
    ports::{delay, i2c, serial, spi, tcp, tcp_stream, unix, usb},
};

/// One GPIO chip, as the kernel shows it.
pub(crate) struct Chip {
    /// `/dev/gpiochip0`; moves between kernels.
    pub path: PathBuf,
    /// What a board file names it by.
    pub label: String,
    /// Its lines, by offset.
    pub lines: Vec<ChipLine>,
}

/// One line of a chip.
pub(crate) struct ChipLine {
    /// Its name, or nothing.
    pub name: String,
    /// Who uses it; nothing where it is free.
    pub consumer: Option<String>,
    /// It is an output now.
    pub output: bool,
}

/// Every GPIO chip that may be opened.
pub(crate) fn chips() -> Vec<Chip> {
    lines::chips().unwrap_or_default().into_iter().filter_map(|path| chip(path).ok()).collect()
}

fn chip(path: PathBuf) -> gpiocdev::Result<Chip> {
    let chip = gpiocdev::Chip::from_path(&path)?;
    let label = chip.info()?.label;
    let lines = chip.line_info_iter()?.map(|info| {
        let info = info?;
        let output = info.direction == gpiocdev::line::Direction::Output;
        Ok(ChipLine { name: info.name, consumer: info.used.then_some(info.consumer), output })
    });
    Ok(Chip { path, label, lines: lines.collect::<gpiocdev::Result<_>>()? })
}
