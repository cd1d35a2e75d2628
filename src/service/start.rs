//! The start: every thread, every socket, and the core between them.

use std::sync::{Arc, RwLock};

use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};

use super::{
    Inputs,
    carry::{Carrier, LaneHands, Workers},
    checkins,
    daemon::{Daemon, Opened},
    errands,
    failures::Standing,
    funnel::Funnel,
    inputs::FireWatch,
    journalist, lookups,
    outputs::{self, LaneOutputs},
    panels,
    parts::{LanePart, PanelPart, Parts, ServiceError},
    passages, printers,
    reload::Reloads,
    requests::Requests,
    sites::{Site, Sites},
    staff::Desk,
};
#[cfg(feature = "page")]
use super::{
    backstage::Stage,
    ledger,
    postings::{self, Noticeboard, Postings},
};
#[cfg(feature = "page")]
use crate::page;
use crate::{
    checkin::Deputy,
    fault::{Code, Failure},
    kiosk::{Device, Input, Kiosk},
    terminal,
    words::{Clock, LaneId, RELEASED},
};

/// Inputs that wait for the loop.
const WAITING: usize = 256;

/// Answers that wait for a terminal which does not take them.
const REPLIES: usize = 64;

/// Staff who wait for the loop.
const ASKING: usize = 4;

/// What the lanes' threads and sockets are started with.
struct Lanes<'a> {
    clock: &'a Arc<dyn Clock>,
    inputs: &'a Inputs,
    checkin: &'a checkins::Current,
    deputy: &'a Arc<dyn Deputy>,
    /// What is known of each lane's system.
    sites: &'a [Arc<Site>],
    site_patience: std::time::Duration,
    terminals: &'a mut JoinSet<()>,
    #[cfg(feature = "page")]
    pages: Vec<page::LanePage>,
}

