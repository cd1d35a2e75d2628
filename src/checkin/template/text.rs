//! Texts with places for values: `<PatName>${person.name}</PatName>`.
//!
//! Every value is escaped for the place it stands in, which is found once, when the template is read: no value can leave
//! its element, attribute, CDATA section, string or parameter. Where a value cannot be escaped (a tag's name, a comment)
//! no place is allowed.
//!
//! ```text
//! ${name}          ${name:argument}     a time's form, a number's digits
//! ${name|table}    the value's word in [tables.NAME]          $$   a dollar sign
//! ```

use std::{fmt::Write as _, ops::Deref};

use zeroize::Zeroizing;

use crate::checkin::charset::Charset;

/// How a text is written, and with it where values may stand in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// XML 1.0.
    Xml,
    /// JSON.
    Json,
    /// `token=${kept.token}&cardNo=${person.id}`: every value is a line, encoded as a parameter.
    Parameters,
    /// One line, as in a header: values lose control characters.
    Line,
    /// Behind an address: values are one piece of it, percent-encoded; the site's own stand as they are.
    Path,
}

/// A value that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// `person.name`
    pub(super) name: String,
    /// `yyyy-MM-dd`
    pub(super) argument: Option<String>,
    /// The table that says what it is called there.
    pub(super) table: Option<String>,
}

/// A text with places.
#[derive(Clone, Debug, Default)]
pub(super) struct Text(Vec<Part>);

#[derive(Clone, Debug)]
enum Part {
    Said(String),
    Place(Wanted, Place),
}

/// What a value must not leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    XmlText,
    XmlAttribute,
    XmlCdata,
    /// Within quotes.
    JsonString,
    /// A whole value: a number as it is, anything else in quotes.
    JsonValue,
    Line,
    Path,
}

/// A value, or a text with its values in it.
pub(super) enum Filled<'a> {
    /// As it stands.
    Said(&'a str),
    /// It had to be made.
    Made(Zeroizing<String>),
}

impl Deref for Filled<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Said(said) => said,
            Self::Made(made) => made,
        }
    }
}

/// Whoever knows values; nothing where there is none, which is written as an empty text.
pub(super) trait Values {
    /// The value.
    fn value(&self, wanted: &Wanted) -> Option<Filled<'_>>;
}

impl Text {
    /// Reads a text; otherwise what is wrong with it.
    pub(super) fn read(written: &str, form: Form) -> Result<Self, String> {
        let (mut parts, mut at) = (Vec::new(), Standing::begin(form));
        let mut rest = written;
        while let Some(dollar) = rest.find('$') {
            let (said, from) = rest.split_at(dollar);
            at.pass(said);
            push(&mut parts, said);
            if let Some(after) = from.strip_prefix("$$") {
                at.pass("$");
                push(&mut parts, "$");
                rest = after;
                continue;
            }
            let inner = from.strip_prefix("${").and_then(|inner| inner.split_once('}'));
            let (inner, after) = inner.ok_or("a $ is neither ${name} nor $$")?;
            let place = at.place(said).map_err(|what| format!("${{{inner}}} stands {what}"))?;
            let place = if place == Place::Path && inner.starts_with("site.") { Place::Line } else { place };
            parts.push(Part::Place(Wanted::read(inner)?, place));
            rest = after;
        }
        at.pass(rest);
        push(&mut parts, rest);
        Ok(Self(parts))
    }

    /// Adds everything that it asks for.
    pub(super) fn wanted<'a>(&'a self, into: &mut Vec<&'a Wanted>) {
        for part in &self.0 {
            if let Part::Place(wanted, _) = part {
                into.push(wanted);
            }
        }
    }

    /// The text with its values in it, copied only where there are any.
    pub(super) fn put<'a>(&'a self, values: &'a dyn Values) -> Filled<'a> {
        match self.0.as_slice() {
            [] => Filled::Said(""),
            [Part::Said(said)] => Filled::Said(said),
            // What a rule compares with is mostly one value.
            [Part::Place(wanted, Place::Line)] => {
                let value = values.value(wanted).unwrap_or(Filled::Said(""));
                let plain = value.bytes().all(|byte| Place::Line.is_plain(byte));
                if plain { value } else { Filled::Made(self.fill(values)) }
            }
            _ => Filled::Made(self.fill(values)),
        }
    }

    /// The text with its values in it.
    pub(super) fn fill(&self, values: &dyn Values) -> Zeroizing<String> {
        let value = |part: &Part| match part {
            Part::Said(_) => None,
            Part::Place(wanted, _) => values.value(wanted),
        };
        let put: Vec<Option<Filled<'_>>> = self.0.iter().map(value).collect();
        let length = |(part, value): (&Part, &Option<Filled<'_>>)| match part {
            Part::Said(said) => said.len(),
            Part::Place(_, place) => value.as_ref().map_or(LEAST, |value| place.room(value)),
        };
        // Growing would leave copies behind.
        let mut filled = Zeroizing::new(String::with_capacity(self.0.iter().zip(&put).map(length).sum()));
        for (part, value) in self.0.iter().zip(&put) {
            match part {
                Part::Said(said) => filled.push_str(said),
                Part::Place(_, place) => place.write(value.as_ref().map_or("", |value| value), &mut filled),
            }
        }
        filled
    }
}

