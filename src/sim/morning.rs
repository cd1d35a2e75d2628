//! Plays the morning: what a terminal sends, what a person does, what breaks; and looks at what came of it.

use std::{io, path::PathBuf, sync::Arc, thread, time::Duration};

use serde_json::{Value, json};

use super::{
    devices::LaneTwins,
    hospital::Hospital,
    interfaces::Interface,
    people::Person,
    site_file::LANES,
    terminal::Terminal,
    visits::{GATE, Twist, Visit, Way},
    wechat::WeChat,
    weixin::Weixin,
};
use crate::words::{Clock, Moment};

/// Everything around the kiosk.
pub(crate) struct Stage {
    /// The sandbox WeChat.
    pub wechat: WeChat,
    /// The site's system.
    pub hospital: Hospital,
    /// Those that are asked in their own interface, in the order of their lanes.
    pub interfaces: Vec<Interface>,
    /// The mini-program's calls.
    pub weixin: Weixin,
    /// The lanes' twins.
    pub twins: Vec<LaneTwins>,
    /// The lanes' sockets.
    pub sockets: Vec<PathBuf>,
    /// For the milliseconds.
    pub clock: Arc<dyn Clock>,
}

/// What came of a visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What the terminal was told, what the panel shows, what was printed or opened.
    pub what: String,
    /// The four lines of the panel.
    pub panel: [String; 4],
    /// From the face to the outcome.
    pub took: Duration,
}

/// The longest wait for an outcome.
const OUTCOME: Duration = Duration::from_secs(15);

/// Panel, printer and gate may take this long after the outcome.
const SETTLE: Duration = Duration::from_secs(3);

/// A kiosk sees within this that paper was put in.
const PAPER_SEEN: Duration = Duration::from_millis(2500);

/// How often the twins are looked at.
const LOOK: Duration = Duration::from_millis(5);

impl Stage {
    /// Makes everybody known to WeChat and to the site's system.
    pub(crate) fn invite(&self, visits: &[Visit]) {
        for visit in visits {
            self.wechat.know(visit.person.clone());
            let person = &visit.person;
            let key = match &visit.way {
                Way::Voucher(_, voucher) => voucher,
                Way::For(patient) => patient.credential_id.as_str(),
                // A gate knows nobody's documents.
                _ if visit.lane == GATE => person.union_id.as_str(),
                _ => person.credential_id.as_str(),
            };
            let own = visit.lane.checked_sub(LANES.len()).and_then(|place| self.interfaces.get(place));
            match (own, &visit.booking) {
                (Some(own), _) => own.expects(key, &person.name, &visit.registered),
                (None, Some(booking)) => self.hospital.book(key, booking.clone()),
                (None, None) => {}
            }
            match visit.way {
                Way::RealnameAuth => self.weixin.agree(&person.face_sid, person.clone()),
                Way::Card | Way::OthersCard(_) => self.weixin.user(&person.face_sid, &person.face_sid, person.clone()),
                _ => {}
            }
        }
    }

    /// One visit, until the world is as expected or has had time to be.
    pub(crate) fn receive(&self, visit: &Visit) -> io::Result<Seen> {
        let twins = &self.twins[visit.lane];
        let before = Effects::of(twins);
        self.upset(visit, true);
        let told = self.stand_before(visit);
        self.upset(visit, false);
        let (outcome, took) = told?;
        let until = self.now().after(SETTLE);
        loop {
            let seen = seen(twins, &before, &outcome, took);
            if seen.what == visit.expected || until <= self.now() {
                if visit.twist == Twist::NoPaper {
                    twins.printer.refill();
                    // The lane waits for paper, and goes on by itself.
                    thread::sleep(PAPER_SEEN);
                }
                // Whoever looks at the panel sees it drawn to its end.
                thread::sleep(4 * LOOK);
                return Ok(Seen { panel: twins.panel.shown(), ..seen });
            }
            thread::sleep(LOOK);
        }
    }

    /// What the terminal sends and the person does; returns the outcome.
    fn stand_before(&self, visit: &Visit) -> io::Result<(Value, Duration)> {
        let mut terminal = Terminal::connect(&self.sockets[visit.lane], OUTCOME)?;
        terminal.send("person", &json!({}))?;
        terminal.receive_type("ack")?;
        let began = self.now();
        self.present(visit, &mut terminal)?;
        let acknowledged = terminal.receive_type("ack")?;
        match visit.twist {
            Twist::Consent(granted) => {
                let fields = json!({ "face_sid": visit.person.face_sid, "granted": granted });
                terminal.send("consent", &fields)?;
            }
            Twist::Pick(option) => {
                self.wait_for("请选择", visit.lane);
                let fields = json!({ "session": acknowledged["session"], "option": option });
                terminal.send("choice", &fields)?;
            }
            _ => {}
        }
        // What the kiosk asks about a card in its reader.
        let asked = match visit.way {
            Way::For(_) => Some(("为", 1)),
            Way::After(_) => Some(("为", 2)),
            Way::CardAlone => Some(("已读取证件", 1)),
            _ => None,
        };
        if let Some((question, option)) = asked {
            self.wait_for(question, visit.lane);
            terminal.send("choice", &json!({ "session": acknowledged["session"], "option": option }))?;
        }
        let outcome = terminal.receive_type("outcome")?;
        Ok((outcome, self.now().since(began)))
    }

