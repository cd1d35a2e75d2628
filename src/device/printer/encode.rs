//! A slip to bytes (ESC/POS as Epson and the Cashino KP-628E manual have it). Nothing of a name or of the site's texts
//! can become a command: what is written as text is ASCII from space to tilde and two-byte GB18030, whose bytes are all
//! 0x40 or more.

use std::sync::Arc;

use super::{
    fields, kept,
    logo::{House, SlipLogo},
    profile::{BitImage, Bold, Code128, DOTS_PER_COLUMN, Feed, Profile, Qr, Rom, STRIP},
    qr,
    template::{Align, Field, Template, TemplateLine, When},
};
use crate::{
    device::{
        gb::{Gb, STAND_IN, alone, cells, columns, letter, width, wrap},
        glyph::Fonts,
    },
    fault::Code,
    kiosk::{Again, NextStep, Phrase, Phrases, SceneKind, SentAway, Slip, Wording},
};

pub(super) const INIT: &[u8] = &[0x1B, 0x40];

/// Lines fed before the cut.
const FEED: u8 = 3;

/// The longest command of ours, bytes: a picture's strip with its head, or a QR code's data.
pub(super) const LONGEST: usize = STRIP + 32;

/// `ESC * 33`, whose columns are three bytes.
const BIT_IMAGE: [u8; 3] = [0x1B, 0x2A, 33];

/// Bytes before a picture's dots.
const RASTER_HEAD: usize = 8;

/// Dots of a line of plain text.
const LINE_DOTS: usize = 24;

/// Dots from one line of plain text to the next, as printers have it after `ESC @` (KP-628E manual, `ESC 2`). Larger text
/// stands closer: its own height is more.
const LINE_PITCH: usize = 33;

/// More rare characters than this in a line: the whole line is a picture.
const INLINE: usize = 8;

/// Everything that a slip's bytes depend on besides the slip.
pub struct Layout {
    /// The printer.
    pub profile: Profile,
    /// What stands where.
    pub template: Template,
    /// What stands on it that no template says.
    pub phrases: Arc<Phrases>,
    /// Seconds east of UTC.
    pub utc_offset: i32,
    /// Whose slips they are.
    pub house: House,
}

/// A slip as bytes: in pieces that end where a command ends, and the characters that had to be replaced by ＊.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Encoded {
    /// In order.
    pub pieces: Vec<Vec<u8>>,
    /// Each as often as it stands there.
    pub missing: Vec<char>,
    /// Why this printer cannot print it: nothing of it is sent.
    pub refused: Option<Code>,
}

/// Encodes a slip, its cut included.
pub fn slip_bytes(slip: &Slip, layout: &Layout, fonts: &mut Fonts) -> Encoded {
    let mut page = Page {
        bytes: Vec::with_capacity(1024),
        encoded: Encoded::default(),
        profile: &layout.profile,
        fonts,
        align: Align::Left,
        size: 1,
        bold: false,
    };
    page.raw(INIT);
    page.raw(&layout.profile.chinese_on);
    page.raw(&layout.profile.automatic);
    match slip.sent_away {
        Some(sent_away) if sent_away.kind != SceneKind::ToVerify => page.for_staff(sent_away, slip, layout),
        to_verify => {
            to_verify.iter().for_each(|_| page.large(layout.phrases.text(Wording::ToVerify), true));
            layout.template.line.iter().for_each(|line| {
                page.template_line(line, slip, layout);
                page.end_piece();
            });
            to_verify.iter().for_each(|to_verify| page.reference(*to_verify, layout));
        }
    }
    page.style(Align::Left, 1, false);
    match layout.profile.feed {
        Feed::EscD => page.raw(&[0x1B, 0x64, FEED]),
        Feed::Lf => (0..FEED).for_each(|_| page.feed()),
    }
    page.raw(&layout.profile.cut);
    page.end_piece();
    page.encoded
}

struct Page<'a> {
    bytes: Vec<u8>,
    encoded: Encoded,
    profile: &'a Profile,
    fonts: &'a mut Fonts,
    align: Align,
    size: usize,
    bold: bool,
}

