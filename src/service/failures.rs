//! The way of everything that happens into the loop, and the one place where a failure is told whole: which lane by its
//! name, whose session, code, causes, the other side's reference. The core gets what it may know.

use std::{collections::BTreeMap, ops::Deref, sync::Arc};

use tokio::sync::mpsc::Sender;

use crate::{
    device::note_missing,
    fault::{Code, Failure, Tongue, Trouble},
    kiosk::Input,
    terminal::Witness,
    words::{LaneId, Moment, SessionId},
};

/// What every thread has.
#[derive(Clone)]
pub(super) struct Inputs {
    way: Sender<Input>,
    lanes: Arc<[String]>,
    /// The last faults, for whoever looks.
    #[cfg(feature = "page")]
    faults: Option<Arc<super::faults::Faults>>,
}

/// A failure that stands until it is mended, told once for each change: the code that was told, and what is beneath it.
#[derive(Debug, Default)]
pub(super) struct Standing(Option<(Code, String)>);

/// The same of each merchant, by its name; a site's only one may have none.
#[derive(Debug, Default)]
pub(super) struct OfMerchants(BTreeMap<String, Standing>);

/// One lane's terminals tell what goes wrong there.
struct OfLane {
    inputs: Inputs,
    lane: Option<LaneId>,
}

impl Deref for Inputs {
    type Target = Sender<Input>;

    fn deref(&self) -> &Sender<Input> {
        &self.way
    }
}

impl Inputs {
    /// Into the loop of these lanes.
    pub(super) fn new(way: Sender<Input>, lanes: Vec<String>) -> Self {
        Self {
            way,
            lanes: lanes.into(),
            #[cfg(feature = "page")]
            faults: None,
        }
    }

    /// The same, and what is told is kept here.
    #[cfg(feature = "page")]
    pub(super) fn keeping(self, faults: Arc<super::faults::Faults>) -> Self {
        Self { faults: Some(faults), ..self }
    }

    /// A lane as the site file calls it.
    pub(super) fn lane(&self, lane: LaneId) -> &str {
        self.lanes.get(usize::from(lane.0)).map_or("?", String::as_str)
    }

    /// Tells a failure whole; what the core may know of it comes back.
    pub(super) fn tell(
        &self,
        what: &'static str,
        lane: impl Into<Option<LaneId>>,
        session: impl Into<Option<SessionId>>,
        failure: &Failure,
    ) -> Trouble {
        let lane = lane.into().map(|lane| self.lane(lane));
        let session = session.into().map(|session| session.to_string());
        let (code, reference, cure) = (failure.code(), failure.reference(), failure.cure_in(Tongue::En));
        let error = failure.chain();
        #[cfg(feature = "page")]
        if let Some(faults) = &self.faults {
            faults.keep(lane, what, failure);
        }
        // What ends service or loses records is looked for by priority.
        if matches!(code, Code::X001 | Code::J501 | Code::J502 | Code::J503 | Code::J504 | Code::C105) {
            tracing::error!(lane, session, %code, request_id = reference, error, cure, "{what}");
        } else {
            tracing::warn!(lane, session, %code, request_id = reference, error, cure, "{what}");
        }
        failure.trouble()
    }

    /// What was opened; why it was not is told, and everything else goes on.
    #[cfg(feature = "page")]
    pub(super) fn without<T>(&self, what: &'static str, opened: Result<T, impl Into<Failure>>) -> Option<T> {
        opened.map_err(|error| self.tell(what, None, None, &error.into())).ok()
    }

    /// The same of something that goes on failing until it is mended: once for each change. True where it is one. What
    /// fails for the same reason under another code is none.
    pub(super) fn tell_change(
        &self,
        what: &'static str,
        lane: impl Into<Option<LaneId>>,
        session: impl Into<Option<SessionId>>,
        standing: &mut Standing,
        failed: Option<&Failure>,
    ) -> bool {
        match failed {
            Some(failure) => {
                let is_change = standing.begins(failure);
                if is_change {
                    self.tell(what, lane, session, failure);
                }
                is_change
            }
            None => {
                let Some((before, _)) = standing.0.take() else { return false };
                self.tell_mended(&format!("{what}: no longer"), lane, before);
                true
            }
        }
    }

    /// What was told is so no longer.
    pub(super) fn tell_mended(&self, what: &str, lane: impl Into<Option<LaneId>>, code: Code) {
        let lane = lane.into().map(|lane| self.lane(lane));
        tracing::info!(lane, was = %code, "{what}");
    }

    /// Characters that nothing can draw, now and then one of them; never where, which is whose: a font serves every lane.
    pub(super) fn tell_missing(&self, now: Moment, characters: &[char]) {
        if let Some(missing) = note_missing(now, characters) {
            self.tell("a star stands in its place", None, None, &missing);
        }
    }

