//! `facemchd sim`: the daemon as it is, with the world around it simulated.

mod disk;
mod house;
mod stage;
mod tap;

use std::{
    env,
    io::{self, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    process,
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::sync::mpsc;

use super::{Ending, build, logging, phrases::help, run, wires};
use crate::{
    checkin::CheckInSettings,
    config::Site,
    fault::exit,
    files,
    service::{self, Control, SystemClock},
    sim::{
        ground::Worlds,
        hospital::Hospital,
        interfaces::{self, Interface},
        keys::World,
        morning::{Seen, Stage},
        server::Authority,
        site_file::{HMAC_KEY, LANES, PAGE_LANES, PANELS, SiteFile},
        terminal::Terminal,
        visits::{Visit, morning},
        wechat::WeChat,
        weixin::Weixin,
    },
    store,
    words::Clock,
};

/// What is tried.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[arg(long, help = help::sim_serve())]
    serve: bool,
    #[arg(long, help = help::sim_page(), conflicts_with_all = ["serve", "face"])]
    page: bool,
    #[arg(long, value_name = "ADDRESS", help = help::sim_listen(), requires = "page", default_value = "127.0.0.1:8930")]
    listen: SocketAddr,
    #[arg(long, value_name = "FILE", help = help::sim_scenario(), conflicts_with_all = ["serve", "face", "seed"])]
    scenario: Option<PathBuf>,
    #[arg(long, value_name = "N", help = help::sim_seed(), conflicts_with_all = ["serve", "face", "page"])]
    seed: Option<u64>,
    #[arg(long, value_name = "M", help = help::sim_minutes(), requires = "seed", default_value_t = 1.0)]
    minutes: f64,
    #[arg(long, value_name = "LANE=KIND", help = help::sim_panel(), value_parser = chosen, conflicts_with_all = ["serve", "face"])]
    panel: Vec<(String, String)>,
    #[arg(long, value_name = "DIR", help = help::sim_out())]
    out: Option<PathBuf>,
    #[arg(long, value_name = "FACE_SID", help = help::sim_face(), requires = "socket", conflicts_with_all = ["serve", "out"])]
    face: Option<String>,
    #[arg(long, value_name = "PATH", help = help::sim_socket(), requires = "face")]
    socket: Option<PathBuf>,
}

/// A daemon on a thread of its own.
struct Daemon {
    orders: mpsc::Sender<Control>,
    thread: JoinHandle<Result<u8, Ending>>,
}

pub(super) fn sim(arguments: &Arguments, out: &mut dyn Write) -> Result<u8, Ending> {
    let failed = |error: io::Error| Ending::io("sim", &error);
    if let (Some(face_sid), Some(socket)) = (&arguments.face, &arguments.socket) {
        return send_face(face_sid, socket, out).map_err(failed);
    }
    let how = (arguments.panel.as_slice(), arguments.out.as_deref());
    if arguments.page {
        return stage::page((arguments.listen, arguments.scenario.as_deref()), how, out);
    }
    if let Some(scenario) = &arguments.scenario {
        return stage::scenario(scenario, how, out);
    }
    if let Some(seed) = arguments.seed {
        return stage::saboteur((seed, arguments.minutes), how, out);
    }
    let folder = place(arguments.out.as_deref())?;
    writeln!(out, "Making keys, a sandbox WeChat Pay and a sandbox site system on loopback …").map_err(failed)?;
    out.flush().map_err(failed)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let (stage, daemon) = set_up(&folder, clock)?;
    let differing = play(&stage, out).map_err(failed)?;
    writeln!(out, "\nPictures, slips, journal and log: {}", folder.display()).map_err(failed)?;
    if arguments.serve {
        keep_up(&stage, &folder, out).map_err(failed)?;
        daemon.wait()?;
    } else {
        daemon.stop()?;
    }
    Ok(if differing == 0 { exit::OK } else { exit::FAILED })
}

/// `LANE=KIND`
fn chosen(text: &str) -> Result<(String, String), String> {
    let (lane, kind) = text.split_once('=').unwrap_or_default();
    let lanes = PAGE_LANES.map(|lane| lane.name);
    if lanes.contains(&lane) && PANELS.contains(&kind) {
        return Ok((lane.to_owned(), kind.to_owned()));
    }
    Err(format!("one of {}, =, one of {}", lanes.join(", "), PANELS.join(", ")))
}

/// A folder of the sandbox's own, and the log in it.
fn place(wanted: Option<&Path>) -> Result<PathBuf, Ending> {
    let folder = folder(wanted)
        .map_err(|error| Ending::io("a folder for the sandbox cannot be made (--out DIR must be empty)", &error))?;
    logging::start_in(files::create(&folder.join("facemchd.log")).map_err(cannot_start)?);
    Ok(folder)
}

/// The worlds beside a kiosk, and the site file that leads there.
fn worlds(
    folder: &Path,
    clock: Arc<dyn Clock>,
    write: impl FnOnce(&SiteFile<'_>, &Authority, &WeChat) -> io::Result<PathBuf>,
) -> Result<(Worlds, PathBuf), Ending> {
    let authority = Authority::new().map_err(cannot_start)?;
    let world = Arc::new(World::generate().map_err(cannot_start)?);
    let wechat = WeChat::start(&authority, Arc::clone(&world), true, Arc::clone(&clock)).map_err(cannot_start)?;
    let hospital = Hospital::start(&authority, HMAC_KEY).map_err(cannot_start)?;
    let weixin = Weixin::start(&authority, Arc::clone(&world), Arc::clone(&clock)).map_err(cannot_start)?;
    let (pay, site_system, mini) = (wechat.url(), hospital.url(), weixin.url());
    let site_file = SiteFile { world: &world, wechat: &pay, hospital: &site_system, weixin: &mini, folder };
    let file = write(&site_file, &authority, &wechat).map_err(cannot_start)?;
    Ok((Worlds { wechat, hospital, weixin, names: Arc::default(), clock }, file))
}

fn cannot_start(error: impl Into<io::Error>) -> Ending {
    Ending::io("the sandbox cannot be started", &error.into())
}

/// The world around the kiosk, and the kiosk itself from a site file as anybody would write it.
fn set_up(folder: &Path, clock: Arc<dyn Clock>) -> Result<(Stage, Daemon), Ending> {
    let day = clock.now().wall.at_offset(CheckInSettings::default().utc_offset);
    let today = format!("{:04}-{:02}-{:02}", day.year(), u8::from(day.month()), day.day());
    let mut interfaces = Vec::new();
    let (Worlds { wechat, hospital, weixin, clock, .. }, file) = worlds(folder, clock, |site, authority, _| {
        interfaces = Interface::start_all(authority, &today)?;
        site.write_for_morning(&authority.pem(), &interfaces)
    })?;
    let site = Site::read(&file)?;
    let lock = store::StateLock::take(&site.state_dir)?;
    let wires = wires::open(&site, &clock)?;
    let sockets = LANES.into_iter().chain(interfaces::names()).map(|lane| SiteFile::socket(folder, lane)).collect();
    let parts = build::parts(lock, &file, &site, Arc::clone(&clock), wires.lanes, std::convert::identity)?;
    let daemon = Daemon::start(parts).map_err(cannot_start)?;
    Ok((Stage { wechat, hospital, interfaces, weixin, twins: wires.twins, sockets, clock }, daemon))
}

impl Daemon {
    fn start(parts: service::Parts) -> io::Result<Self> {
        let (orders, control) = mpsc::channel(4);
        let signals = orders.clone();
        let thread = thread::Builder::new().name("daemon".to_owned()).spawn(move || {
            run::runtime()?.block_on(async {
                tokio::spawn(run::forward_signals(signals)?);
                service::serve(parts, control).await?;
                Ok(exit::OK)
            })
        })?;
        Ok(Self { orders, thread })
    }

    fn stop(self) -> Result<u8, Ending> {
        let _ = self.orders.blocking_send(Control::Stop);
        self.wait()
    }

    fn wait(self) -> Result<u8, Ending> {
        let died = || Ending { line: "the daemon's thread died".to_owned(), exit: exit::SOFTWARE };
        self.thread.join().map_err(|_| died())?
    }
}

/// Plays the morning; returns how many visits ended otherwise than they should.
fn play(stage: &Stage, out: &mut dyn Write) -> io::Result<usize> {
    let visits = morning();
    stage.invite(&visits);
    let mut rows = Vec::new();
    for (index, visit) in visits.iter().enumerate() {
        write!(out, "\n{:>2}  {}\n", index + 1, visit.about)?;
        out.flush()?;
        let seen = stage.receive(visit)?;
        for line in &seen.panel {
            writeln!(out, "    │ {}│", padded(line, 17))?;
        }
        rows.push((visit, seen));
    }
    let complaints = stage.complaints();
    for complaint in &complaints {
        writeln!(out, "a device did not understand: {complaint}")?;
    }
    Ok(table(&rows, out)? + complaints.len())
}

/// The closing table.
fn table(rows: &[(&Visit, Seen)], out: &mut dyn Write) -> io::Result<usize> {
    let differing: Vec<_> = rows.iter().filter(|(visit, seen)| visit.expected != seen.what).collect();
    writeln!(out, "\n{}{}{:>6}  got", padded("person", 30), padded("expected", 62), "ms")?;
    for (visit, seen) in rows {
        let got = if visit.expected == seen.what { "the same" } else { &seen.what };
        let (about, expected) = (padded(visit.about, 30), padded(visit.expected, 62));
        writeln!(out, "{about}{expected}{:>6}  {got}", seen.took.as_millis())?;
    }
    writeln!(
        out,
        "\n{} visits, {} as expected, {} otherwise",
        rows.len(),
        rows.len() - differing.len(),
        differing.len()
    )?;
    Ok(differing.len())
}

/// What to try while it is up.
fn keep_up(stage: &Stage, folder: &Path, out: &mut dyn Write) -> io::Result<()> {
    stage.wechat.allow_reuse();
    let socket = stage.sockets[0].display();
    let program = env::current_exe()?;
    writeln!(out, "\nServing until Ctrl-C. Socket: {socket}\nSend a face:\n")?;
    writeln!(out, "    {} sim --face sid-ouyang --socket {socket}\n", program.display())?;
    let known = morning().into_iter().filter(|visit| visit.lane < LANES.len());
    let known: Vec<String> = known.map(|visit| visit.person.face_sid).collect();
    writeln!(out, "Known faces: {}", known.join(" "))?;
    writeln!(out, "Site file, for lookup, check and journal: {}", folder.join("site.toml").display())?;
    out.flush()
}

fn send_face(face_sid: &str, socket: &Path, out: &mut dyn Write) -> io::Result<u8> {
    let mut terminal = Terminal::connect(socket, Duration::from_secs(75))?;
    terminal.face(face_sid, true)?;
    loop {
        let frame = terminal.receive()?;
        writeln!(out, "{frame}")?;
        if frame["type"] == "outcome" {
            let well = ["checked_in", "already", "re_queued"].iter().any(|well| frame["result"] == *well);
            return Ok(if well { exit::OK } else { exit::FAILED });
        }
        if frame["type"] == "ack" && (frame["status"] == "refused" || frame["status"] == "busy") {
            return Ok(exit::FAILED);
        }
    }
}

/// A new folder, or the empty one that was named; private, for it holds keys.
fn folder(wanted: Option<&Path>) -> io::Result<PathBuf> {
    let folder =
        wanted.map_or_else(|| env::temp_dir().join(format!("facemchd-sim-{}", process::id())), Path::to_path_buf);
    if folder.exists() && !files::list(&folder)?.is_empty() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    files::make_folder(&folder)?;
    folder.canonicalize()
}

/// The text and as many spaces as it lacks of `columns`; a hanzi takes two.
fn padded(text: &str, columns: usize) -> String {
    let width: usize = text.chars().map(|character| if character < '\u{1100}' { 1 } else { 2 }).sum();
    format!("{text}{}", " ".repeat(columns.saturating_sub(width).max(1)))
}
