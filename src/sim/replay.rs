//! What was recorded at a pilot (`facemchd run --capture`), as a scenario: who came when and by which way, what WeChat and
//! the site's system made of them, what was pressed and what was broken. The people are invented ones.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde_json::Value;

use super::{
    act::{Act, Booked, Manner, Sabotage, Way, Who},
    scenario::{Expected, Scenario, Step, When},
};
use crate::board::InputKind;

/// Somebody who came.
#[derive(Default)]
struct Visit {
    lane: usize,
    way: Way,
    asks_consent: bool,
    booking: Booked,
    wechat: Manner,
    /// What was broken, or done to them, while they were there.
    spoilt: Option<Sabotage>,
    choice: Option<u64>,
    number: Option<u64>,
    came_before: bool,
    gave_up: bool,
}

/// Something else that happened.
enum Event {
    Visit(usize),
    Press(InputKind),
    Spoil(Sabotage, Option<u32>),
    /// The service key is turned, or turned back.
    Maintenance(bool),
    /// Somebody goes through a gate whom nobody let in, or comes out of it.
    Walk {
        backwards: bool,
    },
    /// Something stands in a gate until it is seen to.
    Held,
    /// The clock is so many seconds off from then on.
    Clock(i64),
}

/// A recording's visits and events, in order of their coming.
#[derive(Default)]
struct Replay {
    visits: Vec<Visit>,
    /// When, on which lane, what.
    events: Vec<(u64, usize, Event)>,
    /// Each lane's newest visit.
    newest: BTreeMap<usize, usize>,
    broken: BTreeMap<(usize, String), Sabotage>,
    /// Lanes with a gate.
    gates: BTreeSet<usize>,
    clock_off_ms: i64,
}

/// Steps of a replay at most.
const MOST: usize = 2000;

/// Nobody waits for longer than this until the next one comes.
const GAP: Duration = Duration::from_secs(2);

/// The lanes of the sandbox's page where somebody stands, and the one with a gate.
const KIOSKS: [usize; 2] = [0, 2];
const GATE: usize = 1;

/// Within this the sandbox's gate has waited for whoever may go through, says that it is held open, and takes nobody for
/// a follower any more.
const GATE_MS: u64 = 10_000;

/// Whether a text is a recording, and no scenario.
pub(super) fn is_recording(text: &str) -> bool {
    text.starts_with('{') && text.lines().next().is_some_and(|line| line.contains("\"capture\":1"))
}

/// The scenario of a recording; a line that cannot be read is passed over, for the last one may be torn.
pub(super) fn scenario(text: &str) -> Scenario {
    let mut replay = Replay::default();
    let (mut begun, mut latest) = (0, 0);
    for line in text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        if line["capture"].is_u64() {
            // The daemon was started again: its numbers begin anew, and time goes on.
            begun = latest;
            replay.visits.iter_mut().for_each(|visit| visit.number = None);
            continue;
        }
        let at = begun + line["ms"].as_u64().unwrap_or(0);
        latest = latest.max(at);
        if line["wire"] == "core" && replay.events.len() < MOST {
            replay.hear(at, &line);
        }
    }
    let steps = replay.steps();
    Scenario { about: "what a pilot recorded".to_owned(), steps, expect: Expected::default() }
}

