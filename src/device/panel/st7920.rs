//! ST7920, 128×64 with a Chinese ROM (Sitronix ST7920 V4.0, pages 21–26).
//!
//! In text mode a hanzi that the character ROM lacks is loaded into one of the four user glyphs. A screen that needs a
//! fifth, or a panel whose ROM is another one, is drawn dot by dot in graphic mode. Only what changed is sent.

mod graphics;

use std::io;

use embedded_hal::delay::DelayNs;
use serde::Deserialize;

use self::graphics::Graphics;
use super::{
    Reset, Style,
    bus::{Bus, Register},
    text::{COLUMNS, LINES, text_page},
    turning::Turning,
};
use crate::{
    device::{
        DeviceError, Drawn, Panel,
        gb::{Gb, STAND_IN, alone, cells, columns, letter},
        glyph::{Bitmap, Fonts},
    },
    kiosk::Scene,
};

/// DDRAM addresses of the four lines: the third follows the first in memory.
const LINE_ADDRESS: [u8; LINES] = [0x80, 0x90, 0x88, 0x98];

/// Set CGRAM address: the first of a glyph's sixteen rows.
const CGRAM: u8 = 0x40;

/// Basic instructions.
const BASIC: u8 = 0x30;

/// The same out of extended ones, and graphics stay on: that bit and RE never change in one instruction (pages 20, 22), and
/// a chip that took the other first would take what follows for extended instructions.
const BASIC_AND_GRAPHICS: u8 = 0x32;

/// Extended instructions, with graphics off and on.
const EXTENDED: u8 = 0x34;
const GRAPHICS: u8 = 0x36;

/// Display on; the address moves right.
const ON: u8 = 0x0C;
const ENTRY: u8 = 0x06;

/// Commands with the microseconds that they are given. Twice, because what a chip is in the middle of takes the first;
/// and graphics off before anything is seen: a chip that was not reset may still show a picture. The RE bit and the
/// others do not change in one instruction (page 20).
const INIT: [(u8, u32); 8] = [
    (BASIC, 110),
    (BASIC, 110),
    (EXTENDED, 110),
    (EXTENDED, 110),
    (BASIC, 110),
    (ON, 110),
    // Clear.
    (0x01, 12_000),
    (ENTRY, 110),
];

/// Display memory of one panel: four lines of eight words of two bytes.
type Memory = [[u8; COLUMNS]; LINES];

/// What the four user glyphs draw: a character, or a letter with its marks.
type UserGlyphs = [Option<String>; 4];

const BLANK: Memory = [[b' '; COLUMNS]; LINES];

/// No byte of any text: whatever is wanted differs from it.
const UNKNOWN: Memory = [[0xFF; COLUMNS]; LINES];

/// `panel.rom`: which characters the chip holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rom {
    /// GB2312: ST7920-0B.
    #[default]
    Gb2312,
    /// Others, or none: everything is drawn dot by dot.
    None,
}

/// The driver.
pub struct St7920<B, D> {
    bus: B,
    delay: D,
    rom: Rom,
    style: Style,
    fonts: Fonts,
    reset: Option<Reset>,
    /// What the chip shows; none until it has been initialised, and after a failure.
    shown: Option<Memory>,
    graphics: Graphics,
    loaded: UserGlyphs,
    turning: Turning,
}

impl<B: Bus, D: DelayNs> St7920<B, D> {
    /// Takes the bus over; nothing is sent before the first scene.
    pub fn new(bus: B, delay: D, rom: Rom, style: Style, fonts: Fonts) -> Self {
        Self {
            bus,
            delay,
            rom,
            style,
            fonts,
            reset: None,
            shown: None,
            graphics: Graphics::default(),
            loaded: UserGlyphs::default(),
            turning: Turning::default(),
        }
    }

    /// With a reset line.
    pub fn with_reset(self, reset: Option<Reset>) -> Self {
        Self { reset, ..self }
    }

