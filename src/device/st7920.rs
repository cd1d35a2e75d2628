//! ST7920 in text mode over SPI (hardware.md §1.2; Sitronix ST7920 V4.0, pages 21–26).
//!
//! Chip select is tied high. At 200 kHz or less a streamed pair of bytes takes longer than the chip's 72 µs, so one
//! write per run of characters needs no delays. Only what changed is sent.
//!
//! A hanzi that the character ROM lacks is loaded into one of the four user glyphs; a fifth on one screen is ＊.

use embedded_hal::{delay::DelayNs, spi::SpiDevice};

use super::{
    DeviceError, Drawn, Panel,
    gb::{Gb, STAND_IN, columns},
    glyph::{Glyph, glyph},
    layout::{COLUMNS, LINES, text_lines},
};
use crate::kiosk::Scene;

/// DDRAM addresses of the four lines: the third follows the first in memory.
const LINE_ADDRESS: [u8; LINES] = [0x80, 0x90, 0x88, 0x98];

const COMMAND: u8 = 0xF8;
const DATA: u8 = 0xFA;

/// Set CGRAM address: the first of a glyph's sixteen rows.
const CGRAM: u8 = 0x40;

/// Display memory of one panel: four lines of eight words of two bytes.
type Memory = [[u8; COLUMNS]; LINES];

/// The characters in the four user glyphs.
type UserGlyphs = [Option<char>; 4];

/// The driver.
pub struct St7920<S, D> {
    spi: S,
    delay: D,
    /// What the chip shows; none until it has been initialised, and after a failure.
    shown: Option<Memory>,
    loaded: UserGlyphs,
}

impl<S: SpiDevice, D: DelayNs> St7920<S, D> {
    /// Takes the bus over; nothing is sent before the first scene.
    pub fn new(spi: S, delay: D) -> Self {
        Self { spi, delay, shown: None, loaded: UserGlyphs::default() }
    }

    fn load(&mut self, slot: u8, glyph: &Glyph) -> Result<(), S::Error> {
        let mut bytes = Vec::with_capacity(68);
        bytes.extend_from_slice(&frame(COMMAND, CGRAM | slot << 4));
        bytes.push(DATA);
        for byte in glyph.rows() {
            bytes.extend_from_slice(&[byte & 0xF0, byte << 4]);
        }
        self.spi.write(&bytes)
    }

    fn initialise(&mut self) -> Result<(), S::Error> {
        self.delay.delay_ms(40);
        for (command, wait_us) in [(0x30, 110), (0x30, 110), (0x0C, 110), (0x01, 12_000), (0x06, 110)] {
            self.spi.write(&frame(COMMAND, command))?;
            self.delay.delay_us(wait_us);
        }
        Ok(())
    }

    fn draw(&mut self, wanted: &Memory, glyphs: UserGlyphs) -> Result<(), S::Error> {
        let before = match self.shown.take() {
            Some(shown) => shown,
            None => {
                self.initialise()?;
                self.loaded = UserGlyphs::default();
                [[b' '; COLUMNS]; LINES]
            }
        };
        for (slot, character) in (0_u8..).zip(glyphs) {
            if let Some(glyph) = character.filter(|_| character != self.loaded[usize::from(slot)]).and_then(glyph) {
                self.load(slot, &glyph)?;
                self.loaded[usize::from(slot)] = character;
            }
        }
        for line in 0..LINES {
            for run in runs(&before[line], &wanted[line]) {
                let address = LINE_ADDRESS[line] + u8::try_from(run.start / 2).unwrap_or(0);
                let mut bytes = Vec::with_capacity(4 + 2 * run.len());
                bytes.extend_from_slice(&frame(COMMAND, address));
                bytes.push(DATA);
                for byte in &wanted[line][run] {
                    bytes.extend_from_slice(&[byte & 0xF0, byte << 4]);
                }
                self.spi.write(&bytes)?;
            }
        }
        self.shown = Some(*wanted);
        Ok(())
    }
}

impl<S: SpiDevice + Send, D: DelayNs + Send> Panel for St7920<S, D> {
    fn show(&mut self, scene: &Scene) -> Result<Drawn, DeviceError> {
        let lines = text_lines(scene);
        let glyphs = user_glyphs(&lines, self.loaded);
        let mut drawn = Drawn::default();
        let wanted = lines.map(|line| encode(&line, &glyphs, &mut drawn.missing));
        self.draw(&wanted, glyphs).map_err(|error| DeviceError::Bus(format!("{error:?}")))?;
        Ok(drawn)
    }
}

/// Which characters the user glyphs hold for these lines. One that is loaded keeps its place.
fn user_glyphs(lines: &[String], loaded: UserGlyphs) -> UserGlyphs {
    let mut wanted: Vec<char> = Vec::new();
    for character in lines.iter().flat_map(|line| line.chars()) {
        let lacking = columns(character) == 2 && !Gb::of(character).is_gb2312();
        if lacking && !wanted.contains(&character) && wanted.len() < loaded.len() && glyph(character).is_some() {
            wanted.push(character);
        }
    }
    let mut glyphs = loaded.map(|character| character.filter(|character| wanted.contains(character)));
    for character in wanted {
        if !glyphs.contains(&Some(character))
            && let Some(free) = glyphs.iter_mut().find(|slot| slot.is_none())
        {
            *free = Some(character);
        }
    }
    glyphs
}

/// A start byte and one byte in two halves.
fn frame(start: u8, byte: u8) -> [u8; 3] {
    [start, byte & 0xF0, byte << 4]
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
