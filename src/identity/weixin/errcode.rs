//! `errcode` → what the operator or the person does about it (the error tables of the three calls and of stable_token).

use std::fmt;

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
    /// Weixin's `rid`, for its support; never its message, which may repeat what was sent.
    rid: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// Whether asking once more helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// With a fresh access token.
    StaleToken,
    /// After a moment.
    Busy,
    /// Not.
    Final,
}

/// The longest rid kept, bytes.
const LONGEST: usize = 64;

impl WeixinError {
    pub(super) fn new(code: Code) -> Self {
        Self { code, errcode: None, rid: None, source: None }
    }

    /// The error of an answer.
    pub(super) fn of(errcode: i64, errmsg: &str) -> Self {
        let code = match errcode {
            40001 | 40014 | 41001 | 42001 => Code::W101,
            40164 => Code::W102,
            40002 | 40013 | 40125 | 40243 => Code::W103,
            45009 | 45011 => Code::W104,
            80113 | 94005 => Code::W105,
            94002 | 94004 => Code::W106,
            94006 | 94007 => Code::W107,
            94001 | 94003 | 94008 | 94009 | 94010 => Code::W108,
            -1 => Code::W110,
            _ => Code::W109,
        };
        let rid = errmsg.split("rid: ").nth(1).and_then(|rest| rest.split_whitespace().next());
        let fits = |rid: &&str| rid.len() <= LONGEST && rid.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        Self { errcode: Some(errcode), rid: rid.filter(fits).map(str::to_owned), ..Self::new(code) }
    }

    pub(super) fn kind(&self) -> Kind {
        match self.code {
            Code::W101 if self.errcode.is_some() => Kind::StaleToken,
            Code::W110 => Kind::Busy,
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
        match &self.rid {
            Some(rid) => write!(f, ", rid {rid}"),
            None => Ok(()),
        }
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
