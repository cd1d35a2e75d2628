//! Lanes of one kiosk that ask different systems.

use facemchd::sim::people::Person;
use rustix::process::Signal;

use crate::{
    devices::wait_for,
    program::{expect, text},
    running::{Sandbox, run},
};

/// The kiosk asks the hospital; at the gate numbers are given here.
fn apart() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.edit("[checkin]\n", "[[checkin]]\nname = \"his\"\npassages = true\n");
    sandbox.edit("[privacy]", "[[checkin]]\nname = \"gate\"\nadapter = \"local\"\n\n[privacy]");
    sandbox.edit("mode = \"hospital\"\n", "mode = \"hospital\"\ncheckin = \"his\"\n");
    sandbox.edit("mode = \"transit\"\n", "mode = \"transit\"\ncheckin = [\"gate\"]\n");
    sandbox
}

#[test]
fn each_lane_asks_its_own_system_and_another_that_is_away_is_not_its_matter() {
    let sandbox = apart();
    let checked = run(&["check", "--config", sandbox.site()]);
    for line in ["checkin his: reached, and it accepts", "checkin gate: numbers are given here"] {
        assert!(text(&checked.stdout).contains(line), "{}", text(&checked.stdout));
    }
    let comes = |lane: usize, number: usize| {
        let sid = format!("sid-{number}");
        expect(&sandbox, &Person { union_id: format!("union-{number}"), ..Person::new(&sid, "李四") });
        let mut terminal = sandbox.terminal(lane);
        terminal.face(&sid, true).expect("sent");
        terminal.receive_type("outcome").expect("an outcome")
    };
    let daemon = sandbox.start();
    assert_eq!(comes(0, 1)["result"], "checked_in");
    sandbox.hospital.set_online(false);
    let away = comes(0, 2);
    assert_eq!((away["result"].as_str(), away["code"].as_str()), (Some("failed"), Some("H901")), "{away}");
    assert_eq!(comes(1, 3)["result"], "checked_in", "the gate has nothing to do with it");
    // What is read again keeps what the gate remembers, and whom each lane asks.
    daemon.signal(Signal::HUP);
    wait_for(|| daemon.log(), |log| log.contains("read again: merchants"));
    assert_eq!(comes(1, 4)["result"], "checked_in");
    assert_eq!(sandbox.hospital.passages().len(), 0, "whoever goes through there is not the hospital's");
    sandbox.hospital.set_online(true);
    assert_eq!(comes(0, 5)["result"], "checked_in");
    let checked = run(&["check", "--json", "--config", sandbox.site()]);
    assert_eq!(text(&checked.stdout).matches("\"id\":\"site-system\"").count(), 2);
    daemon.stop();
}
