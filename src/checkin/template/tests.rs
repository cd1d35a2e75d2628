//! No value leaves its place, whatever it is: read back by parsers that are not ours.

use std::{collections::BTreeMap, path::Path};

use encoding_rs::GB18030;
use proptest::prelude::*;

use super::{
    call::Body,
    file::Template,
    rehearse,
    sign::Signing,
    text::{Filled, Form, Text, Values, Wanted},
};
use crate::{checkin::charset::Charset, files::Settings};

/// The same value for every place.
struct Everywhere<'a>(&'a str);

impl Values for Everywhere<'_> {
    fn value(&self, _: &Wanted) -> Option<Filled<'_>> {
        Some(Filled::Said(self.0))
    }
}

fn filled(template: &str, form: Form, value: &str) -> String {
    Text::read(template, form).expect("a text").fill(&Everywhere(value)).to_string()
}

/// What XML can carry of it.
fn carried(value: &str) -> String {
    value.chars().filter(|c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)).collect()
}

/// Names, and whatever somebody may have put in their place.
fn anything() -> impl Strategy<Value = String> {
    let nasty = prop::sample::select(vec![
        "]]>",
        "]]",
        "]",
        ">",
        "<![CDATA[",
        "<!--",
        "-->",
        "&",
        "&amp;",
        "\"",
        "'",
        "\\",
        "\\\"",
        "</PatName>",
        "<?",
        "\u{0}",
        "\u{FFFE}",
        "\r\n",
        "\t",
        "%",
        "+",
        "&a=b",
        "=",
        "${person.id}",
        "$",
        "\u{2028}",
        "{",
        "}",
        "䶮",
        "𬭎",
        "𠅤",
        "·",
    ]);
    prop::collection::vec(prop_oneof![nasty.prop_map(str::to_owned), any::<char>().prop_map(String::from)], 0..12)
        .prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_value_in_xml_is_the_text_or_attribute_or_section_it_stands_in_and_nothing_else(value in anything()) {
        let template = "<a x=\"${v}\" y='-${v}-'><b>${v}</b><c>(<![CDATA[${v}${v}>]]>)</c><!-- c --><d/></a>";
        let text = filled(template, Form::Xml, &value);
        let document = roxmltree::Document::parse(&text).expect("well-formed");
        let root = document.root_element();
        let (wanted, names) = (carried(&value), root.children().filter(|n| n.is_element()));
        prop_assert_eq!(names.map(|n| n.tag_name().name()).collect::<Vec<_>>(), ["b", "c", "d"]);
        prop_assert_eq!(root.attribute("x").expect("there"), wanted.as_str());
        prop_assert_eq!(root.attribute("y").expect("there"), format!("-{wanted}-"));
        let inside = |name: &str| -> String {
            let element = root.children().find(|n| n.has_tag_name(name)).expect("there");
            assert!(element.children().all(|n| n.is_text()));
            element.children().filter_map(|n| n.text()).collect()
        };
        prop_assert_eq!(inside("b"), wanted.clone());
        // A section has no way to write a carriage return that a parser keeps.
        let doubled = format!("({wanted}{wanted}>)").replace("\r\n", "\n").replace('\r', "\n");
        prop_assert_eq!(inside("c"), doubled);
    }

    #[test]
    fn xml_within_xml_is_read_back_whole_escaped_or_in_a_section(value in anything()) {
        let inner = filled("<Request><PatName n=\"${v}\">${v}</PatName></Request>", Form::Xml, &value);
        for outer in ["<s:E xmlns:s='s'><r>${inner}</r></s:E>", "<s:E xmlns:s='s'><r><![CDATA[${inner}]]></r></s:E>"] {
            let text = filled(outer, Form::Xml, &inner);
            let document = roxmltree::Document::parse(&text).expect("well-formed");
            let element = document.root_element().first_element_child().expect("one");
            let again: String = element.children().filter_map(|n| n.text()).collect();
            let read = roxmltree::Document::parse(&again).expect("well-formed");
            let name = read.root_element().first_element_child().expect("one");
            prop_assert_eq!(name.attribute("n").expect("there"), carried(&value));
            prop_assert_eq!(name.text().unwrap_or_default(), carried(&value));
        }
    }

    #[test]
    fn a_value_in_json_is_one_string_also_within_soap(value in anything()) {
        let json = filled(r#"{"a":"${v}","b":["x${v}y",${v}],"c":1}"#, Form::Json, &value);
        let soap = filled("<arg0>${inner}</arg0>", Form::Xml, &json);
        let document = roxmltree::Document::parse(&soap).expect("well-formed");
        let inside = document.root_element().text().expect("a text");
        for text in [json.as_str(), inside] {
            let read: serde_json::Value = serde_json::from_str(text).expect("JSON");
            prop_assert_eq!(read.as_object().expect("an object").len(), 3);
            let exact = if text == json { value.clone() } else { read["a"].as_str().expect("a string").to_owned() };
            prop_assert_eq!(read["a"].as_str(), Some(exact.as_str()));
            let around = format!("x{exact}y");
            prop_assert_eq!(read["b"][0].as_str(), Some(around.as_str()));
        }
    }

    #[test]
    fn a_parameter_is_one_parameter_in_both_charsets(value in anything()) {
        let value: String = value.chars().filter(|c| !c.is_control() && *c != '\u{E5E5}').collect();
        let signing = Signing { signer: None, rsa: None };
        for charset in [Charset::Utf8, Charset::Gb18030] {
            let body = Body::read("token=t&cardNo=${v}&z=${v}!", Form::Parameters).expect("a body");
            let sent = body.fill(&Everywhere(&value), charset, &signing, &mut Vec::new()).expect("written");
            prop_assert!(sent.is_ascii());
            let decoded: Vec<(String, String)> = match charset {
                Charset::Utf8 => form_urlencoded::parse(&sent).into_owned().collect(),
                Charset::Gb18030 => {
                    // The same bytes behind the percent signs, read in the other charset.
                    let raw = |pair: &str| {
                        let (name, value) = pair.split_once('=').expect("a pair");
                        let bytes: Vec<u8> = percent(value);
                        (name.to_owned(), GB18030.decode_without_bom_handling(&bytes).0.into_owned())
                    };
                    std::str::from_utf8(&sent).expect("ASCII").split('&').map(raw).collect()
                }
            };
            let own = |name: &str, value: String| (name.to_owned(), value);
            prop_assert_eq!(decoded, [own("token", "t".to_owned()), own("cardNo", value.clone()), own("z", format!("{value}!"))]);
        }
    }
}

fn percent(text: &str) -> Vec<u8> {
    let mut bytes = text.bytes();
    std::iter::from_fn(|| {
        Some(match bytes.next()? {
            b'+' => b' ',
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            byte => byte,
        })
    })
    .collect()
}

#[test]
fn every_hanzi_of_gb_18030_2022_goes_over_the_wire_in_its_own_bytes() {
    let hanzi =
        ['\u{4E00}'..='\u{9FFF}', '\u{3400}'..='\u{4DBF}', '\u{20000}'..='\u{2A6DF}', '\u{2A700}'..='\u{2EBE0}'];
    let mut many = 0;
    for character in hanzi.into_iter().flatten().chain(['\u{3007}', '\u{30000}', '\u{3134A}']) {
        let text = character.to_string();
        let bytes = Charset::Gb18030.encode(&text).expect("written");
        assert!(matches!(bytes.len(), 2 | 4), "{character}: {bytes:x?}");
        assert_eq!(GB18030.decode_without_bom_handling(&bytes).0, text);
        many += 1;
    }
    assert!(many > 87_887, "the standard has 87,887 hanzi: {many}");
    // The eight that were private-use codes in 2000 stand in two bytes (GB 18030-2022, table of changed codes).
    for (character, bytes) in [('龴', [0xFE, 0x59]), ('龵', [0xFE, 0x61]), ('龻', [0xFE, 0xA0])] {
        assert_eq!(Charset::Gb18030.encode(&character.to_string()).expect("written").as_ref(), bytes);
    }
}

#[test]
fn a_text_with_a_place_that_could_be_left_is_refused() {
    for (wrong, form, told) in [
        ("<${v}>x</${v}>", Form::Xml, "in a tag"),
        ("<a ${v}='x'/>", Form::Xml, "in a tag"),
        ("<!-- ${v} -->", Form::Xml, "in a comment"),
        ("<?xml ${v}?><a/>", Form::Xml, "instruction"),
        ("<a><![CDATA[x]${v}]]></a>", Form::Xml, "behind a ]"),
        (r#"{"a":"\${v}"}"#, Form::Json, "backslash"),
        ("a$b", Form::Line, "neither"),
        ("${a b}", Form::Line, "no name"),
    ] {
        let error = Text::read(wrong, form).expect_err(wrong);
        assert!(error.contains(told), "{wrong}: {error}");
    }
    assert_eq!(filled("$$ ${v}", Form::Line, "5\r\nX: y"), "$ 5X: y");
}

#[test]
fn numbers_stay_numbers_only_where_no_digit_can_be_lost() {
    for (value, json) in
        [("12", "12"), ("0", "0"), ("007", "\"007\""), ("1234567890123456", "\"1234567890123456\""), ("", "\"\"")]
    {
        assert_eq!(filled("{\"n\":${v}}", Form::Json, value), format!("{{\"n\":{json}}}"));
    }
}

#[test]
fn signatures_are_those_of_the_published_examples() {
    // WeChat Pay APIv2 gives this example of sorted parameters with `&key=` behind them (chapter 4.3).
    let pairs = [
        ("appid", "wxd930ea5d5a258f4f"),
        ("mch_id", "10000100"),
        ("device_info", "1000"),
        ("body", "test"),
        ("nonce_str", "ibuaiVcKdpRxkhJA"),
    ];
    let body: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let key = "192006250b4c09247ec02edce69f6a2d";
    for (kind, spelling, wanted) in [
        ("md5", "HEX", "9A0A8659F005D6984697E2CA0A9CF3B7"),
        ("hmac-sha256", "HEX", "6A9AE1657590FD6257D693A078E1C3E4BB6BA4DC30B23E0EE2496E54170DACD6"),
    ] {
        let sign =
            format!("kind = \"{kind}\"\ninto = \"sign\"\nas = \"{spelling}\"\ntail = \"&key={key}\"\nkey = \"{key}\"");
        let signer = Settings::parse(Path::new(""), &sign, &[]).expect("TOML").read(Path::new("")).expect("a signer");
        let signing = Signing { signer: Some(&signer), rsa: None };
        let read = Body::read(&body.join("&"), Form::Parameters).expect("a body");
        let sent = read.fill(&Everywhere(""), Charset::Utf8, &signing, &mut Vec::new()).expect("signed");
        let sent = std::str::from_utf8(&sent).expect("ASCII");
        assert!(sent.ends_with(&format!("&sign={wanted}")), "{sent}");
        let members: BTreeMap<&str, &str> = pairs.into_iter().collect();
        let json = Body::read(&serde_json::to_string(&members).expect("JSON"), Form::Json).expect("a body");
        let sent = json.fill(&Everywhere(""), Charset::Utf8, &signing, &mut Vec::new()).expect("signed");
        let read: serde_json::Value = serde_json::from_slice(&sent).expect("JSON");
        assert_eq!(read["sign"], wanted);
    }
}

#[test]
fn every_template_that_travels_with_the_program_is_one_and_a_wrong_one_is_named() {
    for name in Template::names() {
        let text = Template::shipped(name).expect("shipped");
        Template::parse(text).unwrap_or_else(|what| panic!("{name}: {what}"));
    }
    let text = Template::shipped("dhc-selfreg").expect("shipped");
    for (from, to, told) in [
        ("ExtUserID", "<", "identify.inner"),
        ("${site.operator}", "${side.operator}", "that anybody knows"),
        ("|card}", "|cards}", "none of [tables]"),
        ("[list.read]\nid", "[list.read]\nno", "list.read.id"),
        ("each = \"Orders/Order\"\n", "", "list.each"),
        ("title = ", "titel = ", "titel"),
        ("means = \"taken\"", "means = \"taking\"", "line"),
        ("SOAPAction =", "\"SOAP Action\" =", "no header"),
        ("QueueArea", "a:QueueArea", "no prefix"),
        ("[call]\n", "[call]\nrequeues = true\n", "requeues"),
        ("[arrive]\n", "[depart]\n", "depart"),
    ] {
        let wrong = text.replace(from, to);
        assert_ne!(wrong, text, "{from}");
        let what = Template::parse(&wrong).expect_err(to);
        assert!(what.contains(told), "{to}: {what}");
    }
}

#[test]
fn a_template_that_lacks_a_line_or_has_another_kind_of_value_is_read_or_refused_by_its_line() {
    for name in Template::names() {
        let text = Template::shipped(name).expect("shipped");
        let lines: Vec<&str> = text.lines().collect();
        for at in 0..lines.len() {
            let key = lines[at].split_once(" = ").map(|(key, _)| key);
            let others = ["7", "true", "\"\"", "[7]", "[[\"\"]]", "{ a = 7 }", "[{ path = 7 }]", "{ path = \"\" }"];
            let other = |value: &str| key.map(|key| format!("{key} = {value}")).unwrap_or_default();
            for line in others.map(other).iter().map(String::as_str).chain([""]) {
                let mut changed = lines.clone();
                changed[at] = line;
                if let Err(what) = Template::parse(&changed.join("\n")) {
                    assert!(what.starts_with("line ") || what.contains(['.', '$']), "{name} {line}: {what}");
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn a_value_in_a_path_is_one_piece_of_it(value in anything()) {
        let text = filled("/confirm/${person.voucher}/x?card=${person.voucher}", Form::Path, &value);
        let path = text.strip_prefix("/confirm/").expect("begins so");
        let (piece, card) = path.split_once("/x?card=").expect("goes on so");
        prop_assert_eq!(piece, card);
        prop_assert!(piece.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte)), "{}", piece);
        prop_assert!(piece.is_empty() || piece.bytes().any(|byte| byte != b'.'), "no way up");
        if value.bytes().any(|byte| byte != b'.') {
            prop_assert_eq!(percent(piece), value.as_bytes());
        }
    }
}

#[test]
fn what_changes_something_is_never_a_get_and_the_same_visit_of_two_people_is_two() {
    let text = Template::shipped("soap-json").expect("there");
    let wrong = text.replacen("[arrive]\n", "[arrive]\nmethod = \"GET\"\n", 1);
    assert_ne!(wrong, text);
    let refused = Template::parse(&wrong).expect_err("a GET may be sent twice");
    assert!(refused.contains("arrive.method"), "{refused}");
    use crate::checkin::book::key;
    assert!(
        key("P1", "Q1") != key("P2", "Q1") && key("P1", "Q1") == key("P1", "Q1") && key("P", "1Q") != key("P1", "Q")
    );
}

#[test]
fn whoever_looks_on_sees_the_hospitals_own_words_and_of_sentences_only_what_a_rule_looks_for() {
    let template = Template::parse(Template::shipped("dhc-selfreg").expect("shipped")).expect("a template");
    let answer = "<E><Body><r><t>&lt;Response&gt;&lt;ResultCode&gt;-7\u{9b}&lt;/ResultCode&gt;&lt;ErrMsg&gt;患者欧阳若兰已报到&lt;/ErrMsg&gt;\
                  &lt;PatName&gt;欧阳若兰&lt;/PatName&gt;&lt;/Response&gt;</t></r></Body></E>";
    let told = rehearse::heard(
        &template.arrive,
        200,
        &answer.replace("<E>", "<Envelope>").replace("</E>", "</Envelope>"),
        &Everywhere(""),
    );
    for seen in ["ResultCode -7\n", "ErrMsg 患******** (已报到)", "PatName 欧***"] {
        assert!(told.contains(seen), "{seen}: {told}");
    }
    assert!(!told.contains("若兰") && !told.contains('\u{9b}'), "{told}");
}
