//! The command line: reads files, builds the wires, hands them to `service`, prints for a technician.
//!
//! Nothing here decides what a person sees. Text goes to standard output, faults to standard error with code and cure,
//! and the exit code is one of `fault::exit`.

mod acting;
mod build;
#[cfg(feature = "pilot")]
mod capture;
mod check;
#[cfg(feature = "pilot")]
mod conformance;
#[cfg(feature = "page")]
mod desk;
mod exercise;
mod hardware;
mod journal;
mod logging;
mod lookup;
mod permission;
mod phrases;
#[cfg(feature = "hospital")]
mod report;
#[cfg(feature = "hospital")]
mod roster;
mod run;
#[cfg(feature = "sim")]
mod sim;
#[cfg(feature = "hospital")]
mod site;
#[cfg(feature = "sim")]
mod slip;
mod staff;
mod status;
mod tongue;
#[cfg(feature = "voice")]
mod voice;
mod weixin;
mod wires;

use std::{
    env,
    io::{self, Write},
    path::PathBuf,
};

use clap::{Parser, Subcommand};

use crate::{
    fault::{Failure, Fault, exit},
    service::StaffMode,
    vault,
};
use phrases::help;

#[derive(Parser)]
#[command(name = "facemchd", version, about = help::about(), propagate_version = true, arg_required_else_help = true)]
struct Arguments {
    /// Read before the arguments are parsed, for their help is a text, too.
    #[arg(long, global = true, value_name = "LANG", help = help::lang())]
    lang: Option<tongue::Lang>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    #[command(about = help::run())]
    Run {
        #[command(flatten)]
        site: SiteFile,
        #[cfg(feature = "pilot")]
        #[arg(long, value_name = "FILE", help = help::capture())]
        capture: Option<PathBuf>,
    },
    #[command(about = help::check())]
    Check {
        #[command(flatten)]
        site: SiteFile,
        #[arg(long, help = help::json_lines())]
        json: bool,
        #[arg(long, help = help::online())]
        online: bool,
        #[command(flatten)]
        acting: acting::AsUser,
    },
    #[command(about = help::lookup())]
    Lookup(lookup::Arguments),
    #[command(subcommand, about = help::weixin())]
    Weixin(weixin::Command),
    #[cfg(feature = "pilot")]
    #[command(about = help::conformance())]
    Conformance(conformance::Arguments),
    #[command(about = help::probe())]
    Probe,
    #[command(about = help::test())]
    Test {
        #[arg(help = help::device())]
        device: exercise::Device,
        #[command(flatten)]
        site: SiteFile,
        #[arg(long, value_name = "NAME", help = help::of_lane())]
        lane: Option<String>,
        #[arg(long, help = help::yes())]
        yes: bool,
        #[cfg(feature = "sim")]
        #[command(flatten)]
        slip: slip::SlipPicture,
        #[command(flatten)]
        acting: acting::AsUser,
    },
    #[command(about = help::safe_state())]
    SafeState {
        #[command(flatten)]
        site: SiteFile,
        #[command(flatten)]
        acting: acting::AsUser,
    },
    #[command(about = help::status())]
    Status {
        #[command(flatten)]
        site: SiteFile,
        #[arg(long, help = help::json_object())]
        json: bool,
    },
    #[command(about = help::lane())]
    Lane {
        #[arg(help = help::lane_name())]
        name: String,
        #[arg(help = help::mode())]
        mode: StaffMode,
        #[command(flatten)]
        site: SiteFile,
    },
    #[command(about = help::reprint())]
    Reprint {
        #[arg(help = help::which_slip())]
        which: String,
        #[command(flatten)]
        site: SiteFile,
    },
    #[cfg(feature = "hospital")]
    #[command(subcommand, about = help::site())]
    Site(site::Command),
    #[cfg(feature = "hospital")]
    #[command(subcommand, about = help::report())]
    Report(report::Command),
    #[cfg(feature = "hospital")]
    #[command(subcommand, about = help::roster())]
    Roster(roster::Command),
    #[command(subcommand, about = help::journal())]
    Journal(journal::Command),
    #[cfg(feature = "page")]
    #[command(subcommand, about = help::desk())]
    Desk(desk::Command),
    #[cfg(feature = "voice")]
    #[command(subcommand, about = help::voice())]
    Voice(voice::Command),
    #[cfg(feature = "sim")]
    #[command(about = help::sim())]
    Sim(sim::Arguments),
}

