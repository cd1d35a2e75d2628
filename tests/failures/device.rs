//! Faults of panels, printers, gates, inputs, outputs, and of the terminals' lines.

use std::{fs, thread, time::Duration};

use facemchd::{
    fault::Code,
    sim::devices::{BusTrouble, Cable, Trouble, TurnstileTwin},
};
use serde_json::json;

use super::{Row, face_at, nobody, row};
use crate::{
    bench_board,
    faults::{Kept, bench, bench_with, nothing},
    running::Sandbox,
};

const KIOSK: &str = "kiosk-1";
const GATE: &str = "gate-1";

pub fn rows() -> Vec<Row> {
    vec![
        row("the printer is switched off", Code::P701, KIOSK, "bench/printer; caused by: ")
            .by(|s| bench_with(s, |printer| printer.set_cable(Cable::NoReturn))),
        row("the printer has no paper", Code::P702, KIOSK, "no paper")
            .by(|s| bench_with(s, |printer| printer.set_paper(0))),
        row("the printer's cover is open", Code::P703, KIOSK, "cover is open")
            .by(|s| bench_with(s, |printer| printer.set_cover(true))),
        row("the printer's cutter is stuck", Code::P704, KIOSK, "mechanical fault")
            .by(|s| bench_with(s, |printer| printer.set_jammed(true))),
        row("the printer stops within the slip", Code::P705, KIOSK, "nobody knows whether the slip was printed")
            .with(&[Code::P702])
            .by(|s| bench_with(s, |printer| printer.stop_after(120, Trouble::Paper))),
        row("the printer's paper is nearly out", Code::P706, KIOSK, "nearly out")
            .by(|s| bench_with(s, |printer| printer.set_paper(15)))
            .when(nobody),
        row("the framebuffer is not there", Code::D601, KIOSK, "/dev/fb9")
            .by(|s| {
                let file = format!("wire = \"file:{}/panel.ppm\"", s.path("bench").display());
                bench(s, &[("kind = \"picture\"", "kind = \"framebuffer\""), (&file, "wire = \"fb:/dev/fb9\"")])
            })
            .when(nobody),
        row("a light is not there", Code::D602, KIOSK, "LAMP_GREEN")
            .by(|s| instead_of_a_file(s, "green", "{ name = \"LAMP_GREEN\" }"))
            .when(nobody),
        row("the fire input's line is not there", Code::D602, KIOSK, "FIRE_ALARM")
            .by(|s| instead_of_a_file(s, "fire", "{ name = \"FIRE_ALARM\" }"))
            .when(nobody),
        row("the gate's line has no such name", Code::G801, GATE, "GATE_OPEN")
            .by(|s| instead_of_a_file(s, "gate", "{ name = \"GATE_OPEN\" }"))
            .when(nobody),
        row("the case is opened", Code::D603, KIOSK, "case is open").by(a_bench).when(|s, _| set(s, "tamper")),
        row("the fire input becomes active", Code::G807, KIOSK, "fire input").by(a_bench).when(|s, _| set(s, "fire")),
        row("nobody goes through the gate", Code::G803, GATE, "nobody went through")
            .by(|s| bench(s, &[("pass-within-ms = 5000", "pass-within-ms = 500")]))
            .when(|s, _| face_at(s, 1, super::FACE)),
        row("somebody goes through behind nobody", Code::G804, GATE, "behind another")
            .by(a_bench)
            .when(|s, _| set(s, "passage")),
        row("somebody comes through the wrong way", Code::G805, GATE, "the wrong way")
            .by(|s| bench(s, &[("is = \"other-way\"", "is = \"passage-exit\"")]))
            .when(|s, _| {
                set(s, "other-way");
                thread::sleep(Duration::from_millis(200));
                set(s, "passage");
            }),
        row("the gate's door stays open", Code::G806, GATE, "did not close")
            .by(|s| bench(s, &[("is = \"other-way\"", "is = \"door\""), ("one-shot", "held-open-ms = 500\none-shot")]))
            .when(|s, _| set(s, "other-way")),
        row("the gate's controller does not answer", Code::G810, GATE, "no answer on the bus")
            .by(|s| turnstile(s, |twin| twin.set_trouble(BusTrouble::Deaf)))
            .when(nobody),
        row("the gate's controller is blocked", Code::G811, GATE, "did not carry out")
            .by(|s| turnstile(s, |twin| twin.set_trouble(BusTrouble::Stuck)))
            .when(|s, _| face_at(s, 1, super::FACE)),
        row("somebody forces the gate", Code::G812, GATE, "forced")
            .by(|s| turnstile(s, |twin| twin.set_bytes(1, 8, 0)))
            .when(nobody),
        row("the gate's controller has a fault of its own", Code::G813, GATE, "fault is 05")
            .by(|s| turnstile(s, |twin| twin.set_bytes(1, 0, 5)))
            .when(nobody),
        row("the terminal sends what is no frame", Code::T201, KIOSK, "not a frame")
            .when(|s, _| sends(s, &[&b"{\"v\":1,\"type\":\"face\",\"face_sid\":\"sid-secret-1\"\n"[..]; 3])),
        row("the terminal's lines are too long", Code::T202, KIOSK, "4096")
            .when(|s, _| sends(s, &[&[b'x'; 5000], b"\n"])),
        row("a checksum is wrong", Code::T203, KIOSK, "checksum")
            .when(|s, _| sends(s, &[b"{\"v\":1,\"type\":\"person\",\"seq\":1}*0000\n"])),
        row("a frame is of an unknown type", Code::T204, KIOSK, "unknown frame type")
            .when(|s, _| sends(s, &[b"{\"v\":1,\"type\":\"wave\",\"seq\":1}\n"])),
        row("a face_sid holds what it cannot", Code::T205, KIOSK, "face_sid").when(|s, _| {
            sends(
                s,
                &["{\"v\":1,\"type\":\"face\",\"seq\":1,\"return_code\":\"SUCCESS\",\"face_sid\":\"sid-secret-1\\u0007\"}\n"
                    .as_bytes()],
            )
        }),
        row("a choice of no session", Code::T207, KIOSK, "no such session").when(|s, _| {
            let nobodys = json!({ "session": "0000000000000001-0001", "option": 1 });
            s.terminal(0).send("choice", &nobodys).expect("sent");
            thread::sleep(Duration::from_millis(300));
        }),
        row("a terminal sends and sends", Code::T209, KIOSK, "too many frames")
            .when(|s, _| sends(s, &[&b"{\"v\":1,\"type\":\"ping\",\"seq\":1}\n"[..]; 500])),
        row(
            "the terminal's port is not there",
            Code::T210,
            GATE,
            "/dev/ttyUSB98: the serial port cannot be used; caused by: ",
        )
        .by(|s| {
            s.edit("unix:gate-1.sock", "serial:/dev/ttyUSB98:115200");
            nothing()
        })
        .when(nobody),
        row("somebody else acts as the terminal", Code::T211, KIOSK, "uid ")
            .by(|s| {
                s.edit(
                    "terminal = \"unix:kiosk-1.sock\"",
                    "terminal = \"unix:kiosk-1.sock\"\nallow-uids = [4000000000]",
                );
                nothing()
            })
            .when(|s, _| drop(s.terminal(0))),
        row("a claim comes without a document", Code::T213, KIOSK, "lacks a document").when(|s, _| {
            let claim = json!({ "openid": "o-secret", "code": super::TOKEN });
            s.terminal(0).send("realname-check", &claim).expect("sent");
            thread::sleep(Duration::from_millis(300));
        }),
        row("a way in that the lane does not take", Code::T214, GATE, "nobody here can judge")
            .by(numbers_of_its_own)
            .when(|s, _| {
                s.terminal(1).send("voucher", &json!({ "code": super::TOKEN })).expect("sent");
                thread::sleep(Duration::from_millis(300));
            }),
    ]
}