fn push(parts: &mut Vec<Part>, said: &str) {
    match parts.last_mut() {
        Some(Part::Said(before)) => before.push_str(said),
        _ if said.is_empty() => {}
        _ => parts.push(Part::Said(said.to_owned())),
    }
}

impl Wanted {
    fn read(inner: &str) -> Result<Self, String> {
        let (inner, table) = match inner.split_once('|') {
            Some((inner, table)) => (inner, Some(table.to_owned())),
            None => (inner, None),
        };
        let (name, argument) = match inner.split_once(':') {
            Some((name, argument)) => (name, Some(argument.to_owned())),
            None => (inner, None),
        };
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
        if name.is_empty() || !name.chars().all(fits) {
            return Err(format!("${{{inner}}} is no name"));
        }
        Ok(Self { name: name.to_owned(), argument, table })
    }
}

/// What even an empty value may take: a pair of quotes.
const LEAST: usize = 2;

impl Place {
    /// The most bytes that this value takes here.
    fn room(self, value: &str) -> usize {
        let escaped = value.bytes().filter(|byte| !self.is_plain(*byte)).count();
        // `]]><![CDATA[`, `&quot;`, `\u0000`
        let longest = if self == Self::XmlCdata { 12 } else { 5 };
        value.len().saturating_add(escaped.saturating_mul(longest)).saturating_add(LEAST)
    }

    /// Whether a byte of a value stands for itself here, whatever is around it.
    fn is_plain(self, byte: u8) -> bool {
        match self {
            // U+FFFE and U+FFFF begin with 0xEF.
            Self::XmlText | Self::XmlAttribute => {
                byte >= b' ' && !matches!(byte, b'&' | b'<' | b'>' | b'"' | b'\'' | 0xEF)
            }
            Self::XmlCdata => byte >= b' ' && !matches!(byte, b']' | b'>' | 0xEF),
            // U+2028 and U+2029 begin with 0xE2.
            Self::JsonString | Self::JsonValue => byte >= b' ' && !matches!(byte, b'"' | b'\\' | 0x7F | 0xE2),
            Self::Line => matches!(byte, b' '..=b'~'),
            Self::Path => false,
        }
    }

    /// What stands for itself is copied at once.
    fn write(self, value: &str, into: &mut String) {
        match self {
            Self::JsonValue if is_number(value) => return into.push_str(value),
            Self::JsonValue => {
                into.push('"');
                Self::JsonString.write(value, into);
                return into.push('"');
            }
            // A piece of dots alone would lead elsewhere.
            Self::Path if value.bytes().all(|byte| byte == b'.') => return,
            _ => {}
        }
        let (before, mut rest) = (into.len(), value);
        loop {
            let plain = rest.bytes().position(|byte| !self.is_plain(byte)).unwrap_or(rest.len());
            into.push_str(&rest[..plain]);
            let Some(c) = rest[plain..].chars().next() else { break };
            self.escape(c, before, into);
            rest = &rest[plain.saturating_add(c.len_utf8())..];
        }
        // What follows may begin with the rest of an end.
        if self == Self::XmlCdata && into[before..].ends_with(']') {
            into.push_str("]]><![CDATA[");
        }
    }

