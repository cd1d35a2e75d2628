//! What the desk posts: each lane's opening hours and a notice. Kept in the state directory by a thread of its own, so that a
//! disk that hangs holds up nobody but whoever posts; shown and kept to by the loop, which looks at it in each of its rounds.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::{
    failures::{Inputs, Standing},
    worker::Worker,
};
use crate::{
    fault::{Code, Failure},
    files::{self, FileError},
    kiosk::{Input, OutOfService, Posting},
    words::{Clock, Hours, LaneId, Now, RELEASED, Text},
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

/// By the lanes' names.
type All = BTreeMap<String, Posted>;

/// What stands for all lanes; shared by whoever looks and the loop.
#[derive(Default)]
pub(super) struct Postings(Mutex<All>);

/// Where it is kept.
#[derive(Default)]
pub(super) struct Keeper {
    /// None where nothing is kept.
    file: Option<PathBuf>,
    /// What lies there could not be read, and is not to be lost.
    unread: bool,
}

/// What is to stand for these lanes, and where it is told whether it does.
pub(super) struct Change {
    pub(super) lanes: Vec<String>,
    pub(super) what: Changed,
    pub(super) answer: oneshot::Sender<bool>,
}

/// What is posted anew.
pub(super) enum Changed {
    Hours(Vec<Hours>),
    Notice { zh: Option<Text>, en: Option<Text> },
}

/// What the loop last made of it.
pub(super) struct Noticeboard {
    postings: Arc<Postings>,
    utc_offset: i32,
    /// The lanes' names, what the core was told of each, and whether it is open.
    told: Vec<(String, Posted, bool)>,
}

/// Its name in the state directory, and what it is called once it could not be read.
const FILE: &str = "postings.json";
const UNREAD: &str = "unread";

/// The largest file, bytes; hours of a day; characters of a notice.
const LARGEST: usize = 256 * 1024;
const MOST_HOURS: usize = 4;
const LONGEST: usize = 64;

/// Changes that wait, and how long one takes on a slow card.
const WAITING: usize = 8;
const LIMIT: Duration = Duration::from_secs(60);

/// The thread that keeps what is posted, by `keep`; it stands once it is kept.
pub(super) fn spawn(
    postings: &Arc<Postings>,
    mut keep: impl FnMut(&All) -> Result<(), FileError> + Send + 'static,
    clock: &Arc<dyn Clock>,
    inputs: Inputs,
) -> io::Result<Worker<Change>> {
    let (postings, mut standing) = (Arc::clone(postings), Standing::default());
    Worker::spawn_reading("postings", WAITING, LIMIT, clock, move |changes, pulse| {
        while let Ok(Change { lanes, what, answer }) = changes.recv() {
            let mut all = postings.all().clone();
            for lane in lanes {
                what.stands_for(all.entry(lane).or_default());
            }
            let failed = pulse.working(|| keep(&all)).err();
            let failed = failed.map(|error| Failure::new(Code::C103).told(error.to_string()));
            inputs.tell_change("hours and notices are not kept", None, None, &mut standing, failed.as_ref());
            if failed.is_none() {
                *postings.all() = all;
            }
            let _ = answer.send(failed.is_none());
        }
    })
}

impl Postings {
    /// What was kept, and where. A file that cannot be read is told of, and nothing stands.
    pub(super) fn open(folder: Option<&Path>) -> (Self, Keeper, Option<Failure>) {
        let Some(file) = folder.map(|folder| folder.join(FILE)) else { return Default::default() };
        let read = match files::read_text(&file, LARGEST) {
            Err(error) if error.is_missing() => Ok(All::new()),
            Err(error) => Err(error.to_string()),
            Ok(text) => serde_json::from_str(&text).map_err(|error| format!("{FILE}: {error}")),
        };
        let keeper = Keeper { file: Some(file), unread: read.is_err() };
        let (all, why) = read.map_or_else(|why| (All::new(), Some(why)), |all| (all, None));
        (Self(Mutex::new(all)), keeper, why.map(|why| Failure::new(Code::C103).told(why)))
    }

    /// What stands for a lane.
    pub(super) fn of(&self, lane: &str) -> Posted {
        self.all().get(lane).cloned().unwrap_or_default()
    }

    /// Never while a file is written: the loop waits here, too.
    fn all(&self) -> MutexGuard<'_, All> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keeper {
    /// Writes all of it, or nothing. What could not be read is set aside first.
    pub(super) fn keep(&mut self, all: &All) -> Result<(), FileError> {
        let Some(file) = &self.file else { return Ok(()) };
        if self.unread {
            let failed = |source| FileError::Unreadable { file: file.clone(), source };
            fs::rename(file, file.with_extension(UNREAD)).map_err(failed)?;
            self.unread = false;
        }
        files::replace(file, &serde_json::to_vec(all).unwrap_or_default())
    }
}

impl Changed {
    fn stands_for(&self, posted: &mut Posted) {
        match self {
            Self::Hours(hours) => posted.hours.clone_from(hours),
            Self::Notice { zh, en } => (posted.zh, posted.en) = (zh.clone(), en.clone()),
        }
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
    use std::sync::mpsc;

    use super::*;
    use crate::{
        service::SystemClock,
        words::{Moment, WallTime},
    };

    /// 2026-11-22 00:00 in Beijing.
    const MIDNIGHT: i64 = 1_795_276_800_000;

    fn at(hour: i64) -> Now {
        Now { moment: Moment::default(), wall: WallTime(MIDNIGHT + hour * 3_600_000) }
    }

    fn keeping(
        postings: &Arc<Postings>,
        keep: impl FnMut(&All) -> Result<(), FileError> + Send + 'static,
    ) -> Worker<Change> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
        let inputs = Inputs::new(tokio::sync::mpsc::channel(1).0, Vec::new());
        spawn(postings, keep, &clock, inputs).expect("a thread")
    }

    /// Orders it; what is told comes later.
    fn order(thread: &Worker<Change>, lanes: &[&str], hours: &str) -> oneshot::Receiver<bool> {
        let (answer, answered) = oneshot::channel();
        let what = Changed::Hours(Posted::read_hours(hours).expect("hours"));
        let lanes = lanes.iter().map(|lane| (*lane).to_owned()).collect();
        assert!(thread.offer(Change { lanes, what, answer }).is_ok());
        answered
    }

    #[test]
    fn a_lane_is_closed_outside_its_hours_and_opens_by_itself() {
        let (postings, mut keeper, failed) = Postings::open(None);
        assert!(failed.is_none());
        let postings = Arc::new(postings);
        let thread = keeping(&postings, move |all| keeper.keep(all));
        let post = |lanes: &[&str], hours| assert_eq!(order(&thread, lanes, hours).blocking_recv(), Ok(true));
        let lanes = ["kiosk-1", "kiosk-2"];
        let mut board = Noticeboard::new(Arc::clone(&postings), lanes.map(str::to_owned).to_vec(), 8 * 3600);
        let mut switched = |now| {
            let switched = |input| match input {
                Input::OutOfService { lane, on, .. } => Some((lane.0, on)),
                _ => None,
            };
            board.news(now).into_iter().filter_map(switched).collect::<Vec<_>>()
        };
        assert_eq!(switched(at(3)), []);
        post(&lanes[..1], "08:00-12:00，13:30-17:00");
        assert_eq!(switched(at(7)), [(0, true)]);
        assert_eq!(switched(at(8)), [(0, false)]);
        assert_eq!(switched(at(11)), []);
        assert_eq!(switched(at(12)), [(0, true)]);
        // A clock that starts in 1970 closes nobody.
        assert_eq!(switched(Now { moment: Moment::default(), wall: WallTime(0) }), [(0, false)]);
        assert_eq!(switched(at(18)), [(0, true)]);
        post(&lanes, "");
        assert_eq!(switched(at(18)), [(0, false)]);
    }

    #[test]
    fn a_disk_that_hangs_holds_up_nobody_but_whoever_posts() {
        let postings = Arc::new(Postings::default());
        let (goes_on, hangs) = mpsc::channel::<()>();
        let (began, begins) = mpsc::channel();
        let keep = move |_: &All| {
            let _ = (began.send(()), hangs.recv());
            Ok(())
        };
        let thread = keeping(&postings, keep);
        let answered = order(&thread, &["kiosk-1"], "08:00-12:00");
        begins.recv().expect("it is being written");
        let (asked, told) = mpsc::channel();
        let mut board = Noticeboard::new(Arc::clone(&postings), vec!["kiosk-1".to_owned()], 8 * 3600);
        let turns = move || {
            for _ in 0..2 {
                let _ = asked.send(board.news(at(3)).len());
                let _ = begins.recv_timeout(Duration::from_secs(20));
            }
        };
        std::thread::Builder::new().spawn(turns).expect("a thread");
        assert_eq!(told.recv_timeout(Duration::from_secs(20)), Ok(0), "the loop goes on, and nothing stands yet");
        goes_on.send(()).expect("it waits");
        assert_eq!(answered.blocking_recv(), Ok(true));
        // The next write wakes who looks again.
        let _unanswered = order(&thread, &["kiosk-2"], "");
        assert_eq!(told.recv_timeout(Duration::from_secs(20)), Ok(2), "hours, and closed by them");
    }

    #[test]
    fn what_cannot_be_read_is_told_and_set_aside_before_anything_is_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join(FILE);
        files::replace(&file, b"{\"kiosk-1\":").expect("written");
        let (postings, mut keeper, failed) = Postings::open(Some(folder.path()));
        assert_eq!(failed.map(|failed| failed.code()), Some(Code::C103));
        assert_eq!(postings.of("kiosk-1"), Posted::default());
        let all = |notice: &str| {
            All::from([("kiosk-1".to_owned(), Posted { zh: Some(Text::clean(notice)), ..Posted::default() })])
        };
        for notice in ["停诊", "开诊"] {
            keeper.keep(&all(notice)).expect("kept");
        }
        let read = |file: &Path| files::read_text(file, LARGEST).expect("readable");
        assert_eq!(read(&file.with_extension(UNREAD)), "{\"kiosk-1\":");
        let (postings, _, failed) = Postings::open(Some(folder.path()));
        assert!(failed.is_none());
        assert_eq!(*postings.all(), all("开诊"));
        // Where it cannot be set aside, it is not lost either.
        files::replace(&file, b"torn").expect("written");
        fs::remove_file(file.with_extension(UNREAD)).expect("removed");
        files::make_folder(&file.with_extension(UNREAD)).expect("a folder");
        let (_, mut keeper, _) = Postings::open(Some(folder.path()));
        assert!(keeper.keep(&all("停诊")).is_err());
        assert_eq!(read(&file), "torn");
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
