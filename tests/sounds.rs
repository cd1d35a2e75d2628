//! What the buzzer of a kiosk sounds like: the site's patterns, bounded, and none in quiet hours but the way out.

use facemchd::{
    device::{Indicator as _, Lamp, Lamps, Sounds},
    kiosk::Signal,
    words::Moment,
};

use crate::{
    devices::{at, lane},
    running::{Sandbox, run},
};

/// When the buzzer begins and ends, milliseconds, until nothing more is due or ten seconds are over.
fn heard(sounds: Sounds, quiet: bool, signal: Signal) -> Vec<u64> {
    let (wires, twins) = lane();
    let [.., buzzer] = &twins.lamps;
    let mut lamps = Lamps::new(wires.lamps.map(|pin| Some(Lamp { pin, active_low: false }))).sounding(sounds);
    lamps.hush(quiet);
    lamps.indicate(at(0), signal).expect("switched");
    let mut changes = Vec::new();
    let mut note = |now: Moment, sounding: bool| {
        if sounding != (changes.len() % 2 == 1) {
            changes.push(u64::try_from(now.0.as_millis()).expect("short"));
        }
    };
    note(at(0), buzzer.is_active());
    while let Some(due) = lamps.poll_timeout().filter(|due| *due <= at(10_000)) {
        lamps.handle_timeout(due).expect("switched");
        note(due, buzzer.is_active());
    }
    changes
}

#[test]
fn good_bad_again_and_wait_sound_as_the_site_says_and_end_silent() {
    let sounds =
        Sounds { good: vec![200, 50, 200], bad: vec![1000], again: Vec::new(), wait: vec![20, 20, 20, 20, 20] };
    for (signal, changes) in [
        (Signal::Success, vec![0, 200, 250, 450]),
        (Signal::Denied, vec![0, 1000]),
        (Signal::Retry, vec![]),
        (Signal::Working, vec![0, 20, 40, 60, 80, 100]),
        (Signal::Ready, vec![]),
        (Signal::CallStaff, vec![0, 200, 400, 600]),
    ] {
        assert_eq!(heard(sounds.clone(), false, signal), changes, "{signal:?}");
        assert_eq!(heard(sounds.clone(), true, signal), [0; 0], "{signal:?} in quiet hours");
    }
    let default = Sounds::default;
    assert_eq!(heard(default(), false, Signal::Success), [0, 100]);
    assert_eq!(heard(default(), false, Signal::Denied), [0, 100, 200, 300, 400, 500]);
    assert_eq!(heard(default(), false, Signal::Retry), [0, 60, 120, 180]);
    assert_eq!(heard(default(), false, Signal::Working), [0, 30]);
    assert_eq!(heard(default(), true, Signal::Evacuate), heard(default(), false, Signal::Evacuate));
    assert_eq!(heard(default(), true, Signal::Evacuate).len(), 21);
}

#[test]
fn a_pattern_without_bounds_and_hours_that_are_none_are_refused_with_their_line() {
    for setting in [
        "buzzer = { good = [100, 100] }",
        "buzzer = { good = [5] }",
        "buzzer = { bad = [2001] }",
        "buzzer = { wait = [2000, 1000, 2001] }",
        "buzzer = { good = [10,10,10,10,10,10,10,10,10,10,10,10,10,10,10,10,10] }",
        "buzzer = { loud = [100] }",
        "quiet-hours = \"22-6\"",
        "voice = { pack = \"p\", volume = 101 }",
        "voice = { pack = \"p\", device = \"-D\" }",
        "voice = { }",
        "voice-name = 1",
    ] {
        let sandbox = Sandbox::new();
        sandbox.edit("terminal = \"unix:kiosk-1.sock\"", &format!("terminal = \"unix:kiosk-1.sock\"\n{setting}"));
        let check = run(&["check", "--config", sandbox.site()]);
        let told = String::from_utf8_lossy(&[check.stdout, check.stderr].concat()).into_owned();
        let text = std::fs::read_to_string(&sandbox.site).expect("readable");
        let line = 1 + text.lines().position(|line| line == setting).expect("written");
        assert!(told.contains("C101") && told.contains(&format!("site.toml:{line}:")), "{setting}: {told}");
    }
}
