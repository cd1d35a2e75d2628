//! MLLP, release 1: a message between 0B and 1C 0D (HL7 transport specification, MLLP).

use zeroize::Zeroizing;

const BEGIN: u8 = 0x0B;
const END: [u8; 2] = [0x1C, 0x0D];

/// The longest message, bytes.
pub(super) const LONGEST: usize = 64 * 1024;

/// A message as it is sent; nothing where it holds what ends one.
pub(super) fn framed(message: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    if message.iter().any(|byte| matches!(*byte, BEGIN | 0x1C)) {
        return None;
    }
    let mut framed = Zeroizing::new(Vec::with_capacity(message.len().saturating_add(3)));
    framed.push(BEGIN);
    framed.extend_from_slice(message);
    framed.extend_from_slice(&END);
    Some(framed)
}

/// What has come so far.
#[derive(Default)]
pub(super) struct Incoming(Zeroizing<Vec<u8>>);

/// More came than any message has.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

impl Incoming {
    /// Where more is added.
    pub(super) fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }

    /// The next whole message. What stands before it, a message that never ended among it, is passed over. `ended` hears
    /// all that came up to an end.
    pub(super) fn next(&mut self, ended: impl Fn(&[u8])) -> Result<Option<Zeroizing<Vec<u8>>>, TooLong> {
        let mut passed: usize = 0;
        loop {
            let Some(end) = self.0[passed..].windows(2).position(|pair| pair == END) else {
                self.0.drain(..passed);
                return if self.0.len() > LONGEST { Err(TooLong) } else { Ok(None) };
            };
            let before = &self.0[passed..passed.saturating_add(end)];
            ended(before);
            let begin = before.iter().rposition(|byte| *byte == BEGIN);
            let message = begin.map(|begin| Zeroizing::new(before[begin.saturating_add(1)..].to_vec()));
            passed = passed.saturating_add(end).saturating_add(END.len());
            if let Some(message) = message {
                self.0.drain(..passed);
                return if message.len() > LONGEST { Err(TooLong) } else { Ok(Some(message)) };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn ends_of_messages_that_never_began_are_passed_over_however_many() {
        let mut incoming = Incoming::default();
        for _ in 0..4096 {
            incoming.bytes().extend_from_slice(&END);
        }
        incoming.bytes().extend_from_slice(b"\x0BMSH\x1C\x0D\x0BM");
        let (first, second) = (incoming.next(|_| {}), incoming.next(|_| {}));
        assert_eq!(first.map(|message| message.map(|bytes| bytes.to_vec())), Ok(Some(b"MSH".to_vec())));
        assert!(matches!(second, Ok(None)) && **incoming.bytes() == *b"\x0BM");
    }

    #[test]
    fn a_message_is_one_however_it_came_and_what_was_none_is_heard_of_too() {
        let heard = RefCell::new(Vec::new());
        let (mut incoming, mut messages) = (Incoming::default(), Vec::new());
        let ended = |bytes: &[u8]| heard.borrow_mut().push(bytes.to_vec());
        for read in [
            b"\x0BMSH|a\rMS".as_slice(),
            b"A|AA\x1C",
            b"\x0D\x0BMSH|b\x1C\x0Dnobody's\x1C\x0D\x0BMSH|c\x1C\x0D",
            b"\x0BM",
        ] {
            incoming.bytes().extend_from_slice(read);
            while let Ok(Some(message)) = incoming.next(ended) {
                messages.push(message.to_vec());
            }
        }
        assert_eq!(messages, [b"MSH|a\rMSA|AA".as_slice(), b"MSH|b", b"MSH|c"]);
        let told = [b"\x0BMSH|a\rMSA|AA".as_slice(), b"\x0BMSH|b", b"nobody's", b"\x0BMSH|c"];
        assert_eq!(heard.borrow().as_slice(), told);
        assert_eq!(**incoming.bytes(), *b"\x0BM");
    }
}
