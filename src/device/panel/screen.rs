//! What the kernel drives — HDMI, LVDS, DSI — as a framebuffer; and a picture file for a bench without a panel.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    os::unix::fs::FileExt as _,
    path::PathBuf,
};

use super::{
    colour::rgb,
    frame::{Frame, Rect},
    picture::Glass,
};
use crate::{device::DeviceError, files};

/// How a screen lies in its memory now (`linux/fb.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Dots across and down that are seen.
    pub visible: (usize, usize),
    /// Where in memory they begin: dots from the left, rows from the top.
    pub offset: (usize, usize),
    /// Rows of memory, those of other buffers included.
    pub rows: usize,
    /// Bytes from one row to the next.
    pub stride: usize,
    /// Bits of a dot: 16, 24 or 32.
    pub bits: usize,
    /// Red, green, blue.
    pub colours: [Channel; 3],
    /// How opaque a dot is; of no bits where the screen knows no such thing.
    pub alpha: Channel,
}

/// Where in a dot a colour lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Channel {
    /// From the lowest bit.
    pub offset: u32,
    /// How many bits the channel has.
    pub length: u32,
}

/// The kernel's side of a screen.
pub trait Screen: Send {
    /// How it lies in memory.
    fn layout(&self) -> io::Result<Layout>;

    /// Its memory. It is written to and not mapped: the kernel copies, and a driver that shares its memory sees the write.
    fn memory(&self) -> &File;

    /// Keeps the console's text off the glass from here on.
    fn keep_console_away(&mut self);
}

/// A screen of true colours.
pub struct Framebuffer<S> {
    screen: S,
    layout: Layout,
}

impl Channel {
    /// A value of eight bits where this colour has its own.
    fn place(self, value: u8) -> u32 {
        let value = u32::from(value);
        let bits = if self.length < 8 { value >> (8 - self.length) } else { value << (self.length - 8) };
        bits << self.offset
    }
}

impl Layout {
    /// What we cannot draw on, in words.
    fn misfit(&self) -> Option<&'static str> {
        let channels = self.colours.iter().chain([&self.alpha]);
        let end = |channel: &Channel| channel.offset.saturating_add(channel.length);
        let in_dot = channels
            .clone()
            .all(|channel| channel.length <= 16 && usize::try_from(end(channel)).is_ok_and(|end| end <= self.bits));
        let coloured = self.colours.iter().all(|channel| channel.length > 0);
        let (across, down) = self.visible;
        let (left, top) = self.offset;
        // No screen has more; and nothing that is reckoned from these overflows.
        let bounded = [across, down, left, top, self.rows, self.stride].iter().all(|number| *number <= 1 << 16);
        if ![16, 24, 32].contains(&self.bits) || !in_dot || !coloured {
            Some("only 16, 24 and 32 bits a dot with red, green and blue in them are understood")
        } else if !bounded
            || across == 0
            || down == 0
            || (left + across) * (self.bits / 8) > self.stride
            || top + down > self.rows
        {
            Some("its visible part does not lie within its memory")
        } else {
            None
        }
    }

    fn dot(&self, [red, green, blue]: [u8; 3]) -> [u8; 4] {
        let [reds, greens, blues] = self.colours;
        (reds.place(red) | greens.place(green) | blues.place(blue) | self.alpha.place(0xFF)).to_le_bytes()
    }
}

impl<S: Screen> Framebuffer<S> {
    /// Takes a screen over; nothing is written before the first scene.
    pub fn new(screen: S) -> Result<Self, DeviceError> {
        let layout = measured(&screen)?;
        Ok(Self { screen, layout })
    }
}

impl<S: Screen> Framebuffer<S> {
    /// Looks where the glass is now. Where it moved — somebody panned, or plugged another screen in — everything is blank
    /// afterwards: nobody's name stays behind on a buffer that may be seen again.
    fn follow(&mut self) -> Result<bool, DeviceError> {
        let layout = measured(&self.screen)?;
        let moved = layout != std::mem::replace(&mut self.layout, layout);
        if moved {
            self.blank()?;
        }
        Ok(moved)
    }

    /// All buffers.
    fn blank(&self) -> Result<(), DeviceError> {
        let blank = vec![0; self.layout.stride];
        for row in 0..self.layout.rows {
            let at = u64::try_from(row * self.layout.stride).unwrap_or(u64::MAX);
            self.screen.memory().write_all_at(&blank, at).map_err(|error| DeviceError::Bus(error.to_string()))?;
        }
        Ok(())
    }
}

fn measured(screen: &impl Screen) -> Result<Layout, DeviceError> {
    let layout = screen.layout().map_err(|error| DeviceError::Bus(error.to_string()))?;
    layout.misfit().map_or(Ok(layout), |misfit| Err(DeviceError::Bus(misfit.to_owned())))
}

impl<S: Screen> Glass for Framebuffer<S> {
    fn size(&self) -> (usize, usize) {
        self.layout.visible
    }

    fn initialise(&mut self) -> Result<(), DeviceError> {
        self.follow()?;
        self.screen.keep_console_away();
        self.blank()
    }

    fn remind(&mut self) -> Result<(), DeviceError> {
        self.follow()?;
        self.screen.keep_console_away();
        Ok(())
    }

    fn write(&mut self, frame: &Frame, rect: Rect) -> Result<(), DeviceError> {
        let moved = self.follow()?;
        let (width, height) = self.layout.visible;
        if frame.size() != (width, height) {
            return Err(DeviceError::Bus("its size is another one now".to_owned()));
        }
        let Rect { x, y, width, height } = if moved { Rect { x: 0, y: 0, width, height } } else { rect };
        let (layout, bytes_per_dot) = (self.layout, self.layout.bits / 8);
        let (left, top) = layout.offset;
        for row in y..y + height {
            let mut bytes = Vec::with_capacity(width * bytes_per_dot);
            for ink in &frame.row(row)[x..x + width] {
                bytes.extend_from_slice(&layout.dot(rgb(frame, *ink))[..bytes_per_dot]);
            }
            let at = (top + row) * layout.stride + (left + x) * bytes_per_dot;
            let at = u64::try_from(at).unwrap_or(u64::MAX);
            self.screen.memory().write_all_at(&bytes, at).map_err(|error| DeviceError::Bus(error.to_string()))?;
        }
        Ok(())
    }
}

/// A file that always holds the whole picture, as PPM.
pub struct PictureFile {
    file: PathBuf,
    width: usize,
    height: usize,
}

impl PictureFile {
    /// Writes nothing before the first scene.
    pub fn new(file: PathBuf, width: usize, height: usize) -> Self {
        Self { file, width, height }
    }

    fn replace(&self, frame: &Frame) -> io::Result<()> {
        let fresh = self.file.with_extension("part");
        let mut file = files::create_public(&fresh)?;
        write!(file, "P6\n{} {}\n255\n", self.width, self.height)?;
        let dots = (0..self.height).flat_map(|y| frame.row(y)).flat_map(|ink| rgb(frame, *ink));
        file.write_all(&dots.collect::<Vec<u8>>())?;
        fs::rename(fresh, &self.file)
    }
}

impl Glass for PictureFile {
    fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    fn grain(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    fn initialise(&mut self) -> Result<(), DeviceError> {
        Ok(())
    }

    fn remind(&mut self) -> Result<(), DeviceError> {
        Ok(())
    }

    fn write(&mut self, frame: &Frame, _: Rect) -> Result<(), DeviceError> {
        self.replace(frame).map_err(|error| DeviceError::Bus(format!("{}: {error}", self.file.display())))
    }
}
