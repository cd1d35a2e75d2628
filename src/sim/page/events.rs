//! What is seen, as server-sent events: everything at first, and then what has changed.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use futures_core::Stream;
use tokio::sync::mpsc;

use super::{House, view::Shot};

/// Pages at once.
const PAGES: usize = 64;

/// Events that a browser has not taken yet; one that lags behind is sent less often, and holds nobody up.
const UNTAKEN: usize = 4;

/// What comes for one browser.
pub(super) struct Events<T>(pub(super) mpsc::Receiver<T>);

impl<T: Into<Bytes>> Stream for Events<T> {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context).map(|event| event.map(|event| Ok(event.into())))
    }
}

pub(super) async fn stream(State(house): State<Arc<House>>) -> Response {
    if house.shots.receiver_count() >= PAGES {
        return (StatusCode::SERVICE_UNAVAILABLE, "too many pages").into_response();
    }
    let (events, taken) = mpsc::channel(UNTAKEN);
    tokio::spawn(tell(house, events));
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(Events(taken))).into_response()
}

async fn tell(house: Arc<House>, events: mpsc::Sender<String>) {
    let mut shots = house.shots.subscribe();
    house.wake.notify_one();
    let (mut shown, mut told) = (Arc::<Shot>::default(), 0);
    loop {
        let shot = Arc::clone(&shots.borrow_and_update());
        let mut changed: Vec<String> = shot
            .iter()
            .filter(|(key, value)| shown.get(*key) != Some(value))
            .map(|(key, value)| format!("\"{key}\":{value}"))
            .collect();
        if let Some((ground, _)) = house.ground.get() {
            let lines = ground.story.since(told);
            if let (Some(last), Ok(lines)) = (lines.last(), serde_json::to_string(&lines)) {
                told = last.n + 1;
                changed.push(format!("\"story\":{lines}"));
            }
        }
        if !changed.is_empty() && events.send(format!("data: {{{}}}\n\n", changed.join(","))).await.is_err() {
            return;
        }
        shown = shot;
        tokio::select! {
            () = events.closed() => return,
            changed = shots.changed() => if changed.is_err() { return },
        }
    }
}
