//! A hospital's own interface as a file: identify, list today's visits, confirm one.
//!
//! ```text
//! file ─▶ text   bodies with places for values      call ─▶ what is sent, what an answer says
//!         path   where something stands in answers  node    XML and JSON as one tree
//!         rule   success, errors, states            values  person, terminal, time, earlier steps
//!         sign   MD5, HMAC, RSA over parameters
//! adapter ─▶ visits   whose record, which visit     upstream calls, signed in
//! ```

mod adapter;
mod call;
mod cdata;
mod file;
mod node;
mod path;
mod rehearse;
mod rule;
mod sign;
#[cfg(test)]
mod tests;
mod text;
mod upstream;
mod values;
mod visits;

pub use self::{adapter::ByTemplate, file::Template, rehearse::Watch, sign::RsaKey, upstream::Given};
