//! From a frame on the socket to the first bytes of a slip on the wire, and what of it is whose.

use std::{
    collections::BTreeMap,
    fmt, io,
    os::unix::net::UnixStream,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use facemchd::{
    board::Board,
    checkin,
    device::{EscPosPrinter, Fonts, Port, slip_bytes},
    http,
    identity::{Ways, WechatPay},
    kiosk,
    service::{self, Control, LanePart, PanelPart, Parts},
    sim::{
        devices::{self, Out},
        hospital::Hospital,
        people::Person,
        site_file::HMAC_KEY,
        terminal::Terminal,
        wechat::WeChat,
    },
    store::{Correlator, Journal, JournalBounds, StateLock},
    terminal,
    words::{Admission, Clock, LaneId, Moment, NameStyle, Purpose, Quiet, RealName, Text, WallTime},
};
use tokio::sync::mpsc;
use tracing::field::{Field, Visit};
use tracing_subscriber::{Layer, layer::SubscriberExt as _};

use super::{Verdict, instructions::layout, limit, lookups, median, micros};

const PEOPLE: usize = 300;

/// What the daemon's threads say of their work: thread and microseconds, in order.
#[derive(Clone, Default)]
struct Worked(Arc<Mutex<Vec<(String, Duration)>>>);

impl<S: tracing::Subscriber> Layer<S> for Worked {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        let mut line = Line::default();
        event.record(&mut line);
        if let (Some(thread), Some(micros)) = (line.thread, line.micros) {
            self.0.lock().expect("not poisoned").push((thread, Duration::from_micros(micros)));
        }
    }
}

#[derive(Default)]
struct Line {
    thread: Option<String>,
    micros: Option<u64>,
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "thread" {
            self.thread = Some(value.to_owned());
        }
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        if field.name() == "micros" {
            self.micros = u64::try_from(value).ok();
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

/// A printer's cable that notes when a slip begins.
struct Tap {
    cable: UnixStream,
    clock: Arc<dyn Clock>,
    began: std::sync::mpsc::SyncSender<Moment>,
}

impl io::Read for Tap {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.cable.read(buffer)
    }
}

impl io::Write for Tap {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // ESC @ begins the slip; the questions before it are DLE EOT.
        if bytes.starts_with(b"\x1b@") {
            let _ = self.began.try_send(self.clock.now().moment);
        }
        self.cable.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.cable.flush()
    }
}

impl Port for Tap {
    fn set_patience(&mut self, patience: Duration) -> io::Result<()> {
        self.cable.set_patience(patience)
    }

    fn arrived(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.cable.arrived(buffer)
    }
}

pub fn run() -> Verdict {
    let worked = Worked::default();
    let subscriber = tracing_subscriber::registry().with(worked.clone());
    tracing::subscriber::set_global_default(subscriber).map_err(|error| error.to_string())?;

    let clock = lookups::clock();
    let folder = tempfile::tempdir().expect("a folder");
    let setup = lookups::Setup { clock: Arc::clone(&clock), ..lookups::Setup::new() };
    let wechat =
        WeChat::start(&setup.authority, Arc::clone(&setup.world), true, Arc::clone(&clock)).expect("a sandbox");
    let hospital = Hospital::start(&setup.authority, HMAC_KEY).expect("a site system");
    hospital.open_house();
    let (wires, _twins) = devices::lane(&Out::default(), false, board().inputs, Arc::clone(&clock)).expect("twins");
    let (began_at, begins) = std::sync::mpsc::sync_channel(1);
    let cable = Tap { cable: wires.printer, clock: Arc::clone(&clock), began: began_at };
    let socket = folder.path().join("lane.sock");
    let (orders, control) = mpsc::channel(1);
    let parts = parts(setup, &wechat, &hospital, cable, &socket, folder.path(), &clock);
    let daemon = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(service::serve(parts, control)).map_err(|error| error.to_string())
    });

    let mut terminal = Terminal::connect(&socket, Duration::from_secs(10)).expect("connected");
    let mut shares: BTreeMap<&str, Vec<Duration>> = BTreeMap::new();
    for number in 0..PEOPLE {
        let sid = format!("sid-{number}");
        wechat.know(Person::new(&sid, "张三丰"));
        worked.0.lock().expect("not poisoned").clear();
        // Composing the frame is the terminal's time, not ours.
        let frame = format!(
            "{{\"v\":1,\"type\":\"face\",\"seq\":{number},\"terminal\":\"SN-1\",\"return_code\":\"SUCCESS\",\
             \"face_sid\":\"{sid}\",\"consent\":true}}\n"
        );
        let began = clock.now().moment;
        terminal.send_bytes(frame.as_bytes()).expect("sent");
        let slip = begins.recv_timeout(Duration::from_secs(10)).map_err(|_| "no slip")?;
        let total = slip.since(began);
        terminal.receive_type("outcome").map_err(|error| error.to_string())?;
        // A terminal may send fifty frames a second, and no person is faster.
        thread::sleep(Duration::from_millis(20));
        let took = worked.0.lock().expect("not poisoned").clone();
        let of =
            |name: &str| took.iter().filter(|(thread, _)| thread == name).map(|(_, took)| *took).collect::<Vec<_>>();
        let (syncs, lookup, check_in) = (of("store"), of("lookup"), of("checkin"));
        let ([opened, announced, decided, ..], [lookup, ..], [check_in, ..]) = (&syncs[..], &lookup[..], &check_in[..])
        else {
            continue;
        };
        let waited = (*opened).max(*lookup) + *announced + *check_in + *decided;
        for (name, share) in [
            ("1 sync: opened (beside the lookup)", *opened),
            ("2 lookup", *lookup),
            ("3 sync: checking in", *announced),
            ("4 check-in", *check_in),
            ("5 sync: decided", *decided),
            ("6 everything else", total.saturating_sub(waited)),
            ("7 frame in to slip bytes out", total),
        ] {
            shares.entry(name).or_default().push(share);
        }
    }
    orders.blocking_send(Control::Stop).expect("running");
    let summary = daemon.join().expect("ended")?;
    println!("{PEOPLE} people, medians");
    let mut rest = Duration::ZERO;
    for (name, times) in &mut shares {
        let time = median(times);
        println!("{:<38}{}", &name[2..], micros(time));
        if name.starts_with('6') {
            rest = time;
        }
    }
    println!("{:<38}{}", "of which encoding the slip", micros(encoding(&*clock)));
    println!("longest turn of the loop {}", micros(summary.longest_turn));
    println!("(to reach: everything else at most 300 µs)");
    // A busy machine may be late; ten times as much is something that waits where it should not.
    limit(rest <= Duration::from_millis(3), format!("{} beside sync, lookup and check-in", micros(rest)))
}

