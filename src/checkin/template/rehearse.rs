//! A conversation with a hospital as an integrator wants to see it: every request and answer, masked, and what each rule
//! made of it. Nobody is checked in unless that is asked for.

use zeroize::Zeroizing;

use super::{
    adapter::ByTemplate,
    call::Call,
    node::{self, Node},
    rule::Means,
    sign::Signing,
    text::{Filled, Values, Wanted},
    values::Named,
    visits::{Found, Listed, Picked, pick},
};
use crate::{
    checkin::{Request, Undecided, charset::Charset},
    words::{CheckInAnswer, Deadline},
};

/// Hears every line of a conversation.
pub type Watch = Box<dyn Fn(&str) + Send + Sync>;

/// Values as others may see them.
struct Masked<'a>(&'a dyn Values);

impl Values for Masked<'_> {
    fn value(&self, wanted: &Wanted) -> Option<Filled<'_>> {
        let value = self.0.value(wanted)?;
        let room = wanted.name.split('.').next().unwrap_or_default();
        let private = ["person", "companion", "record", "visit", "kept", "secret", "wsse"].contains(&room);
        let says_kind = wanted.name.ends_with("-kind") || wanted.name == "visit.id";
        Some(if private && !says_kind { Filled::Made(Zeroizing::new(masked(&value))) } else { value })
    }
}

/// As much of a hospital's text as a line has room for, and nothing that a terminal would obey.
fn told_plainly(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}

/// The first character, and how long it is.
fn masked(text: &str) -> String {
    let mut characters = text.chars().filter(|c| !c.is_control()).take(LONGEST);
    characters.next().map_or(String::new(), |first| format!("{first}{}", "*".repeat(characters.count())))
}

/// A call as it is sent, less what identifies anybody.
pub(super) fn sent(call: &Call, values: &dyn Values) -> String {
    let nobody = Signing { signer: None, rsa: None };
    let Some(prepared) = call.prepare(&Masked(values), Charset::Utf8, &nobody) else { return call.name.to_owned() };
    let body = prepared.body.as_ref().map(|body| String::from_utf8_lossy(body).into_owned()).unwrap_or_default();
    let headers: String = prepared.headers.iter().map(|(name, value)| format!("\n  {name}: {}", **value)).collect();
    format!("→ {} {:?} {}{headers}\n  {body}", call.name, prepared.method, *prepared.path)
}

/// An answer as a tree, its texts masked but for the words that rules compare: whole where the hospital has nothing but its
/// own words there, and of sentences, which may be about anybody, what a rule looks for in them.
pub(super) fn heard(call: &Call, status: u16, text: &str, values: &dyn Values) -> String {
    let mut told = format!("← {} {status}, {} bytes", call.name, text.len());
    match node::read(text, call.writing) {
        None => told.push_str(", not written as the template says"),
        Some(top) => {
            let root = call.root.first(top.clone());
            if root.is_none() {
                told.push_str(", nothing stands at root");
            }
            // Names that HL7 gives to everything, people's too.
            let is_a_name = |name: &str| !["@value", "@extension", "@displayName"].contains(&name);
            let mut shown = Shown::default();
            for (name, rule) in call.compared().filter(|(name, _)| is_a_name(name)) {
                shown.words.push(name);
                for held in &rule.holds {
                    shown.held.push((name, held.put(values).to_string()));
                }
            }
            shown.lines(root.as_ref().unwrap_or(&top), 1, &mut told);
        }
    }
    told
}

/// The most lines of one answer, and characters of one text in it.
const LINES: usize = 400;
const LONGEST: usize = 120;

/// What of an answer anybody may see, by its names.
#[derive(Default)]
struct Shown<'a> {
    words: Vec<&'a str>,
    /// What is looked for in sentences.
    held: Vec<(&'a str, String)>,
}

impl Shown<'_> {
    fn lines(&self, node: &Node, depth: usize, told: &mut String) {
        if told.matches('\n').count() >= LINES {
            return;
        }
        let (name, text) = (&*node.name, node.text.trim());
        if !name.is_empty() {
            let is_sentence = self.held.iter().any(|(known, _)| *known == name);
            let seen = match self.words.contains(&name) && !is_sentence {
                true => told_plainly(text),
                false => masked(text),
            };
            told.push_str(&format!("\n{}{name} {seen}", "  ".repeat(depth)));
            for (known, held) in &self.held {
                if *known == name && !held.is_empty() && text.contains(held.as_str()) {
                    told.push_str(&format!(" ({held})"));
                }
            }
        }
        node.children.iter().for_each(|child| self.lines(child, depth.saturating_add(1), told));
    }
}

impl ByTemplate {
    /// The same adapter, every call of it told to `watch`.
    pub(crate) fn watched(mut self, watch: Watch) -> Self {
        self.upstream.watch = Some(watch);
        self
    }

    /// Signs in, identifies, lists and picks; confirms only with `arrive`. What each rule made of the answers is told.
    pub(crate) fn rehearse(
        &self,
        request: &Request,
        arrive: bool,
        deadline: Deadline,
    ) -> Result<CheckInAnswer, Undecided> {
        let tell = |line: String| self.upstream.watch.iter().for_each(|watch| watch(&line));
        let record = match self.upstream.identify(request, deadline).map_err(Undecided::surely)? {
            Found::Record(record) => record,
            Found::End(answer) => return Ok(answer),
        };
        tell(format!("= identify: {}", read(&record)));
        let visits = match self.upstream.visits(request, &record, deadline).map_err(Undecided::surely)? {
            Ok(visits) => visits,
            Err(answer) => return Ok(answer),
        };
        for visit in &visits {
            let id = told_plainly(&visit.id);
            tell(format!("= list: {id} {:?}{} {}", visit.state, by(visit), read(&visit.members)));
        }
        match pick(&visits, request.choice.as_ref(), &self.upstream) {
            Picked::End(answer) => Ok(answer),
            Picked::This(visit) => {
                tell(format!("= pick: {}", told_plainly(&visit.id)));
                match arrive {
                    true => self.arrive(request, record, visit, deadline),
                    false => Ok(CheckInAnswer::entry(
                        visit.state == Means::Missed,
                        self.upstream.admission(visit, &Named::new()),
                    )),
                }
            }
        }
    }
}

fn by(visit: &Listed) -> &'static str {
    match visit.by_us {
        Some(true) => " by us",
        Some(false) => " not by us",
        None => "",
    }
}

/// Which members were read.
fn read(members: &Named) -> String {
    let names: Vec<&str> = members.keys().map(String::as_str).collect();
    if names.is_empty() { "nothing read".to_owned() } else { format!("read {}", names.join(" ")) }
}
