//! What nobody stands waiting for: warm connections, certificates, what face terminals need before anybody comes. A queue
//! and threads of its own, so that none of it delays a person.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use super::{Inputs, failures::OfMerchants, lookups::Current, sites::Site, worker::Worker};
use crate::{
    checkin::CheckIn,
    fault::Code,
    identity::Merchants,
    kiosk::Input,
    words::{AuthInfoWanted, Clock, Deadline, LaneId, MerchantPick, Moment, PeerId},
};

/// One errand.
pub(super) struct Errand {
    pub(super) what: What,
    pub(super) deadline: Deadline,
}

/// What is to be done.
pub(super) enum What {
    /// Make the connection ready.
    Warm,
    /// Refresh certificates if they are due.
    Maintain,
    /// Look whether the site's system is back.
    LookFor(Arc<dyn CheckIn>, Arc<Site>),
    /// Ask for a terminal's authinfo.
    AuthInfo { lane: LaneId, peer: PeerId, seq: u64, wanted: AuthInfoWanted },
}

/// One may be at a server that does not answer while another goes on.
const THREADS: usize = 2;

pub(super) fn spawn(
    current: &Current,
    lanes: usize,
    patience: Duration,
    clock: &Arc<dyn Clock>,
    inputs: &Inputs,
) -> io::Result<Worker<Errand>> {
    // For each lane a terminal that asks and a person who comes.
    let room = lanes.saturating_add(1).saturating_mul(2);
    let told = Arc::new(Mutex::new(OfMerchants::default()));
    Worker::spawn("errand", THREADS, room, patience, clock, || {
        let (current, clock) = (Arc::clone(current), Arc::clone(clock));
        let (inputs, told) = (inputs.clone(), Arc::clone(&told));
        move |errand: Errand| {
            let merchants = Arc::clone(&current.read().unwrap_or_else(PoisonError::into_inner));
            run(&merchants, errand, &told, &inputs, || clock.now().moment);
            super::lookups::tell_clock(&merchants, &inputs);
        }
    })
}

fn run(
    merchants: &Merchants,
    Errand { what, deadline }: Errand,
    told: &Mutex<OfMerchants>,
    inputs: &Inputs,
    now: impl FnOnce() -> Moment,
) {
    let (whose, certificates) = match what {
        // That there are certificates to go on with mends no download.
        What::Warm => match merchants.warm(deadline) {
            Ok(()) => return,
            failed => (merchants.views().next().and_then(|(name, _)| name), failed),
        },
        What::Maintain => match merchants.maintain(deadline) {
            Some(of_one) => of_one,
            None => return,
        },
        What::LookFor(system, site) => {
            let looked = system.look_for(deadline);
            return site.looked_for(now(), inputs, looked.as_ref().err());
        }
        What::AuthInfo { lane, peer, seq, wanted } => {
            let (terminal, merchant) = (Some(wanted.device_id.clone()), wanted.merchant.clone());
            let picked = merchants.pick(&MerchantPick { lane, terminal, merchant });
            let result = picked.and_then(|ways| ways.authinfo(lane, &wanted, deadline));
            let result =
                result.map_err(|failure| inputs.tell("no authinfo for the terminal", lane, None, &failure).code);
            let _ = inputs.blocking_send(Input::AuthInfoGranted { lane, peer, seq, result });
            return;
        }
    };
    let what = "WeChat's certificates cannot be downloaded";
    let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
    told.tell_change(what, inputs, whose, certificates.err());
}

/// For the terminal: there is too much to do.
pub(super) fn refused(what: What) -> Option<Input> {
    match what {
        What::AuthInfo { lane, peer, seq, .. } => {
            Some(Input::AuthInfoGranted { lane, peer, seq, result: Err(Code::X003) })
        }
        // Only conveniences: they come again.
        What::Warm | What::Maintain | What::LookFor(..) => None,
    }
}
