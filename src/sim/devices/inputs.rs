//! The twin of buttons, switches and sensors: somebody presses them.

use std::sync::{
    Arc, Mutex, PoisonError,
    mpsc::{Receiver, Sender, channel},
};

use crate::board::{Input, InputKind};

/// Where edges go, and which inputs are active.
type Lines = (Sender<(usize, bool)>, Vec<bool>);

/// Presses and releases what is wired.
#[derive(Clone)]
pub struct InputsTwin {
    inputs: Vec<Input>,
    lines: Arc<Mutex<Lines>>,
}

impl InputsTwin {
    /// These inputs, all at rest, and the kiosk's end of their lines.
    pub(super) fn new(inputs: Vec<Input>) -> (Self, Receiver<(usize, bool)>) {
        let active = vec![false; inputs.len()];
        let twin = Self { inputs, lines: Arc::new(Mutex::new((channel().0, active))) };
        let lines = twin.plug();
        (twin, lines)
    }

    /// Another kiosk's end of the lines, which stand as they are.
    pub(super) fn plug(&self) -> Receiver<(usize, bool)> {
        let (edges, lines) = channel();
        let mut held = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        for (line, (input, active)) in self.inputs.iter().zip(&held.1).enumerate() {
            let _ = edges.send((line, *active != input.active_low));
        }
        held.0 = edges;
        lines
    }

    /// Nobody listens any more.
    pub(super) fn unplug(&self) {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).0 = channel().0;
    }

    /// Makes an input active, or lets go of it.
    pub fn set(&self, kind: InputKind, active: bool) {
        let Some(line) = self.inputs.iter().position(|input| input.is == kind) else { return };
        let mut held = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        held.1[line] = active;
        // Nobody listens any more when the kiosk has gone.
        let _ = held.0.send((line, active != self.inputs[line].active_low));
    }

    /// What is wired, and whether it is active.
    pub(crate) fn levels(&self) -> Vec<(InputKind, bool)> {
        let held = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        self.inputs.iter().map(|input| input.is).zip(held.1.iter().copied()).collect()
    }
}
