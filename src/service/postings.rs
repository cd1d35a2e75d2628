//! What the desk posts: each lane's opening hours and a notice. Kept in the state directory, shown and kept to by the loop,
//! which looks at it in each of its rounds.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};

use crate::{
    fault::{Code, Failure},
    files,
    kiosk::{Input, OutOfService, Posting},
    words::{Hours, LaneId, Now, RELEASED, Text},
};

/// What stands for one lane; nothing by default, and it is always open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Posted {
    /// When it is open, every day.
    pub(super) hours: Vec<Hours>,
    /// A notice in Chinese.
    pub(super) zh: Option<Text>,
    /// In English.
    pub(super) en: Option<Text>,
}

/// What stands for all lanes, by their names; shared by whoever posts and the loop.
pub(super) struct Postings {
    /// None where nothing is kept.
    file: Option<PathBuf>,
    of: Mutex<BTreeMap<String, Posted>>,
}

/// What the loop last made of it.
pub(super) struct Noticeboard {
    postings: Arc<Postings>,
    utc_offset: i32,
    /// The lanes' names, what the core was told of each, and whether it is open.
    told: Vec<(String, Posted, bool)>,
}

/// Its name in the state directory.
const FILE: &str = "postings.json";

/// The largest file, bytes; hours of a day; characters of a notice.
const LARGEST: usize = 256 * 1024;
const MOST_HOURS: usize = 4;
const LONGEST: usize = 64;

impl Postings {
    /// What was kept. A file that cannot be read is told of, and nothing stands.
    pub(super) fn open(folder: Option<&Path>) -> (Self, Option<Failure>) {
        let file = folder.map(|folder| folder.join(FILE));
        let (of, failed) = match file.as_deref().map(|file| files::read_text(file, LARGEST)) {
            None => (BTreeMap::new(), None),
            Some(Err(error)) if error.is_missing() => (BTreeMap::new(), None),
            Some(read) => {
                let read = read.map_err(|error| error.to_string());
                match read.and_then(|text| serde_json::from_str(&text).map_err(|error| format!("{FILE}: {error}"))) {
                    Ok(of) => (of, None),
                    Err(why) => (BTreeMap::new(), Some(Failure::new(Code::C103).told(why))),
                }
            }
        };
        (Self { file, of: Mutex::new(of) }, failed)
    }

    /// What stands for a lane.
    pub(super) fn of(&self, lane: &str) -> Posted {
        self.of.lock().unwrap_or_else(PoisonError::into_inner).get(lane).cloned().unwrap_or_default()
    }

    /// Changes what stands for these lanes; nothing where it cannot be kept.
    pub(super) fn change<'a>(
        &self,
        lanes: impl Iterator<Item = &'a String>,
        change: impl Fn(&mut Posted),
    ) -> Result<(), &'static str> {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        let mut changed = of.clone();
        lanes.for_each(|lane| change(changed.entry(lane.clone()).or_default()));
        if let Some(file) = &self.file {
            let text = serde_json::to_vec(&changed).unwrap_or_default();
            files::replace(file, &text).map_err(|_| "it cannot be kept: look at the state directory")?;
        }
        *of = changed;
        Ok(())
    }
}

impl Posted {
    /// Reads `08:00-12:00 13:30-17:00`; nothing means always.
    pub(super) fn read_hours(text: &str) -> Result<Vec<Hours>, &'static str> {
        let hours = text.split([' ', ',', '，', '、', ';', '；']).filter(|hours| !hours.is_empty()).map(Hours::read);
        let hours = hours.take(MOST_HOURS + 1).collect::<Option<Vec<Hours>>>();
        hours.filter(|hours| hours.len() <= MOST_HOURS).ok_or("hours such as 08:00-12:00 13:30-17:00, four at most")
    }

    /// Reads a notice; nothing means none.
    pub(super) fn read_notice(text: &str) -> Result<Option<Text>, &'static str> {
        if text.trim().chars().count() > LONGEST {
            return Err("a notice has 64 characters at most");
        }
        Ok(Some(Text::clean(text)).filter(|text| !text.is_empty()))
    }

    /// As people read it.
    pub(super) fn hours(&self) -> String {
        self.hours.iter().map(Hours::to_string).collect::<Vec<_>>().join(" ")
    }

    fn is_open(&self, now: Now, utc_offset: i32) -> bool {
        // A clock that was never set knows no hours.
        self.hours.is_empty() || now.wall < RELEASED || self.hours.iter().any(|hours| hours.hold(now.wall, utc_offset))
    }

    fn posting(&self) -> Posting {
        let hours = Some(Text::clean(&self.hours())).filter(|hours| !hours.is_empty());
        Posting { hours, chinese: self.zh.clone(), english: self.en.clone() }
    }
}

