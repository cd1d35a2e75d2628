//! The only place that reads a clock.

use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use crate::words::{Clock, Moment, Now, Stamp, WallTime};

/// The machine's clocks.
///
/// What outlives the moment goes by an anchor: wall time once, and from there on the monotonic clock, which nobody can
/// set. Who confirms the wall time moves the anchor: WeChat with each answer that was verified, or the time server, of
/// which systemd-timesyncd and systemd-time-wait-sync tell by touching a file.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
    anchor: Mutex<Anchor>,
    /// Touched whenever a time server has set the clock.
    synchronized: PathBuf,
}

#[derive(Debug)]
struct Anchor {
    moment: Moment,
    stamp: Stamp,
    /// The file's time when it was last looked at.
    touched: Option<SystemTime>,
}

const SYNCHRONIZED: &str = "/run/systemd/timesync/synchronized";

/// Time servers are asked at least every 34 minutes; an older touch says nothing of the clock now.
const TOUCHED_WITHIN: Duration = Duration::from_secs(3600);

impl SystemClock {
    /// [`Moment`] zero is now.
    pub fn start() -> Self {
        Self::watching(SYNCHRONIZED.into())
    }

    /// The same, told of the time server by another file.
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    pub fn watching(synchronized: PathBuf) -> Self {
        let stamp = Stamp { at: wall(), confirmed: false };
        let anchor = Mutex::new(Anchor { moment: Moment::default(), stamp, touched: None });
        Self { start: Instant::now(), anchor, synchronized }
    }

    /// The time server's word, if it came since the last look.
    fn heard(&self, now: Now, anchor: &mut Anchor) {
        let file = crate::files::open(&self.synchronized).ok();
        let touched = file.and_then(|file| file.metadata().ok()?.modified().ok());
        if touched == anchor.touched {
            return;
        }
        anchor.touched = touched;
        let since_epoch = touched.and_then(|touched| touched.duration_since(UNIX_EPOCH).ok());
        let age = since_epoch
            .and_then(|touched| Duration::from_millis(now.wall.0.max(0).unsigned_abs()).checked_sub(touched));
        if age.is_some_and(|age| age < TOUCHED_WITHIN) {
            (anchor.moment, anchor.stamp) = (now.moment, now.wall.into());
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place")]
fn wall() -> WallTime {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    WallTime(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}

impl Clock for SystemClock {
    fn now(&self) -> Now {
        Now { moment: Moment(self.start.elapsed()), wall: wall() }
    }

    fn stamp(&self) -> Stamp {
        let now = self.now();
        let mut anchor = self.anchor.lock().unwrap_or_else(PoisonError::into_inner);
        self.heard(now, &mut anchor);
        let since = i64::try_from(now.moment.since(anchor.moment).as_millis()).unwrap_or(i64::MAX);
        Stamp { at: WallTime(anchor.stamp.at.0.saturating_add(since)), ..anchor.stamp }
    }

    fn confirm(&self, wall: WallTime) {
        let moment = Moment(self.start.elapsed());
        let mut anchor = self.anchor.lock().unwrap_or_else(PoisonError::into_inner);
        (anchor.moment, anchor.stamp) = (moment, wall.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_believed_when_somebody_confirms_it_and_then_goes_by_what_nobody_can_set() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("synchronized");
        let clock = SystemClock::watching(file.clone());
        assert!(!clock.stamp().confirmed);
        let noon = WallTime(1_700_000_000_000);
        clock.confirm(noon);
        let later = clock.stamp();
        assert!(later.confirmed && (0..60_000).contains(&(later.at.0 - noon.0)), "{later:?}");
        let touch = |age: u64| {
            let touched =
                UNIX_EPOCH + Duration::from_millis(clock.now().wall.0.unsigned_abs()) - Duration::from_secs(age);
            crate::files::create(&file).unwrap().set_modified(touched).unwrap();
        };
        touch(100_000);
        assert!(clock.stamp().at < WallTime(noon.0 + 60_000), "a time server that fell silent long ago says nothing");
        touch(10);
        let now = clock.now().wall.0;
        let stamp = clock.stamp();
        assert!(stamp.confirmed && (0..60_000).contains(&(stamp.at.0 - now)), "{stamp:?}");
    }
}
