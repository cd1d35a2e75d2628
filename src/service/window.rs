//! The window into the service: what the rooms know, put together when somebody looks.

use std::sync::PoisonError;

use super::{
    carry::LaneHands,
    checkins,
    daemon::Daemon,
    status::{
        Ailment, CertificateKind, CertificateStatus, CodeStatus, ContactStatus, DeviceStatus, Domain, JournalStatus,
        LaneName, LaneStatus, OutOfServiceStatus, Part, PermissionStatus, ResultStatus, SiteStatus, Status,
        TerminalStatus, Thread, Time, WechatStatus, WorkerStatus,
    },
    worker::Worker,
};
use crate::{
    fault::Code,
    identity::WechatView,
    kiosk::{Count, Device, LaneView, OutOfService},
    words::{Contact, LaneId, Moment, Now, RELEASED, WallTime},
};

/// A certificate that somebody has to renew is told of so many days before its end.
pub(super) const SOON: i64 = 30;

/// The number of this program, from its package.
const VERSION: [&str; 3] =
    [env!("CARGO_PKG_VERSION_MAJOR"), env!("CARGO_PKG_VERSION_MINOR"), env!("CARGO_PKG_VERSION_PATCH")];

const DAY_MS: i64 = 86_400_000;

/// The present, and other moments by the clock as it stands now: one that is set makes nothing older.
#[derive(Clone, Copy)]
struct View(Now);

impl Daemon {
    /// Everything that is known now.
    pub(super) fn status(&self, now: Now) -> Status {
        let view = View(now);
        let wechat = self.wechat();
        let facts = self.opened.facts.journal();
        let ailments = self.ailments(now);
        Status {
            version: VERSION.map(|number| number.parse().unwrap_or_default()),
            ready: ailments.is_empty() && !self.is_stopping(),
            stopping: self.is_stopping(),
            at: now.wall.0,
            uptime: now.moment.0.as_secs(),
            ailments,
            lanes: self.lanes().map(|(hands, lane)| view.lane(hands, &lane)).collect(),
            wechat: wechat.iter().map(|wechat| view.wechat(wechat)).collect(),
            weixin: self.opened.facts.weixin().map(|contact| view.contact(contact)),
            weixin_token: self.token_until().map(|until| view.time_of(until)),
            site: gravest(self.opened.sites.contacts().map(|(_, contact)| contact))
                .map(|contact| view.contact(contact)),
            sites: self
                .opened
                .sites
                .contacts()
                .filter_map(|(name, contact)| Some((name?, view.contact(contact))))
                .map(|(name, contact)| SiteStatus { name, contact })
                .collect(),
            site_passed_over: checkins::all(&self.opened.checkin).iter().map(|system| system.passed_over()).sum(),
            certificates: self.certificates(now, &wechat),
            journal: JournalStatus {
                waiting: self.opened.funnel.carrier.workers.store.waiting(),
                outbox: self.opened.facts.outbox(),
                bytes: facts.fill.map_or(0, |fill| fill.bytes),
                max_bytes: facts.fill.map_or(0, |fill| fill.max_bytes),
                age: facts.fill.map_or(0, |fill| fill.age.as_secs()),
                max_age: facts.fill.map_or(0, |fill| fill.max_age.as_secs()),
                fault: facts.fault,
                since: facts.since.map(|since| view.time(since)),
                failures: facts.failures,
                salvaged: self.opened.salvaged,
            },
            workers: self.workers(now.moment),
            longest_turn_us: u64::try_from(self.longest_turn().as_micros()).unwrap_or(u64::MAX),
        }
    }

    /// One line for `systemctl status`.
    pub(super) fn line(&self, now: Now) -> String {
        let ailments = self.ailments(now);
        let carrier = &self.opened.funnel.carrier;
        if ailments.is_empty() {
            return format!("ready: {} lanes, {} visits since start", carrier.lanes.len(), carrier.opened());
        }
        let told = ailments.iter().take(3).map(|Ailment { code, lane, .. }| {
            let lane = lane.as_ref().map(|lane| format!("{} ", lane.as_str())).unwrap_or_default();
            format!("{lane}{code} {}", code.summary())
        });
        let told: Vec<String> = told.collect();
        let more = ailments.len().saturating_sub(told.len());
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        format!("degraded: {}{more}", told.join("; "))
    }

