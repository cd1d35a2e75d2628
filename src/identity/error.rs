//! Why a lookup brought nobody.

use std::fmt;

use crate::{
    fault::{Code, Fault},
    http::HttpError,
    vault::VaultError,
};

/// A failed lookup: its code, and what WeChat's support needs to find it.
#[derive(Debug)]
pub struct LookupError {
    code: Code,
    request_id: Option<String>,
    /// WeChat's own word, `INVALID_REQUEST`; never its message, which may repeat what was sent.
    word: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The longest request id or error word kept, bytes.
const LONGEST: usize = 64;

impl LookupError {
    pub(super) fn new(code: Code) -> Self {
        Self { code, request_id: None, word: None, source: None }
    }

    pub(super) fn with_request_id(mut self, id: Option<String>) -> Self {
        let fits = |id: &String| id.len() <= LONGEST && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        self.request_id = id.filter(fits);
        self
    }

    pub(super) fn with_word(mut self, word: Option<String>) -> Self {
        let fits = |word: &String| word.len() <= LONGEST && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
        self.word = word.filter(fits);
        self
    }

    /// WeChat's `Request-ID`, for its support.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }
}

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.summary())?;
        match &self.word {
            Some(word) => write!(f, " ({word})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for LookupError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl Fault for LookupError {
    fn code(&self) -> Code {
        self.code
    }
}

impl From<Code> for LookupError {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

impl From<HttpError> for LookupError {
    fn from(error: HttpError) -> Self {
        Self { code: error.code(), source: Some(Box::new(error)), ..Self::new(Code::X001) }
    }
}

impl From<VaultError> for LookupError {
    fn from(error: VaultError) -> Self {
        Self { code: error.code(), source: Some(Box::new(error)), ..Self::new(Code::X001) }
    }
}
