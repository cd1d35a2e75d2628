//! The twin of buttons, switches and sensors: somebody presses them.

use std::sync::mpsc::{Receiver, Sender, channel};

use crate::board::{Input, InputKind};

/// Presses and releases what is wired.
#[derive(Clone)]
pub struct InputsTwin {
    inputs: Vec<Input>,
    edges: Sender<(usize, bool)>,
}

impl InputsTwin {
    /// These inputs, all at rest, and the kiosk's end of their lines.
    pub(super) fn new(inputs: Vec<Input>) -> (Self, Receiver<(usize, bool)>) {
        let (edges, lines) = channel();
        let twin = Self { inputs, edges };
        for input in &twin.inputs {
            twin.set(input.is, false);
        }
        (twin, lines)
    }

    /// Makes an input active, or lets go of it.
    pub fn set(&self, kind: InputKind, active: bool) {
        let Some(line) = self.inputs.iter().position(|input| input.is == kind) else { return };
        // Nobody listens any more when the kiosk has gone.
        let _ = self.edges.send((line, active != self.inputs[line].active_low));
    }
}
