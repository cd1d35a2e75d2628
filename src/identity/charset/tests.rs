use super::*;

const NOTHING: Evidence = Evidence::Nothing;

fn in_gbk(text: &str) -> Vec<u8> {
    let (bytes, _, failed) = GB18030.encode(text);
    assert!(!failed);
    bytes.into_owned()
}

fn told(bytes: &[u8], evidence: Evidence) -> Option<String> {
    read(bytes, evidence).map(|reading| reading.name.reveal().to_owned())
}

fn pinned(bytes: &[u8], choice: CharsetChoice) -> Option<String> {
    Charsets::new(choice).read(bytes).map(|reading| reading.name.reveal().to_owned())
}

#[test]
fn gbk_names_that_are_also_valid_utf8_are_read_as_gbk() {
    for text in ["陆梅", "叶茂", "魏石", "陆慕", "濮洪海"] {
        let bytes = in_gbk(text);
        assert!(std::str::from_utf8(&bytes).is_ok(), "{text} is no trap");
        assert_eq!(told(&bytes, NOTHING).as_deref(), Some(text));
        assert_ne!(pinned(&bytes, CharsetChoice::Utf8).as_deref(), Some(text));
    }
}

#[test]
fn names_of_other_scripts_are_not_read_as_hanzi() {
    for text in [
        "Иванов",
        "Иванов Иван",
        "Ελένη",
        "محمد",
        "دانيال",
        "דוד",
        "José Müller",
        "François",
        "Şahin Çelik",
        "Nguyễn Văn Đức",
        "김철수",
        "이영",
        "アンナ",
        "さくら",
        "佐々木",
        "สมชาย",
        "བཀྲ་ཤིས",
        "ᠪᠠᠲᠤ",
        "ꆈꌠ",
        "अमित",
        "O'Brien",
        "LI LEI",
    ] {
        assert_eq!(told(text.as_bytes(), NOTHING).as_deref(), Some(text));
    }
    for (text, meant) in [("⾼明", "高明"), ("王⺠", "王民"), ("买买提⋅艾力", "买买提·艾力"), ("O’Brien", "O'Brien")]
    {
        assert_eq!(told(text.as_bytes(), NOTHING).as_deref(), Some(meant));
    }
}

#[test]
fn rare_and_long_names_are_read_in_both_charsets() {
    for text in ["张三丰", "王玥", "䶮", "㛃", "𬭎𠅤", "阿卜杜热合曼·阿卜杜克热木·买买提依明", "LI LEI", "〇"]
    {
        assert_eq!(told(text.as_bytes(), NOTHING).as_deref(), Some(text));
        assert_eq!(told(&in_gbk(text), NOTHING).as_deref(), Some(text));
    }
}

#[test]
fn what_is_passed_over_in_one_reading_makes_no_name_of_it_against_the_other() {
    // 帮豢 are the end of a hanzi and U+FEFF.
    let bytes = in_gbk("宓帮豢");
    assert_eq!(std::str::from_utf8(&bytes).expect("UTF-8").chars().nth(1), Some('\u{FEFF}'));
    assert_eq!(told(&bytes, NOTHING), None);
    assert_eq!(told(&bytes, Evidence::All(Charset::Gbk)).as_deref(), Some("宓帮豢"));
    // Armenian with soft hyphens, and a surname that GB 2312 lacks.
    assert_eq!(told(&in_gbk("談颅颅"), NOTHING), None);
}

/// A name of two hanzi in UTF-8 that is three common hanzi in GBK.
fn either() -> (Vec<u8>, String, String) {
    let level_1 =
        |first: u8| (0xA1..=0xBF_u8).flat_map(move |second| (0xB0..=0xBF_u8).map(move |t| [first, second, t]));
    for head in (0xE4..=0xE9).flat_map(level_1) {
        for tail in (0xE4..=0xE9).flat_map(|lead| (0xA1..=0xBF_u8).map(move |cell| [lead, 0xB0, cell])) {
            let bytes = [head, tail].concat();
            let both = (std::str::from_utf8(&bytes), gbk(&bytes));
            if let (Ok(utf8), Some(gbk)) = both
                && [utf8, gbk.as_str()].into_iter().all(|name| Weight::of(name).is_ordinary)
            {
                let (utf8, gbk) = (utf8.to_owned(), gbk.clone());
                return (bytes, utf8, gbk);
            }
        }
    }
    panic!("there are such")
}

