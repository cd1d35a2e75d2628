//! `facemchd test`: one device at a time, and what the technician should see. Not while the daemon runs.

use std::{
    io::{self, BufRead as _, Write},
    path::Path,
    sync::Arc,
    thread,
    time::Duration,
};

use super::{
    Ending,
    check::{Outcome, word},
    phrases::{self, cure, exercise as say, failure_line, help},
    wires::{self, LaneDevices},
};
use crate::{
    config::Site,
    device::{self, Debouncer, GateEvent, GateSensor, Role, panel::text_lines},
    fault::{Code, Failure, exit},
    kiosk::{self, Button, GateOutcome, Grant, OutOfService, Phrases, PrintOutcome, Scene, SceneKind, Signal, Slip},
    service::{InputPart, SystemClock},
    store::StateLock,
    words::{Clock, JobId, NameStyle, RealName, SessionId, ShownName, Text},
};

/// Which device is exercised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Device {
    #[value(help = help::device_panel())]
    Panel,
    #[value(help = help::device_printer())]
    Printer,
    #[value(help = help::device_gate())]
    Gate,
    #[value(help = help::device_indicators())]
    Indicators,
    #[value(help = help::device_inputs())]
    Inputs,
    #[cfg(feature = "sim")]
    #[value(help = help::device_slip())]
    Slip,
}

impl Device {
    fn is(self, device: kiosk::Device) -> bool {
        match self {
            Self::Panel => device == kiosk::Device::Panel,
            Self::Printer => device == kiosk::Device::Printer,
            Self::Gate => device == kiosk::Device::Gate,
            Self::Indicators => device == kiosk::Device::Indicators,
            Self::Inputs => matches!(device, kiosk::Device::Fire | kiosk::Device::Inputs),
            #[cfg(feature = "sim")]
            Self::Slip => false,
        }
    }
}

/// A name with a hanzi that no ROM holds, and the first and last of GB2312: a wrong ROM shows others.
const TEST_NAME: &str = "啊座齄䶮";

/// How long a test slip may take.
const SLIP: std::time::Duration = std::time::Duration::from_secs(30);

/// How long a test grant is good.
const GRANT: std::time::Duration = std::time::Duration::from_secs(5);

/// Exercises one device of one lane, and says what to see.
pub(super) fn test(
    file: &Path,
    device: Device,
    lane: Option<&str>,
    yes: bool,
    out: &mut dyn Write,
) -> Result<u8, Ending> {
    let site = Site::read(file)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let index = match lane {
        None => 0,
        Some(name) => site.lane.iter().position(|lane| lane.name == name).unwrap_or(usize::MAX),
    };
    let _lock = StateLock::take_existing(&site.state_dir)?;
    let mut lanes = wires::open(&site, &clock)?.lanes;
    if index >= lanes.len() {
        return Err(Ending { line: phrases::no_such_lane(), exit: exit::USAGE });
    }
    let LaneDevices { panel, printer, gate, indicator, inputs, absent, .. } = lanes.swap_remove(index);
    let none = || Ending { line: phrases::no_such_device(&site.lane[index].name), exit: exit::USAGE };
    let missing: Vec<Failure> =
        absent.into_iter().filter(|(missing, _)| device.is(*missing)).map(|(_, error)| error).collect();
    let well = match device {
        _ if !missing.is_empty() => missing.into_iter().try_for_each(|failure| failed(out, failure)).map(|()| false),
        Device::Panel => test_panel(&mut *panel.ok_or_else(none)?, out),
        Device::Printer => test_printer(&mut *printer.ok_or_else(none)?, &*clock, out),
        Device::Gate => test_gate(&mut *gate.ok_or_else(none)?, &*clock, yes, out),
        Device::Indicators => test_indicators(&mut *indicator.ok_or_else(none)?, &*clock, out),
        Device::Inputs => test_inputs(inputs.ok_or_else(none)?, &*clock, out),
        // On no device: src/cli/slip.rs.
        #[cfg(feature = "sim")]
        Device::Slip => Ok(true),
    };
    match well {
        Ok(true) => Ok(exit::OK),
        Ok(false) => Ok(exit::FAILED),
        Err(error) => Err(Ending::io("standard output", &error)),
    }
}

