//! A hospital's day in seconds: calls that last, by a clock that nobody waits for. One of those who are at work goes on at a
//! time, in the order of that clock, so that a day is the same day for the same seed.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    },
    thread,
    time::Duration,
};

use facemchd::{
    kiosk::Input,
    sim::his::{Pace, Step},
    words::{Clock, Moment, Now, WallTime},
};

use crate::dice::Dice;

/// A clock that a test sets.
pub struct SetClock {
    began: WallTime,
    passed: Mutex<Duration>,
}

impl SetClock {
    pub fn at(began: WallTime) -> Arc<Self> {
        Arc::new(Self { began, passed: Mutex::default() })
    }

    fn set(&self, moment: Moment) {
        let mut passed = lock(&self.passed);
        *passed = moment.0.max(*passed);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Now {
        let passed = *lock(&self.passed);
        let milliseconds = i64::try_from(passed.as_millis()).expect("short");
        Now { moment: Moment(passed), wall: WallTime(self.began.0 + milliseconds) }
    }
}

/// The same for connections: what is left by it is so much longer that no socket of a busy machine gives up before its time.
pub struct Stretched(pub Arc<SetClock>);

const STRETCH: u32 = 100;

impl Stretched {
    /// A moment as it is by this clock.
    pub fn moment(of: Moment) -> Moment {
        Moment(of.0 * STRETCH)
    }
}

impl Clock for Stretched {
    fn now(&self) -> Now {
        let now = self.0.now();
        Now { moment: Self::moment(now.moment), ..now }
    }
}

/// Whoever is at work says within this what it does next.
const SAYS_SO: Duration = Duration::from_secs(120);

/// Somebody who asks the hospital: a call with everything that it leads to.
struct Asking {
    /// No answer is awaited after this moment.
    until: Moment,
    /// Of a run that is still there.
    lives: bool,
}

/// What whoever is at work says.
enum Told {
    /// It waits for the hospital until this moment.
    Waits(Moment, SyncSender<()>),
    /// It has come to its end.
    Done(Box<Input>),
}

/// What is due.
enum Due {
    GoesOn(Asking, SyncSender<()>),
    Late(Box<dyn FnOnce() + Send>),
    Happens(Box<Input>),
    Comes(usize),
    Asks(Box<dyn FnOnce() -> Input + Send>, Duration),
}

/// What happens next.
pub enum Next {
    /// The kiosk is told this.
    Input(Box<Input>),
    /// Somebody comes.
    Comes(usize),
    /// Nothing; it is this time.
    Passed,
}

/// How long one of the hospital's calls takes, in seconds: half of them three, one of a hundred thirty and more.
fn lasts(dice: &mut Dice) -> Duration {
    let milliseconds = match dice.roll(1000_u64) {
        0..500 => 500 + dice.roll(2500_u64),
        500..900 => 3000 + dice.roll(4000_u64),
        900..990 => 7000 + dice.roll(23_000_u64),
        _ => 30_000 + dice.roll(60_000_u64),
    };
    Duration::from_millis(milliseconds)
}

/// The hospital's pace: it hands over to whoever drives the day.
struct HandsOver {
    clock: Arc<SetClock>,
    told: Mutex<Sender<Told>>,
    state: Mutex<State>,
}

struct State {
    dice: Dice,
    /// Until when whoever is at work waits; nothing where they are no more.
    until: Option<Moment>,
    late: Vec<(Moment, Box<dyn FnOnce() + Send>)>,
}

impl Pace for HandsOver {
    fn takes(&self, step: Step) -> Option<(Duration, Duration)> {
        let mut state = lock(&self.state);
        state.until?;
        // Others wait for whoever signs in, and not by this clock.
        if step == Step::SignIn {
            return Some((Duration::ZERO, Duration::ZERO));
        }
        let whole = lasts(&mut state.dice);
        let share = state.dice.roll(5_u32);
        Some((whole * share / 4, whole * (4 - share) / 4))
    }

    fn passes(&self, time: Duration) -> Result<(), Duration> {
        if time.is_zero() {
            return Ok(());
        }
        let now = self.clock.now().moment;
        let (wakes, until) = (now.after(time), lock(&self.state).until.unwrap_or(now));
        let (go, went) = sync_channel(0);
        let waits = Told::Waits(wakes.min(until), go);
        lock(&self.told).send(waits).expect("somebody drives");
        went.recv().expect("goes on");
        // Meanwhile its run may have ended.
        match lock(&self.state).until {
            Some(until) if wakes <= until => Ok(()),
            _ => Err(wakes.since(self.clock.now().moment)),
        }
    }

