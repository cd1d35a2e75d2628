//! What the start opens, opened the same way and let go again: state directory, devices, sockets and ports.
//!
//! While the daemon serves, it holds all of them: nothing is touched, and its own lock says so. What needs no device is
//! judged all the same.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::Report;
#[cfg(any(feature = "network", feature = "page"))]
use super::local::{DAY_MS, SOON_DAYS};
#[cfg(feature = "page")]
use crate::board::PanelPlace;
#[cfg(feature = "network")]
use crate::terminal::{Address, Validity};
#[cfg(any(feature = "network", feature = "page"))]
use crate::words::WallTime;
use crate::{
    board::{Board, Simulated},
    cli::{
        build,
        phrases::{check as say, failure_text, standing, summary},
        wires,
    },
    config::Site,
    device::PrinterStatus,
    fault::Code,
    kiosk::Device,
    service::{self, ServiceError},
    store::{self, Holder, StateLock, StoreError},
    terminal::{LocalSocket, TerminalError, TerminalPlace},
    words::Clock,
};

/// The unit's `RuntimeDirectory`: there while the daemon runs.
const RUNTIME_DIRECTORY: &str = "/run/facemchd";

/// Room that the journal's next segments need, bytes.
const LEAST_FREE: u64 = 4 << 20;

pub(super) fn check(site: &Site, clock: &Arc<dyn Clock>, report: &mut Report<'_>) {
    let serves = state(site, report);
    board(site, clock, serves.as_deref(), report);
    let mut taken = Taken {
        serves: serves.is_some(),
        sockets: BTreeSet::new(),
        #[cfg(any(feature = "network", feature = "page"))]
        ports: Vec::new(),
    };
    taken.sockets.insert(one_name(&site.state_dir.join(service::SOCKET)));
    terminals(site, clock, &mut taken, report);
    #[cfg(feature = "voice")]
    super::voices::check(site, report);
    #[cfg(feature = "page")]
    pages(site, clock, &mut taken, report);
    #[cfg(feature = "page")]
    desk_and_alarms(site, clock, &mut taken, report);
}

/// Every socket and port that is ours, until all are looked at: two of ours cannot have one.
struct Taken {
    /// They are the running daemon's.
    serves: bool,
    /// By the one name that each has.
    sockets: BTreeSet<PathBuf>,
    #[cfg(any(feature = "network", feature = "page"))]
    ports: Vec<std::net::TcpListener>,
}

impl Taken {
    /// A file's path, for one of ours.
    fn path(&mut self, path: &Path) -> Result<(), TerminalError> {
        let is_first = self.sockets.insert(one_name(path));
        is_first.then_some(()).ok_or_else(|| TerminalError::InUse { path: path.to_owned() })
    }

    /// A socket where the daemon would make it; true where its folder is made with it.
    fn socket(&mut self, path: &Path) -> Result<bool, TerminalError> {
        self.path(path)?;
        match LocalSocket::may_be_made(path) {
            Err(TerminalError::InUse { .. }) if self.serves => return Ok(false),
            judged => judged?,
        }
        let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
        if folder == Path::new(RUNTIME_DIRECTORY) && !folder.exists() {
            return Ok(true);
        }
        let may_write = rustix::fs::access(folder, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK);
        let failed =
            |error: rustix::io::Errno| TerminalError::Bind { place: path.display().to_string(), source: error.into() };
        may_write.map(|()| false).map_err(failed)
    }
}

/// The state directory; who serves from it now, if anybody does.
fn state(site: &Site, report: &mut Report<'_>) -> Option<String> {
    let dir = &site.state_dir;
    match LocalSocket::may_be_made(&dir.join(service::SOCKET)) {
        Ok(()) | Err(TerminalError::InUse { .. }) => {}
        Err(error) => report.fault("staff-socket", ServiceError::Staff(error)),
    }
    if !dir.exists() {
        let parent = existing(dir);
        match rustix::fs::access(parent, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK) {
            Ok(()) => report.ok("state-dir", say::made_at_first_start(dir.display())),
            Err(error) => {
                let unusable = StoreError::Directory { dir: parent.to_owned(), source: error.into() };
                report.fault("state-dir", unusable);
            }
        }
        report.skipped("journal", say::nothing_recorded());
        return None;
    }
    let held = match StateLock::look(dir) {
        Ok(Holder::Nobody) => None,
        Ok(Holder::Process(process)) => Some(process.map_or_else(say::another_process, say::process)),
        Err(error) => {
            report.fault("state-dir", error);
            report.skipped("journal", say::needs_state_dir());
            return None;
        }
    };
    match rustix::fs::statvfs(&**dir) {
        Ok(space) if space.f_bavail.saturating_mul(space.f_frsize) < LEAST_FREE => {
            report.failed("state-dir", Code::C103, say::little_free());
        }
        Ok(space) => {
            report.ok("state-dir", say::free(dir.display(), space.f_bavail.saturating_mul(space.f_frsize) >> 20))
        }
        Err(error) => report.failed("state-dir", Code::C103, error.to_string()),
    }
    match store::Correlator::look(dir) {
        Ok(()) => report.ok("correlation-key", say::correlation_usable()),
        Err(error) => report.fault("correlation-key", error),
    }
    if let Err(error) = store::may_be_written(dir) {
        report.fault("journal", error);
        return held;
    }
    match store::verify(dir) {
        Ok(proof) if proof.is_whole() => report.ok("journal", standing(&proof, dir)),
        Ok(proof) => report.warning("journal", Code::J501, standing(&proof, dir)),
        Err(error) => report.fault("journal", error),
    }
    held
}

