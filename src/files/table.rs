//! What the settings files have in common: TOML whose tables may stand once or several times, and whose lines are named.

use std::path::PathBuf;

use toml::{
    Spanned,
    de::{DeArray, DeTable, DeValue},
};

/// A line that is wrong. Values are not repeated.
#[derive(Debug, thiserror::Error)]
#[error("{}:{line}: {message}", file.display())]
pub struct WrongLine {
    /// The file's path.
    pub file: PathBuf,
    /// Which line, from 1.
    pub line: usize,
    /// What is wrong, and what is allowed.
    pub message: String,
}

/// `[name]` is the only one of `[[name]]`: the rest of the program knows only the latter.
pub(super) fn one_is_many(file: &mut DeTable<'_>, name: &str) {
    let Some(one) = file.get_mut(name).filter(|one| one.get_ref().is_table()) else { return };
    let span = one.span();
    let table = std::mem::replace(one, Spanned::new(span, DeValue::Array(DeArray::new())));
    if let DeValue::Array(many) = one.get_mut() {
        many.push(table);
    }
}

/// The line, from 1, at which a span begins.
pub(crate) fn line_of(text: &str, span: Option<std::ops::Range<usize>>) -> usize {
    let start = span.map_or(0, |span| span.start).min(text.len());
    text.as_bytes()[..start].iter().filter(|byte| **byte == b'\n').count() + 1
}

/// A settings file of more than this is none, bytes: a thousand merchants need half of it.
pub(crate) const MOST: usize = 1 << 20;
