//! The lookup workers: sign, ask, verify, open — all of one call on one thread.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
    time::Duration,
};

use super::{Inputs, facts::Facts, failures::OfMerchants, worker::Worker};
use crate::{
    fault::{Code, Failure},
    identity::{Merchants, WechatView},
    kiosk::Input,
    words::{Clock, Deadline, InfoType, MerchantPick, SessionId, WayIn},
};

/// Who is this?
pub(super) struct Lookup {
    pub(super) session: SessionId,
    pub(super) pick: MerchantPick,
    pub(super) way: WayIn,
    pub(super) info_type: InfoType,
    pub(super) deadline: Deadline,
}

/// The lookup in use; SIGHUP puts another in its place while calls under way end with theirs.
pub(super) type Current = Arc<RwLock<Arc<Merchants>>>;

/// A call ends by its deadline, however slow the other side is: one that goes on for so much longer hangs by a fault of
/// ours. What is left beside it is a file that is read or written, on a card that may take its time.
const GRACE: Duration = Duration::from_secs(30);

pub(super) fn spawn(
    current: &Current,
    facts: &Arc<Facts>,
    workers: usize,
    lanes: usize,
    patience: Duration,
    clock: &Arc<dyn Clock>,
    inputs: &Inputs,
) -> io::Result<Worker<Lookup>> {
    let limit = patience.saturating_add(GRACE);
    // Each lane may have one person who waits, and one who has gone meanwhile: nobody present is refused.
    let capacity = workers.max(lanes).saturating_mul(2);
    let refused = Arc::new(Mutex::new(OfMerchants::default()));
    let unwritten = Arc::new(Mutex::new(OfMerchants::default()));
    Worker::spawn("lookup", workers, capacity, limit, clock, || {
        let (clock, current) = (Arc::clone(clock), Arc::clone(current));
        let (inputs, facts, refused) = (inputs.clone(), Arc::clone(facts), Arc::clone(&refused));
        let unwritten = Arc::clone(&unwritten);
        move |Lookup { session, pick, way, info_type, deadline }| {
            let merchants = Arc::clone(&current.read().unwrap_or_else(PoisonError::into_inner));
            let ways = merchants.pick(&pick);
            let whose = ways.as_ref().ok().and_then(|ways| merchants.name_of(ways));
            let found = ways.and_then(|ways| ways.who(&way, info_type, deadline));
            let told = match &way {
                WayIn::Face(_) => "the face was not looked up",
                _ => "the person was not looked up",
            };
            if let Some(failure) = found.as_ref().err().filter(|failure| failure.code() == Code::N321) {
                locked(&refused).of(whose).is(Some(failure));
            }
            let result = found.map_err(|failure| inputs.tell(told, pick.lane, session, &failure));
            if matches!(way, WayIn::RealnameAuth(_) | WayIn::RealnameCheck(_)) {
                facts.weixin_said(clock.now().moment, result.as_ref().err().map(|trouble| trouble.code));
            }
            let _ = inputs.blocking_send(Input::Found { session, result });
            tell_clock(&merchants, &inputs);
            tell_refused(&merchants, &refused, &inputs);
            const UNWRITTEN: &str = "what WeChat said of a permission is not written down";
            locked(&unwritten).tell_changes(UNWRITTEN, &inputs, merchants.unwritten());
        }
    })
}

/// Says once of each merchant that real names are not to be had and something else is asked for: nobody's lookup fails
/// by it.
fn tell_refused(merchants: &Merchants, standing: &Mutex<OfMerchants>, inputs: &Inputs) {
    let refused = |view: &WechatView| view.permission.is_some_and(|permission| !permission.granted);
    let refused = merchants.views().filter(|(_, view)| refused(view)).map(|(name, _)| (name, Code::N321.into()));
    locked(standing).tell_changes("another answer is asked for", inputs, refused);
}

fn locked(standing: &Mutex<OfMerchants>) -> MutexGuard<'_, OfMerchants> {
    standing.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Says that our clock is wrong, or right again, once.
pub(super) fn tell_clock(merchants: &Merchants, inputs: &Inputs) {
    match merchants.clock_news() {
        None => {}
        Some(0) => inputs.tell_mended("the board's clock agrees with WeChat's again", None, Code::C106),
        Some(seconds) => {
            let told = format!("WeChat's clock is {seconds} seconds ahead of the board's");
            inputs.tell("the difference is allowed for", None, None, &Failure::new(Code::C106).told(told));
        }
    }
}
