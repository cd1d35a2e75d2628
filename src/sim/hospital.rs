//! The site's own system: a hospital's registration and a station's list, over HTTPS with an HMAC.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use hmac::{Hmac, Mac as _};
use serde_json::{Map, Value, json};
use sha2::Sha256;

use super::server::{Answer, Authority, Reply, Request, Server, Weather};

/// A running site system.
pub struct Hospital {
    server: Server,
    state: Arc<State>,
}

/// What is booked for somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Booking {
    /// One appointment there.
    At(String),
    /// Several, to choose from.
    Several(Vec<String>),
    /// One appointment there, and the call was missed.
    Missed(String),
    /// Not yet.
    Early(String),
    /// Not any more.
    Late(String),
    /// Not at all, for this reason.
    Refused(String),
}

/// What it says that is not so, or says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lie {
    /// A web page of somebody else's, with status 200.
    Page,
    /// JSON without a decision.
    Nothing,
    /// A decision that the interface does not know.
    Unheard,
}

struct State {
    key: Vec<u8>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    bookings: HashMap<String, Booking>,
    /// Everybody is booked, for measurements.
    open_house: bool,
    down: bool,
    lie: Option<Lie>,
    /// What it tells of every visit.
    told: Map<String, Value>,
    last: u32,
    /// Numbers given, by person.
    numbers: HashMap<String, String>,
    /// Answers given, by session.
    sessions: HashMap<String, Value>,
    requests: usize,
    /// What was asked last.
    latest: Value,
    /// Sessions taken back.
    annulled: Vec<String>,
    /// Who went through, as it was told: each report once, in the order of their first coming, and how often they came.
    passages: Vec<(Value, usize)>,
    /// Statuses with which it will answer to the next ones.
    passage_statuses: Vec<u16>,
    /// Who was let in, ever: session and number.
    admitted: Vec<(String, Option<String>)>,
}

impl Hospital {
    /// Starts the site's system; `key` is the HMAC key that kiosks use.
    pub fn start(authority: &Authority, key: &[u8]) -> io::Result<Self> {
        let state = Arc::new(State { key: key.to_vec(), inner: Mutex::default() });
        let answering = Arc::clone(&state);
        let server = Server::start(authority, Arc::new(move |request| answering.answer(request)))?;
        Ok(Self { server, state })
    }

    /// `https://localhost:PORT/kiosk`
    pub fn url(&self) -> String {
        format!("{}/kiosk", self.server.url())
    }

    /// What it was asked, and what it answered.
    pub(crate) fn exchanges(&self) -> String {
        self.server.exchanges()
    }

    /// Books something for whoever has this document number, union_id or voucher.
    pub fn book(&self, person: &str, booking: Booking) {
        self.state.inner().bookings.insert(person.to_owned(), booking);
    }

    /// The same, or nothing.
    pub(crate) fn have(&self, person: &str, booking: Option<Booking>) {
        let mut inner = self.state.inner();
        match booking {
            Some(booking) => inner.bookings.insert(person.to_owned(), booking),
            None => inner.bookings.remove(person),
        };
    }

    /// What it tells of every visit from now on, beside number and place.
    pub fn tell(&self, members: Map<String, Value>) {
        self.state.inner().told = members;
    }

    /// Lets everybody in.
    pub fn open_house(&self) {
        self.state.inner().open_house = true;
    }

    /// The system says that it is out of order, or works again.
    pub fn set_down(&self, down: bool) {
        self.state.inner().down = down;
    }

    /// Changes what it says in place of its decisions, which it takes and keeps.
    pub(crate) fn set_lie(&self, lie: Option<Lie>) {
        self.state.inner().lie = lie;
    }

    /// Changes the way to it.
    pub(crate) fn set_weather(&self, weather: Weather) {
        self.server.set_weather(weather);
    }

    /// Takes it off the network, or puts it back.
    pub fn set_online(&self, online: bool) {
        self.server.set_online(online);
    }

    /// The sessions that were taken back.
    pub fn annulled(&self) -> Vec<String> {
        self.state.inner().annulled.clone()
    }

    /// Who went through, as it was told: each report once, in the order in which they came first, and how often it came.
    pub fn passages(&self) -> Vec<(Value, usize)> {
        self.state.inner().passages.clone()
    }

    /// Answers to the next reports of who went through with these statuses, the last one first, although it takes them.
    pub fn stumble_at_passages(&self, statuses: Vec<u16>) {
        self.state.inner().passage_statuses = statuses;
    }

    /// Every session that was let in, with the number it got.
    pub fn admitted(&self) -> Vec<(String, Option<String>)> {
        self.state.inner().admitted.clone()
    }

    /// What a kiosk asked last to check somebody in.
    pub fn latest(&self) -> Value {
        self.state.inner().latest.clone()
    }

    /// Requests that passed the HMAC check.
    pub fn requests(&self) -> usize {
        self.state.inner().requests
    }
}

