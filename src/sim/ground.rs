//! The kiosk and the world around it, in one hand: whatever somebody does to either goes through here.

use std::{
    collections::{BTreeMap, VecDeque},
    io,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use super::{
    act::{Act, Sabotage, Way, Who},
    devices::{Cable, LaneTwins},
    directory::Directory,
    hospital::{Hospital, Lie},
    lobby::{self, Lobby},
    people::Behaviour,
    scenario::Scenario,
    score::{Score, Scoreboard},
    server::Weather,
    story::Story,
    wechat::WeChat,
    weixin::Weixin,
};
use crate::{
    board::InputKind,
    words::{Clock, Moment},
};

/// Whoever keeps the daemon: starts it, and lets it die.
pub(crate) trait Keeper: Send {
    /// It serves.
    fn is_up(&self) -> bool;
    /// How often it was started.
    fn starts(&self) -> usize;
    /// It is killed; nothing of it does anything any more when this returns.
    fn kill(&mut self);
    /// It is started.
    fn start(&mut self) -> io::Result<()>;
    /// It ends in order.
    fn stop(&mut self);
    /// The machine that it runs on.
    fn machine(&self) -> Arc<dyn Machine>;
    /// A bit of the journal's newest record flips, or what was being written is torn.
    fn damage_journal(&mut self, torn: bool) -> io::Result<()>;
}

/// What a daemon runs on. It can be changed while the daemon is being started, which may hang on it.
pub(crate) trait Machine: Send + Sync {
    /// What its disk does.
    fn spoil_disk(&self, full: bool, slow: Duration, hangs: bool);
    /// How far its clock is off.
    fn set_clock(&self, seconds: i64);
}

/// One lane.
pub(crate) struct Place {
    pub(crate) name: String,
    /// What a person reads on it.
    pub(crate) about: &'static str,
    /// Which panel it has, by the board file's name.
    pub(crate) panel: String,
    /// Where the daemon serves its page, where that is its panel.
    pub(crate) page: Option<PathBuf>,
    pub(crate) socket: PathBuf,
    pub(crate) twins: LaneTwins,
}

/// Everything.
pub(crate) struct Ground {
    pub(crate) places: Vec<Place>,
    pub(crate) story: Arc<Story>,
    lobbies: Vec<Lobby>,
    wechat: WeChat,
    hospital: Hospital,
    weixin: Weixin,
    names: Arc<Directory>,
    clock: Arc<dyn Clock>,
    /// The state directory.
    state: PathBuf,
    keeper: Mutex<Box<dyn Keeper>>,
    machine: Arc<dyn Machine>,
    spoilt: Mutex<BTreeMap<(Sabotage, usize), u32>>,
    clock_off: Mutex<i64>,
    scoreboard: Mutex<Scoreboard>,
    /// What was done, and when.
    done: Mutex<VecDeque<(Moment, Act)>>,
    /// A scenario of whoever started the sandbox, and its name.
    pub(crate) own: OnceLock<(String, Scenario)>,
    faces: AtomicU64,
    stopped: AtomicBool,
}

/// What is remembered of what was done.
const DONE: usize = 2000;

/// A finger stays on a button so long.
const PRESSED: Duration = Duration::from_millis(180);

/// Systemd waits so long before it starts a program that died.
const RESTART: Duration = Duration::from_millis(700);

/// The worlds beside the kiosk, and the clock that they go by.
pub(crate) struct Worlds {
    pub(crate) wechat: WeChat,
    pub(crate) hospital: Hospital,
    pub(crate) weixin: Weixin,
    pub(crate) names: Arc<Directory>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Ground {
    /// Around a daemon that its keeper has started.
    pub(crate) fn new(
        worlds: Worlds,
        places: Vec<Place>,
        state: PathBuf,
        keeper: Box<dyn Keeper>,
        story: Arc<Story>,
    ) -> io::Result<Self> {
        let Worlds { wechat, hospital, weixin, names, clock } = worlds;
        let lobby = |(lane, place): (usize, &Place)| {
            Lobby::open(lane, place.socket.clone(), place.twins.clone(), Arc::clone(&clock), Arc::clone(&story))
        };
        let lobbies = places.iter().enumerate().map(lobby).collect::<io::Result<_>>()?;
        Ok(Self {
            lobbies,
            places,
            story,
            wechat,
            hospital,
            weixin,
            names,
            clock,
            state,
            machine: keeper.machine(),
            keeper: Mutex::new(keeper),
            spoilt: Mutex::default(),
            clock_off: Mutex::default(),
            scoreboard: Mutex::default(),
            done: Mutex::default(),
            own: OnceLock::new(),
            faces: AtomicU64::default(),
            stopped: AtomicBool::default(),
        })
    }

    /// Does it, and returns when it is done; says why not.
    pub(crate) fn act(&self, act: &Act) -> Result<(), String> {
        if act.lane().is_some_and(|lane| lane >= self.places.len()) {
            return Err("there is no such lane".to_owned());
        }
        // Of when it was clicked: a daemon is a while in coming back, and others are served meanwhile.
        let clicked = (self.now(), act.clone());
        {
            let mut acts = lock(&self.done);
            acts.push_back(clicked.clone());
            if acts.len() > DONE {
                acts.pop_front();
            }
        }
        let done = self.carry_out(act);
        if done.is_err() {
            lock(&self.done).retain(|one| *one != clicked);
        }
        done
    }

    fn carry_out(&self, act: &Act) -> Result<(), String> {
        let tell = |text: String| self.story.tell(act.lane(), "hand", text);
        let twins = |lane: usize| &self.places[lane].twins;
        match act {
            Act::Send { lane, who } => return self.send(*lane, who),
            Act::Press { lane, input } => {
                tell(format!("presses {}", word(input)));
                twins(*lane).inputs.set(*input, true);
                thread::sleep(PRESSED);
                twins(*lane).inputs.set(*input, false);
            }
            Act::Cancel { lane } => {
                tell("gives up".to_owned());
                self.lobbies[*lane].give_up();
            }
            Act::Hold { lane, input, active } => {
                tell(format!("{} is {}", word(input), if *active { "active" } else { "at rest" }));
                twins(*lane).inputs.set(*input, *active);
            }
            Act::Walk { lane, people, backwards } => {
                tell(format!("{people} go through{}", if *backwards { " the wrong way" } else { "" }));
                (0..*people.min(&4)).for_each(|_| lobby::walk(twins(*lane), *backwards));
            }
            Act::Spoil { what, lane, to } => self.spoil(*what, *lane, *to),
            Act::Clock { seconds } => {
                tell(format!("the clock is set {seconds} s off"));
                *lock(&self.clock_off) = *seconds;
                self.machine.set_clock(*seconds);
            }
            Act::Token => {
                tell("the token is taken back".to_owned());
                self.weixin.invalidate();
            }
            Act::Dip { lane } => {
                tell("the panel's supply dips".to_owned());
                twins(*lane).face().lose_supply();
            }
            Act::Kill => {
                tell("SIGKILL".to_owned());
                return self.restart(|_| Ok(()));
            }
            Act::PowerCut => {
                tell("the power goes, and comes back".to_owned());
                return self.restart(|keeper| {
                    for place in &self.places {
                        place.twins.face().lose_supply();
                        place.twins.printer.lose_supply();
                    }
                    keeper.damage_journal(true)
                });
            }
            Act::DamageJournal => {
                tell("a bit of the journal flips".to_owned());
                return self.restart(|keeper| keeper.damage_journal(false));
            }
            Act::Mend => {
                let spoilt: Vec<_> = lock(&self.spoilt).keys().copied().collect();
                spoilt.into_iter().for_each(|(what, lane)| self.spoil(what, lane, None));
                *lock(&self.clock_off) = 0;
                self.machine.set_clock(0);
                for place in &self.places {
                    place.twins.printer.mend();
                    let active = place.twins.inputs.levels().into_iter().filter(|(_, active)| *active);
                    active.for_each(|(kind, _)| place.twins.inputs.set(kind, false));
                }
                tell("everything is mended".to_owned());
            }
        }
        Ok(())
    }

    fn send(&self, lane: usize, who: &Who) -> Result<(), String> {
        let is_name = (1..=40).contains(&who.name.chars().count()) && !who.name.chars().any(char::is_control);
        if !is_name {
            return Err("a name has 1 to 40 characters".to_owned());
        }
        let face = self.faces.fetch_add(1, Ordering::Relaxed);
        let person = who.person(&format!("sid-visit-{face}"));
        let voucher = format!("V-{}", person.credential_id);
        let key = match who.way {
            Way::Voucher | Way::Ec | Way::Ehealth => &voucher,
            // A gate knows nobody's documents.
            _ if self.places[lane].twins.is_gate() => &person.union_id,
            _ => &person.credential_id,
        };
        self.hospital.have(key, who.booking());
        self.wechat.know(person.clone());
        self.weixin.agree(&person.face_sid, person.clone());
        if !self.lobbies[lane].come(who.clone(), person) {
            return Err("too many wait already".to_owned());
        }
        self.story.tell(Some(lane), "hand", "somebody comes".to_owned());
        Ok(())
    }

    /// Killed, and started again after whatever happens in between.
    fn restart(&self, between: impl FnOnce(&mut dyn Keeper) -> io::Result<()>) -> Result<(), String> {
        let mut keeper = self.keeper();
        keeper.kill();
        self.story.tell(None, "hand", "the daemon is dead".to_owned());
        between(&mut **keeper).map_err(|error| error.to_string())?;
        drop(keeper);
        thread::sleep(RESTART);
        let started = self.keeper().start().map_err(|error| error.to_string());
        self.story.tell(None, "hand", started.clone().map_or_else(|why| why, |()| "the daemon serves".to_owned()));
        started
    }

    /// A daemon that has ended by itself is started again, as systemd does; false where it serves.
    pub(crate) fn revive(&self) -> bool {
        let mut keeper = self.keeper();
        if keeper.is_up() || self.stopped.load(Ordering::Relaxed) {
            return false;
        }
        keeper.kill();
        let started = keeper.start();
        self.story.tell(None, "hand", format!("the daemon had ended by itself; started again: {}", started.is_ok()));
        true
    }

    fn spoil(&self, what: Sabotage, lane: usize, to: Option<u32>) {
        let most = Sabotage::ALL.iter().find(|(known, _)| *known == what).map_or(1, |(_, most)| *most);
        let lane = if what.is_of_lane() { lane } else { 0 };
        let to = to.map(|to| to.min(most));
        let mut spoilt = lock(&self.spoilt);
        match to {
            Some(to) => spoilt.insert((what, lane), to),
            None => spoilt.remove(&(what, lane)),
        };
        let now = spoilt.clone();
        drop(spoilt);
        let said = to.map_or("mended".to_owned(), |to| if most == 1 { "broken".to_owned() } else { to.to_string() });
        self.story.tell(what.is_of_lane().then_some(lane), "hand", format!("{}: {said}", word(&what)));
        self.apply(what, lane, &now);
    }

    /// Brings what this sabotage concerns to what is spoilt now.
    fn apply(&self, what: Sabotage, lane: usize, now: &BTreeMap<(Sabotage, usize), u32>) {
        use Sabotage as S;
        let value = |what| now.get(&(what, lane)).copied();
        let is = |what| value(what).is_some();
        let ms = |what| Duration::from_millis(value(what).unwrap_or(0).into());
        let status = |what| value(what).and_then(|status| u16::try_from(status).ok()).filter(|status| *status >= 200);
        if matches!(what, S::WechatDns | S::SiteDns) {
            let wechats = [self.wechat.url(), self.wechat.backup_url(), self.weixin.url()];
            let gone = wechats.into_iter().filter(|_| is(S::WechatDns));
            self.names.set_gone(gone.chain(is(S::SiteDns).then(|| self.hospital.url())).collect());
        } else if what < S::SiteOffline {
            let offline = is(S::WechatOffline);
            self.wechat.set_domains(!offline && !is(S::WechatMain), !offline);
            let (slow, drip) = (ms(S::WechatSlow), ms(S::WechatDrip));
            let (lost, reset, status) = (is(S::WechatLost), is(S::WechatReset), status(S::WechatStatus));
            let weather = Weather { slow, drip, lost, reset, status };
            self.wechat.set_weather(weather);
            self.weixin.set_online(!offline);
            self.weixin.set_weather(weather);
            let moods = [
                (S::WechatForged, Behaviour::Forged),
                (S::WechatAltered, Behaviour::Altered),
                (S::WechatStale, Behaviour::Stale),
                (S::WechatOtherKey, Behaviour::OtherKey),
                (S::WechatCertificate, Behaviour::Certificate),
                (S::WechatNoPermission, Behaviour::NoPermission),
                (S::WechatNoName, Behaviour::NoRealName),
            ];
            self.wechat.set_mood(moods.into_iter().find(|(mood, _)| is(*mood)).map(|(_, behaviour)| behaviour));
        } else if what < S::Paper {
            self.hospital.set_online(!is(S::SiteOffline));
            self.hospital.set_down(is(S::SiteDown));
            let (lost, reset, status) = (is(S::SiteLost), is(S::SiteReset), status(S::SiteStatus));
            self.hospital.set_weather(Weather { slow: ms(S::SiteSlow), lost, reset, status, ..Weather::default() });
            let lies = [(S::SitePage, Lie::Page), (S::SiteNothing, Lie::Nothing), (S::SiteUnheard, Lie::Unheard)];
            self.hospital.set_lie(lies.into_iter().find(|(lie, _)| is(*lie)).map(|(_, lie)| lie));
        } else if what >= S::DiskFull {
            self.machine.spoil_disk(is(S::DiskFull), ms(S::DiskSlow), is(S::DiskHangs));
        } else {
            let twins = &self.places[lane].twins;
            match what {
                S::Paper => {
                    value(S::Paper).map_or_else(|| twins.printer.refill(), |lines| twins.printer.set_paper(lines))
                }
                S::Cover => twins.printer.set_cover(is(S::Cover)),
                S::Jam => twins.printer.set_jammed(is(S::Jam)),
                S::Heat => twins.printer.set_hot(is(S::Heat)),
                S::PanelGone => twins.face().set_gone(is(S::PanelGone)),
                S::PanelHangs => twins.face().socket().set_hanging(is(S::PanelHangs)),
                S::GateDead => twins.gate.set_dead(is(S::GateDead)),
                S::SensorStuck => twins.inputs.set(InputKind::Passage, is(S::SensorStuck)),
                S::Lingers | S::Tailgates => self.lobbies[lane].set_manners(is(S::Lingers), is(S::Tailgates)),
                S::Fire => self.places[0].twins.inputs.set(InputKind::Fire, is(S::Fire)),
                _ => twins.printer.set_cable(match () {
                    () if is(S::PrinterUnplugged) => Cable::Swapped,
                    () if is(S::PrinterSilent) => Cable::NoReturn,
                    () if is(S::PrinterGarbage) => Cable::HalfSpeed,
                    () => Cable::Whole,
                }),
            }
        }
    }

    /// What is broken now.
    pub(crate) fn spoilt(&self) -> Value {
        let spoilt = lock(&self.spoilt);
        let list: Vec<Value> =
            spoilt.iter().map(|((what, lane), to)| json!({ "what": what, "lane": lane, "to": to })).collect();
        json!({ "list": list, "clock": *lock(&self.clock_off) })
    }

    /// The count now.
    pub(crate) fn score(&self, at_rest: bool) -> Score {
        let lanes: Vec<_> =
            self.places.iter().zip(&self.lobbies).map(|(place, lobby)| (place.twins.clone(), lobby.counts())).collect();
        lock(&self.scoreboard).count(self.now(), at_rest, &self.hospital, &lanes, &self.state)
    }

    /// Nobody stands anywhere.
    pub(crate) fn is_empty(&self) -> bool {
        self.lobbies.iter().all(Lobby::is_empty)
    }

    /// Who stands before a lane.
    pub(crate) fn lobby(&self, lane: usize) -> &Lobby {
        &self.lobbies[lane]
    }

    /// Whether the daemon serves, and how often it was started; none while it is just that.
    pub(crate) fn daemon(&self) -> Value {
        match self.keeper.try_lock() {
            Ok(keeper) => json!({ "up": keeper.is_up(), "starts": keeper.starts() }),
            Err(_) => json!({ "up": false }),
        }
    }

    /// What WeChat was asked, and the site's system, as each of them read it.
    pub(crate) fn asked(&self) -> (String, String) {
        (self.wechat.exchanges(), self.hospital.exchanges())
    }

    /// What was done, with the milliseconds since what was done before it.
    pub(crate) fn done(&self) -> Vec<(Duration, Act)> {
        let acts = lock(&self.done);
        let before = acts.iter().map(|(at, _)| *at);
        let first = acts.front().map(|(at, _)| *at).into_iter();
        acts.iter().zip(first.chain(before)).map(|((at, act), before)| (at.since(before), act.clone())).collect()
    }

    /// Now, as the sandbox has it.
    pub(crate) fn now(&self) -> Moment {
        self.clock.now().moment
    }

    /// The daemon ends in order.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
        self.keeper().stop();
    }

    fn keeper(&self) -> MutexGuard<'_, Box<dyn Keeper>> {
        lock(&self.keeper)
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The word for it in files and on the page.
fn word(of: &impl serde::Serialize) -> String {
    serde_json::to_value(of).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}