impl Replay {
    fn hear(&mut self, at: u64, line: &Value) {
        let lane = line["lane"].as_u64().and_then(|lane| usize::try_from(lane).ok()).unwrap_or(0);
        let code = line["code"].as_str().unwrap_or("");
        let visit =
            line["visit"].as_u64().and_then(|number| self.visits.iter().rposition(|v| v.number == Some(number)));
        match line["what"].as_str().unwrap_or("") {
            "recognised" | "card-read" => {
                let way = match line["by"].as_str() {
                    Some("face") => Way::Face,
                    Some("voucher") => Way::Voucher,
                    Some("realname-auth" | "realname-check") => Way::MiniProgram,
                    _ => Way::Card,
                };
                let asks_consent = way == Way::Face && line["consent"] == false;
                self.newest.insert(lane, self.visits.len());
                self.events.push((at, lane, Event::Visit(self.visits.len())));
                self.visits.push(Visit { lane, way, asks_consent, ..Visit::default() });
            }
            "opened" => {
                if let Some(visit) = self.newest(lane) {
                    visit.number = line["visit"].as_u64();
                }
            }
            // Said again, or turned away: nobody new.
            "ack"
                if ["repeated", "busy"].contains(&line["status"].as_str().unwrap_or(""))
                    && self.newest(lane).is_some_and(|visit| visit.number.is_none()) =>
            {
                let again = self.newest.remove(&lane);
                self.events.retain(|(_, _, event)| !matches!((event, again), (Event::Visit(v), Some(a)) if *v == a));
                // Whoever stands there still does.
                let stands = self.visits.iter().rposition(|visit| visit.lane == lane && visit.number.is_some());
                self.newest.extend(stands.map(|stands| (lane, stands)));
            }
            "consented" if line["granted"] == true => {
                if let Some(visit) = self.newest(lane).filter(|visit| visit.asks_consent) {
                    (visit.way, visit.asks_consent) = (Way::LateConsent, false);
                }
            }
            "found" => {
                if let Some(visit) = visit.map(|visit| &mut self.visits[visit]) {
                    match code {
                        "" => {}
                        "N320" => visit.wechat = Manner::UsedUp,
                        "N321" => visit.wechat = Manner::NoPermission,
                        "N310" => visit.wechat = Manner::Forged,
                        code if code.starts_with('N') => visit.spoilt = Some(Sabotage::WechatOffline),
                        _ => {}
                    }
                }
            }
            "answered" => {
                if let Some(visit) = visit.map(|visit| &mut self.visits[visit]) {
                    match line["answer"].as_str().unwrap_or("") {
                        "already" => visit.came_before = true,
                        "re-queued" => visit.booking = Booked::Missed,
                        "choose" => visit.booking = Booked::Two,
                        "not-found" => visit.booking = Booked::None,
                        "too-early" => visit.booking = Booked::Early,
                        "too-late" => visit.booking = Booked::Late,
                        "refused" | "hindered" => visit.booking = Booked::Refused,
                        "unavailable" | "unknown" => visit.spoilt = Some(Sabotage::SiteDown),
                        _ => {}
                    }
                }
            }
            "chose" => {
                if let Some(visit) = self.newest(lane) {
                    visit.choice = line["option"].as_u64();
                }
            }
            "cancelled" => {
                if let Some(visit) = self.newest(lane) {
                    visit.gave_up = true;
                }
            }
            "out-of-service" => {
                let on = line["on"] == true;
                match line["why"].as_str() {
                    Some("Maintenance") => self.events.push((at, lane, Event::Maintenance(on))),
                    // Every lane says so of one alarm.
                    Some("Emergency") if lane == 0 => {
                        self.events.push((at, lane, Event::Spoil(Sabotage::Fire, on.then_some(1))));
                    }
                    _ => {}
                }
            }
            "clock-set" => {
                let by = line["by_ms"].as_i64().unwrap_or(0);
                self.clock_off_ms = self.clock_off_ms.saturating_add(by);
                self.events.push((at, lane, Event::Clock(self.clock_off_ms / 1000)));
            }
            "open" => drop(self.gates.insert(lane)),
            "gated" => {
                if let (Some(visit), Some(what)) = (visit, not_gone(line["outcome"].as_str().unwrap_or(""))) {
                    self.visits[visit].spoilt = Some(what);
                }
            }
            "gate-alarmed" => self.alarm(at, lane, visit, line["alarm"].as_str().unwrap_or("")),
            "pressed" => self.press(at, lane, &line["button"]),
            "device" => self.device(at, lane, line["device"].as_str().unwrap_or(""), code),
            _ => {}
        }
    }

    fn newest(&mut self, lane: usize) -> Option<&mut Visit> {
        self.newest.get(&lane).and_then(|visit| self.visits.get_mut(*visit))
    }

