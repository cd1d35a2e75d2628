//! Whose record it is, which visits there are today, and which of them is meant.

use super::{
    Given,
    call::{Call, Heard},
    file::{Field, Template},
    node::Node,
    rule::Means,
    sign::Signing,
    text::Values,
    upstream::{About, Upstream},
    values::{Known, Named, Secrets},
};
use crate::{
    checkin::{
        Request,
        book::{self, Key},
        reading::{self, Here, Labelled},
    },
    fault::Failure,
    words::{Admission, CheckInAnswer, Choice, Deadline, Hindrance, RealName, Text, WallTime, When},
};

/// A visit of today as the hospital's list has it.
#[derive(Clone)]
pub(super) struct Listed {
    pub(super) id: String,
    pub(super) state: Means,
    /// It was this terminal that checked it in; nothing where the list does not say by whom.
    pub(super) by_us: Option<bool>,
    pub(super) members: Named,
    fields: Vec<Labelled>,
}

/// Whom the hospital found.
pub(super) enum Found {
    /// Its record of the person.
    Record(Named),
    /// None that could be used.
    End(CheckInAnswer),
}

/// What is to be done.
pub(super) enum Picked<'a> {
    /// Confirm this one.
    This(&'a Listed),
    /// Nothing is to be confirmed.
    End(CheckInAnswer),
}

impl Upstream {
    /// The hospital's record of the person.
    pub(super) fn identify(&self, request: &Request, deadline: Deadline) -> Result<Found, Failure> {
        let Some(call) = &self.template.identify else { return Ok(Found::Record(Named::new())) };
        let about = About { request: Some(request), ..About::default() };
        let root = match self.ask(call, about, deadline)? {
            Heard::Done(root) => root,
            Heard::Not(Means::NotFound, _) => return Ok(Found::End(CheckInAnswer::Hindered(Hindrance::NoFile))),
            Heard::Not(means, text) => return Ok(Found::End(end(means, text, &Named::new(), self.here()))),
        };
        let kept = self.kept();
        let known = self.known(about, &kept);
        let mut records: Vec<Named> = call.listed(&root, &known).iter().map(|node| call.members(node)).collect();
        // "Nobody" may be written as one of which nothing is said.
        records.retain(|record| !call.reads("id") || record.contains_key("id"));
        let of_all = records.len();
        let name = request.identity.name().filter(|_| !call.any_name);
        records.retain(|record| name.is_none_or(|name| is_named(record, name)));
        records.dedup_by(|a, b| a.contains_key("id") && a.get("id") == b.get("id"));
        Ok(match (records.len(), of_all) {
            (1, _) => Found::Record(records.swap_remove(0)),
            (0, 0) => Found::End(CheckInAnswer::Hindered(Hindrance::NoFile)),
            (0, _) => Found::End(CheckInAnswer::Hindered(Hindrance::OtherName)),
            (_, _) => Found::End(CheckInAnswer::Hindered(Hindrance::SeveralFiles)),
        })
    }

    /// Today's visits of this person, or why there are none.
    pub(super) fn visits(
        &self,
        request: &Request,
        record: &Named,
        deadline: Deadline,
    ) -> Result<Result<Vec<Listed>, CheckInAnswer>, Failure> {
        let call = &self.template.list;
        let about = About { request: Some(request), record, ..About::default() };
        let root = match self.ask(call, about, deadline)? {
            Heard::Done(root) => root,
            Heard::Not(means, text) => return Ok(Err(end(means, text, &Named::new(), self.here()))),
        };
        let kept = self.kept();
        let known = self.known(about, &kept);
        let mut visits: Vec<Listed> = Vec::new();
        for visit in call.listed(&root, &known).iter().filter_map(|node| Listed::read(call, node, &known)) {
            // A list that is joined of several tables may have a visit in each of its rows.
            if !visits.iter().any(|known| (&known.id, known.state) == (&visit.id, visit.state)) {
                visits.push(visit);
            }
        }
        Ok(Ok(visits))
    }

    /// A visit with these members more, as it is told to the person.
    pub(super) fn admission(&self, listed: &Listed, more: &Named) -> Admission {
        let mut members = listed.members.clone();
        members.extend(more.clone());
        reading::admission(&members, &listed.fields, self.here())
    }
}

impl Listed {
    /// Under which a call for it is known: one for a missed call is another than the one before, by the number that was
    /// called.
    pub(super) fn mark(&self, holder: &str) -> Key {
        match self.state {
            Means::Missed => book::missed(holder, &self.id, &self.members),
            _ => book::key(holder, &self.id),
        }
    }

