//! The newest of what came over a wire, as its twin read it: the bytes, and what they mean.

use std::{borrow::Cow, collections::VecDeque};

use encoding_rs::GB18030;

/// What a twin heard, the newest last.
#[derive(Default)]
pub(super) struct Heard(VecDeque<Line>);

struct Line {
    /// The first of them.
    bytes: Vec<u8>,
    count: usize,
    what: What,
}

/// What bytes are.
#[derive(PartialEq, Eq)]
enum What {
    Command(Cow<'static, str>),
    /// A run of what is shown or painted.
    Data(&'static str),
    /// A run of GB 2312.
    Text,
}

/// Lines that are remembered.
const LINES: usize = 100;

/// Bytes of each that are remembered, and those of them that are told.
const BYTES: usize = 64;
const TOLD: usize = 8;

impl Heard {
    /// A command begins.
    pub(super) fn command(&mut self, byte: u8, what: impl Into<Cow<'static, str>>) {
        self.begin(byte, What::Command(what.into()));
    }

    /// The command goes on: a parameter of it.
    pub(super) fn parameter(&mut self, byte: u8) {
        match self.0.back_mut() {
            Some(line) => line.add(byte),
            None => self.command(byte, "a parameter of no command"),
        }
    }

    /// With its parameters the command means this.
    pub(super) fn means(&mut self, what: impl Into<Cow<'static, str>>) {
        if let Some(line) = self.0.back_mut() {
            line.what = What::Command(what.into());
        }
    }

    /// A message, whole.
    pub(super) fn message(&mut self, bytes: &[u8], what: impl Into<Cow<'static, str>>) {
        let [first, rest @ ..] = bytes else { return };
        self.command(*first, what);
        rest.iter().for_each(|byte| self.parameter(*byte));
    }

    /// Something that is shown.
    pub(super) fn data(&mut self, byte: u8, of: &'static str) {
        self.run(byte, What::Data(of));
    }

    /// Something that is read.
    pub(super) fn text(&mut self, byte: u8) {
        self.run(byte, What::Text);
    }

    fn run(&mut self, byte: u8, what: What) {
        match self.0.back_mut().filter(|line| line.what == what) {
            Some(line) => line.add(byte),
            None => self.begin(byte, what),
        }
    }

    fn begin(&mut self, byte: u8, what: What) {
        if self.0.len() == LINES {
            self.0.pop_front();
        }
        self.0.push_back(Line { bytes: vec![byte], count: 1, what });
    }

    /// All of it, a line each.
    pub(super) fn decoded(&self) -> String {
        let lines: Vec<String> = self.0.iter().map(Line::told).collect();
        lines.join("\n")
    }
}

impl Line {
    fn add(&mut self, byte: u8) {
        self.count += 1;
        if self.bytes.len() < BYTES {
            self.bytes.push(byte);
        }
    }

    fn told(&self) -> String {
        let Self { bytes, count, what } = self;
        let what = match what {
            What::Command(what) => what.to_string(),
            What::Data(of) => format!("{count} bytes of {of}"),
            What::Text => format!("{count} bytes of text: {}", GB18030.decode(bytes).0),
        };
        line(bytes, &what)
    }
}

/// The first bytes, and what all of them mean.
pub(super) fn line(bytes: &[u8], what: &str) -> String {
    let hex: String = bytes.iter().take(TOLD).map(|byte| format!("{byte:02x} ")).collect();
    format!("{hex:<24} {what}")
}

#[cfg(test)]
mod tests {
    use embedded_hal::{digital::OutputPin as _, i2c::I2c, spi::SpiDevice};

    use std::io::{Read as _, Write as _};

    use crate::sim::devices::{Face, GlassTwin, OledController, PanelTwin, TftController, TurnstileTwin};

    #[test]
    fn what_was_said_on_a_bus_is_told_as_its_boards_read_and_meant_it() {
        let (twin, mut wire) = TurnstileTwin::start(&[7]).expect("a twin");
        wire.set_read_timeout(Some(std::time::Duration::from_secs(20))).expect("patient");
        let mut answer = [0; 18];
        for question in [[0x7E, 0, 7, 0x10, 0, 0, 0, 0x6A], [0x7E, 0, 7, 0x82, 1, 0, 0, 0xF7]] {
            wire.write_all(&question).expect("heard");
            wire.read_exact(&mut answer).expect("answered");
        }
        let lines = [
            "7e 00 07 10 00 00 00 6a  machine 7: how do you stand",
            "7f 21 07 00 00 00 00 00  machine 7: shut, fault 0, alarm 0",
            "7e 00 07 82 01 00 00 f7  machine 7: open to the right",
            "7f 21 07 00 02 00 00 00  machine 7: open to the right, fault 0, alarm 0",
        ];
        assert_eq!(twin.decoded(), lines.join("\n"));
    }

    #[test]
    fn what_came_over_a_panels_wire_is_told_as_the_panel_read_it() {
        let panel = PanelTwin::new(None);
        let halves = |bytes: &[u8]| bytes.iter().flat_map(|byte| [byte & 0xF0, byte << 4]).collect::<Vec<_>>();
        let said = [&[0xF8][..], &halves(&[0x0C, 0x88]), &[0xFA], &halves(&[0xC7, 0xA9, b'A', b'1'])].concat();
        SpiDevice::write(&mut panel.wire(), &said).expect("whole");
        let lines = [
            "f8                       start: instructions follow in halves",
            "0c                       display on",
            "88                       set DDRAM address 0x08",
            "fa                       start: data follows in halves",
            "c7 a9 41 31              4 bytes of text: 签A1",
        ];
        assert_eq!(panel.decoded(), lines.join("\n"));
        // It holds no more than a page, however much comes.
        (0..200).for_each(|_| SpiDevice::write(&mut panel.wire(), &said).expect("whole"));
        assert_eq!(panel.decoded().lines().count(), super::LINES);
    }

    #[test]
    fn what_came_over_a_glasss_wire_is_told_as_its_controller_read_it() {
        let oled = GlassTwin::<OledController>::default();
        let (mut wire, _) = oled.wires();
        I2c::write(&mut wire, 0x3C, &[0x00, 0xB3, 0x81, 0x40, 0x21]).expect("whole");
        I2c::write(&mut wire, 0x3C, &[&[0x40][..], &[0xFF; 20]].concat()).expect("whole");
        let lines = [
            "b3                       set page 3",
            "81 40                    contrast",
            "21                       not understood",
            "ff ff ff ff ff ff ff ff  20 bytes of a page's columns",
        ];
        assert_eq!(oled.decoded(), lines.join("\n"));

        let tft = GlassTwin::<TftController>::default();
        let (mut wire, mut data) = tft.wires();
        for (command, parameters) in [(0x2A, &[0, 16, 0, 239][..]), (0x2C, &[0xF8, 0, 0xF8, 0]), (0x29, &[])] {
            data.set_low().expect("a line");
            SpiDevice::write(&mut wire, &[command]).expect("whole");
            data.set_high().expect("a line");
            SpiDevice::write(&mut wire, parameters).expect("whole");
        }
        let lines = [
            "2a 00 10 00 ef           columns 16 to 239",
            "2c                       write memory",
            "f8 00 f8 00              4 bytes of dots",
            "29                       display on",
        ];
        assert_eq!(tft.decoded(), lines.join("\n"));
    }
}
