//! One call to a hospital: what is sent, and what its answer says. Nothing here is sent.

use std::borrow::Cow;

use zeroize::Zeroizing;

use super::{
    file::Field,
    node::{self, Node, Writing},
    path::Path,
    rule::{Means, Rule},
    sign::Signing,
    text::{Filled, Form, Text, Values, Wanted},
    values::{Named, of},
};
use crate::{checkin::charset::Charset, http::Method};

/// A step of a template.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// `arrive`
    pub(super) name: &'static str,
    pub(super) method: Method,
    /// Behind the site's address.
    pub(super) path: Text,
    pub(super) headers: Vec<(String, Text)>,
    pub(super) body: Option<Body>,
    /// A text that stands within the body as `${inner}`: XML within an XML string, JSON within SOAP.
    pub(super) inner: Option<Text>,
    pub(super) writing: Writing,
    /// Where every other path begins.
    pub(super) root: Path,
    pub(super) success: Option<Rule>,
    pub(super) error_text: Vec<Path>,
    pub(super) errors: Vec<Rule>,
    /// Each record or visit.
    pub(super) each: Option<Path>,
    /// By the names under which they are kept.
    pub(super) read: Vec<(String, Vec<Path>)>,
    pub(super) fields: Vec<Field>,
    /// Others are passed over.
    pub(super) only: Vec<Rule>,
    pub(super) states: Vec<Rule>,
    /// Met where it was this terminal that checked the visit in.
    pub(super) by_us: Option<Rule>,
    /// Met by an answer that says that the person stands in the queue anew.
    pub(super) requeued: Option<Rule>,
    /// Done twice, it puts the person behind everybody else.
    pub(super) requeues: bool,
    /// Only the list says which number it was.
    pub(super) list_again: bool,
    /// Records are the person's whatever name they have.
    pub(super) any_name: bool,
}

/// What is sent.
#[derive(Clone, Debug)]
pub(super) enum Body {
    /// A text.
    Text(Form, Text),
    /// Parameters, in order.
    Parameters(Vec<(String, Text)>),
}

/// A call with its values in it.
pub(super) struct Prepared {
    pub(super) method: Method,
    pub(super) path: Zeroizing<String>,
    pub(super) headers: Vec<(String, Zeroizing<String>)>,
    pub(super) body: Option<Zeroizing<Vec<u8>>>,
}

/// What an answer says.
pub(super) enum Heard {
    /// It was done; the tree begins at the step's root.
    Done(Node),
    /// It was not, so the hospital says.
    Not(Means, Option<String>),
}

/// Values with those of the call before them.
struct Around<'a> {
    values: &'a dyn Values,
    inner: Option<Zeroizing<String>>,
}

impl Values for Around<'_> {
    fn value(&self, wanted: &Wanted) -> Option<Filled<'_>> {
        match wanted.name.as_str() {
            "inner" => self.inner.as_ref().map(|inner| Filled::Said(inner)),
            _ => self.values.value(wanted),
        }
    }
}

impl Body {
    pub(super) fn read(written: &str, form: Form) -> Result<Self, String> {
        if form != Form::Parameters {
            return Text::read(written, form).map(|text| Self::Text(form, text));
        }
        let parameter = |pair: &str| {
            let (name, value) = pair.trim().split_once('=').ok_or_else(|| format!("`{pair}` is no name=value"))?;
            Ok((name.to_owned(), Text::read(value, Form::Line)?))
        };
        written.split('&').map(parameter).collect::<Result<_, String>>().map(Self::Parameters)
    }

    /// The bytes to send, signed; nothing where they cannot be.
    pub(super) fn fill(
        &self,
        values: &dyn Values,
        charset: Charset,
        signing: &Signing<'_>,
        headers: &mut Vec<(String, Zeroizing<String>)>,
    ) -> Option<Zeroizing<Vec<u8>>> {
        match self {
            Self::Text(Form::Json, text) => bytes(signing.json(text.fill(values), values, charset, headers)?, charset),
            Self::Text(_, text) => bytes(text.fill(values), charset),
            Self::Parameters(pairs) => {
                let mut pairs: Vec<_> = pairs.iter().map(|(name, text)| (name.clone(), text.fill(values))).collect();
                signing.pairs(&mut pairs, values, charset, headers)?;
                encoded(&pairs, charset)
            }
        }
    }

    fn wanted<'a>(&'a self, into: &mut Vec<&'a Wanted>) {
        match self {
            Self::Text(_, text) => text.wanted(into),
            Self::Parameters(pairs) => pairs.iter().for_each(|(_, text)| text.wanted(into)),
        }
    }
}

