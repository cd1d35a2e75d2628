//! People before a lane: one stands at the face terminal, the others wait behind. The terminal does what a terminal's app
//! does: it says who is there, reads what it is told, and says it again to a daemon that has come back.

use std::{
    collections::VecDeque,
    io,
    path::PathBuf,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use super::{
    act::{Way, Who},
    devices::LaneTwins,
    people::Person,
    story::Story,
    terminal::{Terminal, recognised},
};
use crate::{
    board::InputKind,
    words::{Clock, Moment, Private, masked_credential, masked_name},
};

/// One lane's.
pub(crate) struct Lobby(Arc<Shared>);

struct Shared {
    lane: usize,
    socket: PathBuf,
    twins: LaneTwins,
    clock: Arc<dyn Clock>,
    story: Arc<Story>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<(Who, Person)>,
    present: Option<Present>,
    /// What whoever goes through a gate does there.
    lingers: bool,
    tailgates: bool,
    /// Whoever stands there wants no more of it.
    gives_up: bool,
    counts: Counts,
    outcome: Option<Value>,
    /// The newest of what the terminal said and heard.
    frames: VecDeque<String>,
}

/// Who stands there.
#[derive(Clone)]
struct Present {
    name: String,
    told: &'static str,
}

/// How many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Came.
    pub(crate) come: usize,
    /// Were told what to do next, by the terminal or the panel.
    pub(crate) told: usize,
    /// Gave up without a word.
    pub(crate) left: usize,
}

impl Counts {
    /// Who is without a next step: whoever gave up, and `at_rest`, when nobody will be told anything any more, whoever
    /// waits still.
    pub(super) fn untold(self, at_rest: bool) -> usize {
        if at_rest { self.come.saturating_sub(self.told) } else { self.left }
    }
}

/// The most who wait.
const MOST: usize = 12;

/// Nobody stands there for longer without a word about what to do next.
const PATIENCE: Duration = Duration::from_secs(60);

/// Frames that are remembered.
const FRAMES: usize = 100;

/// A terminal's app looks this often whether there is anything to read.
const LOOK: Duration = Duration::from_millis(100);

/// Whoever has been told reads it, and goes.
const READ: Duration = Duration::from_millis(1500);

/// A gate that opens does so within this after the outcome.
const GATE: Duration = Duration::from_secs(2);

impl Lobby {
    /// Nobody is there.
    pub(crate) fn open(
        lane: usize,
        socket: PathBuf,
        twins: LaneTwins,
        clock: Arc<dyn Clock>,
        story: Arc<Story>,
    ) -> io::Result<Self> {
        let state = Mutex::default();
        let shared = Arc::new(Shared { lane, socket, twins, clock, story, state, changed: Condvar::new() });
        let serving = Arc::clone(&shared);
        thread::Builder::new().name("lobby".to_owned()).spawn(move || {
            loop {
                serving.next();
            }
        })?;
        Ok(Self(shared))
    }

    /// Somebody comes; false where too many wait already.
    pub(crate) fn come(&self, who: Who, person: Person) -> bool {
        let mut state = self.0.state();
        if state.waiting.len() >= MOST {
            return false;
        }
        state.waiting.push_back((who, person));
        state.counts.come += 1;
        self.0.changed.notify_all();
        true
    }

    /// What people do at the gate.
    pub(crate) fn set_manners(&self, lingers: bool, tailgates: bool) {
        let mut state = self.0.state();
        (state.lingers, state.tailgates) = (lingers, tailgates);
    }

    /// Whoever stands there wants no more of it.
    pub(crate) fn give_up(&self) {
        let mut state = self.0.state();
        state.gives_up = state.present.is_some();
    }

    /// How many there were.
    pub(crate) fn counts(&self) -> Counts {
        self.0.state().counts
    }

    /// The last outcome that the terminal was told.
    pub(crate) fn outcome(&self) -> Option<Value> {
        self.0.state().outcome.clone()
    }

    /// Nobody stands there or waits.
    pub(crate) fn is_empty(&self) -> bool {
        let state = self.0.state();
        state.waiting.is_empty() && state.present.is_none()
    }

    /// The newest of what the terminal said and heard, a frame a line.
    pub(crate) fn frames(&self) -> String {
        Vec::from(self.0.state().frames.clone()).join("\n")
    }

