//! The loop: one thing that happens, what follows from it, and the next.

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use tokio::{sync::mpsc, task::JoinSet, time::sleep};

use super::{
    checkins,
    facts::Facts,
    failures::{OfMerchants, Standing},
    funnel::Funnel,
    lookups, notify,
    parts::{Control, Parts, Reloaded, ServiceError, Summary},
    reload::{Read, Reloads},
    sites::Sites,
    staff::{Answer, Asked, StaffRequest},
    window::SOON,
};
#[cfg(feature = "page")]
use crate::page;
use crate::{
    checkin::Deputy,
    fault::{Code, Failure},
    kiosk::Input,
    words::{Clock, Moment, Now},
};

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
    let mut daemon = Daemon::start(parts)?;
    daemon.opened.funnel.carrier.maintain();
    daemon.tell_certificates(daemon.opened.clock.now());
    #[cfg(feature = "page")]
    daemon.post(daemon.opened.clock.now());
    notify::ready();
    tracing::info!("serving");
    let outcome = loop {
        let next = daemon.next(&mut control).await;
        if let Some(end) = daemon.turn(next) {
            break end;
        }
    };
    daemon.close().await;
    outcome
}

/// What runs, and the channels of everything that comes back.
pub(super) struct Opened {
    pub(super) clock: Arc<dyn Clock>,
    #[cfg(feature = "page")]
    pub(super) pages: Option<page::Server>,
    #[cfg(feature = "page")]
    #[cfg_attr(not(feature = "network"), expect(dead_code, reason = "it is served for as long as it is kept"))]
    pub(super) desk: Option<page::Desk>,
    #[cfg(feature = "page")]
    pub(super) alarms: Option<crate::alarm::Alarms>,
    #[cfg(feature = "page")]
    pub(super) noticeboard: super::postings::Noticeboard,
    pub(super) funnel: Funnel,
    pub(super) facts: Arc<Facts>,
    pub(super) salvaged: Option<Code>,
    pub(super) happened: mpsc::Receiver<Input>,
    pub(super) asking: mpsc::Receiver<Asked>,
    pub(super) merchants: lookups::Current,
    pub(super) checkin: checkins::Current,
    /// What is known of them.
    pub(super) sites: Sites,
    /// Who decides while the site's system is away.
    pub(super) deputy: Arc<dyn Deputy>,
    pub(super) reloads: Reloads,
    pub(super) reloaded: mpsc::Receiver<Read>,
    /// Connections of terminals and staff.
    pub(super) terminals: JoinSet<()>,
}

/// The daemon while it serves.
pub(super) struct Daemon {
    pub(super) opened: Opened,
    round: Duration,
    next_round: Moment,
    next_maintenance: Moment,
    /// When an orderly stop ends whatever is under way.
    stopping: Option<Moment>,
    /// What was told of threads that all lanes need.
    hung: Standing,
    /// What was told of our merchants' certificates: that they are about to end, and that they have ended.
    ending: OfMerchants,
    ended: OfMerchants,
    /// What was told of each collector of alarms.
    #[cfg(feature = "page")]
    pub(super) untaken: [Standing; 2],
    summary: Summary,
}

/// Why the loop turns.
pub(super) enum Next {
    Ordered(Control),
    Reloaded(Read),
    Happened(Input),
    Asked(Asked),
    /// Nothing happened, and something is due.
    Due,
}

impl Daemon {
    pub(super) fn new(opened: Opened) -> Self {
        let now = opened.clock.now().moment;
        let round = notify::watchdog_interval().map_or(ROUND, |interval| interval.min(ROUND));
        Self {
            opened,
            round,
            next_round: now.after(round),
            next_maintenance: now.after(MAINTENANCE),
            stopping: None,
            hung: Standing::default(),
            ending: OfMerchants::default(),
            ended: OfMerchants::default(),
            #[cfg(feature = "page")]
            untaken: Default::default(),
            summary: Summary::default(),
        }
    }

    /// Waits for the next thing.
    async fn next(&mut self, control: &mut mpsc::Receiver<Control>) -> Next {
        let Opened { clock, funnel, happened, asking, reloaded, .. } = &mut self.opened;
        let due = [funnel.poll_timeout(), self.stopping, Some(self.next_round)].into_iter().flatten().min();
        let wait = due.map_or(self.round, |due| due.since(clock.now().moment));
        tokio::select! {
            biased;
            Some(order) = control.recv() => Next::Ordered(order),
            Some(fresh) = reloaded.recv() => Next::Reloaded(fresh),
            Some(next) = happened.recv() => Next::Happened(next),
            Some(request) = asking.recv() => Next::Asked(request),
            () = sleep(wait) => Next::Due,
        }
    }