fn a_bench(sandbox: &Sandbox) -> Kept {
    bench(sandbox, &[])
}

/// A site without a system, which cannot judge a voucher.
fn numbers_of_its_own(sandbox: &Sandbox) -> Kept {
    let text = fs::read_to_string(&sandbox.site).expect("readable");
    let table = text.split("[checkin]").nth(1).and_then(|rest| rest.split("[privacy]").next()).expect("a table");
    sandbox.edit(table, "\nadapter = \"local\"\n\n");
    sandbox.edit("other-ways = [\"id-card\", \"voucher\"]\n", "");
    nothing()
}

/// A line of the bench that is something else than a file.
fn instead_of_a_file(sandbox: &Sandbox, line: &str, wire: &str) -> Kept {
    let file = format!("{{ file = \"{}/{line}\" }}", sandbox.path("bench").display());
    bench(sandbox, &[(&file, wire)])
}

/// A gate on a bus, whose twin behaves so.
fn turnstile(sandbox: &Sandbox, behave: impl Fn(&TurnstileTwin)) -> Kept {
    let twins = bench_board::with_turnstile(sandbox, &[]);
    behave(&twins.1);
    Box::new(twins)
}

/// An input of the bench becomes active.
fn set(sandbox: &Sandbox, input: &str) {
    // It is looked at as it was first.
    thread::sleep(Duration::from_millis(500));
    fs::write(sandbox.path("bench").join(input), "1").expect("written");
}

fn sends(sandbox: &Sandbox, lines: &[&[u8]]) {
    let mut terminal = sandbox.terminal(0);
    for line in lines {
        terminal.send_bytes(line).expect("sent");
    }
    thread::sleep(Duration::from_millis(300));
}
