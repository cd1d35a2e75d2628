//! How many round trips a face waits for, on lines of 30, 80 and 250 ms, after half a minute of nobody.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use facemchd::{
    sim::{people::Person, wechat::WeChat},
    words::{Clock, Moment},
};

use super::{Verdict, limit, lookups};

const IDLE: Duration = Duration::from_secs(30);

/// What may come on top of the round trips.
const SLACK: Duration = Duration::from_millis(20);

/// Lines that were used once, and since then not.
pub struct Idle {
    lines: Vec<(Duration, bool, Line)>,
    clock: Arc<dyn Clock>,
    since: Moment,
}

/// One line of each length for each way of coming, warmed once.
pub fn prepare() -> Idle {
    let mut lines = Vec::new();
    for rtt in [30, 80, 250] {
        for warned in [true, false] {
            let line = line(Duration::from_millis(rtt));
            line.lookup.name("first").expect("a name");
            lines.push((Duration::from_millis(rtt), warned, line));
        }
    }
    let clock = lookups::clock();
    Idle { lines, since: clock.now().moment, clock }
}

pub fn run(idle: &Idle) -> Verdict {
    thread::sleep(idle.since.after(IDLE).since(idle.clock.now().moment));
    println!("after {} s without anybody", idle.clock.now().moment.since(idle.since).as_secs());
    let mut broken = Vec::new();
    for (rtt, warned, line) in &idle.lines {
        if *warned {
            line.lookup.inner.warm(line.lookup.deadline(IDLE)).map_err(|error| error.to_string())?;
        }
        let began = line.clock.now().moment;
        line.lookup.name("second").map_err(|code| code.to_string())?;
        let took = line.clock.now().moment.since(began);
        let allowed = *rtt * if *warned { 1 } else { 3 } + SLACK;
        let trips = took.as_secs_f64() / rtt.as_secs_f64();
        let what = if *warned { "after `person`" } else { "unannounced  " };
        println!(
            "{:>4} ms, {what}: face to name {:>4} ms, {trips:.2} round trips (allowed {} ms)",
            rtt.as_millis(),
            took.as_millis(),
            allowed.as_millis()
        );
        // On the slowest line a round trip too many cannot hide behind a busy machine.
        if rtt.as_millis() == 250 && took > *rtt * if *warned { 1 } else { 3 } + *rtt / 2 {
            broken.push(format!("{trips:.2} round trips {what}"));
        }
    }
    limit(broken.is_empty(), broken.join("; "))
}

struct Line {
    lookup: lookups::Lookup,
    clock: Arc<dyn Clock>,
    _wechat: WeChat,
}

fn line(rtt: Duration) -> Line {
    let setup = lookups::Setup::new();
    let wechat = WeChat::start(&setup.authority, Arc::clone(&setup.world), true, lookups::clock()).expect("a sandbox");
    for sid in ["first", "second"] {
        wechat.know(Person::new(sid, "张三丰"));
    }
    let port = delay(wechat.address(), rtt).port();
    let clock = Arc::clone(&setup.clock);
    Line { lookup: setup.at(format!("https://localhost:{port}")).lookup(), clock, _wechat: wechat }
}

/// A line of this length. Loopback connects at once, so the first bytes make up for the handshake's round trip.
fn delay(target: SocketAddr, rtt: Duration) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for client in listener.incoming().take(16).flatten() {
            let Ok(server) = TcpStream::connect(target) else { return };
            for stream in [&client, &server] {
                stream.set_nodelay(true).expect("set");
            }
            let ends = (client.try_clone().expect("cloned"), server.try_clone().expect("cloned"));
            carry(client, server, rtt / 2, rtt);
            carry(ends.1, ends.0, rtt / 2, Duration::ZERO);
        }
    });
    address
}

/// Carries bytes one way, each `delay` after it came.
fn carry(mut from: TcpStream, mut to: TcpStream, delay: Duration, first: Duration) {
    let clock = lookups::clock();
    let (sender, receiver) = mpsc::channel::<(Moment, Vec<u8>)>();
    let reading = Arc::clone(&clock);
    thread::spawn(move || {
        let mut chunk = [0; 16 * 1024];
        let mut extra = first;
        while let Ok(length @ 1..) = from.read(&mut chunk) {
            let due = reading.now().moment.after(delay + std::mem::take(&mut extra));
            if sender.send((due, chunk[..length].to_vec())).is_err() {
                return;
            }
        }
    });
    thread::spawn(move || {
        for (due, bytes) in receiver {
            thread::sleep(due.since(clock.now().moment));
            if to.write_all(&bytes).is_err() {
                return;
            }
        }
        let _ = to.shutdown(std::net::Shutdown::Write);
    });
}