    /// Who stands there and who waits.
    pub(crate) fn view(&self) -> Value {
        let state = self.0.state();
        let waiting: Vec<&str> = state.waiting.iter().map(|(who, _)| who.name.as_str()).collect();
        let present = state.present.as_ref().map(|present| json!({ "name": present.name, "told": present.told }));
        json!({ "present": present, "waiting": waiting, "outcome": state.outcome })
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Moment {
        self.clock.now().moment
    }

    /// Waits for somebody, and stays with them until they go.
    fn next(&self) {
        let mut state = self.state();
        let (who, person) = loop {
            match state.waiting.pop_front() {
                Some(next) => break next,
                None => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        };
        state.present = Some(Present { name: who.name.clone(), told: "looking" });
        drop(state);
        let told = self.serve(&who, &person);
        let mut state = self.state();
        state.counts.told += usize::from(told);
        state.counts.left += usize::from(!told);
        drop(state);
        thread::sleep(READ);
        let mut state = self.state();
        (state.present, state.gives_up) = (None, false);
    }

    /// They want no more of it, and say so once.
    fn gives_up(&self) -> bool {
        std::mem::take(&mut self.state().gives_up)
    }

    /// True when they were told what to do next.
    fn serve(&self, who: &Who, person: &Person) -> bool {
        let until = self.now().after(PATIENCE);
        while self.now() < until {
            match self.stand_before(who, person, until) {
                Ok(Some(outcome)) => {
                    self.end(&outcome);
                    return true;
                }
                // The panel may have said it all the same.
                Ok(None) => break,
                // The daemon has gone; whoever stands there waits for another.
                Err(_) => thread::sleep(LOOK),
            }
        }
        self.is_told_by_panel()
    }

    /// Something else stands there than an invitation, a question or nothing at all. Of glass that only a person can read
    /// what the core wanted shown counts, where it is lit.
    fn is_told_by_panel(&self) -> bool {
        let face = self.twins.face();
        match face.text() {
            Some(text) => says_what_to_do(&text),
            None => {
                let goes_on = ["", "idle", "ask_consent", "looking_up", "checking_in", "choose", "confirm_card"];
                let is_page = self.twins.glass.is_none();
                (is_page || face.view().is_lit()) && !goes_on.contains(&self.story.scene(self.lane).as_str())
            }
        }
    }

    /// What the terminal was told in the end; none when it was told nothing.
    fn stand_before(&self, who: &Who, person: &Person, until: Moment) -> io::Result<Option<Value>> {
        let mut terminal = Terminal::connect(&self.socket, LOOK)?;
        let send = |terminal: &mut Terminal, kind: &str, fields: Value| {
            self.story.tell(Some(self.lane), "wire", format!("terminal → {kind}"));
            let seq = terminal.send(kind, &fields)?;
            self.remember(format!("→ {kind} {seq} {}", masked(fields)));
            Ok::<_, io::Error>(seq)
        };
        let mut say = |kind: &str, fields: Value| send(&mut terminal, kind, fields);
        say("person", json!({}))?;
        let sid = &person.face_sid;
        let seq = match who.way {
            Way::Face | Way::LateConsent | Way::NoConsent => say("face", recognised(sid, who.way == Way::Face))?,
            Way::Card => say("id-card", json!({ "name": person.name, "number": person.credential_id }))?,
            Way::Voucher | Way::Ec | Way::Ehealth => {
                let code = format!("V-{}", person.credential_id);
                say("voucher", json!({ "code": code, "kind": who.way.voucher() }))?
            }
            Way::MiniProgram => say("realname-auth", json!({ "auth_token": sid }))?,
        };
        let mut session = Value::Null;
        // What they do in a moment, unless they give up before.
        let mut next: Option<(Moment, &str, Value)> = None;
        let in_a_moment = || self.now().after(8 * LOOK);
        while self.now() < until {
            if session.is_string() && self.gives_up() {
                next = Some((self.now(), "cancel", json!({ "session": session })));
            }
            if let Some((_, kind, fields)) = next.take_if(|(at, ..)| *at <= self.now()) {
                send(&mut terminal, kind, fields)?;
            }
            let Some(frame) = terminal.poll()? else { continue };
            // What the kiosk tells is what it shows.
            self.remember(format!("← {frame}"));
            let kind = frame["type"].as_str().unwrap_or("");
            let word = |name: &str| frame[name].as_str().unwrap_or("-").to_owned();
            let what = if kind == "outcome" { word("result") } else { word("status") };
            self.story.tell(Some(self.lane), "wire", format!("terminal ← {kind} {what} {}", word("code")));
            match kind {
                "outcome" => return Ok(Some(frame)),
                "ack" if frame["seq"] == seq => {
                    session = frame["session"].clone();
                    next = match frame["status"].as_str() {
                        Some("refused" | "busy") => return Ok(Some(frame)),
                        Some("held") => {
                            let granted = who.way == Way::LateConsent;
                            Some((in_a_moment(), "consent", json!({ "face_sid": sid, "granted": granted })))
                        }
                        _ if who.way == Way::Card => {
                            Some((in_a_moment(), "choice", json!({ "session": session, "option": 1 })))
                        }
                        _ => None,
                    };
                }
                _ => {}
            }
        }
        Ok(None)
    }

    fn remember(&self, frame: String) {
        let mut state = self.state();
        if state.frames.len() == FRAMES {
            state.frames.pop_front();
        }
        state.frames.push_back(frame);
    }

    /// They read what they were told, and go where they may.
    fn end(&self, outcome: &Value) {
        let result = outcome["result"].as_str().or(outcome["status"].as_str()).unwrap_or("");
        let well = matches!(result, "checked_in" | "already" | "re_queued");
        let mut state = self.state();
        state.outcome = Some(outcome.clone());
        let (lingers, tailgates) = (state.lingers, state.tailgates);
        if let Some(present) = &mut state.present {
            present.told = if well { "served" } else { "sent away" };
        }
        drop(state);
        if !well || !self.twins.is_gate() || lingers {
            return;
        }
        let until = self.now().after(GATE);
        while !self.twins.gate.is_active() && self.now() < until {
            thread::sleep(LOOK / 10);
        }
        thread::sleep(5 * LOOK);
        for _ in 0..=usize::from(tailgates) {
            walk(&self.twins, false);
        }
    }
}

/// What a terminal says of somebody, as the kiosk itself would tell it: of a name and a number what a bystander may read,
/// and of what else is theirs nothing.
fn masked(mut fields: Value) -> Value {
    for (member, value) in fields.as_object_mut().into_iter().flatten() {
        let Some(text) = value.as_str() else { continue };
        *value = match member.as_str() {
            "terminal" | "return_code" | "session" | "kind" => continue,
            "name" => masked_name(text),
            "number" => masked_credential(text),
            _ => format!("{:?}", Private::new(text.to_owned())),
        }
        .into();
    }
    fields
}

/// One person goes through the gate's sensors.
pub(crate) fn walk(twins: &LaneTwins, backwards: bool) {
    let mut way = [InputKind::Passage, InputKind::PassageExit];
    if backwards {
        way.reverse();
    }
    twins.inputs.set(way[0], true);
    thread::sleep(3 * LOOK);
    twins.inputs.set(way[1], true);
    thread::sleep(2 * LOOK);
    twins.inputs.set(way[0], false);
    thread::sleep(2 * LOOK);
    twins.inputs.set(way[1], false);
    thread::sleep(3 * LOOK);
}

/// Something else stands there than an invitation, a question or nothing at all.
fn says_what_to_do(shown: &[String; 4]) -> bool {
    let goes_on = ["请正对摄像头", "正在", "请选择", "请在屏幕上同意"];
    let text = shown.concat();
    !text.trim().is_empty() && !goes_on.iter().any(|words| text.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_frame_stands_there_what_the_kiosk_itself_would_tell() {
        let card = json!({ "name": "张三丰", "number": "11010519491231002X" });
        assert_eq!(masked(card), json!({ "name": "张*丰", "number": "1****************X" }));
        let redacted = "[redacted]";
        let face = json!({
            "terminal": "TWIN-1", "return_code": "SUCCESS", "face_sid": redacted, "openid": redacted, "sub_openid": redacted,
            "consent": true,
        });
        assert_eq!(masked(recognised("sid-1", true)), face);
        for (member, value) in [("code", "V-1"), ("auth_token", "t"), ("what_comes_later", "s")] {
            assert_eq!(masked(json!({ member: value })), json!({ member: redacted }));
        }
    }

    #[test]
    fn whoever_waits_still_when_all_is_over_was_left_without_a_next_step() {
        let counts = Counts { come: 3, told: 1, left: 1 };
        assert_eq!((counts.untold(false), counts.untold(true)), (1, 2));
    }
}
