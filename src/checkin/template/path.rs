//! Where something stands in an answer: `Response/Orders/Order`, `data/0`, `v3:id[@root='1.2']/@extension`.
//!
//! ```text
//! name          children of that name, in whatever namespace
//! prefix:name   in the namespace that the template gives that prefix
//! *             all children but attributes
//! @name         an attribute
//! [3]           the third of them;   [path='text'] those in which that stands there
//! ~xml ~json    the text that stands here is XML or JSON again
//! .             here
//! ```

use std::borrow::Cow;

use super::{
    node::{self, Node, Writing},
    values::Named,
};

/// A path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Path(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Children { namespace: Option<String>, name: String, only: Vec<Only> },
    Again(Writing),
}

/// What a child must be.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Only {
    Nth(usize),
    Holding(Path, String),
}

/// The longest path, steps.
const LONGEST: usize = 32;

impl Path {
    /// Reads a path; otherwise what is wrong with it.
    pub(super) fn read(written: &str, namespaces: &Named) -> Result<Self, String> {
        let mut steps = Vec::new();
        for step in outside_brackets(written, '/') {
            let step = step.trim();
            match step {
                "." => {}
                "~xml" => steps.push(Step::Again(Writing::Xml)),
                "~json" => steps.push(Step::Again(Writing::Json)),
                step => steps.push(children(step, namespaces)?),
            }
        }
        if steps.len() > LONGEST { Err(format!("a path has at most {LONGEST} steps")) } else { Ok(Self(steps)) }
    }

    /// Everything that stands there.
    pub(super) fn all<'a>(&self, from: &'a Node) -> Vec<Cow<'a, Node>> {
        self.of(Cow::Borrowed(from))
    }

    fn of<'a>(&self, from: Cow<'a, Node>) -> Vec<Cow<'a, Node>> {
        let mut found = vec![from];
        for step in &self.0 {
            found = found.into_iter().flat_map(|node| step.from(node)).collect();
        }
        found
    }

    /// The name of its last step.
    pub(super) fn last(&self) -> Option<&str> {
        match self.0.last()? {
            Step::Children { name, .. } => Some(name),
            Step::Again(_) => None,
        }
    }

    /// The first that stands there, and nothing else of it.
    pub(super) fn first(&self, from: Node) -> Option<Node> {
        self.of(Cow::Owned(from)).into_iter().next().map(Cow::into_owned)
    }

    /// What the text of the first that says something is to `see`.
    pub(super) fn said<T>(&self, from: &Node, see: impl FnOnce(&str) -> T) -> Option<T> {
        let (mut see, mut seen) = (Some(see), None);
        visit(&self.0, from, &mut |node| {
            let text = node.text.trim();
            seen = if text.is_empty() { None } else { see.take().map(|see| see(text)) };
            seen.is_some()
        });
        seen
    }

    /// The text of the first that says something.
    pub(super) fn text(&self, from: &Node) -> Option<String> {
        self.said(from, str::to_owned)
    }
}

/// Shows everything that stands there until it was enough. Nothing is copied.
fn visit(steps: &[Step], node: &Node, see: &mut dyn FnMut(&Node) -> bool) -> bool {
    match steps.split_first() {
        None => see(node),
        Some((Step::Again(writing), rest)) => {
            node::read(&node.text, *writing).is_some_and(|again| visit(rest, &again, see))
        }
        Some((step @ Step::Children { only, .. }, rest)) if only.is_empty() => {
            node.children.iter().filter(|child| step.names(child)).any(|child| visit(rest, child, see))
        }
        Some((step, rest)) => step.from(Cow::Borrowed(node)).iter().any(|child| visit(rest, child, see)),
    }
}

impl Step {
    /// Whether a child is of this name.
    fn names(&self, child: &Node) -> bool {
        let Self::Children { namespace, name, .. } = self else { return false };
        let named = if name == "*" { !child.name.starts_with('@') } else { *child.name == **name };
        named && namespace.as_ref().is_none_or(|uri| child.namespace.as_deref() == Some(uri))
    }

    fn from<'a>(&self, node: Cow<'a, Node>) -> Vec<Cow<'a, Node>> {
        match self {
            Self::Again(writing) => node::read(&node.text, *writing).map(Cow::Owned).into_iter().collect(),
            Self::Children { only, .. } => {
                let mut found: Vec<Cow<'a, Node>> = match node {
                    Cow::Borrowed(node) => {
                        node.children.iter().filter(|child| self.names(child)).map(Cow::Borrowed).collect()
                    }
                    Cow::Owned(node) => {
                        node.children.into_iter().filter(|child| self.names(child)).map(Cow::Owned).collect()
                    }
                };
                for only in only {
                    match only {
                        Only::Nth(nth) => found = found.into_iter().nth(nth.saturating_sub(1)).into_iter().collect(),
                        Only::Holding(path, text) => {
                            found.retain(|child| visit(&path.0, child, &mut |node| node.text.trim() == text));
                        }
                    }
                }
                found
            }
        }
    }
}

