//! The twin of an ST7920 with a GB2312 ROM, at the other end of its serial or parallel wire (Sitronix ST7920 V4.0,
//! pages 21–26).

mod lines;

use std::{
    convert::Infallible,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use embedded_hal::{
    digital::{self, OutputPin},
    spi::{ErrorKind, ErrorType, Operation, SpiDevice},
};
use encoding_rs::GB18030;

use super::{
    face::{Face, View},
    heard::Heard,
    picture::{Picture, character_of, read_line},
    socket::{Cable, Socket},
    write_whole,
};

/// Watches a panel.
#[derive(Clone)]
pub struct PanelTwin(Arc<Mutex<Chip>>, Socket);

/// The panel's end of the wire.
pub struct PanelWire(PanelTwin, Cable);

/// The chip: display memory and what the wire is in the middle of.
struct Chip {
    memory: [u8; 128],
    /// The user glyphs: four of sixteen rows of two bytes.
    glyphs: [u8; 128],
    address: usize,
    /// Graphic memory: 32 rows of 16 words.
    dots: [[u16; 16]; 32],
    /// Extended instructions are understood; graphic memory is shown.
    extended: bool,
    graphics: bool,
    /// Row and byte that the next graphic data goes to; the row alone has been named.
    place: (usize, usize),
    row_named: bool,
    /// Data goes to the user glyphs.
    loading: bool,
    on: bool,
    /// How often what was seen went away.
    blinks: usize,
    register: Option<bool>,
    half: Option<u8>,
    bytes: u64,
    dips: u64,
    complaints: Vec<String>,
    heard: Heard,
    folder: Option<PathBuf>,
    drawn: [String; 4],
}

/// What a word of display memory shows.
enum Word {
    /// A hanzi of the ROM, or a user glyph with its rows.
    Wide(char, Option<[u16; 16]>),
    /// Two characters of half width.
    Halves([char; 2]),
}

/// Where each line of the glass lies in memory, in bytes: the second half of a 32-column row is the line below the next.
const LINES: [usize; 4] = [0x00, 0x20, 0x10, 0x30];

impl PanelTwin {
    /// A panel that has just been switched on; `folder` is where it writes what it shows.
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self(Arc::new(Mutex::new(Chip::new(folder))), Socket::default())
    }

    /// Its supply dips: it knows nothing any more, and its memory holds anything.
    pub fn dip(&self) {
        let mut chip = self.chip();
        chip.forget();
        chip.dips += 1;
        (chip.memory, chip.glyphs, chip.dots) = ([0x5A; 128], [0x5A; 128], [[0x5A5A; 16]; 32]);
    }

    /// The other end of its reset line, active low.
    pub fn reset_pin(&self) -> PanelReset {
        PanelReset(self.clone())
    }

    /// How often what was seen went away for a moment.
    pub fn blinks(&self) -> usize {
        self.chip().blinks
    }

    /// The other end.
    pub fn wire(&self) -> PanelWire {
        PanelWire(self.clone(), self.1.cable())
    }

    /// The four lines that the glass shows.
    pub fn shown(&self) -> [String; 4] {
        self.chip().shown()
    }

    /// Bytes that came over the wire so far.
    pub fn bytes(&self) -> u64 {
        self.chip().bytes
    }

    /// What a real chip would not have understood.
    pub fn complaints(&self) -> Vec<String> {
        self.chip().complaints.clone()
    }

    /// The glass as PNG.
    pub fn png(&self) -> Vec<u8> {
        self.chip().png()
    }

    fn chip(&self) -> MutexGuard<'_, Chip> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The kiosk's end of the reset line.
pub struct PanelReset(PanelTwin);

impl digital::ErrorType for PanelReset {
    type Error = Infallible;
}

impl OutputPin for PanelReset {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.0.chip().forget();
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl Face for PanelTwin {
    fn socket(&self) -> &Socket {
        &self.1
    }

    fn lose_supply(&self) {
        self.dip();
    }

    fn changes(&self) -> u64 {
        let chip = self.chip();
        chip.bytes + chip.dips
    }

    fn view(&self) -> View {
        let (lit, dark) = ([142, 190, 60], [22, 38, 20]);
        let chip = self.chip();
        let picture = chip.picture();
        View::of((128, 64), |x, y| if picture.is_set(x, y) { dark } else { lit })
    }

    fn text(&self) -> Option<[String; 4]> {
        let chip = self.chip();
        // Whoever was never told anything is no panel of this lane.
        (chip.bytes > 0).then(|| chip.shown())
    }

    fn decoded(&self) -> String {
        self.chip().heard.decoded()
    }

    fn misunderstood(&self) -> Vec<String> {
        self.complaints()
    }
}

impl ErrorType for PanelWire {
    type Error = ErrorKind;
}

impl SpiDevice for PanelWire {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), ErrorKind> {
        let length =
            operations.iter().map(|operation| if let Operation::Write(bytes) = operation { bytes.len() } else { 0 });
        if !self.1.carries(length.sum()) {
            return Err(ErrorKind::Other);
        }
        let mut chip = self.0.chip();
        for operation in operations {
            match operation {
                Operation::Write(bytes) => bytes.iter().for_each(|byte| chip.take(*byte)),
                Operation::DelayNs(_) => {}
                _ => chip.complain("read: the serial interface only writes"),
            }
        }
        chip.write_files();
        Ok(())
    }
}

impl Chip {
    fn new(folder: Option<PathBuf>) -> Self {
        Self {
            memory: [b' '; 128],
            glyphs: [0; 128],
            address: 0,
            dots: [[0; 16]; 32],
            extended: false,
            graphics: false,
            place: (0, 0),
            row_named: false,
            loading: false,
            on: false,
            blinks: 0,
            register: None,
            half: None,
            bytes: 0,
            dips: 0,
            complaints: Vec::new(),
            heard: Heard::default(),
            folder,
            drawn: Default::default(),
        }
    }

    /// It knows nothing any more of what it was told; its memory holds what it held.
    fn forget(&mut self) {
        let Self { folder, bytes, dips, complaints, heard, drawn, memory, glyphs, dots, .. } =
            std::mem::replace(self, Self::new(None));
        *self = Self { folder, bytes, dips, complaints, heard, drawn, memory, glyphs, dots, ..Self::new(None) };
    }

    /// One byte off the wire: a start byte, or one half of a byte for the register it named.
    fn take(&mut self, byte: u8) {
        self.bytes += 1;
        match (byte, self.half) {
            (0xF8, None) => {
                self.register = Some(false);
                self.heard.command(byte, "start: instructions follow in halves");
            }
            (0xFA, None) => {
                self.register = Some(true);
                self.heard.command(byte, "start: data follows in halves");
            }
            (_, None) if byte & 0x0F == 0 => self.half = Some(byte),
            (_, Some(high)) if byte & 0x0F == 0 => {
                self.half = None;
                let whole = high | (byte >> 4);
                match self.register {
                    Some(data) => self.receive(data, whole),
                    None => self.complain("a byte before any start byte"),
                }
            }
            _ => {
                self.half = None;
                self.complain("out of step: the low half of a serial byte is not zero");
            }
        }
    }

    fn receive(&mut self, data: bool, byte: u8) {
        match (data, self.extended) {
            (true, true) => self.graphic_data(byte),
            (true, false) => self.data(byte),
            (false, extended) => {
                let read = if extended { self.extended_command(byte) } else { self.command(byte) };
                self.heard.command(byte, read);
            }
        }
    }

    /// Obeys, and says what it was.
    fn extended_command(&mut self, command: u8) -> String {
        match command {
            0x20 | 0x30 | 0x32 => {
                self.extended = false;
                "basic instructions".to_owned()
            }
            0x34 => {
                self.blinks += usize::from(self.graphics);
                self.graphics = false;
                "graphics off".to_owned()
            }
            0x36 => {
                self.graphics = true;
                "graphics on".to_owned()
            }
            0x80..=0xBF if self.row_named => {
                self.place.1 = usize::from(command & 0x0F) * 2;
                self.row_named = false;
                format!("set GDRAM word {}", command & 0x0F)
            }
            0x80..=0x9F => {
                self.place.0 = usize::from(command & 0x1F);
                self.row_named = true;
                format!("set GDRAM row {}", self.place.0)
            }
            _ => {
                self.complain("an extended instruction that graphic mode does not need");
                "not understood".to_owned()
            }
        }
    }

    fn graphic_data(&mut self, byte: u8) {
        let (row, place) = self.place;
        let word = &mut self.dots[row][place / 2];
        let shift = if place % 2 == 0 { 8 } else { 0 };
        *word = *word & !(0xFF << shift) | u16::from(byte) << shift;
        self.place.1 = (place + 1) % 32;
        self.heard.data(byte, "a row of dots");
    }

    /// A dot of graphic memory: the lower half of the glass is its right half.
    fn dot(&self, x: usize, y: usize) -> bool {
        let word = x / 16 + if y < 32 { 0 } else { 8 };
        self.dots[y % 32][word] & (0x8000 >> (x % 16)) != 0
    }

    /// Obeys, and says what it was.
    fn command(&mut self, command: u8) -> String {
        match command {
            // Graphics do not change together with the set of instructions.
            0x34 | 0x36 => {
                self.extended = true;
                self.row_named = false;
                "extended instructions".to_owned()
            }
            0x01 => {
                self.blinks += usize::from(self.on && self.memory != [b' '; 128]);
                self.memory = [b' '; 128];
                (self.loading, self.address) = (false, 0);
                "clear".to_owned()
            }
            0x02 => {
                (self.loading, self.address) = (false, 0);
                "home".to_owned()
            }
            0x06 => "entry mode: the address counts up".to_owned(),
            0x08..=0x0F => {
                self.blinks += usize::from(self.on && command & 0x04 == 0);
                self.on = command & 0x04 != 0;
                format!("display {}", if self.on { "on" } else { "off" })
            }
            0x30 | 0x20 | 0x32 => "basic instructions".to_owned(),
            0x40..=0x7F => {
                (self.loading, self.address) = (true, usize::from(command & 0x3F) * 2);
                format!("set CGRAM address {:#04x}", command & 0x3F)
            }
            0x80..=0xBF => {
                (self.loading, self.address) = (false, usize::from(command & 0x3F) * 2);
                format!("set DDRAM address {:#04x}", command & 0x3F)
            }
            _ => {
                self.complain("an instruction that text mode does not need");
                "not understood".to_owned()
            }
        }
    }

    fn data(&mut self, byte: u8) {
        if self.loading {
            self.heard.data(byte, "a glyph");
            self.glyphs[self.address] = byte;
            self.address = (self.address + 1) % self.glyphs.len();
            return;
        }
        self.heard.text(byte);
        let second = self.address % 2 == 1;
        if byte >= 0x80 && second && self.memory[self.address - 1] < 0x80 {
            self.complain("a hanzi that does not begin on a word");
        }
        self.memory[self.address] = byte;
        self.address = (self.address + 1) % self.memory.len();
    }

    fn complain(&mut self, what: &str) {
        if self.complaints.len() < 100 {
            self.complaints.push(what.to_owned());
        }
    }

    fn shown(&self) -> [String; 4] {
        if self.graphics {
            return [0, 1, 2, 3].map(|line| read_line(16, 128, |x, y| self.dot(x, 16 * line + y)));
        }
        LINES.map(|start| {
            let words = self.words(start);
            let mut text = String::new();
            for (index, word) in words.iter().enumerate() {
                let before_wide = words.get(index + 1).is_some_and(|next| matches!(next, Word::Wide(..)));
                match word {
                    Word::Wide(character, _) => text.push(*character),
                    // A hanzi begins on a word: the blank that fills the half before it is no text.
                    Word::Halves([filled, ' ']) if *filled != ' ' && before_wide => text.push(*filled),
                    Word::Halves(halves) => text.extend(halves),
                }
            }
            if self.on { text.trim_end().to_owned() } else { String::new() }
        })
    }

    /// The eight words of a line.
    fn words(&self, start: usize) -> Vec<Word> {
        self.memory[start..start + 16]
            .chunks(2)
            .map(|word| match word {
                [0, code] => {
                    let rows = self.user_glyph(usize::from(*code) / 2 % 4);
                    Word::Wide(character_of(&rows).unwrap_or('\u{FFFD}'), Some(rows))
                }
                [high @ 0x80..=0xFF, low] => {
                    Word::Wide(GB18030.decode(&[*high, *low]).0.chars().next().unwrap_or('\u{FFFD}'), None)
                }
                halves => Word::Halves([char::from(halves[0]), char::from(halves[1])]),
            })
            .collect()
    }

    fn user_glyph(&self, slot: usize) -> [u16; 16] {
        let mut rows = [0; 16];
        for (row, bytes) in rows.iter_mut().zip(self.glyphs[32 * slot..].chunks(2)) {
            *row = u16::from_be_bytes([bytes[0], bytes[1]]);
        }
        rows
    }

    fn png(&self) -> Vec<u8> {
        self.picture().png(4, 4, [142, 190, 60], [22, 38, 20])
    }

    fn picture(&self) -> Picture {
        let mut glass = Picture::new(128, 64);
        for (line, start) in LINES.into_iter().enumerate().filter(|_| self.on) {
            for (place, word) in self.words(start).into_iter().enumerate() {
                let (x, y) = (place * 16, line * 16);
                match word {
                    Word::Wide(_, Some(rows)) => glass.stamp(&rows, x, y),
                    Word::Wide(character, None) => {
                        glass.draw(character, x, y, (1, 1), false);
                    }
                    Word::Halves(halves) => {
                        for (half, character) in halves.into_iter().enumerate() {
                            glass.draw(character, x + 8 * half, y, (1, 1), false);
                        }
                    }
                }
            }
        }
        for (x, y) in (0..64).flat_map(|y| (0..128).map(move |x| (x, y))).filter(|_| self.graphics) {
            if self.dot(x, y) {
                glass.set(x, y);
            }
        }
        glass
    }

    fn write_files(&mut self) {
        let Some(folder) = self.folder.clone() else { return };
        let shown = self.shown();
        if shown == self.drawn {
            return;
        }
        let text = shown.join("\n") + "\n";
        self.drawn = shown;
        let written = write_whole(&folder.join("panel.txt"), text.as_bytes())
            .and_then(|()| write_whole(&folder.join("panel.png"), &self.png()));
        if let Err(error) = written {
            tracing::warn!(%error, "the panel's twin cannot write its files");
        }
    }
}
