//! Shapes of settings, right and wrong.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::*;

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Source {
    None,
    File(String),
    Both { first: String, second: u8 },
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Part {
    port: u16,
    #[serde(default)]
    on: Option<bool>,
    #[serde(default)]
    source: Option<Source>,
    #[serde(default)]
    lines: BTreeMap<String, i32>,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Whole {
    part: Vec<Part>,
}

fn read(text: &str) -> Result<Whole, WrongLine> {
    let file = Path::new("x.toml");
    Settings::parse(file, text, &["part"])?.read(file)
}

#[test]
fn every_shape_of_a_setting_is_read() {
    let text = "[[part]]\nport = 0x50\non = true\nsource = \"none\"\nlines = { a = -1, b = 2 }\n\
                [[part]]\nport = 1_000\nsource = { file = \"f\" }\n\
                [[part]]\nport = 1\nsource = { both = { first = \"f\", second = 2 } }\n";
    let Whole { part } = read(text).expect("right");
    assert_eq!((part[0].port, part[0].on, part[0].lines["a"]), (80, Some(true), -1));
    let sources: Vec<_> = part.into_iter().map(|part| part.source.expect("one")).collect();
    let both = Source::Both { first: "f".to_owned(), second: 2 };
    assert_eq!(sources, [Source::None, Source::File("f".to_owned()), both]);
    assert_eq!(read("[part]\nport = 7").expect("the only one").part.len(), 1);
}

#[test]
fn what_is_wrong_is_told_by_its_kind_and_line_and_a_value_is_not_repeated() {
    for (line, text, told) in [
        (2, "[part]\nport = \"secret\"", "expected u16, not string"),
        (2, "[part]\nport = 70000", "expected u16"),
        (2, "[part]\nport = 99999999999999999999", "expected u16, not integer"),
        (3, "[part]\nport = 1\non = 1979-05-27", "expected a boolean, not datetime"),
        (1, "[part]\non = true", "missing field `port`"),
        (3, "[part]\nport = 1\npots = 2", "unknown field `pots`"),
        (3, "[part]\nport = 1\nsource = \"nowhere\"", "unknown variant `nowhere`"),
        (3, "[part]\nport = 1\nsource = \"file\"", "expected { file = … }"),
        (3, "[part]\nport = 1\nsource = { none = 1 }", "expected \"none\" alone"),
        (3, "[part]\nport = 1\nlines = { a = 3000000000 }", "expected i32"),
        (1, "part = 1", "expected a sequence, not integer"),
        (2, "[part]\nport = ", "string values must be quoted"),
    ] {
        let error = read(text).expect_err(text);
        assert!(error.message.contains(told), "{text}: {error}");
        assert_eq!(error.line, line, "{text}: {error}");
        assert!(!error.message.contains("secret") && !error.message.contains("70000"), "{error}");
    }
}
