//! The adapter: identify, list, pick, confirm; and after a lost answer the list again, never the confirmation.

use std::{sync::Arc, time::Duration};

use super::{
    Given, Template,
    call::Heard,
    rule::Means,
    upstream::{About, Upstream},
    values::{self, Named},
    visits::{Found, Listed, Picked, end, pick},
};
use crate::{
    checkin::{
        CheckIn, Offer, Passage, Request, Undecided,
        book::{self, Memory, Sent, Standing},
    },
    fault::{Code, Failure},
    http::{Client, HttpError},
    words::{CheckInAnswer, Clock, Deadline, Identity, Resolution, SessionId},
};

/// How long a list may lag behind what was done. Whatever it shows as open after that was put back there.
const LAG: Duration = Duration::from_secs(300);

/// A hospital that is asked by a template.
pub struct ByTemplate {
    pub(super) upstream: Upstream,
    memory: Arc<Memory>,
}

impl ByTemplate {
    /// An adapter that has asked nobody yet.
    pub fn new(template: Template, given: Given, client: Client, clock: Arc<dyn Clock>, memory: Arc<Memory>) -> Self {
        Self { upstream: Upstream::new(template, given, client, clock, Arc::clone(&memory)), memory }
    }

    /// The person's record and today's visits, or why there are none.
    fn looked_up(&self, request: &Request, deadline: Deadline) -> Result<LookedUp, Undecided> {
        let record = match self.upstream.identify(request, deadline).map_err(Undecided::surely)? {
            Found::Record(record) => record,
            Found::End(answer) => return refusing(answer).map(Err),
        };
        match self.upstream.visits(request, &record, deadline).map_err(Undecided::surely)? {
            Ok(visits) => Ok(Ok((record, visits))),
            Err(answer) => refusing(answer).map(Err),
        }
    }

    fn decide(&self, request: &Request, deadline: Deadline) -> Result<CheckInAnswer, Undecided> {
        let (record, visits) = match self.looked_up(request, deadline)? {
            Ok(found) => found,
            Err(answer) => return Ok(answer),
        };
        match pick(&visits, request.choice.as_ref(), &self.upstream) {
            Picked::End(answer) => refusing(answer),
            Picked::This(visit) => self.arrive(request, record, visit, deadline),
        }
    }

