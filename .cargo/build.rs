//! Leaves the unwind tables out of the device program: it aborts on a panic, so nobody would read that tenth of it.
//! rustc writes them all the same, and the standard library comes with its own.

use std::{env, fs, path::Path};

/// What the linker is to leave out; the rest of its own script stays.
const NO_UNWIND: &str = "SECTIONS { /DISCARD/ : { *(.eh_frame) *(.eh_frame_hdr) } } INSERT AFTER .text;\n";

fn main() {
    println!("cargo::rerun-if-changed=.cargo/build.rs");
    // A profile's name is not told; for size is only `device`.
    if env::var("OPT_LEVEL").is_ok_and(|level| level == "z") {
        let folder = env::var("OUT_DIR").expect("cargo sets it");
        let script = Path::new(&folder).join("no-unwind.ld");
        fs::write(&script, NO_UNWIND).expect("cargo's folder can be written");
        println!("cargo::rustc-link-arg-bins=-Wl,-T,{}", script.display());
    }
}
