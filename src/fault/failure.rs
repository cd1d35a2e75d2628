//! A failure as rooms return it at their doors: for the operator the code, what happened with its whole chain of causes, and
//! the cure; for the person who stands there a remedy.

use std::{error::Error, fmt, sync::Arc};

use super::{Code, Cure, Fault, Tongue, causes};

/// What the person who stands there can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Present themselves once more.
    Again,
    /// Wait a moment: it goes on by itself.
    Wait,
    /// Come by another way.
    OtherWay,
    /// Go to staff.
    Staff,
}

/// What the core may know of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The operator's code, shown small in a corner.
    pub code: Code,
    /// What the person does.
    pub remedy: Remedy,
}

/// What went wrong. Says nothing of a person: it goes into the log whole.
#[derive(Clone, Debug)]
pub struct Failure {
    code: Code,
    remedy: Remedy,
    /// What happened, in the room's words; none where the cause's own words, or the code's, say it all.
    told: Option<String>,
    reference: Option<String>,
    cure: Option<Cure>,
    cause: Option<Arc<dyn Error + Send + Sync>>,
}

/// The longest reference kept, bytes.
const LONGEST: usize = 64;

impl Failure {
    /// A failure of which no more is known than its code.
    pub fn new(code: Code) -> Self {
        Self { code, remedy: code.remedy(), told: None, reference: None, cure: None, cause: None }
    }

    /// What happened, in English and without private data.
    pub fn told(self, told: impl Into<String>) -> Self {
        Self { told: Some(told.into()), ..self }
    }

    /// The cause beneath, with its own causes.
    pub(crate) fn because(self, cause: impl Error + Send + Sync + 'static) -> Self {
        Self { cause: Some(Arc::new(cause)), ..self }
    }

    /// What the operator does, where the cause tells more than the code.
    pub(crate) fn cured_by(self, cure: impl Into<Option<Cure>>) -> Self {
        Self { cure: cure.into(), ..self }
    }

    /// What the other side knows it by, `Request-ID` or `rid`; nothing that could be anything else is kept.
    pub(crate) fn with_reference(self, reference: Option<&str>) -> Self {
        let fits =
            |id: &&str| (1..=LONGEST).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        Self { reference: reference.filter(fits).map(str::to_owned), ..self }
    }

    /// The same under another code, of whose kind it is; its own words become the cause.
    pub fn under(self, code: Code) -> Self {
        Self {
            code,
            remedy: code.remedy(),
            told: None,
            cure: None,
            reference: self.reference.clone(),
            cause: Some(Arc::new(self)),
        }
    }

    /// The same, and where: `merchant m-7`.
    pub fn within(self, place: impl Into<String>) -> Self {
        Self { told: Some(place.into()), cause: Some(Arc::new(self.clone())), ..self }
    }

    /// The operator's code.
    pub fn code(&self) -> Code {
        self.code
    }

    /// WeChat's `Request-ID` or weixin's `rid`.
    pub fn reference(&self) -> Option<&str> {
        self.reference.as_deref()
    }

    /// The cause of this kind, however deep it lies.
    pub(crate) fn cause<E: Error + 'static>(&self) -> Option<&E> {
        let cause = self.cause.as_deref()? as &(dyn Error + 'static);
        cause.downcast_ref().or_else(|| cause.downcast_ref::<Self>()?.cause())
    }

    /// What the operator does about it.
    pub fn cure_in(&self, tongue: Tongue) -> &'static str {
        self.cure.map_or_else(|| self.code.cure_in(tongue), |cure| cure.text_in(tongue))
    }

    /// The cause's own cure, where it has one.
    pub(crate) fn cure(&self) -> Option<Cure> {
        self.cure
    }

    /// What the core may know.
    pub fn trouble(&self) -> Trouble {
        Trouble { code: self.code, remedy: self.remedy }
    }

    /// The last of its causes, in its own words: what is beneath it all.
    pub fn root(&self) -> String {
        let mut root: &dyn Error = self;
        while let Some(cause) = root.source() {
            root = cause;
        }
        root.to_string()
    }

    /// What happened, and why, on one line: `the key cannot be read; caused by: permission denied`.
    pub fn chain(&self) -> String {
        causes(self)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.told, &self.cause) {
            (Some(told), _) => f.write_str(told),
            (None, Some(cause)) => cause.fmt(f),
            (None, None) => f.write_str(self.code.summary()),
        }
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let cause = self.cause.as_deref();
        match self.told {
            Some(_) => cause.map(|cause| cause as _),
            // Its own words are the first of the chain already.
            None => cause.and_then(Error::source),
        }
    }
}

impl From<Code> for Failure {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

impl<F: Fault + Send + Sync + 'static> From<F> for Failure {
    fn from(fault: F) -> Self {
        Self::new(fault.code()).cured_by(fault.cure()).because(fault)
    }
}

impl From<Code> for Trouble {
    fn from(code: Code) -> Self {
        Self { code, remedy: code.remedy() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Said(&'static str, #[source] Option<std::num::ParseIntError>);

    impl Fault for Said {
        fn code(&self) -> Code {
            Code::K401
        }
    }

    #[test]
    fn a_failure_keeps_its_whole_chain_and_each_word_of_it_once() {
        let why = "x".parse::<u8>().unwrap_err();
        let failure = Failure::from(Said("the key is none", Some(why)));
        assert_eq!(failure.chain(), "the key is none; caused by: invalid digit found in string");
        let failure = failure.within("merchant m-7");
        assert_eq!(failure.code(), Code::K401);
        assert_eq!(
            failure.chain(),
            "merchant m-7; caused by: the key is none; caused by: invalid digit found in string"
        );
        let other = failure.under(Code::H901);
        assert!(other.code() == Code::H901 && other.chain().starts_with("merchant m-7; caused by: the key"));
        assert_eq!(Failure::new(Code::N304).chain(), Code::N304.summary());
    }

    #[test]
    fn a_reference_that_could_be_anything_else_is_not_kept() {
        let kept = |id: &str| Failure::new(Code::N324).with_reference(Some(id)).reference().is_some();
        assert!(kept("08F9A2-17"));
        for other in ["", "张三", "a b", "id\n", &"7".repeat(65)] {
            assert!(!kept(other), "{other}");
        }
    }
}
