//! `errcode` → what the operator or the person does about it (the error tables of the three calls, of stable_token, and
//! weixin's table of return codes).

use std::time::Duration;

use super::told;
use crate::{
    fault::{Code, Failure},
    files::FileError,
};

/// A call that brought nothing, and whether asking once more helps.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) failure: Failure,
    pub(super) kind: Kind,
}

/// Whether asking once more helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// With a fresh access token.
    StaleToken,
    /// After a moment, longer if weixin says so.
    Busy(Option<Duration>),
    /// The same question gets the same answer: it is not asked again.
    Final,
}

impl Refusal {
    /// The refusal of an answer to a question with this body.
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
        let kind = match code {
            Code::W101 => Kind::StaleToken,
            Code::W110 => Kind::Busy(None),
            _ => Kind::Final,
        };
        let told = format!("{} (errcode {errcode}){}", code.summary(), told::told(errmsg, sent));
        Self { failure: Failure::new(code).told(told).with_reference(told::rid(errmsg)), kind }
    }

    /// An answer with another status than 200.
    pub(super) fn of_status(status: u16, retry_after: Option<Duration>) -> Self {
        let (code, kind) = match status {
            429 | 500.. => (Code::W110, Kind::Busy(retry_after)),
            _ => (Code::W109, Kind::Final),
        };
        Self { failure: Failure::new(code).told(format!("{}, status {status}", code.summary())), kind }
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self { failure: code.into(), kind: Kind::Final }
    }
}

/// The central service that hands tokens out is not weixin: what it cannot do is mended elsewhere.
pub(super) fn of_token_service(failure: Failure) -> Failure {
    let code = failure.code();
    let of_service = matches!(code, Code::W109 | Code::W110 | Code::W113) || code.as_str().starts_with('N');
    if !of_service {
        return failure;
    }
    let told = format!("{}: {}", Code::W114.summary(), failure.root());
    Failure::new(Code::W114).told(told).with_reference(failure.reference())
}

/// A secret that cannot be read.
pub(super) fn unreadable(error: FileError) -> Failure {
    let code = if error.is_exposed() { Code::K402 } else { Code::W103 };
    Failure::new(code).cured_by(error.cure().filter(|_| code != Code::K402)).because(error)
}
