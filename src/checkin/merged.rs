//! Several systems that a lane asks as if they were one: a hospital's own and its queue server, examinations beside clinics.
//! Their lists are one to the person; whatever is confirmed is confirmed by the system whose visit it is.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use super::{CheckIn, Passage, Request, Undecided};
use crate::{
    fault::{Code, Failure},
    words::{Admission, CheckInAnswer, Choice, Clock, Deadline, Hindrance, Identity, Resolution, SessionId, Text},
};

/// What could be confirmed, before anything is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Offer {
    /// Each of these, with its id as the choice; at least one.
    Open(Vec<Choice>),
    /// None, and why.
    End(CheckInAnswer),
}

/// Systems in the order in which their visits are shown.
pub struct Merged {
    systems: Vec<Arc<dyn CheckIn>>,
    clock: Arc<dyn Clock>,
    /// Whose a session's visit is, and whether another system was silent then; the newest last.
    sessions: Mutex<VecDeque<(SessionId, Whose)>>,
    missed: Mutex<Option<Failure>>,
}

#[derive(Clone, Copy)]
struct Whose {
    /// Nothing while nothing is confirmed.
    place: Option<usize>,
    partial: bool,
}

/// The most sessions remembered; whoever asks about an older one asks everybody.
const SESSIONS: usize = 512;

/// What the person is told where one of the systems is silent: like all that hospitals say, in their language.
const PARTIAL: &str = "部分系统暂时无法查询，如有其他就诊请到分诊台";

impl Merged {
    /// Of systems that [`CheckIn::offers`] works with.
    pub fn new(systems: Vec<Arc<dyn CheckIn>>, clock: Arc<dyn Clock>) -> Self {
        Self { systems, clock, sessions: Mutex::default(), missed: Mutex::default() }
    }

    /// What each of them offers, asked at once: none waits for another. Half of the time is left for what is confirmed.
    fn ask_all(&self, request: &Request, deadline: Deadline) -> Vec<(usize, Result<Offer, Undecided>)> {
        let now = self.clock.now().moment;
        let until = deadline.within(now, deadline.left(now) / 2);
        let request = Arc::new(request.clone());
        let ask = |(place, system): (usize, &Arc<dyn CheckIn>)| {
            let (system, request) = (Arc::clone(system), Arc::clone(&request));
            let spawned =
                thread::Builder::new().name("offers".to_owned()).spawn(move || system.offers(&request, until));
            (place, spawned)
        };
        let judging = self.systems.iter().enumerate().filter(|(_, system)| system.judges(&request.identity));
        let asked: Vec<_> = judging.map(ask).collect();
        let hear = |(place, asked): (usize, std::io::Result<thread::JoinHandle<_>>)| {
            // A machine without a thread to spare, or one that ended by a fault of ours.
            let offer = asked.ok().and_then(|asked| asked.join().ok());
            (place, offer.unwrap_or_else(|| Err(Undecided::surely(Code::X001))))
        };
        asked.into_iter().map(hear).collect()
    }

    /// Everything that is open, or why nothing is.
    fn offer(&self, request: &Request, deadline: Deadline) -> Result<Offer, Undecided> {
        let (mut open, mut ends, mut failed): (Vec<Choice>, Vec<CheckInAnswer>, Option<Undecided>) = Default::default();
        for (place, offer) in self.ask_all(request, deadline) {
            match offer {
                Ok(Offer::Open(choices)) => {
                    // What two systems know is one visit to the person.
                    let is_told = |choice: &Choice| choice.label != choice.id;
                    let fresh =
                        |choice: &Choice| !is_told(choice) || !open.iter().any(|known| known.label == choice.label);
                    let fresh: Vec<Choice> =
                        choices.into_iter().filter(fresh).filter_map(|of| marked(place, of)).collect();
                    open.extend(fresh);
                }
                Ok(Offer::End(CheckInAnswer::Unavailable(trouble))) => failed = Some(Undecided::surely(trouble.code)),
                Ok(Offer::End(end)) => ends.push(end),
                Err(undecided) => failed = Some(undecided),
            }
        }
        *self.missed() = failed.as_ref().map(|undecided| undecided.failure.clone());
        self.remember(request.session, Whose { place: None, partial: failed.is_some() });
        open.truncate(CheckInAnswer::MAX_CHOICES);
        if !open.is_empty() {
            return Ok(Offer::Open(open));
        }
        let best = ends.into_iter().min_by_key(rank);
        match (best, failed) {
            (Some(CheckInAnswer::Already(admission)), Some(_)) => {
                Ok(Offer::End(CheckInAnswer::Already(partial(admission))))
            }
            // Whoever is silent may have the visit.
            (_, Some(failed)) => Err(failed),
            (best, None) => Ok(Offer::End(best.unwrap_or(CheckInAnswer::NotFound))),
        }
    }

    fn confirm(&self, request: &Request, choice: &Text, deadline: Deadline) -> Result<CheckInAnswer, Undecided> {
        let Some((place, id)) = unmarked(choice).filter(|(place, _)| *place < self.systems.len()) else {
            return Ok(CheckInAnswer::NotFound);
        };
        let partial = self.whose(request.session).is_some_and(|whose| whose.partial);
        self.remember(request.session, Whose { place: Some(place), partial });
        let request = Request { choice: Some(id), ..request.clone() };
        Ok(told(partial, self.systems[place].check_in(&request, deadline)?))
    }

