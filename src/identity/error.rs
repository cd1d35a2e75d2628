//! What a failed exchange means at WeChat: codes of its classes, and the clock's where that is to blame.

use crate::{
    fault::{Code, Failure},
    http::HttpError,
    words::{RELEASED, WallTime},
};

/// What it means at WeChat that there is no answer.
pub(crate) fn unanswered(error: HttpError) -> Failure {
    let code = match &error {
        HttpError::Resolve => Code::N302,
        HttpError::Connect(_)
        | HttpError::NoTime
        | HttpError::LateConnecting
        | HttpError::LateSecuring
        | HttpError::Interrupted => Code::N301,
        HttpError::Tls(_) => Code::N303,
        HttpError::ProxyAway(_) | HttpError::Proxy => Code::N306,
        HttpError::Late => Code::N304,
        HttpError::TooLarge | HttpError::Malformed => Code::N305,
        HttpError::BadAddress | HttpError::NotPlain => Code::C101,
    };
    // What it says of routes and ports is said for both domains by the code.
    let cure = error.cure().filter(|_| code == Code::N303);
    Failure::new(code).told(code.summary()).cured_by(cure).because(error)
}

/// A refusal with WeChat's own word, `INVALID_REQUEST`; never its message, which may repeat what was sent.
pub(super) fn refused(code: Code, word: Option<&str>) -> Failure {
    let fits = |word: &&str| word.len() <= 64 && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    match word.filter(fits) {
        Some(word) => Failure::new(code).told(format!("{} ({word})", code.summary())),
        None => Failure::new(code),
    }
}

/// A clock that stands before this program was written breaks certificates and signatures: that is what to mend.
pub(super) fn clock_first(failure: Failure, now: WallTime) -> Failure {
    match failure.code() {
        Code::N303 | Code::N312 | Code::N322 | Code::C106 if now < RELEASED => failure.under(Code::C105),
        _ => failure,
    }
}
