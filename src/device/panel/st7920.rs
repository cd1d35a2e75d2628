//! ST7920, 128×64 with a Chinese ROM (Sitronix ST7920 V4.0, pages 21–26).
//!
//! In text mode a hanzi that the character ROM lacks is loaded into one of the four user glyphs. A screen that needs a
//! fifth, or a panel whose ROM is another one, is drawn dot by dot in graphic mode. Only what changed is sent.

mod graphics;

use std::io;

use embedded_hal::delay::DelayNs;

use self::graphics::Graphics;
use super::{
    Reset, Style,
    bus::{Bus, Register},
    text::{COLUMNS, LINES, text_lines},
};
use crate::{
    device::{
        DeviceError, Drawn, Panel,
        gb::{Gb, STAND_IN, columns},
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

/// The characters in the four user glyphs.
type UserGlyphs = [Option<char>; 4];

const BLANK: Memory = [[b' '; COLUMNS]; LINES];

/// No byte of any text: whatever is wanted differs from it.
const UNKNOWN: Memory = [[0xFF; COLUMNS]; LINES];

/// Which characters the chip's ROM holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rom {
    /// GB2312: ST7920-0B.
    #[default]
    Gb2312,
    /// Others, or none: graphic mode only.
    Other,
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
        self.bus.write(Register::Command, &[BASIC, ON, ENTRY])?;
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
        for (slot, character) in (0_u8..).zip(glyphs) {
            let new = character.filter(|_| character != self.loaded[usize::from(slot)]);
            if let Some(glyph) = new.and_then(|character| self.fonts.bitmap(character, 16)) {
                self.load(slot, &glyph)?;
                self.loaded[usize::from(slot)] = character;
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

    /// Text and picture are mixed by the chip: the text goes blank first.
    fn show_picture(&mut self, scene: &Scene, drawn: &mut Drawn) -> io::Result<()> {
        if self.shown != Some(BLANK) {
            self.write_text(&BLANK, self.loaded)?;
        }
        drawn.missing = self.graphics.show(&mut self.bus, scene, self.style, &mut self.fonts)?;
        Ok(())
    }
}

impl<B: Bus, D: DelayNs + Send> Panel for St7920<B, D> {
    fn show(&mut self, scene: &Scene) -> Result<Drawn, DeviceError> {
        let lines = text_lines(scene, self.style.language);
        let lacking = lacking(&lines);
        let mut drawn = Drawn::default();
        let text_will_do = self.rom == Rom::Gb2312 && !self.style.large && lacking.len() <= self.loaded.len();
        let fits = text_will_do || cfg!(not(feature = "glyphs"));
        let written = if fits {
            let drawable = |character: &char| self.fonts.bitmap(*character, 16).is_some();
            let wanted: Vec<char> = lacking.into_iter().filter(drawable).collect();
            let glyphs = user_glyphs(&wanted, self.loaded);
            let memory = lines.map(|line| encode(&line, &glyphs, &mut drawn.missing));
            self.write_text(&memory, glyphs)
        } else {
            self.show_picture(scene, &mut drawn)
        };
        if let Err(error) = written {
            self.shown = None;
            return Err(DeviceError::Bus(error.to_string()));
        }
        Ok(drawn)
    }

    fn refresh(&mut self, scene: &Scene) -> Result<Drawn, DeviceError> {
        if self.shown.is_some()
            && let Err(error) = self.remind()
        {
            self.shown = None;
            return Err(DeviceError::Bus(error.to_string()));
        }
        self.show(scene)
    }
}

/// The characters of these lines that the ROM lacks, each once.
fn lacking(lines: &[String]) -> Vec<char> {
    let mut lacking: Vec<char> = Vec::new();
    for character in lines.iter().flat_map(|line| line.chars()) {
        if columns(character) == 2 && !Gb::of(character).is_gb2312() && !lacking.contains(&character) {
            lacking.push(character);
        }
    }
    lacking
}

/// Which characters the user glyphs hold for these. One that is loaded keeps its place.
fn user_glyphs(wanted: &[char], loaded: UserGlyphs) -> UserGlyphs {
    let mut glyphs = loaded.map(|character| character.filter(|character| wanted.contains(character)));
    for character in wanted {
        if !glyphs.contains(&Some(*character))
            && let Some(free) = glyphs.iter_mut().find(|slot| slot.is_none())
        {
            *free = Some(*character);
        }
    }
    glyphs
}

/// A line of the layout, in which every hanzi begins on a word, as bytes for the character ROM.
fn encode(line: &str, glyphs: &UserGlyphs, missing: &mut Vec<char>) -> [u8; COLUMNS] {
    let mut bytes = Vec::with_capacity(COLUMNS + 2);
    for character in line.chars().filter(|character| columns(*character) > 0) {
        let gb = Gb::of(character);
        match gb {
            Gb::Ascii(byte) => bytes.push(byte),
            Gb::Two(pair) if gb.is_gb2312() => bytes.extend_from_slice(&pair),
            _ => match (0_u8..).zip(glyphs).find(|(_, loaded)| **loaded == Some(character)) {
                Some((slot, _)) => bytes.extend_from_slice(&[0, 2 * slot]),
                None => {
                    missing.push(character);
                    bytes.extend_from_slice(&STAND_IN);
                }
            },
        }
    }
    let mut memory = [b' '; COLUMNS];
    for (place, byte) in memory.iter_mut().zip(bytes) {
        *place = byte;
    }
    memory
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
