//! The credential that a terminal hands over after recognising a face.

use std::fmt::Write as _;

use super::Private;

/// A `face_sid`: 1–1024 bytes of UTF-8 without control characters, not `.` or `..`.
///
/// WeChat publishes neither alphabet nor lifetime; the bounds are ours and loose. It is a
/// single-use secret: never logged, never stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaceSid(Private);

/// Why a text is not a `face_sid`. The text itself is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FaceSidError {
    /// Zero bytes.
    #[error("face_sid is empty")]
    Empty,
    /// Over [`FaceSid::MAX_BYTES`].
    #[error("face_sid is longer than 1024 bytes")]
    TooLong,
    /// A control character (Unicode category Cc).
    #[error("face_sid holds a control character")]
    Control,
    /// `.` or `..`, which a path would swallow.
    #[error("face_sid is a relative path segment")]
    Dots,
}

impl FaceSid {
    /// The longest accepted text, in bytes.
    pub(crate) const MAX_BYTES: usize = 1024;

    /// Parses what a terminal sent.
    pub fn parse(text: &str) -> Result<Self, FaceSidError> {
        match text {
            "" => return Err(FaceSidError::Empty),
            "." | ".." => return Err(FaceSidError::Dots),
            _ if text.len() > Self::MAX_BYTES => return Err(FaceSidError::TooLong),
            _ if text.chars().any(char::is_control) => return Err(FaceSidError::Control),
            _ => {}
        }
        Ok(Self(Private::new(text.to_owned())))
    }

    /// The text as received.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }

    /// The text as exactly one RFC 3986 path segment: everything but the unreserved characters is percent-encoded.
    pub(crate) fn path_segment(&self) -> Private {
        let mut segment = String::with_capacity(self.reveal().len() * 3);
        for byte in self.reveal().bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    segment.push(byte as char);
                }
                _ => {
                    let _ = write!(segment, "%{byte:02X}");
                }
            }
        }
        Private::new(segment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_question_mark_or_hanzi_stays_inside_the_segment() {
        let sid = FaceSid::parse("a/b?c=张 %2F~").expect("valid");
        assert_eq!(sid.path_segment().reveal(), "a%2Fb%3Fc%3D%E5%BC%A0%20%252F~");
    }

    #[test]
    fn bounds_are_those_of_the_contract() {
        assert_eq!(FaceSid::parse(""), Err(FaceSidError::Empty));
        assert_eq!(FaceSid::parse(".."), Err(FaceSidError::Dots));
        assert_eq!(FaceSid::parse("a\u{85}b"), Err(FaceSidError::Control));
        assert!(FaceSid::parse(&"a".repeat(1024)).is_ok());
        assert_eq!(FaceSid::parse(&"a".repeat(1025)), Err(FaceSidError::TooLong));
    }

    #[test]
    fn debug_shows_nothing() {
        let sid = FaceSid::parse("bbaf113f-4171").expect("valid");
        assert!(!format!("{sid:?}").contains("bbaf"));
    }
}
