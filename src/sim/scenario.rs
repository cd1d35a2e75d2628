//! Scenarios: what is done, each step when its condition holds, and what must come of it. A file is the same headless, in
//! tests and on the page; see `SIM.md`.

use std::{collections::BTreeMap, path::Path, thread, time::Duration};

use serde::Deserialize;
use serde_json::Value;

use super::{act::Act, ground::Ground, replay, score::Score};
use crate::files::Settings;

/// A scenario.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Scenario {
    /// What it is about.
    pub about: String,
    /// In order.
    #[serde(rename = "step", default)]
    pub steps: Vec<Step>,
    /// At its end, when nobody stands anywhere any more.
    #[serde(default)]
    pub expect: Expected,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Step {
    /// It waits for this; without it, for nothing.
    #[serde(default)]
    pub when: When,
    /// What is done then.
    #[serde(rename = "do")]
    pub act: Option<Act>,
}

/// A condition: all of its members. What is counted is counted from the step before.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct When {
    /// Index of the lane that the others are about.
    pub lane: usize,
    /// So many milliseconds later.
    pub after_ms: u64,
    /// The lane shows this scene, in the terminal protocol's word.
    pub scene: Option<String>,
    /// These words stand on its panel.
    pub panel: Option<String>,
    /// The gate's line rises.
    pub gate_rises: bool,
    /// A slip is cut.
    pub slip_cut: bool,
    /// The terminal is told this result.
    pub outcome: Option<String>,
    /// Nobody stands before the lane any more.
    pub empty: bool,
    /// Give up after this.
    pub within_ms: Option<u64>,
}

/// What must be so at the end; what is left out may be anything. The scoreboard must be clean whatever stands here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct Expected {
    /// Slips by lane.
    pub slips: BTreeMap<String, usize>,
    /// Openings by lane.
    pub openings: BTreeMap<String, usize>,
    /// Words on the panels, by lane.
    pub panel: BTreeMap<String, String>,
}

/// How a scenario ended.
pub(crate) struct Ended {
    /// What was otherwise than it says.
    pub(crate) wrong: Vec<String>,
    /// The count at its end.
    pub(crate) score: Score,
}

/// A condition comes true within this, if nothing else is said.
const WITHIN: Duration = Duration::from_secs(30);

/// At the end people have this long to go, and what they did as long to come to rest.
pub(crate) const GO: Duration = Duration::from_secs(75);

const LOOK: Duration = Duration::from_millis(10);

/// What comes with the program.
pub(crate) const BUILT_IN: [(&str, &str); 13] = [
    ("two-lanes", include_str!("scenarios/two-lanes.toml")),
    ("paper-out", include_str!("scenarios/paper-out.toml")),
    ("answer-lost", include_str!("scenarios/answer-lost.toml")),
    ("killed", include_str!("scenarios/killed.toml")),
    ("main-domain", include_str!("scenarios/main-domain.toml")),
    ("names-gone", include_str!("scenarios/names-gone.toml")),
    ("wechat-lies", include_str!("scenarios/wechat-lies.toml")),
    ("wechat-way", include_str!("scenarios/wechat-way.toml")),
    ("site", include_str!("scenarios/site.toml")),
    ("printer", include_str!("scenarios/printer.toml")),
    ("gate", include_str!("scenarios/gate.toml")),
    ("panel", include_str!("scenarios/panel.toml")),
    ("machine", include_str!("scenarios/machine.toml")),
];

/// The one of these with this name.
pub(crate) fn built_in(name: &str) -> Option<&'static str> {
    BUILT_IN.into_iter().find(|(known, _)| *known == name).map(|(_, text)| text)
}

impl Scenario {
    /// Reads a scenario, or a recording of a pilot; `file` is for messages.
    pub(crate) fn parse(file: &Path, text: &str) -> Result<Self, String> {
        if replay::is_recording(text) {
            return Ok(replay::scenario(text));
        }
        let read = Settings::parse(file, text, &["step"]).and_then(|settings| settings.read(file));
        read.map_err(|error| error.to_string())
    }

    /// Plays it.
    pub(crate) fn play(&self, ground: &Ground) -> Ended {
        let mut wrong = Vec::new();
        let begun = Counts::of(ground);
        for (step, number) in self.steps.iter().zip(1..) {
            if !step.when.wait(ground) {
                wrong.push(format!("step {number}: {:?} did not come", step.when));
                break;
            }
            if let Some(why) = step.act.as_ref().and_then(|act| ground.act(act).err()) {
                wrong.push(format!("step {number}: {why}"));
            }
        }
        let score = rest(ground);
        self.expect.compare(ground, &begun, &mut wrong);
        if !score.is_clean() {
            wrong.push(format!("{score:?}"));
        }
        Ended { wrong, score }
    }
}

/// Waits until nobody stands anywhere, and counts.
pub(crate) fn rest(ground: &Ground) -> Score {
    let until = ground.now().after(GO);
    while !ground.is_empty() && ground.now() < until {
        thread::sleep(LOOK);
    }
    // What is decided is written, and a grant that nobody used is taken back.
    let until = ground.now().after(GO);
    loop {
        let score = ground.score(true);
        if score.is_clean() || ground.now() >= until {
            return score;
        }
        thread::sleep(20 * LOOK);
    }
}

