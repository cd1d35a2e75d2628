//! Is this plaintext a name, a document number? Bytes in, text or nothing out.

use encoding_rs::GB18030;

use super::CharsetChoice;
use crate::words::CredentialType;

/// The longest name, characters: the national limit is 50, and romanised names run to 71.
const LONGEST_NAME: usize = 71;

/// The longest document number, characters.
const LONGEST_NUMBER: usize = 64;

/// A name out of its bytes.
///
/// `Auto`: many two-byte GBK characters, surnames among them (陆 C2BD), are also valid UTF-8, as Latin, Greek or
/// Cyrillic (the closed v2 sibling, secsvc/getrealnameinfo, names both). So the UTF-8 reading counts when all of it is
/// ideographs, interpuncts or ASCII; then the GBK reading, unless it mixes hanzi with Latin letters, which no name does
/// while José does in GBK's eyes.
pub(super) fn name(bytes: &[u8], charset: CharsetChoice) -> Option<String> {
    let utf8 = || std::str::from_utf8(bytes).ok().map(str::to_owned);
    let gbk = || GB18030.decode_without_bom_handling_and_without_replacement(bytes).map(std::borrow::Cow::into_owned);
    let name = match charset {
        CharsetChoice::Utf8 => utf8().filter(|text| is_plausible(text)),
        CharsetChoice::Gbk => gbk().filter(|text| is_plausible(text)),
        CharsetChoice::Auto => {
            let likely = |text: &String| is_plausible(text) && text.chars().all(is_of_a_name);
            let one_script =
                |text: &String| likely(text) && !(has_letter(text) && text.chars().any(|c| c >= '\u{3400}'));
            let latin = |text: &String| is_plausible(text) && has_letter(text) && text.chars().all(is_latin);
            utf8().filter(likely).or_else(|| gbk().filter(one_script)).or_else(|| utf8().filter(latin))
        }
    };
    name.map(|name| name.chars().map(standard).collect())
}

/// The standard code of a hanzi that old systems keep in Unicode's private use area: GBK's rows FE50–FEA0, which had no
/// code of their own before GB 18030-2005 and -2022.
fn standard(character: char) -> char {
    const LATE: [(char, char); 6] = [
        ('\u{E816}', '\u{20087}'),
        ('\u{E817}', '\u{20089}'),
        ('\u{E818}', '\u{200CC}'),
        ('\u{E831}', '\u{215D7}'),
        ('\u{E83B}', '\u{2298F}'),
        ('\u{E855}', '\u{241FE}'),
    ];
    if !('\u{E815}'..='\u{E864}').contains(&character) {
        return character;
    }
    if let Some((_, standard)) = LATE.iter().find(|(private, _)| *private == character) {
        return *standard;
    }
    let index = u32::from(character) - 0xE815;
    let Ok(trail) = u8::try_from(0x50 + index + u32::from(index >= 0x2F)) else { return character };
    let code = [0xFE, trail];
    let (text, _) = GB18030.decode_without_bom_handling(&code);
    text.chars().next().unwrap_or(character)
}

/// A document number out of its bytes; identity cards by their check character (GB 11643).
pub(super) fn number(bytes: &[u8], kind: CredentialType) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    let printable = (1..=LONGEST_NUMBER).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    let checked = !kind.has_check_character() || has_right_check_character(text.as_bytes());
    (printable && checked).then(|| text.to_owned())
}

fn is_plausible(text: &str) -> bool {
    let length = text.chars().count();
    (1..=LONGEST_NAME).contains(&length)
        && !text.chars().all(char::is_whitespace)
        && !text.chars().any(|c| c.is_control() || is_invisible(c))
}

/// Bidirectional controls, zero-width characters, separators, non-characters, the replacement character.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{FFF0}'..='\u{FFFF}')
}

fn is_of_a_name(c: char) -> bool {
    c >= '\u{3400}' || matches!(c, ' '..='~' | '·' | '•' | '‧' | '・' | '\u{3007}' | '\u{3000}')
}

fn has_letter(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// ASCII, Latin-1 letters, Latin Extended-A and -B.
fn is_latin(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{C0}'..='\u{24F}')
}

fn has_right_check_character(number: &[u8]) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let [digits @ .., check] = number else { return false };
    if digits.len() != WEIGHTS.len() || !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    b"10X98765432"[sum as usize % 11] == check.to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gbk(text: &str) -> Vec<u8> {
        let (bytes, _, failed) = GB18030.encode(text);
        assert!(!failed);
        bytes.into_owned()
    }

    #[test]
    fn gbk_names_that_are_also_valid_utf8_are_read_as_gbk() {
        for text in ["陆梅", "叶茂", "魏石", "陆慕"] {
            let bytes = gbk(text);
            assert!(std::str::from_utf8(&bytes).is_ok(), "{text} is no trap");
            assert_eq!(name(&bytes, CharsetChoice::Auto).as_deref(), Some(text));
            assert_ne!(name(&bytes, CharsetChoice::Utf8).as_deref(), Some(text));
        }
    }

    #[test]
    fn rare_and_long_names_are_read_in_both_charsets() {
        for text in ["张三丰", "䶮", "㛃", "𬭎𠅤", "阿卜杜热合曼·阿卜杜克热木·买买提依明", "LI LEI", "〇"]
        {
            assert_eq!(name(text.as_bytes(), CharsetChoice::Auto).as_deref(), Some(text));
            assert_eq!(name(&gbk(text), CharsetChoice::Auto).as_deref(), Some(text));
        }
    }

    #[test]
    fn old_private_codes_become_the_standard_ones() {
        for private in '\u{E815}'..='\u{E864}' {
            let read = name(format!("王{private}").as_bytes(), CharsetChoice::Auto).expect("a name");
            let character = read.chars().nth(1).expect("a second character");
            assert!(!('\u{E000}'..='\u{F8FF}').contains(&character), "{private:?} is still {character:?}");
        }
        assert_eq!(name("王\u{E863}".as_bytes(), CharsetChoice::Auto).as_deref(), Some("王䶮"));
    }

    #[test]
    fn latin_names_with_accents_are_not_read_as_hanzi() {
        for text in ["José Müller", "François", "Şahin Çelik"] {
            assert_eq!(name(text.as_bytes(), CharsetChoice::Auto).as_deref(), Some(text));
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for bytes in [&b""[..], b"   ", b"a\x1bb", "a\u{202E}b".as_bytes(), "好\n".as_bytes(), b"\xff\xff", b"\x80"] {
            for charset in [CharsetChoice::Auto, CharsetChoice::Utf8] {
                assert_eq!(name(bytes, charset), None, "{bytes:02x?}");
            }
        }
        for bytes in [&b""[..], b"   ", b"a\x1bb", b"\xba\xc3\n", b"\xff\xff", b"\xba"] {
            assert_eq!(name(bytes, CharsetChoice::Gbk), None, "{bytes:02x?}");
        }
        assert_eq!(name("字".repeat(72).as_bytes(), CharsetChoice::Auto), None);
        assert!(name("字".repeat(71).as_bytes(), CharsetChoice::Auto).is_some());
    }

    #[test]
    fn identity_cards_are_checked_by_their_check_character() {
        let card = CredentialType::MainlandId;
        assert!(number(b"11010519491231002X", card).is_some());
        assert!(number(b"110105194912310021", card).is_none());
        assert!(number(b"E12345678", card).is_none());
        assert!(number(b"E12345678", CredentialType::Passport).is_some());
        assert!(number(b"E1 2", CredentialType::Passport).is_none());
        assert!(number(&[b'1'; 65], CredentialType::Other(17)).is_none());
    }
}
