//! `facemchd`, the agent of a face-payment kiosk: `face_sid` in, name opened on the device, person checked in, panel,
//! slip and gate driven.
//!
//! ```text
//! terminal ─ Approached ──▶ kiosk ─ Warm ──▶ http
//! terminal ─ Recognised ──▶ kiosk ┬ Record(opened) ─▶ store.journal ┐ nothing visible and no check-in
//!                                 ├ LookUp ─────────▶ identity      ┘ before it is durable
//!             Found ◀─────────────┘   sign → GET → verify → open → parse
//!                                 ├ CheckIn ────────▶ checkin ─▶ Answered
//!                                 ├ Record(decided) ▶ store.journal, durable
//!                                 ├ Show ───────────▶ device.panel, or the terminal's screen
//!                                 ├ Print ──────────▶ device.printer ─▶ Printed
//!                                 ├ Open ───────────▶ device.gate ────▶ Gated
//!                                 └ Tell ───────────▶ terminal
//! ```
//!
//! The rooms, and which way they know each other:
//! `words ← kiosk ← {terminal, checkin, device, store} ← service ← cli ← main`; `terminal ← page ← service`; `words ← capture ← {http, device, service, cli}`;
//! `words ← {http, vault} ← identity ← service`; `http ← alarm ← service`; `checkin` may use `http`. `fault` and `files` lie
//! below everything. Each room has the settings that it acts on; [`config`] composes the site file of them, and is known to
//! `cli` only. `sim` names [`board`] and `words` and nothing else of ours, so that a mistake of ours is not mirrored by our
//! own test. `tests/architecture.rs` holds all of this.
//!
//! The program is `cli` alone; everything else is public for the tests and benches only. What they do not name is
//! `pub(crate)`, so that the compiler tells what nobody uses any more.

#![warn(unreachable_pub, clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr)]
// See .clippy.toml: times and foreign numbers never overflow.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

#[cfg(feature = "page")]
pub mod alarm;
pub mod board;
#[cfg(feature = "pilot")]
pub mod capture;
pub mod checkin;
pub mod cli;
pub mod config;
pub mod device;
pub mod fault;
pub mod files;
pub mod http;
pub mod identity;
pub mod kiosk;
#[cfg(feature = "page")]
pub mod page;
pub mod service;
#[cfg(feature = "sim")]
#[expect(clippy::arithmetic_side_effects, reason = "what nobody installs may end when its own reckoning is wrong")]
pub mod sim;
pub mod store;
pub mod terminal;
pub mod vault;
pub mod words;