    /// Confirms a visit, once.
    pub(super) fn arrive(
        &self,
        request: &Request,
        record: Named,
        visit: &Listed,
        deadline: Deadline,
    ) -> Result<CheckInAnswer, Undecided> {
        let (upstream, Memory { book, once, .. }) = (&self.upstream, &*self.memory);
        let card = values::person(&request.identity, "card");
        let holder = record.get("id").map(String::as_str).or(card).unwrap_or_default();
        let (key, mark, missed) = (book::key(holder, &visit.id), visit.mark(holder), visit.state == Means::Missed);
        let Some(_held) = book.hold(key) else { return Err(Undecided::surely(Code::H911)) };
        let (call, today) = (&upstream.template.arrive, upstream.today());
        let requeues = call.requeues || missed;
        // The list may lag behind what was done; whoever is put behind everybody else a second time has lost the morning.
        let now = || upstream.clock.now().moment;
        match book.sent_before(mark, today) {
            Some((Some(CheckInAnswer::Admitted(admission) | CheckInAnswer::ReQueued(admission)), at))
                if now().since(at) < LAG =>
            {
                return Ok(CheckInAnswer::Already(admission));
            }
            Some(_) if requeues => return Err(Undecided::surely(Failure::new(Code::H905))),
            None if requeues && once.holds(mark, today) => return Err(Undecided::surely(Code::H905)),
            _ => {}
        }
        // The call before may be on its way still, and would be the second.
        let is_undecided = |before: Option<(Option<CheckInAnswer>, _)>| match before {
            Some((outcome, _)) => outcome.is_none(),
            None => once.is_undecided(key, today),
        };
        if missed && is_undecided(book.sent_before(key, today)) {
            return Err(Undecided::surely(Code::H905));
        }
        if requeues && once.is_in_doubt(today, |at| upstream.day_of(at)) {
            return Err(Undecided::surely(Failure::new(Code::H905).told(IN_DOUBT)));
        }
        if requeues && !once.sends(mark, today) {
            return Err(Undecided::surely(Failure::new(Code::C103).told(IN_DOUBT)));
        }
        let (whose, visited) = (Arc::new(request.clone()), visit.id.clone());
        let sent = Sent { request: whose, record: Arc::new(record), visit: visited, key, mark, missed };
        book.note(request.session, Standing::Sent(sent.clone()));
        book.sends(mark, today, now(), None);
        let about = About { request: Some(request), record: &sent.record, visit: &visit.members, ..About::default() };
        let answer = match upstream.act(call, about, deadline) {
            Ok(Heard::Done(node)) => {
                let mut more = call.members(&node);
                // Whoever is in without a number is asked for it at the window: it is looked for twice.
                let looked = || self.look_again(&sent, deadline).or_else(|_| self.look_again(&sent, deadline));
                let again = call.list_again.then(|| looked().ok().flatten()).flatten();
                if let Some(again) = &again {
                    more.extend(again.members.clone());
                }
                let about =
                    About { request: Some(request), record: &sent.record, visit: &visit.members, ..About::default() };
                let says_so = call.requeued.as_ref().is_some_and(|rule| upstream.is_met(rule, &node, about));
                Ok(CheckInAnswer::entry(missed || says_so, upstream.admission(again.as_ref().unwrap_or(visit), &more)))
            }
            Ok(Heard::Not(Means::Unavailable | Means::SignedOut, _)) => Err(Undecided::surely(Code::H901)),
            // Between the list and this somebody else was faster: our call changed nothing.
            Ok(Heard::Not(Means::Taken, _)) => {
                let again = self.look_again(&sent, deadline).ok().flatten();
                Ok(CheckInAnswer::Already(upstream.admission(again.as_ref().unwrap_or(visit), &Named::new())))
            }
            // Some systems stumble behind the commit: what they list is what is.
            Ok(Heard::Not(means, text)) => match self.look_again(&sent, deadline) {
                Ok(Some(again)) if again.state == Means::Taken => self.taken(&again, missed),
                Ok(_) => Ok(end(means, text, &visit.members, upstream.here())),
                Err(failure) => Err(Undecided::perhaps(failure)),
            },
            Err(undecided) if !undecided.perhaps => Err(undecided),
            Err(undecided) => match self.look_again(&sent, deadline) {
                Ok(Some(again)) if self.may_lose(&again) => Err(undecided),
                Ok(Some(again)) if again.state == Means::Taken => self.taken(&again, missed),
                // It may be on its way still.
                _ => Err(undecided),
            },
        };
        // Whether one that was in already is ours to take back, the list says then.
        let is_in = answer.as_ref().is_ok_and(|answer| answer.admission().is_some());
        book.settle(request.session, sent, (today, now()), &answer, is_in);
        match book.sent_before(mark, today) {
            None => once.not_sent(mark, today),
            Some((Some(_), _)) => once.is_done(mark, today),
            Some((None, _)) => {}
        }
        answer
    }

    /// A visit that we sent and that is taken: by whom?
    fn taken(&self, visit: &Listed, missed: bool) -> Result<CheckInAnswer, Undecided> {
        let admission = || self.upstream.admission(visit, &Named::new());
        match visit.by_us {
            Some(true) => Ok(CheckInAnswer::entry(missed, admission())),
            Some(false) => Ok(CheckInAnswer::Already(admission())),
            None => Err(Undecided::perhaps(Code::H910)),
        }
    }

    /// Of a visit that is taken and was sent without an answer: a nurse has let them in, and ours may be on its way still
    /// and would put them behind everybody. The number that is listed now may not stay theirs. Where the template's call
    /// does not queue anew, one for a missed call finds a visit that is taken by then, and changes nothing.
    fn may_lose(&self, visit: &Listed) -> bool {
        self.upstream.template.arrive.requeues && visit.by_us == Some(false)
    }

    /// The visit as it is listed now; nothing where it is not.
    fn look_again(&self, sent: &Sent, deadline: Deadline) -> Result<Option<Listed>, Failure> {
        let visits = self.upstream.visits(&sent.request, &sent.record, deadline)?.unwrap_or_default();
        Ok(visits.into_iter().find(|visit| visit.id == sent.visit))
    }

