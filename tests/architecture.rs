//! The house holds: arrows between rooms run one way, every foreign crate stays in its homes, files stay small.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Which rooms a room may name. A room may always name itself and `fault`, and all but the core `files`.
const ARROWS: &[(&str, &[&str])] = &[
    ("fault", &[]),
    ("files", &[]),
    ("words", &[]),
    ("kiosk", &["words"]),
    ("capture", &["words"]),
    ("terminal", &["words", "kiosk"]),
    ("page", &["words", "kiosk", "terminal"]),
    ("device", &["words", "kiosk", "capture"]),
    ("store", &["words", "kiosk"]),
    ("checkin", &["words", "kiosk", "http"]),
    ("http", &["words", "capture"]),
    ("vault", &["words"]),
    ("identity", &["words", "http", "vault"]),
    ("alarm", &["words", "http"]),
    ("board", &["words", "device"]),
    (
        "config",
        &["alarm", "capture", "words", "kiosk", "terminal", "checkin", "store", "identity", "vault", "board", "page"],
    ),
    ("sim", &["words", "board"]),
    (
        "service",
        &[
            "alarm", "words", "kiosk", "terminal", "page", "checkin", "device", "store", "identity", "http", "vault",
            "capture",
        ],
    ),
    (
        "cli",
        &[
            "alarm", "capture", "words", "kiosk", "terminal", "page", "checkin", "device", "store", "identity", "http",
            "vault", "config", "board", "service", "sim",
        ],
    ),
    ("main", &["cli"]),
];

/// Where each foreign crate may be named: a room, or one file of it.
const HOMES: &[(&str, &[&str])] = &[
    ("aws_lc_rs", &["vault"]),
    ("rsa", &["vault", "sim"]),
    ("pkcs8", &["vault", "sim"]),
    ("x509_cert", &["vault", "sim", "terminal/network", "http/certificate.rs"]),
    ("sha1", &["vault", "sim", "checkin/template"]),
    ("md5", &["checkin/template", "sim"]),
    ("roxmltree", &["checkin/template", "identity/authinfo/xml.rs"]),
    ("aes_gcm", &["sim"]),
    ("axum", &["sim/page"]),
    ("futures_core", &["sim/page"]),
    ("rcgen", &["sim"]),
    ("rand", &["vault", "sim"]),
    ("ureq", &["http"]),
    ("httparse", &["http", "sim", "terminal/request.rs"]),
    ("qrcode", &["device", "sim", "page/qr.rs"]),
    ("png", &["sim", "device/panel/brand.rs"]),
    ("ab_glyph", &["device/glyph/outline.rs"]),
    ("ab_glyph_rasterizer", &["device/typeset/paint.rs"]),
    ("harfrust", &["device/typeset", "device/panel/sheet/signs.rs"]),
    ("unicode_bidi", &["device/typeset"]),
    ("framebuffer", &["device/linux"]),
    ("mipidsi", &["device/panel/tft.rs"]),
    ("embedded_graphics_core", &["device/panel/tft.rs"]),
    ("unifont", &["device/glyph.rs", "sim"]),
    ("rustls", &["http", "sim", "terminal/network"]),
    ("tokio_rustls", &["terminal/network"]),
    ("sled", &["store/state.rs"]),
    ("linux_embedded_hal", &["device/linux"]),
    ("gpiocdev", &["device/linux"]),
    ("serialport", &["device/linux"]),
    ("serial2_tokio", &["terminal"]),
    ("rmodbus", &["device/turnstile/coil.rs"]),
    ("serial2", &["device/linux/rs485.rs"]),
    ("unicode_linebreak", &["device/gb.rs", "device/parted.rs"]),
    ("unicode_normalization", &["words"]),
    ("encoding_rs", &["identity", "device", "checkin", "sim"]),
    ("toml", &["config/lane.rs", "files/settings.rs", "files/table.rs", "kiosk/phrases/sheet.rs"]),
    ("clap", &["cli"]),
    ("tracing_subscriber", &["cli/logging.rs"]),
    ("zeroizing_alloc", &["main.rs"]),
];