    fn press(&mut self, at: u64, lane: usize, button: &Value) {
        let text = button.as_str().unwrap_or("");
        if let Some(option) = text.strip_prefix("choice-").and_then(|option| option.parse().ok()) {
            if let Some(visit) = self.newest(lane) {
                visit.choice = Some(option);
            }
        } else if let Ok(input) = serde_json::from_value(button.clone()) {
            self.events.push((at, lane, Event::Press(input)));
        }
    }

    /// Whoever follows somebody is played with them; the sandbox's gate has no force to be opened by.
    fn alarm(&mut self, at: u64, lane: usize, visit: Option<usize>, alarm: &str) {
        self.gates.insert(lane);
        let event = match (alarm, visit) {
            ("Tailgated", Some(visit)) => {
                self.visits[visit].spoilt = Some(Sabotage::Tailgates);
                return;
            }
            ("Tailgated" | "Forced", _) => Event::Walk { backwards: false },
            ("Reversed", _) => Event::Walk { backwards: true },
            ("HeldOpen", _) => Event::Held,
            _ => return,
        };
        self.events.push((at, lane, event));
    }

    /// Broken, or mended as it was broken.
    fn device(&mut self, at: u64, lane: usize, device: &str, code: &str) {
        let key = (lane, device.to_owned());
        let (what, to) = match code {
            "" => match self.broken.remove(&key) {
                Some(what) => (what, None),
                None => return,
            },
            "P701" => (Sabotage::PrinterUnplugged, Some(1)),
            "P702" => (Sabotage::Paper, Some(0)),
            "P703" => (Sabotage::Cover, Some(1)),
            "P704" => (Sabotage::Jam, Some(1)),
            "D601" => (Sabotage::PanelGone, Some(1)),
            code if is_dead_gate(code) => {
                self.gates.insert(lane);
                (Sabotage::GateDead, Some(1))
            }
            _ => return,
        };
        if to.is_some() && self.broken.insert(key, what) == Some(what) {
            return;
        }
        self.events.push((at, lane, Event::Spoil(what, to)));
    }

    fn steps(self) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut before = self.events.first().map_or(0, |(at, ..)| *at);
        for (at, lane, event) in &self.events {
            let lane = self.place(*lane);
            let gap = Duration::from_millis(at.saturating_sub(before)).min(GAP);
            before = *at;
            let after_ms = u64::try_from(gap.as_millis()).unwrap_or(0);
            let later = |act| Step { when: When { after_ms, ..When::default() }, act: Some(act) };
            match event {
                Event::Press(input) => steps.push(later(Act::Press { lane, input: *input })),
                Event::Spoil(what, to) => steps.push(later(Act::Spoil { what: *what, lane, to: *to })),
                Event::Maintenance(active) => {
                    steps.push(later(Act::Hold { lane, input: InputKind::Maintenance, active: *active }));
                }
                Event::Clock(seconds) => steps.push(later(Act::Clock { seconds: *seconds })),
                Event::Walk { backwards } => {
                    let walk = Act::Walk { lane, people: 1, backwards: *backwards };
                    steps.push(Step { when: at_rest(lane), act: Some(walk) });
                }
                Event::Held => {
                    let spoil = |to| Some(Act::Spoil { what: Sabotage::SensorStuck, lane, to });
                    steps.push(Step { when: at_rest(lane), act: spoil(Some(1)) });
                    steps.push(Step { when: at_rest(lane), act: spoil(None) });
                }
                Event::Visit(index) => self.visit(*index, later, &mut steps),
            }
        }
        // Nobody is left before what was still broken.
        for lane in KIOSKS.into_iter().chain([GATE]) {
            steps.push(Step { when: empty(lane), act: None });
        }
        steps.push(Step { when: When::default(), act: Some(Act::Mend) });
        steps
    }

    /// Where a lane of the pilot's is played.
    fn place(&self, lane: usize) -> usize {
        if self.gates.contains(&lane) { GATE } else { KIOSKS[lane % KIOSKS.len()] }
    }

    fn visit(&self, index: usize, later: impl Fn(Act) -> Step, steps: &mut Vec<Step>) {
        let visit = &self.visits[index];
        // A gate's lane has no buttons.
        let lane = if visit.booking == Booked::Two { KIOSKS[0] } else { self.place(visit.lane) };
        // Whoever came before is whoever was let in there last.
        let whom = match visit.came_before {
            true => (0..index).rev().find(|other| self.visits[*other].lane == visit.lane).unwrap_or(index),
            false => index,
        };
        let way = if visit.asks_consent { Way::NoConsent } else { visit.way };
        let who = Who { name: invented(whom), way, booking: visit.booking, wechat: visit.wechat, ..Who::default() };
        if let Some(what) = visit.spoilt {
            steps.push(Step { when: empty(lane), act: Some(Act::Spoil { what, lane, to: Some(1) }) });
        }
        steps.push(later(Act::Send { lane, who }));
        let choice = visit.choice.and_then(|option| serde_json::from_value(format!("choice-{option}").into()).ok());
        if visit.gave_up {
            // Where they were asked something they gave up when they were.
            let scene = match () {
                () if visit.booking == Booked::Two => Some("choose"),
                () if visit.asks_consent => Some("ask_consent"),
                () => None,
            };
            let when = When { lane, scene: scene.map(str::to_owned), ..When::default() };
            steps.push(Step { when, act: Some(Act::Cancel { lane }) });
        } else if let (Booked::Two, Some(input)) = (visit.booking, choice) {
            let when = When { lane, scene: Some("choose".to_owned()), ..When::default() };
            steps.push(Step { when, act: Some(Act::Press { lane, input }) });
        }
        if let Some(what) = visit.spoilt {
            let when = if what == Sabotage::Lingers { at_rest(lane) } else { empty(lane) };
            steps.push(Step { when, act: Some(Act::Spoil { what, lane, to: None }) });
        }
    }
}

