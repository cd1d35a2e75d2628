//! What the core is told and wants, as the story of a sandbox tells it: words, codes and numbers; of people what a panel
//! shows of them, and nothing else.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use crate::{
    fault::Code,
    kiosk::{Input, Output, Record},
    service::Tap,
    sim::story::Story,
    words::{CheckInAnswer, LaneId, Now, SessionId},
};

pub(super) struct Listener {
    story: Arc<Story>,
    /// Where each visit is, the newest of them.
    lanes: BTreeMap<SessionId, usize>,
    order: VecDeque<SessionId>,
    /// Records that are to be made durable: their ticket and what they say.
    unwritten: BTreeMap<u64, (Option<usize>, String)>,
}

/// Visits whose lane is remembered.
const VISITS: usize = 256;

impl Listener {
    pub(super) fn new(story: Arc<Story>) -> Self {
        Self { story, lanes: BTreeMap::new(), order: VecDeque::new(), unwritten: BTreeMap::new() }
    }

    fn of(&self, session: SessionId) -> Option<usize> {
        self.lanes.get(&session).copied()
    }

    fn keep(&mut self, session: SessionId, lane: usize) {
        if self.lanes.insert(session, lane).is_none() {
            self.order.push_back(session);
            if let Some(oldest) = (self.order.len() > VISITS).then(|| self.order.pop_front()).flatten() {
                self.lanes.remove(&oldest);
            }
        }
    }
}

impl Tap for Listener {
    fn heard(&mut self, _: Now, input: &Input) {
        let (lane, text) = match input {
            Input::Approached { lane } => (at(*lane), "somebody stands there".to_owned()),
            Input::Recognised { lane, arrival, .. } => {
                let consent = if arrival.consent { "agreed" } else { "not agreed yet" };
                (at(*lane), format!("recognised by {}, {consent}", arrival.way.as_str()))
            }
            Input::CardRead { lane, .. } => (at(*lane), "a card was read".to_owned()),
            Input::Unrecognised { lane, code, .. } => (at(*lane), format!("not recognised {code}")),
            Input::Consented { lane, granted, .. } => {
                (at(*lane), if *granted { "agreed" } else { "did not agree" }.to_owned())
            }
            Input::Chose { lane, option, .. } => (at(*lane), format!("chose {option}")),
            Input::Cancelled { lane, .. } => (at(*lane), "gave up".to_owned()),
            Input::Recorded { ticket } => {
                if let Some((lane, text)) = self.unwritten.remove(&ticket.0) {
                    self.story.tell(lane, "record", format!("{text}: durable"));
                }
                return;
            }
            Input::NotRecorded { ticket, code } => {
                let (lane, text) = self.unwritten.remove(&ticket.0).unwrap_or_default();
                (lane, format!("{text}: could not be written {code}"))
            }
            Input::Found { session, result } => (
                self.of(*session),
                match result {
                    Ok(_) => "WeChat says who it is; the name was opened here".to_owned(),
                    Err(trouble) => format!("WeChat does not say who it is {}", trouble.code),
                },
            ),
            Input::Known { session, .. } => (self.of(*session), "the site's system is being asked".to_owned()),
            Input::Answered { session, answer } => (self.of(*session), answered(answer)),
            Input::Resolved { session, .. } => (self.of(*session), "the site says what became of it".to_owned()),
            Input::Printed { job, outcome } => (self.of(job.session), format!("slip: {outcome:?}")),
            Input::Gated { session, outcome } => (self.of(*session), format!("gate: {outcome:?}")),
            Input::DeviceChanged { lane, device, fault } => {
                let how = fault.map_or("well again".to_owned(), |trouble| trouble.code.to_string());
                (at(*lane), format!("{device:?} {how}"))
            }
            Input::DeviceHangs { lane, device, trouble } => {
                (at(*lane), format!("{device:?} {}", if trouble.is_some() { "hangs" } else { "answers again" }))
            }
            Input::PaperLow { lane, low } => {
                (at(*lane), if *low { "paper is nearly out" } else { "there is paper" }.to_owned())
            }
            Input::OutOfService { lane, why, on } => {
                (at(*lane), format!("{why:?} {}", if *on { "begins" } else { "ends" }))
            }
            Input::Posted { lane, .. } => (at(*lane), "the desk posts hours or a notice".to_owned()),
            Input::Pressed { lane, button } => (at(*lane), format!("{button:?} pressed")),
            Input::GateAlarmed { lane, alarm, .. } => (at(*lane), format!("gate alarm: {alarm:?}")),
            Input::Annulled { session, result } => (
                self.of(*session),
                result.map_or_else(|code| format!("not taken back {code}"), |()| "taken back by the site".to_owned()),
            ),
            Input::AuthInfoWanted { lane, .. } | Input::AuthInfoGranted { lane, .. } => {
                (at(*lane), "authinfo".to_owned())
            }
            Input::Reprint { lane, .. } => (at(*lane), "staff want a slip again".to_owned()),
            Input::Stopping => (None, "the daemon stops".to_owned()),
        };
        self.story.tell(lane, "in", text);
    }

