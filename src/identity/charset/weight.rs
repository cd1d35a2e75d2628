//! How likely a text is to be a name.

use encoding_rs::GB18030;

use crate::words::{COMPOUND_SURNAMES, SURNAMES};

/// How much a text would tell somebody who knows names, bits: the fewer the likelier.
///
/// Hanzi by the levels of GB 2312, which were made by how common they are: names take about nineteen of twenty hanzi
/// out of the 3,755 of level 1, most others out of the 3,008 of level 2, a few of a thousand from the rest of GBK, and
/// hardly any from beyond; surnames are few. Letters by the size of their alphabet, and a script other than hanzi by how seldom such a
/// person comes; capitals where no name has them, and scripts that no name mixes, by how seldom that is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Weight {
    pub(super) bits: u32,
    /// Only hanzi of GB 2312, the surname apart, which may be any that is one.
    pub(super) is_common: bool,
    /// Two to four of them: what most names are. No other reading's likelihood outweighs this one.
    pub(super) is_ordinary: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    Hanzi,
    Latin,
    Other(char),
}

const LEVEL_1: u32 = 11;
const LEVEL_2: u32 = 16;
const GBK: u32 = 22;
const BEYOND: u32 = 28;

/// A name that is not in hanzi.
const FOREIGN: u32 = 8;

/// A surname of [`SURNAMES`], and what it takes a name to begin otherwise.
const SURNAME: u32 = 8;
const NO_SURNAME: u32 = 4;

/// A small letter that begins a word, or a capital after a small letter.
const MISPLACED: u32 = 12;

/// Another script in the same name.
const MIXED: u32 = 24;

impl Weight {
    pub(super) fn of(name: &str) -> Self {
        let (mut bits, mut hanzi, mut is_common) = (0, 0, true);
        let mut scripts: Vec<Script> = Vec::new();
        let mut before = ' ';
        let surname = surname(name);
        for (at, c) in name.chars().enumerate() {
            let (script, own) = letter(c);
            bits += match script {
                Some(Script::Hanzi) if at == 0 && surname > 0 => SURNAME,
                Some(Script::Hanzi) if at == 0 => own + NO_SURNAME,
                _ => own,
            };
            is_common &= at < surname || (matches!(own, LEVEL_1 | LEVEL_2) && script == Some(Script::Hanzi));
            hanzi += usize::from(script == Some(Script::Hanzi));
            if let Some(script) = script
                && !scripts.contains(&script)
            {
                bits += if scripts.is_empty() { 0 } else { MIXED };
                bits += if script == Script::Hanzi { 0 } else { FOREIGN };
                scripts.push(script);
            }
            let begins = !before.is_alphabetic();
            if (begins && c.is_lowercase()) || (before.is_lowercase() && c.is_uppercase()) {
                bits += MISPLACED;
            }
            before = c;
        }
        Self { bits, is_common, is_ordinary: is_common && (2..=4).contains(&hanzi) }
    }
}

/// The script of a letter and its bits; what stands between letters has none.
fn letter(c: char) -> (Option<Script>, u32) {
    match c {
        'a'..='z' | 'A'..='Z' => (Some(Script::Latin), 4),
        '\u{C0}'..='\u{24F}' | '\u{1E00}'..='\u{1EFF}' => (Some(Script::Latin), 8),
        ' '..='~' | '·' => (None, 2),
        // Kana stand among hanzi.
        '\u{3041}'..='\u{30FF}' => (Some(Script::Hanzi), 10),
        '々' | '〇' => (Some(Script::Hanzi), GBK),
        '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}' => {
            (Some(Script::Hanzi), level(c))
        }
        '\u{1100}'..='\u{11FF}' | '\u{AC00}'..='\u{D7FF}' => (Some(Script::Other('\u{AC00}')), 9),
        '\u{A000}'..='\u{A4CF}' => (Some(Script::Other('\u{A000}')), 10),
        '\u{370}'..='\u{3FF}' | '\u{1F00}'..='\u{1FFF}' => (Some(Script::Other('\u{370}')), 5),
        '\u{400}'..='\u{52F}' => (Some(Script::Other('\u{400}')), 5),
        '\u{600}'..='\u{6FF}' | '\u{750}'..='\u{77F}' => (Some(Script::Other('\u{600}')), 5),
        // Private use and what only chooses a form.
        '\u{E000}'..='\u{F8FF}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'.. => (None, BEYOND),
        _ if c.is_alphabetic() => {
            // Blocks are as good as scripts here: 128 characters wide, as most alphabets are.
            let block = char::from_u32(u32::from(c) & !0x7F).unwrap_or(c);
            (Some(Script::Other(block)), 6)
        }
        _ => (None, 6),
    }
}

/// How many hanzi of the name are its surname, as far as it is one that is known.
fn surname(name: &str) -> usize {
    if COMPOUND_SURNAMES.split(' ').any(|surname| name.starts_with(surname)) {
        2
    } else {
        usize::from(name.starts_with(|first| SURNAMES.contains(first)))
    }
}

/// The bits of a hanzi.
fn level(hanzi: char) -> u32 {
    let mut buffer = [0; 4];
    let (bytes, ..) = GB18030.encode(hanzi.encode_utf8(&mut buffer));
    match bytes.as_ref() {
        [0xB0..=0xD7, 0xA1..=0xFE] => LEVEL_1,
        [0xD8..=0xF7, 0xA1..=0xFE] => LEVEL_2,
        [_, _] => GBK,
        _ => BEYOND,
    }
}
