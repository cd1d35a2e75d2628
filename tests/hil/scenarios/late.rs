//! Devices that are not there at the start, go, and come again, under the unit: a chip whose driver is bound late stands for
//! a module that loads late and for an expander on USB.

use std::{
    fmt::Write as _,
    ops::RangeInclusive,
    thread,
    time::{Duration, Instant},
};

use facemchd::sim::terminal::Terminal;

use crate::{
    Table,
    machine::{Machine, Options},
    site::{Site, ask_once, lane, terminal, visit},
};

/// A grant is over by then, on a busy machine, too.
const GRANTED: Duration = Duration::from_secs(60);

/// What tests/hil/board/virt.toml declares.
const GATE: usize = 0;
/// A light of the kernel's own, on the same chip.
const AMBER: usize = 4;

const CHIP: &str = "9030000.pl061";
const DRIVER: &str = "/sys/bus/amba/drivers/pl061_gpio";
/// The driver of the light: it goes before its chip and comes after it, or the kernel keeps a light that lights nothing.
const LIGHTS: &str = "/sys/bus/platform/drivers/leds-gpio";

/// Numbers of devices whose drivers are modules: i2c, spi, framebuffer, ttyUSB, ttyACM, USB printer.
const MODULES: [u16; 6] = [89, 153, 29, 188, 166, 180];

pub fn run(table: &mut Table) {
    let site = Site::new();
    for index in 1..=9 {
        site.expect(&format!("sid-late-{index}"), "王小明");
    }
    let mut machine = Machine::boot(table, &Options::default());
    // Everything of the board has the owner it had at the boot.
    machine.must("udevadm settle");
    // Something happens between the two halves of the installation, and udev reads the rules then.
    machine.must("dpkg --unpack /opt/deb/facemchd_*_arm64.deb; touch /usr/lib/udev/rules.d/60-facemchd.rules");
    let read = machine
        .until_well("udevadm trigger --subsystem-match=gpio; udevadm settle; test $(stat -c %a /dev/gpiochip0) = 660");
    machine.must("dpkg --configure facemchd");
    machine.until_well("test $(stat -c %G /dev/gpiochip0) = gpio");
    let owner = machine.run("stat -c '%G %a' /dev/gpiochip0").0;
    table.row(
        "a package that comes after the boot",
        "the chip is its group's without a boot",
        &format!("{owner}, rules read before {read}"),
        owner == "gpio 660" && read,
    );
    site.commission(&mut machine, "http");

    gone(&mut machine);
    machine.must("systemctl start facemchd");
    let mut gate = terminal(&machine, "terminal-2.sock");
    let mut kiosk = lane(&machine);
    let refused = ask_once(&mut gate, "sid-late-1");
    let beside = ask_once(&mut kiosk.terminal, "sid-late-1");
    // Its fire input is on the same chip: nobody is let in anywhere.
    let held = refused.starts_with("\"refused\"") && beside.contains("D602");
    table.row("a start without the board's chip", "serves, promises nothing", &format!("{refused}; {beside}"), held);
    machine.must("systemctl stop facemchd");
    let (checked, code) = machine.run("facemchd check");
    let named = checked.contains("G801") && checked.contains(CHIP) && checked.contains("takes it when it comes");
    table.row(
        "check meanwhile",
        "exit 1, G801, waited for",
        &format!("exit {code}, named {named}"),
        code == 1 && named,
    );

    machine.must("systemctl start facemchd");
    let pid = pid(&mut machine);
    come(&mut machine);
    let opened = opens_once(&mut machine, &mut gate, 2..=5);
    table.row("the chip comes", "taken shut, then one opening", &opened, opened.ends_with(ONCE));

    gone(&mut machine);
    // Each time somebody else, nobody knows them: whoever comes before it is noticed is no repetition afterwards.
    let mut asked = 0;
    let closed = machine.until(|_| {
        asked += 1;
        ask_once(&mut gate, &format!("sid-late-nobody-{asked}")).starts_with("\"refused\"")
    });
    come(&mut machine);
    let opened = opens_once(&mut machine, &mut gate, 6..=9);
    let same = self::pid(&mut machine) == pid;
    let seen = format!("refused {closed}, then {opened}, same process {same}");
    let held = closed && opened.ends_with(ONCE) && same;
    table.row("it goes and comes again", "refused, then served by the same process", &seen, held);

    let before = machine.edges().len();
    machine.set_input(6, true);
    let lit = machine
        .until(|machine| machine.edges()[before..].iter().any(|edge| usize::from(edge.line) == AMBER && edge.high));
    machine.set_input(6, false);
    table.row("its light of the kernel's own", "blinks again", &format!("amber {lit}"), lit);

    let mut forbidden = Vec::new();
    for number in MODULES {
        // No driver stands behind it: who may open it is told so.
        let line = format!(
            "rm -f /dev/probe; mknod -m 666 /dev/probe c {number} 200; \
             sh -c 'echo $$ >/sys/fs/cgroup/system.slice/facemchd.service/cgroup.procs; exec cat /dev/probe'; rm -f /dev/probe"
        );
        if machine.run(&line).0.contains("Operation not permitted") {
            forbidden.push(number);
        }
    }
    let seen = format!("forbidden {forbidden:?}");
    table.row("devices whose modules come later", "the unit may open them", &seen, forbidden.is_empty());
    machine.pull_the_plug();
}

const ONCE: &str = "opened once";

/// Lets people come until one is let through: a grant that a busy machine comes too late for opens nothing.
fn opens_once(machine: &mut Machine, gate: &mut Terminal, people: RangeInclusive<u8>) -> String {
    let mut seen = String::new();
    for person in people {
        let before = machine.edges().len();
        let outcome = visit(gate, &format!("sid-late-{person}"));
        let _ = write!(seen, "{} ", outcome["result"]);
        let settled = |machine: &Machine| !machine.outputs()[GATE] && pulses(machine, before) > 0;
        let began = Instant::now();
        while !settled(machine) && began.elapsed() < GRANTED {
            thread::sleep(Duration::from_millis(100));
        }
        match pulses(machine, before) {
            0 => {}
            1 => return seen + ONCE,
            more => return format!("{seen}opened {more} times"),
        }
    }
    seen + "never opened"
}

fn pid(machine: &mut Machine) -> String {
    machine.must("systemctl show -p MainPID --value facemchd")
}

fn gone(machine: &mut Machine) {
    machine.must(&format!(
        "echo leds >{LIGHTS}/unbind; echo {CHIP} >{DRIVER}/unbind; test ! -e /sys/bus/amba/devices/{CHIP}/driver"
    ));
}

fn come(machine: &mut Machine) {
    machine.must(&format!(
        "echo {CHIP} >{DRIVER}/bind; test -e {LIGHTS}/leds || echo leds >{LIGHTS}/bind; test -e {LIGHTS}/leds"
    ));
}

/// How often the gate was opened since.
fn pulses(machine: &Machine, since: usize) -> usize {
    machine.edges()[since..].iter().filter(|edge| usize::from(edge.line) == GATE && edge.high).count()
}
