//! A scene as a page is told it: what every panel says, in the same order, and what is to be touched.

use std::{
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{LanePage, qr, screen::Standing};
use crate::{
    fault::Code,
    kiosk::{NARROWEST, Phrases, Scene, SceneKind, Wording},
    words::{Moment, Now},
};

/// Room for most events, bytes: one that has to grow leaves a copy behind, for whoever frees memory to wipe.
const LONGEST: usize = 16 * 1024;

/// All who look hear of a scene within this of each other; what is left of its time is no more exact.
const TOGETHER: Duration = Duration::from_millis(100);

/// A scene's event, made once for all who look. It is wiped when the last of them shows another.
#[derive(Default)]
pub(super) struct Told(Mutex<Option<Made>>);

struct Made {
    serial: u64,
    edition: String,
    at: Moment,
    event: Weak<Zeroizing<Vec<u8>>>,
}

impl Told {
    /// The event of a scene as it stands now, for as long as it is shown.
    pub(super) fn of(
        &self,
        page: &LanePage,
        standing: &Standing,
        (edition, time): (&str, &str),
        now: Now,
    ) -> Arc<Zeroizing<Vec<u8>>> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |made: &Made| {
            made.serial == standing.serial && made.edition == edition && now.moment.since(made.at) < TOGETHER
        };
        let made = last.as_ref().filter(|made| is_it(made)).and_then(|made| made.event.upgrade());
        made.unwrap_or_else(|| {
            let event = Arc::new(of(page, standing, (edition, time), now));
            let (edition, at) = (edition.to_owned(), now.moment);
            *last = Some(Made { serial: standing.serial, edition, at, event: Arc::downgrade(&event) });
            event
        })
    }
}

/// The event of a scene as it stands now.
fn of(page: &LanePage, standing: &Standing, (edition, time): (&str, &str), now: Now) -> Zeroizing<Vec<u8>> {
    let scene = standing.now(now.moment);
    let mut told = said(&scene, &page.phrases);
    told["edition"] = edition.into();
    told["time"] = time.into();
    told["token"] = standing.token.clone().into();
    if standing.offers_another_way() {
        told["other_way"] = page.phrases.headline(SceneKind::OtherWay).within(usize::MAX).into();
    }
    let loudness = page.voice.as_ref().and_then(|voice| voice.loudness(&scene, now.wall));
    told["say"] =
        loudness.map(|percent| json!({ "number": standing.said, "percent": percent, "waits": scene.to_start })).into();
    let mut event = Zeroizing::new(Vec::with_capacity(LONGEST));
    event.extend_from_slice(b"data: ");
    // Writing to memory does not fail, and what is written is no map with odd keys.
    let _ = serde_json::to_writer(&mut *event, &told);
    event.extend_from_slice(b"\n\n");
    event
}

fn said(scene: &Scene, phrases: &Phrases) -> Value {
    let options: Vec<Value> =
        scene.options.iter().map(|option| json!({ "option": option.option, "label": option.label.as_str() })).collect();
    let name = scene.name.as_ref().filter(|_| !scene.asks_by_name());
    let code = scene.qr.as_ref().and_then(|qr| qr::drawing(qr.as_str()));
    json!({
        // For type so large that the longest forms have no room.
        "short": { "headline": scene.headline(phrases, NARROWEST), "advice": scene.advice(phrases, NARROWEST) },
        "scene": scene.kind.as_str(), "tone": scene.kind.tone().as_str(), "pictogram": scene.pictogram().as_str(),
        "headline": scene.headline(phrases, usize::MAX), "advice": scene.advice(phrases, usize::MAX),
        "name": name.map(|name| name.reveal()), "number": scene.number.as_ref().map(ToString::to_string),
        "lines": scene.lines(phrases, usize::MAX), "options": options,
        "qr": code.map(|(side, path)| json!({ "side": side, "path": path })),
        "code": scene.code.map(Code::as_str),
        "left_ms": scene.stands.map(|left| u64::try_from(left.as_millis()).unwrap_or(u64::MAX)),
        // What is counted down, in the lane's words.
        "seconds": scene.countdown().map(|_| phrases.text(Wording::Seconds).within(usize::MAX)),
    })
}