    /// Nothing where it has no id, or is over.
    fn read(call: &Call, node: &Node, values: &dyn Values) -> Option<Self> {
        let members = call.members(node);
        let met = call.states.iter().find(|state| state.is_met(node, values));
        let state = met.map_or(Means::Open, |state| state.means);
        let field = |field: &Field| {
            let value = field.paths.iter().find_map(|path| path.text(node))?;
            Some(Labelled { label: field.label.clone(), value, emphasis: field.emphasis })
        };
        Some(Self {
            id: members.get("id").filter(|_| state != Means::Over)?.clone(),
            state,
            by_us: call.by_us.as_ref().filter(|by_us| by_us.asks(values)).map(|by_us| by_us.is_met(node, values)),
            fields: call.fields.iter().filter_map(field).collect(),
            members,
        })
    }

    pub(super) fn choice(&self) -> Option<Choice> {
        let label = self.members.get("label").cloned();
        let parts = ["department", "doctor", "slot.from", "slot", "visit-kind", "sequence.half-day"];
        let parts: Vec<&str> = parts.iter().filter_map(|part| self.members.get(*part)).map(String::as_str).collect();
        reading::option(&self.id, &label.unwrap_or_else(|| parts.join(" ")))
    }
}

impl Template {
    /// Writes a request for the list and reads an answer, and sends nothing: bytes written and visits read, for
    /// measurements.
    pub fn dry_run(&self, given: &Given, request: &Request, now: WallTime, answer: &str) -> (usize, usize) {
        let (nothing, kept) = (Named::new(), Secrets::new());
        let known = Known {
            request: Some(request),
            passage: None,
            site: &given.values,
            lane: None,
            secrets: &given.secrets,
            tables: &self.tables,
            kept: &kept,
            record: &nothing,
            visit: &nothing,
            serial: 1,
            nonce: [0; 16],
            now,
            utc_offset: given.utc_offset,
        };
        let signing = Signing { signer: self.signer.as_ref(), rsa: given.rsa.as_ref() };
        let prepared = self.list.prepare(&known, self.charset, &signing);
        let sent = prepared.and_then(|prepared| prepared.body).map_or(0, |body| body.len());
        let visits = match self.list.hear(answer, &known) {
            Some(Heard::Done(root)) => {
                self.list.listed(&root, &known).iter().filter_map(|node| Listed::read(&self.list, node, &known)).count()
            }
            _ => 0,
        };
        (sent, visits)
    }
}

/// The same name, however it is written; a record without one is not another person's.
fn is_named(record: &Named, name: &RealName) -> bool {
    record.get("name").is_none_or(|written| RealName::parse(written).is_some_and(|theirs| theirs == *name))
}

/// Which visit is meant: the one that was chosen, the only one that can be checked in, the one that is; else the person
/// chooses.
pub(super) fn pick<'a>(visits: &'a [Listed], choice: Option<&Text>, upstream: &Upstream) -> Picked<'a> {
    let here = upstream.here();
    if let Some(choice) = choice {
        return match visits.iter().find(|visit| visit.id == choice.as_str()) {
            Some(visit) if visit.state.is_open() => Picked::This(visit),
            Some(visit) if visit.state == Means::Taken => Picked::End(already(visit, upstream)),
            Some(visit) => Picked::End(end(visit.state, None, &visit.members, here)),
            None => Picked::End(CheckInAnswer::NotFound),
        };
    }
    let open: Vec<&Listed> = visits.iter().filter(|visit| visit.state.is_open()).collect();
    match (open.as_slice(), visits) {
        ([only], _) => Picked::This(only),
        ([], []) => Picked::End(CheckInAnswer::NotFound),
        ([], [first, ..]) => Picked::End(match visits.iter().find(|visit| visit.state == Means::Taken) {
            Some(taken) => already(taken, upstream),
            None => end(first.state, None, &first.members, here),
        }),
        (several, _) => {
            let choices = several.iter().take(CheckInAnswer::MAX_CHOICES).filter_map(|visit| visit.choice()).collect();
            Picked::End(CheckInAnswer::Choose(choices))
        }
    }
}

fn already(visit: &Listed, upstream: &Upstream) -> CheckInAnswer {
    CheckInAnswer::Already(upstream.admission(visit, &Named::new()))
}

/// What the hospital's "no" is to the person.
pub(super) fn end(means: Means, text: Option<String>, members: &Named, here: Here) -> CheckInAnswer {
    let time = |name: &str| members.get(name).and_then(|told| When::read(told, here.utc_offset, here.now));
    match means {
        Means::NotFound | Means::Over => CheckInAnswer::NotFound,
        Means::Hindered(hindrance) => CheckInAnswer::Hindered(hindrance),
        Means::TooEarly => CheckInAnswer::TooEarly(time("from")),
        Means::TooLate => CheckInAnswer::TooLate(time("until")),
        Means::Unavailable | Means::SignedOut => CheckInAnswer::Unavailable(crate::fault::Code::H901.into()),
        Means::Refused | Means::Open | Means::Missed | Means::Taken => {
            CheckInAnswer::Refused(text.map(|text| Text::clean(&text)).filter(|text| !text.is_empty()))
        }
    }
}
