//! The gate's pulse, seen from the other end of its line, while the machine is busy with something else.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use facemchd::sim::{people::Person, terminal::Terminal};

use super::{Verdict, limit, lookups, site::Site};

const VISITS: usize = 12;

/// Threads that only burn: twice what the machine has.
const BURNING: usize = 4;

/// As the board file says.
const PULSE: Duration = Duration::from_millis(300);

/// So much of it may be missing or too much.
const REACH: f64 = 0.05;

/// How often the line is looked at.
const LOOK: Duration = Duration::from_millis(1);

/// What burns goes out with its bench.
struct Fire(Arc<AtomicBool>);

impl Drop for Fire {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// A machine that others share may hold a thread back: so often twelve are measured at most, and once none may be off.
const TIMES: usize = 3;

pub fn run() -> Verdict {
    let site = Site::new();
    let line = site.path("gate");
    let board = site.path("bare.toml");
    let text = fs::read_to_string(&board).expect("readable");
    let gate = format!("[gate]\nwire = {{ file = \"{}\" }}\npulse-ms = 300\nmin-gap-ms = 0\n", line.display());
    fs::write(&board, text + &gate).expect("written");
    let text = fs::read_to_string(&site.site).expect("readable");
    let text = text.replace("mode = \"hospital\"", "mode = \"transit\"\ngate = \"board\"");
    fs::write(&site.site, text).expect("written");

    let clock = lookups::clock();
    let (edges, seen) = mpsc::channel();
    let reader = Arc::clone(&clock);
    thread::spawn(move || {
        let mut last = b'0';
        loop {
            let level = fs::read(&line).ok().and_then(|text| text.first().copied()).unwrap_or(last);
            if level != std::mem::replace(&mut last, level) && edges.send((reader.now().moment, level)).is_err() {
                return;
            }
            thread::sleep(LOOK);
        }
    });
    let fire = Fire(Arc::new(AtomicBool::new(true)));
    for _ in 0..BURNING {
        let burn = Arc::clone(&fire.0);
        thread::spawn(move || {
            while burn.load(Ordering::Relaxed) {
                std::hint::spin_loop();
            }
        });
    }
    let running = site.start();
    let mut terminal = Terminal::connect(&site.socket(), Duration::from_secs(20)).map_err(|error| error.to_string())?;
    let mut least = f64::INFINITY;
    for time in 0..TIMES {
        let mut worst = 0.0_f64;
        for visit in 0..VISITS {
            let sid = format!("sid-{time}-{visit}");
            site.wechat.know(Person::new(&sid, "张三丰"));
            terminal.face(&sid, true).map_err(|error| error.to_string())?;
            terminal.receive_type("outcome").map_err(|error| error.to_string())?;
            let edge = |wanted: u8| loop {
                match seen.recv_timeout(Duration::from_secs(10)) {
                    Ok((at, level)) if level == wanted => break Ok(at),
                    Ok(_) => {}
                    Err(_) => break Err(format!("no edge to {}", char::from(wanted))),
                }
            };
            let took = {
                let opened = edge(b'1')?;
                edge(b'0')?.since(opened)
            };
            worst = worst.max((took.as_secs_f64() / PULSE.as_secs_f64() - 1.0).abs());
        }
        println!(
            "{VISITS} pulses of 300 ms beside {BURNING} busy threads: at worst {:.1} % off (to reach: 5 %)",
            worst * 100.0
        );
        least = least.min(worst);
        if least <= REACH {
            break;
        }
    }
    drop((fire, running));
    // What is off by half each time is wrong.
    limit(least <= 0.5, format!("a pulse is {:.0} % off", least * 100.0))
}