    fn load(&mut self, slot: u8, glyph: &Bitmap) -> io::Result<()> {
        let rows: Vec<u8> = glyph.rows16().into_iter().flat_map(u16::to_be_bytes).collect();
        self.bus.write_all(&[(Register::Command, &[CGRAM | slot << 4]), (Register::Data, &rows)])
    }

    fn initialise(&mut self) -> io::Result<()> {
        self.reset.as_mut().map_or(Ok(()), Reset::pulse).map_err(io::Error::other)?;
        self.delay.delay_ms(40);
        for (command, wait_us) in INIT {
            self.bus.write(Register::Command, &[command])?;
            self.delay.delay_us(wait_us);
        }
        self.graphics = Graphics::default();
        self.loaded = UserGlyphs::default();
        Ok(())
    }

    /// Says again what the chip forgets with its supply; afterwards nothing is known of its memory.
    fn remind(&mut self) -> io::Result<()> {
        let basic = if self.graphics.is_on() { BASIC_AND_GRAPHICS } else { BASIC };
        self.bus.write(Register::Command, &[basic, ON, ENTRY])?;
        self.loaded = UserGlyphs::default();
        self.shown = Some(UNKNOWN);
        if self.graphics.is_on() {
            // A picture stays where it is: it is not left and entered again.
            self.write_lines(&UNKNOWN, &BLANK)?;
            self.shown = Some(BLANK);
            self.graphics.remind(&mut self.bus)?;
        }
        Ok(())
    }

    fn write_text(&mut self, wanted: &Memory, glyphs: UserGlyphs) -> io::Result<()> {
        let before = match self.shown.take() {
            Some(shown) => shown,
            None => {
                self.initialise()?;
                BLANK
            }
        };
        self.graphics.leave(&mut self.bus)?;
        for (slot, cell) in (0_u8..).zip(glyphs) {
            let new = cell.as_ref().filter(|_| cell != self.loaded[usize::from(slot)]);
            if let Some(glyph) = new.and_then(|cell| self.fonts.cell(cell, 16).ok()) {
                self.load(slot, &glyph)?;
                self.loaded[usize::from(slot)] = cell;
            }
        }
        self.write_lines(&before, wanted)?;
        self.shown = Some(*wanted);
        Ok(())
    }

    fn write_lines(&mut self, before: &Memory, wanted: &Memory) -> io::Result<()> {
        for line in 0..LINES {
            for run in runs(&before[line], &wanted[line]) {
                let address = LINE_ADDRESS[line] + u8::try_from(run.start / 2).unwrap_or(0);
                self.bus.write_all(&[(Register::Command, &[address]), (Register::Data, &wanted[line][run])])?;
            }
        }
        Ok(())
    }

    fn failed(&mut self, error: &io::Error) -> DeviceError {
        self.shown = None;
        Reset::darken(&mut self.reset);
        DeviceError::Bus(error.to_string())
    }

    /// Text and picture are mixed by the chip: the text goes blank first.
    fn show_picture(&mut self, scene: &Scene, drawn: &mut Drawn) -> io::Result<()> {
        if self.shown != Some(BLANK) {
            self.write_text(&BLANK, self.loaded.clone())?;
        }
        *drawn = self.graphics.show(&mut self.bus, (scene, self.turning.page()), &self.style, &mut self.fonts)?;
        Ok(())
    }
}

