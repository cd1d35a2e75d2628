//! Which language the technician reads: `--lang`, else the locale. Set once, before the first text.

use std::{ffi::OsStr, sync::OnceLock};

use crate::fault::Tongue;

/// `--lang`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Lang {
    /// Chinese
    #[value(help = "中文")]
    Zh,
    /// English
    #[value(help = "English")]
    En,
}

static TONGUE: OnceLock<Tongue> = OnceLock::new();

/// What this run speaks: English until somebody has chosen.
pub(super) fn tongue() -> Tongue {
    TONGUE.get().copied().unwrap_or_default()
}

/// Chooses by the program's arguments and by what the environment says of messages. Before the arguments are parsed,
/// for their help and errors are texts, too.
pub(super) fn choose(
    arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
    variable: impl Fn(&str) -> Option<String>,
) {
    let _ = TONGUE.set(of(arguments, variable));
}

fn of(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>, variable: impl Fn(&str) -> Option<String>) -> Tongue {
    let said: Vec<String> = arguments
        .into_iter()
        .map(|argument| argument.as_ref().to_string_lossy().into_owned())
        .take_while(|argument| argument != "--")
        .collect();
    let after = said.iter().zip(said.iter().skip(1)).find(|(flag, _)| *flag == "--lang").map(|(_, lang)| lang.as_str());
    let asked = after.or_else(|| said.iter().find_map(|argument| argument.strip_prefix("--lang=")));
    // In the order of setlocale(3): what is set first, and not empty, decides.
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(variable).find(|value| !value.is_empty());
    match asked {
        Some("zh") => Tongue::Zh,
        Some(_) => Tongue::En,
        // The daemon's own lines are the log's.
        None if said.get(1).is_some_and(|command| command == "run") => Tongue::En,
        None if locale.is_some_and(|locale| locale.to_ascii_lowercase().starts_with("zh")) => Tongue::Zh,
        None => Tongue::En,
    }
}

/// Texts in both languages: a phrase that lacks one, or names a part that it does not have, does not compile.
macro_rules! phrases {
    ($($(#[$attribute:meta])* $name:ident($($part:ident),*) $en:literal => $zh:literal;)*) => {
        $($(#[$attribute])* pub(in crate::cli) fn $name($($part: impl std::fmt::Display),*) -> String {
            match $crate::cli::tongue::tongue() {
                $crate::fault::Tongue::En => format!($en),
                $crate::fault::Tongue::Zh => format!($zh),
            }
        })*
    };
}
pub(super) use phrases;

#[cfg(test)]
mod tests {
    use super::*;

    fn spoken(arguments: &[&str], locale: &[(&str, &str)]) -> Tongue {
        of(arguments, |name| locale.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn the_argument_decides_before_the_locale_and_the_locale_as_setlocale_reads_it() {
        let chinese = [("LANG", "zh_CN.UTF-8")];
        assert_eq!(spoken(&["facemchd", "check"], &chinese), Tongue::Zh);
        assert_eq!(spoken(&["facemchd", "check", "--lang", "en"], &chinese), Tongue::En);
        assert_eq!(spoken(&["facemchd", "--lang=zh", "check"], &[]), Tongue::Zh);
        assert_eq!(spoken(&["facemchd", "lookup", "--", "--lang=zh"], &[]), Tongue::En);
        assert_eq!(spoken(&["facemchd"], &[("LC_ALL", "C"), ("LANG", "zh_CN")]), Tongue::En);
        assert_eq!(spoken(&["facemchd"], &[("LC_ALL", ""), ("LC_MESSAGES", "ZH_TW"), ("LANG", "C")]), Tongue::Zh);
    }

    #[test]
    fn the_log_stays_english() {
        assert_eq!(spoken(&["facemchd", "run"], &[("LANG", "zh_CN.UTF-8")]), Tongue::En);
    }
}
