//! The kiosk's part, visit by visit: each waits for a person, and asks of the terminal what a rule speaks of.

use std::{io::Write, sync::Arc, time::Duration};

use serde_json::json;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, timeout_at},
};

use super::{
    door::{Door, Heard},
    judge::Judge,
    rules::Rule,
};
use crate::{
    cli::phrases::conformance as say,
    fault::Code,
    kiosk::{AckStatus, Arrival, Outcome, OutcomeResult, Scene, SceneKind, SceneOption},
    terminal::{Frame, Reply, TerminalError},
    words::{Clock, PeerId, SessionId, Text, Visit, WayIn},
};

/// The kit at work.
pub(super) struct Play<'a> {
    pub(super) door: Door,
    pub(super) hears: mpsc::Receiver<Heard>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) judge: Judge,
    /// A person is waited for so long.
    pub(super) patience: Duration,
    /// There is a connection that can be lost.
    pub(super) has_connection: bool,
    pub(super) progress: &'a mut dyn Write,
    pub(super) connected: usize,
    pub(super) visits: u32,
}

/// Nothing came, or the place could not be opened again: there is no going on.
pub(super) enum Stopped {
    /// The terminal does not go on.
    Silent,
    /// We cannot.
    Door(TerminalError),
}

/// Somebody who has come.
struct Coming {
    peer: PeerId,
    seq: u64,
    session: SessionId,
}

/// A terminal comes back within this.
const COMES_BACK: Duration = Duration::from_secs(30);

/// How often it is looked whether somebody has come.
const LOOK: Duration = Duration::from_millis(50);

/// The kiosk is gone for so long.
const GONE: Duration = Duration::from_millis(700);

/// What is still said of a visit that is over comes within this.
const AFTERWARDS: Duration = Duration::from_millis(1500);

/// A terminal that dies of what it read does so within this.
const SETTLES: Duration = Duration::from_millis(400);

/// More than any line of ours, bytes.
const LONG: usize = 8192;

type Step<T> = Result<T, Stopped>;