impl<B: Bus, D: DelayNs + Send> Panel for St7920<B, D> {
    fn show(&mut self, scene: &Scene) -> Result<Drawn, DeviceError> {
        self.turning.shows(scene);
        let (lines, pages) = text_page(scene, &self.style.phrases, self.turning.page());
        let lacking = lacking(&lines);
        let mut drawn = Drawn { turns: pages > 1, ..Drawn::default() };
        let text_will_do = self.rom == Rom::Gb2312 && !self.style.large && lacking.len() <= self.loaded.len();
        let fits = text_will_do || cfg!(not(feature = "glyphs"));
        let written = if fits {
            let mut unknown = |cell: &str| self.fonts.cell(cell, 16).err();
            let wanted: Vec<&str> = lacking.into_iter().filter(|cell| unknown(cell).is_none()).collect();
            let glyphs = user_glyphs(&wanted, &self.loaded);
            let memory = lines.each_ref().map(|line| {
                let (bytes, stars) = encode(line, &glyphs);
                drawn.missing.extend(stars.into_iter().map(|cell| unknown(cell).unwrap_or(letter(cell))));
                bytes
            });
            self.write_text(&memory, glyphs)
        } else {
            self.show_picture(scene, &mut drawn)
        };
        written.map(|()| drawn).map_err(|error| self.failed(&error))
    }

    fn refresh(&mut self, scene: &Scene) -> Result<Drawn, DeviceError> {
        if self.shown.is_some() {
            self.remind().map_err(|error| self.failed(&error))?;
        }
        self.show(scene)
    }
}

/// What of these lines the ROM lacks, each once.
fn lacking(lines: &[String]) -> Vec<&str> {
    let mut lacking: Vec<&str> = Vec::new();
    for cell in lines.iter().flat_map(|line| cells(line)) {
        if columns(cell) == 2 && in_rom(cell).is_none() && !lacking.contains(&cell) {
            lacking.push(cell);
        }
    }
    lacking
}

fn in_rom(cell: &str) -> Option<Gb> {
    alone(cell).map(Gb::of).filter(|gb| matches!(gb, Gb::Ascii(_)) || gb.is_gb2312())
}

/// What the user glyphs hold for these. One that is loaded keeps its place.
fn user_glyphs(wanted: &[&str], loaded: &UserGlyphs) -> UserGlyphs {
    let is_wanted = |cell: &String| wanted.contains(&cell.as_str());
    let mut glyphs = loaded.clone().map(|cell| cell.filter(is_wanted));
    for cell in wanted {
        if !glyphs.iter().flatten().any(|loaded| loaded == cell)
            && let Some(free) = glyphs.iter_mut().find(|slot| slot.is_none())
        {
            *free = Some((*cell).to_owned());
        }
    }
    glyphs
}

/// A line of the layout, in which every hanzi begins on a word, as bytes for the character ROM; and what of it is a star.
fn encode<'a>(line: &'a str, glyphs: &UserGlyphs) -> ([u8; COLUMNS], Vec<&'a str>) {
    let mut bytes = Vec::with_capacity(COLUMNS + 2);
    let mut stars = Vec::new();
    for cell in cells(line).filter(|cell| columns(cell) > 0) {
        let glyph = || (0_u8..).zip(glyphs).find(|(_, loaded)| loaded.as_deref() == Some(cell));
        match (in_rom(cell), glyph()) {
            (Some(Gb::Ascii(byte)), _) => bytes.push(byte),
            (Some(Gb::Two(pair)), _) => bytes.extend_from_slice(&pair),
            (_, Some((slot, _))) => bytes.extend_from_slice(&[0, 2 * slot]),
            (_, None) => {
                stars.push(cell);
                bytes.extend_from_slice(&STAND_IN);
            }
        }
    }
    let mut memory = [b' '; COLUMNS];
    for (place, byte) in memory.iter_mut().zip(bytes) {
        *place = byte;
    }
    (memory, stars)
}

/// Runs of words that differ. Two words that stay between two runs cost as much as a new address: they are sent along.
fn runs(before: &[u8; COLUMNS], wanted: &[u8; COLUMNS]) -> Vec<std::ops::Range<usize>> {
    let mut runs: Vec<std::ops::Range<usize>> = Vec::new();
    for word in (0..COLUMNS).step_by(2) {
        if before[word..word + 2] == wanted[word..word + 2] {
            continue;
        }
        match runs.last_mut() {
            // An address and a start byte are four bytes on the wire, as is one word.
            Some(run) if word - run.end <= 2 => run.end = word + 2,
            _ => runs.push(word..word + 2),
        }
    }
    runs
}
