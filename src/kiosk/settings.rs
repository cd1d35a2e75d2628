//! What the operator lets the core decide by.

use std::time::Duration;

use crate::words::{Mode, NameStyle, Text};

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
    /// How long an unhappy end stands.
    pub unhappy_stands: Duration,
    /// A slip not printed within this is dropped.
    pub slip_patience: Duration,
    /// Scenes are shown.
    pub has_panel: bool,
    /// Slips are printed.
    pub has_printer: bool,
    /// A gate is opened.
    pub has_gate: bool,
    /// How long after a question the site's system may take to show the session; before that, 404 is "not yet".
    pub site_settles: Duration,
    /// Lights or a buzzer.
    pub has_indicators: bool,
    /// What a QR code leads to for whoever does not want, or cannot use, the face.
    pub other_way: Option<Text>,
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
            unhappy_stands: Duration::from_secs(6),
            slip_patience: Duration::from_secs(30),
            has_panel: true,
            has_printer: false,
            has_gate: false,
            site_settles: Duration::from_secs(120),
            has_indicators: false,
            other_way: None,
        }
    }
}

impl LaneSettings {
    /// Whoever is admitted here goes through a gate of ours.
    pub(super) fn opens(&self) -> bool {
        self.mode == Mode::Transit && self.has_gate
    }

    /// Whoever is admitted here gets a slip.
    pub(super) fn prints(&self) -> bool {
        self.mode == Mode::Hospital && self.has_printer
    }

    /// 大字: everything that a person has to read or do may take twice as long, the name within ten seconds.
    pub fn unhurried(self) -> Self {
        Self {
            wipe_after: (2 * self.wipe_after).min(Duration::from_secs(10)),
            consent_wait: 2 * self.consent_wait,
            choice_wait: 2 * self.choice_wait,
            unhappy_stands: 2 * self.unhappy_stands,
            ..self
        }
    }
}
