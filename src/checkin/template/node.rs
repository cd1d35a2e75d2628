//! What a hospital answers, XML or JSON, as one tree: a list in JSON is the same as elements that follow each other, an
//! attribute is a child whose name begins with `@`.
//!
//! Document types are refused, and with them entities that grow; size, depth and count are bounded.

use std::sync::Arc;

use roxmltree::{Document, ParsingOptions};
use serde_json::Value;

use super::cdata;

/// Something with a name: an element, an attribute, a member.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Node {
    /// Its name, without a prefix; `@` before an attribute's; `item` for what a list within a list holds.
    pub(super) name: Arc<str>,
    /// The namespace of an element, where it has one.
    pub(super) namespace: Option<Arc<str>>,
    /// Its own text, not that of its children.
    pub(super) text: String,
    /// In order.
    pub(super) children: Vec<Node>,
}

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writing {
    /// XML 1.0 with namespaces.
    Xml,
    /// JSON.
    Json,
}

/// The deepest answer.
const DEEPEST: usize = 64;

/// The most nodes of an answer.
const MOST: u32 = 20_000;

/// Reads a text; nothing where it is not written so. The node is nameless: what stands at the top is its children.
pub(super) fn read(text: &str, writing: Writing) -> Option<Node> {
    match writing {
        Writing::Xml => {
            let options = ParsingOptions { allow_dtd: false, nodes_limit: MOST, ..ParsingOptions::default() };
            // A byte order mark and blanks before the declaration are what string builders leave.
            let text = text.trim_start_matches(['\u{FEFF}', ' ', '\r', '\n', '\t']);
            let text = cdata::written(text);
            let document = Document::parse_with_options(&text, options).ok()?;
            let mut top = Node::default();
            top.children.push(of_element(document.root_element(), None, None, 0)?);
            Some(top)
        }
        Writing::Json => {
            let value: Value = serde_json::from_str(text.trim_start_matches('\u{FEFF}')).ok()?;
            let (mut top, mut left) = (Node::default(), MOST);
            if value.is_array() {
                of_value(&"item".into(), value, &mut top.children, 0, &mut left)?;
                return Some(top);
            }
            of_value(&Arc::default(), value, &mut top.children, 0, &mut left)?;
            top.children.pop()
        }
    }
}

/// `like`: one that may have the same names, as the items of a list have.
fn of_element(
    element: roxmltree::Node<'_, '_>,
    around: Option<&Node>,
    like: Option<&Node>,
    depth: usize,
) -> Option<Node> {
    if depth == DEEPEST {
        return None;
    }
    let tag = element.tag_name();
    let inherited = around.and_then(|around| around.namespace.as_ref());
    let namespace = tag.namespace().map(|uri| match inherited {
        Some(same) if **same == *uri => Arc::clone(same),
        _ => Arc::from(uri),
    });
    // Growing would copy them.
    let inner = element.children().filter(roxmltree::Node::is_element).count();
    let children = Vec::with_capacity(inner.saturating_add(element.attributes().len()));
    let name = match like.filter(|like| *like.name == *tag.name()) {
        Some(like) => Arc::clone(&like.name),
        None => tag.name().into(),
    };
    let mut node = Node { name, namespace, children, ..Node::default() };
    for attribute in element.attributes() {
        let (name, text) = (format!("@{}", attribute.name()).into(), attribute.value().to_owned());
        node.children.push(Node { name, text, ..Node::default() });
    }
    for child in element.children() {
        if child.is_element() {
            let like = like.and_then(|like| like.children.get(node.children.len())).or(node.children.last());
            let child = of_element(child, Some(&node), like, depth.saturating_add(1))?;
            node.children.push(child);
        } else if let Some(text) = child.text().filter(|_| child.is_text()) {
            match node.text.is_empty() {
                true => node.text = text.to_owned(),
                false => node.text.push_str(text),
            }
        }
    }
    Some(node)
}

/// Adds a member: one node, none for `null`, several for a list.
fn of_value(name: &Arc<str>, value: Value, into: &mut Vec<Node>, depth: usize, left: &mut u32) -> Option<()> {
    if depth == DEEPEST {
        return None;
    }
    *left = left.checked_sub(1)?;
    let deeper = depth.saturating_add(1);
    let text = |text| Node { name: Arc::clone(name), text, ..Node::default() };
    match value {
        Value::Null => {}
        Value::Bool(truth) => into.push(text(truth.to_string())),
        // Serializers that know no whole numbers write 100.0.
        Value::Number(number) if number.is_f64() => {
            let written = number.to_string();
            into.push(text(written.strip_suffix(".0").unwrap_or(&written).to_owned()));
        }
        Value::Number(number) => into.push(text(number.to_string())),
        Value::String(string) => into.push(text(string)),
        Value::Array(items) => {
            for item in items {
                match item {
                    Value::Array(_) => {
                        let mut list = text(String::new());
                        of_value(&"item".into(), item, &mut list.children, deeper, left)?;
                        into.push(list);
                    }
                    item => of_value(name, item, into, deeper, left)?,
                }
            }
        }
        Value::Object(members) => {
            let mut object = text(String::new());
            for (name, member) in members {
                of_value(&name.into(), member, &mut object.children, deeper, left)?;
            }
            into.push(object);
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_would_grow_or_is_too_deep_or_too_much_is_none() {
        let grows = "<!DOCTYPE a [<!ENTITY x 'xxxxxxxxxx'><!ENTITY y '&x;&x;&x;'>]><a>&y;</a>";
        let deep = |levels: usize| format!("{}{}", "<a>".repeat(levels), "</a>".repeat(levels));
        let many = |children: usize| format!("<a>{}</a>", "<b/>".repeat(children));
        assert!(read(&deep(60), Writing::Xml).is_some() && read(&many(10_000), Writing::Xml).is_some());
        for refused in [grows.to_owned(), deep(65), deep(20_000), many(30_000), "<a>".to_owned(), String::new()] {
            assert!(read(&refused, Writing::Xml).is_none());
        }
        let list = |items: usize| format!("[{}0]", "0,".repeat(items));
        assert!(read(&list(10_000), Writing::Json).is_some());
        for refused in [list(30_000), "[".repeat(65) + &"]".repeat(65), "{\"a\":".to_owned(), String::new()] {
            assert!(read(&refused, Writing::Json).is_none());
        }
    }
}