/// What has happened of what is counted, by lane.
struct Counts(Vec<(usize, usize)>);

impl Counts {
    fn of(ground: &Ground) -> Self {
        Self(ground.places.iter().map(|place| (place.twins.printer.count(), place.twins.gate.openings())).collect())
    }
}

impl When {
    /// False where it did not come true in time.
    fn wait(&self, ground: &Ground) -> bool {
        thread::sleep(Duration::from_millis(self.after_ms));
        let Some(place) = ground.places.get(self.lane) else { return false };
        let before = Counts::of(ground).0[self.lane];
        let until = ground.now().after(self.within_ms.map_or(WITHIN, Duration::from_millis));
        loop {
            let now = (place.twins.printer.count(), place.twins.gate.openings());
            let outcome = || ground.lobby(self.lane).outcome();
            let holds = self.scene.as_ref().is_none_or(|scene| ground.story.scene(self.lane) == *scene)
                && self
                    .panel
                    .as_ref()
                    .is_none_or(|words| place.twins.face().text().is_some_and(|text| text.concat().contains(words)))
                && (!self.gate_rises || now.1 > before.1)
                && (!self.slip_cut || now.0 > before.0)
                && self.outcome.as_ref().is_none_or(|result| outcome().is_some_and(|told| told["result"] == **result))
                && (!self.empty || ground.lobby(self.lane).is_empty());
            if holds {
                return true;
            }
            if ground.now() >= until {
                return false;
            }
            thread::sleep(LOOK);
        }
    }
}

impl Expected {
    fn compare(&self, ground: &Ground, begun: &Counts, wrong: &mut Vec<String>) {
        let named = |name: &str| ground.places.iter().position(|place| place.name == name);
        let now = Counts::of(ground);
        let mut differs = |what: &str, name: &str, wanted: usize, got: Option<usize>| {
            if got != Some(wanted) {
                wrong.push(format!("{name}: {wanted} {what} expected, {got:?} seen"));
            }
        };
        for (name, wanted) in &self.slips {
            differs("slips", name, *wanted, named(name).map(|lane| now.0[lane].0 - begun.0[lane].0));
        }
        for (name, wanted) in &self.openings {
            differs("openings", name, *wanted, named(name).map(|lane| now.0[lane].1 - begun.0[lane].1));
        }
        for (name, words) in &self.panel {
            let shown = named(name).map(|lane| ground.places[lane].twins.face().text().unwrap_or_default().join(" "));
            if !shown.as_ref().is_some_and(|shown| shown.contains(words)) {
                wrong.push(format!("{name}: the panel says {shown:?}, not {words}"));
            }
        }
    }
}

/// What was done, as a scenario that does it again.
pub(crate) fn write(done: &[(Duration, Act)]) -> String {
    let mut text = "about = \"what was clicked\"\n".to_owned();
    for (after, act) in done {
        let act = serde_json::to_value(act).unwrap_or_default();
        text.push_str(&format!("\n[[step]]\nwhen.after-ms = {}\ndo = {}\n", after.as_millis(), inline(&act)));
    }
    text
}

/// A JSON value as TOML writes it on one line; what is null is left out.
fn inline(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members = members.iter().filter(|(_, value)| !value.is_null());
            let members: Vec<String> = members.map(|(key, value)| format!("{key} = {}", inline(value))).collect();
            format!("{{ {} }}", members.join(", "))
        }
        // A JSON text is a TOML text but for a solidus that is written with a backslash, which ours is not.
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::act::{Sabotage, Who};

    #[test]
    fn what_was_clicked_is_a_scenario_that_does_it_again() {
        let who = Who { name: "王\"小\\明".to_owned(), gbk: true, ..Who::default() };
        let done = [
            (Duration::ZERO, Act::Send { lane: 1, who }),
            (Duration::from_millis(250), Act::Spoil { what: Sabotage::Paper, lane: 0, to: Some(3) }),
            (Duration::from_secs(2), Act::Kill),
        ];
        let read = Scenario::parse(Path::new("clicked"), &write(&done)).expect("a scenario");
        let again: Vec<_> =
            read.steps.into_iter().map(|step| (Duration::from_millis(step.when.after_ms), step.act.unwrap())).collect();
        assert_eq!(again, done);
    }

    #[test]
    fn everything_that_can_be_broken_is_broken_in_a_scenario_that_comes_with_the_program() {
        let read = |(name, text)| Scenario::parse(Path::new(name), text).unwrap_or_else(|error| panic!("{error}"));
        let scenarios = BUILT_IN.map(read);
        let acts: Vec<Act> =
            scenarios.into_iter().flat_map(|scenario| scenario.steps).filter_map(|step| step.act).collect();
        for (sabotage, _) in Sabotage::ALL {
            let is_it = |act: &Act, broken: bool| matches!(act, Act::Spoil { what, to, .. } if *what == sabotage && to.is_some() == broken);
            for broken in [true, false] {
                assert!(acts.iter().any(|act| is_it(act, broken)), "{sabotage:?} broken: {broken}");
            }
        }
        for once in [Act::Token, Act::Dip { lane: 0 }, Act::Kill, Act::PowerCut, Act::DamageJournal] {
            assert!(acts.contains(&once), "{once:?}");
        }
    }
}
