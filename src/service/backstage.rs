//! The service as the pages see it: everything they ask is asked of the loop at most once a second, whoever looks, and what
//! they order is done as staff at the socket would, with a record of who did it.

use std::{sync::Arc, time::Duration};

use serde_json::{Map, Value, json};
use tokio::{
    sync::{Mutex, mpsc, oneshot},
    time::timeout,
};

use super::{
    channel::Entrance,
    faults::Faults,
    ledger::{self, Asks},
    metrics,
    postings::{Change, Changed, Posted, Postings},
    requests::{NO_WORD, UNACKNOWLEDGED},
    staff::{ASKING, Answer, Asked, Exercise, PRINTING, StaffMode, StaffReply, StaffRequest, ask},
    status::{Status, Time},
    stopwatch::{Durations, Histogram},
};
use crate::{
    fault::{Code, Tongue},
    kiosk::{Phrases, Signal},
    page::{Answering, Backstage, Deed, Doing, Done, Noting, Question, Role},
    store::Act,
    words::{Clock, Moment, SessionId},
};

/// What the pages' threads have.
pub(super) struct Stage {
    /// The lanes' names.
    pub(super) lanes: Vec<String>,
    /// What they say, in the same order.
    pub(super) phrases: Vec<Arc<Phrases>>,
    pub(super) asked: mpsc::Sender<Asked>,
    pub(super) ledger: Entrance<ledger::Question>,
    pub(super) durations: Arc<Durations>,
    pub(super) faults: Arc<Faults>,
    pub(super) postings: Arc<Postings>,
    pub(super) posting: Entrance<Change>,
    pub(super) clock: Arc<dyn Clock>,
    /// What the loop said last, and when.
    pub(super) last: Mutex<Option<(Moment, Arc<Status>)>>,
}

/// However many look, the loop is asked no more often.
const FRESH: Duration = Duration::from_millis(900);

impl Backstage for Stage {
    fn ask(&self, question: Question) -> Answering<'_> {
        Box::pin(async move {
            match question {
                Question::Visit(which) => self.look_up(Asks::Visit(which)).await,
                Question::Today => self.look_up(Asks::Today).await,
                Question::Lanes => Some(self.lanes(&*self.status().await?).to_string()),
                Question::Metrics => Some(metrics::exposition(&*self.status().await?, &self.durations)),
                Question::Overview(tongue) => Some(self.overview(&*self.status().await?, tongue).to_string()),
                Question::Bundle => {
                    let status = self.status().await?;
                    let metrics = metrics::exposition(&status, &self.durations);
                    let mut all = self.overview(&status, Tongue::En);
                    all["metrics"] = metrics.lines().filter(|line| !line.starts_with('#')).collect();
                    Some(all.to_string())
                }
            }
        })
    }

    fn act<'a>(&'a self, user: &'a str, role: Role, deed: Deed) -> Doing<'a> {
        Box::pin(async move {
            let mut act = Act { user: user.to_owned(), ..Act::default() };
            let done = self.carry_out(role, &deed, &mut act).await;
            act.result = match done.told.as_str() {
                _ if done.done => "done",
                NO_WORD | UNACKNOWLEDGED => "unknown",
                _ => "refused",
            }
            .to_owned();
            // What is no deed of ours has no name, and is none's to remember.
            if !act.event.is_empty() {
                self.record(act).await;
            }
            done
        })
    }

    fn note<'a>(&'a self, user: &'a str, event: &'static str, result: &'static str) -> Noting<'a> {
        let (user, event, result) = (user.to_owned(), event.to_owned(), result.to_owned());
        Box::pin(self.record(Act { user, event, result, ..Act::default() }))
    }
}

