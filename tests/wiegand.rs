//! Gates that open by a card's number: a board's own driver sends it, and the site's system says which.

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use facemchd::{
    checkin::{CheckIn as _, Template},
    device::{
        Gate as _, GateEvent, GateTiming, LineGate,
        turnstile::{NumberBits, Wiegand},
    },
    fault::{Code, Fault as _},
    kiosk::{GateOutcome, Grant},
    sim::{
        his::{Kind, Status},
        people::Person,
        terminal::Terminal,
    },
    words::{CheckInAnswer, GateNumber, Moment, SessionId},
};
use serde_json::{Map, Value, json};

use crate::{
    bench_board,
    devices::wait_for,
    his::{NAMES, Stand, adapter_of, document, holder, request},
    program::expect,
    running::{Daemon, Sandbox},
};

fn grant(serial: u32, number: &str) -> Grant {
    let session = SessionId { run: 1, serial };
    Grant { session, deadline: Moment(Duration::from_secs(3600)), number: GateNumber::parse(number) }
}

/// A gate whose driver's file is this one.
struct Driver {
    gate: LineGate<Wiegand>,
    file: PathBuf,
    at: u64,
}

impl Driver {
    fn new(file: &Path, bits: NumberBits) -> Self {
        let gate = LineGate::new(Wiegand::new(file.to_owned(), bits), false, GateTiming::default());
        Self { gate, file: file.to_owned(), at: 0 }
    }

    /// What a grant of this number comes to, when its pulse is over.
    fn opens(&mut self, number: &str) -> GateOutcome<Code> {
        self.at += 10;
        if self.file.is_file() {
            fs::write(&self.file, "").expect("written");
        }
        let now = Moment(Duration::from_secs(self.at));
        let refused = self.gate.open(now, grant(u32::try_from(self.at).expect("few"), number));
        let ended = || {
            // A pulse is over when the driver has long taken the number.
            let taken = || self.file.is_file() && fs::read(&self.file).is_ok_and(|bytes| bytes.ends_with(b"\n"));
            let _ = (0..40).find(|_| {
                thread::sleep(Duration::from_millis(25));
                taken()
            });
            thread::sleep(Duration::from_millis(25));
            match self.gate.handle_timeout(now.after(Duration::from_secs(1))).pop() {
                Some(GateEvent::Ended(_, outcome)) => outcome,
                other => panic!("{other:?}"),
            }
        };
        refused.unwrap_or_else(ended)
    }
}

#[test]
fn a_number_that_the_controller_has_no_bits_for_opens_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("wiegand");
    let failed = GateOutcome::Failed(Code::G816);
    for (bits, most, beyond) in
        [(NumberBits::TwentySix, "16777215", "16777216"), (NumberBits::ThirtyFour, "4294967295", "4294967296")]
    {
        fs::write(&file, "").expect("written");
        let mut driver = Driver::new(&file, bits);
        for none in [beyond, "", "-1", "0x1F", "12 34"] {
            assert_eq!(driver.opens(none), failed, "{none}");
        }
        assert_eq!(fs::read_to_string(&file).expect("there"), "");
        for (number, sent) in [(most, most), (" 0042 ", "42"), ("0", "0")] {
            assert_eq!(driver.opens(number), GateOutcome::Opened, "{number}");
            assert_eq!(fs::read_to_string(&file).expect("there"), format!("{sent}\n"));
        }
    }
    assert_eq!(format!("{:?}", grant(1, "1234567").number), "Some([redacted])");
}

#[test]
fn a_driver_that_is_not_there_opens_nothing_until_it_comes_and_one_that_refuses_a_number_is_told_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("wiegand");
    let mut driver = Driver::new(&file, NumberBits::default());
    assert_eq!(driver.gate.tend().expect_err("nothing is there").code(), Code::G801);
    assert_eq!(driver.opens("7"), GateOutcome::Failed(Code::G801));
    assert!(!file.exists(), "a driver's file is the kernel's to make");
    fs::write(&file, "").expect("written");
    driver.gate.tend().expect("it is there");
    assert_eq!(driver.opens("7"), GateOutcome::Opened);
    // It is opened, and takes nothing.
    let mut driver = Driver::new(Path::new("/dev/full"), NumberBits::default());
    assert_eq!(driver.opens("7"), GateOutcome::Failed(Code::G801));
    driver.gate.tend().expect("it is there");
}

#[test]
fn a_template_reads_the_gates_number_as_any_other_of_an_answers_members() {
    let stand = Stand::new(Kind::Esb);
    stand.twin.ledger().register("P1", NAMES[0], &document(1));
    stand.twin.ledger().book("V1", "P1", Status::Open);
    let shipped = Template::shipped("dhc-esb").expect("shipped");
    let written = shipped.replace("[list.read]", "[list.read]\ngate-credential = \"WaitNum\"");
    let template = Template::parse(&written).expect("a template");
    let adapter = adapter_of(&stand, template);
    let asked = request(1, holder(NAMES[0], &document(1)));
    let answer = adapter.check_in(&asked, stand.within(Duration::from_secs(5))).expect("decided");
    let CheckInAnswer::Admitted(admission) = answer else { panic!("{answer:?}") };
    assert_eq!(admission.gate_number.map(GateNumber::reveal), Some(2));
}

/// Through the whole program.
#[test]
fn the_number_of_the_sites_answer_reaches_the_gates_driver_and_no_log_and_none_is_made_of_the_person() {
    let sandbox = Sandbox::new();
    let file = sandbox.path("wiegand26");
    fs::write(&file, "").expect("written");
    let line = format!("{{ file = \"{}/gate\" }}", sandbox.path("bench").display());
    let wire = format!("{{ wiegand = \"{}\", bits = 26 }}", file.display());
    let _printer = bench_board::build(&sandbox, &[(&line, &wire)]);
    let tells = |number: Value| sandbox.hospital.tell(Map::from_iter([("gate-credential".to_owned(), number)]));
    let sent = || fs::read_to_string(&file).expect("there");
    let daemon = sandbox.start();
    let mut terminal = sandbox.terminal(1);
    let comes = |terminal: &mut Terminal, sid: &str| {
        // All of their own numbers would fit.
        let (union_id, credential_id) = (sid.replace("sid-", "100"), sid.replace("sid-", "765432"));
        expect(&sandbox, &Person { union_id, credential_type: 2, credential_id, ..Person::new(sid, "张三丰") });
        terminal.face(sid, true).expect("sent");
        assert_eq!(terminal.receive_type("outcome").expect("told")["result"], "checked_in", "{sid}");
    };
    tells(json!(9_081_726));
    comes(&mut terminal, "sid-1");
    assert_eq!(wait_for(sent, |sent| !sent.is_empty()), "9081726\n");
    // Whoever is not through closes the way for the next one.
    for level in ["1", "0"] {
        fs::write(sandbox.path("bench/passage"), level).expect("written");
        thread::sleep(Duration::from_millis(700));
    }
    for (sid, number) in [("sid-2", json!(16_777_216)), ("sid-3", Value::Null), ("sid-4", json!("1234567890123"))] {
        tells(number);
        comes(&mut terminal, sid);
        let told = terminal.receive_type("outcome").expect("told again");
        assert_eq!((told["result"].as_str(), told["code"].as_str()), (Some("annulled"), Some("G816")), "{told}");
    }
    assert_eq!(sent(), "9081726\n", "nothing of theirs was sent");
    daemon.stop();
    let holding = Daemon::files_with(sandbox.folder.path(), &["9081726"]);
    assert!(matches!(&holding[..], [only] if only.contains("wiegand26")), "{holding:?}");
}