impl Play<'_> {
    /// All of it.
    pub(super) async fn all(&mut self) -> Step<()> {
        self.begin(say::did_listen(), say::at_connect());
        self.show(None, Scene::of(SceneKind::Idle)).await;
        self.connects().await?;
        self.plain(say::did_visit(), say::at_visit()).await?;
        self.judge.findings.doing(say::did_unknown());
        self.unknown().await;
        self.choice().await?;
        self.cancel().await?;
        if self.has_connection {
            self.cut().await?;
        }
        self.busy().await?;
        self.listen(AFTERWARDS).await;
        Ok(())
    }

    fn begin(&mut self, doing: String, prompt: String) {
        self.judge.findings.doing(doing);
        // Whoever looks away hears it in the end.
        let _ = writeln!(self.progress, "{prompt}");
        let _ = self.progress.flush();
    }

    /// The next frame until then; none where none comes.
    async fn next(&mut self, until: Instant) -> Option<(PeerId, Frame)> {
        loop {
            match timeout_at(until, self.hears.recv()).await.ok()?? {
                Heard::Came => {
                    self.connected = self.connected.saturating_add(1);
                    self.judge.findings.holds(Rule::Connects);
                }
                Heard::Went => self.connected = self.connected.saturating_sub(1),
                Heard::NotLetIn(why) => self.judge.findings.broken(Rule::Connects, say::saw_not_let_in(why)),
                Heard::Line { peer, at, line, refused } => {
                    if let Some(frame) = self.judge.line(peer, at, &line, refused) {
                        return Some((peer, frame));
                    }
                }
            }
        }
    }

    /// Listens to whatever comes, and answers it.
    async fn listen(&mut self, time: Duration) {
        let until = until(time);
        while let Some((peer, frame)) = self.next(until).await {
            self.brush_off(peer, frame, None).await;
        }
    }

    async fn connects(&mut self) -> Step<()> {
        let until = until(self.patience);
        while self.connected == 0 && Instant::now() < until {
            let soon = until.min(self::until(LOOK));
            let _ = self.next(soon).await;
        }
        if self.connected > 0 {
            return Ok(());
        }
        let seconds = self.patience.as_secs();
        self.judge.findings.broken(Rule::Connects, say::saw_nothing(seconds));
        Err(Stopped::Silent)
    }

    /// Somebody comes, agrees, and is let in.
    async fn arrives(&mut self, or_else: Rule, patience: Duration) -> Step<Coming> {
        let until = until(patience);
        while let Some((peer, frame)) = self.next(until).await {
            let Frame::Arrival(arrival) = frame else {
                self.brush_off(peer, frame, None).await;
                continue;
            };
            if let Some(coming) = self.takes(peer, arrival).await {
                return Ok(coming);
            }
        }
        Err(self.silent(or_else, patience))
    }

    fn silent(&mut self, rule: Rule, patience: Duration) -> Stopped {
        let seen = if self.connected == 0 { say::saw_gone() } else { say::saw_nothing(patience.as_secs()) };
        self.judge.findings.broken(rule, seen);
        Stopped::Silent
    }

    /// A visit begins, once the person agrees.
    async fn takes(&mut self, peer: PeerId, arrival: Arrival) -> Option<Coming> {
        let Arrival { mut seq, way, consent, .. } = arrival;
        self.visits = self.visits.saturating_add(1);
        let session = SessionId { run: 0xFACE, serial: self.visits };
        let same = self.judge.present.as_ref() == Some(&way);
        if let WayIn::Face(face_sid) = &way {
            self.judge.findings.judge(Rule::NewFace, same.then(say::saw_same_face));
            if !consent {
                let face_sid = face_sid.clone();
                self.answer(peer, seq, AckStatus::Held, Some(session), None).await;
                self.show(Some(session), Scene::of(SceneKind::AskConsent)).await;
                seq = self.consent(&face_sid, seq).await?;
            }
        }
        self.judge.present = Some(way);
        self.answer(peer, seq, AckStatus::Accepted, Some(session), None).await;
        self.show(Some(session), Scene::of(SceneKind::LookingUp)).await;
        Some(Coming { peer, seq, session })
    }

    /// What the person says whose face is held; none where they do not agree.
    async fn consent(&mut self, held: &crate::words::FaceSid, of: u64) -> Option<u64> {
        let until = until(self.patience);
        while let Some((peer, frame)) = self.next(until).await {
            let Frame::Consent { seq, face_sid, granted } = frame else {
                self.brush_off(peer, frame, None).await;
                continue;
            };
            self.judge.findings.judge(Rule::Consent, (face_sid != *held).then(say::saw_other_face));
            self.answer(peer, seq, AckStatus::Accepted, None, None).await;
            return granted.then_some(of);
        }
        let _ = self.silent(Rule::Consent, self.patience);
        None
    }

    async fn plain(&mut self, doing: String, prompt: String) -> Step<()> {
        self.begin(doing, prompt);
        let coming = self.arrives(Rule::Face, self.patience).await?;
        self.ends(&coming, OutcomeResult::CheckedIn).await;
        Ok(())
    }

    /// What a later version may say.
    async fn unknown(&self) {
        for line in [
            json!({ "v": 1, "type": "weather", "seq": null, "degrees": 21 }),
            json!({ "v": 1, "type": "scene", "session": null, "scene": "sings", "headline": "♪", "next": "hum", "songs": [{}] }),
            json!({ "v": 1, "type": "ack", "seq": null, "session": null, "status": "pondered", "code": "T999" }),
        ] {
            self.door.say(Reply::Later(line.to_string().into_bytes())).await;
        }
    }

    async fn choice(&mut self) -> Step<()> {
        let lines = vec!["内科一诊室 ".repeat(20); LONG / 260];
        self.begin(say::did_unknown(), say::at_choice());
        let coming = self.arrives(Rule::UnknownWords, self.patience).await?;
        self.listen(SETTLES).await;
        if self.connected == 0 {
            return Err(self.silent(Rule::UnknownWords, self.patience));
        }
        self.judge.findings.holds(Rule::UnknownWords);
        let options = json!([{ "option": 1, "label": "内科 9:30" }, { "option": 2, "label": "眼科 10:15" }]);
        let scene = json!({
            "v": 1, "type": "scene", "session": coming.session.to_string(), "scene": "choose", "headline": "请选择",
            "next": null, "advice": null, "name": null, "number": null, "detail": null, "lines": lines, "visit": null,
            "options": options, "qr": null, "code": null, "say": null, "stands_ms": 20_000,
        });
        let line = scene.to_string().into_bytes();
        self.judge.findings.doing(say::did_choice(line.len()));
        self.door.say(Reply::Later(line)).await;
        let until = until(self.patience);
        while let Some((peer, frame)) = self.next(until).await {
            let Frame::Choice { seq, session, option } = frame else {
                self.brush_off(peer, frame, Some(coming.session)).await;
                continue;
            };
            let findings = &mut self.judge.findings;
            findings.holds(Rule::LongLine);
            findings.judge(Rule::ChoiceSession, (session != coming.session).then(say::saw_other_session));
            findings.judge(Rule::ChoiceOption, (!(1..=2).contains(&option)).then(|| say::saw_option(option)));
            self.answer(peer, seq, AckStatus::Accepted, Some(coming.session), None).await;
            self.ends(&coming, OutcomeResult::CheckedIn).await;
            return Ok(());
        }
        Err(self.silent(Rule::LongLine, self.patience))
    }

    async fn cancel(&mut self) -> Step<()> {
        self.begin(say::did_cancel(), say::at_cancel());
        let coming = self.arrives(Rule::Face, self.patience).await?;
        let option = |option, label| SceneOption { option, label: Text::clean(label) };
        let options = vec![option(1, "内科 9:30"), option(2, "眼科 10:15")];
        let stands = Some(Duration::from_secs(20));
        self.show(Some(coming.session), Scene { options, stands, ..Scene::of(SceneKind::Choose) }).await;
        let until = until(self.patience);
        while let Some((peer, frame)) = self.next(until).await {
            let Frame::Cancel { seq, session } = frame else {
                self.brush_off(peer, frame, Some(coming.session)).await;
                continue;
            };
            let wrong = match session {
                None => Some(say::saw_no_session()),
                Some(named) => (named != coming.session).then(say::saw_other_session),
            };
            self.judge.findings.judge(Rule::Cancel, wrong);
            self.answer(peer, seq, AckStatus::Accepted, Some(coming.session), None).await;
            self.ends(&coming, OutcomeResult::Cancelled).await;
            return Ok(());
        }
        Err(self.silent(Rule::Cancel, self.patience))
    }

    async fn cut(&mut self) -> Step<()> {
        self.begin(say::did_cut(), say::at_cut());
        let until = until(self.patience);
        let way = loop {
            match self.next(until).await {
                None => return Err(self.silent(Rule::Face, self.patience)),
                Some((_, Frame::Arrival(arrival))) => break arrival.way,
                Some((peer, frame)) => self.brush_off(peer, frame, None).await,
            }
        };
        self.judge.present = Some(way.clone());
        self.door.close().await;
        sleep(GONE).await;
        // What was said while the door was being closed was said to nobody.
        while self.hears.try_recv().is_ok() {}
        self.connected = 0;
        self.door.open_again().await.map_err(Stopped::Door)?;
        self.show(None, Scene::of(SceneKind::Idle)).await;
        let patience = COMES_BACK.min(self.patience);
        let until = self::until(patience);
        while self.connected == 0 {
            let soon = until.min(self::until(LOOK));
            if let Some((peer, Frame::Arrival(arrival))) = self.next(soon).await {
                self.judge.findings.holds(Rule::ComesBack);
                return self.again(peer, arrival, &way).await;
            }
            if Instant::now() >= until {
                return Err(self.silent(Rule::ComesBack, patience));
            }
        }
        self.judge.findings.holds(Rule::ComesBack);
        let until = self::until(self.patience);
        while let Some((peer, frame)) = self.next(until).await {
            match frame {
                Frame::Arrival(arrival) => return self.again(peer, arrival, &way).await,
                frame => self.brush_off(peer, frame, None).await,
            }
        }
        Err(self.silent(Rule::SaysAgain, self.patience))
    }

    async fn again(&mut self, peer: PeerId, arrival: Arrival, way: &WayIn) -> Step<()> {
        self.judge.findings.judge(Rule::SaysAgain, (arrival.way != *way).then(say::saw_other_face));
        // It is the same visit, and no new one's.
        self.judge.present = None;
        let Some(coming) = self.takes(peer, arrival).await else { return Ok(()) };
        self.ends(&coming, OutcomeResult::CheckedIn).await;
        Ok(())
    }

    async fn busy(&mut self) -> Step<()> {
        self.begin(say::did_busy(), say::at_busy());
        let until = until(self.patience);
        loop {
            match self.next(until).await {
                None => return Err(self.silent(Rule::Face, self.patience)),
                Some((peer, Frame::Arrival(arrival))) => {
                    self.answer(peer, arrival.seq, AckStatus::Busy, None, Some(Code::X003)).await;
                    // Whoever was busied comes again as whoever they were.
                    self.judge.present = None;
                    break;
                }
                Some((peer, frame)) => self.brush_off(peer, frame, None).await,
            }
        }
        let coming = self.arrives(Rule::Busy, self.patience).await?;
        self.judge.findings.holds(Rule::Busy);
        self.ends(&coming, OutcomeResult::CheckedIn).await;
        Ok(())
    }

    /// The visit's end.
    async fn ends(&mut self, coming: &Coming, result: OutcomeResult) {
        let is_well = result == OutcomeResult::CheckedIn;
        let kind = if is_well { SceneKind::Admitted } else { SceneKind::Cancelled };
        let number = is_well.then(|| Text::clean("A036"));
        let stands = Some(Duration::from_secs(5));
        self.show(Some(coming.session), Scene { number: number.clone(), stands, ..Scene::of(kind) }).await;
        let outcome = Outcome {
            session: coming.session,
            result,
            code: None,
            number,
            place: is_well.then(|| Text::clean("3楼 内科")),
            visit: Arc::new(Visit::default()),
            quit_face_auth: !is_well,
        };
        self.door.say(Reply::Outcome { peer: coming.peer, seq: coming.seq, outcome }).await;
        self.judge.is_over(coming.session, self.clock.now().moment);
        self.show(None, Scene::of(SceneKind::Idle)).await;
    }

    async fn show(&self, session: Option<SessionId>, scene: Scene) {
        self.door.say(Reply::Scene { session, scene }).await;
    }

    async fn answer(&self, peer: PeerId, seq: u64, status: AckStatus, session: Option<SessionId>, code: Option<Code>) {
        self.door.say(Reply::Ack { peer, seq, status, session, code }).await;
    }

    /// Answers what nobody waits for, as the kiosk does.
    async fn brush_off(&self, peer: PeerId, frame: Frame, serving: Option<SessionId>) {
        let (seq, status, code) = match frame {
            Frame::Person { .. } | Frame::Start { .. } | Frame::Ping { .. } => return,
            Frame::AuthInfo { seq, .. } => {
                return self.door.say(Reply::AuthInfo { peer, seq, result: Err(Code::N304) }).await;
            }
            Frame::Arrival(arrival) if self.judge.present.as_ref() == Some(&arrival.way) => {
                (arrival.seq, AckStatus::Repeated, None)
            }
            Frame::Arrival(arrival) => (arrival.seq, AckStatus::Busy, None),
            Frame::NoFace { seq, code } => (seq, AckStatus::Refused, Some(code)),
            Frame::Card { seq, .. } | Frame::Consent { seq, .. } => (seq, AckStatus::Accepted, None),
            Frame::Choice { seq, .. } | Frame::Cancel { seq, .. } => (seq, AckStatus::Refused, Some(Code::T207)),
        };
        self.answer(peer, seq, status, serving, code).await;
    }
}

fn until(patience: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(patience).unwrap_or(now)
}