impl Stage {
    async fn carry_out(&self, role: Role, deed: &Deed, act: &mut Act) -> Done {
        let refused = |told: &str| Done { told: told.to_owned(), ..Done::default() };
        let event = |act: &mut Act, event: &str, lane: Option<&String>, session: Option<&String>| {
            // Only names of ours: what is sent may be as long and as strange as a request.
            let lane = lane.filter(|lane| self.lanes.contains(lane)).cloned();
            let session = session.and_then(|session| session.parse::<SessionId>().ok());
            (act.event, act.lane, act.session) = (event.to_owned(), lane, session.map(|session| session.to_string()));
        };
        let request = match deed {
            Deed::Lane { lane, mode } => {
                let mode = match mode.as_str() {
                    "normal" => StaffMode::Normal,
                    "closed" => StaffMode::Closed,
                    "maintenance" => StaffMode::Maintenance,
                    _ => return refused("no such mode"),
                };
                event(act, &format!("lane-{mode:?}").to_ascii_lowercase(), Some(lane), None);
                let lane = lane.clone();
                match role {
                    Role::Technician => StaffRequest::Lane { lane, mode },
                    Role::Desk => StaffRequest::DeskLane { lane, closed: mode == StaffMode::Closed },
                }
            }
            Deed::Hours { lane, hours } => {
                event(act, "hours", lane.as_ref(), None);
                let hours = match Posted::read_hours(hours) {
                    Ok(hours) => hours,
                    Err(told) => return refused(told),
                };
                let told = Posted { hours: hours.clone(), ..Posted::default() }.hours();
                let done = self.post(lane.as_ref(), Changed::Hours(hours)).await;
                act.event = format!("hours {told}").trim_end().to_owned();
                return done;
            }
            Deed::Notice { lane, zh, en } => {
                event(act, "notice", lane.as_ref(), None);
                return match (Posted::read_notice(zh), Posted::read_notice(en)) {
                    (Err(told), _) | (_, Err(told)) => refused(told),
                    (Ok(zh), Ok(en)) => self.post(lane.as_ref(), Changed::Notice { zh, en }).await,
                };
            }
            Deed::Exercise { lane, device } => {
                let signal =
                    || Signal::ALL.into_iter().find(|signal| format!("{signal:?}").to_ascii_lowercase() == *device);
                let what = match device.as_str() {
                    "slip" => Exercise::Slip,
                    "panel" => Exercise::Panel,
                    "gate" => Exercise::Gate,
                    "voice" => Exercise::Voice,
                    _ => match signal() {
                        Some(signal) => Exercise::Signal(signal),
                        None => return refused("no such device"),
                    },
                };
                event(act, &format!("test-{device}"), Some(lane), None);
                StaffRequest::Exercise { lane: lane.clone(), what }
            }
            Deed::Reload => {
                event(act, "reload", None, None);
                StaffRequest::Reload
            }
            Deed::Undo { session } => {
                event(act, "undo", None, Some(session));
                match self.find(session).await {
                    Some(visit) if visit.is_to_be_undone() => {
                        StaffRequest::Annul { lane: visit.lane, session: session.clone() }
                    }
                    _ => return refused("no visit that is over and stands"),
                }
            }
            Deed::Reprint { session } => {
                event(act, "reprint", None, Some(session));
                let Some(visit) = self.find(session).await else { return refused("no such visit") };
                let Some(copy) = visit.copies.checked_add(1) else { return refused("too many copies") };
                let (lane, session, at) = (visit.lane, session.clone(), visit.at);
                let (number, place) = (visit.number, visit.place);
                let to_verify = visit.code.as_deref() == Some(Code::J510.as_str());
                StaffRequest::Reprint { lane, session, copy, number, place, visit: Box::default(), to_verify, at }
            }
            Deed::Reconcile { theirs } => {
                event(act, "reconcile", None, None);
                let ours = self.look_up(Asks::Count).await.and_then(|count| count.parse::<u64>().ok());
                let Some(ours) = ours else { return refused("the journal cannot be read") };
                event(act, &format!("reconcile {ours} {theirs}"), None, None);
                let told = json!({ "ours": ours, "theirs": theirs }).to_string();
                return Done { done: true, told, code: None };
            }
        };
        match ask(request, &self.asked, PRINTING).await {
            Ok(Answer::Told(StaffReply { done, told, code, .. })) => Done { done, told, code },
            Ok(Answer::Status(_)) => refused("busy"),
            Err(told) => refused(told),
        }
    }

    /// Changes what stands for a lane, or for all of them.
    async fn post(&self, lane: Option<&String>, what: Changed) -> Done {
        let told = |told: &str| Done { told: told.to_owned(), ..Done::default() };
        let lanes = self.lanes.iter().filter(|name| lane.is_none_or(|lane| lane == *name)).cloned();
        let lanes: Vec<String> = lanes.collect();
        if lanes.is_empty() {
            return told("no such lane; the site file names them");
        }
        let (answer, answered) = oneshot::channel();
        if self.posting.offer(Change { lanes, what, answer }).is_err() {
            return told("busy");
        }
        match timeout(ASKING, answered).await {
            Ok(Ok(true)) => Done { done: true, ..told("posted") },
            Ok(_) => told("it cannot be kept: look at the state directory"),
            Err(_) => told(NO_WORD),
        }
    }

