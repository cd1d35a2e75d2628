//! Panels that are drawn dot by dot; in builds with feature `glyphs`.

#[cfg(feature = "glyphs")]
use crate::device::panel::{Glass, PicturePanel, Reset, TftSettings};
use crate::{
    board::Panel as PanelFile,
    device::{DeviceError, Fonts, Panel, panel::Style},
    fault::Code,
};

#[cfg(not(feature = "glyphs"))]
pub(super) fn panel(_: &PanelFile, _: Style, _: Fonts) -> Result<Box<dyn Panel>, DeviceError> {
    let reason = "this build draws no pictures: build with --features glyphs".to_owned();
    Err(DeviceError::Open { what: "[panel]".to_owned(), reason, code: Code::C102 })
}

#[cfg(feature = "glyphs")]
pub(super) fn panel(file: &PanelFile, style: Style, fonts: Fonts) -> Result<Box<dyn Panel>, DeviceError> {
    use super::real::{at, reset};
    use crate::{
        board::{LineName, PanelKind as Kind, PanelWire as Wire},
        device::{
            linux,
            panel::{Framebuffer, I2cOled, OledGlass, PictureFile, SpiOled, Tft},
        },
    };

    /// An SPI clock that these take.
    const HZ: u32 = 10_000_000;

    let misfit = || DeviceError::Open {
        what: "[panel]".to_owned(),
        reason: "kind and wire do not fit each other".to_owned(),
        code: Code::C102,
    };
    let settings = settings(file);
    let reset = reset(file)?;
    match &file.wire {
        Wire::I2c(device, address) => {
            let oled = I2cOled { bus: linux::i2c(device)?, address: *address };
            let glass = if file.kind == Kind::Sh1106 { OledGlass::sh1106(oled) } else { OledGlass::ssd1306(oled) };
            Ok(on(glass, file, style, fonts, reset))
        }
        Wire::Spi(device) => {
            let dc = file.lines.get(&LineName::Dc).and_then(at).ok_or_else(misfit)?;
            let dc = linux::output(&dc, false, Code::D601)?;
            let bus = linux::spi(device, file.hz.unwrap_or(HZ))?;
            Ok(match file.kind {
                Kind::Ssd1306 => on(OledGlass::ssd1306(SpiOled { bus, dc }), file, style, fonts, reset),
                Kind::Sh1106 => on(OledGlass::sh1106(SpiOled { bus, dc }), file, style, fonts, reset),
                Kind::St7789 => on(Tft::st7789(bus, dc, linux::delay(), settings), file, style, fonts, reset),
                _ => on(Tft::ili9341(bus, dc, linux::delay(), settings), file, style, fonts, reset),
            })
        }
        Wire::Framebuffer(device) => Ok(on(Framebuffer::new(linux::screen(device)?)?, file, style, fonts, reset)),
        Wire::File(path) => {
            let (width, height) = (file.width.unwrap_or(800).into(), file.height.unwrap_or(480).into());
            Ok(on(PictureFile::new(path.clone(), width, height), file, style, fonts, reset))
        }
        // The board file was refused where kind and wire do not fit.
        Wire::Simulated | Wire::Gpio => Err(misfit()),
    }
}

/// A panel on this glass, in the type that its size wants.
#[cfg(feature = "glyphs")]
pub(super) fn on<G: Glass + 'static>(
    glass: G,
    #[cfg_attr(not(feature = "screen"), expect(unused_variables, reason = "bitmaps have no fonts of their own"))]
    file: &PanelFile,
    style: Style,
    fonts: Fonts,
    reset: Option<Reset>,
) -> Box<dyn Panel> {
    #[cfg(feature = "screen")]
    let fonts = fonts.with_type(&file.font, style.language);
    Box::new(PicturePanel::new(glass, style, fonts).with_reset(reset))
}

/// A TFT as its board file tells of it.
#[cfg(feature = "glyphs")]
pub(super) fn settings(file: &PanelFile) -> TftSettings {
    TftSettings {
        width: file.width.unwrap_or(240),
        height: file.height.unwrap_or(320),
        rotate: file.rotate,
        inverted: file.inverted,
    }
}
