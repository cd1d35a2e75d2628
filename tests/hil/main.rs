//! Emulated boards with our package on them; started by tests/hil/run, which makes what they boot.
//!
//! The board is QEMU's, its kernel and its systemd are Debian's, the package is ours. WeChat Pay, the site's system, the
//! face terminal and the printer are the sandbox's, in this process; what the outputs did is read from QEMU's own log.

#![expect(clippy::disallowed_methods, reason = "boards are watched with a stopwatch")]

#[path = "../support/dice.rs"]
mod dice;
#[path = "../support/keys.rs"]
#[expect(dead_code, reason = "shared with the tests")]
mod keys;
mod machine;
mod site;
mod scenarios {
    pub mod clock;
    pub mod hangs;
    pub mod install;
    pub mod instructions;
    pub mod late;
    pub mod lines;
    pub mod panel;
    pub mod power_cuts;
    pub mod usb;
}
mod write_log;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

use scenarios::{clock, hangs, install, instructions, late, lines, panel, power_cuts, usb};

/// What was prepared, and what was seen.
pub struct Table {
    /// What boots.
    pub boot: PathBuf,
    /// The chroot that QEMU is in.
    pub root: PathBuf,
    rows: Vec<Row>,
    began: Instant,
}

struct Row {
    what: String,
    expected: String,
    seen: String,
    held: bool,
    took: Duration,
}

type Scenario = (&'static str, fn(&mut Table));

const SCENARIOS: [Scenario; 9] = [
    ("install", install::run),
    ("lines", lines::run),
    ("late", late::run),
    ("usb", usb::run),
    ("hangs", hangs::run),
    ("power-cuts", power_cuts::run),
    ("panel", panel::run),
    ("clock", clock::run),
    ("instructions", instructions::run),
];

impl Table {
    /// A line of the table: what was done, what is expected, what was seen, and whether that is it.
    pub fn row(&mut self, what: &str, expected: &str, seen: &str, held: bool) {
        let row = Row {
            what: what.to_owned(),
            expected: expected.to_owned(),
            seen: seen.split_whitespace().collect::<Vec<_>>().join(" "),
            held,
            took: self.began.elapsed(),
        };
        self.began = Instant::now();
        let mark = if held { ' ' } else { '!' };
        println!("{:<44} {:<36} {:>6.1} s {mark} {}", row.what, row.expected, row.took.as_secs_f64(), row.seen);
        self.rows.push(row);
    }

    /// How often each line held, where the scenarios were played several times.
    fn count(&self) {
        println!();
        for (index, row) in self.rows.iter().enumerate() {
            let same = |other: &&Row| other.what == row.what;
            if self.rows[..index].iter().any(|other| same(&other)) {
                continue;
            }
            let (held, all) = (self.rows.iter().filter(same).filter(|row| row.held), self.rows.iter().filter(same));
            println!("{:<44} {} of {}", row.what, held.count(), all.count());
        }
    }
}

fn main() -> ExitCode {
    let place = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let (Some(boot), Some(root)) = (place("HIL"), place("HIL_ROOT")) else {
        eprintln!("started by tests/hil/run, which makes what the boards boot");
        return ExitCode::from(64);
    };
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    if let Some(unknown) = wanted.iter().find(|wanted| SCENARIOS.iter().all(|(name, _)| name != wanted)) {
        eprintln!("no scenario {unknown}; there are: {}", SCENARIOS.map(|(name, _)| name).join(" "));
        return ExitCode::from(64);
    }
    let mut table = Table { boot, root, rows: Vec::new(), began: Instant::now() };
    println!("{:<44} {:<36} {:>8}   seen", "scenario", "expected", "seconds");
    let times: usize = std::env::var("HIL_TIMES").ok().and_then(|times| times.parse().ok()).unwrap_or(1);
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    for (name, run) in (0..times).flat_map(|_| SCENARIOS).filter(|(name, _)| is_wanted(name)) {
        // A board that does not come up is one row; the others go on.
        if catch_unwind(AssertUnwindSafe(|| run(&mut table))).is_err() {
            table.row(name, "to its end", "given up; the reason stands above", false);
        }
    }
    if times > 1 {
        table.count();
    }
    let wrong: Vec<&Row> = table.rows.iter().filter(|row| !row.held).collect();
    println!("\n{} of {} as expected", table.rows.len() - wrong.len(), table.rows.len());
    for row in &wrong {
        println!("! {}: expected {}, seen {}", row.what, row.expected, row.seen);
    }
    if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
