//! The tests. Their names are sentences about behaviour; none needs root or leaves loopback.

mod answers;
mod architecture;
mod boards;
mod client_certificates;
mod core;
mod devices;
mod disk;
mod frames;
mod gates;
mod keys;
mod lookups;
mod names;
mod panels;
mod power_cut;
mod printers;
mod program;
mod proxies;
mod running;
mod scenes;
mod session;
mod session_model;
mod signing;
mod site_system;
mod store_damage;
mod weixin;
