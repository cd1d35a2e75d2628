//! How many round trips a face waits for, on lines of 30, 80 and 250 ms, after half a minute of nobody. Trips are
//! counted where the line is, so that a busy machine makes none; times are printed.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::Duration,
};

use facemchd::{
    sim::{people::Person, wechat::WeChat},
    words::{Clock, Moment},
};

use super::{Verdict, limit, lookups};

const IDLE: Duration = Duration::from_secs(30);

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
        let (before, began) = (line.trips.so_far(), line.clock.now().moment);
        line.lookup.name("second").map_err(|code| code.to_string())?;
        let took = line.clock.now().moment.since(began);
        let trips = line.trips.so_far() - before;
        let allowed = if *warned { 1 } else { 3 };
        let what = if *warned { "after `person`" } else { "unannounced" };
        println!(
            "{:>4} ms, {what:<14}: face to name {:>4} ms, {trips} round trips (at most {allowed})",
            rtt.as_millis(),
            took.as_millis(),
        );
        if trips > allowed {
            broken.push(format!("{trips} round trips {what} on a line of {} ms", rtt.as_millis()));
        }
    }
    limit(broken.is_empty(), broken.join("; "))
}

struct Line {
    lookup: lookups::Lookup,
    clock: Arc<dyn Clock>,
    trips: Trips,
    _wechat: WeChat,
}

/// Round trips of a line: one for each connection, one each time our end speaks after the other did.
#[derive(Clone, Default)]
struct Trips(Arc<Mutex<(u32, bool)>>);

impl Trips {
    fn so_far(&self) -> u32 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    fn connected(&self) {
        let mut trips = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *trips = (trips.0 + 1, false);
    }

    fn spoke(&self, ours: bool) {
        let mut trips = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        trips.0 += u32::from(ours && !trips.1);
        trips.1 = ours;
    }
}

fn line(rtt: Duration) -> Line {
    let setup = lookups::Setup::new();
    let wechat = WeChat::start(&setup.authority, Arc::clone(&setup.world), true, lookups::clock()).expect("a sandbox");
    for sid in ["first", "second"] {
        wechat.know(Person::new(sid, "张三丰"));
    }
    let trips = Trips::default();
    let port = delay(wechat.address(), rtt, trips.clone()).port();
    let clock = Arc::clone(&setup.clock);
    Line { lookup: setup.at(format!("https://localhost:{port}")).lookup(), clock, trips, _wechat: wechat }
}

/// A line of this length. Loopback connects at once, so the first bytes make up for the handshake's round trip.
fn delay(target: SocketAddr, rtt: Duration, trips: Trips) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for client in listener.incoming().take(16).flatten() {
            let Ok(server) = TcpStream::connect(target) else { return };
            trips.connected();
            for stream in [&client, &server] {
                stream.set_nodelay(true).expect("set");
            }
            let ends = (client.try_clone().expect("cloned"), server.try_clone().expect("cloned"));
            let (ours, theirs) = (trips.clone(), trips.clone());
            carry(client, server, rtt / 2, rtt, move || ours.spoke(true));
            carry(ends.1, ends.0, rtt / 2, Duration::ZERO, move || theirs.spoke(false));
        }
    });
    address
}

/// Carries bytes one way, each `delay` after it came.
fn carry(mut from: TcpStream, mut to: TcpStream, delay: Duration, first: Duration, heard: impl Fn() + Send + 'static) {
    let clock = lookups::clock();
    let (sender, receiver) = mpsc::channel::<(Moment, Vec<u8>)>();
    let reading = Arc::clone(&clock);
    thread::spawn(move || {
        let mut chunk = [0; 16 * 1024];
        let mut extra = first;
        while let Ok(length @ 1..) = from.read(&mut chunk) {
            heard();
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
