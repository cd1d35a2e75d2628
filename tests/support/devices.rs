//! One lane's wires and twins, and values to show, print and grant.

use std::{
    convert::Infallible,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use embedded_hal::{
    delay::DelayNs,
    spi::{ErrorType, Operation, SpiDevice},
};
use facemchd::{
    board::Board,
    device::{
        Fonts, House, Layout, Profile, Template,
        panel::{Bus, Rom, SerialSpi, St7920, Style},
    },
    kiosk::{Scene, SceneKind, Slip},
    sim::devices::{self, LaneTwins, Out, Wires},
    words::{Admission, JobId, Moment, NameStyle, RealName, SessionId, ShownName, Text, WallTime},
};
use proptest::prelude::*;

use crate::lookups::clock;

/// A bus that keeps what is written.
#[derive(Clone, Default)]
pub struct KeepingBus(Arc<Mutex<Vec<u8>>>);

impl KeepingBus {
    pub fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().expect("not poisoned"))
    }
}

impl ErrorType for KeepingBus {
    type Error = Infallible;
}

impl SpiDevice for KeepingBus {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), Infallible> {
        for operation in operations {
            let Operation::Write(bytes) = operation else { panic!("a panel is only written to") };
            self.0.lock().expect("not poisoned").extend_from_slice(bytes);
        }
        Ok(())
    }
}

/// The twins keep no time.
pub struct NoDelay;

impl DelayNs for NoDelay {
    fn delay_ns(&mut self, _: u32) {}
}

pub fn board() -> Board {
    Board::find("simulated").expect("built in").board
}

pub fn lane() -> (Wires, LaneTwins) {
    devices::lane(&Out::default(), false, board().inputs, clock()).expect("a lane")
}

/// An ST7920 in text mode over SPI.
pub fn st7920<S: SpiDevice + Send>(spi: S) -> St7920<SerialSpi<S>, NoDelay> {
    st7920_on(SerialSpi(spi), Style::default())
}

pub fn st7920_on<B: Bus>(bus: B, style: Style) -> St7920<B, NoDelay> {
    St7920::new(bus, NoDelay, Rom::Gb2312, style, Fonts::built_in())
}

/// A name as somebody may see it: whole, or masked where it has a star; none where no name looks so.
pub fn shown(name: &str) -> Option<ShownName> {
    let style = if name.contains('*') { NameStyle::Masked } else { NameStyle::Full };
    Some(RealName::parse(&name.replace('*', "三"))?.shown(style))
}

pub fn admitted(name: &str, number: &str) -> Scene {
    Scene {
        name: shown(name),
        number: Some(Text::clean(number)),
        detail: Some(Text::clean("3楼 内科一诊室")),
        ..Scene::of(SceneKind::Admitted)
    }
}

pub fn shipped(file: &str) -> (std::path::PathBuf, String) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = std::fs::read_to_string(&file).expect("shipped");
    (file, text)
}

pub fn profile(name: &str) -> Profile {
    let (file, text) = shipped(&format!("board/printers/{name}.toml"));
    Profile::parse(&file, &text).expect("parses")
}

/// How the simulated printer prints, eight hours east of Greenwich.
pub fn layout() -> Layout {
    Layout {
        profile: profile("simulated"),
        template: Template::standard().expect("shipped"),
        phrases: Arc::default(),
        utc_offset: 8 * 3600,
        house: House::default(),
    }
}

pub fn slip() -> Slip {
    let admission = Admission {
        number: Some(Text::clean("A036")),
        place: Some(Text::clean("3楼")),
        notes: Vec::new(),
        qr: Some(Text::clean("https://his.example/q/A036")),
        ..Admission::default()
    };
    Slip {
        name: shown("张三丰"),
        admission,
        again: None,
        reprint: false,
        sent_away: None,
        at: WallTime(1_700_000_000_000),
    }
}

pub fn job() -> JobId {
    JobId { session: SessionId { run: 1, serial: 1 }, copy: 0 }
}

pub fn at(milliseconds: u64) -> Moment {
    Moment(Duration::from_millis(milliseconds))
}

pub fn wait_for<T>(mut look: impl FnMut() -> T, right: impl Fn(&T) -> bool) -> T {
    for _ in 0..6000 {
        let seen = look();
        if right(&seen) {
            return seen;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    look()
}

pub fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("张"),
        Just("欧阳"),
        Just("䶮"),
        Just("𬭎"),
        Just("A"),
        Just("b7"),
        Just(" "),
        Just("·"),
        Just("*"),
        Just("é"),
        Just("Щ"),
        Just("\u{E0100}"),
        Just("（"),
        Just("~"),
        Just("№"),
        Just("\u{1b}@"),
        Just("\n"),
        Just("\u{1F600}")
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}