    /// The frames of whoever stands there.
    fn present(&self, visit: &Visit, terminal: &mut Terminal) -> io::Result<u64> {
        let lay = |terminal: &mut Terminal, of: &Person| {
            terminal.send("id-card", &json!({ "name": of.name, "number": of.credential_id }))
        };
        let card = |terminal: &mut Terminal, of: &Person| {
            lay(terminal, of)?;
            terminal.receive_type("ack").map(drop)
        };
        let sid = &visit.person.face_sid;
        let claim = json!({ "openid": sid, "code": sid });
        match &visit.way {
            Way::Face => {}
            Way::For(other) | Way::After(other) => card(terminal, other)?,
            Way::CardAlone => return lay(terminal, &visit.person),
            Way::RealnameAuth => return terminal.send("realname-auth", &json!({ "auth_token": sid })),
            Way::Voucher(kind, code) => return terminal.send("voucher", &json!({ "code": code, "kind": kind })),
            Way::Card => {
                card(terminal, &visit.person)?;
                return terminal.send("realname-check", &claim);
            }
            Way::OthersCard(other) => {
                card(terminal, other)?;
                return terminal.send("realname-check", &claim);
            }
        }
        let consent = !matches!(visit.twist, Twist::Consent(_));
        terminal.face(sid, consent)
    }

    /// Breaks, or mends, what this visit needs broken.
    fn upset(&self, visit: &Visit, broken: bool) {
        match visit.twist {
            Twist::Offline => self.wechat.set_online(!broken),
            Twist::SiteDown => self.hospital.set_down(broken),
            Twist::NoPaper if broken => self.twins[visit.lane].printer.set_paper(0),
            _ => {}
        }
    }

    fn wait_for(&self, headline: &str, lane: usize) {
        let until = self.now().after(OUTCOME);
        while !self.twins[lane].panel.shown().iter().any(|line| line.contains(headline)) && self.now() < until {
            thread::sleep(LOOK);
        }
    }

    fn now(&self) -> Moment {
        self.clock.now().moment
    }

    /// What the devices did not understand of what the drivers sent.
    pub(crate) fn complaints(&self) -> Vec<String> {
        self.twins.iter().flat_map(|twins| [twins.panel.complaints(), twins.printer.complaints()].concat()).collect()
    }
}

/// How much had happened before.
struct Effects {
    slips: usize,
    pulses: usize,
}

impl Effects {
    fn of(twins: &LaneTwins) -> Self {
        Self { slips: twins.printer.slips().len(), pulses: twins.gate.pulses().len() }
    }
}

/// `checked_in A001 | 签到成功 张*丰 | slip 张三丰`
fn seen(twins: &LaneTwins, before: &Effects, outcome: &Value, took: Duration) -> Seen {
    let text = |name: &str| outcome[name].as_str().unwrap_or("").to_owned();
    let (number, place) = (text("number"), text("place"));
    let told = format!("{} {}", text("result"), if number.is_empty() { text("code") } else { number.clone() });
    let panel = twins.panel.shown();
    // Number and place are told, and so is the code of an end without a number.
    let told_code = text("code");
    let shown: Vec<&str> = panel
        .iter()
        .flat_map(|line| line.split_whitespace())
        .filter(|word| *word != number && *word != told_code && !place.split_whitespace().any(|part| part == *word))
        .collect();
    let slips = twins.printer.slips();
    let pulses = twins.gate.pulses();
    let effect = if let Some(slip) = slips.get(before.slips) {
        format!("slip {}", name_on(&slip.text))
    } else if let Some(pulse) = pulses.get(before.pulses) {
        // A pulse is bounded, not exact.
        format!("gate {} ms", (pulse.as_millis() + 50) / 100 * 100)
    } else {
        "-".to_owned()
    };
    Seen { what: format!("{} | {} | {effect}", told.trim_end(), shown.join(" ")), panel, took }
}

/// The name on a slip: its field, and the indented lines below it.
fn name_on(slip: &str) -> String {
    let mut lines = slip.lines().skip_while(|line| !line.starts_with("姓名："));
    let first = lines.next().map(|line| line.trim_start_matches("姓名：").trim()).unwrap_or("");
    let rest = lines.take_while(|line| line.starts_with("   ")).map(str::trim);
    std::iter::once(first).chain(rest).collect()
}
