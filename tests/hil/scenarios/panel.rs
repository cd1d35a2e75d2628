//! OLEDs on the buses of an emulated Raspberry Pi: what the kernel sent, what the twin makes of it, and what the
//! emulated glass shows, which knows nothing of ours.

use std::{
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use facemchd::{
    device::{
        Fonts, Panel as _,
        panel::{I2cOled, OledGlass, PicturePanel, Style},
    },
    kiosk::{Scene, SceneKind},
    sim::devices::{Controller as _, GlassTwin, OledController},
    words::{NameStyle, RealName, Text},
};
use serde_json::json;

use crate::{
    Table,
    machine::{BOOT, fresh_folder, qemu, qmp},
};

/// The glass of QEMU's ssd0303: 96 by 16 dots, which begin at this column of the memory.
const GLASS: (usize, usize) = (96, 16);
const FIRST_COLUMN: usize = 36;
/// Of them the driver's: it draws 128 columns, and what is behind them is whatever the memory held.
const DRAWN: usize = 128 - FIRST_COLUMN;

pub fn run(table: &mut Table) {
    let folder = fresh_folder(&table.boot);
    let arguments = [
        "-M raspi3b",
        "-display none",
        "-no-reboot",
        "-kernel /w/boot/vmlinuz",
        "-initrd /w/boot/initrd-bare",
        "-dtb /w/boot/rpi3.dtb",
        "-append console=ttyAMA0,115200 quiet panic=-1",
        "-serial file:console.log",
        "-qmp unix:qmp.sock,server=on,wait=off",
        "-device ssd0303,bus=i2c-bus.1,address=0x3c,id=oled",
    ];
    let mut board = qemu(table, &folder, &arguments);
    let console = folder.join("console.log");
    let said = wait_for(&console, "==SHOWN");
    let probed = said.contains("/dev/i2c-1") && said.contains("Raspberry Pi 3");
    table.row("a board with two OLEDs: probe", "model and I2C bus", &format!("{probed}"), probed);

    let expected = expected();
    for (bus, transfers) in [("I2C", i2c as fn(&str) -> Vec<Transfer>), ("SPI and its data line", spi)] {
        let begin = format!("=={}", &bus[..3]);
        let trace = said.split(&begin).nth(1).and_then(|rest| rest.split("==").next()).unwrap_or("");
        let (recorded, transfers) = (GlassTwin::<OledController>::default(), transfers(trace));
        for Transfer { dots, bytes } in &transfers {
            bytes.iter().for_each(|byte| recorded.controller().take(*byte, *dots));
        }
        let everywhere = (0..64).flat_map(|y| (0..128).map(move |x| (x, y)));
        let dot = |twin: &GlassTwin<OledController>, x, y| twin.controller().dot(x, y, 0);
        let differing = everywhere.filter(|(x, y)| dot(&recorded, *x, *y) != dot(&expected, *x, *y)).count();
        let complaints = recorded.controller().complaints().to_vec();
        let seen = format!("{} transfers, {differing} dots differ, {complaints:?}", transfers.len());
        let held = transfers.len() > 8 && differing == 0 && complaints.is_empty();
        table.row(&format!("what tracefs saw on {bus}"), "the twin shows the driver's picture", &seen, held);
    }

    let picture = folder.join("oled.png");
    let name = crate::machine::inside(&table.boot, &picture);
    let told = qmp(&folder, &[("screendump", json!({ "filename": name, "device": "oled", "format": "png" }))]);
    assert!(told[0].get("error").is_none(), "{told:?}");
    let _ = fs::copy(&picture, table.boot.join("oled.png"));
    let shown = read(&picture);
    let mut differing = 0;
    let mut lit = 0;
    for (x, y) in (0..GLASS.1).flat_map(|y| (0..DRAWN).map(move |x| (x, y))) {
        let on = expected.controller().dot(x + FIRST_COLUMN, y, 0);
        lit += usize::from(on);
        differing += usize::from(shown.get(y).and_then(|row| row.get(x)) != Some(&on));
    }
    let seen = format!("{differing} of {} dots differ, {lit} lit", DRAWN * GLASS.1);
    table.row("the emulated glass", "the same picture", &seen, differing == 0 && lit > 50);
    let _ = board.kill();
    let _ = board.wait();
}

fn wait_for(console: &Path, word: &str) -> String {
    let began = Instant::now();
    while began.elapsed() < BOOT {
        let said = String::from_utf8_lossy(&fs::read(console).unwrap_or_default()).into_owned();
        if said.contains(word) {
            return said;
        }
        thread::sleep(Duration::from_millis(100));
    }
    panic!("{}", String::from_utf8_lossy(&fs::read(console).unwrap_or_default()));
}

/// What was sent in one go: commands, or dots.
struct Transfer {
    dots: bool,
    bytes: Vec<u8>,
}

/// `… i2c_write: i2c-1 #0 a=03c f=0000 l=2 [80-ae]`
fn i2c(trace: &str) -> Vec<Transfer> {
    let transfer = |line: &str| {
        let (_, rest) = line.split_once("i2c_write:")?;
        let bytes = bytes(rest.split_once('[')?.1, '-')?;
        let (control, bytes) = bytes.split_first()?;
        rest.contains("a=03c").then(|| Transfer { dots: *control == 0x40, bytes: bytes.to_vec() })
    };
    trace.lines().filter_map(transfer).collect()
}

/// The kernel's number of line 25 of the first chip; the chip select is traced, too.
const DATA_LINE: u32 = 512 + 25;

/// `… gpio_value: 537 set 1`, `… spi_transfer_start: spi0.0 00000000 len=3 tx=[b0 00 10] rx=[]`
fn spi(trace: &str) -> Vec<Transfer> {
    let mut dots = false;
    let mut transfers = Vec::new();
    for line in trace.lines() {
        if let Some((_, value)) = line.split_once(&format!("gpio_value: {DATA_LINE} set ")) {
            dots = value.trim() == "1";
        } else if let Some(bytes) = line.split_once("tx=[").and_then(|(_, rest)| bytes(rest, ' ').or(bytes(rest, '-')))
        {
            transfers.push(Transfer { dots, bytes });
        }
    }
    transfers
}

/// Hex up to the closing bracket.
fn bytes(text: &str, between: char) -> Option<Vec<u8>> {
    text.split_once(']')?.0.split(between).map(|byte| u8::from_str_radix(byte.trim(), 16).ok()).collect()
}

/// The scene of `facemchd test panel`, drawn by the same driver onto a twin of this process.
fn expected() -> GlassTwin<OledController> {
    let twin = GlassTwin::default();
    let (bus, _) = twin.wires();
    let glass = OledGlass::ssd1306(I2cOled { bus, address: 0x3C });
    let mut panel = PicturePanel::new(glass, Style::default(), Fonts::built_in());
    let scene = Scene {
        name: Some(RealName::parse("啊座齄䶮").expect("a name").shown(NameStyle::Full)),
        number: Some(Text::clean("A088")),
        detail: Some(Text::clean("0123456789 ABCDE")),
        ..Scene::of(SceneKind::Admitted)
    };
    panel.show(&scene).expect("drawn");
    twin
}

/// The dots of a screendump, each of which is a square of equal pixels.
fn read(picture: &Path) -> Vec<Vec<bool>> {
    let decoder = png::Decoder::new(std::io::BufReader::new(fs::File::open(picture).expect("a picture")));
    let mut reader = decoder.read_info().expect("PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("small")];
    let info = reader.next_frame(&mut pixels).expect("a frame");
    let (width, height) = (info.width as usize, info.height as usize);
    let bytes = info.line_size / width;
    let dot = width / GLASS.0;
    let on = |x: usize, y: usize| pixels[y * info.line_size + x * bytes] < 0x80;
    let dark_ground = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).filter(|(x, y)| on(*x, *y)).count() * 2
        < width * height;
    (0..GLASS.1)
        .map(|y| (0..GLASS.0).map(|x| on(x * dot + dot / 2, y * dot + dot / 2) == dark_ground).collect())
        .collect()
}
