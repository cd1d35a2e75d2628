//! A printer whose answers come late, in clumps, twice or never, in simulated time: no answer is taken for another
//! question's. A roll that is nearly out, a cover and a fault look alike in them and differ by the question alone.

use std::time::Duration;

use facemchd::{
    device::{EscPosPrinter, Layout, Printer},
    fault::Code,
    kiosk::PrintOutcome,
    sim::devices::{PrinterTwin, Trouble},
    words::Moment,
};

use crate::{
    devices::{job, layout, profile, slip},
    dice::Dice,
    support::printer_world::{Answers, End, WIRES, Wire, connected},
};

const PROFILES: [&str; 6] =
    ["simulated", "epson-80", "cashino-kp628e", "generic-58", "custom-vkp80", "pyramid-reliance"];

struct Bench {
    printer: EscPosPrinter,
    twin: PrinterTwin,
    end: End,
    what: String,
}

impl Bench {
    fn new(profile_name: &str, wire: Wire, answers: Answers) -> Self {
        let what = format!("{profile_name} {wire:?} {answers:?}");
        let (printer, twin, end) = connected(Layout { profile: profile(profile_name), ..layout() }, wire, answers);
        Self { printer, twin, end, what }
    }

    fn pass(&self, time: Duration) {
        let until = self.end.world().now + time;
        while self.end.world().now < until {
            self.end.world().advance();
        }
    }

    /// As the service looks after it; how it is.
    fn tend(&mut self) -> Result<Option<Code>, Code> {
        let tended = self.printer.tend();
        self.pass(tended.again.min(Duration::from_secs(3)));
        tended.status.map(|status| status.fault).map_err(|error| facemchd::fault::Fault::code(&error))
    }

    /// It is known to be well.
    fn known(&mut self, within: usize) {
        let seen: Vec<_> = (0..within).map(|_| self.tend()).collect();
        for seen in &seen {
            assert!(matches!(seen, Ok(None) | Err(Code::P701)), "{}: {seen:?}", self.what);
        }
        assert_eq!(seen.last(), Some(&Ok(None)), "{}: {seen:?}", self.what);
    }

    fn print(&mut self) -> PrintOutcome {
        let deadline = Moment(self.end.world().now + Duration::from_secs(60));
        let before = self.twin.slips().len();
        let outcome = self.printer.print(job(), &slip(), deadline);
        let fell = self.twin.slips().iter().skip(before).filter(|slip| slip.text.contains("A036")).count();
        if outcome == PrintOutcome::Printed {
            assert_eq!(fell, 1, "{}: called printed", self.what);
        }
        outcome
    }
}

/// How long answers take, milliseconds.
const LATE: [u64; 7] = [50, 290, 310, 600, 900, 1500, 2000];

/// Every `step`th of all profiles, wires and times.
fn each(step: usize, mut look: impl FnMut(&str, Wire, Duration)) {
    let all = PROFILES.iter().flat_map(|name| WIRES.map(|wire| (name, wire)));
    let all = all.flat_map(|(name, wire)| LATE.map(|late| (name, wire, Duration::from_millis(late))));
    all.step_by(step).for_each(|(name, wire, late)| look(name, wire, late));
}

fn good_slips(step: usize) {
    each(step, |name, wire, late| {
        for answers in [Answers::Late(late), Answers::InClumps(late)] {
            let mut bench = Bench::new(name, wire, answers);
            bench.twin.set_paper(20);
            bench.known(4);
            for _ in 0..2 {
                // Nearly out, and enough for a slip.
                bench.twin.set_paper(20);
                assert_eq!(bench.print(), PrintOutcome::Printed, "{}", bench.what);
            }
            assert_eq!(bench.twin.complaints(), Vec::<String>::new(), "{}", bench.what);
        }
    });
}

fn faults(step: usize) {
    each(step, |name, wire, late| {
        for (trouble, code) in [(Trouble::Paper, Code::P702), (Trouble::Cover, Code::P703), (Trouble::Heat, Code::P704)]
        {
            let mut bench = Bench::new(name, wire, Answers::Late(late));
            bench.known(4);
            bench.twin.stop_after(60, trouble);
            assert_eq!(bench.print(), PrintOutcome::Unknown, "{} {trouble:?}", bench.what);
            let seen: Vec<_> = (0..3).map(|_| bench.tend()).collect();
            assert_eq!(seen.last(), Some(&Ok(Some(code))), "{} {trouble:?}: {seen:?}", bench.what);
            let right = |seen: &Result<_, _>| seen.is_err() || *seen == Ok(Some(code));
            assert!(seen.iter().all(right), "{}: {seen:?}", bench.what);
            bench.twin.mend();
            bench.known(4);
            assert_eq!(bench.print(), PrintOutcome::Printed, "{} {trouble:?}", bench.what);
        }
    });
}

fn oddities(step: usize) {
    let mut dice = Dice::new(13);
    each(step, |name, wire, late| {
        let mut bench = Bench::new(name, wire, Answers::Twice(late / 5));
        bench.twin.set_paper(20);
        bench.known(4);
        for _ in 0..3 {
            bench.twin.set_paper(20);
            assert_eq!(bench.print(), PrintOutcome::Printed, "{}", bench.what);
        }
        let uneven = (0..37).map(|_| Duration::from_millis(50 + dice.roll(1950_u64))).collect();
        let mut bench = Bench::new(name, wire, Answers::Uneven(uneven));
        for _ in 0..10 {
            bench.twin.set_paper(20);
            let seen = bench.tend();
            assert!(matches!(seen, Ok(None) | Err(Code::P701)), "{}: {seen:?}", bench.what);
            let outcome = bench.print();
            let right = matches!(outcome, PrintOutcome::Printed | PrintOutcome::NotPrinted(Code::P701));
            assert!(right, "{}: {outcome:?}", bench.what);
        }
        let mut bench = Bench::new(name, wire, Answers::Never);
        let seen: Vec<_> = (0..4).map(|_| bench.tend()).collect();
        assert_eq!(seen, [Err(Code::P701); 4], "{}", bench.what);
        assert_eq!(bench.print(), PrintOutcome::NotPrinted(Code::P701), "{}", bench.what);
    });
}

#[test]
fn a_good_slip_is_not_stopped_by_an_answer_that_comes_late_or_in_a_clump() {
    good_slips(11);
}

#[test]
fn a_fault_keeps_its_name_however_late_it_is_told_and_is_over_when_it_is() {
    faults(17);
}

#[test]
fn answers_that_come_twice_unevenly_or_never_name_no_fault_that_is_not_there() {
    oddities(17);
}

#[test]
#[ignore = "all profiles, wires and times: minutes"]
fn no_answer_is_taken_for_another_questions_on_any_profile_and_wire() {
    good_slips(1);
    faults(1);
    oddities(1);
}
