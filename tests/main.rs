//! The tests. Their names are sentences about behaviour; none needs root or leaves loopback.

mod architecture;
mod core;
mod disk;
mod power_cut;
mod session;
mod session_model;
mod store_damage;
