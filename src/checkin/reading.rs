//! What the site's system answers, read as generously as it can be without guessing. Documented in INTERFACE.md.
//!
//! An admission that stands in the site's system and cannot be read here costs somebody their visit. So whatever a JSON
//! library of some language may do to an answer is read: `null` for what is absent, numbers for texts, one thing for a
//! list of one and the other way round, members in another case, twice or unknown, a byte order mark, GB 18030. What
//! is never guessed is the decision itself: without one that is known, or with two, it is no answer.

use encoding_rs::{Encoding, GB18030};
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::value::{Value, spelling};
use crate::{
    fault::Code,
    words::{Admission, CheckInAnswer, Choice, Text},
};

/// The members that we know, of whatever shape.
#[derive(Default)]
struct Answer {
    answer: Value,
    /// The decision was given twice, differently.
    contradicts_itself: bool,
    number: Value,
    place: Value,
    notes: Value,
    qr: Value,
    options: Value,
    from: Value,
    until: Value,
    reason: Value,
}

/// Reads an answer; nothing where it is not one. `content_type` is the header of that name.
pub(super) fn read(body: &[u8], content_type: Option<&str>) -> Option<CheckInAnswer> {
    let text = decode(body, content_type);
    serde_json::from_str::<Answer>(&text).ok()?.into_answer()
}

/// JSON is UTF-8, whatever the header says, unless the bytes are not: then it is the site's own GB 18030. A header that
/// says so is believed where the bytes read as UTF-8 without a single hanzi, which short GBK does by chance.
fn decode(body: &[u8], content_type: Option<&str>) -> String {
    if let Some((marked, length)) = Encoding::for_bom(body) {
        return marked.decode_without_bom_handling(&body[length..]).0.into_owned();
    }
    let header = content_type.unwrap_or_default().to_ascii_lowercase().replace(['"', ' '], "");
    let says_gb = header.contains("charset=gb");
    match std::str::from_utf8(body) {
        Ok(text) if !says_gb || text.is_ascii() || text.chars().any(|c| c >= '\u{800}') => text.to_owned(),
        _ => GB18030.decode_without_bom_handling(body).0.into_owned(),
    }
}

impl Answer {
    /// The answer in our words, every text bounded and cleaned; nothing where an option's id could not be sent back
    /// unchanged.
    fn into_answer(self) -> Option<CheckInAnswer> {
        if self.contradicts_itself {
            return None;
        }
        let text = |value: &Value| value.text().map(Text::clean).filter(|text| !text.is_empty());
        let admission = || Admission {
            number: text(&self.number),
            place: text(&self.place),
            notes: self.notes.items().iter().filter_map(text).take(Admission::MAX_NOTES).collect(),
            qr: self.qr.text().and_then(Text::payload),
        };
        Some(match spelling(self.answer.text()?).as_str() {
            "admitted" => CheckInAnswer::Admitted(admission()),
            "already" => CheckInAnswer::Already(admission()),
            "choose" => {
                let options = self.options.items().iter().take(CheckInAnswer::MAX_CHOICES).map(choice);
                let options = options.collect::<Option<Vec<_>>>()?;
                // Nothing to choose from is no decision, and no refusal either.
                CheckInAnswer::Choose(Some(options).filter(|options| !options.is_empty())?)
            }
            "notfound" => CheckInAnswer::NotFound,
            "tooearly" => CheckInAnswer::TooEarly(text(&self.from)),
            "toolate" => CheckInAnswer::TooLate(text(&self.until)),
            "refused" => CheckInAnswer::Refused(text(&self.reason)),
            "unavailable" => CheckInAnswer::Unavailable(Code::H901.into()),
            _ => return None,
        })
    }

    /// The member of this name; nothing where it is not ours.
    fn member(&mut self, name: &str) -> Option<&mut Value> {
        Some(match spelling(name).as_str() {
            "answer" => &mut self.answer,
            "number" => &mut self.number,
            "place" => &mut self.place,
            "notes" => &mut self.notes,
            "qr" => &mut self.qr,
            "options" => &mut self.options,
            "from" => &mut self.from,
            "until" => &mut self.until,
            "reason" => &mut self.reason,
            _ => return None,
        })
    }
}

fn choice(option: &Value) -> Option<Choice> {
    let id = Text::payload(option.member("id")?.text()?)?;
    let label = option.member("label").and_then(Value::text).map(Text::clean).filter(|label| !label.is_empty());
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
            let Some(place) = answer.member(&name) else {
                // Skipped without a limit of depth: what is not ours cannot make an answer unreadable.
                members.next_value::<IgnoredAny>()?;
                continue;
            };
            let value = members.next_value::<Value>()?;
            if matches!(value, Value::Nothing) {
                continue;
            }
            // Twice the same member: the last one, as every common library has it.
            let before = std::mem::replace(place, value);
            if let (Some(before), "answer") = (before.text(), spelling(&name).as_str()) {
                answer.contradicts_itself |= answer.answer.text().map(spelling) != Some(spelling(before));
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
