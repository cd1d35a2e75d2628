//! The charset that a hospital's system reads.

use std::borrow::Cow;

use encoding_rs::GB18030;
use serde::Deserialize;

/// The charset of requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) enum Charset {
    /// UTF-8
    #[default]
    #[serde(rename = "UTF-8")]
    Utf8,
    /// GB 18030-2022, of which GBK and GB 2312 are parts.
    #[serde(rename = "GB18030")]
    Gb18030,
}

impl Charset {
    /// The text's bytes; nothing where it has a character that the charset lacks.
    pub(super) fn encode(self, text: &str) -> Option<Cow<'_, [u8]>> {
        match self {
            Self::Utf8 => Some(Cow::Borrowed(text.as_bytes())),
            Self::Gb18030 => {
                let (bytes, _, failed) = GB18030.encode(text);
                (!failed).then_some(bytes)
            }
        }
    }
}
