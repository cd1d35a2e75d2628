//! Every file we ship is read by the program as it is.

use std::{fs, path::Path, process::Command};

use facemchd::{board::Board, config::Site, device::Profile};

fn shipped(folder: &str) -> Vec<(std::path::PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<_> = fs::read_dir(&folder)
        .expect("a folder")
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .map(|path| (path.clone(), fs::read_to_string(path).expect("readable")))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

#[test]
fn every_board_parses_and_is_found_by_its_name_with_its_printer() {
    for (file, text) in shipped("board") {
        let board = Board::parse(&file, &text).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(board.board.id, file.file_stem().expect("a name").to_string_lossy());
        let printer = &board.printers.first().expect("a printer").profile;
        assert!(file.with_file_name(format!("printers/{printer}.toml")).exists(), "{printer}");
        // This machine is none of them.
        match Board::find(&file.display().to_string()) {
            Ok(found) => assert!(found.board.board.compatible.is_empty()),
            Err(error) => assert!(error.to_string().contains(&board.board.compatible[0]), "{error}"),
        }
    }
}

#[test]
fn a_board_file_that_is_wrong_is_refused_with_its_line() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("board/rk3568.toml")).expect("shipped");
    for (from, to, told) in [
        ("schema = 1", "schema = 2", "expected schema = 1"),
        ("pulse-ms = 300", "pulse-ms = 5000", "100–2000"),
        ("hz = 200000", "hertz = 200000", "unknown field"),
        ("hz = 200000", "hz = 222223", "72 µs"),
        ("serial:/dev/ttyS3:115200", "serial:/dev/ttyS3", "tcp:HOST:PORT"),
        ("spi:/dev/spidev0.0", "i2c:/dev/i2c-0", "spi:DEVICE"),
        ("spi:/dev/spidev0.0", "i2c:/dev/i2c-0:3c", "an st7920 is on"),
        ("kind = \"st7920\"", "kind = \"st7789\"", "needs a line dc"),
        ("spi:/dev/spidev0.0", "gpio", "sclk and sid"),
        ("offset = 17", "offset = -1", ""),
        ("{ name = \"GATE_OPEN\", chip = \"gpio3\", offset = 17 }", "{ wiegand = \"/w\", bits = 30 }", "wiegand"),
        ("offset = 18", "offset = 17", "line 17 of chip gpio3 is both gate and green"),
        ("LAMP_RED", "FIRE_ALARM", "line FIRE_ALARM is both red and fire"),
        ("is = \"passage\"", "is = \"fire\"", "input fire"),
        ("is = \"passage\"", "is = \"passages\"", "unknown variant"),
        ("bias = \"pull-up\"", "bias = \"up\"", "pull-down"),
        ("one-shot = false", "one-shot = false\nheld-open-ms = 999999", "duplicate"),
        ("held-open-ms = 30000", "held-open-ms = 999999", "500–120000"),
        ("action = \"pulse\"", "action = \"push\"", "hold"),
    ] {
        assert!(text.contains(from), "{from}");
        let error = Board::parse(Path::new("x.toml"), &text.replace(from, to)).expect_err(to).to_string();
        assert!(error.starts_with("x.toml:") && error.contains(told), "{error}");
    }
}

#[test]
fn every_printer_profile_parses() {
    for (file, text) in shipped("board/printers") {
        Profile::parse(&file, &text).unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn the_annotated_site_file_parses_and_so_does_every_line_it_leaves_out() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd/site.toml");
    let text = fs::read_to_string(&file).expect("readable");
    Site::parse(&file, &text).unwrap_or_else(|error| panic!("{error}"));
    // A comment that looks like a setting is one: it must be a key that exists.
    let all: String = text
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(setting) if setting.split(" = ").next().is_some_and(is_key) && setting.contains(" = ") => setting,
            Some(table) if table.starts_with('[') => table,
            _ => line,
        })
        .map(|line| format!("{line}\n"))
        .collect();
    assert!(all.matches(" = ").count() > text.lines().filter(|line| !line.starts_with('#')).count() / 3);
    Site::parse(&file, &all).unwrap_or_else(|error| panic!("{error}"));
}

fn is_key(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

/// The names of an overlay's lines, by offset.
fn overlay(text: &str) -> Vec<String> {
    let names = text.split_once("gpio-line-names =").expect("names").1.split_once(';').expect("an end").0;
    names.split(',').map(|name| name.trim().trim_matches('"').to_owned()).collect()
}

#[test]
fn every_overlay_names_the_lines_that_its_board_falls_back_to() {
    use facemchd::board::LineWire;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("board/overlays");
    let mut overlays = 0;
    for entry in fs::read_dir(folder).expect("listed").flatten() {
        overlays += 1;
        let names = overlay(&fs::read_to_string(entry.path()).expect("readable"));
        let board = entry.path().file_stem().expect("a name").to_string_lossy().into_owned();
        let (file, text) = crate::devices::shipped(&format!("board/{board}.toml"));
        let board = Board::parse(&file, &text).expect("parses");
        for (wire, _) in board.lines() {
            let LineWire::Named { name, offset: Some(offset), .. } = wire else { panic!("{wire:?} has no fallback") };
            assert_eq!(names.get(*offset as usize), Some(name), "{}", file.display());
        }
        assert_eq!(names.iter().filter(|name| !name.is_empty()).count(), board.lines().len());
    }
    assert_eq!(overlays, 3);
}

#[test]
fn only_a_board_with_a_framebuffer_gives_the_daemon_a_capability() {
    let folder = tempfile::tempdir().expect("a folder");
    let (site, out) = (folder.path().join("site.toml"), folder.path().join("out"));
    let boards = [("framebuffer", "fb:/dev/fb0", true), ("st7789", "spi:/dev/spidev0.0", false)];
    for (kind, wire, needed) in boards {
        for place in [folder.path().join("board.toml").display().to_string(), "board.toml".to_owned()] {
            let panel = format!("[panel]\n# kind = \"framebuffer\"\nkind = \"{kind}\"\nwire = \"{wire}\"\n");
            fs::write(folder.path().join("board.toml"), panel).expect("written");
            fs::write(&site, format!("# board = \"bench\"\nboard = '{place}'   # ours\n")).expect("written");
            let _ = fs::remove_dir_all(&out);
            let generator = Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd/framebuffer-generator");
            let ran = Command::new(generator).arg(&out).env("FACEMCHD_SITE", &site).status().expect("run");
            let drop_in = fs::read_to_string(out.join("facemchd.service.d/framebuffer.conf")).unwrap_or_default();
            assert!(ran.success());
            assert_eq!(drop_in.contains("CAP_SYS_TTY_CONFIG"), needed, "{kind} {place}");
        }
    }
    let unit = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd/facemchd.service"));
    assert!(unit.expect("shipped").contains("\nCapabilityBoundingSet=\nAmbientCapabilities=\n"));
}