    /// What became of a visit that was sent in this session.
    fn became(&self, session: SessionId, sent: Sent, deadline: Deadline) -> Result<Resolution, Failure> {
        match self.look_again(&sent, deadline)? {
            Some(visit) if visit.state == Means::Taken && self.may_lose(&visit) => {
                Ok(Resolution::CannotSay(Code::H910))
            }
            Some(visit) if visit.state == Means::Taken => match self.taken(&visit, sent.missed) {
                Ok(answer) => {
                    // The list says "by us" of whoever sent the same since as well: it is theirs.
                    let answer = match answer {
                        CheckInAnswer::Admitted(admission) | CheckInAnswer::ReQueued(admission)
                            if self.memory.book.is_sent_since(session, sent.mark) =>
                        {
                            CheckInAnswer::Already(admission)
                        }
                        answer => answer,
                    };
                    let (today, now) = (self.upstream.today(), self.upstream.clock.now().moment);
                    self.memory.book.sends(sent.mark, today, now, Some(answer.clone()));
                    self.memory.once.is_done(sent.mark, today);
                    self.memory.book.note(session, Standing::Decided(answer.clone(), Some(sent)));
                    Ok(Resolution::Decided(answer))
                }
                Err(undecided) => Ok(Resolution::CannotSay(undecided.failure.code())),
            },
            _ => Ok(Resolution::NotThere),
        }
    }

    /// Whether somebody who was decided about here is checked in there by now, by whomever.
    fn entered_since(&self, request: &Request, deadline: Deadline) -> Result<Resolution, Failure> {
        let looked_up = self.looked_up(request, deadline).map_err(|undecided| undecided.failure)?;
        let visits = looked_up.map(|(_, visits)| visits).unwrap_or_default();
        let mut taken = visits.iter().filter(|visit| visit.state == Means::Taken);
        // Of several nobody can say which it was.
        let (Some(only), None) = (taken.next(), taken.next()) else { return Ok(Resolution::NotThere) };
        let answer = CheckInAnswer::Already(self.upstream.admission(only, &Named::new()));
        Ok(self.memory.book.found_elsewhere(request.session, answer))
    }

    fn take_back(&self, session: SessionId, sent: &Sent, deadline: Deadline) -> Result<(), Failure> {
        let book = &self.memory.book;
        let _held = book.hold(sent.key).ok_or(Code::H911)?;
        // The person came again meanwhile: it is theirs.
        if book.is_anothers(session, sent.key) {
            return Ok(());
        }
        let Some(visit) = self.look_again(sent, deadline)?.filter(|visit| visit.state == Means::Taken) else {
            return Ok(());
        };
        match visit.by_us {
            Some(true) => {}
            // Whoever else checked it in keeps it so.
            Some(false) => return Ok(()),
            None => return Err(Code::H910.into()),
        }
        let call = self.upstream.template.cancel.as_ref().ok_or(Code::H909)?;
        let about =
            About { request: Some(&sent.request), record: &sent.record, visit: &visit.members, ..About::default() };
        match self.upstream.act(call, about, deadline) {
            Ok(Heard::Done(_)) => {
                book.not_sent(sent.mark);
                self.memory.once.not_sent(sent.mark, self.upstream.today());
                book.note(session, Standing::Nothing);
                Ok(())
            }
            Ok(Heard::Not(..)) => Err(Code::H909.into()),
            Err(undecided) => Err(undecided.failure),
        }
    }
}

/// What keeps somebody out who would be queued again.
const IN_DOUBT: &str = "nobody can say whether this visit was sent before today";

/// A record and visits, or the answer where there are none.
type LookedUp = Result<(Named, Vec<Listed>), CheckInAnswer>;

/// An answer before anything was sent that changes something.
fn refusing(answer: CheckInAnswer) -> Result<CheckInAnswer, Undecided> {
    match answer {
        CheckInAnswer::Unavailable(trouble) => Err(Undecided::surely(trouble.code)),
        answer => Ok(answer),
    }
}

impl ByTemplate {
    /// Shows itself to the hospital without asking about anybody: signs in, or where nobody does, looks whether it is there.
    pub(crate) fn knocks(&self, deadline: Deadline) -> Result<(), Failure> {
        if self.upstream.signs_in(deadline)? { Ok(()) } else { self.look_for(deadline) }
    }
}

