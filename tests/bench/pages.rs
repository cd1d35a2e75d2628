//! What pages cost whoever does not look at them: visits while fifty screens are open beside visits while none is, the
//! wake-ups of pages that nobody looks at; and how far a page is behind what it shows.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use facemchd::{sim::terminal::Terminal, words::Moment};
use serde_json::Value;

use super::{
    Verdict, limit, lookups, median, micros, program,
    site::{Running, Site},
    soak::wake_ups,
};

/// Both take their turns one after the other: what else the machine does comes to both.
const TURNS: usize = 4;
const VISITS: usize = 25;

/// Screens that are open.
const OPEN: usize = 50;

/// The reach, and what a machine that others share is allowed.
const REACH: f64 = 1.05;
const BUSY: f64 = 1.2;

/// A busy machine adds to one what it does not add to the other: so often both are measured at most, and once it has to
/// be within reach.
const TIMES: usize = 4;

/// Changes that are waited for on a page.
const CHANGES: usize = 20;

/// A page that nobody shows is a lane out of order after fifteen seconds, and that is told once.
const SETTLES: Duration = Duration::from_secs(20);

/// How long they are watched while nobody looks.
const IDLE: Duration = Duration::from_secs(10);

/// The threads of pages and desk.
const THREADS: [&str; 2] = ["pages", "desk"];

/// Nothing on loopback takes longer.
const PATIENCE: Duration = Duration::from_secs(20);

pub fn run() -> Verdict {
    let verdicts = [visits(), wakes(), behind_the_terminal(), behind_the_twin()];
    let broken: Vec<String> = verdicts.into_iter().filter_map(Result::err).collect();
    limit(broken.is_empty(), broken.join("; "))
}

/// A site whose lane has its panel on a page, with a technician's page and a desk, and the pages' port.
fn with_pages() -> Result<(Site, u16), String> {
    let site = Site::new();
    let free = || TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).map_err(failed);
    let (port, desk) = (free()?.port(), free()?.port());
    site.edit("panel = \"terminal\"", "panel = \"page\"");
    let tables = format!(
        "[page]\nlisten = \"127.0.0.1:{port}\"\ntechnician = true\n\n[desk]\nlisten = \"127.0.0.1:{desk}\"\n\n[checkin]"
    );
    site.edit("[checkin]", &tables);
    Ok((site, port))
}

fn visits() -> Verdict {
    let (site, port) = with_pages()?;
    let _wechat = site.with_answers(TIMES * TURNS * (VISITS + 1));
    let _running = site.start();
    let clock = lookups::clock();
    let mut terminal = Terminal::connect(&site.socket(), PATIENCE).map_err(failed)?;
    let mut least = f64::INFINITY;
    for time in 0..TIMES {
        let (mut alone, mut beside) = (Vec::new(), Vec::new());
        let mut looked_up = [(0.0, 0.0); 2];
        for turn in 0..TURNS {
            let open = if turn % 2 == 0 { 0 } else { OPEN };
            let mut screens = (0..open).map(|_| look(port, SCENES)).collect::<Result<Vec<_>, _>>()?;
            let took = if open == 0 { &mut alone } else { &mut beside };
            let mut before = (0.0, 0.0);
            for visit in 0..=VISITS {
                if visit == 1 {
                    before = lookups_of(port)?;
                }
                let began = clock.now().moment;
                terminal.face(&format!("sid-{time}-{turn}-{visit}"), true).map_err(failed)?;
                let outcome = terminal.receive_type("outcome").map_err(failed)?;
                let lasted = clock.now().moment.since(began);
                limit(outcome["result"] == "checked_in", outcome.to_string())?;
                // The first warms up.
                if visit > 0 {
                    took.push(lasted);
                }
                // A terminal may send fifty frames a second, and no person is faster. What the screens were told is read
                // meanwhile: browsers have a machine of their own.
                thread::sleep(Duration::from_millis(20));
                screens.iter_mut().try_for_each(Screen::catch_up)?;
            }
            let (after, (took, many)) = (lookups_of(port)?, &mut looked_up[usize::from(open > 0)]);
            *took += after.0 - before.0;
            *many += after.1 - before.1;
        }
        let (alone, beside) = (median(&mut alone), median(&mut beside));
        let ratio = beside.as_secs_f64() / alone.as_secs_f64();
        println!("a visit from face to outcome, nobody looks             {}", micros(alone));
        println!("the same, {OPEN} screens look                              {}, {ratio:.3} ×", micros(beside));
        let [alone, beside] = looked_up.map(|(took, many)| Duration::from_secs_f64(took / many));
        let ratio = beside.as_secs_f64() / alone.as_secs_f64();
        println!("its lookup, nobody looks                               {}", micros(alone));
        println!("the same, {OPEN} screens look                              {}, {ratio:.3} ×", micros(beside));
        least = least.min(ratio);
        if least <= REACH {
            break;
        }
    }
    println!(
        "(to reach: a lookup {REACH} ×, means of {TURNS} turns of {VISITS} visits by the program's own metrics; a visit's are medians)"
    );
    limit(least <= REACH * BUSY, format!("{OPEN} screens cost a lookup {least:.3} ×"))
}