    /// For whoever tells of one lane alone, or of none.
    pub(super) fn witness(&self, lane: impl Into<Option<LaneId>>) -> Arc<dyn Witness> {
        Arc::new(OfLane { inputs: self.clone(), lane: lane.into() })
    }
}

impl Standing {
    /// Takes note of how it is, of somebody who tells it otherwise.
    pub(super) fn is(&mut self, failed: Option<&Failure>) {
        match failed {
            Some(failure) => _ = self.begins(failure),
            None => self.0 = None,
        }
    }

    /// Takes note of a failure; true where it is not the one that stands.
    fn begins(&mut self, failure: &Failure) -> bool {
        let (code, root) = (failure.code(), failure.root());
        match &mut self.0 {
            // What was told is what will be mended.
            Some((known, beneath)) if *known == code || *beneath == root => {
                *beneath = root;
                false
            }
            _ => {
                self.0 = Some((code, root));
                true
            }
        }
    }
}

impl OfMerchants {
    /// One merchant's.
    pub(super) fn of(&mut self, merchant: Option<&str>) -> &mut Standing {
        self.0.entry(merchant.unwrap_or_default().to_owned()).or_default()
    }

    /// How it is with one merchant now.
    pub(super) fn tell_change(
        &mut self,
        what: &'static str,
        inputs: &Inputs,
        merchant: Option<&str>,
        failed: Option<Failure>,
    ) {
        let failed = match merchant {
            Some(name) => failed.map(|failure| failure.within(format!("merchant {name}"))),
            None => failed,
        };
        inputs.tell_change(what, None, None, self.of(merchant), failed.as_ref());
    }

    /// Which merchants fail now; with all others it is well.
    pub(super) fn tell_changes<'m>(
        &mut self,
        what: &'static str,
        inputs: &Inputs,
        failing: impl IntoIterator<Item = (Option<&'m str>, Failure)>,
    ) {
        let mut before = std::mem::take(&mut self.0);
        for (merchant, failure) in failing {
            self.0.extend(before.remove_entry(merchant.unwrap_or_default()));
            self.tell_change(what, inputs, merchant, Some(failure));
        }
        for standing in before.values_mut() {
            inputs.tell_change(what, None, None, standing, None);
        }
    }
}

impl Witness for OfLane {
    fn failed(&self, what: &'static str, failure: &Failure) {
        self.inputs.tell(what, self.lane, None, failure);
    }

    fn mended(&self, what: &'static str, code: Code) {
        self.inputs.tell_mended(what, self.lane, code);
    }

    #[cfg(feature = "pilot")]
    fn heard(&self, _: crate::words::PeerId, line: &[u8], refused: Option<Code>) {
        crate::capture::terminal_said(self.lane, line, refused);
    }

    #[cfg(feature = "pilot")]
    fn said(&self, _: Option<crate::words::PeerId>, line: &[u8]) {
        crate::capture::terminal_told(self.lane, line);
    }

    #[cfg(feature = "pilot")]
    fn connected(&self, is: bool) {
        crate::capture::terminal_connected(self.lane, is);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::heard;

    #[test]
    fn what_fails_under_another_code_for_another_reason_is_told_and_what_was_told_is_what_is_mended() {
        heard::listen();
        let (way, _happened) = tokio::sync::mpsc::channel(1);
        let inputs = Inputs::new(way, vec!["standing".to_owned()]);
        let mut standing = Standing::default();
        let mut told = |code: Code, why: &str| {
            let failure = Failure::new(code).because(std::io::Error::other(why.to_owned()));
            inputs.tell_change("standing", LaneId(0), None, &mut standing, Some(&failure))
        };
        assert!(told(Code::P701, "gone"));
        assert!(!told(Code::G801, "gone"), "the same reason");
        assert!(told(Code::G801, "stuck"), "its code was never told");
        assert!(!told(Code::G801, "stuck"));
        assert!(!told(Code::P703, "stuck"), "the same reason");
        assert_eq!(heard::with("lane=\"standing\" ").len(), 2);
        assert_eq!(standing.0.map(|(told, _)| told), Some(Code::G801));
    }

    #[test]
    fn each_merchant_has_a_failure_of_its_own() {
        heard::listen();
        let (way, _happened) = tokio::sync::mpsc::channel(1);
        let inputs = Inputs::new(way, Vec::new());
        let mut all = OfMerchants::default();
        let mut now = |failing: &[&str]| {
            let failing = failing.iter().map(|name| (Some(*name), Failure::new(Code::N321)));
            all.tell_changes("another answer", &inputs, failing);
            heard::with("merchant m-own-").len()
        };
        assert_eq!(now(&[]), 0);
        assert_eq!(now(&["m-own-1"]), 1);
        assert_eq!(now(&["m-own-1", "m-own-2"]), 2);
        assert_eq!(now(&["m-own-2"]), 2);
        assert_eq!(now(&["m-own-1", "m-own-2"]), 3, "told again when it comes again");
    }
}
