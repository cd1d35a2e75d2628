//! `facemchd probe`, `test` and `safe-state`: for a technician at the machine, while the daemon does not run.

use std::{
    fs,
    io::{self, BufRead as _, Write},
    path::Path,
    sync::Arc,
    thread,
};

use super::{
    Failure,
    wires::{self, LaneDevices},
};
use crate::{
    config::Site,
    device::{linux, text_lines},
    fault::{Code, chain, exit},
    kiosk::{GateOutcome, Grant, PrintOutcome, Scene, SceneKind, Slip},
    service::SystemClock,
    words::{Admission, Clock, JobId, NameStyle, RealName, SessionId, ShownName, Text},
};

/// Which device is exercised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Device {
    /// Shows a test scene
    Panel,
    /// Asks how the printer is, and prints a test slip
    Printer,
    /// Opens the gate once, after asking
    Gate,
}

/// A name with a hanzi that no ROM holds, and the first and last of GB2312: a wrong ROM shows others.
const TEST_NAME: &str = "啊座齄䶮";

/// How long a test slip may take.
const SLIP: std::time::Duration = std::time::Duration::from_secs(30);

/// How long a test grant is good.
const GRANT: std::time::Duration = std::time::Duration::from_secs(5);

/// What this machine has, and what to write into a board file of one's own.
pub(super) fn probe(out: &mut dyn Write) -> io::Result<u8> {
    let machine = |file: &str| {
        let bytes = fs::read(Path::new("/proc/device-tree").join(file)).ok()?;
        let words = String::from_utf8_lossy(&bytes).trim_end_matches('\0').replace('\0', ", ");
        Some(words)
    };
    writeln!(out, "machine     {}", machine("model").unwrap_or_else(|| "has no device tree".to_owned()))?;
    if let Some(compatible) = machine("compatible") {
        writeln!(out, "compatible  {compatible}")?;
    }
    let chips = linux::chips();
    if chips.is_empty() {
        writeln!(out, "gpio        no chip that may be opened (group gpio?)")?;
    }
    for chip in &chips {
        let used = chip.lines.iter().filter(|line| line.consumer.is_some()).count();
        writeln!(
            out,
            "gpio        {} \"{}\": {} lines, {used} used",
            chip.path.display(),
            chip.label,
            chip.lines.len()
        )?;
        for (offset, line) in chip.lines.iter().enumerate() {
            let direction = if line.output { "output" } else { "input" };
            match (&line.consumer, line.name.as_str()) {
                (Some(consumer), name) => writeln!(out, "  {offset:>4} {direction:<7} {name:<24} used by {consumer}")?,
                (None, "") => {}
                (None, name) => writeln!(out, "  {offset:>4} {direction:<7} {name}")?,
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
    table(&chips, out)?;
    Ok(exit::OK)
}

fn devices(folder: &str, prefixes: &[&str]) -> Vec<String> {
    let mut found: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
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
        writeln!(out, "\n# For a board file: one of the free lines.\n[gate]\n{}", free.join("\n"))?;
    }
    Ok(())
}

/// Exercises one device of one lane, and says what to see.
pub(super) fn test(
    file: &Path,
    device: Device,
    lane: Option<&str>,
    yes: bool,
    out: &mut dyn Write,
) -> Result<u8, Failure> {
    let site = Site::read(file)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let index = match lane {
        None => 0,
        Some(name) => site.lane.iter().position(|lane| lane.name == name).unwrap_or(usize::MAX),
    };
    let mut lanes = wires::open(&site, &clock)?.lanes;
    if index >= lanes.len() {
        return Err(Failure { line: "the site file has no such [[lane]]".to_owned(), exit: exit::USAGE });
    }
    let LaneDevices { panel, printer, gate } = lanes.swap_remove(index);
    let absent = || Failure { line: format!("lane {} has no such device", site.lane[index].name), exit: exit::USAGE };
    let well = match device {
        Device::Panel => test_panel(&mut *panel.ok_or_else(absent)?, out),
        Device::Printer => test_printer(&mut *printer.ok_or_else(absent)?, &*clock, out),
        Device::Gate => test_gate(&mut *gate.ok_or_else(absent)?, &*clock, yes, out),
    };
    match well {
        Ok(true) => Ok(exit::OK),
        Ok(false) => Ok(exit::FAILED),
        Err(error) => Err(Failure::io("standard output", &error)),
    }
}

fn test_name() -> Option<ShownName> {
    Some(RealName::new(TEST_NAME.to_owned()).shown(NameStyle::Full))
}

fn test_panel(panel: &mut dyn crate::device::Panel, out: &mut dyn Write) -> io::Result<bool> {
    let scene = Scene {
        name: test_name(),
        number: Some(Text::clean("A088")),
        detail: Some(Text::clean("0123456789 ABCDE")),
        ..Scene::of(SceneKind::Admitted)
    };
    match panel.show(&scene) {
        Err(error) => {
            writeln!(out, "FAILED   {}\n         cure: {}", chain(&error), Code::D601.cure())?;
            Ok(false)
        }
        Ok(drawn) => {
            writeln!(out, "The panel shows these four lines now:\n")?;
            for line in text_lines(&scene) {
                writeln!(out, "    {line}")?;
            }
            writeln!(out, "\nOther hanzi in the second line: the panel's ROM is not GB2312.")?;
            for missing in drawn.missing {
                writeln!(out, "U+{:04X} cannot be drawn; a star stands in its place.", u32::from(missing))?;
            }
            Ok(true)
        }
    }
}

fn test_printer(printer: &mut dyn crate::device::Printer, clock: &dyn Clock, out: &mut dyn Write) -> io::Result<bool> {
    let now = clock.now();
    let admission = Admission {
        number: Some(Text::clean("A000")),
        place: Some(Text::clean("测试")),
        notes: vec![Text::clean("0123456789 ABCDEFGHIJKLMNOPQRST")],
        qr: Text::payload("facemchd test"),
    };
    let slip = Slip { name: test_name(), admission, already: false, at: now.wall };
    let job = JobId { session: SessionId { run: 0, serial: 0 }, copy: 0 };
    let told = match printer.print(job, &slip, now.moment.after(SLIP)) {
        PrintOutcome::Printed => {
            "ok       printed and acknowledged: number A000, the name, two lines, a QR code, cut".to_owned()
        }
        PrintOutcome::Unknown => {
            let code = Code::P705;
            format!("FAILED   {code} sent, and not acknowledged: look at the printer and at `ack` in its profile")
        }
        PrintOutcome::NotPrinted(code) => format!("FAILED   {code} {}\n         cure: {}", code.summary(), code.cure()),
    };
    writeln!(out, "{told}")?;
    Ok(told.starts_with("ok"))
}

fn test_gate(
    gate: &mut dyn crate::device::Gate,
    clock: &dyn Clock,
    yes: bool,
    out: &mut dyn Write,
) -> io::Result<bool> {
    if !yes {
        write!(out, "The gate opens once. Is nobody and nothing in its way? Type yes: ")?;
        out.flush()?;
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer)?;
        if answer.trim() != "yes" {
            writeln!(out, "Not opened.")?;
            return Ok(false);
        }
    }
    let now = clock.now().moment;
    let grant = Grant { session: SessionId { run: 0, serial: 0 }, deadline: now.after(GRANT) };
    let mut outcome = gate.open(now, grant);
    while let (None, Some(due)) = (outcome, gate.poll_timeout()) {
        thread::sleep(due.since(clock.now().moment));
        outcome = gate.handle_timeout(clock.now().moment).first().map(|(_, outcome)| *outcome);
    }
    match outcome {
        Some(GateOutcome::Opened) => {
            let took = clock.now().moment.since(now).as_millis();
            writeln!(out, "ok       the output was active for {took} ms and is back at its safe value")?;
            Ok(true)
        }
        other => {
            writeln!(out, "FAILED   {other:?}\n         cure: {}", Code::G801.cure())?;
            Ok(false)
        }
    }
}

/// Puts every output to its safe value: opening a gate's line does, and so does letting go of it.
pub(super) fn safe_state(file: &Path, out: &mut dyn Write) -> Result<u8, Failure> {
    let outputs = wires::make_safe(&Site::read(file)?)?;
    writeln!(out, "{outputs} outputs at their safe value").map_err(|error| Failure::io("standard output", &error))?;
    Ok(exit::OK)
}
