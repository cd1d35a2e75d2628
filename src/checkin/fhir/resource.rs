//! What is read of resources, and what is written (FHIR R4: Patient, Appointment, Encounter, Bundle). Whatever else they
//! hold is passed over, and left as it is.

use serde_json::{Map, Value, json};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use super::settings::FhirSettings;
use crate::{
    checkin::reading::{self, Members},
    words::{Choice, RealName},
};

/// An appointment.
#[derive(Clone, Debug)]
pub(super) struct Appointment(pub(super) Value);

/// `Appointment.status`, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Open,
    /// Its call was missed.
    Missed,
    Taken,
    Over,
}

/// The type of our identifier where the call was missed.
const MISSED: &str = "re-queued";

/// When an appointment can be checked in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Window {
    Now,
    From(OffsetDateTime),
    Until(OffsetDateTime),
}

/// The resources of this type that a search brought.
pub(super) fn found<'a>(bundle: &'a Value, kind: &'a str) -> impl Iterator<Item = &'a Value> {
    let entries = bundle["entry"].as_array().map_or(&[][..], Vec::as_slice);
    entries.iter().map(|entry| &entry["resource"]).filter(move |resource| resource["resourceType"] == kind)
}

/// What a search brings, and nothing that says in its place what was wrong.
pub(super) fn is_bundle(value: &Value) -> bool {
    value["resourceType"] == "Bundle" && (value["entry"].is_null() || value["entry"].is_array())
}

/// Whether this patient may bear this name; one of whom no name is known may.
pub(super) fn is_named(patient: &Value, name: &RealName) -> bool {
    let names = patient["name"].as_array().map_or(&[][..], Vec::as_slice);
    let mut forms = Vec::new();
    for written in names {
        let given = written["given"].as_array().map_or(&[][..], Vec::as_slice);
        let given: Vec<&str> = given.iter().map(|given| given.as_str().unwrap_or_default()).collect();
        forms.push(written["text"].as_str().unwrap_or_default().to_owned());
        forms.extend(reading::forms(written["family"].as_str().unwrap_or_default(), &given));
    }
    forms.retain(|form| !form.trim().is_empty());
    forms.is_empty() || forms.iter().any(|form| RealName::parse(form).as_ref() == Some(name))
}

/// A resource's id where it is one (64 letters, digits, hyphens and points): it goes into addresses.
pub(super) fn id(resource: &Value) -> Option<&str> {
    let fits = |id: &&str| {
        (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
    };
    resource["id"].as_str().filter(fits)
}

/// The first value among the identifiers of this system.
pub(super) fn identifier<'a>(resource: &'a Value, system: &str) -> Option<&'a str> {
    identifiers(resource, system).next()
}

/// Whether any of its identifiers is this one. Servers pass over parameters that they do not know, and bring everybody's.
pub(super) fn is_identified(resource: &Value, system: &str, value: &str) -> bool {
    identifiers(resource, system).any(|own| own.eq_ignore_ascii_case(value))
}

fn identifiers<'a>(resource: &'a Value, system: &str) -> impl Iterator<Item = &'a str> {
    let identifiers = resource["identifier"].as_array().map_or(&[][..], Vec::as_slice);
    identifiers.iter().filter(move |own| own["system"] == system).filter_map(|own| own["value"].as_str())
}

fn standing(appointment: &Value) -> Standing {
    match appointment["status"].as_str().unwrap_or_default() {
        "booked" => Standing::Open,
        "noshow" => Standing::Missed,
        "arrived" | "checked-in" | "fulfilled" => Standing::Taken,
        _ => Standing::Over,
    }
}

impl Appointment {
    pub(super) fn id(&self) -> Option<&str> {
        id(&self.0)
    }

    pub(super) fn standing(&self) -> Standing {
        standing(&self.0)
    }

    /// It is this one, in whatever version, and has arrived.
    pub(super) fn is_taken_by(&self, told: &Value) -> bool {
        told["resourceType"] == "Appointment" && id(told) == self.id() && standing(told) == Standing::Taken
    }

    /// It can be marked as arrived.
    pub(super) fn is_open(&self, settings: &FhirSettings) -> bool {
        match self.standing() {
            Standing::Open => true,
            Standing::Missed => settings.requeue,
            Standing::Taken | Standing::Over => false,
        }
    }

    /// This session has marked it after its call was missed.
    pub(super) fn was_missed(&self, system: &str, session: &str) -> bool {
        let identifiers = self.0["identifier"].as_array().map_or(&[][..], Vec::as_slice);
        identifiers
            .iter()
            .any(|one| one["system"] == system && one["value"] == session && one["type"]["text"] == MISSED)
    }

    /// `W/"3"`, of the version that was read.
    pub(super) fn version(&self) -> Option<String> {
        let version = self.0["meta"]["versionId"].as_str()?;
        let fits = version.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
        fits.then(|| format!("W/\"{version}\""))
    }

    /// Whether it is for this one, `Patient/7`, by whatever address and version.
    pub(super) fn is_of(&self, patient: &str) -> bool {
        let participants = self.0["participant"].as_array().map_or(&[][..], Vec::as_slice);
        let mut references = participants.iter().filter_map(|participant| participant["actor"]["reference"].as_str());
        references.any(|reference| {
            let reference = reference.split("/_history/").next().unwrap_or_default();
            reference.strip_suffix(patient).is_some_and(|base| base.is_empty() || base.ends_with('/'))
        })
    }

