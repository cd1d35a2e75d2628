//! What the core is told and wants, for a recording: words, codes and numbers; of people nothing.

use serde_json::{Value, json};

use crate::{
    capture,
    fault::{Code, Trouble},
    kiosk::{Button, Input, Output, Record},
    service::Tap,
    words::{CheckInAnswer, LaneId, Now, SessionId},
};

/// Records what goes through the core.
#[derive(Default)]
pub(super) struct Listener {
    /// When it last heard something.
    heard: Option<Now>,
}

impl Tap for Listener {
    fn heard(&mut self, now: Now, input: &Input) {
        if let Some(stepped) = self.heard.replace(now).and_then(|before| now.was_set_since(before)) {
            capture::core("in", json!({ "what": "clock-set", "by_ms": stepped }));
        }
        capture::core("in", heard(input));
    }

    fn wanted(&mut self, _: Now, output: &Output) {
        capture::core("out", wanted(output));
    }
}

fn heard(input: &Input) -> Value {
    match input {
        Input::Approached { lane } => at(*lane, "approached"),
        Input::Recognised { lane, arrival, .. } => {
            let by = arrival.way.as_str();
            json!({ "lane": lane.0, "what": "recognised", "by": by, "consent": arrival.consent })
        }
        Input::CardRead { lane, .. } => at(*lane, "card-read"),
        Input::AuthInfoWanted { lane, .. } => at(*lane, "authinfo-wanted"),
        Input::AuthInfoGranted { lane, result, .. } => {
            json!({ "lane": lane.0, "what": "authinfo-granted", "code": code(result.as_ref().err().copied()) })
        }
        Input::Unrecognised { lane, code, .. } => {
            json!({ "lane": lane.0, "what": "unrecognised", "code": code.as_str() })
        }
        Input::Consented { lane, granted, .. } => json!({ "lane": lane.0, "what": "consented", "granted": granted }),
        Input::Chose { lane, option, .. } => json!({ "lane": lane.0, "what": "chose", "option": option }),
        Input::Cancelled { lane, .. } => at(*lane, "cancelled"),
        Input::Recorded { ticket } => json!({ "what": "recorded", "ticket": ticket.0 }),
        Input::NotRecorded { ticket, code } => {
            json!({ "what": "not-recorded", "ticket": ticket.0, "code": code.as_str() })
        }
        Input::Found { session, result } => of(*session, "found", trouble(result.as_ref().err())),
        Input::Known { session, .. } => of(*session, "known", None),
        Input::Answered { session, answer } => {
            let (word, code) = answered(answer);
            let mut line = of(*session, "answered", code);
            line["answer"] = word.into();
            line
        }
        Input::Resolved { session, .. } => of(*session, "resolved", None),
        Input::Printed { job, outcome } => {
            json!({ "visit": job.session.serial, "copy": job.copy, "what": "printed", "outcome": word(outcome) })
        }
        Input::Gated { session, outcome } => {
            json!({ "visit": session.serial, "what": "gated", "outcome": word(outcome) })
        }
        Input::DeviceChanged { lane, device, fault } => {
            json!({ "lane": lane.0, "what": "device", "device": device, "code": code(trouble(fault.as_ref())) })
        }
        Input::DeviceHangs { lane, device, trouble: hangs } => {
            json!({ "lane": lane.0, "what": "device-hangs", "device": device, "code": code(trouble(hangs.as_ref())) })
        }
        Input::PaperLow { lane, low } => json!({ "lane": lane.0, "what": "paper-low", "on": low }),
        Input::OutOfService { lane, why, on } => {
            json!({ "lane": lane.0, "what": "out-of-service", "why": word(why), "on": on })
        }
        // What a notice says may name somebody.
        Input::Posted { lane, .. } => at(*lane, "posted"),
        Input::Pressed { lane, button } => json!({ "lane": lane.0, "what": "pressed", "button": pressed(*button) }),
        Input::GateAlarmed { lane, session, alarm } => {
            let visit = session.map(|session| session.serial);
            json!({ "lane": lane.0, "visit": visit, "what": "gate-alarmed", "alarm": word(alarm) })
        }
        Input::Annulled { session, result } => of(*session, "annulled", result.as_ref().err().copied()),
        Input::Reprint { lane, .. } => at(*lane, "reprint"),
        Input::Stopping => json!({ "what": "stopping" }),
    }
}

