//! What the site's system answers, read as generously as it can be without guessing. Documented in INTERFACE.md.
//!
//! An admission that stands in the site's system and cannot be read here costs somebody their visit. So whatever a JSON
//! library of some language may do to an answer is read: `null` for what is absent, numbers for texts, one thing for a
//! list of one and the other way round, members in another case, twice or unknown, a byte order mark, GB 18030. What
//! is never guessed is the decision itself: without one that is known, or with two, it is no answer.

use std::sync::Arc;

use encoding_rs::{Encoding, GB18030};
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::value::{Value, spelling};
use crate::{
    fault::Code,
    words::{
        Admission, CheckInAnswer, Choice, GateNumber, HalfDay, Hindrance, LabelledField, PatientId, Private, Sequence,
        Slot, Text, Visit, WallTime, When,
    },
};

/// The members that we know, in the spelling they are compared in.
const MEMBERS: [&str; 27] = [
    "answer",
    "number",
    "place",
    "notes",
    "qr",
    "options",
    "from",
    "until",
    "reason",
    "cause",
    "hospital",
    "department",
    "doctor",
    "title",
    "room",
    "floor",
    "way",
    "slot",
    "ahead",
    "now",
    "eta",
    "patientid",
    "visitkind",
    "sequence",
    "fields",
    "advice",
    "gatecredential",
];

/// The longest barcode of a patient's number, characters.
const LONGEST_BARCODE: usize = 32;

/// The members that we know, of whatever shape.
#[derive(Default)]
struct Answer {
    values: [Value; MEMBERS.len()],
    /// The decision was given twice, differently.
    contradicts_itself: bool,
    /// Members that nobody here knows.
    unknown: u32,
}

/// What an answer says.
pub(super) struct Told {
    /// The decision.
    pub(super) answer: CheckInAnswer,
    /// How many members were passed over because nobody here knows them.
    pub(super) unknown: u32,
}

/// Where and when an answer is read: a time without an offset is one of here, and today needs no date.
#[derive(Clone, Copy)]
pub(super) struct Here {
    /// Seconds east of UTC.
    pub(super) utc_offset: i32,
    /// The time.
    pub(super) now: WallTime,
}

/// Reads an answer; nothing where it is not one. `content_type` is the header of that name.
pub(super) fn read(body: &[u8], content_type: Option<&str>, here: Here) -> Option<Told> {
    let text = decode(body, content_type);
    let answer: Answer = serde_json::from_str(&text).ok()?;
    Some(Told { unknown: answer.unknown, answer: answer.into_answer(here)? })
}

/// A field that somebody else has read.
#[cfg(feature = "hospital")]
#[derive(Clone)]
pub(super) struct Labelled {
    /// Stands before it.
    pub(super) label: Option<String>,
    /// What it says.
    pub(super) value: String,
    /// It matters more than its neighbours.
    pub(super) emphasis: bool,
}

/// Members by their names in INTERFACE.md.
#[cfg(feature = "hospital")]
pub(super) type Members = std::collections::BTreeMap<String, String>;

/// A name that is told in parts as it may be written: in either order, with and without blanks.
#[cfg(any(feature = "fhir", feature = "hl7"))]
pub(super) fn forms(family: &str, given: &[&str]) -> [String; 3] {
    let apart = given.join(" ");
    [format!("{family}{}", given.concat()), format!("{family} {apart}"), format!("{apart} {family}")]
}

/// An option; where nothing is known of it, it is told by its id.
#[cfg(feature = "hospital")]
pub(super) fn option(id: &str, label: &str) -> Option<Choice> {
    let (id, label) = (Text::payload(id)?, Text::clean(label));
    Some(Choice { label: if label.is_empty() { id.clone() } else { label }, id })
}

