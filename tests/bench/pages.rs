//! What pages cost whoever does not look at them: visits while fifty screens are open beside visits while none is, and the
//! wake-ups of a daemon that has pages beside those of one that has none.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    thread,
    time::Duration,
};

use facemchd::{
    sim::{people::Person, terminal::Terminal},
    words::Clock,
};

use super::{Verdict, limit, lookups, median, micros, site::Site, soak::wake_ups};

/// Both take their turns one after the other: what else the machine does comes to both.
const TURNS: usize = 6;
const VISITS: usize = 25;

/// Screens that are open.
const OPEN: usize = 50;

/// The reach, and what a machine that others share is allowed.
const REACH: f64 = 1.05;
const MOST: f64 = 1.25;

/// How long both are watched while nobody comes, and the wake-ups more that are allowed in it: a signal, not a beat.
const IDLE: Duration = Duration::from_secs(10);
const MORE: u64 = 2;

/// A site whose lane has its panel on a page, and the page's port.
fn with_pages() -> Result<(Site, u16), String> {
    let site = Site::new();
    let free = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
    let port = free.map_err(|error| error.to_string())?.port();
    site.edit("panel = \"terminal\"", "panel = \"page\"");
    site.edit("[checkin]", &format!("[page]\nlisten = \"127.0.0.1:{port}\"\ntechnician = true\n\n[checkin]"));
    Ok((site, port))
}

pub fn run() -> Verdict {
    let (visits, wakes) = (visits(), wakes());
    visits.and(wakes)
}

fn visits() -> Verdict {
    let (site, port) = with_pages()?;
    let running = site.start();
    let clock = lookups::clock();
    let mut terminal = Terminal::connect(&site.socket(), Duration::from_secs(20)).map_err(|error| error.to_string())?;
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    for turn in 0..TURNS {
        let open = if turn % 2 == 0 { 0 } else { OPEN };
        let screens = (0..open).map(|_| look(port)).collect::<Result<Vec<_>, _>>()?;
        let took = if open == 0 { &mut alone } else { &mut beside };
        for visit in 0..=VISITS {
            let sid = format!("sid-{turn}-{visit}");
            site.wechat.know(Person::new(&sid, "张三丰"));
            let began = clock.now().moment;
            terminal.face(&sid, true).map_err(|error| error.to_string())?;
            let outcome = terminal.receive_type("outcome").map_err(|error| error.to_string())?;
            limit(outcome["result"] == "checked_in", outcome.to_string())?;
            // The first warms up.
            if visit > 0 {
                took.push(clock.now().moment.since(began));
            }
            // A terminal may send fifty frames a second, and no person is faster.
            thread::sleep(Duration::from_millis(20));
        }
        drop(screens);
    }
    drop(running);
    let (alone, beside) = (median(&mut alone), median(&mut beside));
    let ratio = beside.as_secs_f64() / alone.as_secs_f64();
    println!("a visit, nobody looks                                  {}", micros(alone));
    println!("a visit, {OPEN} screens look                               {}", micros(beside));
    println!("ratio {ratio:.3} (to reach: {REACH}), {TURNS} turns of {VISITS}, medians");
    limit(ratio <= MOST, format!("ratio {ratio:.3}"))
}

/// Opens a lane's scenes, and takes them up as they come.
fn look(port: u16) -> Result<Screen, String> {
    let open = || -> std::io::Result<Screen> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.write_all(format!("GET /lanes/kiosk-1/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n").as_bytes())?;
        let mut reader = stream.try_clone()?;
        let mut first = [0; 15];
        reader.read_exact(&mut first)?;
        if &first != b"HTTP/1.1 200 OK" {
            return Err(std::io::Error::other(String::from_utf8_lossy(&first).into_owned()));
        }
        thread::spawn(move || std::io::copy(&mut reader, &mut std::io::sink()));
        Ok(Screen(stream))
    };
    open().map_err(|error| format!("a screen: {error}"))
}

/// Closed when it is let go.
struct Screen(TcpStream);

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.0.shutdown(std::net::Shutdown::Both);
    }
}

fn wakes() -> Verdict {
    let (with, _) = with_pages()?;
    let without = Site::new();
    let running = [with.start(), without.start()];
    let pids = running.each_ref().map(|running| running.0.id());
    let serves = |site: &Site| {
        let log = fs::read_to_string(site.path("log")).unwrap_or_default();
        if log.contains("serving") { Ok(()) } else { Err(format!("it does not serve: {log}")) }
    };
    // What the start set in motion ends first.
    thread::sleep(Duration::from_secs(12));
    serves(&with).and(serves(&without))?;
    let now = || -> Result<[u64; 2], String> { Ok([wake_ups(pids[0])?.0, wake_ups(pids[1])?.0]) };
    let before = now()?;
    thread::sleep(IDLE);
    let after = now()?;
    let [with, without] = [0, 1].map(|which| after[which] - before[which]);
    println!("wake-ups in {} s while nobody looks: {with}, without pages {without} (to reach: 0 more)", IDLE.as_secs());
    limit(with <= without + MORE, format!("{} wake-ups more", with.saturating_sub(without)))
}
