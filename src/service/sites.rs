//! What is known of each of the site's systems, whoever met it: somebody who was to be checked in, a question about the
//! past, or whoever looks whether it is back. What is told of it is told once, and by its own name.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Inputs, failures::Standing, status::SystemName};
use crate::{
    checkin::Systems,
    fault::{Code, Failure},
    words::{Contact, LaneId, Moment, SessionId},
};

/// All of them.
pub(super) struct Sites {
    /// As [`Systems::all`] has them.
    pub(super) all: Vec<Arc<Site>>,
    /// The list that counts while they are away.
    pub(super) roster: Arc<Site>,
}

/// One system.
#[derive(Default)]
pub(super) struct Site {
    /// In the site file, where there are several.
    pub(super) name: Option<String>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    system: Side,
    /// The list of those who are expected, where it decides by one: an answer out of it makes it no newer.
    list: Side,
}

#[derive(Default)]
struct Side {
    told: Standing,
    contact: Option<Contact>,
}

impl Sites {
    pub(super) fn of(systems: &Systems) -> Self {
        let site = |place| Site { name: systems.name(place).map(str::to_owned), known: Mutex::default() };
        Self { all: (0..systems.all().len()).map(|place| Arc::new(site(place))).collect(), roster: Arc::default() }
    }

    /// Each of them that was met.
    pub(super) fn contacts(&self) -> impl Iterator<Item = (Option<SystemName>, Contact)> {
        let all = self.all.iter().chain([&self.roster]);
        all.filter_map(|site| Some((SystemName::of(site), site.contact()?)))
    }
}

impl Site {
    /// Somebody was to be checked in; who meets a failure tells it.
    pub(super) fn met(&self, at: Moment, failed: Option<&Failure>) {
        let mut known = self.known();
        let side = known.side(failed);
        side.told.is(failed);
        side.note(at, failed);
    }

    /// It was asked about the past.
    pub(super) fn answered(
        &self,
        at: Moment,
        inputs: &Inputs,
        (lane, session): (LaneId, SessionId),
        failed: Option<&Failure>,
    ) {
        const WHAT: &str = "the site's system cannot be asked about the past";
        let mut known = self.known();
        let side = known.side(failed);
        inputs.tell_change(WHAT, lane, session, &mut side.told, failed);
        side.note(at, failed);
    }

    /// Somebody looked whether it is back, and its list of today.
    pub(super) fn looked_for(&self, at: Moment, inputs: &Inputs, failed: Option<&Failure>) {
        let Known { system, list } = &mut *self.known();
        let of_list = failed.is_some_and(|failure| is_of_list(failure.code()));
        let named = failed.map(|failure| match &self.name {
            Some(name) => failure.clone().within(format!("checkin {name}")),
            None => failure.clone(),
        });
        let (of_system, of_list) = if of_list { (None, named) } else { (named, None) };
        for (side, what, failed) in
            [(system, "the site's system is not found", of_system), (list, "the roster is not renewed", of_list)]
        {
            // Nobody has asked for a list where there is none.
            if failed.is_some() || side.contact.is_some() {
                inputs.tell_change(what, None, None, &mut side.told, failed.as_ref());
                side.note(at, failed.as_ref());
            }
        }
    }

    /// How it answered last; its list goes first while that is of no use.
    fn contact(&self) -> Option<Contact> {
        let Known { system, list } = &*self.known();
        list.contact.filter(|contact| contact.failed.is_some()).or(system.contact).or(list.contact)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn side(&mut self, failed: Option<&Failure>) -> &mut Side {
        let of_list = failed.is_some_and(|failure| is_of_list(failure.code()));
        if of_list { &mut self.list } else { &mut self.system }
    }
}

impl Side {
    /// What is the person's, or ours, says nothing of the system.
    fn note(&mut self, at: Moment, failed: Option<&Failure>) {
        let failed = failed.map(Failure::code);
        if failed.is_none_or(is_of_system) {
            self.contact = Some(Contact::after(self.contact, at, failed));
        }
    }
}

fn is_of_list(code: Code) -> bool {
    // C103: it cannot be kept.
    matches!(code, Code::C103 | Code::H940 | Code::H941 | Code::H942 | Code::H943)
}

fn is_of_system(code: Code) -> bool {
    let of_system = matches!(
        code,
        Code::H901
            | Code::H902
            | Code::H903
            | Code::H904
            | Code::H905
            | Code::H906
            | Code::H907
            | Code::H912
            | Code::H944
    );
    of_system || is_of_list(code)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::service::heard;

    fn at(seconds: u64) -> Moment {
        Moment(Duration::from_secs(seconds))
    }

    fn inputs() -> Inputs {
        Inputs::new(tokio::sync::mpsc::channel(4).0, vec!["sites".to_owned()])
    }

    #[test]
    fn whatever_keeps_everybody_from_being_checked_in_is_wrong_with_the_system_and_what_is_a_persons_is_not() {
        let wrong = "H901 H902 H903 H904 H905 H906 H907 H912 H940 H941 H942 H943 H944";
        for code in Code::ALL.iter().filter(|code| code.as_str().starts_with('H')) {
            let site = Site::default();
            site.met(at(1), Some(&(*code).into()));
            let counts = site.contact().is_some_and(|contact| contact.failed == Some(*code));
            assert_eq!(counts, wrong.contains(code.as_str()), "{code}");
        }
    }

    #[test]
    fn a_system_that_is_found_is_well_again_and_one_answer_mends_no_list() {
        heard::listen();
        let (inputs, site) = (inputs(), Site { name: Some("ward-b".to_owned()), ..Site::default() });
        let failed = || site.contact().and_then(|contact| contact.failed);
        site.met(at(1), Some(&Code::H901.into()));
        assert_eq!(failed(), Some(Code::H901));
        site.looked_for(at(2), &inputs, None);
        assert_eq!(failed(), None);
        for second in 3..9 {
            site.looked_for(at(second), &inputs, Some(&Code::H941.into()));
            site.met(at(second), None);
            assert_eq!(failed(), Some(Code::H941), "people are checked in by the older list");
        }
        site.looked_for(at(9), &inputs, Some(&Code::H943.into()));
        let told = |code: &str| heard::with("checkin ward-b").iter().filter(|line| line.contains(code)).count();
        assert_eq!((told("code=H941 "), told("code=H943 ")), (1, 1), "once for each change");
        site.looked_for(at(10), &inputs, None);
        assert_eq!(failed(), None);
    }

    #[test]
    fn one_system_that_answers_hides_none_that_is_away() {
        let sites = Sites { all: vec![Arc::default(), Arc::default()], roster: Arc::default() };
        sites.all[0].met(at(1), Some(&Code::H901.into()));
        sites.all[1].met(at(2), None);
        let failed: Vec<_> = sites.contacts().map(|(_, contact)| contact.failed).collect();
        assert_eq!(failed, [Some(Code::H901), None]);
    }
}