    fn wanted(&mut self, _: Now, output: &Output) {
        let (lane, text) = match output {
            Output::Warm => (None, "make the connection ready".to_owned()),
            Output::Record { ticket, record } => {
                if let Record::Opened { session, lane, .. } = record {
                    self.keep(*session, lane.0.into());
                }
                let (lane, text) = (self.of(record.session()), recorded(record));
                match ticket {
                    Some(ticket) => {
                        self.unwritten.insert(ticket.0, (lane, text));
                    }
                    None => self.story.tell(lane, "record", text),
                }
                return;
            }
            Output::LookUp { session, way, .. } => (self.of(*session), format!("ask WeChat by {}", way.as_str())),
            Output::CheckIn(request) => (at(request.lane), "ask the site's system".to_owned()),
            Output::Resolve { lane, .. } => (at(*lane), "ask what became of it".to_owned()),
            Output::Show { lane, scene, .. } => {
                self.story.show(lane.0.into(), scene.kind.as_str());
                let code = scene.code.map(|code| format!(" {code}")).unwrap_or_default();
                (at(*lane), format!("show {}{code}", scene.kind.as_str()))
            }
            Output::Print { lane, .. } => (at(*lane), "print a slip".to_owned()),
            Output::Open { lane, .. } => (at(*lane), "open the gate once".to_owned()),
            Output::Annul { lane, .. } => (at(*lane), "take the check-in back".to_owned()),
            Output::Indicate { lane, signal } => (at(*lane), format!("lights: {signal:?}")),
            Output::Acknowledge { lane, status, code, .. } => {
                (at(*lane), format!("ack {}{}", status.as_str(), told(*code)))
            }
            Output::Tell { lane, outcome, .. } => {
                (at(*lane), format!("outcome {}{}", outcome.result.as_str(), told(outcome.code)))
            }
            Output::AskAuthInfo { lane, .. } | Output::GiveAuthInfo { lane, .. } => (at(*lane), "authinfo".to_owned()),
        };
        self.story.tell(lane, "out", text);
    }
}

fn at(lane: LaneId) -> Option<usize> {
    Some(lane.0.into())
}

fn told(code: Option<Code>) -> String {
    code.map(|code| format!(" {code}")).unwrap_or_default()
}

fn answered(answer: &CheckInAnswer) -> String {
    match answer {
        CheckInAnswer::Unavailable(trouble) => format!("the site's system is of no use {}", trouble.code),
        CheckInAnswer::Unknown(code) => format!("nobody knows what the site's system did {code}"),
        answer => {
            let word = format!("{answer:?}");
            let end = word.find(|letter: char| !letter.is_alphanumeric()).unwrap_or(word.len());
            format!("the site's system: {}", word[..end].to_lowercase())
        }
    }
}

fn recorded(record: &Record) -> String {
    let serial = record.session().serial;
    match record {
        Record::Opened { way, .. } => format!("opened {serial} by {}", way.as_str()),
        Record::CheckingIn { .. } => format!("checking in {serial}"),
        Record::Decided { result, code, number, .. } => {
            let number = number.as_ref().map(|number| format!(" {}", number.as_str())).unwrap_or_default();
            format!("decided {serial} {}{number}{}", result.as_str(), told(*code))
        }
        Record::Printed { outcome, .. } => format!("printed {serial} {outcome:?}"),
        Record::Gated { outcome, .. } => format!("gated {serial} {outcome:?}"),
        Record::Closed { result, code, .. } => format!("closed {serial} {}{}", result.as_str(), told(*code)),
    }
}
