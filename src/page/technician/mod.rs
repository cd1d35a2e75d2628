//! The technician's page: how everything is, what is to be mended and how, and the devices one by one.
//!
//! `/technician/` is the page, `/technician/events` what it shows, once a second and only while somebody looks;
//! `/technician/bundle` the same for a bug report, `/metrics` for Prometheus. Whoever orders something logs in first.
//!
//! What it does not do: show anything of a person, or know more of the service than [`Backstage`] tells.

mod words;

use std::{io, time::Duration};

use serde_json::{Value, json};
use tokio::io::AsyncWrite;

use self::words::WORDS;
use super::{
    accounts::Role,
    answer::{Answer, HTML, JAVASCRIPT, begin_events, send},
    backstage::Question,
    counter::{Caller, Counter, JSON},
    log::LOG,
    tongues::{dressed, tongue},
};
use crate::{fault::Tongue, terminal::Request};

/// The page and its counter.
pub(super) struct Technician(pub(super) Counter);

/// What comes of a request.
pub(super) enum Taken {
    Answered(Answer),
    /// Told for as long as the connection lasts.
    Events(Tongue),
}

/// Its folder, the name of its cookie, and whose page it is.
pub(super) const PLACE: (&str, &str, Role) = ("/technician/", "facemchd-technician", Role::Technician);

/// How often a page that is looked at is told how it is.
const ROUND: Duration = Duration::from_secs(1);

const PAGE: &str = include_str!("../assets/technician.html");
const SCRIPT: &str = include_str!("../assets/technician.js");

/// Whether this address is answered here.
pub(super) fn is_asked(path: &str) -> bool {
    path == "/metrics" || path == "/technician" || path.starts_with(PLACE.0)
}

impl Technician {
    pub(super) async fn take(&self, request: &Request, caller: Caller<'_>) -> Taken {
        let Some(what) = request.path.strip_prefix(PLACE.0) else {
            return Taken::Answered(match (request.path.as_str(), request.method.as_str()) {
                ("/metrics", "GET") => self.told(Question::Metrics, "text/plain; version=0.0.4; charset=utf-8").await,
                ("/metrics", _) => Answer::another_method("GET"),
                _ => Answer::elsewhere(PLACE.0),
            });
        };
        if let Some(answer) = self.0.take(what, request, caller).await {
            return Taken::Answered(answer);
        }
        if request.method != "GET" {
            return Taken::Answered(Answer::another_method("GET"));
        }
        Taken::Answered(match what {
            "" => Answer::of(HTML, dressed(PAGE, WORDS, tongue(request))),
            "events" => return Taken::Events(tongue(request)),
            "bundle" => self.bundle().await,
            "technician.js" => Answer::of(JAVASCRIPT, SCRIPT),
            _ => Answer::word("404 Not Found", "there is /technician/"),
        })
    }

    /// All that is known, and names nobody who was served, in one file.
    async fn bundle(&self) -> Answer {
        let told = self.0.backstage.ask(Question::Bundle).await;
        let Some(mut all) = told.and_then(|told| serde_json::from_str::<Value>(&told).ok()) else {
            return Answer::word("503 Service Unavailable", "busy");
        };
        all["log"] = LOG.after(0).1.into();
        let header = "content-disposition: attachment; filename=\"facemchd.json\"\r\n".to_owned();
        Answer { header, ..Answer::of(JSON, format!("{all:#}")) }
    }

    async fn told(&self, question: Question, kind: &'static str) -> Answer {
        match self.0.backstage.ask(question).await {
            Some(told) => Answer::of(kind, told),
            None => Answer::word("503 Service Unavailable", "busy"),
        }
    }

    /// Says how everything is, for as long as somebody listens.
    pub(super) async fn tell(&self, tongue: Tongue, writer: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        begin_events(writer).await?;
        let mut seen = 0;
        loop {
            if let Some(overview) = self.0.backstage.ask(Question::Overview(tongue)).await {
                send(writer, format!("data: {overview}\n\n").as_bytes()).await?;
            }
            let (all, fresh) = LOG.after(seen);
            if !fresh.is_empty() {
                seen = all;
                send(writer, format!("event: log\ndata: {}\n\n", json!(fresh)).as_bytes()).await?;
            }
            tokio::time::sleep(ROUND).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        kiosk::{OutOfService, SceneKind},
        page::tongues::has_all_its_words,
    };

    #[test]
    fn a_page_has_all_its_words_in_both_tongues_and_no_place_is_left_empty() {
        has_all_its_words(PAGE, SCRIPT, WORDS);
        let told = |kind: &str, name: &str| WORDS.iter().any(|(known, ..)| *known == format!("{kind}-{name}"));
        assert!(SceneKind::ALL.iter().all(|scene| told("scene", scene.as_str())));
        for mode in [OutOfService::AfterHours, OutOfService::Closed, OutOfService::Maintenance, OutOfService::Emergency]
        {
            let word = json!(mode);
            assert!(told("mode", word.as_str().expect("a word")), "{word}");
        }
    }
}
