//! `facemchd voice`: what is to be recorded for a lane's voice, and a stand-in for tests.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::Command as Program,
};

use super::{
    Ending,
    phrases::{help, voice as say},
};
use crate::{
    device::voice::{INDEX, at_rate, read_any_wav, write_wav},
    fault::exit,
    files,
    kiosk::{Clip, Lexicon, Phrases},
    words::{Language, Purpose},
};

/// The longest file of phrases or words, bytes.
const MOST: usize = 256 * 1024;

/// Quieter than this is silence, at the ends of what espeak-ng says.
const SILENCE: u16 = 160;

#[derive(clap::Subcommand)]
pub(super) enum Command {
    #[command(about = help::voice_list())]
    List(Script),
    #[command(about = help::voice_render())]
    Render {
        #[command(flatten)]
        script: Script,
        #[arg(long, value_name = "DIR", help = help::voice_out())]
        out: PathBuf,
    },
}

/// Whose words.
#[derive(clap::Args)]
pub(super) struct Script {
    #[arg(long, value_name = "LANGUAGE", default_value = "zh-hans", value_parser = language, help = help::voice_language())]
    language: Language,
    #[arg(long, value_name = "MODE", default_value = "hospital", value_parser = purpose, help = help::voice_mode())]
    mode: Purpose,
    #[arg(long, value_name = "FILE", help = help::voice_phrases())]
    phrases: Option<PathBuf>,
    #[arg(long, value_name = "FILE", help = help::voice_index())]
    index: Option<PathBuf>,
}

pub(super) fn voice(command: &Command, out: &mut dyn Write) -> Result<u8, Ending> {
    let told = match command {
        Command::List(script) => {
            let lines: Vec<String> =
                script.clips()?.iter().map(|clip| format!("{}.wav\t{}", clip.name, clip.words)).collect();
            lines.join("\n")
        }
        Command::Render { script, out: folder } => render(script, folder)?,
    };
    writeln!(out, "{told}").map_err(|error| Ending::io("standard output", &error))?;
    Ok(exit::OK)
}

impl Script {
    /// What is to be recorded: the phrases, numbers and letters, and the words of an index.
    fn clips(&self) -> Result<Vec<Clip>, Ending> {
        let phrases = match &self.phrases {
            Some(file) => {
                let changed = Phrases::changed(self.language, self.mode, &text(file)?);
                changed.map_err(|error| unusable(file, error.line, &error.message))?
            }
            None => (*Phrases::shipped(self.language, self.mode)).clone(),
        };
        let mut clips = phrases.script();
        if let Some(file) = &self.index {
            let index = Lexicon::with_index(self.language, &text(file)?);
            let index = index.map_err(|error| unusable(file, error.line, error.message))?;
            let new: Vec<Clip> =
                index.words().filter(|clip| clips.iter().all(|known| known.name != clip.name)).collect();
            clips.extend(new);
        }
        Ok(clips)
    }
}

/// A whole pack, said by espeak-ng.
fn render(script: &Script, folder: &Path) -> Result<String, Ending> {
    let failed = |error: files::FileError| Ending { line: error.to_string(), exit: exit::IO };
    files::make_public_folder(folder).map_err(failed)?;
    let voice = match script.language {
        Language::ZhHans | Language::ZhHant => "cmn",
        Language::ZhHantHk => "yue",
        Language::En => "en-gb",
    };
    let clips = script.clips()?;
    for clip in &clips {
        let said = Program::new("espeak-ng").args(["-v", voice, "--stdout", "--", &clip.words]).output();
        let said = said.map_err(|error| Ending { line: say::no_espeak(error), exit: exit::UNAVAILABLE })?;
        let (rate, samples) = read_any_wav(&said.stdout)
            .map_err(|error| Ending { line: say::espeak_failed(&clip.words, error), exit: exit::FAILED })?;
        let samples = at_rate(rate, trimmed(&samples));
        files::write_public(&folder.join(format!("{}.wav", clip.name)), &write_wav(&samples)).map_err(failed)?;
    }
    if let Some(index) = &script.index {
        files::write_public(&folder.join(INDEX), text(index)?.as_bytes()).map_err(failed)?;
    }
    Ok(say::rendered(clips.len(), folder.display()))
}

fn trimmed(samples: &[i16]) -> &[i16] {
    let is_heard = |sample: &i16| sample.unsigned_abs() > SILENCE;
    match (samples.iter().position(is_heard), samples.iter().rposition(is_heard)) {
        (Some(first), Some(last)) => samples.get(first..=last).unwrap_or(samples),
        _ => samples,
    }
}

fn text(file: &Path) -> Result<String, Ending> {
    files::read_text(file, MOST).map_err(|error| Ending { line: error.to_string(), exit: exit::CONFIG })
}

fn unusable(file: &Path, line: usize, message: &str) -> Ending {
    Ending { line: format!("{}:{line}: {message}", file.display()), exit: exit::CONFIG }
}

/// The words of a site file.
fn language(word: &str) -> Result<Language, String> {
    match word {
        "zh-hans" => Ok(Language::ZhHans),
        "zh-hant" => Ok(Language::ZhHant),
        "zh-hant-hk" => Ok(Language::ZhHantHk),
        "en" => Ok(Language::En),
        _ => Err("zh-hans, zh-hant, zh-hant-hk, en".to_owned()),
    }
}

fn purpose(word: &str) -> Result<Purpose, String> {
    match word {
        "hospital" => Ok(Purpose::Hospital),
        "transit" => Ok(Purpose::Transit),
        _ => Err("hospital, transit".to_owned()),
    }
}
