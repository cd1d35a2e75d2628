//! What several tests stand on.

pub mod core;
pub mod devices;
pub mod dice;
pub mod disk;
pub mod files;
pub mod his;
pub mod keys;
pub mod lookups;
pub mod memory;
pub mod places;
pub mod printer_world;
pub mod running;
pub mod sandbox;
pub mod sim_time;
pub mod tls;