impl CheckIn for ByTemplate {
    /// Whom the hospital can be asked about by something of their own: a name alone is many people's.
    fn judges(&self, identity: &Identity) -> bool {
        let template = &self.upstream.template;
        let first = template.identify.as_ref().unwrap_or(&template.list);
        first.wanted().into_iter().any(|wanted| {
            let member = wanted.name.strip_prefix("person.");
            let own = member.filter(|member| ["id", "card", "voucher", "union-id", "openid"].contains(member));
            own.is_some_and(|member| values::person(identity, member).is_some())
        })
    }

    fn check_in(&self, request: &Request, deadline: Deadline) -> Result<CheckInAnswer, Undecided> {
        match self.memory.book.standing(request.session) {
            Some(Standing::Decided(answer, _)) => return Ok(answer),
            // Asked twice while nobody knows: the list knows, and nothing is sent again.
            Some(Standing::Sent(sent)) => {
                return match self.became(request.session, sent, deadline) {
                    Ok(Resolution::Decided(answer)) => Ok(answer),
                    Ok(_) => Err(Undecided::perhaps(Code::H905)),
                    Err(failure) => Err(Undecided::perhaps(failure)),
                };
            }
            Some(Standing::Nothing | Standing::Elsewhere(_)) | None => {
                self.memory.book.note(request.session, Standing::Nothing);
            }
        }
        self.decide(request, deadline)
    }

    fn offers(&self, request: &Request, deadline: Deadline) -> Result<Offer, Undecided> {
        let (_, visits) = match self.looked_up(request, deadline)? {
            Ok(found) => found,
            Err(answer) => return Ok(Offer::End(answer)),
        };
        match pick(&visits, None, &self.upstream) {
            Picked::This(visit) => {
                Ok(visit.choice().map_or(Offer::End(CheckInAnswer::NotFound), |of| Offer::Open(vec![of])))
            }
            Picked::End(CheckInAnswer::Choose(choices)) => Ok(Offer::Open(choices)),
            Picked::End(answer) => refusing(answer).map(Offer::End),
        }
    }

    fn annul(&self, session: SessionId, deadline: Deadline) -> Result<(), Failure> {
        match self.memory.book.standing(session) {
            Some(Standing::Sent(sent) | Standing::Decided(_, Some(sent))) => self.take_back(session, &sent, deadline),
            Some(Standing::Nothing | Standing::Elsewhere(_) | Standing::Decided(_, None)) => Ok(()),
            None => Err(Code::H908.into()),
        }
    }

    fn was_stood_in_for(&self, request: &Request) {
        self.memory.book.note(request.session, Standing::Elsewhere(Arc::new(request.clone())));
    }

    fn look_for(&self, deadline: Deadline) -> Result<(), Failure> {
        let code = Code::H901;
        let away = |error: HttpError| Failure::new(code).told(code.summary()).cured_by(error.cure()).because(error);
        self.upstream.look_for(deadline).map_err(away)
    }

    fn resolve(&self, session: SessionId, deadline: Deadline) -> Result<Resolution, Failure> {
        match self.memory.book.standing(session) {
            Some(Standing::Decided(answer, _)) => Ok(Resolution::Decided(answer)),
            Some(Standing::Sent(sent)) => self.became(session, sent, deadline),
            Some(Standing::Elsewhere(request)) => self.entered_since(&request, deadline),
            Some(Standing::Nothing) => Ok(Resolution::NotThere),
            None => Err(Code::H908.into()),
        }
    }

    fn hears_passages(&self) -> bool {
        self.upstream.template.passage.is_some()
    }

    fn passage(&self, passage: &Passage, deadline: Deadline) -> Result<(), Failure> {
        let Some(call) = &self.upstream.template.passage else { return Ok(()) };
        let standing = self.memory.book.standing(passage.session);
        let sent = standing.as_ref().and_then(Standing::sent);
        let visit = sent.map(|sent| Named::from([("id".to_owned(), sent.visit.clone())])).unwrap_or_default();
        let about = About {
            request: sent.map(|sent| &*sent.request),
            record: sent.map_or(About::default().record, |sent| &sent.record),
            visit: &visit,
            passage: Some(passage),
        };
        match self.upstream.act(call, about, deadline) {
            // It does not know the session any more, and never will.
            Ok(Heard::Done(_) | Heard::Not(Means::NotFound, _)) => Ok(()),
            Ok(Heard::Not(Means::Unavailable, _)) => Err(Code::H901.into()),
            Ok(Heard::Not(..)) => Err(Code::H906.into()),
            Err(undecided) => Err(undecided.failure),
        }
    }
}
