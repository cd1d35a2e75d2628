//! Every ordinary name in both charsets: none is read as another.
//!
//! A surname and one or two hanzi of level 1 of GB 2312 are 470 × 3,755 and 470 × 14 million names. Only those matter
//! whose bytes are a text in the other charset, too: the others have one reading, and it is the right one. They are
//! enumerated completely:
//!
//! * GBK read as UTF-8. The hanzi are put together from the left, and whatever begins no UTF-8 is left with all that
//!   begins so: a prefix that is no beginning of UTF-8 stays none whatever follows.
//! * UTF-8 read as GBK, two hanzi, six bytes: each is tried.
//! * UTF-8 read as GBK, three hanzi, nine bytes, all of them 0x80 or more. GB 18030 has codes of one byte below 0x80, of
//!   two bytes, and of four bytes two of which are digits; so nine such bytes are a text only where an 0x80 stands alone,
//!   which `encoding_rs` takes for €: no letter, no name. The compound surnames are tried all the same.

use super::{Charset, Evidence, gbk, read, weight::Weight};
use crate::words::{COMPOUND_SURNAMES, RealName, SURNAMES};

#[derive(Debug, Default)]
struct Tally {
    tried: u64,
    two_readings: u64,
    refused: u64,
    wrong: Vec<String>,
}

impl Tally {
    fn add(&mut self, bytes: &[u8], charset: Charset, name: &str) {
        self.tried += 1;
        let told = |evidence| read(bytes, evidence).map(|reading| reading.name);
        match told(Evidence::Nothing) {
            Some(read) if read.reveal() == name => {}
            Some(_) => self.wrong.push(name.to_owned()),
            None => self.refused += 1,
        }
        if gbk(bytes).is_some() && std::str::from_utf8(bytes).is_ok() {
            self.two_readings += 1;
            let known = told(Evidence::All(charset));
            assert!(known.is_some_and(|read| read.reveal() == name), "{name} in {charset:?}");
        }
    }
}

fn level_1() -> Vec<char> {
    let rows = (0xB0..=0xD7_u8).flat_map(|row| (0xA1..=0xFE_u8).map(move |cell| [row, cell]));
    rows.filter_map(|pair| gbk(&pair)?.chars().next()).filter(|c| !('\u{E000}'..='\u{F8FF}').contains(c)).collect()
}

fn surnames() -> Vec<String> {
    let mut all: Vec<String> = SURNAMES.chars().map(String::from).collect();
    all.extend(COMPOUND_SURNAMES.split_whitespace().map(str::to_owned));
    all.sort();
    all.dedup();
    all
}

fn in_gbk(text: &str) -> Vec<u8> {
    encoding_rs::GB18030.encode(text).0.into_owned()
}

fn begins_utf8(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).map_or_else(|error| error.error_len().is_none(), |_| true)
}

/// All names, or of each run of hanzi every so manieth.
fn enumerate(second: usize, third: usize) -> (Tally, Tally) {
    let (hanzi, surnames) = (level_1(), surnames());
    assert_eq!(hanzi.len(), 3755);
    assert!(surnames.len() > 460, "{}", surnames.len());
    let (mut gbk, mut utf8) = (Tally::default(), Tally::default());
    let coded: Vec<Vec<u8>> = hanzi.iter().map(|c| in_gbk(&c.to_string())).collect();
    for (at, surname) in surnames.iter().enumerate() {
        let head = in_gbk(surname);
        for (one, first) in hanzi.iter().zip(&coded).filter(|_| begins_utf8(&head)) {
            let bytes = [&head[..], first].concat();
            if !begins_utf8(&bytes) {
                continue;
            }
            let name = format!("{surname}{one}");
            gbk.add(&bytes, Charset::Gbk, &name);
            for (two, second) in hanzi.iter().zip(&coded).skip(at % third).step_by(third) {
                let bytes = [&bytes[..], second].concat();
                if std::str::from_utf8(&bytes).is_ok() {
                    gbk.add(&bytes, Charset::Gbk, &format!("{name}{two}"));
                }
            }
        }
        for one in hanzi.iter().skip(at % second).step_by(second) {
            let name = format!("{surname}{one}");
            utf8.add(name.as_bytes(), Charset::Utf8, &name);
        }
    }
    println!("GBK: {gbk:?}\nUTF-8: {utf8:?}");
    (gbk, utf8)
}

#[test]
fn what_the_enumeration_is_made_of_is_read_as_it_is() {
    for name in level_1().iter().map(char::to_string).chain(surnames()) {
        assert_eq!(RealName::parse(&name).expect("a name").reveal(), name);
    }
    // No other reading outweighs one of them.
    for surname in surnames() {
        for given in ["一", "座", "一座"] {
            assert!(Weight::of(&format!("{surname}{given}")).is_ordinary, "{surname}{given}");
        }
    }
    // Nine bytes of UTF-8 are no GBK.
    let hanzi = level_1();
    for (one, two) in hanzi.iter().zip(hanzi.iter().rev()) {
        let text = gbk(format!("{one}{two}{one}").as_bytes());
        assert!(text.is_none_or(|text| text.contains('€')), "{one}{two}{one}");
    }
}

#[test]
fn no_ordinary_name_is_read_as_another_in_either_charset() {
    let (gbk, utf8) = enumerate(401, 1999);
    assert_eq!((gbk.wrong, utf8.wrong), (Vec::new(), Vec::new()));
    assert!(gbk.two_readings > 1000 && utf8.two_readings > 1000);
}

/// Ten minutes: `cargo test --lib every_ordinary_name -- --ignored --nocapture`. 47,418,592 of the GBK names and 2,231,130 of
/// the UTF-8 names have two readings; 4,6 million and 37,661 of them are told only once the charset is known.
#[test]
#[ignore = "takes minutes; the short form is run always"]
fn not_one_of_every_ordinary_name_is_read_as_another_in_either_charset() {
    let (gbk, utf8) = enumerate(1, 1);
    assert_eq!((gbk.wrong, utf8.wrong), (Vec::new(), Vec::new()));
}
