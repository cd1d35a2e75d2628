//! From the start of the program to the first name, and what it takes to READY.

use std::{os::unix::net::UnixDatagram, process::Command, time::Duration};

use facemchd::sim::terminal::Terminal;

use rustix::process::{Pid, Signal, kill_process};

use super::{
    Verdict, instructions, limit, lookups, median, micros, program,
    site::{Running, Site},
};

const ROUNDS: usize = 15;

/// Millions of instructions from start to READY and to the orderly end, twice what it takes.
const MOST: u64 = 80;

pub fn run() -> Verdict {
    let site = Site::new();
    let _wechat = site.with_answers(2 * ROUNDS);
    let clock = lookups::clock();
    let (mut by_lookup, mut by_run) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let began = clock.now().moment;
        let ran = Command::new(program()).args(["lookup", "--config"]).arg(&site.site).arg("sid").output();
        by_lookup.push(clock.now().moment.since(began));
        let ran = ran.map_err(|error| error.to_string())?;
        limit(ran.status.success(), String::from_utf8_lossy(&ran.stderr).into_owned())?;

        let began = clock.now().moment;
        let running = site.start();
        let mut terminal =
            Terminal::connect(&site.socket(), Duration::from_secs(10)).map_err(|error| error.to_string())?;
        terminal.face("sid", true).map_err(|error| error.to_string())?;
        let outcome = terminal.receive_type("outcome").map_err(|error| error.to_string())?;
        by_run.push(clock.now().moment.since(began));
        limit(outcome["result"] == "checked_in", outcome.to_string())?;
        drop(running);
        let _ = std::fs::remove_file(site.socket());
    }
    let (lookup, run) = (median(&mut by_lookup), median(&mut by_run));
    println!(
        "`lookup`, exec to exit: the name           {}, best {} (to reach: 12 ms)",
        micros(lookup),
        micros(by_lookup[0])
    );
    println!("`run`, exec to the first person's end      {}, best {}", micros(run), micros(by_run[0]));
    let counted = to_ready(&site)?;
    println!("`run`, to READY and to its end             {:>8} M instructions (at most {MOST})", counted / 1_000_000);
    limit(counted <= MOST * 1_000_000, format!("{counted} instructions"))
}

fn to_ready(site: &Site) -> Result<u64, String> {
    let failed = |error: std::io::Error| error.to_string();
    let place = site.path("notify.sock");
    let systemd = UnixDatagram::bind(&place).map_err(failed)?;
    systemd.set_read_timeout(Some(Duration::from_secs(60))).map_err(failed)?;
    let mut command = instructions::beneath_valgrind(&program());
    command.args(["run", "--config"]).arg(&site.site).env("NOTIFY_SOCKET", &place);
    let mut running = Running(command.spawn().map_err(failed)?);
    let mut said = [0; 256];
    while !said.starts_with(b"READY=1") {
        said.fill(0);
        systemd.recv(&mut said).map_err(failed)?;
    }
    kill_process(Pid::from_child(&running.0), Signal::TERM).map_err(|error| error.to_string())?;
    instructions::collected(&mut running.0)
}