impl Daemon {
    /// Everything runs, and the core has said its first words.
    pub(super) fn start(parts: Parts) -> Result<Self, ServiceError> {
        let Parts { clock, kiosk, unfinished, journal, correlator, merchants, checkin, passages, .. } = parts;
        let (lanes, patience) = (parts.lanes, parts.patience);
        let (way, happened) = mpsc::channel(WAITING);
        let names: Vec<String> = lanes.iter().map(|lane| lane.name.clone()).collect();
        let inputs = Inputs::new(way, names.clone());
        #[cfg(feature = "page")]
        let lane_names = names.clone();
        #[cfg(feature = "page")]
        let faults = Arc::new(super::faults::Faults::new(&clock));
        #[cfg(feature = "page")]
        let inputs = inputs.keeping(Arc::clone(&faults));
        let (merchants, facts) = (Arc::new(RwLock::new(merchants)), Arc::default());
        let sites = Sites::of(&checkin);
        let of_lane = (0..).map(LaneId).take(lanes.len()).map(|lane| Arc::clone(&sites.all[checkin.place(lane)]));
        let of_lanes: Vec<Arc<Site>> = of_lane.collect();
        let checkin: checkins::Current = Arc::new(RwLock::new(checkin));
        let mut terminals = JoinSet::new();
        let requests = Requests::new(names.clone());
        let (asked, asking) = mpsc::channel(ASKING);
        #[cfg(feature = "page")]
        let asked_by_pages = asked.clone();
        if let Some(folder) = &parts.staff {
            let desk = Desk::open(folder, &clock).map_err(ServiceError::Staff)?;
            terminals.spawn(desk.serve(asked));
        }
        let mut starting = Lanes {
            clock: &clock,
            inputs: &inputs,
            checkin: &checkin,
            deputy: &parts.deputy,
            sites: &of_lanes,
            site_patience: parts.site_patience,
            terminals: &mut terminals,
            #[cfg(feature = "page")]
            pages: Vec::new(),
        };
        let (mut hands, mut driven, mut sensed, mut absent) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (index, mut lane) in lanes.into_iter().enumerate() {
            let id = LaneId(u16::try_from(index).unwrap_or(u16::MAX));
            driven.push((id, LaneOutputs::new(lane.gate.take(), lane.indicator.take(), lane.quiet)));
            absent.extend(lane.absent.drain(..).map(|(device, code)| (id, device, code)));
            sensed.extend(lane.inputs.take());
            hands.push(starting.lane(id, lane)?);
        }
        let threads = ServiceError::Thread;
        #[cfg(feature = "hospital")]
        let of_settling = names.clone();
        let passages =
            passages.map(|collector| passages::spawn(collector, &checkin, names, &clock, &facts, inputs.clone()));
        let passages = passages.transpose().map_err(threads)?;
        let store = journalist::spawn(journal, passages.as_ref(), &facts, &clock, inputs.clone()).map_err(threads)?;
        #[cfg(feature = "hospital")]
        let settle = |collector| {
            super::settling::spawn(collector, &checkin, of_settling, store.entrance(), &clock, &facts, inputs.clone())
        };
        #[cfg(feature = "hospital")]
        let settling = parts.provisional.map(settle).transpose().map_err(threads)?;
        #[cfg(feature = "page")]
        let (postings, mut keeper, unread) = Postings::open(parts.staff.as_deref());
        #[cfg(feature = "page")]
        let postings = Arc::new(postings);
        #[cfg(feature = "page")]
        if let Some(unread) = unread {
            inputs.tell("hours and notices are forgotten", None, None, &unread);
        }
        #[cfg(feature = "page")]
        let noticeboard = Noticeboard::new(Arc::clone(&postings), lane_names.clone(), parts.day.utc_offset);
        #[cfg(feature = "page")]
        let stage = Arc::new(Stage {
            lanes: lane_names,
            phrases: kiosk.lanes.iter().map(|lane| Arc::clone(&lane.phrases)).collect(),
            posting: postings::spawn(&postings, move |all| keeper.keep(all), &clock, inputs.clone())
                .map_err(threads)?
                .entrance(),
            postings,
            asked: asked_by_pages,
            ledger: ledger::spawn(parts.staff.unwrap_or_default(), parts.day, &clock).map_err(threads)?.entrance(),
            durations: Arc::default(),
            faults,
            clock: Arc::clone(&clock),
            last: tokio::sync::Mutex::default(),
        });
        #[cfg(feature = "page")]
        let behind: Arc<dyn page::Backstage> = Arc::clone(&stage) as _;
        #[cfg(feature = "page")]
        let pages = starting.pages(&parts.pages, &behind, &mut hands)?;
        #[cfg(feature = "page")]
        let desk = parts.pages.desk.as_ref();
        #[cfg(feature = "page")]
        let desk = desk.map(|desk| page::Desk::open(desk, parts.pages.accounts.clone(), &behind, &clock));
        // People are served without either.
        #[cfg(feature = "page")]
        let mut desk = desk.and_then(|desk| inputs.without("the desk is not served", desk));
        #[cfg(feature = "page")]
        if let Some(unopened) = desk.as_mut().and_then(|desk| desk.unopened.take()) {
            inputs.tell("the desk is not served until it can be", None, None, &unopened.into());
        }
        #[cfg(feature = "page")]
        let mut alarms = parts.alarms.and_then(|alarms| inputs.without("alarms are not told", alarms));
        #[cfg(feature = "page")]
        for unopened in alarms.iter_mut().flat_map(|alarms| alarms.unopened.drain(..)) {
            inputs.tell("alarms are not told until they can be", None, None, &unopened.into());
        }
        let outputs = outputs::spawn(driven, &clock, inputs.clone()).map_err(threads)?;
        let count = u16::try_from(hands.len()).unwrap_or(u16::MAX);
        let blind = absent.iter().filter(|(_, device, _)| *device == Device::Fire).map(|(lane, ..)| *lane).collect();
        let fire = FireWatch::new(count, blind, outputs.entrance(), inputs.clone());
        for part in sensed {
            super::inputs::spawn(part, &fire, &clock).map_err(threads)?;
        }
        let lookups = lookups::spawn(&merchants, &facts, parts.lookup_workers, hands.len(), patience, &clock, &inputs);
        let errands = errands::spawn(&merchants, hands.len(), patience, &clock, &inputs).map_err(threads)?;
        let past = checkins::spawn_past(&checkin, of_lanes, &clock, inputs.clone()).map_err(threads)?;
        let workers = Workers {
            store,
            outputs,
            lookups: lookups.map_err(threads)?,
            errands,
            past,
            passages: passages.map(|of| of.worker),
            #[cfg(feature = "hospital")]
            settling,
        };
        let carrier = Carrier::new(Arc::clone(&clock), correlator, hands, workers, patience, inputs);
        let mut funnel = Funnel::new(Kiosk::new(kiosk, unfinished, clock.now()), requests, carrier, parts.tap);
        #[cfg(feature = "page")]
        {
            funnel.watch.durations = Arc::clone(&stage.durations);
        }
        for (lane, device, code) in absent {
            let everybodys = if device == Device::Fire { 0..count } else { lane.0..lane.0.saturating_add(1) };
            for lane in everybodys.map(LaneId) {
                funnel.give(clock.now(), Input::DeviceChanged { lane, device, fault: Some(code.into()) });
            }
        }
        let (reloads, reloaded) = Reloads::spawn(parts.reload, Arc::clone(&checkin)).map_err(threads)?;
        for found in &parts.salvaged {
            funnel.carrier.inputs.tell("damage was found at the start", None, None, found);
        }
        if clock.now().wall < RELEASED {
            funnel.carrier.inputs.tell("no answer can be believed", None, None, &Code::C105.into());
        }
        Ok(Self::new(Opened {
            clock,
            #[cfg(feature = "page")]
            pages,
            #[cfg(feature = "page")]
            desk,
            #[cfg(feature = "page")]
            alarms,
            #[cfg(feature = "page")]
            noticeboard,
            funnel,
            facts,
            salvaged: parts.salvaged.first().map(Failure::code),
            happened,
            asking,
            merchants,
            checkin,
            sites,
            deputy: parts.deputy,
            reloads,
            reloaded,
            terminals,
        }))
    }
}