    /// One character of a value that begins at `before`.
    fn escape(self, c: char, before: usize, into: &mut String) {
        match self {
            Self::XmlText | Self::XmlAttribute | Self::XmlCdata if !is_xml(c) => {}
            Self::XmlCdata => {
                if c == '>' && into[before..].ends_with("]]") {
                    into.push_str("]]><![CDATA[");
                }
                into.push(c);
            }
            Self::XmlText | Self::XmlAttribute => match c {
                '&' => into.push_str("&amp;"),
                '<' => into.push_str("&lt;"),
                '>' => into.push_str("&gt;"),
                '"' => into.push_str("&quot;"),
                '\'' => into.push_str("&apos;"),
                // Otherwise a parser turns them into blanks, or into other line ends.
                '\r' => into.push_str("&#13;"),
                '\n' | '\t' if self == Self::XmlAttribute => {
                    let _ = write!(into, "&#{};", u32::from(c));
                }
                c => into.push(c),
            },
            Self::JsonString | Self::JsonValue => match c {
                '"' => into.push_str("\\\""),
                '\\' => into.push_str("\\\\"),
                '\n' => into.push_str("\\n"),
                '\r' => into.push_str("\\r"),
                '\t' => into.push_str("\\t"),
                // The line separators end a string in JavaScript of before 2019.
                c if c < ' ' || matches!(c, '\u{7F}' | '\u{2028}' | '\u{2029}') => {
                    let _ = write!(into, "\\u{:04x}", u32::from(c));
                }
                c => into.push(c),
            },
            Self::Line if c.is_control() => {}
            Self::Line => into.push(c),
            Self::Path => {
                for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                    match byte {
                        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => into.push(byte.into()),
                        byte => {
                            let _ = write!(into, "%{byte:02X}");
                        }
                    }
                }
            }
        }
    }
}

/// Adds a text as a parameter's name or value (WHATWG URL, 5.2, in the hospital's charset); nothing where that lacks a
/// character of it.
pub(super) fn parameter(text: &str, into: &mut String, charset: Charset) -> Option<()> {
    for &byte in charset.encode(text)?.iter() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => into.push(byte.into()),
            b' ' => into.push('+'),
            byte => {
                let _ = write!(into, "%{byte:02X}");
            }
        }
    }
    Some(())
}

/// What XML 1.0 has no way to say is left out (production 2, Char).
fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

/// A whole number that any reader reads back digit by digit.
fn is_number(value: &str) -> bool {
    let digits = value.strip_prefix('-').unwrap_or(value);
    let exact = (1..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    exact && (digits == "0" || !digits.starts_with('0'))
}

/// Where the reading of a template's own text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// Between tags.
    Xml,
    Tag,
    Quoted(char),
    Comment,
    Instruction,
    Cdata,
    /// Outside strings.
    Json,
    InString,
    Escaped,
    Line,
    Path,
}

impl Standing {
    fn begin(form: Form) -> Self {
        match form {
            Form::Xml => Self::Xml,
            Form::Json => Self::Json,
            Form::Parameters | Form::Line => Self::Line,
            Form::Path => Self::Path,
        }
    }

    fn pass(&mut self, said: &str) {
        let mut rest = said;
        while let Some(c) = rest.chars().next() {
            let ends = |end: &str| rest.starts_with(end).then_some(end.len());
            let (next, taken) = match *self {
                Self::Xml if rest.starts_with("<!--") => (Self::Comment, Some(4)),
                Self::Xml if rest.starts_with("<![CDATA[") => (Self::Cdata, Some(9)),
                Self::Xml if rest.starts_with("<?") => (Self::Instruction, Some(2)),
                Self::Xml if c == '<' => (Self::Tag, None),
                Self::Tag if c == '>' => (Self::Xml, None),
                Self::Tag if c == '"' || c == '\'' => (Self::Quoted(c), None),
                Self::Quoted(quote) if c == quote => (Self::Tag, None),
                Self::Comment if rest.starts_with("-->") => (Self::Xml, ends("-->")),
                Self::Instruction if rest.starts_with("?>") => (Self::Xml, ends("?>")),
                Self::Cdata if rest.starts_with("]]>") => (Self::Xml, ends("]]>")),
                Self::Json if c == '"' => (Self::InString, None),
                Self::InString if c == '"' => (Self::Json, None),
                Self::InString if c == '\\' => (Self::Escaped, None),
                Self::Escaped => (Self::InString, None),
                same => (same, None),
            };
            *self = next;
            rest = &rest[taken.unwrap_or(c.len_utf8())..];
        }
    }

    /// What a value that stands here must not leave.
    fn place(self, before: &str) -> Result<Place, &'static str> {
        Ok(match self {
            Self::Xml => Place::XmlText,
            Self::Quoted(_) => Place::XmlAttribute,
            Self::Cdata if before.ends_with(']') => return Err("behind a ] of its CDATA section"),
            Self::Cdata => Place::XmlCdata,
            Self::Json => Place::JsonValue,
            Self::InString => Place::JsonString,
            Self::Line => Place::Line,
            Self::Path => Place::Path,
            Self::Tag => return Err("in a tag, outside quotes"),
            Self::Comment => return Err("in a comment"),
            Self::Instruction => return Err("in a processing instruction"),
            Self::Escaped => return Err("behind a backslash"),
        })
    }
}