    /// What is to be mended; what keeps all lanes from serving comes first.
    fn ailments(&self, now: Now) -> Vec<Ailment> {
        let view = View(now);
        let mut found = Vec::new();
        let wechat = self.wechat();
        let several = wechat.len() > 1;
        let mut of_merchant = |merchant: Option<u16>, code, of, since: Option<Time>| {
            found.push(Ailment {
                code,
                of,
                lane: None,
                merchant: merchant.filter(|_| several),
                system: None,
                since,
                until: None,
            });
        };
        let mut of_all = |code, of, since| of_merchant(None, code, of, since);
        for WorkerStatus { thread, .. } in self.shared(now.moment).into_iter().filter(|worker| worker.late) {
            of_all(Code::X001, Part::Thread(thread), None);
        }
        if now.wall < RELEASED {
            of_all(Code::C105, Part::Clock, None);
        }
        let journal = self.opened.facts.journal();
        if let Some(code) = journal.fault {
            of_all(code, Part::Journal, journal.since.map(|since| view.time(since)));
        }
        if journal.fill.is_some_and(|fill| fill.is_near()) {
            of_all(Code::J503, Part::Journal, None);
        }
        if let Some(code) = self.unwritten() {
            of_all(code, Part::State, None);
        }
        for (wechat, number) in wechat.iter().zip(1..) {
            if let Some((code, contact)) = wechat.contact.and_then(|contact| Some((contact.failed?, contact))) {
                of_merchant(Some(number), code, Part::Wechat, Some(view.time(contact.since)));
            }
            if let Some(permission) = wechat.permission.filter(|permission| !permission.granted) {
                of_merchant(Some(number), Code::N321, Part::Wechat, Some(permission.at.0));
            }
        }
        let mut of_all = |code, of, since| of_merchant(None, code, of, since);
        // All merchants ask under the same clock.
        if let Some((_, since)) = wechat.first().map(|wechat| wechat.offset).filter(|(offset, _)| *offset != 0) {
            of_all(Code::C106, Part::Clock, Some(view.time(since)));
        }
        if let Some((code, contact)) = self.opened.facts.weixin().and_then(|contact| Some((contact.failed?, contact))) {
            of_all(code, Part::Weixin, Some(view.time(contact.since)));
        }
        found.extend(self.opened.sites.contacts().filter_map(|(name, contact)| {
            Some(Ailment {
                code: contact.failed?,
                of: Part::Site,
                lane: None,
                merchant: None,
                system: name,
                since: Some(view.time(contact.since)),
                until: None,
            })
        }));
        for CertificateStatus { kind, number, days, until } in self.certificates(now, &wechat) {
            let (soon, code) = match kind {
                CertificateKind::Merchant
                | CertificateKind::Terminals
                | CertificateKind::Pages
                | CertificateKind::Desk
                | CertificateKind::Site => (SOON, Code::K407),
                CertificateKind::Platform => (0, Code::K407),
                CertificateKind::List => (0, Code::T220),
            };
            if days < soon {
                let merchant = matches!(kind, CertificateKind::Merchant | CertificateKind::Platform).then_some(number);
                found.push(Ailment {
                    code,
                    of: Part::Certificate(kind),
                    lane: None,
                    merchant: merchant.filter(|_| several),
                    system: None,
                    since: Some(until).filter(|_| days < 0),
                    until: Some(until),
                });
            }
        }
        #[cfg(feature = "page")]
        for away in self.opened.alarms.iter().flat_map(crate::alarm::Alarms::away).flatten() {
            found.push(Ailment {
                code: away.failure.code(),
                of: Part::Alarms,
                lane: None,
                merchant: None,
                system: None,
                since: Some(view.time(away.since)),
                until: None,
            });
        }
        for (hands, lane) in self.lanes() {
            found.extend(view.of_lane(hands, &lane));
        }
        found
    }