    /// Everything that follows from it; the run's end, when it has come.
    fn turn(&mut self, next: Next) -> Option<Result<Summary, ServiceError>> {
        let began = self.opened.clock.now();
        match next {
            Next::Ordered(Control::Stop) => self.stop(began),
            Next::Ordered(Control::Reload) => self.opened.reloads.order(),
            Next::Reloaded(fresh) => self.take_over(fresh),
            Next::Happened(input) => self.opened.funnel.give(began, input),
            Next::Asked((StaffRequest::Status, answer)) => {
                let _ = answer.send(Answer::Status(Box::new(self.status(began))));
            }
            #[cfg(feature = "page")]
            Next::Asked((StaffRequest::Reload, answer)) => {
                self.opened.reloads.order();
                let _ = answer.send(Answer::told(true, "read again; the log tells what came of it".to_owned()));
            }
            #[cfg(feature = "page")]
            Next::Asked((StaffRequest::Note(act), answer)) => {
                let done = self.opened.funnel.carrier.keep(act);
                let _ = answer.send(Answer::told(done, String::new()));
            }
            Next::Asked(request) => self.opened.funnel.ask(began, request),
            Next::Due => {}
        }
        self.opened.funnel.pass(began);
        if self.next_round <= began.moment {
            self.next_round = began.moment.after(self.round);
            if let Err(hung) = self.look_round(began) {
                return Some(Err(hung));
            }
        }
        if self.next_maintenance <= began.moment {
            self.next_maintenance = began.moment.after(MAINTENANCE);
            self.opened.funnel.carrier.maintain();
            self.tell_certificates(began);
        }
        let now = self.opened.clock.now().moment;
        let turn = now.since(began.moment);
        self.summary.longest_turn = self.summary.longest_turn.max(turn);
        self.summary.inputs = self.opened.funnel.handled();
        if turn > TURN {
            tracing::debug!(milliseconds = turn.as_millis(), "a long turn of the loop");
        }
        let limit = self.stopping?;
        (self.opened.funnel.is_quiet() || limit <= now).then_some(Ok(self.summary))
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.is_some()
    }

    pub(super) fn longest_turn(&self) -> Duration {
        self.summary.longest_turn
    }

    fn stop(&mut self, now: Now) {
        if self.stopping.is_none() {
            notify::stopping();
            tracing::info!("stopping");
            self.stopping = Some(now.moment.after(STOP_PATIENCE));
            self.opened.funnel.give(now, Input::Stopping);
        }
    }

    /// What SIGHUP asked for has been read, or not.
    fn take_over(&mut self, fresh: Read) {
        let Reloaded {
            merchants,
            terminals,
            kept,
            #[cfg(feature = "page")]
                pages: behind,
            #[cfg(all(feature = "page", feature = "network"))]
                desk: shown,
            ..
        } = match fresh {
            Ok(fresh) => fresh,
            Err(failure) => {
                self.opened.funnel.carrier.inputs.tell("not read again; going on as before", None, None, &failure);
                return;
            }
        };
        *self.opened.merchants.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(merchants);
        self.opened.funnel.carrier.replace_terminals(terminals);
        self.tell_certificates(self.opened.clock.now());
        #[cfg(feature = "page")]
        if let (Some(pages), Some(behind)) = (&self.opened.pages, behind) {
            pages.renew(behind);
        }
        #[cfg(all(feature = "page", feature = "network"))]
        if let (Some(desk), Some(shown)) = (&self.opened.desk, shown) {
            let inputs = &self.opened.funnel.carrier.inputs;
            inputs.without("the desk goes on as before", shown).into_iter().for_each(|shown| desk.renew(shown));
        }
        tracing::info!(
            "read again: merchants, keys, certificates, wechatpay, weixin, authinfo, checkin, phrases, whose terminals count"
        );
        if !kept.is_empty() {
            tracing::warn!(
                changed = kept.join(", "),
                "changed in the site file or in a file that it names, and as before until a restart"
            );
        }
    }

    /// A merchant's certificate that is about to end; those towards terminals are told of by whoever shows them.
    fn tell_certificates(&mut self, now: Now) {
        let soon = self.merchants_ending(now);
        let inputs = &self.opened.funnel.carrier.inputs;
        let told = |name, days: i64| (name, Failure::new(Code::K407).told(format!("{days} days are left")));
        let within =
            |limit| soon.iter().filter(move |(_, days)| *days < limit).map(|(name, days)| (name.as_deref(), *days));
        let ending = within(SOON).map(|(name, days)| told(name, days));
        self.ending.tell_changes("a merchant's certificate is about to end", inputs, ending);
        let ended = within(0).map(|(name, days)| told(name, days));
        self.ended.tell_changes("a merchant's certificate has ended", inputs, ended);
    }

    /// Lanes open and close by their hours, and tell what is posted.
    #[cfg(feature = "page")]
    fn post(&mut self, now: Now) {
        for news in self.opened.noticeboard.news(now) {
            self.opened.funnel.give(now, news);
        }
    }

    /// Looks whether the threads live, and gives a sign of life for them.
    fn look_round(&mut self, now: Now) -> Result<(), ServiceError> {
        let carrier = &self.opened.funnel.carrier;
        let hung = carrier.hung(now.moment);
        // Without a watchdog, leaving is the way to be restarted.
        if let Some(hung) = hung.filter(|_| notify::watchdog_interval().is_none()) {
            return Err(ServiceError::Hung(hung));
        }
        let hung = hung.map(|thread| Failure::from(ServiceError::Hung(thread)));
        carrier.inputs.tell_change("the watchdog is called", None, None, &mut self.hung, hung.as_ref());
        #[cfg(feature = "page")]
        self.post(now);
        #[cfg(feature = "page")]
        self.tell_alarms(now);
        if hung.is_some() {
            notify::hung();
        } else {
            notify::alive(&self.line(now));
        }
        let funnel = &mut self.opened.funnel;
        for changed in funnel.carrier.late_devices(now.moment) {
            funnel.give(now, changed);
        }
        let Sites { all, roster } = &self.opened.sites;
        let looked_for = checkins::all(&self.opened.checkin).into_iter().zip(all);
        let looked_for = looked_for.chain(self.opened.deputy.looked_after().map(|list| (list, roster)));
        for (away, site) in looked_for.filter(|(system, _)| system.is_to_be_looked_for()) {
            funnel.carrier.look_for(away, Arc::clone(site));
        }
        Ok(())
    }

    /// Intake first, then the outputs to their safe value, then what was recorded.
    async fn close(self) {
        let Opened { funnel, happened, mut terminals, .. } = self.opened;
        drop(happened);
        funnel.carrier.close();
        terminals.shutdown().await;
    }
}
