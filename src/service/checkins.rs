//! The check-in thread: one conversation with the site's system at a time.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use super::{Inputs, worker::Worker};
use crate::{
    checkin::{CheckIn, Request},
    kiosk::Input,
    words::{Clock, Deadline, SessionId},
};

/// What the site's system is asked.
pub(super) enum Question {
    /// Check this person in.
    CheckIn { request: Box<Request>, deadline: Deadline },
    /// What became of this session?
    Resolve { session: SessionId },
    /// Nobody went through: take it back.
    Annul { session: SessionId },
}

/// The adapter in use; SIGHUP puts another in its place.
pub(super) type Current = Arc<Mutex<Box<dyn CheckIn>>>;

/// How long a question about the past may take; nobody waits in front of the kiosk for it.
const RESOLVE_PATIENCE: Duration = Duration::from_secs(5);

pub(super) fn spawn(
    current: &Current,
    patience: Duration,
    clock: &Arc<dyn Clock>,
    inputs: Inputs,
) -> io::Result<Worker<Question>> {
    let current = Arc::clone(current);
    let reader = Arc::clone(clock);
    Worker::spawn_reading("checkin", 16, 2 * patience.max(RESOLVE_PATIENCE), clock, move |questions, pulse| {
        while let Ok(question) = questions.recv() {
            let input = pulse.working(|| {
                let adapter = current.lock().unwrap_or_else(PoisonError::into_inner);
                let of_the_past = Deadline::from_now(&*reader, RESOLVE_PATIENCE);
                match question {
                    Question::CheckIn { request, deadline } => {
                        Input::Answered { session: request.session, answer: adapter.check_in(&request, deadline) }
                    }
                    Question::Annul { session } => {
                        Input::Annulled { session, result: adapter.annul(session, of_the_past) }
                    }
                    Question::Resolve { session } => {
                        Input::Resolved { session, resolution: adapter.resolve(session, of_the_past) }
                    }
                }
            });
            let _ = inputs.blocking_send(input);
        }
    })
}