    /// Whoever is told of it hears what begins and ends to be wrong; a lane that staff have closed is no alarm.
    #[cfg(feature = "page")]
    pub(super) fn tell_alarms(&mut self, now: Now) {
        if self.opened.alarms.is_none() {
            return;
        }
        let untold = |ailment: &Ailment| {
            // That a collector was away is no news to it when it is back.
            matches!(ailment.code, Code::X010 | Code::X011) || ailment.of == Part::Alarms
        };
        let wrong = self.ailments(now).into_iter().filter(|ailment| !untold(ailment));
        let wrong = wrong.map(|Ailment { code, of, lane, merchant, system, until, .. }| crate::alarm::Alarm {
            code,
            part: super::metrics::part(of),
            lane: lane.map(|lane| lane.as_str().to_owned()),
            merchant,
            system: system.map(|system| system.as_str().to_owned()),
            until: until.map(WallTime),
        });
        let wrong: Vec<_> = wrong.collect();
        let inputs = &self.opened.funnel.carrier.inputs;
        if let Some(alarms) = &mut self.opened.alarms {
            alarms.are(&wrong);
            for (away, standing) in alarms.away().into_iter().zip(&mut self.untaken) {
                let failure = away.map(|away| away.failure);
                inputs.tell_change("alarms are not taken", None, None, standing, failure.as_ref());
            }
        }
    }

    fn lanes(&self) -> impl Iterator<Item = (&LaneHands, LaneView<'_>)> {
        let funnel = &self.opened.funnel;
        funnel.carrier.lanes.iter().zip(0..).filter_map(|(hands, lane)| Some((hands, funnel.view(LaneId(lane))?)))
    }

    fn wechat(&self) -> Vec<WechatView> {
        self.opened.merchants.read().unwrap_or_else(PoisonError::into_inner).views().map(|(_, view)| view).collect()
    }

    fn unwritten(&self) -> Option<Code> {
        let merchants = self.opened.merchants.read().unwrap_or_else(PoisonError::into_inner);
        merchants.unwritten().next().map(|(_, failure)| failure.code())
    }

    fn token_until(&self) -> Option<Moment> {
        self.opened.merchants.read().unwrap_or_else(PoisonError::into_inner).token_until()
    }

    fn certificates(&self, now: Now, wechat: &[WechatView]) -> Vec<CertificateStatus> {
        #[cfg(feature = "page")]
        let of_page = self.opened.pages.as_ref().map_or((None, None), crate::page::Server::validity);
        #[cfg(not(feature = "page"))]
        let of_page = (None, None);
        #[cfg(all(feature = "page", feature = "network"))]
        let of_desk = self.opened.desk.as_ref().and_then(crate::page::Desk::until);
        #[cfg(not(all(feature = "page", feature = "network")))]
        let of_desk = None;
        let of_nobody = if self.opened.funnel.carrier.lanes.iter().any(|hands| hands.viewers().is_some()) {
            None
        } else {
            of_page.0
        };
        let of_ours = [(CertificateKind::Pages, 1, of_nobody), (CertificateKind::Desk, 1, of_desk)];
        // A page beyond loopback is a terminal's.
        let lanes = self.opened.funnel.carrier.lanes.iter().map(|hands| match hands.counters.validity() {
            (None, None) if hands.viewers().is_some() => of_page,
            of_terminal => of_terminal,
        });
        let of_merchants = wechat.iter().zip(1..).flat_map(|(wechat, number)| {
            let both = [(CertificateKind::Merchant, wechat.certificate), (CertificateKind::Platform, wechat.platform)];
            both.map(|(kind, until)| (kind, number, until))
        });
        let of_lanes = lanes.zip(1..).flat_map(|((certificate, list), number)| {
            let both = [(CertificateKind::Terminals, certificate), (CertificateKind::List, list)];
            both.map(|(kind, until)| (kind, number, until))
        });
        let status = |(kind, number, until): (CertificateKind, u16, Option<WallTime>)| {
            let until = until?;
            Some(CertificateStatus {
                kind,
                number,
                until: until.0,
                days: until.millis_since(now.wall).div_euclid(DAY_MS),
            })
        };
        let checkin = self.opened.checkin.read().unwrap_or_else(PoisonError::into_inner);
        let of_sites = checkin.certificates().iter().zip(1..);
        let of_sites = of_sites.map(|(until, number)| (CertificateKind::Site, number, *until));
        of_merchants.chain(of_lanes).chain(of_ours).chain(of_sites).filter_map(status).collect()
    }

