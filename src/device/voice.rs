//! A voice: recorded clips, put together to what a scene says, and played by `aplay` of alsa-utils.
//!
//! Sixteen bits, one channel, [`RATE`] samples a second. Nothing here is longer than [`MOST`], and a sound card that hangs
//! costs nobody their visit.

mod pack;
mod player;
mod wav;

use std::time::Duration;

pub(crate) use self::wav::{at_rate, read_any_wav};
pub use self::{
    pack::{INDEX, LackingClip, Pack, PackError},
    player::{Heard, Player},
    wav::{WavError, read_wav, write_wav},
};

/// Samples a second.
pub const RATE: u32 = 16_000;

/// The longest that is said at once.
pub const MOST: Duration = Duration::from_secs(20);

/// Silence between two sentences.
pub const BETWEEN_SENTENCES: Duration = Duration::from_millis(300);

/// Silence between two clips of a sentence.
pub const BETWEEN_CLIPS: Duration = Duration::from_millis(30);

/// How many samples a time takes.
pub fn samples(time: Duration) -> usize {
    usize::try_from(time.as_millis().saturating_mul(RATE.into()) / 1000).unwrap_or(usize::MAX)
}

/// How long so many samples take.
pub(crate) fn length(samples: usize) -> Duration {
    let samples = u64::try_from(samples).unwrap_or(u64::MAX);
    Duration::from_millis(samples.saturating_mul(1000).checked_div(RATE.into()).unwrap_or_default())
}