/// Why nobody went through.
fn not_gone(outcome: &str) -> Option<Sabotage> {
    let failed = outcome.strip_prefix("Failed(").and_then(|code| code.strip_suffix(')'));
    match outcome {
        "Expired" => Some(Sabotage::Lingers),
        _ => failed.filter(|code| is_dead_gate(code)).map(|_| Sabotage::GateDead),
    }
}

/// A gate that does not move. The sandbox's hangs on a line, and a controller that does not answer (G810), does not obey
/// (G811) or is broken itself (G813) is a line there that cannot be switched (G801).
fn is_dead_gate(code: &str) -> bool {
    ["G801", "G810", "G811", "G813"].contains(&code)
}

/// Nobody stands there any more.
fn empty(lane: usize) -> When {
    When { lane, empty: true, within_ms: Some(120_000), ..When::default() }
}

/// Nor does the gate wait for anybody.
fn at_rest(lane: usize) -> When {
    When { after_ms: GATE_MS, ..empty(lane) }
}

/// A name that is nobody's: a stem and two branches.
fn invented(index: usize) -> String {
    const STEMS: [char; 10] = ['甲', '乙', '丙', '丁', '戊', '己', '庚', '辛', '壬', '癸'];
    const BRANCHES: [char; 12] = ['子', '丑', '寅', '卯', '辰', '巳', '午', '未', '申', '酉', '戌', '亥'];
    let branch = |of: usize| BRANCHES[of % BRANCHES.len()];
    [STEMS[index % STEMS.len()], branch(index / STEMS.len()), branch(index / 120)].iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_is_a_scenario_of_the_same_visits_by_invented_people() {
        let recorded = [
            r#"{"capture":1,"lanes":1}"#,
            r#"{"ms":5,"wire":"core","way":"in","lane":0,"what":"recognised","by":"face","consent":false}"#,
            r#"{"ms":6,"wire":"core","way":"out","lane":0,"visit":1,"what":"opened"}"#,
            r#"{"ms":900,"wire":"core","way":"in","lane":0,"what":"consented","granted":true}"#,
            r#"{"ms":950,"wire":"core","way":"in","visit":1,"what":"answered","answer":"choose"}"#,
            r#"{"ms":990,"wire":"core","way":"in","lane":0,"what":"recognised","by":"face","consent":true}"#,
            r#"{"ms":991,"wire":"core","way":"out","lane":0,"what":"ack","status":"busy"}"#,
            r#"{"ms":1500,"wire":"core","way":"in","lane":0,"what":"pressed","button":"choice-2"}"#,
            r#"{"ms":9000,"wire":"core","way":"in","lane":0,"what":"device","device":"printer","code":"P702"}"#,
            r#"{"ms":9100,"wire":"core","way":"in","lane":0,"what":"device","device":"printer","code":null}"#,
            r#"{"ms":9200,"wire":"http","status":200"#,
        ];
        assert!(is_recording(recorded[0]));
        let scenario = scenario(&recorded.join("\n"));
        let acts: Vec<Act> = scenario.steps.into_iter().filter_map(|step| step.act).collect();
        let who = Who { name: invented(0), way: Way::LateConsent, booking: Booked::Two, ..Who::default() };
        let spoil = |to| Act::Spoil { what: Sabotage::Paper, lane: 0, to };
        let press = Act::Press { lane: 0, input: InputKind::Choice2 };
        assert_eq!(acts, [Act::Send { lane: 0, who }, press, spoil(Some(0)), spoil(None), Act::Mend]);
    }

    #[test]
    fn whoever_gave_up_a_fire_the_service_key_and_a_clock_that_was_set_come_again() {
        let recorded = [
            r#"{"capture":1,"lanes":2}"#,
            r#"{"ms":5,"wire":"core","way":"in","lane":0,"what":"recognised","by":"face","consent":true}"#,
            r#"{"ms":6,"wire":"core","way":"out","lane":0,"visit":1,"what":"opened"}"#,
            r#"{"ms":50,"wire":"core","way":"in","visit":1,"what":"answered","answer":"choose"}"#,
            r#"{"ms":900,"wire":"core","way":"in","lane":0,"what":"cancelled"}"#,
            r#"{"ms":2000,"wire":"core","way":"in","what":"clock-set","by_ms":-3600000}"#,
            r#"{"ms":2500,"wire":"core","way":"in","what":"clock-set","by_ms":600000}"#,
            r#"{"ms":3000,"wire":"core","way":"in","lane":0,"what":"out-of-service","why":"Emergency","on":true}"#,
            r#"{"ms":3000,"wire":"core","way":"in","lane":1,"what":"out-of-service","why":"Emergency","on":true}"#,
            r#"{"ms":4000,"wire":"core","way":"in","lane":0,"what":"out-of-service","why":"Emergency","on":false}"#,
            r#"{"ms":4000,"wire":"core","way":"in","lane":1,"what":"out-of-service","why":"Emergency","on":false}"#,
            r#"{"ms":5000,"wire":"core","way":"in","lane":1,"what":"out-of-service","why":"Maintenance","on":true}"#,
            r#"{"ms":6000,"wire":"core","way":"in","lane":1,"what":"out-of-service","why":"Maintenance","on":false}"#,
        ];
        let scenario = scenario(&recorded.join("\n"));
        let asked = scenario.steps.iter().find(|step| step.act == Some(Act::Cancel { lane: 0 }));
        assert_eq!(asked.and_then(|step| step.when.scene.as_deref()), Some("choose"));
        let acts: Vec<Act> = scenario.steps.into_iter().filter_map(|step| step.act).skip(1).collect();
        let fire = |to| Act::Spoil { what: Sabotage::Fire, lane: 0, to };
        let key = |active| Act::Hold { lane: 2, input: InputKind::Maintenance, active };
        let clock = |seconds| Act::Clock { seconds };
        let wanted = [
            Act::Cancel { lane: 0 },
            clock(-3600),
            clock(-3000),
            fire(Some(1)),
            fire(None),
            key(true),
            key(false),
            Act::Mend,
        ];
        assert_eq!(acts, wanted);
    }

    #[test]
    fn a_gate_whose_controller_says_nothing_obeys_nobody_or_is_broken_does_not_move_at_the_sandboxs() {
        let recorded = [
            r#"{"capture":1,"lanes":1}"#,
            r#"{"ms":5,"wire":"core","way":"in","lane":0,"what":"recognised","by":"face","consent":true}"#,
            r#"{"ms":6,"wire":"core","way":"out","lane":0,"visit":1,"what":"opened"}"#,
            r#"{"ms":50,"wire":"core","way":"out","lane":0,"visit":1,"what":"open"}"#,
            r#"{"ms":900,"wire":"core","way":"in","visit":1,"what":"gated","outcome":"Failed(G811)"}"#,
            r#"{"ms":2000,"wire":"core","way":"in","lane":0,"what":"device","device":"gate","code":"G810"}"#,
            r#"{"ms":3000,"wire":"core","way":"in","lane":0,"what":"device","device":"gate","code":"G813"}"#,
            r#"{"ms":4000,"wire":"core","way":"in","lane":0,"what":"device","device":"gate","code":null}"#,
        ];
        let acts: Vec<Act> = scenario(&recorded.join("\n")).steps.into_iter().filter_map(|step| step.act).collect();
        let dead = |to| Act::Spoil { what: Sabotage::GateDead, lane: 1, to };
        let who = Who { name: invented(0), ..Who::default() };
        let send = Act::Send { lane: 1, who };
        assert_eq!(acts, [dead(Some(1)), send, dead(None), dead(Some(1)), dead(None), Act::Mend]);
    }

    #[test]
    fn whoever_followed_stayed_or_came_the_wrong_way_does_so_at_the_gate_and_others_stand_at_kiosks() {
        let recorded = [
            r#"{"capture":1,"lanes":2}"#,
            r#"{"ms":5,"wire":"core","way":"in","lane":0,"what":"recognised","by":"face","consent":true}"#,
            r#"{"ms":6,"wire":"core","way":"out","lane":0,"visit":1,"what":"opened"}"#,
            r#"{"ms":50,"wire":"core","way":"out","lane":0,"visit":1,"what":"open"}"#,
            r#"{"ms":900,"wire":"core","way":"in","visit":1,"what":"gated","outcome":"Passed"}"#,
            r#"{"ms":1900,"wire":"core","way":"in","lane":0,"visit":1,"what":"gate-alarmed","alarm":"Tailgated"}"#,
            r#"{"ms":2000,"wire":"core","way":"in","lane":0,"what":"recognised","by":"face","consent":true}"#,
            r#"{"ms":2001,"wire":"core","way":"out","lane":0,"visit":2,"what":"opened"}"#,
            r#"{"ms":9000,"wire":"core","way":"in","visit":2,"what":"gated","outcome":"Expired"}"#,
            r#"{"ms":9100,"wire":"core","way":"in","lane":1,"what":"recognised","by":"face","consent":true}"#,
            r#"{"ms":20000,"wire":"core","way":"in","lane":0,"visit":null,"what":"gate-alarmed","alarm":"Reversed"}"#,
            r#"{"ms":30000,"wire":"core","way":"in","lane":0,"visit":null,"what":"gate-alarmed","alarm":"Forced"}"#,
            r#"{"ms":90000,"wire":"core","way":"in","lane":0,"visit":null,"what":"gate-alarmed","alarm":"HeldOpen"}"#,
        ];
        let scenario = scenario(&recorded.join("\n"));
        // Each in its own time: whoever may go through, what follows, what stands in the gate, and that it is gone.
        assert_eq!(scenario.steps.iter().filter(|step| step.when.after_ms == GATE_MS).count(), 5);
        let acts: Vec<Act> = scenario.steps.into_iter().filter_map(|step| step.act).collect();
        let send = |lane, index| Act::Send { lane, who: Who { name: invented(index), ..Who::default() } };
        let spoil = |what, to| Act::Spoil { what, lane: 1, to };
        let walk = |backwards| Act::Walk { lane: 1, people: 1, backwards };
        let wanted = [
            spoil(Sabotage::Tailgates, Some(1)),
            send(1, 0),
            spoil(Sabotage::Tailgates, None),
            spoil(Sabotage::Lingers, Some(1)),
            send(1, 1),
            spoil(Sabotage::Lingers, None),
            send(2, 2),
            walk(true),
            walk(false),
            spoil(Sabotage::SensorStuck, Some(1)),
            spoil(Sabotage::SensorStuck, None),
            Act::Mend,
        ];
        assert_eq!(acts, wanted);
    }
}
