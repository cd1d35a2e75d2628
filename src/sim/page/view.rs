//! What there is to be seen, looked at while somebody looks.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::House;
use crate::{
    sim::{
        act::Sabotage,
        devices::View,
        ground::{Ground, Place},
        scenario::BUILT_IN,
    },
    words::Moment,
};

/// Parts of the page by name, each as JSON.
pub(super) type Shot = BTreeMap<String, Arc<str>>;

/// How often: what a twin shows stands on the page within twice this.
const LOOK: Duration = Duration::from_millis(20);

/// The scoreboard reads files.
const COUNT: Duration = Duration::from_millis(500);

/// Looks as long as somebody receives what is seen.
pub(super) async fn paint(house: Arc<House>) {
    // What was last seen of each lane's panel, and when was counted.
    let (mut panels, mut counted): (Vec<Glance>, Option<Moment>) = (Vec::new(), None);
    loop {
        if house.shots.receiver_count() == 0 || house.ground.get().is_none() {
            house.wake.notified().await;
        }
        let Some((ground, _)) = house.ground.get() else { continue };
        let mut shot = Shot::clone(&house.shots.borrow());
        if shot.is_empty() {
            put(&mut shot, "house", &about(ground));
        }
        panels.resize_with(ground.places.len(), Glance::default);
        for (lane, panel) in panels.iter_mut().enumerate() {
            panel.look(ground, lane, &mut shot);
            look(ground, lane, &mut shot);
        }
        put(&mut shot, "spoilt", &ground.spoilt());
        put(&mut shot, "daemon", &ground.daemon());
        // The story is sent beside a shot: a new line makes it another one.
        put(&mut shot, "n", &json!(ground.story.next()));
        let now = ground.now();
        if counted.is_none_or(|last| now.since(last) >= COUNT) {
            counted = Some(now);
            put(&mut shot, "score", &json!(ground.score(false)));
        }
        house.shots.send_if_modified(|last| {
            let changed = **last != shot;
            if changed {
                *last = Arc::new(shot);
            }
            changed
        });
        sleep(LOOK).await;
    }
}

/// What was last seen of a lane's panel.
#[derive(Default)]
struct Glance {
    changes: Option<u64>,
    /// Something arrived: it may be seen a moment later, and is looked at once more.
    moved: bool,
    view: Option<View>,
}

impl Glance {
    /// Parts of a panel are parts of the page: each is sent when it shows something else.
    fn look(&mut self, ground: &Ground, lane: usize, shot: &mut Shot) {
        let Place { twins, page: None, .. } = &ground.places[lane] else { return };
        let face = twins.face();
        let changes = face.changes();
        let moves = self.changes.replace(changes) != Some(changes);
        if !std::mem::replace(&mut self.moved, moves) && !moves {
            return;
        }
        let view = face.view();
        let (across, down) = view.size();
        for ((x, y), png) in view.changes(self.view.as_ref()) {
            put(shot, &format!("part-{lane}-{x}-{y}"), &json!(BASE64_STANDARD.encode(png)));
        }
        put(shot, &format!("panel-{lane}"), &json!({ "across": across, "down": down, "text": face.text() }));
        self.view = Some(view);
    }
}

fn look(ground: &Ground, lane: usize, shot: &mut Shot) {
    let twins = &ground.places[lane].twins;
    let (paper, cover) = twins.printer.supplies();
    let inputs: Vec<Value> = twins.inputs.levels().iter().map(|(kind, active)| json!([kind, active])).collect();
    let lane_now = json!({
        "scene": ground.story.scene(lane),
        "gate": twins.gate.is_active(),
        "openings": twins.gate.openings(),
        "lamps": twins.lamps.each_ref().map(|lamp| lamp.is_active()),
        "slips": twins.printer.count(),
        "paper": paper,
        "cover": cover,
        "inputs": inputs,
        "lobby": ground.lobby(lane).view(),
        "wire": { "panel": twins.face().socket().carried(), "printer": twins.printer.heard() },
    });
    put(shot, &format!("lane-{lane}"), &lane_now);
}

/// What does not change.
fn about(ground: &Ground) -> Value {
    let lanes: Vec<Value> = ground
        .places
        .iter()
        .map(|place| {
            let Place { name, about, panel, page, twins, .. } = place;
            json!({ "name": name, "about": about, "panel": panel, "page": page.is_some(), "gate": twins.is_gate() })
        })
        .collect();
    let sabotage: Vec<Value> = Sabotage::ALL
        .iter()
        .map(|(what, most)| json!({ "what": what, "most": most, "lane": what.is_of_lane() }))
        .collect();
    json!({ "lanes": lanes, "sabotage": sabotage, "scenarios": BUILT_IN.map(|(name, _)| name) })
}

fn put(shot: &mut Shot, key: &str, value: &Value) {
    let text = value.to_string();
    if shot.get(key).is_none_or(|old| **old != *text) {
        shot.insert(key.to_owned(), text.into());
    }
}
