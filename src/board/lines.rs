//! `[gate]`, `[indicators]`, `[[input]]`: what single lines do.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};

use super::{
    Device,
    wire::{GateWire, LineWire},
};
use crate::words::setting;

/// `[gate]`
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Gate {
    /// What lanes call it.
    #[serde(default, deserialize_with = "super::some_name")]
    pub name: Option<String>,
    /// How it is connected.
    pub wire: GateWire,
    /// The gate opens when the line is physically low.
    #[serde(default)]
    pub active_low: bool,
    /// What opens it.
    #[serde(default)]
    pub action: GateAction,
    /// How long the output stays active in `pulse`, 100–2000.
    #[serde(rename = "pulse-ms", default = "default_pulse", deserialize_with = "pulse")]
    pub pulse: Duration,
    /// Least time between two openings.
    #[serde(rename = "min-gap-ms", default = "default_gap", deserialize_with = "wait")]
    pub min_gap: Duration,
    /// Who goes through must do so within this; in `hold` the output is active for as long.
    #[serde(rename = "pass-within-ms", default = "default_pass", deserialize_with = "way")]
    pub pass_within: Duration,
    /// A gate that is open for longer is told of.
    #[serde(rename = "held-open-ms", default = "default_held", deserialize_with = "way")]
    pub held_open: Duration,
    /// The other direction of the same gate, by its name: whoever goes one way has gone before anybody goes the other.
    #[cfg(feature = "turnstile")]
    #[serde(default)]
    pub shares: Option<String>,
    /// Says aloud that somebody came close behind, the wrong way or by force, or that the gate is held open.
    #[cfg(feature = "turnstile")]
    pub alarm: Option<Lamp>,
    /// How long the alarm output is active.
    #[cfg(feature = "turnstile")]
    #[serde(rename = "alarm-ms", default = "default_alarm", deserialize_with = "wait")]
    pub alarm_lasts: Duration,
    /// The relay or controller ends a pulse by itself; without it a stuck pulse has no bound, and `check` warns.
    #[serde(default)]
    pub one_shot: bool,
}

/// `gate.action`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GateAction {
    /// A momentary contact; the gate's controller does the rest.
    #[default]
    Pulse,
    /// The output is active until somebody went through, or the time is over.
    Hold,
}

/// One output of `[indicators]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Lamp {
    /// How it is connected.
    pub wire: LineWire,
    /// It shines or sounds when the line is physically low.
    #[serde(default)]
    pub active_low: bool,
}

/// `[indicators]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Indicators {
    /// What lanes call them.
    #[serde(default, deserialize_with = "super::some_name")]
    pub name: Option<String>,
    /// Green light.
    pub green: Option<Lamp>,
    /// Red light.
    pub red: Option<Lamp>,
    /// Amber light.
    pub amber: Option<Lamp>,
    /// Sounds for good, bad and wait.
    pub buzzer: Option<Lamp>,
}

/// `[[input]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Input {
    /// What it is.
    pub is: InputKind,
    /// The group that a lane picks as `inputs`; without one it belongs to the lane that uses the device it serves.
    #[serde(default, deserialize_with = "super::some_name")]
    pub group: Option<String>,
    /// How it is connected.
    pub wire: LineWire,
    /// It is active when the line is physically low.
    #[serde(default)]
    pub active_low: bool,
    /// The resistor in the chip.
    #[serde(default)]
    pub bias: crate::device::linux::Bias,
    /// A level counts when it has stood for this long; the default depends on what it is.
    #[serde(rename = "debounce-ms", default, deserialize_with = "debounce")]
    pub debounce: Option<Duration>,
}

/// `input.is`
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InputKind {
    /// Fire alarm: no grants while it is active.
    Fire,
    /// Somebody goes through: the gate controller's contact, or the first sensor.
    Passage,
    /// The second sensor, where there are two: the direction is known then.
    PassageExit,
    /// The gate's door is open.
    Door,
    /// The case is open.
    Tamper,
    /// 不用人脸
    OtherWay,
    /// 开始: whoever presses it means to be served.
    Start,
    /// Calls staff.
    CallStaff,
    /// Picks the first option.
    #[serde(rename = "choice-1")]
    Choice1,
    /// Picks the second option.
    #[serde(rename = "choice-2")]
    Choice2,
    /// Picks the third option.
    #[serde(rename = "choice-3")]
    Choice3,
    /// Picks the fourth option.
    #[serde(rename = "choice-4")]
    Choice4,
    /// Picks the fifth option.
    #[serde(rename = "choice-5")]
    Choice5,
    /// Picks the sixth option.
    #[serde(rename = "choice-6")]
    Choice6,
    /// Picks the seventh option.
    #[serde(rename = "choice-7")]
    Choice7,
    /// Picks the eighth option.
    #[serde(rename = "choice-8")]
    Choice8,
    /// Key switch: the lane is closed.
    Closed,
    /// Key switch: a technician works here.
    Maintenance,
    /// The printer's roll is nearly out.
    PaperLow,
    /// The printer has no paper.
    PaperOut,
}

impl Input {
    /// How long a level must stand.
    pub fn debounce(&self) -> Duration {
        let usual = match self.is {
            InputKind::Passage | InputKind::PassageExit => 5,
            InputKind::Fire | InputKind::Door | InputKind::Closed | InputKind::Maintenance => 50,
            InputKind::Tamper => 100,
            InputKind::PaperLow | InputKind::PaperOut => 200,
            _ => 20,
        };
        self.debounce.unwrap_or(Duration::from_millis(usual))
    }
}

impl InputKind {
    /// The board file's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fire => "fire",
            Self::Passage => "passage",
            Self::PassageExit => "passage-exit",
            Self::Door => "door",
            Self::Tamper => "tamper",
            Self::OtherWay => "other-way",
            Self::Start => "start",
            Self::CallStaff => "call-staff",
            Self::Choice1 => "choice-1",
            Self::Choice2 => "choice-2",
            Self::Choice3 => "choice-3",
            Self::Choice4 => "choice-4",
            Self::Choice5 => "choice-5",
            Self::Choice6 => "choice-6",
            Self::Choice7 => "choice-7",
            Self::Choice8 => "choice-8",
            Self::Closed => "closed",
            Self::Maintenance => "maintenance",
            Self::PaperLow => "paper-low",
            Self::PaperOut => "paper-out",
        }
    }
}

impl Device for Gate {
    const TABLE: &'static str = "gate";

    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn is_simulated(&self) -> bool {
        matches!(self.wire.line(), Some(LineWire::Simulated(_)))
    }
}

impl Device for Indicators {
    const TABLE: &'static str = "indicators";

    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn is_simulated(&self) -> bool {
        let lamps = [&self.green, &self.red, &self.amber, &self.buzzer];
        lamps.into_iter().flatten().all(|lamp| matches!(lamp.wire, LineWire::Simulated(_)))
    }
}

fn pulse<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    setting::milliseconds(deserializer, 100..=2000)
}

fn wait<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    setting::milliseconds(deserializer, 0..=120_000)
}

/// Nobody goes through sooner.
fn way<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    setting::milliseconds(deserializer, 500..=120_000)
}

fn debounce<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    setting::milliseconds(deserializer, 0..=1000).map(Some)
}

fn default_pulse() -> Duration {
    Duration::from_millis(300)
}

fn default_gap() -> Duration {
    Duration::from_millis(1000)
}

fn default_pass() -> Duration {
    Duration::from_millis(5000)
}

#[cfg(feature = "turnstile")]
fn default_alarm() -> Duration {
    Duration::from_millis(3000)
}

fn default_held() -> Duration {
    Duration::from_millis(30_000)
}