impl Page<'_> {
    fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    fn end_piece(&mut self) {
        if !self.bytes.is_empty() {
            self.encoded.pieces.push(std::mem::take(&mut self.bytes));
        }
    }

    fn feed(&mut self) {
        self.bytes.push(b'\n');
    }

    /// Only what is not so already.
    fn style(&mut self, align: Align, size: usize, bold: bool) {
        if align != self.align {
            self.align = align;
            self.raw(&[0x1B, 0x61, align as u8]);
        }
        let bang = self.profile.bold == Bold::EscBang;
        if bold != self.bold && bang {
            self.raw(&[0x1B, 0x21, u8::from(bold) << 3]);
            // It sets the size, too.
            self.size = 1;
        } else if bold != self.bold {
            self.raw(&[0x1B, 0x45, u8::from(bold)]);
        }
        self.bold = bold;
        if size != self.size {
            self.size = size;
            let times = u8::try_from(size - 1).unwrap_or(0);
            self.raw(&[0x1D, 0x21, times << 4 | times]);
        }
    }

    fn template_line(&mut self, line: &TemplateLine, slip: &Slip, layout: &Layout) {
        let stands = match line.when {
            When::Always => true,
            When::Already => slip.again == Some(Again::Already) && !slip.reprint,
            When::ReQueued => slip.again == Some(Again::ReQueued) && !slip.reprint,
            When::Reprint => slip.reprint,
        };
        if !stands {
            return;
        }
        (0..line.feed).for_each(|_| self.feed());
        let phrase = line.phrase.map(|phrase| layout.phrases.text(phrase.wording()).within(usize::MAX));
        if let Some(text) = line.text.as_deref().or(phrase) {
            self.style(line.align, line.size, line.bold);
            return self.lines(text, "");
        }
        let Some(field) = line.field else { return };
        let admission = &slip.admission;
        match field {
            Field::Qr => self.qr_line(line, admission.qr.as_ref().map(|qr| qr.as_str()), &layout.phrases),
            Field::Barcode => self.barcode_line(line, admission.number.as_ref().map(|number| number.as_str())),
            Field::PatientBarcode => {
                let barcode = admission.visit.patient_id.as_ref().and_then(|id| id.barcode.as_ref());
                self.barcode_line(line, barcode.map(|barcode| barcode.reveal()));
            }
            Field::Logo => self.logo_line(line, &layout.house),
            Field::Notes => {
                self.style(line.align, line.size, line.bold);
                admission.notes.iter().for_each(|note| self.lines(note.as_str(), ""));
            }
            Field::Fields => {
                for own in &admission.visit.fields {
                    self.style(line.align, line.size, line.bold || own.emphasis);
                    self.lines(&layout.phrases.field(own, usize::MAX), "");
                }
            }
            _ => self.text_line(line, slip, layout),
        }
    }

    /// That nobody was checked in, or perhaps, where to go, and by what the visit is found there.
    fn for_staff(&mut self, sent_away: SentAway, slip: &Slip, layout: &Layout) {
        let phrases = &layout.phrases;
        let what = match sent_away.kind {
            SceneKind::Unknown => phrases.headline(sent_away.kind),
            _ => phrases.text(Wording::NotCheckedIn),
        };
        self.large(what, true);
        self.large(phrases.advice(NextStep::StaffWindow), false);
        self.style(Align::Left, 1, false);
        self.feed();
        fields::text(Field::Time, false, slip, layout).into_iter().for_each(|time| self.lines(&time, ""));
        self.reference(sent_away, layout);
    }

    /// A line of its own, twice as large where there is room.
    fn large(&mut self, phrase: &Phrase, bold: bool) {
        let large = 2.min(self.profile.columns / 16).max(1);
        self.style(Align::Centre, large, bold);
        self.lines(phrase.within(self.profile.columns / large), "");
    }

    /// Whose fault it is, and by what staff find the visit.
    fn reference(&mut self, SentAway { session, code, .. }: SentAway, layout: &Layout) {
        self.style(Align::Left, 1, false);
        if let Some(whose) = code.whose() {
            self.lines(layout.phrases.text(Wording::FaultOf(whose)).within(self.profile.columns), "");
        }
        self.lines(&format!("{session}  {code}"), "");
        self.end_piece();
    }

    /// A field, and the one beside it where both have room on half a line; else below.
    fn text_line(&mut self, line: &TemplateLine, slip: &Slip, layout: &Layout) {
        self.style(line.align, line.size, line.bold);
        let told = |field: Option<Field>, label: &Option<String>| {
            let label = fields::label(field?, label.as_deref(), line.labelled, &layout.phrases);
            let value = fields::text(field?, label.is_some(), slip, layout)?;
            let before =
                |label| layout.phrases.text(Wording::Field).filled(usize::MAX, &[("label", label), ("value", "")]);
            Some((label.map(before).unwrap_or_default(), value))
        };
        let first = told(line.field, &line.label);
        let second = told(line.beside, &line.beside_label);
        let half = self.profile.columns / self.size / 2;
        match (first, second) {
            (Some((left_label, left)), Some((right_label, right)))
                if width(&left_label) + width(&left) < half && width(&right_label) + width(&right) <= half =>
            {
                let left = format!("{left_label}{left}");
                let gap = " ".repeat(half.saturating_sub(width(&left)));
                self.line(&format!("{left}{gap}{right_label}{right}"));
            }
            (first, second) => {
                first.into_iter().chain(second).for_each(|(label, value)| self.lines(&value, &label));
            }
        }
    }

    /// A text, wrapped; its further lines below its first, right of the label.
    fn lines(&mut self, text: &str, label: &str) {
        let indent = width(label);
        let room = (self.profile.columns / self.size).saturating_sub(indent).max(2);
        for (index, line) in wrap(text, room).iter().enumerate() {
            let before = if index == 0 { label.to_owned() } else { " ".repeat(indent) };
            self.line(&format!("{before}{line}"));
        }
    }

    /// One line that fits.
    fn line(&mut self, text: &str) {
        let rare = cells(text).filter(|cell| columns(cell) > 0 && !self.in_rom(cell)).count();
        let inline = self.profile.bit_image == BitImage::EscStar33 && self.size == 1 && rare <= INLINE;
        // A build without bitmaps draws no line either.
        if rare > 0 && !inline && self.profile.raster && self.fonts.bitmap('＊', LINE_DOTS).is_some() {
            return self.picture_line(text);
        }
        for cell in cells(text).filter(|cell| columns(cell) > 0) {
            self.cell(cell, inline);
        }
        self.feed();
        // No more than a line is under way unasked.
        self.end_piece();
    }

    fn in_rom(&self, cell: &str) -> bool {
        alone(cell).is_some_and(|character| self.rom_has(character))
    }

    fn rom_has(&self, character: char) -> bool {
        match Gb::of(character) {
            Gb::Ascii(_) => true,
            _ if self.profile.rom == Rom::Ascii => false,
            gb @ Gb::Two(_) => gb.is_gbk() || (self.profile.gbk_region5 && gb.is_region5() && !is_private(character)),
            Gb::Beyond => false,
        }
    }

    fn cell(&mut self, cell: &str, inline: bool) {
        let in_rom = alone(cell).filter(|character| self.rom_has(*character)).map(Gb::of);
        let bitmap = if inline && in_rom.is_none() { self.fonts.cell(cell, LINE_DOTS) } else { Err(letter(cell)) };
        match (in_rom, bitmap) {
            (Some(Gb::Ascii(byte)), _) => self.bytes.push(byte),
            (Some(Gb::Two(pair)), _) => self.raw(&pair),
            (_, Ok(bitmap)) => {
                let (across, _) = bitmap.size();
                self.raw(&BIT_IMAGE);
                self.raw(&u16::try_from(across).unwrap_or(0).to_le_bytes());
                self.raw(&bitmap.columns24());
            }
            (_, Err(character)) => {
                self.encoded.missing.push(character);
                self.raw(if self.profile.rom == Rom::Ascii { b"**" } else { &STAND_IN });
            }
        }
    }

    /// The whole line dot by dot, as large as its text would be, and as far from the next.
    fn picture_line(&mut self, text: &str) {
        let side = LINE_DOTS * self.size;
        let dots_across = width(text) * DOTS_PER_COLUMN * self.size;
        let mut picture = Picture::new(dots_across, side.max(LINE_PITCH));
        let mut left = 0;
        for cell in cells(text).filter(|cell| columns(cell) > 0) {
            let bitmap = self.fonts.cell(cell, side);
            self.encoded.missing.extend(bitmap.as_ref().err());
            if let Some(bitmap) = bitmap.ok().or_else(|| self.fonts.bitmap('＊', side)) {
                bitmap.dots().for_each(|(x, y)| picture.set(left + x, y));
            }
            left += columns(cell) * DOTS_PER_COLUMN * self.size;
        }
        self.picture(&picture);
    }

    /// `GS v 0`, in strips no higher than the printer's buffer takes. It stands on lines of its own.
    fn picture(&mut self, picture: &Picture) {
        let across = u16::try_from(picture.bytes_across).unwrap_or(u16::MAX).to_le_bytes();
        let row = picture.bytes_across.max(1);
        let rows = self.profile.raster_rows.min(STRIP.min(self.profile.buffer_bytes - RASTER_HEAD) / row).max(1);
        for strip in picture.bits.chunks(row * rows) {
            let rows = u16::try_from(strip.len() / row).unwrap_or(u16::MAX).to_le_bytes();
            self.raw(&[0x1D, 0x76, 0x30, 0, across[0], across[1], rows[0], rows[1]]);
            self.raw(strip);
            self.end_piece();
        }
    }

    /// A logo, on half the paper at most.
    fn logo_line(&mut self, line: &TemplateLine, house: &House) {
        let Some(logo) = house.logo.as_ref().filter(|_| self.profile.raster) else { return };
        self.style(line.align, 1, false);
        match house.kept {
            Some(key) => self.raw(&kept::print(key)),
            None => self.picture(&picture_of(logo, self.profile)),
        }
    }

    /// A QR code with its quiet zone: no line of text comes closer than a blank line.
    fn qr_line(&mut self, line: &TemplateLine, payload: Option<&str>, phrases: &Phrases) {
        let Some(payload) = payload.filter(|_| self.profile.qr != Qr::None) else { return };
        // What is not ASCII says so itself, which no printer's own command does.
        let drawn = self.profile.qr == Qr::Raster || (self.profile.raster && !payload.is_ascii());
        let code = if drawn { qr::Drawing::of(payload, self.profile.dots()) } else { None };
        let native = qr::native_dots(payload, self.profile.dots()).filter(|_| !drawn);
        if code.is_none() && native.is_none() {
            self.encoded.refused = Some(Code::P709);
            return;
        }
        self.style(line.align, 1, false);
        if let Some(dots) = native {
            self.feed();
            self.native_qr(payload, dots);
            self.feed();
        }
        if let Some(code) = code {
            let mut picture = Picture::new(code.side(), code.side());
            code.dots().for_each(|(x, y)| picture.set(x, y));
            self.picture(&picture);
        }
        if let Some(caption) = fields::label(Field::Qr, line.label.as_deref(), line.labelled, phrases) {
            self.style(line.align, line.size, line.bold);
            self.lines(caption, "");
        }
    }

    /// Model 2, error correction M.
    fn native_qr(&mut self, payload: &str, dots: u8) {
        if self.profile.qr_fn65 {
            self.raw(&[0x1D, 0x28, 0x6B, 4, 0, 0x31, 0x41, 0x32, 0]);
        }
        self.raw(&[0x1D, 0x28, 0x6B, 3, 0, 0x31, 0x43, dots]);
        self.raw(&[0x1D, 0x28, 0x6B, 3, 0, 0x31, 0x45, 49]);
        // At most 256 characters of at most four bytes.
        let length = u16::try_from(payload.len() + 3).unwrap_or(u16::MAX).to_le_bytes();
        self.raw(&[0x1D, 0x28, 0x6B, length[0], length[1], 0x31, 0x50, 0x30]);
        self.raw(payload.as_bytes());
        self.raw(&[0x1D, 0x28, 0x6B, 3, 0, 0x31, 0x51, 0x30]);
    }

    /// CODE128 of code set B with the number below; where it does not fit, the number alone.
    fn barcode_line(&mut self, line: &TemplateLine, number: Option<&str>) {
        let Some(number) = number else { return };
        // Start, check and stop take 35 modules, every character 11, the quiet zones 20; two dots a module.
        let modules = 35 + 11 * number.len() + 20;
        let fits = number.bytes().all(|byte| (0x20..=0x7E).contains(&byte)) && 2 * modules <= self.profile.dots();
        let data = match self.profile.code128 {
            Code128::Braced => format!("{{B{}", number.replace('{', "{{")),
            Code128::Plain => number.to_owned(),
            Code128::None => String::new(),
        };
        let length = u8::try_from(data.len()).ok().filter(|length| *length > 0);
        let (Some(length), true) = (length, fits) else {
            self.style(line.align, line.size, line.bold);
            return self.lines(number, "");
        };
        self.style(line.align, 1, false);
        // Number below, 80 dots high, two dots a module.
        self.raw(&[0x1D, 0x48, 2, 0x1D, 0x68, 80, 0x1D, 0x77, 2]);
        self.raw(&[0x1D, 0x6B, 73, length]);
        self.raw(data.as_bytes());
        self.feed();
    }
}

/// Of the private use area: nobody knows what a ROM has there.
fn is_private(character: char) -> bool {
    matches!(character, '\u{E000}'..='\u{F8FF}')
}

/// A logo in this printer's dots.
pub(super) fn picture_of(logo: &SlipLogo, profile: &Profile) -> Picture {
    let (across, down, black) = logo.black(profile.dots() / 2);
    let mut picture = Picture::new(across, down);
    for (dot, _) in black.into_iter().enumerate().filter(|(_, black)| *black) {
        picture.set(dot % across, dot / across);
    }
    picture
}

/// One-bit rows of whole bytes, the left dot in the highest bit.
pub(super) struct Picture {
    pub(super) bytes_across: usize,
    pub(super) bits: Vec<u8>,
}

impl Picture {
    fn new(across: usize, down: usize) -> Self {
        let bytes_across = across.div_ceil(8);
        Self { bytes_across, bits: vec![0; bytes_across * down] }
    }

    fn set(&mut self, x: usize, y: usize) {
        if let Some(byte) = self.bits.get_mut(y * self.bytes_across + x / 8).filter(|_| x / 8 < self.bytes_across) {
            *byte |= 0x80 >> (x % 8);
        }
    }
}