    /// What somebody did is on its way to the journal; where that has no room, the log knows it.
    async fn record(&self, act: Act) {
        let Act { user, event, lane, session, result } = &act;
        tracing::info!(target: crate::page::NAMED, user, event, lane, session, result, "by an account");
        let _ = ask(StaffRequest::Note(act), &self.asked, ASKING).await;
    }

    /// How everything is.
    async fn status(&self) -> Option<Arc<Status>> {
        let mut last = self.last.lock().await;
        let now = self.clock.now().moment;
        if let Some((at, status)) = &*last
            && now.since(*at) < FRESH
        {
            return Some(Arc::clone(status));
        }
        let Ok(Answer::Status(status)) = ask(StaffRequest::Status, &self.asked, ASKING).await else { return None };
        let status: Arc<Status> = Arc::from(status);
        *last = Some((now, Arc::clone(&status)));
        Some(status)
    }

    async fn find(&self, session: &str) -> Option<ledger::Seen> {
        let told = self.look_up(Asks::Session(session.to_owned())).await?;
        serde_json::from_str(&told).ok()
    }

    async fn look_up(&self, asks: Asks) -> Option<String> {
        let (answer, answered) = oneshot::channel();
        self.ledger.offer(ledger::Question { asks, answer }).ok()?;
        answered.await.ok()?
    }

    /// Which lanes serve, as a nurse reads it, and what is posted there.
    fn lanes(&self, status: &Status) -> Value {
        let lanes = status.lanes.iter().map(|lane| {
            let summary = lane.closed_by.map(|code| code.summary_in(Tongue::Zh));
            let posted = self.postings.of(lane.lane.as_str());
            json!({
                "lane": lane.lane, "serves": lane.serves, "closed_by": lane.closed_by, "summary": summary,
                "hours": posted.hours(), "zh": posted.zh, "en": posted.en,
            })
        });
        json!({ "lanes": lanes.collect::<Vec<_>>() })
    }

    fn overview(&self, status: &Status, tongue: Tongue) -> Value {
        let faults = self.faults.all();
        let of_devices =
            status.lanes.iter().flat_map(|lane| &lane.devices).flat_map(|device| [device.fault, device.last]);
        let codes = status.ailments.iter().map(|ailment| ailment.code).chain(faults.iter().map(|fault| fault.code));
        let mut texts = Map::new();
        for code in codes.chain(of_devices.flatten()) {
            texts.insert(code.to_string(), text(code, tongue));
        }
        let faults: Vec<Value> = faults
            .iter()
            .map(|fault| {
                let at: Time = fault.at.0;
                json!({ "at": at, "lane": fault.lane, "code": fault.code, "error": fault.error, "cure": fault.cure(tongue) })
            })
            .collect();
        let Durations { lookup, check_in, visit } = &*self.durations;
        let durations = json!({
            "lookup": buckets(lookup), "check-in": buckets(check_in), "visit": buckets(visit),
        });
        // It is written as text for the terminal, too: a second way to write it would be more code than the page has.
        let written = serde_json::to_string(status).unwrap_or_default();
        let mut told: Value = serde_json::from_str(&written).unwrap_or_default();
        let shown = told["lanes"].as_array_mut().into_iter().flatten();
        for ((shown, lane), phrases) in shown.zip(&status.lanes).zip(&self.phrases) {
            if let Some(picture) = lane.picture {
                let advice = picture.next.map(|next| phrases.advice(next).within(usize::MAX));
                shown["picture"]["headline"] =
                    phrases.headline_for(lane.scene, picture.to_start, picture.code).within(usize::MAX).into();
                shown["picture"]["advice"] = advice.into();
            }
        }
        json!({ "status": told, "codes": texts, "faults": faults, "durations": durations })
    }
}

/// What a code means, and what is done about it.
pub(super) fn text(code: Code, tongue: Tongue) -> Value {
    json!({ "summary": code.summary_in(tongue), "cure": code.cure_in(tongue) })
}

fn buckets(histogram: &Histogram) -> Vec<Value> {
    histogram.cumulated().into_iter().map(|(bound, count)| json!([bound, count])).collect()
}
