//! What it must reach, measured side by side in one run. Fails on ratios and counts; milliseconds are printed.
//!
//! `cargo bench` runs everything; `cargo bench -- NAME` one of: lookup, round-trips, visit, glass, instructions, lanes, pages,
//! pulse, start, soak. The last five run a built program: that of `FACEMCHD`, or the one that cargo has just built.

#[path = "../support/keys.rs"]
mod keys;
#[path = "../support/lookups.rs"]
#[expect(dead_code, reason = "shared with the tests")]
mod lookups;
#[path = "../support/sandbox.rs"]
#[expect(dead_code, reason = "shared with the tests")]
mod sandbox;

mod glass;
mod handshake;
mod instructions;
mod lanes;
mod lookup;
mod pages;
mod pulse;
mod round_trips;
mod site;
mod soak;
mod start;
mod visit;

use std::{path::PathBuf, process::ExitCode, time::Duration};

/// What a bench says when a limit is not kept.
pub type Verdict = Result<(), String>;

type Bench = (&'static str, fn() -> Verdict);

const BENCHES: [Bench; 9] = [
    ("lookup", lookup::run),
    ("visit", visit::run),
    ("glass", glass::run),
    ("lanes", lanes::run),
    ("pages", pages::run),
    ("pulse", pulse::run),
    ("start", start::run),
    ("soak", soak::run),
    ("instructions", instructions::run),
];

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    if let [word, what, rounds] = &wanted[..]
        && word == "count"
    {
        instructions::child(what, rounds.parse().unwrap_or(1));
        return ExitCode::SUCCESS;
    }
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|word| word == name);
    let mut code = ExitCode::SUCCESS;
    let mut report = |name: &str, verdict: &dyn Fn() -> Verdict| {
        println!("\n== {name}");
        if let Err(complaint) = verdict() {
            println!("FAILED: {complaint}");
            code = ExitCode::FAILURE;
        }
    };
    // Its lines stand idle for half a minute, in which the others run.
    let idle = is_wanted("round-trips").then(round_trips::prepare);
    for (name, bench) in BENCHES.into_iter().filter(|(name, _)| is_wanted(name)) {
        report(name, &bench);
    }
    if let Some(lines) = &idle {
        report("round-trips", &|| round_trips::run(lines));
    }
    code
}

/// The program that is measured from outside.
pub fn program() -> PathBuf {
    std::env::var_os("FACEMCHD").map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_facemchd")), PathBuf::from)
}

/// The middle one.
pub fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Microseconds, aligned.
pub fn micros(time: Duration) -> String {
    format!("{:>8.0} µs", time.as_secs_f64() * 1e6)
}

/// Fails with `complaint` unless `held`.
pub fn limit(held: bool, complaint: String) -> Verdict {
    if held { Ok(()) } else { Err(complaint) }
}
