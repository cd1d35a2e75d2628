//! `facemchd probe` and `safe-state`: for a technician at the machine, and for the unit.

use std::{
    io::{self, Write},
    path::Path,
    sync::Arc,
};

use super::{
    Ending,
    phrases::{self, hardware as say},
    wires,
};
use crate::{
    board::DEVICE_TREE, config::Site, device::linux, fault::exit, files, service::SystemClock, store::StateLock,
    words::Clock,
};

/// What this machine has, and what to write into a board file of one's own.
pub(super) fn probe(out: &mut dyn Write) -> io::Result<u8> {
    let machine = |file: &str| {
        let bytes = files::read(&Path::new(DEVICE_TREE).join(file), 4096).ok()?;
        let words = String::from_utf8_lossy(&bytes).trim_end_matches('\0').replace('\0', ", ");
        Some(words)
    };
    writeln!(out, "machine     {}", machine("model").unwrap_or_else(say::no_device_tree))?;
    if let Some(compatible) = machine("compatible") {
        writeln!(out, "compatible  {compatible}")?;
    }
    let chips = linux::chips();
    if chips.is_empty() {
        writeln!(out, "gpio        {}", say::no_chip())?;
    }
    for chip in &chips {
        let used = chip.lines.iter().filter(|line| line.consumer.is_some()).count();
        let lines = say::lines(chip.lines.len(), used);
        writeln!(out, "gpio        {} \"{}\": {lines}", chip.path.display(), chip.label)?;
        for (offset, line) in chip.lines.iter().enumerate() {
            let direction = phrases::padded(&if line.output { say::output() } else { say::input() }, 7);
            match (&line.consumer, line.name.as_str()) {
                (Some(consumer), name) => {
                    writeln!(out, "  {offset:>4} {direction} {name:<24} {}", say::used_by(consumer))?
                }
                (None, "") => {}
                (None, name) => writeln!(out, "  {offset:>4} {direction} {name}")?,
            }
        }
    }
    for (kind, prefixes) in [
        ("spi", &["spidev"][..]),
        ("i2c", &["i2c-"]),
        ("serial", &["ttyS", "ttyAMA", "ttyUSB", "ttyACM", "ttymxc", "ttyO"]),
        ("usb", &["lp"]),
    ] {
        let folder = if kind == "usb" { "/dev/usb" } else { "/dev" };
        for device in devices(folder, prefixes) {
            writeln!(out, "{kind:<12}{device}")?;
        }
    }
    // What is plugged in again may come back under another number; these names stay.
    for folder in ["/dev/serial/by-id", "/dev/serial/by-path"] {
        for device in lasting(Path::new(folder)) {
            writeln!(out, "serial      {device}")?;
        }
    }
    table(&chips, out)?;
    #[cfg(feature = "turnstile")]
    writeln!(
        out,
        "\n# {}\n[gate]\n\
         # wire = {{ turnstile = \"swing-7e7f\", port = \"serial:/dev/ttyS4\", address = 1, opens = \"left\" }}\n\
         # wire = {{ coil = 0, port = \"serial:/dev/ttyS4\", unit = 1, baud = 9600 }}",
        say::gate_on_a_port()
    )?;
    Ok(exit::OK)
}

fn devices(folder: &str, prefixes: &[&str]) -> Vec<String> {
    let mut found: Vec<String> = files::list(Path::new(folder))
        .into_iter()
        .flatten()
        .filter(|name| {
            prefixes.iter().any(|prefix| {
                name.strip_prefix(prefix).is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
            })
        })
        .map(|name| format!("{folder}/{name}"))
        .collect();
    found.sort();
    found
}

/// The names of what is plugged in that stay, whatever its number is.
fn lasting(folder: &Path) -> Vec<String> {
    let names = files::list(folder).into_iter().flatten();
    let mut found: Vec<String> = names.map(|name| format!("{}/{name}", folder.display())).collect();
    found.sort();
    found
}

/// The free lines, as a board file names them.
fn table(chips: &[linux::Chip], out: &mut dyn Write) -> io::Result<()> {
    let free: Vec<String> = chips
        .iter()
        .flat_map(|chip| chip.lines.iter().enumerate().map(move |(offset, line)| (chip, offset, line)))
        .filter(|(_, _, line)| line.consumer.is_none())
        .map(|(chip, offset, line)| match line.name.as_str() {
            "" => format!("# wire = {{ chip = \"{}\", offset = {offset} }}", chip.label),
            name => {
                format!("# wire = {{ name = \"{name}\" }}   # or {{ chip = \"{}\", offset = {offset} }}", chip.label)
            }
        })
        .collect();
    if !free.is_empty() {
        writeln!(out, "\n# {}\n[gate]\n{}", say::free_lines(), free.join("\n"))?;
    }
    Ok(())
}

/// Puts every output to its safe value: opening a gate's line does, and so does letting go of it. Panels say that nothing
/// runs, whoever's name a program that crashed has left there.
pub(super) fn safe_state(file: &Path, out: &mut dyn Write) -> Result<u8, Ending> {
    let site = Site::read(file)?;
    let _lock = StateLock::take_existing(&site.state_dir)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    // systemd.exec(5), of ExecStopPost.
    let ended_well = std::env::var_os("SERVICE_RESULT").is_some_and(|result| result == "success");
    let outputs = wires::make_safe(&site, &clock, ended_well)?;
    writeln!(out, "{}", phrases::safe(outputs)).map_err(|error| Ending::io("standard output", &error))?;
    Ok(exit::OK)
}
