//! A slip to bytes (hardware.md §3.2). Nothing of a name or of the site's texts can become a command: what is written
//! as text is ASCII from space to tilde and two-byte GB18030, whose bytes are all 0x40 or more.

use time::macros::format_description;

use super::profile::{Ack, BitImage, Profile, Qr};
use crate::{
    device::{
        gb::{Gb, STAND_IN, columns, width, wrap},
        glyph::glyph,
    },
    kiosk::Slip,
};

const INIT: &[u8] = &[0x1B, 0x40];
const LEFT: &[u8] = &[0x1B, 0x61, 0];
const CENTRE: &[u8] = &[0x1B, 0x61, 1];
const NORMAL: &[u8] = &[0x1D, 0x21, 0x00];
const DOUBLE: &[u8] = &[0x1D, 0x21, 0x11];
const LARGE: &[u8] = &[0x1D, 0x21, 0x22];
const BOLD_ON: &[u8] = &[0x1B, 0x45, 1];
const BOLD_OFF: &[u8] = &[0x1B, 0x45, 0];
const FEED_THREE: &[u8] = &[0x1B, 0x64, 3];
/// `ESC * 33` with 24 columns of three bytes.
const BIT_IMAGE: &[u8] = &[0x1B, 0x2A, 33, 24, 0];
const GS_R: &[u8] = &[0x1D, 0x72, 1];

/// A slip's bytes, and the characters that had to be replaced by ＊. `utc_offset` is in seconds east of UTC.
pub fn slip_bytes(slip: &Slip, profile: &Profile, utc_offset: i32) -> (Vec<u8>, Vec<char>) {
    let mut page = Page { bytes: Vec::with_capacity(1024), missing: Vec::new(), profile, enlarged: false };
    page.raw(INIT);
    page.raw(&profile.chinese_on);
    page.raw(CENTRE);
    page.raw(DOUBLE);
    page.line("签到凭条", 2);
    page.raw(NORMAL);
    if slip.already {
        page.line("（您已签到，此为同一号码）", 1);
    }
    page.feed();
    if let Some(number) = &slip.admission.number {
        page.raw(LARGE);
        page.raw(BOLD_ON);
        page.line(number.as_str(), 3);
        page.raw(BOLD_OFF);
        page.raw(NORMAL);
        page.feed();
    }
    page.raw(LEFT);
    if let Some(name) = &slip.name {
        page.field("姓名", name.reveal());
    }
    if let Some(place) = &slip.admission.place {
        page.field("地点", place.as_str());
    }
    for note in &slip.admission.notes {
        page.line(note.as_str(), 1);
    }
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]");
    page.field("时间", &slip.at.at_offset(utc_offset).format(format).unwrap_or_default());
    if let (Some(qr), Qr::Native) = (&slip.admission.qr, profile.qr) {
        page.raw(CENTRE);
        page.qr(qr.as_str(), profile.qr_fn65);
        page.raw(LEFT);
    }
    page.raw(FEED_THREE);
    page.raw(&profile.cut);
    if profile.ack == Ack::GsR {
        page.raw(GS_R);
    }
    (page.bytes, page.missing)
}

struct Page<'a> {
    bytes: Vec<u8>,
    missing: Vec<char>,
    profile: &'a Profile,
    /// A bit image does not grow with the text around it.
    enlarged: bool,
}

impl Page<'_> {
    fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    fn feed(&mut self) {
        self.bytes.push(b'\n');
    }

    /// A text at `scale` times the width, wrapped.
    fn line(&mut self, text: &str, scale: usize) {
        self.enlarged = scale > 1;
        for line in wrap(text, self.profile.columns / scale) {
            self.text(&line);
            self.feed();
        }
    }

    /// `label：value`, the value's further lines below its first.
    fn field(&mut self, label: &str, value: &str) {
        self.enlarged = false;
        let indent = width(label) + 2;
        for (index, line) in wrap(value, self.profile.columns.saturating_sub(indent).max(2)).iter().enumerate() {
            if index == 0 {
                self.text(label);
                self.text("：");
            } else {
                self.bytes.extend(std::iter::repeat_n(b' ', indent));
            }
            self.text(line);
            self.feed();
        }
    }

    fn text(&mut self, text: &str) {
        for character in text.chars().filter(|character| columns(*character) > 0) {
            let gb = Gb::of(character);
            match gb {
                Gb::Ascii(byte) => self.bytes.push(byte),
                Gb::Two(pair) if self.profile.gbk_region5 || !gb.is_region5() => self.bytes.extend_from_slice(&pair),
                _ => match glyph(character).filter(|_| !self.enlarged && self.profile.bit_image == BitImage::EscStar33)
                {
                    Some(glyph) => {
                        self.raw(BIT_IMAGE);
                        self.raw(&glyph.columns24());
                    }
                    None => {
                        self.missing.push(character);
                        self.bytes.extend_from_slice(&STAND_IN);
                    }
                },
            }
        }
    }

    /// Model 2, module size 6, error correction M.
    fn qr(&mut self, payload: &str, fn65: bool) {
        if fn65 {
            self.raw(&[0x1D, 0x28, 0x6B, 4, 0, 0x31, 0x41, 0x32, 0]);
        }
        self.raw(&[0x1D, 0x28, 0x6B, 3, 0, 0x31, 0x43, 6]);
        self.raw(&[0x1D, 0x28, 0x6B, 3, 0, 0x31, 0x45, 49]);
        // At most 256 characters of at most four bytes.
        let length = u16::try_from(payload.len() + 3).unwrap_or(u16::MAX).to_le_bytes();
        self.raw(&[0x1D, 0x28, 0x6B, length[0], length[1], 0x31, 0x50, 0x30]);
        self.raw(payload.as_bytes());
        self.raw(&[0x1D, 0x28, 0x6B, 3, 0, 0x31, 0x51, 0x30]);
        self.feed();
    }
}
