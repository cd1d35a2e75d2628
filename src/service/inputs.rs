//! The inputs' thread of a lane: edges to what they mean, to the outputs' thread and the loop.
//!
//! A thread and not a task of the loop: the fire input and the gate's sensors reach the outputs' thread whatever the
//! loop is at.

use std::{io, sync::Arc, thread, time::Duration};

use super::{Inputs, jobs::Entrance, outputs::Order};
use crate::{
    device::{Debouncer, InputLine, InputLines, Role},
    fault::Code,
    kiosk::{Device, Input, LaneMode},
    words::{Clock, LaneId},
};

/// The inputs of a lane, as wired.
pub struct InputPart {
    /// Whose they are.
    pub lane: LaneId,
    /// What each line is.
    pub lines: Vec<InputLine>,
    /// The lines.
    pub source: Box<dyn InputLines>,
}

/// How soon lines that failed are asked again.
const AGAIN: Duration = Duration::from_secs(5);

/// Where changes go.
struct Listener {
    lane: LaneId,
    /// How many lanes there are: fire is everybody's.
    lanes: u16,
    outputs: Entrance<Order>,
    inputs: Inputs,
}

pub(super) fn spawn(
    lanes: u16,
    part: InputPart,
    outputs: Entrance<Order>,
    clock: &Arc<dyn Clock>,
    inputs: Inputs,
) -> io::Result<()> {
    let clock = Arc::clone(clock);
    let listener = Listener { lane: part.lane, lanes, outputs, inputs };
    thread::Builder::new()
        .name("inputs".to_owned())
        .stack_size(128 * 1024)
        .spawn(move || {
            // Not joined: it waits for an edge that may never come, and holds nothing that must be put back.
            listener.listen(part, &*clock);
        })
        .map(drop)
}

impl Listener {
    fn listen(&self, part: InputPart, clock: &dyn Clock) {
        let InputPart { lines, mut source, .. } = part;
        let mut debouncer = Debouncer::new(&lines, source.is_debounced());
        let mut failed = false;
        let mut fresh = true;
        loop {
            let patience = debouncer.poll_timeout().map(|due| due.since(clock.now().moment));
            let edges =
                if fresh { source.levels() } else { source.wait(patience).map(|edge| edge.into_iter().collect()) };
            fresh = false;
            let now = clock.now().moment;
            match edges {
                Ok(edges) => {
                    edges.into_iter().for_each(|(line, high)| debouncer.level(now, line, high));
                    for (role, active) in debouncer.changes(now) {
                        if !self.tell(role, active) {
                            return;
                        }
                    }
                    if std::mem::replace(&mut failed, false) {
                        self.input(Input::DeviceChanged { lane: self.lane, device: Device::Inputs, fault: None });
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::NotConnected => return,
                Err(error) => {
                    if !std::mem::replace(&mut failed, true) {
                        tracing::error!(code = %Code::D602, %error, lane = self.lane.0, "inputs failed");
                        let fault = Some(Code::D602.into());
                        self.input(Input::DeviceChanged { lane: self.lane, device: Device::Inputs, fault });
                    }
                    thread::sleep(AGAIN);
                    fresh = true;
                }
            }
        }
    }

    /// The outputs' thread first. False when the loop has gone.
    fn tell(&self, role: Role, active: bool) -> bool {
        let lane = self.lane;
        let fault = |code: Code| active.then(|| code.into());
        match role {
            Role::Fire => {
                tracing::warn!(code = %Code::G807, active, "fire input");
                self.outputs.send(Order::Emergency { on: active });
                let mode = LaneMode::Emergency;
                (0..self.lanes).all(|lane| self.input(Input::ModeChanged { lane: LaneId(lane), mode, on: active }))
            }
            Role::Gate(sensor) => self.outputs.send(Order::Sensed { lane, sensor, active }),
            Role::Button(button) if active => self.input(Input::Pressed { lane, button }),
            Role::Button(_) => true,
            Role::Mode(mode) => self.input(Input::ModeChanged { lane, mode, on: active }),
            Role::Tamper => {
                tracing::warn!(code = %Code::D603, active, lane = lane.0, "case contact");
                self.input(Input::DeviceChanged { lane, device: Device::Case, fault: fault(Code::D603) })
            }
            Role::PaperLow => self.input(Input::PaperLow { lane, low: active }),
            Role::PaperOut => {
                self.input(Input::DeviceChanged { lane, device: Device::Paper, fault: fault(Code::P702) })
            }
        }
    }

    fn input(&self, input: Input) -> bool {
        self.inputs.blocking_send(input).is_ok()
    }
}
