//! Enough of XML to find a text in a request: by scanning for it, as many an old system does.

/// The text of the first element of this name, whatever its prefix, entities and CDATA resolved.
pub(super) fn element(text: &str, name: &str) -> Option<String> {
    let mut rest = text;
    loop {
        let (_, tag) = rest.split_once('<')?;
        let end = tag.find('>')?;
        let word = tag[..end].split([' ', '/', '\n']).next().unwrap_or_default();
        let local = word.rsplit(':').next().unwrap_or_default();
        let inside = &tag[end + 1..];
        if local == name && !word.is_empty() {
            if tag[..end].ends_with('/') {
                return Some(String::new());
            }
            let close = format!("</{word}>");
            return inside.find(&close).map(|at| plain(&inside[..at]));
        }
        rest = if tag.starts_with("![CDATA[") { tag.split_once("]]>")?.1 } else { inside };
    }
}

/// An attribute of the first element that has the other one with this value.
pub(super) fn beside(text: &str, other: &str, value: &str, name: &str) -> Option<String> {
    let marked = format!("{other}=\"{value}\"");
    let tag = text.split('<').find(|tag| tag.contains(&marked))?;
    let after = tag.split_once(&format!("{name}=\""))?.1;
    after.split_once('"').map(|(value, _)| plain(value))
}

fn plain(text: &str) -> String {
    if let Some((before, rest)) = text.split_once("<![CDATA[") {
        let (inside, after) = rest.split_once("]]>").unwrap_or((rest, ""));
        return format!("{}{inside}{}", plain(before), plain(after));
    }
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&#13;", "\r")
        .replace("&#10;", "\n")
        .replace("&#9;", "\t")
        .replace("&amp;", "&")
}

/// A text as it may stand in an element or an attribute.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
