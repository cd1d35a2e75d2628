//! A thousand people at a running program: its memory, its connections, its wake-ups.

use std::{fs, thread, time::Duration};

use facemchd::sim::{people::Person, terminal::Terminal};

use super::{Verdict, limit, site::Site};

const PEOPLE: usize = 1000;
const LOOKS: usize = 5;

/// Resident set after a thousand people, KiB.
const MEMORY: u64 = 12 * 1024;

/// The resident set may grow by this between the first look and the last, KiB: pools fill, and then no more.
const GROWTH: u64 = 512;

const IDLE: Duration = Duration::from_secs(10);

pub fn run() -> Verdict {
    let site = Site::new();
    let running = site.start();
    let pid = running.0.id();
    let mut terminal = Terminal::connect(&site.socket(), Duration::from_secs(10)).map_err(|error| error.to_string())?;
    let mut looks = Vec::new();
    for number in 0..PEOPLE {
        let sid = format!("sid-{number}");
        site.wechat.know(Person::new(&sid, "张三丰"));
        terminal.face(&sid, true).map_err(|error| error.to_string())?;
        let outcome = terminal.receive_type("outcome").map_err(|error| error.to_string())?;
        limit(outcome["result"] == "checked_in", outcome.to_string())?;
        // A terminal may send fifty frames a second, and no person is faster.
        thread::sleep(Duration::from_millis(20));
        if (number + 1) % (PEOPLE / LOOKS) == 0 {
            looks.push(resident(pid)?);
        }
    }
    let seen = site.wechat.seen();
    println!("resident set after every {} people: {looks:?} KiB", PEOPLE / LOOKS);
    println!("connections {}, nonces {}, refused {}", seen.connections, seen.nonces, seen.refused);
    // What the last visit set in motion ends first.
    thread::sleep(Duration::from_secs(12));
    let before = wake_ups(pid)?;
    thread::sleep(IDLE);
    let per_second = (wake_ups(pid)? - before) as f64 / IDLE.as_secs_f64();
    println!("wake-ups while nobody comes: {per_second:.1} a second");
    let (first, last) = (looks[0], looks[LOOKS - 1]);
    limit(last <= MEMORY, format!("{last} KiB resident"))?;
    limit(last <= first + GROWTH, format!("grew from {first} to {last} KiB"))?;
    limit(seen.connections == 1, format!("{} connections", seen.connections))?;
    limit(seen.nonces >= PEOPLE && seen.refused == 0, format!("{seen:?}"))?;
    limit(per_second <= 2.0, format!("{per_second} wake-ups a second"))
}

pub fn resident(pid: u32) -> Result<u64, String> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).map_err(|error| error.to_string())?;
    number(&status, "VmRSS:").ok_or_else(|| "no VmRSS".to_owned())
}

/// How often its threads went to sleep and so woke up, ever.
fn wake_ups(pid: u32) -> Result<u64, String> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).map_err(|error| error.to_string())?;
    Ok(threads
        .flatten()
        .filter_map(|thread| fs::read_to_string(thread.path().join("status")).ok())
        .filter_map(|status| number(&status, "voluntary_ctxt_switches:"))
        .sum())
}

fn number(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find(|line| line.starts_with(name))?;
    line[name.len()..].trim().trim_end_matches("kB").trim().parse().ok()
}
