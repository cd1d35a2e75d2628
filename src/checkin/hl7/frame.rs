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

    /// The next whole message. What stands before it, a message that never ended among it, is passed over.
    pub(super) fn next(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>, TooLong> {
        let end = self.0.windows(2).position(|pair| pair == END);
        let Some(end) = end else {
            return if self.0.len() > LONGEST { Err(TooLong) } else { Ok(None) };
        };
        let begin = self.0[..end].iter().rposition(|byte| *byte == BEGIN);
        let message = begin.map(|begin| Zeroizing::new(self.0[begin.saturating_add(1)..end].to_vec()));
        let rest = Zeroizing::new(self.0[end.saturating_add(END.len())..].to_vec());
        self.0 = rest;
        match message {
            Some(message) if message.len() > LONGEST => Err(TooLong),
            Some(message) => Ok(Some(message)),
            None => self.next(),
        }
    }
}
