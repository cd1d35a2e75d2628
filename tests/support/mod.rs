//! What several tests stand on.

pub mod memory;
pub mod tls;