/// Where the site file lies.
#[derive(clap::Args)]
struct SiteFile {
    #[arg(long, value_name = "SITE", default_value = "/etc/facemchd/site.toml", help = help::site_file())]
    config: PathBuf,
}

/// How a command ended early: the line for the operator, and the exit code.
struct Ending {
    line: String,
    exit: u8,
}

/// Runs the program; returns its exit code.
pub fn main() -> u8 {
    // Only a hardening: on a kernel that refuses it the unit's LimitCORE=0 holds.
    let _ = vault::no_core_dumps();
    tongue::choose(env::args_os(), |name| env::var(name).ok());
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let text = phrases::of_clap(&error);
            let _ = if error.use_stderr() { write!(io::stderr(), "{text}") } else { write!(io::stdout(), "{text}") };
            return if error.use_stderr() { exit::USAGE } else { exit::OK };
        }
    };
    let mut out = io::stdout().lock();
    let result = match arguments.command {
        Command::Run {
            site,
            #[cfg(feature = "pilot")]
            capture,
        } => {
            drop(out);
            run::run(
                &site.config,
                #[cfg(feature = "pilot")]
                capture.as_deref(),
            )
        }
        Command::Check { site, json, online, acting } => {
            acting.act().and_then(|user| check::check(&site.config, &user, json, online, &mut out))
        }
        Command::Lookup(arguments) => lookup::lookup(&arguments, &mut out),
        Command::Weixin(command) => weixin::weixin(&command, &mut out),
        #[cfg(feature = "pilot")]
        Command::Conformance(arguments) => conformance::conformance(&arguments, &mut out),
        Command::Probe => hardware::probe(&mut out).map_err(|error| Ending::io("standard output", &error)),
        #[cfg(feature = "sim")]
        Command::Test { device: exercise::Device::Slip, slip, .. } => slip::render(&slip, &mut out),
        Command::Test { device, site, lane, yes, acting, .. } => {
            acting.act().and_then(|_| exercise::test(&site.config, device, lane.as_deref(), yes, &mut out))
        }
        Command::SafeState { site, acting } => acting.act().and_then(|_| hardware::safe_state(&site.config, &mut out)),
        Command::Status { site, json } => status::status(&site, json, &mut out),
        Command::Lane { name, mode, site } => staff::lane(&site, &name, mode, &mut out),
        Command::Reprint { which, site } => staff::reprint(&site, &which, &mut out),
        #[cfg(feature = "hospital")]
        Command::Site(command) => site::site(&command, &mut out),
        #[cfg(feature = "hospital")]
        Command::Report(command) => report::report(&command, &mut out),
        #[cfg(feature = "hospital")]
        Command::Roster(command) => roster::roster(&command, &mut out),
        Command::Journal(command) => journal::journal(&command, &mut out),
        #[cfg(feature = "page")]
        Command::Desk(command) => desk::desk(&command, &mut out),
        #[cfg(feature = "voice")]
        Command::Voice(command) => voice::voice(&command, &mut out),
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

impl<F: Fault + Send + Sync + 'static> From<F> for Ending {
    fn from(fault: F) -> Self {
        Failure::from(fault).into()
    }
}

impl From<Failure> for Ending {
    fn from(failure: Failure) -> Self {
        let line = format!("{}\n  {}", phrases::failure_line(&failure), phrases::cure(&failure));
        Self { line, exit: failure.code().exit() }
    }
}

impl Ending {
    /// Standard output is gone, or a file of the command line cannot be used.
    fn io(what: &str, error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            // Whoever reads has seen enough, as `head` has.
            return Self { line: String::new(), exit: exit::OK };
        }
        Self { line: format!("{what}: {error}"), exit: exit::IO }
    }
}
