//! The flat XML of WeChat's older interfaces: one element, `<xml>`, with texts in it.

use std::{collections::BTreeMap, fmt::Write as _};

use roxmltree::{Document, Node, ParsingOptions};

/// The most elements and texts of an answer, together.
const MOST: u32 = 200;

/// Every field as CDATA.
pub(super) fn write(fields: &BTreeMap<&str, &str>) -> String {
    let mut text = String::from("<xml>");
    for (name, value) in fields {
        // `]]>` would end the section: it is split between two.
        let value = value.replace("]]>", "]]]]><![CDATA[>");
        let _ = write!(text, "<{name}><![CDATA[{value}]]></{name}>");
    }
    text.push_str("</xml>");
    text
}

/// The fields of an answer; nothing where it is anything else than flat. Document types are refused, and with them every
/// entity but XML's own: an answer cannot make us read anything else.
pub(super) fn read(body: &[u8]) -> Option<BTreeMap<String, String>> {
    let text = std::str::from_utf8(body).ok()?.trim_start_matches('\u{FEFF}').trim();
    let options = ParsingOptions { allow_dtd: false, nodes_limit: MOST, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).ok()?;
    let is_plain = |node: Node<'_, '_>| node.tag_name().namespace().is_none() && node.attributes().len() == 0;
    let xml = document.root_element();
    if !xml.has_tag_name("xml") || !is_plain(xml) {
        return None;
    }
    let mut fields = BTreeMap::new();
    for field in xml.children() {
        let value = field.text().unwrap_or_default();
        if field.is_text() && value.trim().is_empty() {
            continue;
        }
        let is_flat = field.is_element() && is_plain(field) && field.children().all(|inner| inner.is_text());
        if !is_flat || fields.insert(field.tag_name().name().to_owned(), value.to_owned()).is_some() {
            return None;
        }
    }
    Some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back_whatever_it_holds() {
        let fields = BTreeMap::from([("a", "plain"), ("b", "<x>&\"']]>"), ("c", "门店")]);
        let read = read(write(&fields).as_bytes()).expect("flat");
        assert!(fields.iter().all(|(name, value)| read[*name] == *value));
    }

    #[test]
    fn an_answer_that_is_not_flat_is_none() {
        let one = |inner: &str| format!("<xml>{inner}</xml>");
        let many =
            |fields: usize| one(&(0..fields).map(|field| format!("<a{field}>1</a{field}>\n")).collect::<String>());
        for refused in [
            String::new(),
            "<xml>".to_owned(),
            "<html></html>".to_owned(),
            one("<a>1</b>"),
            one("<a>1</a><a>2</a>"),
            one("<a x=\"1\">1</a>"),
            one("<a><b>1</b></a>"),
            one("<a>1<!-- -->2</a>"),
            one("<a>1</a>2"),
            one("<a>&file;</a>"),
            one("<a>&#0;</a>"),
            one("<a>\u{1}</a>"),
            one("<a><![CDATA[1</a>"),
            one("<a>1</a>") + &one("<b>2</b>"),
            "<xml a=\"1\"><a>1</a></xml>".to_owned(),
            "<xml xmlns=\"urn:x\"><a>1</a></xml>".to_owned(),
            "<xml xmlns:p=\"urn:x\"><p:a>1</p:a></xml>".to_owned(),
            format!("<!DOCTYPE xml [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>{}", one("<a>&e;</a>")),
            format!("<!DOCTYPE xml [<!ENTITY x 'xx'><!ENTITY y '&x;&x;'>]>{}", one("<a>&y;</a>")),
            many(70),
            "<xml>".repeat(2_000) + &"</xml>".repeat(2_000),
            "<xml>".repeat(3_000),
        ] {
            assert_eq!(read(refused.as_bytes()), None, "{refused}");
        }
        assert_eq!(read(many(60).as_bytes()).expect("flat").len(), 60);
        assert_eq!(read(b"<xml><a>\xC3\xC5</a></xml>"), None, "GBK");
        let fields =
            read(b"<?xml version=\"1.0\"?>\n<xml>\n<a>1 &lt; <![CDATA[2]]>3</a>\n<b><![CDATA[]]></b>\n</xml>\n")
                .expect("flat");
        assert_eq!((fields["a"].as_str(), fields["b"].as_str()), ("1 < 23", ""));
        let fields = read("\u{FEFF}<xml><a/><b>&#20013;&#x4E2D;</b><c /></xml>".as_bytes()).expect("flat");
        assert_eq!((fields["a"].as_str(), fields["b"].as_str(), fields["c"].as_str()), ("", "中中", ""));
    }
}
