//! Names of people. One door for all ways in: normalised, checked and refused alike.

mod letters;
pub(super) mod meant;

use self::letters::are_of_a_name;
use super::{NameStyle, Private, masked_name};

/// A person's real name, 1–71 characters: letters of any script, what stands between them, marks; what stood for
/// another character is that one, as the table in `meant` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RealName(Private);

/// A name as somebody may see it: masked or full, decided once by the lane's privacy setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownName(Private);

impl RealName {
    /// The longest name, characters: the national limit is 50, and romanised names run to 71.
    pub const LONGEST: usize = 71;

    /// A name as whoever knows it wrote it: WeChat, a card reader, a person. Nothing where it is none.
    pub fn parse(text: &str) -> Option<Self> {
        // A letter and its marks become one character; no name has more marks than letters by so much.
        if text.chars().nth(4 * Self::LONGEST).is_some() {
            return None;
        }
        let name = Private::new(meant::name(text));
        are_of_a_name(name.reveal()).then_some(Self(name))
    }

    /// The full name.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }

    /// The name as the panel or slip may carry it.
    pub fn shown(&self, style: NameStyle) -> ShownName {
        ShownName(Private::new(match style {
            NameStyle::Masked => masked_name(self.reveal()),
            NameStyle::Full => self.reveal().to_owned(),
        }))
    }
}

impl ShownName {
    /// The text for the panel, the slip or the terminal's screen.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<String> {
        RealName::parse(text).map(|name| name.reveal().to_owned())
    }

    #[test]
    fn names_of_every_script_are_names_as_they_are() {
        for name in [
            "张三丰",
            "王䶮",
            "𬭎𠅤",
            "〇",
            "佐々木希",
            "山田はなこ",
            "アンナ",
            "김철수",
            "Иванов Иван",
            "Ελένη",
            "محمد",
            "דוד",
            "สมชาย",
            "བཀྲ་ཤིས",
            "ᠪᠠᠲᠤ",
            "ꆈꌠ",
            "अमित",
            "Nguyễn Thị Hồng",
            "José Müller",
            "O'Brien",
            "Anne-Marie",
            "J. R. Smith Jr.",
            "LI LEI",
            "阿卜杜热合曼·阿卜杜克热木·买买提依明",
            "葛\u{E0100}洪山",
            "\u{F92C}\u{FA11}",
        ] {
            assert_eq!(parsed(name).as_deref(), Some(name));
        }
    }

    #[test]
    fn what_stands_for_another_character_becomes_that_one() {
        for (written, meant) in [
            ("⾼明", "高明"),
            ("王⺠", "王民"),
            ("⻢超", "马超"),
            ("王\u{E863}", "王䶮"),
            ("\u{E815}\u{E81E}", "厂龴"),
            ("\u{F9E1}明", "李明"),
            ("\u{2F81A}", "冬"),
            ("买买提⋅艾力", "买买提·艾力"),
            ("买买提.艾力", "买买提·艾力"),
            ("买买提．艾力", "买买提·艾力"),
            ("买买提。艾力", "买买提·艾力"),
            ("买买提 · 艾力", "买买提·艾力"),
            ("买买提··艾力·", "买买提·艾力"),
            ("张　三", "张三"),
            (" 张 三 丰 ", "张三丰"),
            ("O’Brien", "O'Brien"),
            ("José\u{A0}  Müller", "José Müller"),
            ("Nguye\u{302}\u{303}n", "Nguyễn"),
            ("ＬＩ　ＬＥＩ", "LI LEI"),
            ("ｱﾝﾅ", "アンナ"),
            ("ﾊﾞﾝ", "バン"),
            ("ﻣﺤﻤﺪ", "محمد"),
            ("\u{FEFF}张\u{200B}三", "张三"),
        ] {
            assert_eq!(parsed(written).as_deref(), Some(meant), "{written}");
            assert_eq!(parsed(meant).as_deref(), Some(meant));
        }
        for point in "·•‧∙⋅・･".chars() {
            assert_eq!(parsed(&format!("古丽{point}娜")).as_deref(), Some("古丽·娜"), "{point}");
        }
    }

    #[test]
    fn every_radical_and_every_old_private_code_becomes_a_hanzi_of_its_own_block() {
        let radicals = ('\u{2E81}'..='\u{2EF3}').filter(|c| *c != '\u{2E9A}').chain('\u{2F00}'..='\u{2FD5}');
        for c in radicals.chain('\u{E815}'..='\u{E864}') {
            let meant = parsed(&c.to_string()).expect("a hanzi").chars().next().expect("a character");
            assert!(matches!(meant, '\u{3400}'..='\u{9FFF}' | '\u{20000}'..), "{c} is still {meant:?}");
        }
        assert_eq!(parsed("\u{2E80}"), None);
    }

    #[test]
    fn what_nobody_reads_as_a_letter_is_in_no_name() {
        let never = [
            '\0',
            '\u{7}',
            '\u{1b}',
            '\n',
            '\t',
            '\u{7f}',
            '\u{85}',
            '\u{9b}',
            '\u{61C}',
            '\u{200E}',
            '\u{200F}',
            '\u{2028}',
            '\u{2029}',
            '\u{202A}',
            '\u{202E}',
            '\u{2061}',
            '\u{2066}',
            '\u{2069}',
            '\u{206F}',
            '\u{FDD0}',
            '\u{FFF9}',
            '\u{FFFC}',
            '\u{FFFD}',
            '\u{FFFE}',
            '\u{FFFF}',
            '\u{1FFFE}',
            '\u{2FFFF}',
            '\u{E0001}',
            '\u{E0041}',
            '\u{E007F}',
            '\u{E0FFF}',
            '\u{10FFFF}',
            '\u{115F}',
            '\u{1160}',
            '\u{3164}',
            '\u{FFA0}',
            '\u{2800}',
            '\u{FE0F}',
            '\u{1F600}',
            '\u{378}',
            '★',
            '①',
            'ⓐ',
            '<',
            '*',
            '＊',
            '\\',
        ];
        for c in never {
            for name in [format!("a{c}b"), format!("张{c}三"), format!("{c}张三"), format!("张三{c}")] {
                let trimmed = name.trim();
                assert!(parsed(&name).is_none() || trimmed != name, "{name:?}");
            }
        }
        for name in [
            "",
            "  ",
            "·",
            "...",
            "123",
            "\u{301}a",
            "张\u{E0100}\u{E0100}",
            "a\u{E0100}",
            "a\u{300}\u{316}\u{317}\u{318}\u{319}\u{31A}",
        ] {
            assert_eq!(parsed(name), None, "{name:?}");
        }
    }

    #[test]
    fn a_name_has_seventy_one_characters_at_most() {
        assert!(RealName::parse(&"字".repeat(71)).is_some());
        assert!(RealName::parse(&"字".repeat(72)).is_none());
        assert!(RealName::parse(&"e\u{301}".repeat(71)).is_some());
        assert!(RealName::parse(&"字".repeat(100_000)).is_none());
    }
}
