//! The wires that are lines which a program sets one by one.

use std::io;

use super::PanelTwin;

impl PanelTwin {
    /// Three lines that set SCLK, SID and CS (bits 0, 1, 2) at once.
    pub fn serial_lines(&self) -> impl FnMut(u16) -> io::Result<()> + Send + use<> {
        let twin = self.clone();
        let (mut clock, mut shift, mut count) = (false, 0_u8, 0);
        move |levels: u16| {
            let (rising, selected) = (levels & 1 == 1 && !clock, levels & 4 != 0);
            clock = levels & 1 == 1;
            if !selected {
                if count != 0 {
                    twin.chip().complain("chip select went within a byte");
                }
                (count, twin.chip().half) = (0, None);
            } else if rising {
                shift = shift << 1 | u8::from(levels & 2 != 0);
                count = (count + 1) % 8;
                if count == 0 {
                    twin.chip().take(shift);
                }
            }
            Ok(())
        }
    }

    /// Ten lines that set DB0–DB7, RS and E (bits 0–7, 8, 9) at once.
    pub fn parallel_lines(&self) -> impl FnMut(u16) -> io::Result<()> + Send + use<> {
        let twin = self.clone();
        let mut before = 0_u16;
        move |levels: u16| {
            let fell = before & 0x200 != 0 && levels & 0x200 == 0;
            if before & 0x200 != 0 && (before ^ levels) & 0x1FF != 0 {
                twin.chip().complain("the lines changed together with E");
            }
            before = levels;
            if fell {
                let byte = u8::try_from(levels & 0xFF).unwrap_or(0);
                twin.chip().receive(levels & 0x100 != 0, byte);
            }
            Ok(())
        }
    }
}
