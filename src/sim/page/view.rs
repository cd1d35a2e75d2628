//! What there is to be seen, looked at while somebody looks.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::House;
use crate::{
    sim::{act::Sabotage, ground::Ground, scenario::BUILT_IN},
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
    let (mut panels, mut counted): (Vec<Option<u64>>, Option<Moment>) = (Vec::new(), None);
    loop {
        if house.shots.receiver_count() == 0 || house.ground.get().is_none() {
            house.wake.notified().await;
        }
        let Some((ground, _)) = house.ground.get() else { continue };
        let mut shot = Shot::clone(&house.shots.borrow());
        if shot.is_empty() {
            put(&mut shot, "house", &about(ground));
        }
        panels.resize(ground.places.len(), None);
        for (lane, panel) in panels.iter_mut().enumerate() {
            look(ground, lane, panel, &mut shot);
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

fn look(ground: &Ground, lane: usize, panel: &mut Option<u64>, shot: &mut Shot) {
    let twins = &ground.places[lane].twins;
    let seen = twins.panel.changes();
    if panel.replace(seen) != Some(seen) {
        let dots = BASE64_STANDARD.encode(twins.panel.dots());
        let panel = json!({ "across": 128, "dots": dots, "text": twins.panel.shown() });
        put(shot, &format!("panel-{lane}"), &panel);
    }
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
        "wire": { "panel": twins.panel.bytes(), "printer": twins.printer.heard() },
    });
    put(shot, &format!("lane-{lane}"), &lane_now);
}

/// What does not change.
fn about(ground: &Ground) -> Value {
    let lanes: Vec<Value> = ground
        .places
        .iter()
        .map(|place| json!({ "name": place.name, "about": place.about, "gate": place.twins.is_gate() }))
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
