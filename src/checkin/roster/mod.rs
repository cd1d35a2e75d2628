//! Today's expected people as a signed list of keyed hashes: whom a gate lets through, and whom a hospital expects while
//! its own system is away. Documented in ROSTER.md.
//!
//! Nobody's name is in it: who is on it is told by an HMAC whose key is handed out apart, over the day and the person, so
//! that neither whoever finds the list nor whoever has those of two days learns who came.
//!
//! ```text
//! make ─▶ person   the one form of a person, and its hash     list    the file: signature, day, people
//! adapter ─▶ list ─▶ person                                   source  where it lies, and whether it is another now
//! ```

mod adapter;
mod list;
mod make;
mod person;
mod source;

pub use self::{
    adapter::{Lists, Roster},
    list::{List, RosterError, Verify, day},
    make::{MakeError, Making},
    person::RosterKey,
    source::Source,
};