impl Call {
    /// It may do something there, and is sent once; the others are questions.
    pub(super) fn changes(&self) -> bool {
        matches!(self.name, "arrive" | "cancel" | "passage")
    }

    /// Every value that one of its texts asks for.
    pub(super) fn wanted(&self) -> Vec<&Wanted> {
        let mut wanted = Vec::new();
        self.path.wanted(&mut wanted);
        self.headers.iter().for_each(|(_, text)| text.wanted(&mut wanted));
        self.inner.iter().for_each(|text| text.wanted(&mut wanted));
        self.body.iter().for_each(|body| body.wanted(&mut wanted));
        for rules in [
            self.success.as_slice(),
            &self.errors,
            &self.only,
            &self.states,
            self.by_us.as_slice(),
            self.requeued.as_slice(),
        ] {
            rules.iter().for_each(|rule| rule.wanted(&mut wanted));
        }
        wanted
    }

    /// The rules over its answers, each with the names of what it compares.
    pub(super) fn compared(&self) -> impl Iterator<Item = (&str, &Rule)> {
        let rules = self.success.iter().chain(&self.errors).chain(&self.states).chain(&self.only).chain(&self.requeued);
        rules.flat_map(|rule| rule.paths.iter().filter_map(Path::last).map(move |name| (name, rule)))
    }

    /// What is sent; nothing where a value has a character that the charset lacks, or cannot be signed.
    pub(super) fn prepare(&self, values: &dyn Values, charset: Charset, signing: &Signing<'_>) -> Option<Prepared> {
        let around = Around { values, inner: self.inner.as_ref().map(|inner| inner.fill(values)) };
        let mut headers: Vec<_> = self.headers.iter().map(|(name, text)| (name.clone(), text.fill(&around))).collect();
        let body = match &self.body {
            None => None,
            Some(body) => Some(body.fill(&around, charset, signing, &mut headers)?),
        };
        let path = self.path.fill(&around);
        Some(Prepared { method: self.method, path, headers, body })
    }

    /// Reads an answer; nothing where it is not written as agreed.
    pub(super) fn hear(&self, text: &str, values: &dyn Values) -> Option<Heard> {
        let top = node::read(text, self.writing)?;
        let root = self.root.first(top)?;
        if let Some(error) = self.errors.iter().find(|error| error.is_met(&root, values)) {
            return Some(Heard::Not(error.means, self.said(&root)));
        }
        match &self.success {
            Some(success) if !success.is_met(&root, values) => Some(Heard::Not(Means::Refused, self.said(&root))),
            _ => Some(Heard::Done(root)),
        }
    }

    /// The hospital's own words for what went wrong.
    fn said(&self, root: &Node) -> Option<String> {
        self.error_text.iter().find_map(|path| path.text(root))
    }

    /// What is listed, less what `only` passes over.
    pub(super) fn listed<'a>(&self, root: &'a Node, values: &dyn Values) -> Vec<Cow<'a, Node>> {
        let mut listed = self.each.as_ref().map(|each| each.all(root)).unwrap_or_default();
        listed.retain(|node| self.only.iter().all(|rule| rule.is_met(node, values)));
        listed
    }

    /// What is read of one thing, by its name in the template.
    pub(super) fn members(&self, node: &Node) -> Named {
        let mut members = Named::new();
        for (name, paths) in &self.read {
            if let Some(text) = paths.iter().find_map(|path| path.text(node)) {
                members.insert(name.clone(), text);
            }
        }
        members
    }

    /// Whether it reads something of that name.
    pub(super) fn reads(&self, name: &str) -> bool {
        of(&self.read, name).is_some()
    }
}

fn bytes(mut text: Zeroizing<String>, charset: Charset) -> Option<Zeroizing<Vec<u8>>> {
    Some(Zeroizing::new(match charset {
        // No copy, which would have to be wiped as well.
        Charset::Utf8 => std::mem::take(&mut *text).into_bytes(),
        Charset::Gb18030 => charset.encode(&text)?.into_owned(),
    }))
}

/// `application/x-www-form-urlencoded` (WHATWG URL, 5.2).
fn encoded(pairs: &[(String, Zeroizing<String>)], charset: Charset) -> Option<Zeroizing<Vec<u8>>> {
    let mut body = Zeroizing::new(String::with_capacity(1024));
    for (name, value) in pairs {
        if !body.is_empty() {
            body.push('&');
        }
        super::text::parameter(name, &mut body, charset)?;
        body.push('=');
        super::text::parameter(value, &mut body, charset)?;
    }
    bytes(body, Charset::Utf8)
}
