//! The lookup workers: sign, ask, verify, open — all of one call on one thread.

use std::{
    io,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use super::{Inputs, worker::Worker};
use crate::{
    fault::Fault as _,
    identity::FaceLookup,
    kiosk::Input,
    words::{Clock, FaceSid, Moment, SessionId},
};

/// What a lookup worker does next.
pub(super) enum Errand {
    /// Make the connection ready.
    Warm,
    /// Refresh certificates if they are due.
    Maintain,
    /// Ask who this is.
    LookUp { session: SessionId, face_sid: FaceSid, deadline: Moment },
}

/// The lookup in use; SIGHUP puts another in its place while calls under way end with theirs.
pub(super) type Current = Arc<RwLock<Arc<FaceLookup>>>;

pub(super) fn spawn(
    current: &Current,
    workers: usize,
    patience: Duration,
    clock: &Arc<dyn Clock>,
    inputs: &Inputs,
) -> io::Result<Worker<Errand>> {
    // A call ends by its deadline; twice that is a hang.
    Worker::spawn("lookup", workers, 2 * workers, 2 * patience, clock, || {
        let current = Arc::clone(current);
        let inputs = inputs.clone();
        move |errand| {
            let lookup = Arc::clone(&current.read().unwrap_or_else(PoisonError::into_inner));
            match errand {
                Errand::Warm => lookup.warm(),
                Errand::Maintain => lookup.maintain(),
                Errand::LookUp { session, face_sid, deadline } => {
                    let result = lookup.look_up(&face_sid, deadline).map_err(|error| {
                        let code = error.code();
                        let request_id = error.request_id().unwrap_or("-");
                        tracing::warn!(%session, %code, request_id, %error, "lookup failed");
                        code
                    });
                    let _ = inputs.blocking_send(Input::Found { session, result });
                }
            }
        }
    })
}
