//! What one maker's gate controller is asked and answers. Data: `board/turnstiles/*.toml`.

use std::{path::Path, time::Duration};

use serde::{Deserialize, Deserializer, de};

use super::{
    Action, Controller, Manner, Side, State, Status,
    frame::{Check, Field, Frame},
};
use crate::{
    fault::{Code, Fault},
    files::{Settings, WrongLine},
    words::setting,
};

/// A controller's table.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Table {
    /// Which controller, for people.
    pub name: String,
    /// The bus's speed.
    #[serde(deserialize_with = "baud")]
    pub baud: u32,
    /// Data bits, parity, stop bits.
    #[serde(default)]
    pub framing: Framing,
    /// What is sent.
    request: Frame,
    /// What comes back, to every command.
    answer: Frame,
    /// How both are proved whole.
    check: Check,
    /// No answer comes later.
    #[serde(rename = "answer-within-ms", default = "default_answer", deserialize_with = "wait")]
    answer_within: Duration,
    /// So many questions in a row may stay without an answer.
    #[serde(default = "default_retries", deserialize_with = "retries")]
    retries: u8,
    /// How often it is asked how it stands.
    #[serde(rename = "poll-ms", default = "default_poll", deserialize_with = "wait")]
    poll: Duration,
    /// An opening shows within this.
    #[serde(rename = "opens-within-ms", default = "default_opens", deserialize_with = "wait")]
    opens_within: Duration,
    commands: Commands,
    #[serde(default)]
    state: States,
    #[serde(default)]
    alarm: Alarms,
    #[serde(default)]
    fault: Faults,
}

/// `framing`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Framing {
    /// Eight bits, no parity, one stop bit.
    #[default]
    #[serde(rename = "8N1")]
    EightNone,
    /// Eight bits, even parity, one stop bit.
    #[serde(rename = "8E1")]
    EightEven,
    /// Eight bits, odd parity, one stop bit.
    #[serde(rename = "8O1")]
    EightOdd,
}

/// `[commands]`: what stands for `command` in a request, in hex.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Commands {
    #[serde(deserialize_with = "hex")]
    status: Vec<u8>,
    #[serde(default, deserialize_with = "hex")]
    open_left: Vec<u8>,
    #[serde(default, deserialize_with = "hex")]
    open_right: Vec<u8>,
    #[serde(default, deserialize_with = "hex")]
    close: Vec<u8>,
}

/// `[state]`: the values of `state`. Without it the answer to an opening is what confirms it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
struct States {
    closed: Vec<Value>,
    open_left: Vec<Value>,
    open_right: Vec<Value>,
}

/// `[alarm]`: the values of `alarm`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
struct Alarms {
    tailgated: Vec<Value>,
    reversed: Vec<Value>,
    held_open: Vec<Value>,
    forced: Vec<Value>,
}

/// `[fault]`: the values of `fault` that are none.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
struct Faults {
    none: Vec<Value>,
}

/// A value of a field: the whole of it in hex, or one of its bits, `bit0` the lowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value {
    Whole(u32),
    Bit(u32),
}

/// Why a table cannot be used.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct TableError(#[from] WrongLine);

impl Fault for TableError {
    fn code(&self) -> Code {
        Code::C102
    }
}

/// One controller of a bus, by its table.
#[derive(Clone, Debug)]
pub struct Turnstile {
    /// What it understands.
    pub table: Table,
    /// Which of the bus's controllers.
    pub address: u8,
}

impl Table {
    /// Parses a table; `file` is for messages.
    pub fn parse(file: &Path, text: &str) -> Result<Self, TableError> {
        let table: Self = Settings::parse(file, text, &[])?.read(file)?;
        match table.misfit() {
            Some((key, message)) => {
                let line = text.lines().position(|line| line.trim_start().starts_with(key)).map_or(1, |at| at + 1);
                Err(WrongLine { file: file.to_owned(), line, message: message.to_owned() }.into())
            }
            None => Ok(table),
        }
    }

    fn misfit(&self) -> Option<(&'static str, &'static str)> {
        if !self.request.asks() {
            return Some(("request", "expected \"command\" once"));
        }
        for (key, frame) in [("request", &self.request), ("answer", &self.answer)] {
            if !frame.is_proved_by(self.check) {
                return Some((key, "expected \"check\" at the end, for each of its bytes"));
            }
        }
        if [Field::Left, Field::Right, Field::State, Field::Alarm, Field::Fault]
            .iter()
            .any(|it| self.answer.width(*it) > 4)
        {
            return Some(("answer", "a field has up to four bytes"));
        }
        let [left, right] = [Field::Left, Field::Right].map(|side| self.answer.width(side));
        if left > 0 && right > 0 && left != right {
            return Some(("answer", "\"left\" and \"right\" have as many bytes"));
        }
        if self.state.closed.is_empty() != (self.state.open_left.is_empty() && self.state.open_right.is_empty()) {
            return Some(("[state]", "expected closed, and open-left or open-right, or none of them"));
        }
        if self.commands.open_left.is_empty() && self.commands.open_right.is_empty() {
            return Some(("[commands]", "expected open-left or open-right"));
        }
        None
    }