fn board(site: &Site, clock: &Arc<dyn Clock>, serves: Option<&str>, report: &mut Report<'_>) {
    let found = match Board::find(&site.board) {
        Ok(found) => found,
        Err(error) => {
            report.fault("board-file", error);
            return report.skipped("devices", say::needs_board_file());
        }
    };
    report.ok("board-file", say::board_file(&site.board, &found.board.board.id));
    if found.board.gates.iter().any(|gate| gate.wire.line().is_some() && !gate.one_shot) {
        report.warning("gate-one-shot", Code::G801, say::no_one_shot());
    }
    if let Some(process) = serves {
        return match wires::fits(site, clock) {
            Ok(()) => report.skipped("devices", say::serves_with_them(process)),
            Err(fault) => report.fault("devices", fault),
        };
    }
    if let Some(out) = &site.simulated.out
        && let Err(error) = rustix::fs::access(existing(out), rustix::fs::Access::WRITE_OK)
    {
        report.failed("simulated", Code::C103, format!("{}: {error}", out.display()));
    }
    let made = Traces::before(found.board.files());
    let dry = Site { simulated: Simulated { out: None, ..site.simulated }, ..site.clone() };
    match wires::open(&dry, clock) {
        Ok(wires) => {
            absent(site, &wires.lanes, report);
            printers(site, wires.lanes, report);
        }
        Err(fault) => report.fault("devices", fault),
    }
    drop(made);
}

/// The files and folders that were not there, and are to be gone again.
struct Traces(Vec<PathBuf>);

impl Traces {
    fn before(files: Vec<PathBuf>) -> Self {
        let with_folders = files.iter().flat_map(|file| file.ancestors());
        let mut absent: Vec<PathBuf> =
            with_folders.filter(|path| !path.as_os_str().is_empty() && !path.exists()).map(Path::to_owned).collect();
        absent.sort();
        absent.dedup();
        Self(absent)
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        // What lies within a folder sorts after it.
        for path in self.0.iter().rev() {
            let _ = std::fs::remove_file(path).or_else(|_| std::fs::remove_dir(path));
        }
    }
}

/// The nearest folder that is there.
fn existing(path: &Path) -> &Path {
    let there = path.ancestors().find(|folder| folder.exists());
    there.filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."))
}

/// What the daemon would start without.
fn absent(site: &Site, lanes: &[wires::LaneDevices], report: &mut Report<'_>) {
    let mut all = true;
    for (lane, devices) in site.lane.iter().zip(lanes) {
        for (device, error) in &devices.absent {
            all = false;
            let text = say::of_lane(&lane.name, say::waited_for(failure_text(error)));
            match device {
                // People are served without.
                Device::Indicators | Device::Voice => report.warning("devices", error.code(), text),
                _ => report.failed("devices", error.code(), text),
            }
        }
    }
    if all {
        report.ok("devices", say::devices_opened(lanes.len()));
    }
}

fn printers(site: &Site, lanes: Vec<wires::LaneDevices>, report: &mut Report<'_>) {
    for (lane, devices) in site.lane.iter().zip(lanes) {
        let Some(mut printer) = devices.printer else { continue };
        match printer.status() {
            Ok(PrinterStatus { fault: Some(code), .. }) => {
                report.failed("printer", code, say::of_lane(&lane.name, summary(code)));
            }
            Ok(PrinterStatus { paper_low: true, .. }) => {
                report.warning("printer", Code::P706, say::of_lane(&lane.name, summary(Code::P706)));
            }
            Ok(_) => report.ok("printer", say::of_lane(&lane.name, say::ready())),
            Err(error) => report.fault("printer", error),
        }
    }
}

