//! Text with references, as XML within a string of XML is full of them, written as CDATA before it is parsed: that says the
//! same, and is read in one piece instead of byte by byte.

use std::borrow::Cow;

const BEGINS: &str = "<![CDATA[";
const ENDS: &str = "]]>";

/// The same document. What is not written so that it surely stays the same is left as it is, for the parser to judge.
pub(super) fn written(document: &str) -> Cow<'_, str> {
    if !document.contains('&') {
        return Cow::Borrowed(document);
    }
    let mut written = String::with_capacity(document.len());
    let mut rest = document;
    while let Some(at) = rest.find('<') {
        let (text, markup) = rest.split_at(at);
        put(text, &mut written);
        let Some((markup, after)) = markup_length(markup).and_then(|length| markup.split_at_checked(length)) else {
            return Cow::Borrowed(document);
        };
        written.push_str(markup);
        rest = after;
    }
    written.push_str(rest);
    Cow::Owned(written)
}

/// Text between markup, as CDATA where it has references and all of them are known. Lines' ends beside references are the
/// parser's to judge.
fn put(text: &str, into: &mut String) {
    if !text.contains('&') || text.contains('\r') {
        into.push_str(text);
        return;
    }
    let before = into.len();
    into.push_str(BEGINS);
    let said = into.len();
    let whole = without_references(text, into);
    if whole.is_none() || into.get(said..).is_none_or(|said| said.contains(']') && said.contains(ENDS)) {
        into.truncate(before);
        into.push_str(text);
    } else {
        into.push_str(ENDS);
    }
}

/// Nothing where one is not of XML's own (XML 1.0, 4.6), as by number: that one may be a line's end which CDATA would turn
/// into another.
fn without_references(text: &str, into: &mut String) -> Option<()> {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| byte == b'&') {
        let (plain, reference) = rest.split_at_checked(at)?;
        let (sign, length) = match reference.as_bytes() {
            [_, b'l', b't', b';', ..] => ('<', 4),
            [_, b'g', b't', b';', ..] => ('>', 4),
            [_, b'a', b'm', b'p', b';', ..] => ('&', 5),
            [_, b'q', b'u', b'o', b't', b';', ..] => ('"', 6),
            [_, b'a', b'p', b'o', b's', b';', ..] => ('\'', 6),
            _ => return None,
        };
        into.push_str(plain);
        into.push(sign);
        rest = reference.get(length..)?;
    }
    into.push_str(rest);
    Some(())
}

/// How long a tag, comment, CDATA or instruction is that begins here, bytes; nothing of a document type or what has no end.
fn markup_length(markup: &str) -> Option<usize> {
    let until = |begins: &str, ends: &str| {
        let behind = markup.get(begins.len()..)?.find(ends)?;
        behind.checked_add(begins.len())?.checked_add(ends.len())
    };
    match markup.as_bytes() {
        [_, b'?', ..] => until("<?", "?>"),
        [_, b'!', b'-', b'-', ..] => until("<!--", "-->"),
        [_, b'!', b'[', ..] => until(BEGINS, ENDS),
        [_, b'!', ..] => None,
        tag => {
            // A value may hold what ends tags elsewhere.
            let mut quoted = None;
            let end = tag.iter().position(|byte| {
                match (quoted, byte) {
                    (None, b'"' | b'\'') => quoted = Some(*byte),
                    (Some(quote), byte) if quote == *byte => quoted = None,
                    _ => {}
                }
                *byte == b'>' && quoted.is_none()
            });
            end?.checked_add(1)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use roxmltree::Document;

    use super::*;

    /// Everything that is in a document, in order; nothing where it is none.
    fn said(document: &str) -> Option<Vec<String>> {
        let document = Document::parse(document).ok()?;
        Some(
            document
                .descendants()
                .map(|node| {
                    format!(
                        "{:?} {:?} {:?}",
                        node.tag_name(),
                        node.text(),
                        node.attributes().map(|a| a.value()).collect::<Vec<_>>()
                    )
                })
                .collect(),
        )
    }

    #[test]
    fn xml_within_a_string_of_xml_is_one_piece_of_cdata() {
        let string = "<a b='>&lt;'>&lt;r c=&quot;1&quot;&gt;&amp;lt;&lt;/r&gt;</a>";
        assert_eq!(written(string), "<a b='>&lt;'><![CDATA[<r c=\"1\">&lt;</r>]]></a>");
        for left in
            ["<a>&#13;&lt;</a>", "<a>&x;</a>", "<a>]]&gt;</a>", "<a>& </a>", "<!DOCTYPE a><a>&lt;</a>", "<a &lt;"]
        {
            assert_eq!(written(left), left);
        }
    }

    proptest! {
        #[test]
        fn a_document_whose_references_are_written_as_cdata_says_the_same(
            parts in prop::collection::vec(prop::sample::select(vec![
                "<b>", "</b>", "<b/>", "<b c='&lt;>\"'/>", "<b c=\"'>&amp;\">", "<!-- &lt; > ' -->", "<![CDATA[&lt;]]>", "<?p '>&lt;?>",
                "&lt;", "&gt;", "&amp;", "&quot;", "&apos;", "&#13;", "&#x4e2d;", "&lt", "&", "]]>", "]]", "]", ">", "'", "\"",
                "\r\n", "\r", " ", "中", "lt;", "amp;", "x",
            ]), 0..12),
        ) {
            for document in [parts.concat(), format!("<a>{}</a>", parts.concat()), format!("<a><b>{}</b></a>", parts.concat())] {
                prop_assert_eq!(said(&written(&document)), said(&document), "{}", document);
            }
        }
    }
}