/// An admission of members that somebody else has read, by their names in INTERFACE.md: `slot.from` is `from` of `slot`.
/// Others are passed over.
#[cfg(feature = "hospital")]
pub(super) fn admission(members: &Members, fields: &[Labelled], here: Here) -> Admission {
    let mut answer = Answer::default();
    for (name, told) in members {
        let (name, part) = name.split_once('.').unwrap_or((name, ""));
        let Some(at) = MEMBERS.iter().position(|member| *member == spelling(name)) else { continue };
        let told = Value::Text(told.clone());
        answer.values[at] = match (std::mem::take(&mut answer.values[at]), part) {
            (_, "") => told,
            (Value::Object(mut parts), part) => {
                parts.push((part.to_owned(), told));
                Value::Object(parts)
            }
            (_, part) => Value::Object(vec![(part.to_owned(), told)]),
        };
    }
    let label = |label: &String| ("label".to_owned(), Value::Text(label.clone()));
    let field = |field: &Labelled| {
        let own = [
            ("value".to_owned(), Value::Text(field.value.clone())),
            ("emphasis".to_owned(), Value::Truth(field.emphasis)),
        ];
        Value::Object(field.label.iter().map(label).chain(own).collect())
    };
    if let Some(at) = MEMBERS.iter().position(|member| *member == "fields") {
        answer.values[at] = Value::List(fields.iter().map(field).collect());
    }
    answer.admission(here)
}

/// JSON is UTF-8, whatever the header says, unless the bytes are not: then it is the site's own GB 18030. A header, or an
/// XML declaration, that says so is believed where the bytes read as UTF-8 without a single hanzi, which short GBK does by
/// chance.
pub(super) fn decode(body: &[u8], content_type: Option<&str>) -> String {
    if let Some((marked, length)) = Encoding::for_bom(body) {
        return marked.decode_without_bom_handling(&body[length..]).0.into_owned();
    }
    let said = |text: &str| text.to_ascii_lowercase().replace(['"', '\'', ' '], "");
    let declaration = String::from_utf8_lossy(&body[..body.len().min(100)]);
    let says_gb = said(content_type.unwrap_or_default()).contains("charset=gb")
        || declaration.starts_with("<?xml") && said(&declaration).contains("encoding=gb");
    match std::str::from_utf8(body) {
        Ok(text) if !says_gb || text.is_ascii() || text.chars().any(|c| c >= '\u{800}') => text.to_owned(),
        _ => GB18030.decode_without_bom_handling(body).0.into_owned(),
    }
}

impl Answer {
    /// The answer in our words, every text bounded and cleaned; nothing where an option's id could not be sent back
    /// unchanged.
    fn into_answer(self, here: Here) -> Option<CheckInAnswer> {
        if self.contradicts_itself {
            return None;
        }
        let when = |name| time(self.value(name), here);
        let admission = || self.admission(here);
        Some(match spelling(self.value("answer").text()?).as_str() {
            "admitted" => CheckInAnswer::Admitted(admission()),
            "already" => CheckInAnswer::Already(admission()),
            "requeued" => CheckInAnswer::ReQueued(admission()),
            "choose" => {
                let options = self.value("options").items().iter().take(CheckInAnswer::MAX_CHOICES).map(choice);
                let options = options.collect::<Option<Vec<_>>>()?;
                // Nothing to choose from is no decision, and no refusal either.
                CheckInAnswer::Choose(Some(options).filter(|options| !options.is_empty())?)
            }
            "notfound" => CheckInAnswer::NotFound,
            "tooearly" => CheckInAnswer::TooEarly(when("from")),
            "toolate" => CheckInAnswer::TooLate(when("until")),
            "refused" => match self.value("cause").text().and_then(hindrance) {
                Some(hindrance) => CheckInAnswer::Hindered(hindrance),
                None => CheckInAnswer::Refused(self.text("reason")),
            },
            "unavailable" => CheckInAnswer::Unavailable(Code::H901.into()),
            _ => return None,
        })
    }

    fn admission(&self, here: Here) -> Admission {
        Admission {
            number: self.text("number"),
            place: self.text("place"),
            notes: self.value("notes").items().iter().filter_map(text).take(Admission::MAX_NOTES).collect(),
            qr: self.value("qr").text().and_then(Text::payload),
            gate_number: self.value("gatecredential").text().and_then(GateNumber::parse),
            visit: Arc::new(self.visit(here)),
            to_verify: false,
        }
    }

    fn visit(&self, here: Here) -> Visit {
        Visit {
            hospital: self.text("hospital"),
            department: self.text("department"),
            doctor: self.text("doctor"),
            title: self.text("title"),
            room: self.text("room"),
            floor: self.text("floor"),
            way: self.text("way"),
            slot: slot(self.value("slot"), here),
            ahead: self.value("ahead").text().and_then(|ahead| ahead.trim().parse().ok()),
            now: self.text("now"),
            eta: time(self.value("eta"), here),
            patient_id: patient_id(self.value("patientid")),
            visit_kind: self.text("visitkind"),
            sequence: sequence(self.value("sequence")),
            fields: self.value("fields").items().iter().filter_map(field).take(Visit::MAX_FIELDS).collect(),
            advice: self.text("advice"),
        }
    }

