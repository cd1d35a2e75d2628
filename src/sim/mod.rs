//! The world around a kiosk, for laptops and tests: sandbox WeChat Pay, the site's system, the devices' twins, a scripted
//! morning, and a page on which anybody breaks any of it (`SIM.md`). Feature `sim`; never in a device build.
//!
//! It names nothing of the daemon but words, the board and how files are opened: its WeChat signs and checks with RustCrypto
//! and its own strings, its twins have their own tables, so that a mistake of ours is not mirrored by our own test.

pub(crate) mod act;
pub mod devices;
pub(crate) mod directory;
mod exchange;
pub(crate) mod ground;
pub mod his;
pub mod hospital;
pub(crate) mod interfaces;
pub mod keys;
mod lobby;
pub mod morning;
pub(crate) mod page;
pub mod people;
mod replay;
pub(crate) mod saboteur;
pub(crate) mod scenario;
mod score;
pub mod server;
pub mod site_file;
pub(crate) mod story;
pub mod terminal;
pub mod visits;
pub mod wechat;
pub mod weixin;