    /// The names of the merchants whose certificates end soon, and how many days are left.
    pub(super) fn merchants_ending(&self, now: Now) -> Vec<(Option<String>, i64)> {
        let merchants = self.opened.merchants.read().unwrap_or_else(PoisonError::into_inner);
        let left = |until: WallTime| until.millis_since(now.wall).div_euclid(DAY_MS);
        let ends = merchants.views().filter_map(|(name, view)| Some((name, left(view.certificate?))));
        ends.filter(|(_, days)| *days < SOON).map(|(name, days)| (name.map(str::to_owned), days)).collect()
    }

    fn workers(&self, now: Moment) -> Vec<WorkerStatus> {
        let mut all = self.shared(now).to_vec();
        let passages = &self.opened.funnel.carrier.workers.passages;
        all.extend(passages.as_ref().map(|passages| pulse(Thread::Passages, None, passages, now)));
        #[cfg(feature = "hospital")]
        let settling = &self.opened.funnel.carrier.workers.settling;
        #[cfg(feature = "hospital")]
        all.extend(settling.as_ref().map(|settling| pulse(Thread::Settling, None, &settling.worker, now)));
        for hands in &self.opened.funnel.carrier.lanes {
            all.push(pulse(Thread::Checkin, Some(hands), &hands.checkins, now));
            all.extend(hands.panel.as_ref().map(|panel| pulse(Thread::Panel, Some(hands), panel, now)));
            #[cfg(feature = "voice")]
            all.extend(hands.voice.as_ref().map(|voice| pulse(Thread::Voice, Some(hands), voice, now)));
            all.extend(hands.printer.as_ref().map(|printer| pulse(Thread::Printer, Some(hands), printer, now)));
        }
        all
    }

    /// The threads that all lanes share.
    fn shared(&self, now: Moment) -> [WorkerStatus; 5] {
        let shared = &self.opened.funnel.carrier.workers;
        [
            pulse(Thread::Store, None, &shared.store, now),
            pulse(Thread::Outputs, None, &shared.outputs, now),
            pulse(Thread::Lookup, None, &shared.lookups, now),
            pulse(Thread::Errand, None, &shared.errands, now),
            pulse(Thread::Past, None, &shared.past, now),
        ]
    }
}

/// What is of no use goes before what is; of the others the last.
fn gravest(contacts: impl Iterator<Item = Contact>) -> Option<Contact> {
    contacts.max_by_key(|contact| (contact.failed.is_some(), contact.at))
}

/// Nobody stands and waits for what it does.
fn is_nobodys_wait(thread: Thread) -> bool {
    #[cfg(feature = "hospital")]
    if thread == Thread::Settling {
        return true;
    }
    matches!(thread, Thread::Errand | Thread::Past | Thread::Passages)
}

fn pulse<J: Send + 'static>(thread: Thread, of: Option<&LaneHands>, worker: &Worker<J>, now: Moment) -> WorkerStatus {
    WorkerStatus {
        thread,
        lane: of.map(LaneName::of),
        busy_ms: u64::try_from(worker.busy_for(now).as_millis()).unwrap_or(u64::MAX),
        waiting: worker.waiting(),
        // What nobody waits for may take as long as the other side does.
        late: !is_nobodys_wait(thread) && worker.is_late(now),
    }
}

impl View {
    fn time(self, of: Moment) -> Time {
        let ago = i64::try_from(self.0.moment.since(of).as_millis()).unwrap_or(i64::MAX);
        self.0.wall.0.saturating_sub(ago)
    }

