//! An SSD1306 that nobody here wrote, simavr 1.6's (Debian, libsimavrparts1): it takes every command and dot, and its memory
//! holds the picture that was meant. Of our commands it lacks NOP (E3); it knows no SH1106, whose dots are the same two
//! columns further on, and of I²C's control bytes not the one for a single command, which is taken off here.
//!
//! ```text
//! apt-get install gcc libsimavr-dev
//! cc -I/usr/include/simavr -o target/ssd1306 tests/peers/ssd1306.c -lsimavrparts -lsimavr
//! SSD1306=$PWD/target/ssd1306 cargo test --test facemchd -- --ignored simavr::
//! ```

use std::{
    convert::Infallible,
    fs,
    io::{Read as _, Write as _},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
};

use embedded_hal::{
    i2c::{self, I2c},
    spi::{self, SpiDevice},
};
use facemchd::{
    device::{
        Fonts, Panel,
        panel::{Glass, I2cOled, OledGlass, PicturePanel, SpiOled, Style, draw},
    },
    kiosk::Scene,
};

use crate::sheets::{DataOrCommand, over_all_scenes, told};

/// The program, at the end of a bus.
#[derive(Clone)]
struct Chip {
    program: Arc<Mutex<Child>>,
    dots: Arc<Mutex<bool>>,
}

impl Chip {
    fn start(complaints: &std::path::Path) -> Self {
        let program = std::env::var_os("SSD1306").expect("SSD1306 names the program");
        let said = fs::OpenOptions::new().append(true).create(true).open(complaints).expect("a file");
        let child = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(said).spawn();
        Self { program: Arc::new(Mutex::new(child.expect("started"))), dots: Arc::default() }
    }

    fn send(&self, dots: bool, bytes: &[u8]) {
        let length = u16::try_from(bytes.len()).expect("short").to_be_bytes();
        let message = [&[if dots { b'D' } else { b'C' }], &length[..], bytes].concat();
        self.program.lock().expect("not poisoned").stdin.as_mut().expect("piped").write_all(&message).expect("sent");
    }

    /// Its pages, where they are to be seen.
    fn memory(&self) -> Option<Vec<u8>> {
        let mut program = self.program.lock().expect("not poisoned");
        program.stdin.as_mut().expect("piped").write_all(b"G").expect("asked");
        let mut memory = vec![0; 8 * 128 + 1];
        program.stdout.as_mut().expect("piped").read_exact(&mut memory).expect("told");
        (memory.pop() == Some(1)).then_some(memory)
    }

    fn shows(&self, scene: &Scene, style: &Style) -> bool {
        let (frame, _) = draw(scene, style, (128, 64), &mut Fonts::built_in());
        let memory = self.memory().expect("on, upright, plain");
        (0..64).all(|y| (0..128).all(|x| (memory[y / 8 * 128 + x] >> (y % 8) & 1 == 1) == frame.is_on(x, y)))
    }

    fn end(self) {
        let mut program = self.program.lock().expect("not poisoned");
        drop(program.stdin.take());
        program.wait().expect("ended");
    }
}

impl spi::ErrorType for Chip {
    type Error = Infallible;
}

impl SpiDevice for Chip {
    fn transaction(&mut self, operations: &mut [spi::Operation<'_, u8>]) -> Result<(), Infallible> {
        let dots = *self.dots.lock().expect("not poisoned");
        for operation in operations {
            if let spi::Operation::Write(bytes) = operation {
                self.send(dots, bytes);
            }
        }
        Ok(())
    }
}

impl i2c::ErrorType for Chip {
    type Error = Infallible;
}

impl I2c for Chip {
    fn transaction(&mut self, _: u8, operations: &mut [i2c::Operation<'_>]) -> Result<(), Infallible> {
        for operation in operations {
            if let i2c::Operation::Write([control, bytes @ ..]) = operation {
                self.send(*control == 0x40, bytes);
            }
        }
        Ok(())
    }
}

fn panel(glass: impl Glass + 'static, style: &Style) -> Box<dyn Panel> {
    Box::new(PicturePanel::new(glass, style.clone(), Fonts::built_in()))
}

#[test]
#[ignore = "needs libsimavr-dev"]
fn somebody_elses_oled_shows_every_scene() {
    let folder = tempfile::tempdir().expect("a folder");
    let complaints = folder.path().join("complaints");
    for on_spi in [true, false] {
        let mut panels: Vec<(Style, Chip, Box<dyn Panel>)> = Vec::new();
        over_all_scenes(|scene, style, anew| {
            if panels.last().is_none_or(|(of, ..)| of != style) {
                panels.drain(..).for_each(|(_, chip, _)| chip.end());
                let (chip, dc) = (Chip::start(&complaints), DataOrCommand::default());
                let chip = Chip { dots: Arc::clone(&dc.0), ..chip };
                let glass = if on_spi {
                    panel(OledGlass::ssd1306(SpiOled { bus: chip.clone(), dc }), style)
                } else {
                    panel(OledGlass::ssd1306(I2cOled { bus: chip.clone(), address: 0x3C }), style)
                };
                panels.push((style.clone(), chip, glass));
            }
            let (_, chip, panel) = panels.last_mut().expect("just made");
            told(&mut **panel, scene, anew);
            assert!(chip.shows(scene, style), "{:?}", scene.kind);
        });
        panels.into_iter().for_each(|(_, chip, _)| chip.end());
    }
    let said = fs::read_to_string(complaints).expect("kept");
    let refused: Vec<&str> = said.lines().filter(|line| line.contains("unknown") && !line.ends_with("e3")).collect();
    assert_eq!(refused, Vec::<&str>::new());
}
