//! How the device program is linked: without what no board needs.

use std::{env, fs, path::Path};

/// The program aborts on a panic, so nobody would read the unwind tables, a tenth of it. rustc writes them all the same,
/// and the standard library comes with its own. The rest of the linker's own script stays.
const NO_UNWIND: &str = "SECTIONS { /DISCARD/ : { *(.eh_frame) *(.eh_frame_hdr) } } INSERT AFTER .text;\n";

/// Set for a glibc before 2.36, which does not read packed relocations.
const OLDER: &str = "FACEMCHD_OLDER_GLIBC";

fn main() {
    println!("cargo::rerun-if-changed=.cargo/build.rs");
    println!("cargo::rerun-if-env-changed={OLDER}");
    // A profile's name is not told; for size is only `device`.
    if env::var("OPT_LEVEL").is_ok_and(|level| level == "z") {
        let folder = env::var("OUT_DIR").expect("cargo sets it");
        let script = Path::new(&folder).join("no-unwind.ld");
        fs::write(&script, NO_UNWIND).expect("cargo's folder can be written");
        println!("cargo::rustc-link-arg-bins=-Wl,-T,{}", script.display());
        if env::var_os(OLDER).is_none() {
            println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
        }
    }
}
