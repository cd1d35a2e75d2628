//! The loop.

use std::{
    io,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::sleep,
};

use super::{
    carry::{Carrier, LaneHands, Workers},
    checkins, errands,
    inputs::InputPart,
    journalist, lookups, notify,
    outputs::{self, LaneOutputs},
    panels, printers,
    reload::Reloads,
    requests::Requests,
    staff::Desk,
};
use crate::{
    checkin::CheckIn,
    device::{Gate, Indicator, Panel, Printer},
    fault::{Code, Fault, causes, exit},
    identity::Merchants,
    kiosk::{self, Input, Kiosk, Unfinished},
    store::{Correlator, Journal},
    terminal,
    words::{Clock, LaneId, Mode, Moment, RELEASED},
};

/// Everything the loop drives, opened and checked.
pub struct Parts {
    /// Both clocks.
    pub clock: Arc<dyn Clock>,
    /// The core's settings.
    pub kiosk: kiosk::Settings,
    /// Sessions that the last run left open.
    pub unfinished: Vec<Unfinished>,
    /// The truth.
    pub journal: Journal,
    /// Keyed hashes for the check-in.
    pub correlator: Arc<Correlator>,
    /// Who is this?
    pub merchants: Arc<Merchants>,
    /// How many lookups at once.
    pub lookup_workers: usize,
    /// A person's patience.
    pub patience: Duration,
    /// The site's system.
    pub checkin: Box<dyn CheckIn>,
    /// Where staff speak to the daemon: a folder for the socket; none for nobody.
    pub staff: Option<PathBuf>,
    /// The lanes, in the site file's order.
    pub lanes: Vec<LanePart>,
    /// Reads again what can be read again, on SIGHUP.
    pub reload: Box<dyn Fn() -> Result<Reloaded, Box<dyn Fault + Send>> + Send + Sync>,
}

/// One lane's connections.
pub struct LanePart {
    /// Its name in the site file.
    pub name: String,
    /// What it is for.
    pub mode: Mode,
    /// Its series of numbers.
    pub series: String,
    /// Where its terminal is.
    pub terminal: terminal::Settings,
    /// Where its scenes go.
    pub panel: PanelPart,
    /// Its printer.
    pub printer: Option<Box<dyn Printer>>,
    /// Its gate.
    pub gate: Option<Box<dyn Gate>>,
    /// Its lights and buzzer.
    pub indicator: Option<Box<dyn Indicator>>,
    /// Its buttons, switches and sensors.
    pub inputs: Option<InputPart>,
}

/// Where a lane's scenes go.
pub enum PanelPart {
    /// Nowhere.
    None,
    /// To a panel of the board.
    Board(Box<dyn Panel>),
    /// To the face terminal's own screen.
    Terminal,
}

/// What SIGHUP replaces.
pub struct Reloaded {
    /// Keys, certificates, WeChat's settings.
    pub merchants: Merchants,
    /// The site's system; none where the adapter holds state (local numbers).
    pub checkin: Option<Box<dyn CheckIn>>,
    /// Whose terminals count, lane by lane.
    pub terminals: Vec<terminal::Settings>,
    /// Settings that have changed since the start and need a restart, by their tables.
    pub kept: Vec<&'static str>,
}

/// What the loop is told from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// End in order.
    Stop,
    /// Read again what can be read again.
    Reload,
}

/// What a run came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Inputs handled.
    pub inputs: u64,
    /// The longest the loop was away from its inputs.
    pub longest_turn: Duration,
}

/// Why the daemon could not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// A thread could not be started.
    #[error("a thread could not be started; the machine has too little memory or too many processes")]
    Thread(#[source] io::Error),
    /// A terminal's address cannot be used.
    #[error("terminal of lane {lane}: {source}")]
    Terminal {
        /// Which lane.
        lane: String,
        /// Why.
        #[source]
        source: terminal::TerminalError,
    },
    /// The socket for staff cannot be made.
    #[error("the socket for staff cannot be made in the state directory")]
    Staff(#[source] terminal::TerminalError),
    /// A thread without which nobody can be served hangs.
    #[error("the {0} thread hangs")]
    Hung(&'static str),
}

impl Fault for ServiceError {
    fn code(&self) -> Code {
        match self {
            Self::Thread(_) | Self::Hung(_) => Code::X001,
            Self::Staff(_) => Code::C103,
            Self::Terminal { source, .. } => source.code(),
        }
    }
}

impl ServiceError {
    /// The program's exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Terminal { .. } | Self::Staff(_) => exit::IO,
            Self::Thread(_) | Self::Hung(_) => exit::SOFTWARE,
        }
    }
}

