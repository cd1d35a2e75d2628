//! What a site file says of what is heard at a lane: the voice and its sound card, the buzzer's patterns.

use serde::{Deserialize, Deserializer, de};

use crate::device::Sounds;
#[cfg(feature = "voice")]
use crate::files::Anchored;

/// `lane.voice`
#[cfg(feature = "voice")]
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Voice {
    /// A folder of recorded clips.
    pub pack: Anchored,
    /// ALSA's name of the sound card, as `aplay -L` lists them.
    #[serde(default = "default_device", deserialize_with = "device")]
    pub device: String,
    /// The program that plays.
    #[serde(default = "default_player")]
    pub player: Anchored,
    /// Percent of the clips' own loudness.
    #[serde(default = "default_volume", deserialize_with = "percent")]
    pub volume: u8,
    /// The same in the lane's quiet hours; 0 says nothing.
    #[serde(default, deserialize_with = "percent")]
    pub quiet_volume: u8,
}

/// `lane.buzzer`: what is heard of a visit, each as milliseconds on, off, on, …; nothing is no sound.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Buzzer {
    /// The person is checked in, or let through.
    #[serde(deserialize_with = "pattern")]
    pub good: Vec<u32>,
    /// The person is not.
    #[serde(deserialize_with = "pattern")]
    pub bad: Vec<u32>,
    /// Once more, please.
    #[serde(deserialize_with = "pattern")]
    pub again: Vec<u32>,
    /// The person has been noticed, and is to wait or to act.
    #[serde(deserialize_with = "pattern")]
    pub wait: Vec<u32>,
}

impl Default for Buzzer {
    fn default() -> Self {
        let Sounds { good, bad, again, wait } = Sounds::default();
        Self { good, bad, again, wait }
    }
}

impl From<Buzzer> for Sounds {
    fn from(Buzzer { good, bad, again, wait }: Buzzer) -> Self {
        Self { good, bad, again, wait }
    }
}

/// The most times of a pattern, and the longest of all of them, milliseconds.
const MOST: usize = 15;
const LONGEST: u32 = 5000;

fn pattern<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u32>, D::Error> {
    let pattern = Vec::<u32>::deserialize(deserializer)?;
    let each = pattern.len() <= MOST && pattern.iter().all(|milliseconds| (10..=2000).contains(milliseconds));
    let ends_silent = pattern.is_empty() || !pattern.len().is_multiple_of(2);
    if each && ends_silent && pattern.iter().sum::<u32>() <= LONGEST {
        return Ok(pattern);
    }
    Err(de::Error::custom("expected up to 15 times on, off, … on, of 10–2000 milliseconds, 5000 in all"))
}

#[cfg(feature = "voice")]
fn device<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    crate::words::setting::checked(deserializer, "ALSA's name of a sound card, as aplay -L lists them", |name| {
        (1..=128).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic()) && !name.starts_with('-')
    })
}

#[cfg(feature = "voice")]
fn percent<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    match u8::deserialize(deserializer)? {
        percent @ 0..=100 => Ok(percent),
        _ => Err(de::Error::custom("expected 0–100 percent")),
    }
}

#[cfg(feature = "voice")]
fn default_device() -> String {
    "default".to_owned()
}

#[cfg(feature = "voice")]
fn default_player() -> Anchored {
    Anchored::new("/usr/bin/aplay")
}

#[cfg(feature = "voice")]
fn default_volume() -> u8 {
    80
}
