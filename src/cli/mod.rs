//! The command line: reads files, builds the wires, hands them to `service`, prints for a technician.
//!
//! Nothing here decides what a person sees. Text goes to standard output, faults to standard error with code and cure,
//! and the exit code is one of `fault::exit`.

mod acting;
mod build;
mod check;
mod exercise;
mod hardware;
mod journal;
mod logging;
mod lookup;
mod permission;
mod run;
#[cfg(feature = "sim")]
mod sim;
mod staff;
mod weixin;
mod wires;

use std::{
    io::{self, Write},
    path::PathBuf,
};

use clap::{Parser, Subcommand};

use crate::{
    fault::{self, Fault, exit},
    vault,
};

/// Agent of a face-payment kiosk.
#[derive(Parser)]
#[command(name = "facemchd", version, about, propagate_version = true, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve: the daemon itself
    Run {
        #[command(flatten)]
        site: SiteFile,
    },
    /// Look at everything the daemon needs and say what to mend, without serving
    Check {
        #[command(flatten)]
        site: SiteFile,
        /// One JSON object a line
        #[arg(long)]
        json: bool,
        /// Have WeChat prove signing, verification and encryption, too (security/echo)
        #[arg(long)]
        online: bool,
        #[command(flatten)]
        acting: acting::AsUser,
    },
    /// Ask WeChat about face_sids, outside the kiosk's flow: for commissioning
    Lookup(lookup::Arguments),
    /// The mini-program's real-name calls, for commissioning
    #[command(subcommand)]
    Weixin(weixin::Command),
    /// Show what this machine has: GPIO chips and lines, buses, ports
    Probe,
    /// Exercise one device, and say what to see; not while the daemon runs
    Test {
        /// Which
        device: exercise::Device,
        #[command(flatten)]
        site: SiteFile,
        /// Of which lane [default: the first]
        #[arg(long, value_name = "NAME")]
        lane: Option<String>,
        /// Do not ask before the gate opens
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        acting: acting::AsUser,
    },
    /// Put every output to its safe value; for ExecStopPost, not while the daemon runs
    SafeState {
        #[command(flatten)]
        site: SiteFile,
        #[command(flatten)]
        acting: acting::AsUser,
    },
    /// Open or close a lane of the running daemon
    Lane {
        /// Which
        name: String,
        /// How it shall be
        mode: staff::Mode,
        #[command(flatten)]
        site: SiteFile,
    },
    /// Print a slip again, marked 补打, without the name
    Reprint {
        /// A session, or a queue number
        which: String,
        #[command(flatten)]
        site: SiteFile,
    },
    /// Read the journal
    #[command(subcommand)]
    Journal(journal::Command),
    /// Try it: a scripted morning against a sandbox WeChat Pay, a sandbox site system and the devices' twins
    #[cfg(feature = "sim")]
    Sim(sim::Arguments),
}

/// Where the site file lies.
#[derive(clap::Args)]
struct SiteFile {
    /// The site file
    #[arg(long, value_name = "SITE", default_value = "/etc/facemchd/site.toml")]
    config: PathBuf,
}

/// Why a command ended early: the line for the operator, and the exit code.
struct Failure {
    line: String,
    exit: u8,
}

/// Runs the program; returns its exit code.
pub fn main() -> u8 {
    // Only a hardening: on a kernel that refuses it the unit's LimitCORE=0 holds.
    let _ = vault::no_core_dumps();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { exit::USAGE } else { exit::OK };
        }
    };
    let mut out = io::stdout().lock();
    let result = match arguments.command {
        Command::Run { site } => {
            drop(out);
            run::run(&site.config)
        }
        Command::Check { site, json, online, acting } => {
            acting.act().and_then(|user| check::check(&site.config, &user, json, online, &mut out))
        }
        Command::Lookup(arguments) => lookup::lookup(&arguments, &mut out),
        Command::Weixin(command) => weixin::weixin(&command, &mut out),
        Command::Probe => hardware::probe(&mut out).map_err(|error| Failure::io("standard output", &error)),
        Command::Test { device, site, lane, yes, acting } => {
            acting.act().and_then(|_| exercise::test(&site.config, device, lane.as_deref(), yes, &mut out))
        }
        Command::SafeState { site, acting } => acting.act().and_then(|_| hardware::safe_state(&site.config, &mut out)),
        Command::Lane { name, mode, site } => staff::lane(&site, &name, mode, &mut out),
        Command::Reprint { which, site } => staff::reprint(&site, &which, &mut out),
        Command::Journal(command) => journal::journal(&command, &mut out),
        #[cfg(feature = "sim")]
        Command::Sim(arguments) => sim::sim(&arguments, &mut out),
    };
    match result {
        Ok(code) => code,
        Err(failure) => {
            if !failure.line.is_empty() {
                let _ = writeln!(io::stderr(), "{}", failure.line);
            }
            failure.exit
        }
    }
}

impl<F: Fault> From<F> for Failure {
    fn from(fault: F) -> Self {
        let code = fault.code();
        Self { line: format!("{}\n  cure: {}", fault::chain(&fault), code.cure()), exit: code.exit() }
    }
}

impl Failure {
    /// Standard output is gone, or a file of the command line cannot be used.
    fn io(what: &str, error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            // Whoever reads has seen enough, as `head` has.
            return Self { line: String::new(), exit: exit::OK };
        }
        Self { line: format!("{what}: {error}"), exit: exit::IO }
    }
}
