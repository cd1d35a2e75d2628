//! Without the sandbox there are no twins, and a simulated wire leads nowhere.

use std::sync::Arc;

use super::{Parts, Picked, Wires};
use crate::{
    board::Panel as PanelFile,
    config::Lane,
    device::{
        DeviceError, Fonts, Gate, GateTiming, Indicator, InputLines, Layout, Panel, Printer, Sounds, panel::Style,
    },
    fault::{Code, Failure},
    words::Clock,
};

/// There are none.
pub(super) enum Ends {}

impl Parts<'_> {
    pub(super) fn twins(&self, lane: &Lane, _: &Picked<'_>, _: &mut Wires) -> Result<Ends, Failure> {
        let what = format!("{}: a simulated device of lane {}", self.found.file.display(), lane.name);
        let reason = "this build has no twins: name the board file of this machine in the site file".to_owned();
        Err(Failure::from(DeviceError::Open { what, reason, code: Code::C102 }))
    }
}

impl Ends {
    pub(super) fn panel(&mut self, _: &PanelFile, _: Style, _: Fonts) -> Result<Option<Box<dyn Panel>>, DeviceError> {
        match *self {}
    }

    pub(super) fn printer(&mut self, _: Layout, _: Fonts, _: &Arc<dyn Clock>) -> Option<Box<dyn Printer>> {
        match *self {}
    }

    pub(super) fn gate(&mut self, _: bool, _: GateTiming) -> Option<Box<dyn Gate>> {
        match *self {}
    }

    pub(super) fn indicator(&mut self, _: Sounds) -> Option<Box<dyn Indicator>> {
        match *self {}
    }

    pub(super) fn inputs(&mut self) -> Option<Box<dyn InputLines>> {
        match *self {}
    }
}
