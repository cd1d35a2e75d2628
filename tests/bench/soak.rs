//! A thousand people at a running program: its memory, its connections, its wake-ups.

use std::{fs, thread, time::Duration};

use facemchd::sim::{people::Person, terminal::Terminal};

use super::{Verdict, limit, site::Site};

const PEOPLE: usize = 1000;
const LOOKS: usize = 5;

/// Resident set after a thousand people, KiB.
const MEMORY: u64 = 12 * 1024;

/// The resident set may grow by this between the second look and the last, KiB. Before the second, pools fill, and the
/// first segment of the journal that is full brings sled's threads to life.
const GROWTH: u64 = 512;

/// sled's threads, seven from its first write on: each looks once a second whether there is work, for ever.
const SLEDS: &str = "sled-io";

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
    let now = || -> Result<[u64; 2], String> {
        let is_sleds = |name: &str| name.contains(SLEDS);
        Ok([wake_ups(pid, |name| !is_sleds(name))?, wake_ups(pid, is_sleds)?])
    };
    let before = now()?;
    thread::sleep(IDLE);
    let after = now()?;
    let [own, sleds] = [0, 1].map(|which| (after[which] - before[which]) as f64 / IDLE.as_secs_f64());
    println!("wake-ups while nobody comes: {own:.1} a second, and {sleds:.1} of sled's pool");
    let (early, last) = (looks[1], looks[LOOKS - 1]);
    limit(last <= MEMORY, format!("{last} KiB resident"))?;
    limit(last <= early + GROWTH, format!("grew from {early} to {last} KiB"))?;
    limit(seen.connections == 1, format!("{} connections", seen.connections))?;
    limit(seen.nonces >= PEOPLE && seen.refused == 0, format!("{seen:?}"))?;
    limit(own <= 2.0, format!("{own} wake-ups a second"))?;
    limit(sleds <= 10.0, format!("{sleds} wake-ups of sled's a second"))
}

pub fn resident(pid: u32) -> Result<u64, String> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).map_err(|error| error.to_string())?;
    number(&status, "VmRSS:").ok_or_else(|| "no VmRSS".to_owned())
}

/// How often those of its threads that are counted, by their names, went to sleep and so woke up, ever.
pub fn wake_ups(pid: u32, is_counted: impl Fn(&str) -> bool) -> Result<u64, String> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).map_err(|error| error.to_string())?;
    let slept = |thread: fs::DirEntry| {
        let status = fs::read_to_string(thread.path().join("status")).ok()?;
        let name = status.lines().next()?.strip_prefix("Name:")?.trim();
        is_counted(name).then(|| number(&status, "voluntary_ctxt_switches:"))?
    };
    Ok(threads.flatten().filter_map(slept).sum())
}

fn number(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find(|line| line.starts_with(name))?;
    line[name.len()..].trim().trim_end_matches("kB").trim().parse().ok()
}
