//! The lookup workers: sign, ask, verify, open — all of one call on one thread.

use std::{
    io,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use super::{Inputs, facts::Facts, worker::Worker};
use crate::{
    fault::Code,
    identity::Merchants,
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
    Worker::spawn("lookup", workers, capacity, limit, clock, || {
        let (clock, current) = (Arc::clone(clock), Arc::clone(current));
        let (inputs, facts) = (inputs.clone(), Arc::clone(facts));
        move |Lookup { session, pick, way, info_type, deadline }| {
            let merchants = Arc::clone(&current.read().unwrap_or_else(PoisonError::into_inner));
            let found = merchants.pick(&pick).and_then(|ways| ways.who(&way, info_type, deadline));
            let told = match &way {
                WayIn::Face(_) => "the face was not looked up",
                _ => "the person was not looked up",
            };
            let result = found.map_err(|failure| inputs.tell(told, pick.lane, session, &failure));
            if matches!(way, WayIn::RealnameAuth(_) | WayIn::RealnameCheck(_)) {
                facts.weixin_said(clock.now().moment, result.as_ref().err().map(|trouble| trouble.code));
            }
            let _ = inputs.blocking_send(Input::Found { session, result });
            tell_clock(&merchants);
        }
    })
}

/// Says that our clock is wrong, or right again, once.
pub(super) fn tell_clock(merchants: &Merchants) {
    match merchants.clock_news() {
        None => {}
        Some(0) => tracing::info!(code = %Code::C106, "the board's clock agrees with WeChat's again"),
        Some(seconds) => tracing::warn!(
            code = %Code::C106,
            seconds,
            "WeChat's clock is so much ahead of the board's; the difference is allowed for"
        ),
    }
}