    fn whose(&self, session: SessionId) -> Option<Whose> {
        self.sessions().iter().rev().find(|(known, _)| *known == session).map(|(_, whose)| *whose)
    }

    fn remember(&self, session: SessionId, whose: Whose) {
        let mut sessions = self.sessions();
        sessions.retain(|(known, _)| *known != session);
        if sessions.len() == SESSIONS {
            sessions.pop_front();
        }
        sessions.push_back((session, whose));
    }

    fn sessions(&self) -> MutexGuard<'_, VecDeque<(SessionId, Whose)>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn missed(&self) -> MutexGuard<'_, Option<Failure>> {
        self.missed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CheckIn for Merged {
    fn judges(&self, identity: &Identity) -> bool {
        self.systems.iter().any(|system| system.judges(identity))
    }

    fn check_in(&self, request: &Request, deadline: Deadline) -> Result<CheckInAnswer, Undecided> {
        if let Some(choice) = &request.choice {
            return self.confirm(request, choice, deadline);
        }
        // Asked again: whatever was confirmed before is not confirmed elsewhere.
        if let Some(Whose { place: Some(place), partial }) = self.whose(request.session) {
            return Ok(told(partial, self.systems[place].check_in(request, deadline)?));
        }
        match self.offer(request, deadline)? {
            Offer::Open(only) if only.len() == 1 => self.confirm(request, &only[0].id, deadline),
            Offer::Open(several) => Ok(CheckInAnswer::Choose(several)),
            Offer::End(answer) => Ok(answer),
        }
    }

    fn offers(&self, request: &Request, deadline: Deadline) -> Result<Offer, Undecided> {
        self.offer(request, deadline)
    }

    fn was_stood_in_for(&self, request: &Request) {
        let judging = self.systems.iter().filter(|system| system.judges(&request.identity));
        judging.for_each(|system| system.was_stood_in_for(request));
    }

    fn half_failed(&self) -> Option<Failure> {
        self.missed().clone()
    }

    fn annul(&self, session: SessionId, deadline: Deadline) -> Result<(), Failure> {
        match self.whose(session).and_then(|whose| whose.place) {
            Some(place) => self.systems[place].annul(session, deadline),
            // Each is asked, whatever another says.
            None => {
                let annulled: Vec<_> = self.systems.iter().map(|system| system.annul(session, deadline)).collect();
                annulled.into_iter().collect()
            }
        }
    }

    fn resolve(&self, session: SessionId, deadline: Deadline) -> Result<Resolution, Failure> {
        match self.whose(session) {
            Some(Whose { place: Some(place), .. }) => return self.systems[place].resolve(session, deadline),
            // Offered, and nothing of it confirmed.
            Some(Whose { place: None, .. }) => return Ok(Resolution::NotThere),
            None => {}
        }
        let mut unsaid = Ok(Resolution::NotThere);
        for system in &self.systems {
            match system.resolve(session, deadline) {
                Ok(Resolution::NotThere) => {}
                Ok(decided @ Resolution::Decided(_)) => return Ok(decided),
                other => unsaid = other,
            }
        }
        unsaid
    }

    fn hears_passages(&self) -> bool {
        self.systems.iter().any(|system| system.hears_passages())
    }

    fn passage(&self, passage: &Passage, deadline: Deadline) -> Result<(), Failure> {
        let theirs = self.whose(passage.session).and_then(|whose| whose.place);
        let hearing = self.systems.iter().enumerate().filter(|(_, system)| system.hears_passages());
        hearing
            .filter(|(place, _)| theirs.is_none_or(|theirs| theirs == *place))
            .try_for_each(|(_, system)| system.passage(passage, deadline))
    }
}

/// A choice that says whose it is: `2.8801||1`.
fn marked(place: usize, choice: Choice) -> Option<Choice> {
    Some(Choice { id: Text::payload(&format!("{place}.{}", choice.id))?, ..choice })
}

fn unmarked(choice: &Text) -> Option<(usize, Text)> {
    let (place, id) = choice.as_str().split_once('.')?;
    Some((place.parse().ok()?, Text::payload(id)?))
}

/// What says most to the person comes first.
fn rank(answer: &CheckInAnswer) -> u8 {
    match answer {
        CheckInAnswer::Already(_) | CheckInAnswer::Admitted(_) | CheckInAnswer::ReQueued(_) => 0,
        CheckInAnswer::TooEarly(_) | CheckInAnswer::TooLate(_) => 1,
        CheckInAnswer::Hindered(Hindrance::NoFile) => 4,
        CheckInAnswer::Hindered(_) => 2,
        CheckInAnswer::NotFound => 5,
        _ => 3,
    }
}

/// With a word to the person where another system was silent.
fn told(is_partial: bool, answer: CheckInAnswer) -> CheckInAnswer {
    match answer {
        CheckInAnswer::Admitted(admission) if is_partial => CheckInAnswer::Admitted(partial(admission)),
        CheckInAnswer::Already(admission) if is_partial => CheckInAnswer::Already(partial(admission)),
        CheckInAnswer::ReQueued(admission) if is_partial => CheckInAnswer::ReQueued(partial(admission)),
        answer => answer,
    }
}

fn partial(mut admission: Admission) -> Admission {
    match &mut Arc::make_mut(&mut admission.visit).advice {
        advice @ None => *advice = Some(Text::clean(PARTIAL)),
        Some(_) => admission.notes.push(Text::clean(PARTIAL)),
    }
    admission
}