    /// It can be told to let somebody through on this side, and counts them there if it counts at all.
    pub(crate) fn opens(&self, side: Side) -> bool {
        let [here, there] = match side {
            Side::Left => [Field::Left, Field::Right],
            Side::Right => [Field::Right, Field::Left],
        };
        let counted = self.answer.width(here) > 0 || self.answer.width(there) == 0;
        counted && !self.command(Action::Open(side)).is_empty()
    }

    fn command(&self, action: Action) -> &[u8] {
        match action {
            Action::Status => &self.commands.status,
            Action::Open(Side::Left) => &self.commands.open_left,
            Action::Open(Side::Right) => &self.commands.open_right,
            Action::Close => &self.commands.close,
        }
    }

    fn status(&self, bytes: &[u8]) -> Status {
        let field = |field| self.answer.field(field, bytes);
        let any = |values: &[Value], field: Option<u32>| {
            field.is_some_and(|field| values.iter().any(|value| value.is(field)))
        };
        let state = field(Field::State);
        let alarm = field(Field::Alarm);
        let fault = field(Field::Fault).filter(|value| *value != 0 && !any(&self.fault.none, Some(*value)));
        Status {
            state: match state {
                _ if !self.knows_state() => State::Unsaid,
                state if any(&self.state.closed, state) => State::Closed,
                state if any(&self.state.open_left, state) => State::Open(Side::Left),
                state if any(&self.state.open_right, state) => State::Open(Side::Right),
                _ => State::Between,
            },
            passed: [field(Field::Left), field(Field::Right)],
            alarms: [&self.alarm.tailgated, &self.alarm.reversed, &self.alarm.held_open, &self.alarm.forced]
                .map(|values| any(values, alarm)),
            fault,
        }
    }

    fn knows_state(&self) -> bool {
        !self.state.closed.is_empty() && self.answer.width(Field::State) > 0
    }
}

impl Controller for Turnstile {
    fn request(&self, action: Action) -> Option<Vec<u8>> {
        let command = self.table.command(action);
        (!command.is_empty()).then(|| self.table.request.written(self.address, command, self.table.check))
    }

    fn answer(&self, _: Action, heard: &[u8]) -> Option<Status> {
        let bytes = self.table.answer.found(self.address, heard, self.table.check)?;
        Some(self.table.status(bytes))
    }

    fn manner(&self) -> Manner {
        let table = &self.table;
        let width = table.answer.width(Field::Left).max(table.answer.width(Field::Right));
        Manner {
            answer_within: table.answer_within,
            retries: table.retries,
            poll: table.poll,
            opens_within: table.opens_within,
            knows_state: table.knows_state(),
            counts: width > 0,
            count_mask: u32::MAX.checked_shr(32 - 8 * u32::try_from(width).unwrap_or(4)).unwrap_or(0),
            closes: !table.commands.close.is_empty(),
            pulse: None,
        }
    }
}

impl Value {
    fn is(self, field: u32) -> bool {
        match self {
            Self::Whole(value) => field == value,
            Self::Bit(bit) => field >> bit & 1 == 1,
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let value = match text.strip_prefix("bit") {
            Some(bit) => bit.parse().ok().filter(|bit| *bit < 32).map(Self::Bit),
            None => u32::from_str_radix(&text, 16).ok().map(Self::Whole),
        };
        value.ok_or_else(|| de::Error::custom("expected a value in hex, or bit0 to bit31"))
    }
}

fn hex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let bytes: Option<Vec<u8>> =
        text.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).ok().filter(|_| byte.len() == 2)).collect();
    bytes
        .filter(|bytes| (1..=32).contains(&bytes.len()))
        .ok_or_else(|| de::Error::custom("expected 1–32 bytes in hex, with blanks between them"))
}

fn baud<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    match u32::deserialize(deserializer)? {
        baud @ 300..=921_600 => Ok(baud),
        _ => Err(de::Error::custom("expected 300–921600 baud")),
    }
}

fn wait<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    setting::milliseconds(deserializer, 20..=5000)
}

fn retries<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    match u8::deserialize(deserializer)? {
        times @ 0..=20 => Ok(times),
        _ => Err(de::Error::custom("expected 0–20 times")),
    }
}

fn default_answer() -> Duration {
    Duration::from_millis(200)
}

fn default_retries() -> u8 {
    2
}

fn default_poll() -> Duration {
    Duration::from_millis(250)
}

fn default_opens() -> Duration {
    Duration::from_millis(1500)
}
