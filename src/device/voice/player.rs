//! `aplay` as a child of ours: fed through its standard input without ever waiting for it, and killed when it is to be
//! silent.

use std::{
    io::{self, Read as _, Write as _},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use rustix::io::ioctl_fionbio;

use super::{RATE, length};
use crate::{
    device::DeviceError,
    fault::Code,
    words::{Clock, Moment},
};

/// Plays one thing after the other.
pub struct Player {
    program: PathBuf,
    device: String,
    playing: Option<Playing>,
    /// Killed, and not gone.
    dying: Vec<Child>,
}

/// What is being played.
struct Playing {
    child: Child,
    bytes: Vec<u8>,
    sent: usize,
    /// Whoever plays for longer hangs.
    until: Moment,
}

/// How playing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Nothing is played.
    Nothing,
    /// It goes on.
    Playing,
    /// It has just been played to its end.
    Ended,
}

/// How much longer than the sound itself playing may take: a card wakes up.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a player that was killed has the sound card still, and how often it is looked at.
const DYING: Duration = Duration::from_millis(200);
const TRIES: u32 = 40;

/// Ten milliseconds.
const SILENCE: [i16; 160] = [0; 160];

/// With so many that do not end, no further one is started.
const MOST_DYING: usize = 2;

/// The longest word of a player that fails, bytes.
const LONGEST_WORD: u64 = 512;

impl Player {
    /// Plays by this program on this sound card.
    pub fn new(program: PathBuf, device: String) -> Self {
        Self { program, device, playing: None, dying: Vec::new() }
    }

    /// Begins to play these samples at so many percent of their loudness, in place of what is being played.
    pub fn play(&mut self, now: Moment, samples: &[i16], percent: u8) -> Result<(), DeviceError> {
        self.cut();
        self.bury();
        if samples.is_empty() {
            return Ok(());
        }
        if self.dying.len() >= MOST_DYING {
            return Err(self.failed("the last ones do not end"));
        }
        let louder = |sample: &i16| {
            let scaled = i32::from(*sample).saturating_mul(percent.min(100).into()) / 100;
            i16::try_from(scaled).unwrap_or(0).to_le_bytes()
        };
        let bytes = samples.iter().flat_map(louder).collect();
        let mut command = Command::new(&self.program);
        command.args(["-q", "-t", "raw", "-f", "S16_LE", "-c", "1", "-r", &RATE.to_string(), "-D", &self.device, "-"]);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let child = child.map_err(|error| self.failed(&format!("{}: {error}", self.program.display())))?;
        let until = now.after(length(samples.len())).after(PATIENCE);
        let playing = self.playing.insert(Playing { child, bytes, sent: 0, until });
        let unblocked = playing.child.stdin.as_ref().map_or(Ok(()), |input| ioctl_fionbio(input, true));
        if let Err(error) = unblocked {
            self.cut();
            return Err(self.failed(&error.to_string()));
        }
        playing.feed();
        Ok(())
    }

    /// Gives the player as much as it takes.
    pub fn tend(&mut self, now: Moment) -> Result<Heard, DeviceError> {
        let Some(playing) = &mut self.playing else { return Ok(Heard::Nothing) };
        playing.feed();
        match playing.child.try_wait() {
            Ok(None) if now < playing.until => Ok(Heard::Playing),
            Ok(None) => {
                self.cut();
                Err(self.failed("it does not come to its end"))
            }
            Ok(Some(status)) if status.success() => {
                self.playing = None;
                Ok(Heard::Ended)
            }
            Ok(Some(status)) => {
                let mut word = String::new();
                if let Some(errors) = playing.child.stderr.take() {
                    let _ = errors.take(LONGEST_WORD).read_to_string(&mut word);
                }
                self.playing = None;
                let word = word.lines().next_back().unwrap_or_default().trim().to_owned();
                Err(self.failed(&format!("{status}: {word}")))
            }
            Err(error) => {
                self.cut();
                Err(self.failed(&error.to_string()))
            }
        }
    }

    /// Whether anything can be heard: plays a breath of silence to its end.
    pub(crate) fn try_out(&mut self, clock: &dyn Clock) -> Result<(), DeviceError> {
        self.play(clock.now().moment, &SILENCE, 100)?;
        while self.tend(clock.now().moment)? == Heard::Playing {
            thread::sleep(DYING / TRIES);
        }
        Ok(())
    }

    /// Silence at once.
    pub fn cut(&mut self) {
        if let Some(mut playing) = self.playing.take() {
            // By its own process id, which is ours until it has been waited for. One that hangs in its card's driver is
            // waited for later.
            let _ = playing.child.kill();
            for _ in 0..TRIES {
                if !matches!(playing.child.try_wait(), Ok(None)) {
                    return;
                }
                thread::sleep(DYING / TRIES);
            }
            self.dying.push(playing.child);
        }
    }

    /// Takes leave of players that have ended.
    fn bury(&mut self) {
        self.dying.retain_mut(|child| matches!(child.try_wait(), Ok(None)));
    }

    fn failed(&self, reason: &str) -> DeviceError {
        DeviceError::Open { what: format!("sound card {}", self.device), reason: reason.to_owned(), code: Code::D620 }
    }
}

impl Playing {
    /// What has been sent whole ends the player's input.
    fn feed(&mut self) {
        while let (Some(input), Some(left)) = (&mut self.child.stdin, self.bytes.get(self.sent..)) {
            if left.is_empty() {
                self.child.stdin = None;
                return;
            }
            match input.write(left) {
                Ok(taken) => self.sent = self.sent.saturating_add(taken),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // It has ended, and says why.
                Err(_) => self.child.stdin = None,
            }
        }
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        self.cut();
    }
}