fn children(step: &str, namespaces: &Named) -> Result<Step, String> {
    let (name, mut rest) = step.split_at(step.find('[').unwrap_or(step.len()));
    let (namespace, name) = match name.split_once(':') {
        Some((prefix, name)) => {
            let uri = namespaces.get(prefix).ok_or_else(|| format!("[namespaces] has no prefix {prefix}"))?;
            (Some(uri.clone()), name)
        }
        None => (None, name),
    };
    if name.is_empty() || name.starts_with('~') || name.contains([' ', '\'', '"', ']', '=']) {
        return Err(format!("`{step}` is no step of a path"));
    }
    let mut only = Vec::new();
    while let Some(begun) = rest.strip_prefix('[') {
        let (inner, after) = begun.split_once(']').ok_or_else(|| format!("`{step}` lacks a ]"))?;
        rest = after;
        only.push(match (inner.parse::<usize>(), inner.split_once('=')) {
            (Ok(nth), _) if nth > 0 => Only::Nth(nth),
            (Err(_), Some((path, text))) => {
                Only::Holding(Path::read(path, namespaces)?, text.trim_matches(['\'', '"']).to_owned())
            }
            _ => return Err(format!("[{inner}] is neither a number from 1 nor path='text'")),
        });
    }
    if rest.is_empty() {
        Ok(Step::Children { namespace, name: name.to_owned(), only })
    } else {
        Err(format!("`{rest}` stands behind a ]"))
    }
}

/// The parts between separators that stand in no brackets.
fn outside_brackets(text: &str, separator: char) -> Vec<&str> {
    let mut depth = 0_i32;
    text.split(|c: char| {
        depth = match c {
            '[' => depth.saturating_add(1),
            ']' => depth.saturating_sub(1),
            _ => depth,
        };
        c == separator && depth == 0
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(written: &str, from: &Node) -> Vec<String> {
        let namespaces = Named::from([("v3".to_owned(), "urn:hl7-org:v3".to_owned())]);
        Path::read(written, &namespaces).expect("a path").all(from).iter().map(|node| node.text.clone()).collect()
    }

    #[test]
    fn a_path_finds_elements_attributes_and_what_is_written_in_a_text_again() {
        let soap = "\u{FEFF}<s:Envelope xmlns:s='urn:soap'><s:Body><r xmlns='urn:hl7-org:v3'><id root='1.2' extension='A'/>\
                    <id root='1.3' extension='B'/><x:id xmlns:x='urn:x' root='1.3'/><t>&lt;R&gt;&lt;c&gt;0&lt;/c&gt;&lt;/R&gt;</t>\
                    <j><![CDATA[{\"a\":[{\"b\":1},{\"b\":\"二\"}],\"n\":null}]]></j></r></s:Body></s:Envelope>";
        let answer = node::read(soap, Writing::Xml).expect("XML");
        assert_eq!(texts("Envelope/Body/r/id[@root='1.3']/@extension", &answer), ["B"]);
        assert_eq!(texts("Envelope/Body/r/v3:id[2]/@extension", &answer), ["B"]);
        assert_eq!(texts("Envelope/Body/*/id", &answer).len(), 3);
        assert_eq!(texts("Envelope/*/*/v3:id", &answer).len(), 2);
        assert_eq!(texts("Envelope/Body/r/t/~xml/R/c", &answer), ["0"]);
        assert_eq!(texts("Envelope/Body/r/j/~json/a/b", &answer), ["1", "二"]);
        assert_eq!(texts("Envelope/Body/r/j/~json/a[b='二']/b", &answer), ["二"]);
        assert!(texts("Envelope/Body/r/j/~xml/a", &answer).is_empty());
        assert!(texts("Envelope/Body/r/j/~json/n", &answer).is_empty());
    }

    #[test]
    fn json_that_is_a_list_or_a_text_alone_is_read_like_any_other() {
        let list = node::read(r#"[{"a":1},{"a":2}]"#, Writing::Json).expect("JSON");
        assert_eq!(texts("item/a", &list), ["1", "2"]);
        assert_eq!(texts("item[2]/a", &list), ["2"]);
        assert_eq!(texts("item[3]/a", &list), [""; 0]);
        assert_eq!(texts(".", &node::read(r#""true""#, Writing::Json).expect("JSON")), ["true"]);
        assert_eq!(texts("item/a", &node::read(r#"[{"a":1}]"#, Writing::Json).expect("JSON")), ["1"]);
        assert!(texts("item", &node::read("[]", Writing::Json).expect("JSON")).is_empty());
    }

    #[test]
    fn what_is_no_path_is_named() {
        for (wrong, told) in [
            ("a//b", "no step"),
            ("~yaml", "no step"),
            ("x:a", "no prefix x"),
            ("a[0]", "neither"),
            ("a[b]", "neither"),
            ("a[1]b", "behind"),
        ] {
            let error = Path::read(wrong, &Named::new()).unwrap_err();
            assert!(error.contains(told), "{wrong}: {error}");
        }
    }
}
