//! HL7 version 2 in its vertical-bar form, written and read (HL7 2.5 chapter 2).

use serde::Deserialize;
use zeroize::Zeroizing;

use crate::checkin::reading;

/// A message being written.
pub(super) struct Writing(Zeroizing<String>);

impl Writing {
    pub(super) fn new() -> Self {
        Self(Zeroizing::new(String::with_capacity(1024)))
    }

    /// A segment whose fields begin with its first, or for `MSH` its third; each a list of components.
    pub(super) fn segment(&mut self, name: &str, fields: &[&[&str]]) {
        self.0.push_str(name);
        if name == "MSH" {
            self.0.push_str("|^~\\&");
        }
        let last = fields.iter().rposition(|field| field.iter().any(|part| !part.is_empty()));
        for field in &fields[..last.map_or(0, |last| last.saturating_add(1))] {
            self.0.push('|');
            let last = field.iter().rposition(|part| !part.is_empty());
            for (at, part) in field[..last.map_or(0, |last| last.saturating_add(1))].iter().enumerate() {
                if at > 0 {
                    self.0.push('^');
                }
                escape(part, &mut self.0);
            }
        }
        self.0.push('\r');
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }
}

/// What separates is escaped (2.7.1), line ends within a value are lines of it, other controls are nothing.
fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '|' => out.push_str("\\F\\"),
            '^' => out.push_str("\\S\\"),
            '&' => out.push_str("\\T\\"),
            '~' => out.push_str("\\R\\"),
            '\\' => out.push_str("\\E\\"),
            '\n' => out.push_str("\\.br\\"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
}

/// A message that was read.
pub(super) struct Message {
    text: Zeroizing<String>,
    field: char,
    component: char,
    repetition: char,
    escape: Option<char>,
    sub: Option<char>,
}

/// Where something stands: `PV1-50`, `AIP-3.2`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Path {
    segment: String,
    field: usize,
    component: usize,
}

impl TryFrom<String> for Path {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        const ALLOWED: &str = "expected segment and field, as PV1-50 or AIP-3.2";
        let (segment, rest) = text.split_once('-').ok_or(ALLOWED)?;
        let (field, component) = rest.split_once('.').unwrap_or((rest, "1"));
        let number = |digits: &str| digits.parse().ok().filter(|number| (1..=255).contains(number)).ok_or(ALLOWED);
        if segment.len() != 3 || !segment.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()) {
            return Err(ALLOWED);
        }
        Ok(Self { segment: segment.to_owned(), field: number(field)?, component: number(component)? })
    }
}

impl Path {
    /// One that is written here.
    pub(super) fn at(segment: &str, field: usize, component: usize) -> Self {
        Self { segment: segment.to_owned(), field, component }
    }
}

impl Message {
    /// Reads a message; nothing where it does not begin with a header that says how it is written.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let says_gb = bytes.split(|byte| matches!(byte, b'\r' | b'\n')).next()?.split(|byte| *byte == b'|').nth(17);
        let says_gb = says_gb.is_some_and(|charset| charset.starts_with(b"GB"));
        let text = Zeroizing::new(reading::decode(bytes, says_gb.then_some("charset=gb18030")));
        let mut header = text.strip_prefix("MSH")?.chars();
        let field = header.next().filter(|c| !c.is_alphanumeric() && !c.is_control())?;
        let encoding: Vec<char> =
            header.as_str().chars().take_while(|c| *c != field && !c.is_control()).take(5).collect();
        let (component, repetition) = (*encoding.first()?, encoding.get(1).copied().unwrap_or('~'));
        let (escape, sub) = (encoding.get(2).copied(), encoding.get(3).copied());
        Some(Self { field, component, repetition, escape, sub, text })
    }

    /// The segments, in order: some systems end them with a line feed.
    pub(super) fn segments(&self) -> impl Iterator<Item = &str> {
        self.text.split(['\r', '\n']).map(str::trim_start).filter(|segment| !segment.is_empty())
    }

    /// What stands there in the first of these segments that has something there.
    pub(super) fn value(&self, path: &Path) -> Option<String> {
        self.segments().find_map(|segment| self.of_segment(segment, path))
    }

    /// The same of one segment.
    pub(super) fn of_segment(&self, segment: &str, path: &Path) -> Option<String> {
        let rest = segment.strip_prefix(path.segment.as_str())?;
        // MSH-1 is the separator itself, which stands before the next field.
        let index = if path.segment == "MSH" { path.field.checked_sub(1)? } else { path.field };
        let field = rest.strip_prefix(self.field)?.split(self.field).nth(index.checked_sub(1)?)?;
        let first = field.split(self.repetition).next()?;
        let part = first.split(self.component).nth(path.component.checked_sub(1)?)?;
        let part = self.sub.map_or(part, |sub| part.split(sub).next().unwrap_or(part));
        Some(self.unescaped(part)).filter(|value| !value.trim().is_empty() && value != "\"\"")
    }

    fn unescaped(&self, part: &str) -> String {
        let Some(mark) = self.escape.filter(|mark| part.contains(*mark)) else { return part.to_owned() };
        let (mut text, mut rest) = (String::with_capacity(part.len()), part);
        while let Some((before, behind)) = rest.split_once(mark) {
            text.push_str(before);
            let Some((word, after)) = behind.split_once(mark) else {
                // A mark alone is itself.
                text.push(mark);
                rest = behind;
                continue;
            };
            match word {
                "F" => text.push(self.field),
                "S" => text.push(self.component),
                "R" => text.push(self.repetition),
                "T" => text.extend(self.sub),
                "E" => text.push(mark),
                ".br" => text.push('\n'),
                // Bytes of other charsets, highlighting: nothing a person reads here.
                _ => {}
            }
            rest = after;
        }
        text.push_str(rest);
        text
    }
}