/// What the core must not touch.
const OUTSIDE_WORLD: &[&str] =
    &["std::fs", "std::net", "std::thread", "std::io", "std::env", "Instant", "SystemTime", "rand", "tokio", "tracing"];

#[test]
fn arrows_between_rooms_run_one_way() {
    let rooms: Vec<&str> = ARROWS.iter().map(|(room, _)| *room).collect();
    let mut wrong = Vec::new();
    for (file, code) in sources() {
        let room = room_of(&file);
        let allowed = ARROWS.iter().find(|(name, _)| *name == room).map(|(_, allowed)| *allowed);
        let Some(allowed) = allowed else {
            assert_eq!(room, "lib", "{} lies in no room", file.display());
            continue;
        };
        for named in rooms.iter().filter(|named| names_room(&code, named)) {
            let below = *named == "fault" || (*named == "files" && room != "kiosk" && room != "words");
            if *named != room && !below && !allowed.contains(named) {
                wrong.push(format!("{} names {named}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_foreign_crate_stays_in_its_homes() {
    let mut wrong = Vec::new();
    for (file, code) in sources() {
        for (name, homes) in HOMES {
            let named = code.lines().any(|line| names_crate(line, name));
            let at_home = homes.iter().any(|home| file.starts_with(home));
            if named && !at_home {
                wrong.push(format!("{} names {name}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_core_touches_nothing_of_the_outside_world() {
    for (file, code) in sources().into_iter().filter(|(file, _)| file.starts_with("kiosk") || file.starts_with("words"))
    {
        for forbidden in OUTSIDE_WORLD {
            assert!(!code.contains(forbidden), "{} names {forbidden}", file.display());
        }
    }
}

#[test]
fn a_deadline_begins_where_the_work_begins_and_nowhere_below() {
    for (file, code) in sources() {
        let code = code.split("#[cfg(test)]").next().unwrap_or_default();
        // The setting itself: whoever begins the work is given it.
        let is_setting = file == Path::new("identity/wechatpay.rs");
        if !is_setting && ["http", "identity", "checkin"].contains(&room_of(&file).as_str()) {
            for forbidden in ["Deadline::at", "Deadline::from_now", "patience: Duration", "patience)"] {
                let own = code.lines().filter(|line| line.contains(forbidden) && !line.contains("connect_patience"));
                assert_eq!(own.count(), 0, "{} names {forbidden}", file.display());
            }
        }
    }
}

#[test]
fn what_fails_is_told_in_one_place() {
    for (file, code) in sources().into_iter().filter(|(file, _)| !file.ends_with("service/failures.rs")) {
        let told = ["tracing::error!", "tracing::warn!"].iter().flat_map(|told| code.split(told).skip(1));
        let line = told.map(|rest| rest.split(");").next().unwrap_or_default()).find(|line| line.contains("code"));
        assert_eq!(line, None, "{}: service/failures.rs tells it", file.display());
    }
}

/// Ways around `files`: they wait at a FIFO, read without bound, or judge a path instead of what was opened.
const AROUND: &[&str] = &[
    "fs::read(",
    "fs::read_to_string(",
    "fs::read_dir(",
    "fs::write(",
    "fs::copy(",
    "fs::metadata(",
    "fs::create_dir",
    "File::open",
    "File::create",
    "File::options",
    "OpenOptions",
    "DirBuilder",
    "from_pem_file",
    "pem_file_iter",
    "rustix::fs::open",
];

#[test]
fn every_file_is_opened_by_the_one_rule() {
    for (file, code) in sources().into_iter().filter(|(file, _)| !file.starts_with("files")) {
        for around in AROUND {
            assert!(!code.contains(around), "{} opens by {around}: files does", file.display());
        }
    }
}

#[test]
fn a_thread_that_cannot_be_started_ends_nothing() {
    for (file, code) in sources() {
        for aborts in ["thread::spawn(", "thread::scope(", "spawn_blocking("] {
            assert!(!code.contains(aborts), "{} calls {aborts}..), which panics: Builder::spawn", file.display());
        }
    }
}

/// Otherwise the compiler cannot tell that nobody uses it any more.
#[test]
fn a_function_is_public_only_where_tests_or_the_program_name_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let outside: String = rust_files(&root.join("tests"))
        .into_values()
        .chain([fs::read_to_string(root.join("src/main.rs")).unwrap()])
        .collect();
    let words: BTreeSet<&str> = outside.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let mut wrong = Vec::new();
    for (file, code) in sources() {
        for line in code.lines().map(str::trim_start).filter(|line| line.starts_with("pub ")) {
            let Some((_, rest)) = line.split_once("fn ") else { continue };
            let name = rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
            if !words.contains(name) {
                wrong.push(format!("{}: fn {name} can be pub(crate)", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// LPGETSTATUS, which no crate offers.
#[test]
fn what_the_compiler_cannot_prove_safe_is_one_request_in_one_file() {
    for (file, code) in sources() {
        let wanted = if file == Path::new("device/linux/usb.rs") { 1 } else { 0 };
        for told in ["unsafe {", "unsafe_code"] {
            assert_eq!(code.matches(told).count(), wanted, "{} has {told}", file.display());
        }
        assert!(!code.contains("unsafe fn") && !code.contains("unsafe impl"), "{}", file.display());
    }
}

#[test]
fn files_stay_small() {
    let mut lengths: Vec<(usize, PathBuf)> =
        sources().into_iter().map(|(file, code)| (code.lines().count(), file)).collect();
    lengths.sort();
    for (length, file) in &lengths {
        assert!(*length <= 500, "{} has {length} lines; split it by idea", file.display());
    }
    let (median, _) = lengths[lengths.len() / 2];
    assert!(median <= 180, "the median file has {median} lines");
}

#[test]
fn only_the_vault_sees_private_keys_and_only_it_opens() {
    for (file, code) in sources().into_iter().filter(|(file, _)| !file.starts_with("vault") && !file.starts_with("sim"))
    {
        for forbidden in ["RsaPrivateKey", "PrivateDecryptingKey", "KeyPair::from"] {
            assert!(!code.contains(forbidden), "{} names {forbidden}", file.display());
        }
    }
}

/// Every source below `src`, comments removed, by its path within `src`.
pub fn sources() -> BTreeMap<PathBuf, String> {
    let found = rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(found.len() > 30, "the sources were not found");
    found
}

/// Every Rust file below a folder, comments removed, by its path within it.
fn rust_files(root: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                // What the boards' runs keep is none of ours, and whole systems lie mounted there.
                folders.extend(Some(path).filter(|path| !path.ends_with(".cache")));
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.insert(path.strip_prefix(root).unwrap().to_owned(), without_comments(&text));
            }
        }
    }
    found
}

fn without_comments(text: &str) -> String {
    text.lines().map(|line| if line.trim_start().starts_with("//") { "" } else { line }).collect::<Vec<_>>().join("\n")
}

fn room_of(file: &Path) -> String {
    let first = file.components().next().unwrap().as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// True where the code names a room of ours: `crate::room` or `room` within a `use crate::{…}` group.
fn names_room(code: &str, room: &str) -> bool {
    if code.contains(&format!("crate::{room}::")) || code.contains(&format!("crate::{room};")) {
        return true;
    }
    code.split("use crate::{").skip(1).any(|rest| {
        let group = &rest[..rest.find("};").unwrap_or(rest.len())];
        top_level(group).iter().any(|item| {
            let item = item.trim();
            item == room || item.starts_with(&format!("{room}::"))
        })
    })
}

/// The items of a `use` group, not those of groups within it.
fn top_level(group: &str) -> Vec<String> {
    let mut items = vec![String::new()];
    let mut depth = 0;
    for character in group.chars() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                items.push(String::new());
                continue;
            }
            _ => {}
        }
        items.last_mut().unwrap().push(character);
    }
    items
}

fn names_crate(line: &str, name: &str) -> bool {
    let mut rest = line;
    while let Some(at) = rest.find(name) {
        let before = rest[..at].chars().next_back();
        let after = &rest[at + name.len()..];
        let starts =
            before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != ':' && c != '.' && c != '"' && c != '/');
        if starts && (after.starts_with("::") || (line.trim_start().starts_with("use ") && after.starts_with(';'))) {
            return true;
        }
        rest = after;
    }
    false
}