#[test]
fn a_name_that_is_ordinary_both_ways_is_told_by_what_came_before_or_not_at_all() {
    let (bytes, utf8, gbk) = either();
    let charsets = Charsets::new(CharsetChoice::Auto);
    let read = |bytes: &[u8]| charsets.read(bytes).map(|reading| (reading.name.reveal().to_owned(), reading.proves));
    assert_eq!(read(&bytes), None);
    // Letters are the same in both, and prove nothing.
    charsets.believe(read(b"LI LEI").expect("a name").1);
    assert_eq!(read(&bytes), None);
    charsets.believe(read("张三丰".as_bytes()).expect("a name").1);
    assert_eq!(read(&bytes), Some((utf8.clone(), None)));
    // Both were seen: nothing is known again.
    charsets.believe(read(&in_gbk("张三丰")).expect("a name").1);
    assert_eq!(read(&bytes), None);
    assert_eq!(pinned(&bytes, CharsetChoice::Utf8), Some(utf8));
    assert_eq!(pinned(&bytes, CharsetChoice::Gbk), Some(gbk));
}

#[test]
fn what_earlier_answers_prove_is_believed_but_not_against_all_likelihood() {
    let trap = in_gbk("濮洪海");
    assert_eq!(told(&trap, Evidence::All(Charset::Utf8)), None, "姺麣 is hardly anybody's name");
    assert_eq!(told(&trap, Evidence::All(Charset::Gbk)).as_deref(), Some("濮洪海"));
    // ½÷ is no name: whoever comes first in another charset is read in it.
    assert_eq!(told(&in_gbk("陆梅"), Evidence::All(Charset::Utf8)).as_deref(), Some("陆梅"));
}

#[test]
fn what_is_no_name_is_refused() {
    for bytes in [&b""[..], b"   ", b"a\x1bb", "a\u{202E}b".as_bytes(), "好\n".as_bytes(), b"\xff\xff", b"\x80"] {
        assert_eq!(told(bytes, NOTHING), None, "{bytes:02x?}");
        assert_eq!(pinned(bytes, CharsetChoice::Utf8), None, "{bytes:02x?}");
    }
    for bytes in [&b""[..], b"   ", b"a\x1bb", b"\xba\xc3\n", b"\xff\xff", b"\xba"] {
        assert_eq!(pinned(bytes, CharsetChoice::Gbk), None, "{bytes:02x?}");
    }
    assert_eq!(told("字".repeat(72).as_bytes(), NOTHING), None);
    assert!(told("字".repeat(71).as_bytes(), NOTHING).is_some());
}

#[test]
fn what_stands_in_no_name_does_not_become_hanzi_of_the_other_charset() {
    let never = "\u{FFFD}\u{FFFE}\u{FFFF}\u{FDD0}\u{1FFFE}\u{E0001}\u{E0041}\u{E007F}\u{202E}\u{2066}\u{200F}\u{61C}\u{85}\u{9B}\
         \u{2028}\u{FFF9}\u{10FFFF}\u{1F600}★";
    for c in never.chars() {
        for text in [
            format!("{c}"),
            format!("{c}{c}"),
            format!("张{c}"),
            format!("张{c}三"),
            format!("{c}张三"),
            format!("a{c}b"),
        ] {
            assert_eq!(told(text.as_bytes(), NOTHING), None, "{text:?}");
        }
    }
    // What a lone surrogate looks like is neither.
    assert_eq!(told(b"\xed\xa0\x80\xed\xb0\x80", NOTHING), None);
}

#[test]
fn a_number_is_read_in_ascii_and_a_soldiers_in_both_charsets() {
    let told = |bytes: &[u8], kind| credential(bytes, kind).map(|document| document.id.reveal().to_owned());
    let card = CredentialType::MainlandId;
    assert_eq!(told(b"11010519491231002x", card).as_deref(), Some("11010519491231002X"));
    assert_eq!(told(b"110105194912310021", card), None);
    assert_eq!(told(b"E12345678", card), None);
    assert_eq!(told(&[b'1'; 65], CredentialType::Other(17)), None);
    let soldiers = "南字第1234567号";
    assert_eq!(told(soldiers.as_bytes(), CredentialType::Officer).as_deref(), Some(soldiers));
    assert_eq!(told(&in_gbk(soldiers), CredentialType::Officer).as_deref(), Some(soldiers));
    assert_eq!(told(&in_gbk(soldiers), card), None);
}
