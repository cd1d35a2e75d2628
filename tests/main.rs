//! The tests. Their names are sentences about behaviour; none sleeps, needs root, or leaves loopback.

mod architecture;
mod core;
mod session;
