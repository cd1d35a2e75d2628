//! What a terminal says, judged as it comes, whatever the kit is doing.

use std::{collections::BTreeMap, time::Duration};

use zeroize::Zeroizing;

use super::rules::{Findings, Rule};
use crate::{
    cli::phrases::conformance as say,
    fault::Code,
    terminal::{Frame, parse},
    words::{Moment, PeerId, SessionId, WayIn},
};

/// What the kit remembers of a terminal.
#[derive(Default)]
pub(super) struct Judge {
    pub(super) findings: Findings,
    /// Each connection's last frame.
    last: BTreeMap<PeerId, (u64, Zeroizing<Vec<u8>>)>,
    announced: Option<Moment>,
    /// Whoever came last.
    pub(super) present: Option<WayIn>,
    /// Visits that are over, and since when.
    over: Vec<(SessionId, Moment)>,
}

/// A `person` or `start` counts for this long.
const INTENT: Duration = Duration::from_secs(15);

/// What was on its way when the outcome was said is no mistake.
const CROSSED: Duration = Duration::from_millis(500);

/// Connections whose last frame is remembered.
const PEERS: usize = 64;

/// What every line is held to.
const OF_LINES: [Rule; 8] = [
    Rule::OneObject,
    Rule::Length,
    Rule::Checksum,
    Rule::WholeLine,
    Rule::KnownType,
    Rule::Rate,
    Rule::Members,
    Rule::Connects,
];

impl Judge {
    /// A visit has its outcome.
    pub(super) fn is_over(&mut self, session: SessionId, at: Moment) {
        self.over.push((session, at));
        self.findings.holds(Rule::AfterOutcome);
    }

    /// Judges a line; the frame is for the script.
    pub(super) fn line(&mut self, peer: PeerId, at: Moment, line: &[u8], refused: Option<Code>) -> Option<Frame> {
        OF_LINES.into_iter().for_each(|rule| self.findings.holds(rule));
        if let Some(code) = refused {
            let rule = match code {
                Code::T201 if line.is_empty() => Rule::WholeLine,
                Code::T202 => Rule::Length,
                Code::T203 => Rule::Checksum,
                Code::T204 => Rule::KnownType,
                Code::T205 | Code::T207 => Rule::Members,
                Code::T209 => Rule::Rate,
                _ => Rule::OneObject,
            };
            self.findings.broken(rule, say::saw_code(code));
            return None;
        }
        let frame = parse(line, false).ok()?;
        self.seq(peer, line, number(&frame));
        match &frame {
            Frame::Person { .. } | Frame::Start { .. } => self.announced = Some(at),
            Frame::Arrival(arrival) => {
                if let WayIn::Face(_) = &arrival.way {
                    self.findings.holds(Rule::Face);
                    self.intent(at, &arrival.way);
                }
            }
            Frame::NoFace { code, .. } => {
                self.findings.judge(Rule::Face, (*code == Code::T205).then(|| say::saw_code(code)));
            }
            Frame::Choice { session, .. } => self.late(*session, at, "choice"),
            Frame::Cancel { session: Some(session), .. } => self.late(*session, at, "cancel"),
            _ => {}
        }
        Some(frame)
    }

    fn seq(&mut self, peer: PeerId, line: &[u8], seq: Option<u64>) {
        let Some(seq) = seq.filter(|seq| *seq > 0) else {
            return self.findings.broken(Rule::Seq, say::saw_no_seq());
        };
        let wrong = self.last.get(&peer).filter(|(before, said)| {
            let is_repeated = seq == *before && line == said.as_slice();
            let begins_again = seq == 1 && *before > 1;
            seq <= *before && !is_repeated && !begins_again
        });
        self.findings.judge(Rule::Seq, wrong.map(|(before, _)| say::saw_seq(seq, before)));
        if self.last.len() >= PEERS {
            self.last.clear();
        }
        self.last.insert(peer, (seq, Zeroizing::new(line.to_vec())));
    }

    /// The same credential again needs no other announcement.
    fn intent(&mut self, at: Moment, way: &WayIn) {
        let is_announced = self.announced.take().is_some_and(|since| at.since(since) <= INTENT);
        let is_again = self.present.as_ref() == Some(way);
        self.findings.judge(Rule::Intent, (!is_announced && !is_again).then(say::saw_no_intent));
    }

    fn late(&mut self, session: SessionId, at: Moment, kind: &str) {
        if self.over.iter().any(|(over, since)| *over == session && at.since(*since) > CROSSED) {
            self.findings.broken(Rule::AfterOutcome, say::saw_late(kind));
        }
    }
}

/// A frame's number, where it has one.
fn number(frame: &Frame) -> Option<u64> {
    match frame {
        Frame::Person { seq } | Frame::Start { seq } => *seq,
        Frame::Arrival(arrival) => Some(arrival.seq),
        Frame::Card { seq, .. }
        | Frame::NoFace { seq, .. }
        | Frame::AuthInfo { seq, .. }
        | Frame::Consent { seq, .. }
        | Frame::Choice { seq, .. }
        | Frame::Cancel { seq, .. }
        | Frame::Ping { seq } => Some(*seq),
    }
}
