//! A logo in a printer's flash memory (`GS ( L` functions 64, 67 and 69 as Epson's command reference has them), so that no
//! slip carries it. Flash wears: the printer is asked what it keeps, what is there is never stored again, and nothing is
//! stored twice in one life of this program.

use std::time::Duration;

use super::{
    EscPosPrinter, House, MENDING,
    encode::{Picture, picture_of},
    template::Field,
    wire::Stop,
};

/// By what a printer keeps a picture.
pub(super) type Key = [u8; 2];

/// Function 64: the keys of everything that is kept. Each part of the answer is acknowledged.
const LIST: &[u8] = &[0x1D, 0x28, 0x4C, 4, 0, 0x30, 0x40, b'K', b'C'];
const ACKNOWLEDGED: u8 = 0x06;

/// Parts of an answer, of forty keys each.
const PARTS: usize = 128;

/// How long a printer may take to tell what it keeps, and to write it.
const TELLING: Duration = Duration::from_secs(1);
const WRITING: Duration = Duration::from_secs(10);

/// How long a logo may be on its way: 6 kB at 4,800 baud.
const ON_ITS_WAY: Duration = Duration::from_secs(20);

/// A mark of eight white dots, stored when all of the logo is: a logo without it may have been cut off.
const MARK: (u16, u16, &[u8]) = (8, 1, &[0]);

/// What is known of the logo in the printer.
#[derive(Default)]
pub(super) struct Kept {
    /// The printer was asked.
    asked: bool,
    /// It was stored, or that was tried.
    stored: bool,
}

impl Kept {
    /// It may be another printer from now on.
    pub(super) fn forget(&mut self, house: &mut House) {
        (self.asked, house.kept) = (false, None);
    }
}

/// The keys of a logo and of its mark: other pictures have others, so that none is taken for another.
fn keys(picture: &Picture) -> [Key; 2] {
    // FNV-1a of 64 bits: a picture's keys are the same in every build.
    let bytes = [&picture.bytes_across.to_le_bytes(), &picture.bits[..]].concat();
    let hash = bytes
        .iter()
        .fold(0xCBF2_9CE4_8422_2325, |hash: u64, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3));
    let letter = |first: u8, place: u32| first.saturating_add(u8::try_from((hash >> (16 * place)) % 26).unwrap_or(0));
    [[letter(b'A', 0), letter(b'A', 1)], [letter(b'a', 2), letter(b'a', 3)]]
}

/// Function 67: one colour.
fn store(key: Key, (across, down, bits): (u16, u16, &[u8])) -> Option<Vec<u8>> {
    let length = u16::try_from(bits.len() + 11).ok()?.to_le_bytes();
    let head = [0x1D, 0x28, 0x4C, length[0], length[1], 0x30, 0x43, 0x30, key[0], key[1], 1];
    let sides = [across.to_le_bytes(), down.to_le_bytes()].concat();
    Some([&head[..], &sides, &[0x31], bits].concat())
}

/// Function 69, as large as it is.
pub(super) fn print(key: Key) -> [u8; 11] {
    [0x1D, 0x28, 0x4C, 6, 0, 0x30, 0x45, key[0], key[1], 1, 1]
}

impl EscPosPrinter {
    /// The logo of the slips as this printer keeps it, where it can and a slip shows it.
    fn logo_to_keep(&self) -> Option<Picture> {
        let profile = self.profile();
        let shown = self.layout.template.line.iter().any(|line| line.field == Some(Field::Logo));
        let logo = self.layout.house.logo.as_ref().filter(|_| profile.keeps_logo && profile.raster && shown)?;
        Some(picture_of(logo, profile))
    }

    /// Finds out once whether the printer keeps the logo, and has it keep it. Slips carry it meanwhile, and for ever where
    /// that fails.
    pub(super) fn keep_logo(&mut self) {
        if std::mem::replace(&mut self.kept.asked, true) {
            return;
        }
        let Some(logo) = self.logo_to_keep() else { return };
        let keys = keys(&logo);
        let kept = match self.keeps(keys) {
            Ok(false) if !std::mem::replace(&mut self.kept.stored, true) => {
                let stored = self.store(keys, &logo);
                // What is left of it would become part of a slip.
                self.stuck |= stored.is_err();
                stored.and_then(|()| self.keeps(keys))
            }
            kept => kept,
        };
        match kept {
            Ok(kept) => self.layout.house.kept = kept.then_some(keys[0]),
            Err(stop) => tracing::debug!(?stop, "what the printer keeps"),
        }
    }

    /// Whether the printer keeps all of it.
    fn keeps(&mut self, keys: [Key; 2]) -> Result<bool, Stop> {
        self.wire.begin()?;
        let until = self.wire.now().after(MENDING);
        self.wire.write(LIST, until, false)?;
        let patience = self.wire.patience(TELLING);
        for _ in 0..PARTS {
            self.wire.wait(until, patience, false, |wire| wire.heard.listed.is_some())?;
            let more = self.wire.heard.listed.take();
            self.wire.write(&[ACKNOWLEDGED], until, false)?;
            if more == Some(false) {
                break;
            }
        }
        Ok(keys.iter().all(|key| self.wire.heard.keys.contains(key)))
    }

    fn store(&mut self, [key, mark]: [Key; 2], logo: &Picture) -> Result<(), Stop> {
        let side = |side: usize| u16::try_from(side).unwrap_or(u16::MAX);
        let logo = (side(8 * logo.bytes_across), side(logo.bits.len() / logo.bytes_across.max(1)), &logo.bits[..]);
        self.wire.begin()?;
        let until = self.wire.now().after(ON_ITS_WAY);
        for command in [store(key, logo), store(mark, MARK)].into_iter().flatten() {
            self.wire.write(&command, until, false)?;
            self.answers(WRITING, until)?;
        }
        Ok(())
    }
}
