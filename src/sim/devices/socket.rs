//! Where a panel's cable is put in. It comes out, is held up, and leads nowhere once its host is dead.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

/// The panel's side.
#[derive(Clone, Default)]
pub(crate) struct Socket(Arc<Mutex<State>>);

/// One host's cable.
pub(super) struct Cable {
    socket: Socket,
    number: u64,
}

#[derive(Default)]
struct State {
    /// Which host's cable is in; those of hosts before it lead nowhere.
    cable: u64,
    /// Its plug is out: no transfer gets through.
    gone: bool,
    /// How many transfers arrive before that; none: it stays in.
    left: Option<usize>,
    /// It holds up the wire: no transfer ends.
    hangs: bool,
    /// How much arrived.
    carried: u64,
    changes: u64,
}

/// How often a wire that is held up is looked at.
const HELD_UP: Duration = Duration::from_millis(20);

impl Socket {
    /// A cable for the host that there is now.
    pub(super) fn cable(&self) -> Cable {
        Cable { socket: self.clone(), number: self.state().cable }
    }

    /// Takes every host's cable out.
    pub(crate) fn unplug(&self) {
        self.state().cable += 1;
    }

    /// Pulls its plug, or puts it in; true where it was out and is in now.
    pub(super) fn set_gone(&self, gone: bool) -> bool {
        let mut state = self.state();
        state.left = None;
        std::mem::replace(&mut state.gone, gone) && !gone
    }

    /// Its plug comes out after so many transfers more.
    pub(super) fn set_gone_after(&self, transfers: usize) {
        self.state().left = Some(transfers);
    }

    /// Lets a transfer wait for ever, or end.
    pub(crate) fn set_hanging(&self, hangs: bool) {
        self.state().hangs = hangs;
    }

    /// What is seen may be something else.
    pub(super) fn touch(&self) {
        self.state().changes += 1;
    }

    /// Another number whenever something arrived or happened.
    pub(super) fn changes(&self) -> u64 {
        self.state().changes
    }

    /// How much arrived, ever.
    pub(crate) fn carried(&self) -> u64 {
        self.state().carried
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cable {
    /// Brings so many bytes to the panel when nothing holds them up; false where they do not get there.
    pub(super) fn carries(&self, bytes: usize) -> bool {
        loop {
            let mut state = self.socket.state();
            if state.cable != self.number {
                return false;
            }
            if !state.hangs {
                state.gone |= state.left == Some(0);
                if state.gone {
                    return false;
                }
                state.left = state.left.map(|left| left - 1);
                state.carried += bytes as u64;
                state.changes += 1;
                return true;
            }
            drop(state);
            thread::sleep(HELD_UP);
        }
    }
}