/// A lane's terminal, where the daemon would meet it.
#[cfg_attr(not(feature = "network"), expect(unused_variables, reason = "certificates are judged by it"))]
fn terminals(site: &Site, clock: &Arc<dyn Clock>, taken: &mut Taken, report: &mut Report<'_>) {
    if site.lane.is_empty() {
        report.skipped("terminals", say::no_lanes());
    }
    for (index, lane) in site.lane.iter().enumerate() {
        let phrases = match build::phrases(lane) {
            Ok(phrases) => phrases,
            Err(error) => {
                report.fault("terminal", error);
                continue;
            }
        };
        let settings = build::terminal_settings(site, lane, index, phrases);
        match &lane.terminal {
            TerminalPlace::Unix(path) => match taken.socket(path) {
                Ok(true) => report.ok("terminal", say::of_lane(&lane.name, say::at_start(path.display()))),
                Ok(false) => report.ok("terminal", say::of_lane(&lane.name, path.display())),
                Err(error) => report.fault("terminal", error),
            },
            TerminalPlace::Serial { device, .. } => match taken.path(device).and_then(|()| settings.look()) {
                Err(error) => report.fault("terminal", error),
                Ok(()) if !device.exists() => {
                    report.failed("terminal", Code::T210, say::of_lane(&lane.name, say::not_there(device.display())));
                }
                Ok(()) => report.ok("terminal", say::of_lane(&lane.name, device.display())),
            },
            #[cfg(feature = "network")]
            TerminalPlace::Tls(address) | TerminalPlace::Https(address) => {
                if !taken.serves {
                    match std::net::TcpListener::bind(address) {
                        Ok(port) => taken.ports.push(port),
                        Err(source) => {
                            report.fault("terminal", TerminalError::Port { address: *address, source });
                            continue;
                        }
                    }
                }
                network_terminal(lane, settings.address, clock, report);
            }
        }
    }
}

/// A file by the one name that it has, however it is written.
fn one_name(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    path.canonicalize().unwrap_or_else(|_| folder.join(path.file_name().unwrap_or_default()))
}

/// Where the lanes' pages are, where one has any.
#[cfg(feature = "page")]
fn pages(site: &Site, clock: &Arc<dyn Clock>, taken: &mut Taken, report: &mut Report<'_>) {
    let with_page = site.lane.iter().filter(|lane| lane.panel == Some(PanelPlace::Page)).count();
    if !build::is_served(site) {
        return;
    }
    if let crate::page::Listen::Unix(path) = &site.page.listen
        && let Err(error) = taken.socket(path)
    {
        return report.fault("pages", crate::page::PageError::Socket(error));
    }
    match build::door(site).and_then(|door| Ok(door.look(clock, taken.serves)?)) {
        Ok((behind, port)) => {
            taken.ports.extend(port);
            let text = say::pages(&site.page.listen, with_page);
            certificates("pages", text, behind.validity(), clock.now().wall, report);
        }
        Err(failure) => report.fault("pages", failure),
    }
}

/// What lanes serve without, and somebody misses.
#[cfg(feature = "page")]
fn desk_and_alarms(site: &Site, clock: &Arc<dyn Clock>, taken: &mut Taken, report: &mut Report<'_>) {
    if let Some(desk) = &site.desk {
        match desk.look(&site.state_dir.join(crate::page::ACCOUNTS), clock, taken.serves) {
            Ok(port) => {
                taken.ports.extend(port);
                report.ok("desk", desk.listen.to_string());
            }
            Err(error) => report.fault("desk", error),
        }
    }
    if let Some(alarms) = &site.alarms {
        match alarms.look(clock) {
            Ok(()) => {
                let told: Vec<&str> =
                    [&alarms.webhook, &alarms.syslog].into_iter().flatten().map(String::as_str).collect();
                report.ok("alarms", told.join(", "));
            }
            Err(error) => report.fault("alarms", error),
        }
    }
}

#[cfg(feature = "network")]
fn network_terminal(lane: &crate::config::Lane, address: Address, clock: &Arc<dyn Clock>, report: &mut Report<'_>) {
    let Address::Network(network) = address else { return };
    match network.check(clock) {
        Ok(Validity { certificate, crl }) => {
            let text = say::of_lane(&lane.name, say::let_in(network.address, lane.allow_subjects.len()));
            certificates("terminal", text, (Some(certificate), crl), clock.now().wall, report);
        }
        Err(error) => report.fault("terminal", error),
    }
}

/// What is served over the network, by the ends of our certificate and of the list of those that were taken back.
#[cfg(any(feature = "network", feature = "page"))]
fn certificates(
    id: &'static str,
    text: String,
    (certificate, list): (Option<WallTime>, Option<WallTime>),
    now: WallTime,
    report: &mut Report<'_>,
) {
    if list.is_some_and(|next| next < now) {
        report.warning(id, Code::T220, format!("{text}; {}", summary(Code::T220)));
    }
    match certificate.map(|until| until.millis_since(now).div_euclid(DAY_MS)) {
        Some(..0) => report.failed(id, Code::K407, say::ours_expired(text)),
        Some(days @ 0..SOON_DAYS) => report.warning(id, Code::K407, say::ours_ends(text, days)),
        _ => report.ok(id, text),
    }
}
