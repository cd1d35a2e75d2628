//! The lookup workers: sign, ask, verify, open — all of one call on one thread.

use std::{
    io,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use super::{Inputs, RELEASED, worker::Worker};
use crate::{
    fault::Code,
    identity::{Merchants, NoIdentity},
    kiosk::Input,
    words::{AuthInfoWanted, Clock, Deadline, LaneId, MerchantPick, PeerId, SessionId, WallTime, WayIn},
};

/// What a lookup worker does next.
pub(super) enum Errand {
    /// Make the connection ready.
    Warm,
    /// Refresh certificates if they are due.
    Maintain,
    /// Ask who this is.
    LookUp { session: SessionId, pick: MerchantPick, way: WayIn, deadline: Deadline },
    /// Ask for a terminal's authinfo.
    AuthInfo { lane: LaneId, peer: PeerId, seq: u64, wanted: AuthInfoWanted },
}

/// The lookup in use; SIGHUP puts another in its place while calls under way end with theirs.
pub(super) type Current = Arc<RwLock<Arc<Merchants>>>;

/// A call ends by its deadline; one that goes on for so much longer hangs.
const GRACE: Duration = Duration::from_secs(3);

pub(super) fn spawn(
    current: &Current,
    workers: usize,
    patience: Duration,
    clock: &Arc<dyn Clock>,
    inputs: &Inputs,
) -> io::Result<Worker<Errand>> {
    Worker::spawn("lookup", workers, 2 * workers, patience + GRACE, clock, || {
        let clock = Arc::clone(clock);
        let current = Arc::clone(current);
        let inputs = inputs.clone();
        move |errand| {
            let merchants = Arc::clone(&current.read().unwrap_or_else(PoisonError::into_inner));
            let from_now = Deadline::from_now(&*clock, patience);
            match errand {
                Errand::Warm => merchants.warm(from_now),
                Errand::Maintain => merchants.maintain(from_now),
                Errand::AuthInfo { lane, peer, seq, wanted } => {
                    let (terminal, merchant) = (Some(wanted.device_id.clone()), wanted.merchant.clone());
                    let picked = merchants.pick(&MerchantPick { lane, terminal, merchant });
                    let result = picked.and_then(|ways| ways.authinfo(lane, &wanted, from_now));
                    let result = result.map_err(|NoIdentity { code, told, .. }| {
                        tracing::warn!(lane = lane.0, %code, error = told, "no authinfo for the terminal");
                        code
                    });
                    let _ = inputs.blocking_send(Input::AuthInfoGranted { lane, peer, seq, result });
                }
                Errand::LookUp { session, pick, way, deadline } => {
                    let result = merchants.pick(&pick).and_then(|ways| ways.who(&way, deadline)).map_err(|error| {
                        let NoIdentity { code, request_id, told } = error;
                        let code = cause(code, clock.now().wall);
                        let request_id = request_id.as_deref().unwrap_or("-");
                        let way = way.as_str();
                        tracing::warn!(%session, way, %code, request_id, error = told, "lookup failed");
                        code
                    });
                    let _ = inputs.blocking_send(Input::Found { session, result });
                }
            }
        }
    })
}

/// A clock that stands before this program was written breaks certificates and signatures: that is what to mend.
fn cause(code: Code, now: WallTime) -> Code {
    match code {
        Code::N303 | Code::N312 | Code::N322 | Code::C106 if now < RELEASED => Code::C105,
        other => other,
    }
}
