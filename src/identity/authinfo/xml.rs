//! The flat XML of WeChat's older interfaces: one element, `<xml>`, with texts in it.

use std::{collections::BTreeMap, fmt::Write as _};

/// The most fields of an answer.
const MOST: usize = 64;

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

/// The fields of an answer; nothing where it is anything else than flat. No entity but the five of XML itself and
/// characters by number, no attribute, no document type: an answer cannot make us read anything else.
pub(super) fn read(body: &[u8]) -> Option<BTreeMap<String, String>> {
    let text = std::str::from_utf8(body).ok()?.trim_start_matches('\u{FEFF}').trim();
    let text = match text.strip_prefix("<?xml") {
        Some(rest) => rest.split_once("?>")?.1.trim_start(),
        None => text,
    };
    let mut rest = text.strip_prefix("<xml>")?.strip_suffix("</xml>")?.trim();
    let mut fields = BTreeMap::new();
    while !rest.is_empty() {
        let (name, after) = rest.strip_prefix('<')?.split_once('>')?;
        let (name, is_empty) = match name.strip_suffix('/') {
            Some(name) => (name.trim_end(), true),
            None => (name, false),
        };
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !is_name || fields.len() == MOST {
            return None;
        }
        let (value, after) = if is_empty { (String::new(), after) } else { content(after)? };
        rest = match is_empty {
            true => after,
            false => after.strip_prefix("</")?.strip_prefix(name)?.strip_prefix('>')?,
        }
        .trim_start();
        if fields.insert(name.to_owned(), value).is_some() {
            return None;
        }
    }
    Some(fields)
}

/// Text and CDATA sections up to the next end tag.
fn content(mut rest: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    loop {
        if let Some(section) = rest.strip_prefix("<![CDATA[") {
            let (text, after) = section.split_once("]]>")?;
            value.push_str(text);
            rest = after;
        } else if rest.starts_with("</") {
            return Some((value, rest));
        } else {
            let at = rest.find('<')?;
            if at == 0 {
                return None;
            }
            value.push_str(&unescaped(&rest[..at])?);
            rest = &rest[at..];
        }
    }
}

fn unescaped(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut parts = text.split('&');
    plain.push_str(parts.next()?);
    for part in parts {
        let (entity, after) = part.split_once(';')?;
        plain.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => by_number(entity)?,
        });
        plain.push_str(after);
    }
    Some(plain)
}

/// `#20013` or `#x4E2D`
fn by_number(entity: &str) -> Option<char> {
    let number = entity.strip_prefix('#')?;
    let number = match number.strip_prefix('x') {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    char::from_u32(number).filter(|character| *character != '\0')
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
        for text in [
            "",
            "<xml>",
            "<xml><a>1</b></xml>",
            "<xml><a>1</a><a>2</a></xml>",
            "<xml><a x=\"1\">1</a></xml>",
            "<xml><a><b>1</b></a></xml>",
            "<xml><a>&file;</a></xml>",
            "<!DOCTYPE xml [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><xml><a>&e;</a></xml>",
            "<html></html>",
        ] {
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
        let fields =
            read(b"<?xml version=\"1.0\"?>\n<xml>\n<a>1 &lt; 2</a>\n<b><![CDATA[]]></b>\n</xml>\n").expect("flat");
        assert_eq!((fields["a"].as_str(), fields["b"].as_str()), ("1 < 2", ""));
        let fields = read("\u{FEFF}<xml><a/><b>&#20013;&#x4E2D;</b><c /></xml>".as_bytes()).expect("flat");
        assert_eq!((fields["a"].as_str(), fields["b"].as_str(), fields["c"].as_str()), ("", "中中", ""));
    }
}
