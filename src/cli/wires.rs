//! Board and site file → the devices of every lane, over real wires or over wires with a twin at the other end.

use std::sync::Arc;

use super::{Failure, build::AnyFault};
use crate::{
    board::{Board, Found, GateWire, PanelWire, PrinterWire},
    config::{PanelPlace, Place, Site},
    device::{self, Gate, Panel, Printer},
    words::Clock,
};

/// One lane's devices.
#[derive(Default)]
pub(super) struct LaneDevices {
    pub(super) panel: Option<Box<dyn Panel>>,
    pub(super) printer: Option<Box<dyn Printer>>,
    pub(super) gate: Option<Box<dyn Gate>>,
}

/// Every lane's devices, and the twins behind them where the board is simulated.
pub(super) struct Wires {
    pub(super) lanes: Vec<LaneDevices>,
    #[cfg(feature = "sim")]
    pub(super) twins: Vec<crate::sim::devices::LaneTwins>,
}