fn wanted(output: &Output) -> Value {
    match output {
        Output::Warm => json!({ "what": "warm" }),
        Output::Record { ticket, record } => {
            let (what, lane) = match record {
                Record::Opened { lane, .. } => ("opened", Some(lane.0)),
                Record::CheckingIn { .. } => ("checking-in", None),
                Record::Decided { .. } => ("decided", None),
                Record::Printed { .. } => ("printed", None),
                Record::Gated { .. } => ("gated", None),
                Record::Closed { .. } => ("closed", None),
            };
            let mut line = of(record.session(), what, None);
            (line["lane"], line["ticket"]) = (lane.into(), ticket.map(|ticket| ticket.0).into());
            line
        }
        Output::LookUp { session, way, .. } => {
            json!({ "visit": session.serial, "what": "look-up", "by": way.as_str() })
        }
        Output::CheckIn(request) => {
            json!({ "lane": request.lane.0, "visit": request.session.serial, "what": "check-in" })
        }
        Output::Resolve { session, .. } => of(*session, "resolve", None),
        Output::Show { lane, scene, .. } => {
            json!({ "lane": lane.0, "what": "show", "scene": scene.kind.as_str(), "code": code(scene.code) })
        }
        Output::Print { job, .. } => json!({ "visit": job.session.serial, "copy": job.copy, "what": "print" }),
        Output::Open { lane, grant } => json!({ "lane": lane.0, "visit": grant.session.serial, "what": "open" }),
        Output::Annul { session, .. } => of(*session, "annul", None),
        Output::Indicate { lane, signal } => json!({ "lane": lane.0, "what": "indicate", "signal": word(signal) }),
        Output::Acknowledge { lane, status, code: why, .. } => {
            json!({ "lane": lane.0, "what": "ack", "status": status.as_str(), "code": code(*why) })
        }
        Output::Tell { lane, outcome, .. } => json!({
            "lane": lane.0, "visit": outcome.session.serial, "what": "outcome", "result": outcome.result.as_str(),
            "code": code(outcome.code),
        }),
        Output::AskAuthInfo { lane, .. } => at(*lane, "ask-authinfo"),
        Output::GiveAuthInfo { lane, .. } => at(*lane, "give-authinfo"),
    }
}

fn at(lane: LaneId, what: &str) -> Value {
    json!({ "lane": lane.0, "what": what })
}

fn of(session: SessionId, what: &str, why: Option<Code>) -> Value {
    json!({ "visit": session.serial, "what": what, "code": code(why) })
}

fn code(code: Option<Code>) -> Option<&'static str> {
    code.map(Code::as_str)
}

fn trouble(trouble: Option<&Trouble>) -> Option<Code> {
    trouble.map(|trouble| trouble.code)
}

/// A value without fields of its own, or with codes alone.
fn word(of: &impl std::fmt::Debug) -> String {
    format!("{of:?}")
}

fn pressed(button: Button) -> String {
    match button {
        Button::Choice(option) => format!("choice-{option}"),
        Button::OtherWay => "other-way".to_owned(),
        Button::CallStaff => "call-staff".to_owned(),
        Button::Start => "start".to_owned(),
    }
}

fn answered(answer: &CheckInAnswer) -> (&'static str, Option<Code>) {
    match answer {
        CheckInAnswer::Admitted(_) => ("admitted", None),
        CheckInAnswer::Already(_) => ("already", None),
        CheckInAnswer::ReQueued(_) => ("re-queued", None),
        CheckInAnswer::Choose(_) => ("choose", None),
        CheckInAnswer::NotFound => ("not-found", None),
        CheckInAnswer::TooEarly(_) => ("too-early", None),
        CheckInAnswer::TooLate(_) => ("too-late", None),
        CheckInAnswer::Refused(_) => ("refused", None),
        CheckInAnswer::Hindered(_) => ("hindered", None),
        CheckInAnswer::Unavailable(trouble) => ("unavailable", Some(trouble.code)),
        CheckInAnswer::Unknown(code) => ("unknown", Some(*code)),
    }
}
