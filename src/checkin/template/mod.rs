//! A hospital's own interface as a file: identify, list today's visits, confirm one.
//!
//! ```text
//! file ─▶ text   bodies with places for values      call ─▶ what is sent, what an answer says
//!         path   where something stands in answers  node    XML and JSON as one tree
//!         rule   success, errors, states            values  person, terminal, time, earlier steps
//!         sign   MD5, HMAC, RSA over parameters     charset UTF-8, GB 18030
//! adapter ─▶ visits   whose record, which visit     book    what this run has sent
//!            upstream calls, signed in              serial  a number that goes on
//! ```

mod adapter;
pub(super) mod book;
mod call;
mod charset;
mod file;
mod node;
mod path;
mod rehearse;
mod rule;
mod serial;
mod sign;
#[cfg(test)]
mod tests;
mod text;
mod upstream;
mod values;
mod visits;

pub use self::{adapter::ByTemplate, book::Memory, file::Template, rehearse::Watch, sign::RsaKey, upstream::Given};