impl State {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, request: &Request) -> Reply {
        let reply = self.truth(request);
        match self.inner().lie {
            None => reply,
            Some(Lie::Page) => {
                Reply::Answer(Answer { body: b"<html>please log in</html>".to_vec(), ..Answer::json(200, &json!({})) })
            }
            Some(Lie::Nothing) => Reply::Answer(Answer::json(200, &json!({}))),
            Some(Lie::Unheard) => Reply::Answer(Answer::json(200, &json!({ "answer": "perhaps" }))),
        }
    }

    fn truth(&self, request: &Request) -> Reply {
        let answer = |status, body: Value| Reply::Answer(Answer::json(status, &body));
        if !self.is_authentic(request) {
            return answer(401, json!({ "error": "wrong signature" }));
        }
        let mut inner = self.inner();
        inner.requests += 1;
        if inner.down {
            return answer(503, json!({ "answer": "unavailable" }));
        }
        match (request.method.as_str(), request.path()) {
            ("POST", "/kiosk/check-ins") => match serde_json::from_slice::<Value>(&request.body) {
                Ok(question) => answer(200, inner.check_in(&question)),
                Err(_) => answer(400, json!({ "error": "not JSON" })),
            },
            ("POST", path) if path.ends_with("/passage") => match serde_json::from_slice::<Value>(&request.body) {
                Ok(report) => answer(inner.passage(report), json!({})),
                Err(_) => answer(400, json!({ "error": "not JSON" })),
            },
            ("DELETE", path) => {
                let session = path.strip_prefix("/kiosk/check-ins/").unwrap_or("");
                inner.sessions.remove(session);
                inner.annulled.push(session.to_owned());
                answer(200, json!({}))
            }
            ("GET", path) => {
                let known = path.strip_prefix("/kiosk/check-ins/").and_then(|session| inner.sessions.get(session));
                match known {
                    Some(body) => answer(200, body.clone()),
                    None => answer(404, json!({ "error": "no such session" })),
                }
            }
            _ => answer(404, json!({ "error": "no such address" })),
        }
    }

    fn is_authentic(&self, request: &Request) -> bool {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) else { return false };
        let timestamp = request.header("x-facemchd-timestamp");
        mac.update(format!("{}\n{}\n{timestamp}\n", request.method, request.target).as_bytes());
        mac.update(&request.body);
        let wanted = mac.finalize().into_bytes();
        let claimed = request.header("x-facemchd-signature").strip_prefix("sha256=").unwrap_or("");
        claimed == wanted.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    }
}

impl Inner {
    fn passage(&mut self, report: Value) -> u16 {
        match self.passages.iter_mut().find(|(known, _)| *known == report) {
            Some((_, times)) => *times += 1,
            None => self.passages.push((report, 1)),
        }
        self.passage_statuses.pop().unwrap_or(204)
    }

    fn check_in(&mut self, question: &Value) -> Value {
        self.latest = question.clone();
        let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
        let session = text(&question["session"]);
        let choice = question.get("choice").map(text);
        if let Some(earlier) = self.sessions.get(&session)
            && (choice.is_none() || earlier["answer"] != "choose")
        {
            return earlier.clone();
        }
        let person = &question["person"];
        // Whom the visit is for first.
        let known = [
            &question["patient"]["credential_id"],
            &person["credential_id"],
            &person["union_id"],
            &person["voucher"],
            &person["card"]["credential_id"],
        ];
        let key = known.into_iter().map(text).find(|key| !key.is_empty());
        let answer = self.decide(&key.unwrap_or_default(), &text(&question["mode"]), choice);
        if answer["answer"] == "admitted" || answer["answer"] == "re_queued" {
            self.admitted.push((session.clone(), answer["number"].as_str().map(str::to_owned)));
        }
        self.sessions.insert(session, answer.clone());
        answer
    }

    fn decide(&mut self, person: &str, mode: &str, choice: Option<String>) -> Value {
        if let Some(Booking::Missed(place)) = self.bookings.get(person).cloned() {
            self.bookings.insert(person.to_owned(), Booking::At(place.clone()));
            return self.entry("re_queued", person, mode, &place);
        }
        if let Some(number) = self.numbers.get(person) {
            return self.telling(json!({ "answer": "already", "number": number, "place": "3楼 内科一诊室" }));
        }
        let place = match (self.bookings.get(person), choice) {
            (None, _) if self.open_house => "3楼 内科一诊室".to_owned(),
            (None, _) => return json!({ "answer": "not_found" }),
            (Some(Booking::At(place) | Booking::Missed(place)), _) => place.clone(),
            (Some(Booking::Several(_)), Some(choice)) => choice,
            (Some(Booking::Several(places)), None) => {
                let options: Vec<Value> = places.iter().map(|place| json!({ "id": place, "label": place })).collect();
                return json!({ "answer": "choose", "options": options });
            }
            (Some(Booking::Early(from)), _) => return json!({ "answer": "too_early", "from": from }),
            (Some(Booking::Late(until)), _) => return json!({ "answer": "too_late", "until": until }),
            (Some(Booking::Refused(reason)), _) => return json!({ "answer": "refused", "reason": reason }),
        };
        self.entry("admitted", person, mode, &place)
    }

    /// In, with a number of their own where there are numbers.
    fn entry(&mut self, word: &str, person: &str, mode: &str, place: &str) -> Value {
        if mode == "transit" {
            return self.telling(json!({ "answer": word, "place": place }));
        }
        self.last += 1;
        let number = format!("A{:03}", self.last);
        if !self.open_house {
            self.numbers.insert(person.to_owned(), number.clone());
        }
        self.telling(json!({
            "answer": word, "number": number, "place": place,
            "notes": ["请在候诊区等候叫号"], "qr": format!("https://his.example/q/{number}"),
        }))
    }

    /// With what is told of every visit.
    fn telling(&self, mut answer: Value) -> Value {
        answer.as_object_mut().into_iter().for_each(|answer| answer.extend(self.told.clone()));
        answer
    }
}