fn encoding(clock: &dyn Clock) -> Duration {
    let name = RealName::parse("张三丰").expect("a name").shown(NameStyle::Full);
    let admission =
        Admission { number: Some(Text::clean("A036")), place: Some(Text::clean("3楼")), ..Admission::default() };
    let slip = kiosk::Slip {
        name: Some(name),
        admission,
        again: None,
        reprint: false,
        sent_away: None,
        at: WallTime(1_700_000_000_000),
    };
    let (layout, mut fonts) = (layout(), Fonts::built_in());
    let began = clock.now().moment;
    for _ in 0..100 {
        std::hint::black_box(slip_bytes(std::hint::black_box(&slip), &layout, &mut fonts));
    }
    clock.now().moment.since(began) / 100
}

fn board() -> Board {
    Board::find("simulated").expect("built in").board
}

fn parts(
    setup: lookups::Setup,
    wechat: &WeChat,
    hospital: &Hospital,
    cable: Tap,
    socket: &std::path::Path,
    folder: &std::path::Path,
    clock: &Arc<dyn Clock>,
) -> Parts {
    let correlator = Arc::new(Correlator::open(folder).expect("a key"));
    let settings = JournalBounds { max_age: Duration::from_secs(86_400), max_bytes: 64 << 20 };
    let lanes = ["kiosk-1".to_owned()];
    let lock = StateLock::take(folder).expect("ours");
    let (journal, _) = Journal::open(
        lock,
        &settings,
        &lanes,
        Arc::clone(&correlator),
        &facemchd::store::State::none(),
        clock.now().wall,
    )
    .expect("a journal");
    let client = http::Client::open(&setup.http, Arc::clone(clock)).expect("a client");
    let key = setup.keys.write("checkin.hmac", std::str::from_utf8(HMAC_KEY).expect("ASCII"));
    let checkin =
        checkin::Http::open(hospital.url(), Some(&key), 8 * 3600, client, Arc::clone(clock)).expect("an adapter");
    let printer = EscPosPrinter::on(Box::new(cable), layout(), Fonts::built_in(), Arc::clone(clock));
    let address = terminal::Address::Unix { path: socket.to_owned(), allow_uids: Vec::new() };
    let patience = WechatPay::default().patience;
    let lane = LanePart {
        name: lanes[0].clone(),
        purpose: Purpose::Hospital,
        series: "A".to_owned(),
        terminal: terminal::LaneTerminal { lane: LaneId(0), address, plain_lines: false, phrases: Arc::default() },
        panel: PanelPart::None,
        printer: Some(Box::new(printer)),
        gate: None,
        indicator: None,
        voice: None,
        quiet: Quiet::default(),
        inputs: None,
        absent: Vec::new(),
    };
    let lane_settings = kiosk::LaneSettings { has_panel: false, has_printer: true, ..kiosk::LaneSettings::default() };
    let lookup = setup.at(wechat.url()).lookup();
    Parts {
        clock: Arc::clone(clock),
        kiosk: kiosk::KioskSettings { run: 1, lanes: vec![lane_settings] },
        unfinished: Vec::new(),
        journal,
        salvaged: Vec::new(),
        correlator,
        merchants: Arc::new(Ways { face: Arc::new(lookup.inner), weixin: None, authinfo: None }.into()),
        lookup_workers: 1,
        patience,
        site_patience: patience,
        checkin: checkin::Systems::only(checkin),
        deputy: Arc::new(checkin::Nobody),
        passages: None,
        #[cfg(feature = "hospital")]
        provisional: None,
        staff: None,
        lanes: vec![lane],
        #[cfg(feature = "page")]
        pages: facemchd::page::Door::default(),
        #[cfg(feature = "page")]
        alarms: None,
        #[cfg(feature = "page")]
        day: facemchd::service::DayRule::default(),
        tap: None,
        reload: Box::new(|| unreachable!("nobody asks")),
    }
}