/// Seconds that all lookups so far took together, and how many there were.
fn lookups_of(port: u16) -> Result<(f64, f64), String> {
    let lines = BufReader::new(look(port, "/metrics")?.0).lines().map_while(Result::ok);
    let read = |line: &str, what: &str| -> Option<f64> {
        line.strip_prefix("facemchd_lookup_duration_seconds_")?.strip_prefix(what)?.trim().parse().ok()
    };
    let (mut took, mut many) = (None, None);
    for line in lines {
        took = took.or_else(|| read(&line, "sum"));
        many = many.or_else(|| read(&line, "count"));
        if let (Some(took), Some(many)) = (took, many) {
            return Ok((took, many));
        }
    }
    Err("the metrics tell of no lookups".to_owned())
}

/// Somebody has looked at everything and gone.
fn wakes() -> Verdict {
    let (with, port) = with_pages()?;
    let without = Site::new();
    let running = [with.start(), without.start()];
    let pids = running.each_ref().map(|running| running.0.id());
    Terminal::connect(&with.socket(), PATIENCE).map_err(failed)?;
    for what in [SCENES, "/technician/events", "/technician/", "/metrics"] {
        look(port, what)?;
    }
    thread::sleep(SETTLES);
    let of_pages = |name: &str| THREADS.contains(&name);
    let now = || -> Result<[u64; 3], String> {
        Ok([wake_ups(pids[0], of_pages)?, wake_ups(pids[0], |_| true)?, wake_ups(pids[1], |_| true)?])
    };
    let before = now()?;
    thread::sleep(IDLE);
    let after = now()?;
    let [pages, with, without] = [0, 1, 2].map(|which| after[which].saturating_sub(before[which]));
    println!("wake-ups of pages and desk in {} s while nobody looks: {pages} (to reach: 0)", IDLE.as_secs());
    println!("of all that program's threads: {with}; of one that has no pages: {without}");
    limit(pages == 0, format!("pages that nobody looks at wake up {pages} times"))
}

/// A lane's own page beside its terminal.
fn behind_the_terminal() -> Verdict {
    let (site, port) = with_pages()?;
    let _wechat = site.with_answers(CHANGES);
    let _running = site.start();
    let clock = lookups::clock();
    let mut terminal = Terminal::connect(&site.socket(), PATIENCE).map_err(failed)?;
    let scenes = look(port, SCENES)?.events();
    let mut behind = Vec::new();
    for visit in 0..CHANGES {
        terminal.face(&format!("sid-{visit}"), true).map_err(failed)?;
        let outcome = terminal.receive_type("outcome").map_err(failed)?;
        let told = clock.now().moment;
        limit(outcome["result"] == "checked_in", outcome.to_string())?;
        behind.push(until(&scenes, |event| event["scene"] == "admitted")?.since(told));
        thread::sleep(Duration::from_millis(20));
    }
    print("a lane's page behind its terminal's outcome", &mut behind);
    Ok(())
}

