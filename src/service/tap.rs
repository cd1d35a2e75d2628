//! Whoever composes may hear what goes into the core and what comes out of it, as it happens. Nobody does in production,
//! where it costs a look at a pointer that is none.

use crate::{
    kiosk::{Input, Output},
    words::Now,
};

/// Hears everything, between the things that the loop does: it must not wait.
pub trait Tap: Send {
    /// Something happened.
    fn heard(&mut self, now: Now, input: &Input);

    /// Something is to be done.
    fn wanted(&mut self, now: Now, output: &Output);
}