fn failed(out: &mut dyn Write, failure: impl Into<Failure>) -> io::Result<()> {
    let failure = failure.into();
    writeln!(out, "{} {}\n         {}", word(Outcome::Failed), failure_line(&failure), cure(&failure))
}

fn test_name() -> Option<ShownName> {
    RealName::parse(TEST_NAME).map(|name| name.shown(NameStyle::Full))
}

fn test_panel(panel: &mut dyn device::Panel, out: &mut dyn Write) -> io::Result<bool> {
    let scene = Scene {
        name: test_name(),
        number: Some(Text::clean("A088")),
        detail: Some(Text::clean("0123456789 ABCDE")),
        ..Scene::of(SceneKind::Admitted)
    };
    match panel.show(&scene) {
        Err(error) => {
            failed(out, error)?;
            Ok(false)
        }
        Ok(drawn) => {
            writeln!(out, "{}\n", say::panel_shows())?;
            for line in text_lines(&scene, &Phrases::default()) {
                writeln!(out, "    {line}")?;
            }
            writeln!(out, "\n{}", say::other_hanzi())?;
            for missing in drawn.missing {
                writeln!(out, "{}", say::star_instead(format!("U+{:04X}", u32::from(missing))))?;
            }
            Ok(true)
        }
    }
}

fn test_printer(printer: &mut dyn device::Printer, clock: &dyn Clock, out: &mut dyn Write) -> io::Result<bool> {
    let now = clock.now();
    let slip = Slip { name: test_name(), ..Slip::test(now.wall) };
    let job = JobId { session: SessionId { run: 0, serial: 0 }, copy: 0 };
    match printer.print(job, &slip, now.moment.after(SLIP)) {
        PrintOutcome::Printed => {
            writeln!(out, "{} {}", word(Outcome::Ok), say::printed())?;
            return Ok(true);
        }
        PrintOutcome::Unknown => {
            writeln!(out, "{} {} {}", word(Outcome::Failed), Code::P705, say::not_acknowledged())?;
        }
        PrintOutcome::NotPrinted(code) => failed(out, code)?,
    }
    Ok(false)
}

fn test_gate(gate: &mut dyn device::Gate, clock: &dyn Clock, yes: bool, out: &mut dyn Write) -> io::Result<bool> {
    if !yes {
        write!(out, "{}", say::gate_opens())?;
        out.flush()?;
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer)?;
        if answer.trim() != "yes" {
            writeln!(out, "{}", say::not_opened())?;
            return Ok(false);
        }
    }
    let now = clock.now().moment;
    let grant = Grant { session: SessionId { run: 0, serial: 0 }, deadline: now.after(GRANT), number: None };
    let mut outcome = gate.open(now, grant);
    while let (None, Some(due)) = (outcome, gate.poll_timeout()) {
        thread::sleep(due.since(clock.now().moment));
        outcome = gate.handle_timeout(clock.now().moment).into_iter().find_map(|event| match event {
            GateEvent::Ended(_, outcome) => Some(outcome),
            GateEvent::Alarm(..) => None,
        });
    }
    match outcome {
        Some(GateOutcome::Opened | GateOutcome::Passed | GateOutcome::Expired) => {
            let took = clock.now().moment.since(now).as_millis();
            writeln!(out, "{} {}", word(Outcome::Ok), say::gate_back(took))?;
            if outcome != Some(GateOutcome::Opened) {
                let passed = outcome == Some(GateOutcome::Passed);
                writeln!(out, "         {}", if passed { say::saw_somebody() } else { say::saw_nobody() })?;
            }
            Ok(true)
        }
        other => {
            let code = other.and_then(GateOutcome::code).unwrap_or(Code::G801);
            failed(out, code)?;
            Ok(false)
        }
    }
}

/// What each signal looks like, for whoever stands in front of it.
fn appearance(signal: Signal) -> String {
    match signal {
        Signal::Ready => say::signal_ready(),
        Signal::Working => say::signal_working(),
        Signal::Success => say::signal_success(),
        Signal::Retry => say::signal_retry(),
        Signal::Denied => say::signal_denied(),
        Signal::Fault => say::signal_fault(),
        Signal::PaperLow => say::signal_paper_low(),
        Signal::CallStaff => say::signal_call_staff(),
        Signal::Evacuate => say::signal_evacuate(),
    }
}

