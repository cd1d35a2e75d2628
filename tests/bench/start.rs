//! From the start of the program to the first name.

use std::{process::Command, time::Duration};

use facemchd::sim::{people::Person, terminal::Terminal};

use super::{Verdict, limit, lookups, median, micros, program, site::Site};

const ROUNDS: usize = 7;

pub fn run() -> Verdict {
    let site = Site::new();
    site.wechat.allow_reuse();
    site.wechat.know(Person::new("sid", "张三丰"));
    let clock = lookups::clock();
    let (mut by_lookup, mut by_run) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let began = clock.now().moment;
        let ran = Command::new(program()).args(["lookup", "--config"]).arg(&site.file).arg("sid").output();
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
    println!("`lookup`, from exec to exit               {}", micros(median(&mut by_lookup)));
    println!("`run`, from exec to the first person's end {}", micros(median(&mut by_run)));
    Ok(())
}
