//! What the operator lets the core decide by.

use std::time::Duration;

use crate::words::{Mode, NameStyle};

/// The core's settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Drawn at random once per start; makes session ids unique.
    pub run: u64,
    /// The lanes, in the site file's order.
    pub lanes: Vec<LaneSettings>,
}

/// One lane's settings.
#[derive(Clone, Debug)]
pub struct LaneSettings {
    /// What the lane is for.
    pub mode: Mode,
    /// The name on the panel.
    pub panel_name: NameStyle,
    /// The name on the slip.
    pub slip_name: NameStyle,
    /// A scene with a name stands no longer than this.
    pub wipe_after: Duration,
    /// How long a person waits for an outcome; the time to choose does not count.
    pub patience: Duration,
    /// How long a face waits for its consent.
    pub consent_wait: Duration,
    /// How long a person may choose.
    pub choice_wait: Duration,
    /// A frame that comes again within this is the same frame.
    pub repeat_window: Duration,
    /// A slip not printed within this is dropped.
    pub slip_patience: Duration,
    /// Scenes are shown.
    pub has_panel: bool,
    /// Slips are printed.
    pub has_printer: bool,
    /// A gate is opened.
    pub has_gate: bool,
}

impl Default for LaneSettings {
    fn default() -> Self {
        Self {
            mode: Mode::Hospital,
            panel_name: NameStyle::Masked,
            slip_name: NameStyle::Masked,
            wipe_after: Duration::from_secs(5),
            patience: Duration::from_secs(8),
            consent_wait: Duration::from_secs(60),
            choice_wait: Duration::from_secs(30),
            repeat_window: Duration::from_secs(60),
            slip_patience: Duration::from_secs(30),
            has_panel: true,
            has_printer: false,
            has_gate: false,
        }
    }
}
