//! WAV files of the one form that a pack holds.

use super::RATE;

/// Why a clip cannot be played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WavError {
    /// Something else.
    #[error("is no WAV file")]
    NoWav,
    /// Another form.
    #[error("is not 16 kHz, 16 bit, one channel, PCM")]
    OtherForm,
    /// Nothing is heard.
    #[error("holds no samples")]
    Empty,
}

/// The samples of a clip.
pub fn read_wav(file: &[u8]) -> Result<Vec<i16>, WavError> {
    match read_any_wav(file)? {
        (RATE, samples) => Ok(samples),
        _ => Err(WavError::OtherForm),
    }
}

/// The samples of a WAV file of one channel and 16 bit, and how many there are a second. Chunks that are not known are
/// passed over, one that was cut off ends where it ends.
pub(crate) fn read_any_wav(file: &[u8]) -> Result<(u32, Vec<i16>), WavError> {
    let riff = file.get(..12).filter(|head| head.starts_with(b"RIFF") && head.ends_with(b"WAVE"));
    riff.ok_or(WavError::NoWav)?;
    let mut rest = file.get(12..).unwrap_or_default();
    let mut form = None;
    while let Some((head, after)) = rest.split_at_checked(8) {
        let (name, size) = (head.get(..4), head.get(4..).and_then(|size| size.try_into().ok()).map(u32::from_le_bytes));
        let size = usize::try_from(size.unwrap_or(0)).unwrap_or(usize::MAX);
        let chunk = after.get(..size).unwrap_or(after);
        match name {
            Some(b"fmt ") => form = read_form(chunk),
            Some(b"data") => {
                let Some((PCM, 1, rate, 16)) = form else { return Err(WavError::OtherForm) };
                let samples: Vec<i16> = chunk.as_chunks().0.iter().map(|pair| i16::from_le_bytes(*pair)).collect();
                return if samples.is_empty() { Err(WavError::Empty) } else { Ok((rate, samples)) };
            }
            _ => {}
        }
        // A chunk of odd length has a byte behind it.
        rest = after.get(size.saturating_add(size % 2)..).unwrap_or_default();
    }
    Err(WavError::NoWav)
}

/// The same sound at [`RATE`], between two samples on the line that joins them.
pub(crate) fn at_rate(rate: u32, samples: &[i16]) -> Vec<i16> {
    let count = u64::try_from(samples.len()).unwrap_or(0).saturating_mul(RATE.into());
    let count = count.checked_div(rate.into()).unwrap_or(0);
    let sample = |index: u64| usize::try_from(index).ok().and_then(|index| samples.get(index)).copied().unwrap_or(0);
    let at = |index: u64| {
        let place = index.saturating_mul(rate.into());
        let (before, share) = (place.div_euclid(RATE.into()), place.rem_euclid(RATE.into()));
        let (first, second) = (i64::from(sample(before)), i64::from(sample(before.saturating_add(1))));
        let share = i64::try_from(share).unwrap_or(0);
        let slope = second.saturating_sub(first).saturating_mul(share).div_euclid(RATE.into());
        i16::try_from(first.saturating_add(slope)).unwrap_or(0)
    };
    (0..count).map(at).collect()
}

/// `WAVE_FORMAT_PCM`
const PCM: u16 = 1;

/// Format, channels, samples a second, bits a sample.
fn read_form(chunk: &[u8]) -> Option<(u16, u16, u32, u16)> {
    let short = |at: usize| Some(u16::from_le_bytes(chunk.get(at..)?.get(..2)?.try_into().ok()?));
    let rate = u32::from_le_bytes(chunk.get(4..8)?.try_into().ok()?);
    Some((short(0)?, short(2)?, rate, short(14)?))
}

/// A WAV file of these samples.
pub fn write_wav(samples: &[i16]) -> Vec<u8> {
    let data: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let size = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let riff = size.saturating_add(36).to_le_bytes();
    let bytes_a_second = RATE.saturating_mul(2).to_le_bytes();
    [
        &b"RIFF"[..],
        &riff,
        b"WAVEfmt ",
        &16_u32.to_le_bytes(),
        &1_u16.to_le_bytes(),
        &1_u16.to_le_bytes(),
        &RATE.to_le_bytes(),
        &bytes_a_second,
        &2_u16.to_le_bytes(),
        &16_u16.to_le_bytes(),
        b"data",
        &size.to_le_bytes(),
        &data,
    ]
    .concat()
}