impl Noticeboard {
    pub(super) fn new(postings: Arc<Postings>, lanes: Vec<String>, utc_offset: i32) -> Self {
        let told = lanes.into_iter().map(|lane| (lane, Posted::default(), true)).collect();
        Self { postings, utc_offset, told }
    }

    /// What is new since it was last asked.
    pub(super) fn news(&mut self, now: Now) -> Vec<Input> {
        let mut news = Vec::new();
        for (lane, (name, told, was_open)) in (0..).map(LaneId).zip(&mut self.told) {
            let posted = self.postings.of(name);
            if *told != posted {
                news.push(Input::Posted { lane, posting: posted.posting() });
                *told = posted;
            }
            let open = told.is_open(now, self.utc_offset);
            if open != *was_open {
                *was_open = open;
                tracing::info!(lane = name, open, "by its hours");
                news.push(Input::OutOfService { lane, why: OutOfService::AfterHours, on: !open });
            }
        }
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{Moment, WallTime};

    /// 2026-11-22 00:00 in Beijing.
    const MIDNIGHT: i64 = 1_795_276_800_000;

    fn at(hour: i64) -> Now {
        Now { moment: Moment::default(), wall: WallTime(MIDNIGHT + hour * 3_600_000) }
    }

    #[test]
    fn a_lane_is_closed_outside_its_hours_and_opens_by_itself() {
        let (postings, failed) = Postings::open(None);
        assert!(failed.is_none());
        let postings = Arc::new(postings);
        let lanes = ["kiosk-1".to_owned(), "kiosk-2".to_owned()];
        let mut board = Noticeboard::new(Arc::clone(&postings), lanes.to_vec(), 8 * 3600);
        let mut switched = |now| {
            let switched = |input| match input {
                Input::OutOfService { lane, on, .. } => Some((lane.0, on)),
                _ => None,
            };
            board.news(now).into_iter().filter_map(switched).collect::<Vec<_>>()
        };
        assert_eq!(switched(at(3)), []);
        let hours = Posted::read_hours("08:00-12:00，13:30-17:00").expect("hours");
        postings.change(lanes[..1].iter(), |posted| posted.hours = hours.clone()).expect("kept");
        assert_eq!(switched(at(7)), [(0, true)]);
        assert_eq!(switched(at(8)), [(0, false)]);
        assert_eq!(switched(at(11)), []);
        assert_eq!(switched(at(12)), [(0, true)]);
        // A clock that starts in 1970 closes nobody.
        assert_eq!(switched(Now { moment: Moment::default(), wall: WallTime(0) }), [(0, false)]);
        assert_eq!(switched(at(18)), [(0, true)]);
        postings.change(lanes.iter(), |posted| posted.hours.clear()).expect("kept");
        assert_eq!(switched(at(18)), [(0, false)]);
    }

    #[test]
    fn what_is_no_hours_and_what_is_too_long_is_refused() {
        for wrong in ["8-17", "08:00-25:00", "always", "08:00", &"08:00-09:00 ".repeat(5)] {
            assert!(Posted::read_hours(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Posted::read_hours("  "), Ok(Vec::new()));
        assert!(Posted::read_notice(&"字".repeat(65)).is_err());
        assert_eq!(Posted::read_notice(" \u{202E}\n "), Ok(None));
        assert_eq!(Posted::read_notice("今日\x1b停诊"), Ok(Some(Text::clean("今日停诊"))));
    }
}
