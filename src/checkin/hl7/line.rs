//! One connection to the hospital's interface engine, one message on it at a time, made anew when it broke.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use zeroize::Zeroizing;

use super::{
    frame::{Incoming, framed},
    message::{Message, Path},
};
use crate::{
    checkin::{Undecided, unanswered},
    fault::{Code, Failure},
    http::{Bare, BareConnection, HttpError},
    words::{Clock, Deadline, Moment},
};

/// The line.
pub(super) struct Line {
    bare: Bare,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Default)]
struct State {
    /// Somebody's message is on it.
    busy: bool,
    kept: Option<BareConnection>,
    /// When the last answer came over it.
    heard: Moment,
    /// The engine was seen to keep a connection behind its answer.
    stays: bool,
}

/// An engine that closes each connection behind its answer has done so by then. Until it was seen that ours does not, none
/// is used again sooner: what may be told once only would be lost on it.
const SETTLED: Duration = Duration::from_millis(250);

/// Answers to other messages that are passed over before one to ours: those that came too late for somebody.
const MOST_OTHERS: usize = 16;

impl Line {
    pub(super) fn new(bare: Bare, clock: Arc<dyn Clock>) -> Self {
        Self { bare, clock, state: Mutex::default(), freed: Condvar::new() }
    }

    /// Sends a message and waits for the answer that names it.
    pub(super) fn exchange(&self, message: &[u8], control: &str, deadline: Deadline) -> Result<Message, Undecided> {
        let framed = framed(message).ok_or_else(|| Undecided::surely(Code::H912))?;
        let kept = self.take(deadline)?;
        let (kept, answer) = match self.try_on(kept, &framed, control, deadline) {
            Ok((connection, answer)) => (Some(connection), Ok(answer)),
            Err(undecided) => (None, Err(undecided)),
        };
        self.state().heard = self.clock.now().moment;
        self.give_back(kept);
        answer
    }

    /// Connects, and says nothing.
    pub(super) fn knock(&self, deadline: Deadline) -> Result<(), Failure> {
        let kept = self.take(deadline).map_err(|undecided| undecided.failure)?;
        let connected = match kept {
            Some(kept) => Ok(kept),
            None => self.bare.connect(deadline).map_err(|error| surely(error).failure),
        };
        let (kept, result) = match connected {
            Ok(connection) => (Some(connection), Ok(())),
            Err(failure) => (None, Err(failure)),
        };
        self.give_back(kept);
        result
    }

    /// The line, when whoever has it is done; with it a connection, where one still stands.
    fn take(&self, deadline: Deadline) -> Result<Option<BareConnection>, Undecided> {
        let mut state = self.state();
        while state.busy {
            let left = deadline.left(self.clock.now().moment);
            if left.is_zero() {
                return Err(surely(HttpError::NoTime));
            }
            state = self.freed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.busy = true;
        let is_settled = self.clock.now().moment.since(state.heard) >= SETTLED;
        let Some(mut kept) = state.kept.take().filter(|_| is_settled || state.stays) else { return Ok(None) };
        state.stays = self.bare.still_stands(&mut kept, deadline);
        Ok(state.stays.then_some(kept))
    }

    /// The line is the next one's, with this connection.
    fn give_back(&self, kept: Option<BareConnection>) {
        let mut state = self.state();
        (state.busy, state.kept) = (false, kept);
        drop(state);
        self.freed.notify_one();
    }

    fn try_on(
        &self,
        kept: Option<BareConnection>,
        framed: &[u8],
        control: &str,
        deadline: Deadline,
    ) -> Result<(BareConnection, Message), Undecided> {
        if let Some(mut kept) = kept {
            match self.bare.write(&mut kept, framed, deadline) {
                Ok(()) => return self.hear(kept, control, deadline),
                // Without its end nobody took it for a message.
                Err((_, false)) => {}
                Err((error, true)) => return Err(perhaps(error)),
            }
        }
        let mut fresh = self.bare.connect(deadline).map_err(surely)?;
        self.bare.write(&mut fresh, framed, deadline).map_err(|(error, whole)| match whole {
            true => perhaps(error),
            false => surely(error),
        })?;
        self.hear(fresh, control, deadline)
    }

    fn hear(
        &self,
        mut connection: BareConnection,
        control: &str,
        deadline: Deadline,
    ) -> Result<(BareConnection, Message), Undecided> {
        let mut incoming = Incoming::default();
        let mut others: usize = 0;
        loop {
            let next = incoming.next(|bytes| self.recorded(bytes)).map_err(|_| perhaps(HttpError::TooLarge))?;
            match next {
                Some(bytes) => match answer(&bytes, control) {
                    Some(message) => return Ok((connection, message)),
                    None if others >= MOST_OTHERS => return Err(perhaps(HttpError::Malformed)),
                    None => others = others.saturating_add(1),
                },
                None => {
                    let read = self.bare.read(&mut connection, incoming.bytes(), deadline);
                    read.inspect_err(|_| self.recorded(incoming.bytes())).map_err(perhaps)?;
                }
            }
        }
    }

    /// A recording hears of messages, and of what never became one.
    #[cfg_attr(not(feature = "pilot"), expect(unused_variables, reason = "nobody records"))]
    fn recorded(&self, bytes: &[u8]) {
        #[cfg(feature = "pilot")]
        self.bare.heard(bytes);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The message, where it answers ours; that it was received only (CA) is no answer yet.
fn answer(bytes: &Zeroizing<Vec<u8>>, control: &str) -> Option<Message> {
    let message = Message::read(bytes)?;
    let names_ours = message.value(&Path::at("MSA", 2, 1)).is_some_and(|named| named.trim() == control);
    // Which of several is meant nobody can say.
    let is_one = message.segments().filter(|segment| segment.starts_with("MSA")).count() == 1;
    let is_receipt = message.value(&Path::at("MSA", 1, 1)).is_some_and(|code| code.trim() == "CA");
    (names_ours && is_one && !is_receipt).then_some(message)
}

fn surely(error: HttpError) -> Undecided {
    let code = if matches!(error, HttpError::NoTime) { Code::H904 } else { Code::H901 };
    Undecided::surely(unanswered(code, error))
}

fn perhaps(error: HttpError) -> Undecided {
    Undecided::perhaps(unanswered(Code::H905, error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{http::Route, words::Now};

    /// A clock that stands still.
    struct Still;

    impl Clock for Still {
        fn now(&self) -> Now {
            Now::default()
        }
    }

    #[test]
    fn a_message_that_would_end_its_own_frame_is_never_sent() {
        let nobody = std::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let url = format!("http://{}", nobody.local_addr().expect("bound"));
        let route = Route { plain: vec!["127.0.0.1/32".parse().expect("a network")], ..Route::default() };
        let line = Line::new(Bare::open(&route, &url, Arc::new(Still)).expect("a way"), Arc::new(Still));
        let deadline = Deadline::from_now(&Still, Duration::from_secs(5));
        for within in [b"MSH|\x0B".as_slice(), b"MSH|\x1C\x0D"] {
            let Err(refused) = line.exchange(within, "1", deadline) else { panic!("sent") };
            assert_eq!((refused.failure.code(), refused.perhaps), (Code::H912, false));
        }
        nobody.set_nonblocking(true).expect("set");
        assert!(nobody.accept().is_err(), "nothing is connected to");
    }
}