    fn later(&self, after: Duration, act: Box<dyn FnOnce() + Send>) {
        let at = self.clock.now().moment.after(after);
        lock(&self.state).late.push((at, act));
    }
}

/// Who is at work, who waits, and what comes.
pub struct Day {
    pub clock: Arc<SetClock>,
    pace: Arc<HandsOver>,
    tells: Sender<Told>,
    told: Receiver<Told>,
    due: BTreeMap<(Moment, u64), Due>,
    count: u64,
}

impl Day {
    pub fn new(clock: &Arc<SetClock>, seed: u64) -> Self {
        let (tells, told) = channel();
        let state = State { dice: Dice::new(seed), until: None, late: Vec::new() };
        let pace = HandsOver { clock: Arc::clone(clock), told: Mutex::new(tells.clone()), state: Mutex::new(state) };
        let (clock, pace) = (Arc::clone(clock), Arc::new(pace));
        Self { clock, pace, tells, told, due: BTreeMap::new(), count: 0 }
    }

    /// For the hospital.
    pub fn pace(&self) -> Arc<dyn Pace> {
        Arc::clone(&self.pace) as _
    }

    pub fn now(&self) -> Now {
        self.clock.now()
    }

    pub fn comes(&mut self, after: Duration, whom: usize) {
        self.add(self.now().moment.after(after), Due::Comes(whom));
    }

    pub fn happens(&mut self, after: Duration, input: Input) {
        self.add(self.now().moment.after(after), Due::Happens(Box::new(input)));
    }

    /// Asks the hospital at a moment, for so long.
    pub fn asks(&mut self, at: Moment, patience: Duration, ask: impl FnOnce() -> Input + Send + 'static) {
        self.add(at.max(self.now().moment), Due::Asks(Box::new(ask), patience));
    }

    fn add(&mut self, at: Moment, due: Due) {
        self.count += 1;
        self.due.insert((at, self.count), due);
    }

    /// Nobody is at anything.
    pub fn is_over(&self) -> bool {
        self.due.is_empty()
    }

    /// The next thing that happens before `limit`, or that this has come.
    pub fn next(&mut self, limit: Option<Moment>) -> Option<Next> {
        let Some((at, count)) = self.due.keys().next().copied() else {
            self.clock.set(limit?);
            return Some(Next::Passed);
        };
        if let Some(limit) = limit.filter(|limit| *limit < at) {
            self.clock.set(limit);
            return Some(Next::Passed);
        }
        self.clock.set(at);
        Some(match self.due.remove(&(at, count)).expect("it is due") {
            Due::Happens(input) => Next::Input(input),
            Due::Comes(whom) => Next::Comes(whom),
            Due::Late(act) => {
                act();
                Next::Passed
            }
            Due::Asks(ask, patience) => {
                let tells = self.tells.clone();
                let asking = Asking { until: at.after(patience), lives: true };
                self.works(asking, || drop(thread::spawn(move || tells.send(Told::Done(Box::new(ask()))))))
            }
            Due::GoesOn(asking, go) => self.works(asking, || go.send(()).expect("it waits")),
        })
    }

    /// Lets one go on until it waits or ends.
    fn works(&mut self, asking: Asking, go: impl FnOnce()) -> Next {
        lock(&self.pace.state).until = Some(asking.until).filter(|_| asking.lives);
        go();
        let told = self.told.recv_timeout(SAYS_SO).expect("it waits or ends");
        let late = std::mem::take(&mut lock(&self.pace.state).late);
        for (at, act) in late {
            self.add(at, Due::Late(act));
        }
        match told {
            Told::Waits(until, go) => {
                self.add(until, Due::GoesOn(asking, go));
                Next::Passed
            }
            Told::Done(input) if asking.lives => Next::Input(input),
            Told::Done(_) => Next::Passed,
        }
    }

    /// Everything that the kiosk was at ends; what the hospital was at goes on there.
    pub fn is_cut(&mut self) {
        let (mut waits, kept): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.due).into_iter().partition(|(_, due)| matches!(due, Due::GoesOn(..)));
        let stays = |(_, due): &(_, Due)| !matches!(due, Due::Happens(_) | Due::Asks(..));
        self.due = kept.into_iter().filter(stays).collect();
        while let Some((_, Due::GoesOn(asking, go))) = waits.pop() {
            // Whatever it asks once more is heard by nobody.
            self.works(Asking { lives: false, ..asking }, || go.send(()).expect("it waits"));
        }
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