    /// The time of a moment to come, or of one that has been.
    fn time_of(self, moment: Moment) -> Time {
        let ahead = i64::try_from(moment.since(self.0.moment).as_millis()).unwrap_or(i64::MAX);
        self.time(moment).saturating_add(ahead)
    }

    fn contact(self, contact: Contact) -> ContactStatus {
        ContactStatus { at: self.time(contact.at), failed: contact.failed, since: self.time(contact.since) }
    }

    fn wechat(self, wechat: &WechatView) -> WechatStatus {
        let permission = wechat.permission;
        WechatStatus {
            contact: wechat.contact.map(|contact| self.contact(contact)),
            permission: permission.map(|said| PermissionStatus {
                asked: said.asked,
                granted: said.granted,
                at: said.at.0,
            }),
            offset: wechat.offset.0,
            domain: if wechat.on_backup { Domain::Backup } else { Domain::Main },
        }
    }

    fn codes<'a>(self, counts: impl IntoIterator<Item = (&'a Code, &'a Count)>) -> Vec<CodeStatus> {
        let status =
            |(code, of): (&Code, &Count)| CodeStatus { code: *code, count: of.count, last: self.time(of.last) };
        counts.into_iter().map(status).collect()
    }

    fn lane(self, hands: &LaneHands, lane: &LaneView<'_>) -> LaneStatus {
        let count = |of: &std::sync::atomic::AtomicU64| of.load(std::sync::atomic::Ordering::Relaxed);
        let terminals = &hands.counters;
        LaneStatus {
            lane: LaneName::of(hands),
            purpose: hands.purpose,
            serves: lane.closed_by.is_none(),
            closed_by: lane.closed_by,
            out_of_service: lane
                .out_of_service
                .iter()
                .map(|(why, at)| OutOfServiceStatus { why: *why, since: self.time(*at) })
                .collect(),
            scene: lane.scene,
            picture: lane.picture,
            open: lane.open as u64,
            devices: lane
                .devices
                .iter()
                .filter(|(_, health)| health.failures() > 0)
                .map(|(device, health)| DeviceStatus {
                    device: *device,
                    fault: health.fault(),
                    last: health.last(),
                    since: self.time(health.since()),
                    failures: health.failures(),
                })
                .collect(),
            paper_low: lane.paper_low.map(|since| self.time(since)),
            viewers: hands.viewers(),
            terminals: TerminalStatus {
                connected: terminals.connected(),
                heard: terminals.heard_at().map(|at| self.time(at)),
                garbled: count(&terminals.garbled),
                oversize: count(&terminals.oversize),
                checksum: count(&terminals.checksum),
                unknown_type: count(&terminals.unknown_type),
                flood: count(&terminals.flood),
                refused_peers: count(&terminals.refused_peers),
                stalled: count(&terminals.stalled),
            },
            results: lane
                .tally
                .results
                .iter()
                .map(|(result, of)| ResultStatus { result: *result, count: of.count, last: self.time(of.last) })
                .collect(),
            codes: self.codes(&lane.tally.codes),
            refused: self.codes(&lane.tally.refused),
        }
    }

    /// What is to be mended at one lane.
    fn of_lane(self, hands: &LaneHands, lane: &LaneView<'_>) -> Vec<Ailment> {
        let ailment = |code, of, since| Ailment {
            code,
            of,
            lane: Some(LaneName::of(hands)),
            merchant: None,
            system: None,
            since: Some(self.time(since)),
            until: None,
        };
        // A lane that is closed at night is not to be mended.
        let closed = lane.out_of_service.iter().rev().filter(|(why, _)| **why != OutOfService::AfterHours);
        let closed = closed.map(|(why, since)| ailment(why.code(), Part::Lane, *since));
        let devices = lane
            .devices
            .iter()
            .filter_map(|(device, health)| Some(ailment(health.fault()?, Part::Device(*device), health.since())));
        let paper = lane.paper_low.map(|since| ailment(Code::P706, Part::Device(Device::Printer), since));
        closed.chain(devices).chain(paper).collect()
    }
}
