//! `errcode` → what the operator or the person does about it (the error tables of the three calls, of stable_token, and
//! weixin's table of return codes).

use std::{fmt, time::Duration};

use super::told;
use crate::{
    fault::{Code, Fault},
    files::FileError,
    http::HttpError,
    vault::VaultError,
};

/// A call that brought nothing.
#[derive(Debug)]
pub struct WeixinError {
    code: Code,
    errcode: Option<i64>,
    /// What else weixin told and may be repeated.
    told: String,
    /// `Retry-After`
    retry_after: Option<Duration>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// Whether asking once more helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// With a fresh access token.
    StaleToken,
    /// After a moment, longer if weixin says so.
    Busy(Option<Duration>),
    /// Not.
    Final,
}

impl WeixinError {
    pub(super) fn new(code: Code) -> Self {
        Self { code, errcode: None, told: String::new(), retry_after: None, source: None }
    }

    /// The error of an answer to a question with this body.
    pub(super) fn of(errcode: i64, errmsg: &str, sent: &[u8]) -> Self {
        let code = match errcode {
            40001 | 40014 | 41001 | 42001 | 42007 => Code::W101,
            40164 => Code::W102,
            40002 | 40013 | 40125 | 40243 | 41002 | 41004 => Code::W103,
            45009 | 45011 => Code::W104,
            40003 | 40029 | 40163 | 41008 | 42003 | 80113 | 94005 => Code::W105,
            94002 | 94004 => Code::W106,
            48001 | 48004 | 50001 | 50002 | 94006 | 94007 => Code::W107,
            43002 | 44002 | 47001 | 94001 | 94003 | 94008 | 94009 | 94010 => Code::W108,
            -1 => Code::W110,
            89501 | 89503 | 89506 | 89507 => Code::W112,
            _ => Code::W113,
        };
        Self { errcode: Some(errcode), told: told::told(errmsg, sent), ..Self::new(code) }
    }

    /// An answer with another status than 200.
    pub(super) fn of_status(status: u16, retry_after: Option<Duration>) -> Self {
        let code = if status == 429 || status >= 500 { Code::W110 } else { Code::W109 };
        Self { told: format!(", status {status}"), retry_after, ..Self::new(code) }
    }

    /// The central service that hands tokens out is not weixin: what it cannot do is mended elsewhere.
    pub(super) fn of_token_service(self) -> Self {
        match self.code {
            Code::W109 | Code::W110 | Code::W113 => Self { code: Code::W114, ..self },
            code if code.as_str().starts_with('N') => {
                Self { code: Code::W114, source: Some(Box::new(self)), ..Self::new(code) }
            }
            _ => self,
        }
    }

    pub(super) fn kind(&self) -> Kind {
        match self.code {
            Code::W101 if self.errcode.is_some() => Kind::StaleToken,
            Code::W110 => Kind::Busy(self.retry_after),
            _ => Kind::Final,
        }
    }

    /// Weixin's own number, if it gave one.
    pub fn errcode(&self) -> Option<i64> {
        self.errcode
    }
}

impl fmt::Display for WeixinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.summary())?;
        if let Some(errcode) = self.errcode {
            write!(f, " (errcode {errcode})")?;
        }
        f.write_str(&self.told)
    }
}

impl std::error::Error for WeixinError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl Fault for WeixinError {
    fn code(&self) -> Code {
        self.code
    }
}

impl From<Code> for WeixinError {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

impl From<HttpError> for WeixinError {
    fn from(error: HttpError) -> Self {
        Self { code: error.code(), source: Some(Box::new(error)), ..Self::new(Code::X001) }
    }
}

impl From<FileError> for WeixinError {
    fn from(error: FileError) -> Self {
        let code = if error.is_exposed() { Code::K402 } else { Code::W103 };
        Self { source: Some(Box::new(error)), ..Self::new(code) }
    }
}

impl From<VaultError> for WeixinError {
    fn from(error: VaultError) -> Self {
        Self { code: error.code(), source: Some(Box::new(error)), ..Self::new(Code::X001) }
    }
}