/// What each signal is for.
fn name(signal: Signal) -> String {
    match signal {
        Signal::Ready => say::ready(),
        Signal::Working => say::working(),
        Signal::Success => say::success(),
        Signal::Retry => say::retry(),
        Signal::Denied => say::denied(),
        Signal::Fault => say::fault(),
        Signal::PaperLow => say::paper_low(),
        Signal::CallStaff => say::call_staff(),
        Signal::Evacuate => say::evacuate(),
    }
}

/// How long each signal is shown.
const SIGNAL: Duration = Duration::from_millis(2500);

fn test_indicators(lamps: &mut dyn device::Indicator, clock: &dyn Clock, out: &mut dyn Write) -> io::Result<bool> {
    let mut well = true;
    for signal in Signal::ALL {
        writeln!(out, "{} {}", phrases::padded(&name(signal), 12), appearance(signal))?;
        out.flush()?;
        let until = clock.now().moment.after(SIGNAL);
        let mut result = lamps.indicate(clock.now().moment, signal);
        while result.is_ok() && clock.now().moment < until {
            let due = lamps.poll_timeout().map_or(until, |due| due.min(until));
            thread::sleep(due.since(clock.now().moment));
            result = lamps.handle_timeout(clock.now().moment);
        }
        if let Err(error) = result.and_then(|()| lamps.safe()) {
            failed(out, error)?;
            well = false;
        }
    }
    Ok(well)
}

/// What an input is, as the board file calls it and as a technician reads it.
fn input(role: Role) -> String {
    match role {
        Role::Fire => say::input_fire(),
        Role::Gate(GateSensor::Passage) => say::input_passage(),
        Role::Gate(GateSensor::Exit) => say::input_exit(),
        Role::Gate(GateSensor::Door) => say::input_door(),
        Role::Tamper => say::input_tamper(),
        Role::Button(Button::Start) => say::input_start(),
        Role::Button(Button::OtherWay) => say::input_other_way(),
        Role::Button(Button::CallStaff) => say::input_call_staff(),
        Role::Button(Button::Choice(number)) => say::input_choice(number),
        // Hours have no input of their own: they close as the key switch does.
        Role::OutOfService(OutOfService::Closed | OutOfService::AfterHours) => say::input_closed(),
        Role::OutOfService(OutOfService::Maintenance) => say::input_maintenance(),
        Role::OutOfService(OutOfService::Emergency) => say::input_fire(),
        Role::PaperLow => say::input_paper_low(),
        Role::PaperOut => say::input_paper_out(),
    }
}

/// How long a technician has to press and trip everything.
const INPUTS: Duration = Duration::from_secs(60);

fn test_inputs(part: InputPart, clock: &dyn Clock, out: &mut dyn Write) -> io::Result<bool> {
    let InputPart { lines, mut source, .. } = part;
    let names: Vec<String> = lines.iter().map(|line| input(line.role)).collect();
    writeln!(out, "{}\n    {}\n", say::press_each(INPUTS.as_secs()), names.join("\n    "))?;
    let mut debouncer = Debouncer::new(&lines, source.is_debounced());
    let until = clock.now().moment.after(INPUTS);
    let mut waiting = names.clone();
    let mut edges = Ok(source.look().levels);
    while !waiting.is_empty() && clock.now().moment < until {
        let now = clock.now().moment;
        match edges {
            Ok(edges) => edges.into_iter().for_each(|(line, high)| debouncer.level(now, line, high)),
            Err(error) => {
                failed(out, Failure::new(Code::D602).because(error))?;
                return Ok(false);
            }
        }
        for (role, active) in debouncer.changes(now) {
            let name = input(role);
            writeln!(out, "{}{name}", phrases::padded(&if active { say::active() } else { say::at_rest() }, 9))?;
            waiting.retain(|other| *other != name);
        }
        out.flush()?;
        let due = debouncer.poll_timeout().map_or(until, |due| due.min(until));
        edges = source.wait(due.since(clock.now().moment)).map(|edge| edge.into_iter().collect());
    }
    for name in &waiting {
        failed(out, Failure::new(Code::D602).told(say::did_not_change(name)))?;
    }
    Ok(waiting.is_empty())
}