    fn value(&self, name: &str) -> &Value {
        MEMBERS
            .iter()
            .zip(&self.values)
            .find(|(member, _)| **member == name)
            .map_or(&Value::Nothing, |(_, value)| value)
    }

    fn text(&self, name: &str) -> Option<Text> {
        text(self.value(name))
    }
}

/// A cause that has words here; whatever else stands there is none.
fn hindrance(cause: &str) -> Option<Hindrance> {
    Hindrance::ALL.into_iter().find(|known| spelling(known.as_str()) == spelling(cause))
}

fn text(value: &Value) -> Option<Text> {
    value.text().map(Text::clean).filter(|text| !text.is_empty())
}

fn time(value: &Value, here: Here) -> Option<When> {
    When::read(value.text()?, here.utc_offset, here.now)
}

/// From and until, or one text for both: `8:00-8:30`.
fn slot(value: &Value, here: Here) -> Option<Slot> {
    let end = |name| time(value.member(name)?, here);
    let slot = match value {
        Value::Object(_) => Slot { from: end("from"), until: end("until") },
        one => Slot { from: time(one, here), until: None },
    };
    Some(slot).filter(|slot| slot.from.is_some() || slot.until.is_some())
}

/// A number with its barcode, or the number alone.
fn patient_id(value: &Value) -> Option<PatientId> {
    let told = text(value.member("value").unwrap_or(value))?;
    let barcode = value.member("barcode").and_then(Value::text).filter(|barcode| {
        (1..=LONGEST_BARCODE).contains(&barcode.len()) && barcode.bytes().all(|byte| (b' '..=b'~').contains(&byte))
    });
    let private = |text: &str| Private::new(text.to_owned());
    Some(PatientId { value: private(told.as_str()), barcode: barcode.map(private) })
}

/// Half day and place, or the place alone.
fn sequence(value: &Value) -> Option<Sequence> {
    let half_day = value.member("halfday").and_then(Value::text).and_then(HalfDay::read);
    Some(Sequence { half_day, index: text(value.member("index").unwrap_or(value))? })
}

/// A value with or without a label; an empty one says nothing.
fn field(value: &Value) -> Option<LabelledField> {
    Some(LabelledField {
        label: value.member("label").and_then(text),
        value: text(value.member("value").unwrap_or(value))?,
        emphasis: value.member("emphasis").is_some_and(Value::is_true),
    })
}

fn choice(option: &Value) -> Option<Choice> {
    let id = Text::payload(option.member("id")?.text()?)?;
    let label = option.member("label").and_then(text);
    Some(Choice { label: label.unwrap_or_else(|| Text::clean(id.as_str())), id })
}

impl<'de> Deserialize<'de> for Answer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnswerVisitor)
    }
}

/// An object, or a list that begins with one.
struct AnswerVisitor;

impl<'de> Visitor<'de> for AnswerVisitor {
    type Value = Answer;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an answer")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Answer, A::Error> {
        let mut answer = Answer::default();
        while let Some(name) = members.next_key::<String>()? {
            let name = spelling(&name);
            let Some(at) = MEMBERS.iter().position(|member| *member == name) else {
                // Skipped without a limit of depth: what is not ours cannot make an answer unreadable.
                members.next_value::<IgnoredAny>()?;
                answer.unknown = answer.unknown.saturating_add(1);
                continue;
            };
            let value = members.next_value::<Value>()?;
            if matches!(value, Value::Nothing) {
                continue;
            }
            // Twice the same member: the last one, as every common library has it.
            let before = std::mem::replace(&mut answer.values[at], value);
            if let (Some(before), "answer") = (before.text(), name.as_str()) {
                answer.contradicts_itself |= answer.values[at].text().map(spelling) != Some(spelling(before));
            }
        }
        Ok(answer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Answer, A::Error> {
        let answer = items.next_element()?.unwrap_or_default();
        let mut more = false;
        while items.next_element::<IgnoredAny>()?.is_some() {
            more = true;
        }
        // Of several answers none is ours.
        Ok(if more { Answer::default() } else { answer })
    }
}