impl Lanes<'_> {
    /// One lane's threads and its terminal's address.
    fn lane(&mut self, id: LaneId, lane: LanePart) -> Result<LaneHands, ServiceError> {
        let Self { clock, inputs, .. } = *self;
        let (replies, answered) = mpsc::channel(REPLIES);
        let bound = terminal::Listener::bind(&lane.terminal, clock)
            .map_err(|source| ServiceError::Terminal { lane: lane.name.clone(), source })?;
        let (terminal, settings) = watch::channel(lane.terminal);
        let counters = Arc::default();
        let (way, witness) = ((**inputs).clone(), inputs.witness(id));
        let serving = bound.serve(settings, Arc::clone(clock), way, answered, Arc::clone(&counters), witness);
        self.terminals.spawn(serving);
        let scenes_to_terminal = matches!(lane.panel, PanelPart::Terminal);
        let panel = match lane.panel {
            PanelPart::Board(panel) => Some(panels::spawn(id, panel, clock, inputs.clone())),
            PanelPart::None | PanelPart::Terminal => None,
            #[cfg(feature = "page")]
            PanelPart::Page(page) => {
                self.pages.push(page);
                None
            }
        };
        let printer = lane.printer.map(|printer| printers::spawn(id, printer, clock, inputs.clone()));
        #[cfg(feature = "voice")]
        let voice = lane.voice.map(|voice| super::voices::spawn(id, voice, clock, inputs.clone()));
        let site = &self.sites[usize::from(id.0)];
        let checkins = checkins::spawn(id, self.checkin, self.deputy, site, self.site_patience, clock, inputs.clone());
        Ok(LaneHands {
            name: lane.name,
            purpose: lane.purpose,
            series: lane.series,
            terminal,
            counters,
            replies,
            scenes_to_terminal,
            #[cfg(feature = "page")]
            page: None,
            checkins: checkins.map_err(ServiceError::Thread)?,
            panel: panel.transpose().map_err(ServiceError::Thread)?,
            printer: printer.transpose().map_err(ServiceError::Thread)?,
            #[cfg(feature = "voice")]
            voice: voice.transpose().map_err(ServiceError::Thread)?,
            late: Vec::new(),
            deaf: Standing::default(),
        })
    }

    /// The pages of the lanes that have one; no port is taken where none has.
    #[cfg(feature = "page")]
    fn pages(
        &mut self,
        door: &page::Door,
        stage: &Arc<dyn page::Backstage>,
        hands: &mut [LaneHands],
    ) -> Result<Option<page::Server>, ServiceError> {
        let pages = std::mem::take(&mut self.pages);
        if pages.is_empty() && !door.technician {
            return Ok(None);
        }
        let lanes: Vec<LaneId> = pages.iter().map(|page| page.lane).collect();
        let witness = |lane| self.inputs.witness(lane);
        let (server, screens) = page::Server::open(door, pages, self.clock, self.inputs, Some(stage), witness)?;
        for (lane, screen) in lanes.into_iter().zip(screens) {
            hands[usize::from(lane.0)].page = Some(screen);
        }
        Ok(Some(server))
    }
}