/// How often threads are looked at and certificates thought of, when nothing else happens.
const ROUND: Duration = Duration::from_secs(2);

/// How often the certificates are thought of; `identity` decides whether they are due.
const MAINTENANCE: Duration = Duration::from_secs(600);

/// How long an orderly stop waits for sessions under way.
const STOP_PATIENCE: Duration = Duration::from_secs(4);

/// The longest turn the loop allows itself.
const TURN: Duration = Duration::from_millis(5);

/// Serves until [`Control::Stop`], and brings everything to its safe end.
pub async fn serve(parts: Parts, mut control: mpsc::Receiver<Control>) -> Result<Summary, ServiceError> {
    let Parts { clock, kiosk, unfinished, journal, correlator, merchants, checkin, lanes, .. } = parts;
    let (inputs, mut happened) = mpsc::channel::<Input>(256);

    let current_merchants = Arc::new(RwLock::new(merchants));
    let current_checkin: checkins::Current = Arc::new(RwLock::new(Arc::from(checkin)));
    let mut terminals = JoinSet::new();
    let counters = Arc::new(terminal::Counters::default());
    let mut hands = Vec::new();
    let mut requests = Requests::new(lanes.iter().map(|lane| lane.name.clone()).collect());
    let (asked, mut asking) = mpsc::channel(4);
    if let Some(folder) = &parts.staff {
        let desk = Desk::open(folder, &clock).map_err(ServiceError::Staff)?;
        terminals.spawn(desk.serve(asked.clone()));
    }
    let (mut driven, mut sensed) = (Vec::new(), Vec::new());
    for (index, lane) in lanes.into_iter().enumerate() {
        let id = LaneId(u16::try_from(index).unwrap_or(u16::MAX));
        let (replies, answered) = mpsc::channel(64);
        let bound = terminal::Listener::bind(&lane.terminal, &clock)
            .map_err(|source| ServiceError::Terminal { lane: lane.name.clone(), source })?;
        let (terminal, settings) = watch::channel(lane.terminal);
        terminals.spawn(bound.serve(settings, Arc::clone(&clock), inputs.clone(), answered, Arc::clone(&counters)));
        let (panel, scenes_to_terminal) = match lane.panel {
            PanelPart::None => (None, false),
            PanelPart::Terminal => (None, true),
            PanelPart::Board(panel) => {
                (Some(panels::spawn(id, panel, &clock, inputs.clone()).map_err(ServiceError::Thread)?), false)
            }
        };
        let printer = match lane.printer {
            Some(printer) => Some(printers::spawn(id, printer, &clock, inputs.clone()).map_err(ServiceError::Thread)?),
            None => None,
        };
        sensed.extend(lane.inputs);
        driven.push((id, LaneOutputs { gate: lane.gate, indicator: lane.indicator }));
        hands.push(LaneHands {
            name: lane.name,
            mode: lane.mode,
            series: lane.series,
            terminal,
            replies,
            scenes_to_terminal,
            checkins: checkins::spawn(&current_checkin, parts.patience, &clock, inputs.clone())
                .map_err(ServiceError::Thread)?,
            panel,
            printer,
            late: Vec::new(),
        });
    }
    let store = journalist::spawn(journal, &clock, inputs.clone()).map_err(ServiceError::Thread)?;
    let outputs = outputs::spawn(driven, &clock, inputs.clone()).map_err(ServiceError::Thread)?;
    let count = u16::try_from(hands.len()).unwrap_or(u16::MAX);
    for part in sensed {
        super::inputs::spawn(count, part, outputs.entrance(), &clock, inputs.clone()).map_err(ServiceError::Thread)?;
    }
    let lookups =
        lookups::spawn(&current_merchants, parts.lookup_workers, hands.len(), parts.patience, &clock, &inputs)
            .map_err(ServiceError::Thread)?;
    let errands = errands::spawn(&current_merchants, hands.len(), parts.patience, &clock, &inputs)
        .map_err(ServiceError::Thread)?;
    let past = checkins::spawn_past(&current_checkin, &clock, inputs.clone()).map_err(ServiceError::Thread)?;
    let workers = Workers { store, outputs, lookups, errands, past };
    let mut carrier = Carrier::new(Arc::clone(&clock), correlator, hands, workers, parts.patience);
    let mut core = Kiosk::new(kiosk, unfinished, clock.now());
    carrier.carry_all(&mut core, &mut requests);
    carrier.maintain();
    notify::ready();
    tracing::info!("serving");
    if clock.now().wall < RELEASED {
        tracing::error!(code = %Code::C105, "the clock stands before this program's release");
    }

    let (reloads, mut reloaded) =
        Reloads::spawn(parts.reload, Arc::clone(&current_checkin)).map_err(ServiceError::Thread)?;
    let round = notify::watchdog_interval().map_or(ROUND, |interval| interval.min(ROUND));
    let mut next_round = clock.now().moment.after(round);
    let mut next_maintenance = clock.now().moment.after(MAINTENANCE);
    let mut stopping: Option<Moment> = None;
    let mut summary = Summary::default();
    let outcome = loop {
        let due = [core.poll_timeout(), carrier.poll_timeout(), stopping, Some(next_round)].into_iter().flatten().min();
        let wait = due.map_or(round, |due| due.since(clock.now().moment));
        let mut came = Vec::new();
        tokio::select! {
            biased;
            Some(order) = control.recv() => match order {
                Control::Stop if stopping.is_none() => {
                    notify::stopping();
                    tracing::info!("stopping");
                    stopping = Some(clock.now().moment.after(STOP_PATIENCE));
                    came.push(Input::Stopping);
                }
                Control::Stop => {}
                Control::Reload => reloads.order(),
            },
            Some(fresh) = reloaded.recv() => {
                match fresh {
                    Ok(Reloaded { merchants, terminals, kept, .. }) => {
                        *current_merchants.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(merchants);
                        carrier.replace_terminals(terminals);
                        tracing::info!("read again: merchants, keys, certificates, wechatpay, weixin, authinfo, checkin, whose terminals count");
                        if !kept.is_empty() {
                            tracing::warn!(changed = kept.join(", "), "changed in the site file, and as before until a restart");
                        }
                    }
                    Err(error) => {
                        tracing::error!(code = %error.code(), error = causes(&*error), "not read again; going on as before");
                    }
                }
            },
            Some(next) = happened.recv() => came.push(next),
            Some(request) = asking.recv() => came = requests.take(request, clock.now().moment),
            () = sleep(wait) => {}
        }
        let began = clock.now();
        requests.forget(began.moment);
        for input in came {
            summary.inputs = summary.inputs.saturating_add(1);
            requests.hear(&input);
            core.handle(began, input);
        }
        if core.poll_timeout().is_some_and(|due| due <= began.moment) {
            core.handle_timeout(began);
        }
        carrier.carry_all(&mut core, &mut requests);
        carrier.carry_due();
        if next_round <= began.moment {
            next_round = began.moment.after(round);
            if let Some(hung) = carrier.hung(began.moment) {
                // Without a watchdog, leaving is the way to be restarted.
                if notify::watchdog_interval().is_none() {
                    break Err(ServiceError::Hung(hung));
                }
                tracing::error!(code = %Code::X001, thread = hung, "a thread hangs; the watchdog is called");
                notify::hung();
            } else {
                notify::alive(&format!("{} lanes, {} sessions since start", carrier.lanes(), carrier.opened()));
            }
            for changed in carrier.late_devices(began.moment) {
                core.handle(began, changed);
            }
            carrier.carry_all(&mut core, &mut requests);
        }
        if next_maintenance <= began.moment {
            next_maintenance = began.moment.after(MAINTENANCE);
            carrier.maintain();
        }
        let turn = clock.now().moment.since(began.moment);
        summary.longest_turn = summary.longest_turn.max(turn);
        if turn > TURN {
            tracing::debug!(milliseconds = turn.as_millis(), "a long turn of the loop");
        }
        if let Some(limit) = stopping
            && (core.is_quiet() || limit <= clock.now().moment)
        {
            break Ok(summary);
        }
    };
    drop(happened);
    // Intake first, then the outputs to their safe value, then what was recorded.
    carrier.close();
    terminals.shutdown().await;
    outcome
}