/// The page of a sandbox beside a printer's twin in it.
fn behind_the_twin() -> Verdict {
    let folder = Site::new();
    let child = Command::new(program())
        .args(["sim", "--page", "--listen", "127.0.0.1:0", "--out"])
        .arg(folder.path("page"))
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let mut running = Running(child);
    let mut told = BufReader::new(running.0.stdout.take().ok_or("no standard output")?);
    let mut line = String::new();
    told.read_line(&mut line).map_err(failed)?;
    let port: u16 =
        line.trim().trim_end_matches('/').rsplit(':').next().and_then(|port| port.parse().ok()).ok_or(line)?;
    let clock = lookups::clock();
    let events = look(port, "/events")?.events();
    until(&events, |event| event["lane-0"].is_object())?;
    let mut behind = Vec::new();
    for lines in 1..=CHANGES {
        let act = format!("[{{\"act\":\"spoil\",\"what\":\"paper\",\"lane\":0,\"to\":{lines}}}]");
        let began = clock.now().moment;
        let mut stream = TcpStream::connect(("127.0.0.1", port)).map_err(failed)?;
        let here = format!("127.0.0.1:{port}");
        let head = format!("POST /act HTTP/1.1\r\nHost: {here}\r\nOrigin: http://{here}\r\nConnection: close\r\n");
        let kind = format!("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n", act.len());
        stream.write_all((head + &kind + &act).as_bytes()).map_err(failed)?;
        behind.push(until(&events, |event| event["lane-0"]["paper"] == lines)?.since(began));
    }
    print("a sandbox's page behind a click on its printer's twin", &mut behind);
    Ok(())
}

fn print(what: &str, behind: &mut [Duration]) {
    let middle = median(behind);
    let worst = behind.last().copied().unwrap_or_default();
    println!("{what:<54} {}, worst {} (to reach: 50 ms)", micros(middle), micros(worst));
}

const SCENES: &str = "/lanes/kiosk-1/events";

/// Asks for something of a page, which is a while in coming; what comes of it is not read.
fn look(port: u16, what: &str) -> Result<Screen, String> {
    let knock = || TcpStream::connect(("127.0.0.1", port)).inspect_err(|_| thread::sleep(Duration::from_millis(50)));
    let mut stream = (0..400).find_map(|_| knock().ok()).ok_or_else(|| format!("nobody serves {what}"))?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
    stream.write_all(format!("GET {what} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n").as_bytes()).map_err(failed)?;
    let mut first = [0; 15];
    stream.read_exact(&mut first).map_err(failed)?;
    limit(&first == b"HTTP/1.1 200 OK", format!("{what}: {}", String::from_utf8_lossy(&first)))?;
    Ok(Screen(stream))
}

/// Closed when it is let go.
struct Screen(TcpStream);

impl Screen {
    /// Takes what has come.
    fn catch_up(&mut self) -> Verdict {
        let mut come = [0; 64 * 1024];
        self.0.set_nonblocking(true).map_err(failed)?;
        loop {
            match self.0.read(&mut come) {
                Ok(0) => return Err("a screen was sent away".to_owned()),
                Ok(_) => {}
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(failed(error)),
            }
        }
    }

    /// What it is told from now on, and when.
    fn events(self) -> mpsc::Receiver<(Moment, Value)> {
        let (sender, events) = mpsc::channel();
        let clock = lookups::clock();
        thread::spawn(move || {
            for line in BufReader::new(self.0).lines().map_while(Result::ok) {
                let now = clock.now().moment;
                let event = line.strip_prefix("data: ").and_then(|event| serde_json::from_str(event).ok());
                if event.is_some_and(|event| sender.send((now, event)).is_err()) {
                    return;
                }
            }
        });
        events
    }
}

/// When such an event came.
fn until(events: &mpsc::Receiver<(Moment, Value)>, is: impl Fn(&Value) -> bool) -> Result<Moment, String> {
    loop {
        let (at, event) = events.recv_timeout(PATIENCE * 3).map_err(|_| "an event did not come")?;
        if is(&event) {
            return Ok(at);
        }
    }
}

fn failed(error: std::io::Error) -> String {
    error.to_string()
}