    /// `Patient/7`, of whoever it is for.
    pub(super) fn patient(&self) -> Option<&str> {
        let participants = self.0["participant"].as_array()?;
        let mut references = participants.iter().filter_map(|participant| participant["actor"]["reference"].as_str());
        references.find(|reference| reference.starts_with("Patient/"))
    }

    pub(super) fn window(&self, now: OffsetDateTime, settings: &FhirSettings) -> Window {
        let start = self.0["start"].as_str().and_then(|start| OffsetDateTime::parse(start, &Rfc3339).ok());
        let Some(start) = start else { return Window::Now };
        let minutes = |minutes: u16| Duration::minutes(minutes.into());
        let from = settings.early_minutes.and_then(|early| start.checked_sub(minutes(early)));
        let until = settings.late_minutes.and_then(|late| start.checked_add(minutes(late)));
        match (from, until) {
            (Some(from), _) if now < from => Window::From(from),
            // Whoever missed their call is late.
            (_, Some(until)) if until < now && self.standing() != Standing::Missed => Window::Until(until),
            _ => Window::Now,
        }
    }

    /// What a person is told of it.
    pub(super) fn members(&self) -> Members {
        let mut members = Members::new();
        let mut tell = |name: &str, value: Option<&str>| {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                members.entry(name.to_owned()).or_insert_with(|| value.to_owned());
            }
        };
        for concept in ["specialty", "serviceType"] {
            tell("department", self.0[concept].get(0).and_then(told));
        }
        tell("visit-kind", told(&self.0["appointmentType"]));
        tell("slot.from", self.0["start"].as_str());
        tell("slot.until", self.0["end"].as_str());
        for participant in self.0["participant"].as_array().map_or(&[][..], Vec::as_slice) {
            let actor = &participant["actor"];
            let kind = actor["reference"].as_str().or(actor["type"].as_str()).unwrap_or_default();
            let name = match kind.split('/').next().unwrap_or_default() {
                "Practitioner" | "PractitionerRole" => "doctor",
                "Location" => "room",
                "HealthcareService" => "department",
                _ => continue,
            };
            tell(name, actor["display"].as_str());
        }
        members
    }

    pub(super) fn choice(&self) -> Option<Choice> {
        let members = self.members();
        let clock = members.get("slot.from").and_then(|start| start.get(11..16));
        let parts = ["department", "doctor"].iter().filter_map(|part| members.get(*part)).map(String::as_str);
        reading::option(self.id()?, &clock.into_iter().chain(parts).collect::<Vec<_>>().join(" "))
    }

    /// What marks it as arrived in this session, and only as it was read (RFC 6902).
    pub(super) fn arrival(&self, system: &str, session: &str) -> Value {
        let mut ours = json!({ "system": system, "value": session });
        if self.standing() == Standing::Missed {
            ours["type"] = json!({ "text": MISSED });
        }
        let identified = match self.0["identifier"].as_array() {
            Some(_) => json!({ "op": "add", "path": "/identifier/-", "value": ours }),
            None => json!({ "op": "add", "path": "/identifier", "value": [ours] }),
        };
        json!([
            { "op": "test", "path": "/status", "value": self.0["status"] },
            { "op": "replace", "path": "/status", "value": "arrived" },
            identified,
        ])
    }

    /// What takes that back.
    pub(super) fn departure(&self, system: &str, session: &str) -> Value {
        let before = if self.was_missed(system, session) { "noshow" } else { "booked" };
        let is_ours = |one: &&Value| one["system"] == system && one["value"] == session;
        let identifiers = self.0["identifier"].as_array().map_or(&[][..], Vec::as_slice);
        let others: Vec<&Value> = identifiers.iter().filter(|one| !is_ours(one)).collect();
        let identified = match others.is_empty() {
            true => json!({ "op": "remove", "path": "/identifier" }),
            false => json!({ "op": "replace", "path": "/identifier", "value": others }),
        };
        json!([
            { "op": "test", "path": "/status", "value": "arrived" },
            { "op": "replace", "path": "/status", "value": before },
            identified,
        ])
    }

    /// The encounter of whoever has arrived.
    pub(super) fn encounter(&self, system: &str, session: &str, at: OffsetDateTime) -> Value {
        let mut encounter = json!({
            "resourceType": "Encounter",
            "identifier": [{ "system": system, "value": session }],
            "status": "arrived",
            "class": {
                "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
                "code": "AMB",
                "display": "ambulatory",
            },
            "appointment": [{ "reference": format!("Appointment/{}", self.id().unwrap_or_default()) }],
            "period": { "start": at.format(&Rfc3339).unwrap_or_default() },
        });
        if let (Some(patient), Some(members)) = (self.patient(), encounter.as_object_mut()) {
            members.insert("subject".to_owned(), json!({ "reference": patient }));
        }
        encounter
    }
}

/// What ends an encounter that came to nothing, and none that has begun.
pub(super) fn cancelled() -> Value {
    json!([
        { "op": "test", "path": "/status", "value": "arrived" },
        { "op": "replace", "path": "/status", "value": "cancelled" },
    ])
}

/// A concept in words.
fn told(concept: &Value) -> Option<&str> {
    concept["text"].as_str().or_else(|| concept["coding"].get(0)?["display"].as_str())
}

/// Nothing of a resource may be read that is none.
pub(super) fn is_resource(value: &Value) -> bool {
    value.get("resourceType").is_some_and(Value::is_string)
        && value.as_object().is_some_and(|map: &Map<_, _>| map.len() > 1)
}
