//! The daemon of a sandbox, which can be killed: it lives on a thread of its own, and nothing of it is left when it has
//! been.

use std::{
    io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    thread,
    time::Duration,
};

use tokio::sync::{mpsc, oneshot};

use super::{
    super::{Ending, build, run, wires},
    disk::{Platter, Switches},
    tap::Listener,
};
use crate::{
    config::Site,
    files,
    service::{self, Control, SystemClock},
    sim::{
        devices::LaneTwins,
        ground::{self, Keeper},
        story::Story,
    },
    store,
    words::{Clock, Now, Stamp, WallTime},
};

/// The machine's clock, which somebody sets.
struct SetClock {
    machine: Arc<SystemClock>,
    off_ms: Arc<AtomicI64>,
}

impl Clock for SetClock {
    fn now(&self) -> Now {
        let Now { moment, wall } = self.machine.now();
        Now { moment, wall: WallTime(wall.0.saturating_add(self.off_ms.load(Ordering::Relaxed))) }
    }

    fn stamp(&self) -> Stamp {
        self.machine.stamp()
    }

    fn confirm(&self, wall: WallTime) {
        self.machine.confirm(wall);
    }
}

/// What all daemons run on, one after the other.
struct Machine {
    disk: Arc<Switches>,
    off_ms: Arc<AtomicI64>,
}

impl ground::Machine for Machine {
    fn spoil_disk(&self, full: bool, slow: Duration, hangs: bool) {
        self.disk.set(full, slow, hangs);
    }

    fn set_clock(&self, seconds: i64) {
        self.off_ms.store(seconds.saturating_mul(1000), Ordering::Relaxed);
    }
}

/// What is left of one daemon when the next one comes: its file, its devices, its disk.
pub(super) struct House {
    file: PathBuf,
    state: PathBuf,
    machine: Arc<SystemClock>,
    off_ms: Arc<AtomicI64>,
    story: Arc<Story>,
    twins: Vec<LaneTwins>,
    disk: Arc<Switches>,
    running: Option<Running>,
    starts: usize,
}

struct Running {
    orders: mpsc::Sender<Control>,
    cut: oneshot::Sender<()>,
    thread: thread::JoinHandle<()>,
    /// Everything that a daemon starts holds it.
    clock: Arc<dyn Clock>,
}

/// What a killed daemon was at ends within this, for none of its work takes longer.
const ENDS: Duration = Duration::from_secs(30);

const LOOK: Duration = Duration::from_millis(10);

impl House {
    /// Starts the first daemon of a site file.
    pub(super) fn start(file: PathBuf, machine: Arc<SystemClock>, story: Arc<Story>) -> Result<Self, Ending> {
        let site = Site::read(&file)?;
        let state = site.state_dir.to_path_buf();
        // The devices are there before any daemon, and go by a clock that nobody sets.
        let twins = wires::open(&site, &(Arc::<SystemClock>::clone(&machine) as _))?.twins;
        let off_ms = Arc::default();
        let disk = Arc::default();
        let (running, starts) = (None, 0);
        let mut house = Self { file, state, machine, off_ms, story, twins, disk, running, starts };
        house.open()?;
        Ok(house)
    }

    /// The lanes' twins, and the state directory.
    pub(super) fn twins(&self) -> (Vec<LaneTwins>, PathBuf) {
        (self.twins.clone(), self.state.clone())
    }

    fn open(&mut self) -> Result<(), Ending> {
        let failed = |error: io::Error| Ending::io("the daemon cannot be started", &error);
        let clock: Arc<dyn Clock> =
            Arc::new(SetClock { machine: Arc::clone(&self.machine), off_ms: Arc::clone(&self.off_ms) });
        let site = Site::read(&self.file)?;
        let lock = store::StateLock::take(&site.state_dir)?;
        let wires = wires::open_again(&self.twins, &site, &clock)?;
        let through = |disk| Box::new(Platter::of(disk, Arc::clone(&self.disk))) as _;
        let mut parts = build::parts(lock, &self.file, &site, Arc::clone(&clock), wires.lanes, through)?;
        parts.tap = Some(Box::new(Listener::new(Arc::clone(&self.story))));
        let (orders, control) = mpsc::channel(4);
        let (cut, killed) = oneshot::channel();
        let story = Arc::clone(&self.story);
        let thread = thread::Builder::new().name("daemon".to_owned()).spawn(move || {
            let Ok(runtime) = run::runtime() else { return };
            runtime.block_on(async {
                tokio::select! {
                    ended = service::serve(parts, control) => {
                        if let Err(error) = ended {
                            story.tell(None, "hand", format!("the daemon ended: {error}"));
                        }
                    }
                    _ = killed => {}
                }
            });
        });
        self.running = Some(Running { orders, cut, thread: thread.map_err(failed)?, clock });
        self.starts = self.starts.saturating_add(1);
        Ok(())
    }

    /// Waits until everything that the daemon started has ended.
    fn bury(&mut self) {
        let Some(Running { cut, thread, clock, .. }) = self.running.take() else { return };
        self.disk.kill();
        let _ = cut.send(());
        self.twins.iter().for_each(LaneTwins::unplug);
        let _ = thread.join();
        let until = self.machine.now().moment.after(ENDS);
        while Arc::strong_count(&clock) > 1 && self.machine.now().moment < until {
            thread::sleep(LOOK);
        }
    }
}

impl Keeper for House {
    fn is_up(&self) -> bool {
        self.running.as_ref().is_some_and(|running| !running.thread.is_finished())
    }

    fn starts(&self) -> usize {
        self.starts
    }

    fn kill(&mut self) {
        self.bury();
    }

    fn start(&mut self) -> io::Result<()> {
        if self.is_up() {
            return Ok(());
        }
        self.open().map_err(|ending| io::Error::other(ending.line))
    }

    fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            let _ = running.orders.blocking_send(Control::Stop);
            let _ = running.thread.join();
        }
    }

    fn machine(&self) -> Arc<dyn ground::Machine> {
        Arc::new(Machine { disk: Arc::clone(&self.disk), off_ms: Arc::clone(&self.off_ms) })
    }

    /// The end of the newest record is behind the last byte that is not zero.
    fn damage_journal(&mut self, torn: bool) -> io::Result<()> {
        let names = files::list(&self.state)?;
        let newest = names.into_iter().filter(|name| name.starts_with("journal-") && name.ends_with(".seg")).max();
        let Some(newest) = newest else { return Ok(()) };
        let file = self.state.join(newest);
        let mut bytes = files::read(&file, 1 << 20)?;
        let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |at| at.saturating_add(1));
        if torn {
            // A record's head, and a length that nothing follows.
            const TORN: [u8; 8] = [0x77, 0, 0, 0, 0xB4, 0xEA, 0xBF, 0x42];
            if let Some(place) = bytes.get_mut(end..end.saturating_add(TORN.len())) {
                place.copy_from_slice(&TORN);
            }
        } else if let Some(at) = last_record(&bytes) {
            // Its check, so that what it says can be read all the same.
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1;
            }
        }
        Ok(files::replace(&file, &bytes)?)
    }
}

/// A byte of the last record's check, which stands right before its text.
fn last_record(bytes: &[u8]) -> Option<usize> {
    const BEGINS: [&[u8]; 2] = [b"{\"at\":", b"{\"v\":"];
    bytes.windows(6).rposition(|window| BEGINS.iter().any(|begins| window.starts_with(begins)))?.checked_sub(4)
}
