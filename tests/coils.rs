//! Coils of Modbus relay boards as gates: RTU and TCP.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    os::unix::net::UnixStream,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use facemchd::{
    device::{
        Gate, GateEvent, GateSensor, GateTiming, Passage, Port, linux,
        turnstile::{BusGate, Coil, Framing, Member, bus},
    },
    fault::{Code, Fault as _},
    kiosk::{GateOutcome, Grant},
    words::{Clock, SessionId},
};

use crate::{devices::wait_for, lookups::clock};

/// A relay board at the other end of a wire, as the specification has it, with a check of its own.
#[derive(Clone, Default)]
struct Relays(Arc<Mutex<Board>>);

#[derive(Default)]
struct Board {
    on: bool,
    /// What was written to the coil.
    written: Vec<bool>,
    trouble: Trouble,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Trouble {
    #[default]
    None,
    Silent,
    /// It says what it always says, and its relay does not move.
    Stuck,
    /// It is never switched off again.
    Welded,
    /// There is no such coil.
    Refuses,
}

impl Relays {
    fn start(tcp: bool) -> (Self, UnixStream) {
        let (near, mut far) = UnixStream::pair().expect("a wire");
        let relays = Self::default();
        let board = relays.clone();
        thread::spawn(move || {
            let mut question = vec![0; if tcp { 12 } else { 8 }];
            while far.read_exact(&mut question).is_ok() {
                let asked = if tcp { question[6..].to_vec() } else { question[..6].to_vec() };
                let Some(said) = board.said(&asked) else { continue };
                let framed = if tcp {
                    let length = u16::try_from(said.len()).expect("short").to_be_bytes();
                    [&question[..4], &length, &said].concat()
                } else {
                    assert_eq!(check(&asked), question[6..], "a question's check");
                    [&said[..], &check(&said)].concat()
                };
                far.write_all(&framed).expect("heard");
            }
        });
        (relays, near)
    }

    fn said(&self, asked: &[u8]) -> Option<Vec<u8>> {
        let mut board = self.0.lock().expect("not poisoned");
        let [unit, function, high, low, value, _] = *asked else { panic!("no question: {asked:02x?}") };
        if unit != UNIT {
            return None;
        }
        assert_eq!((high, low), (0x01, 0x02), "the coil that is meant");
        match (board.trouble, function) {
            (Trouble::Silent, _) => None,
            (Trouble::Refuses, _) => Some(vec![unit, function | 0x80, 2]),
            (_, 1) => Some(vec![unit, 1, 1, u8::from(board.on)]),
            (trouble, 5) => {
                board.on = match trouble {
                    Trouble::Stuck => board.on,
                    Trouble::Welded => board.on || value == 0xff,
                    _ => value == 0xff,
                };
                board.written.push(value == 0xff);
                Some(asked.to_vec())
            }
            _ => panic!("no question: {asked:02x?}"),
        }
    }

    fn is_on(&self) -> bool {
        self.0.lock().expect("not poisoned").on
    }

    fn written(&self) -> Vec<bool> {
        self.0.lock().expect("not poisoned").written.clone()
    }

    fn set(&self, trouble: Trouble) {
        self.0.lock().expect("not poisoned").trouble = trouble;
    }
}

fn check(bytes: &[u8]) -> [u8; 2] {
    let mut crc = 0xffff_u16;
    for bit in bytes.iter().flat_map(|byte| (0..8).map(move |bit| u16::from(byte >> bit & 1))) {
        let out = crc & 1 ^ bit;
        crc = (crc >> 1) ^ (out * 0xa001);
    }
    crc.to_le_bytes()
}

/// A lane's gate behind a coil.
struct Lane {
    gate: BusGate,
    clock: Arc<dyn Clock>,
}

impl Lane {
    fn open(
        coil: Coil,
        timing: GateTiming,
        open: impl FnMut() -> std::io::Result<Box<dyn Port>> + Send + 'static,
    ) -> Self {
        let clock = clock();
        let lanes = [Some(timing), None];
        let member = Member { called: "a coil".to_owned(), controller: Box::new(coil), lanes, other_way_free: false };
        let mut ends = bus(Box::new(open), false, vec![member], &clock).expect("a thread");
        let gate = ends.remove(0)[0].take().expect("a lane");
        Self { gate, clock }
    }

    fn grant(&mut self, serial: u32) -> Option<GateOutcome> {
        let now = self.clock.now().moment;
        self.gate
            .open(now, Grant { session: session(serial), deadline: now.after(Duration::from_secs(2)), number: None })
    }

    fn ended(&mut self) -> GateEvent {
        let mut events = Vec::new();
        let (gate, clock) = (&mut self.gate, &self.clock);
        wait_for(
            || {
                events.extend(gate.handle_timeout(clock.now().moment));
                events.len()
            },
            |count| *count > 0,
        );
        events.remove(0)
    }
}

fn session(serial: u32) -> SessionId {
    SessionId { run: 1, serial }
}

/// The only board on the bus.
const UNIT: u8 = 7;

const PULSE: Duration = Duration::from_millis(150);

fn timing(passage: Passage) -> GateTiming {
    GateTiming { passage, pulse: None, min_gap: Duration::ZERO, pass_within: 6 * PULSE, held_open: PULSE }
}

fn relay_lane(tcp: bool, stands: Duration, passage: Passage) -> (Relays, Lane) {
    let (relays, wire) = Relays::start(tcp);
    let coil = Coil::new(7, 0x0102, tcp, stands, Duration::from_millis(60));
    let lane = Lane::open(coil, timing(passage), move || Ok(Box::new(wire.try_clone()?)));
    (relays, lane)
}

#[test]
fn a_coil_is_on_for_its_pulse_and_believed_when_it_is_read_back() {
    for tcp in [false, true] {
        let (relays, mut lane) = relay_lane(tcp, PULSE, Passage::Unseen);
        lane.gate.tend().expect("it answers");
        assert_eq!(lane.grant(1), None);
        assert!(wait_for(|| relays.is_on(), |on| *on));
        assert_eq!(lane.ended(), GateEvent::Ended(session(1), GateOutcome::Opened));
        assert_eq!((relays.is_on(), relays.written()), (false, vec![false, true, false]), "off first, on, off");
    }
}

#[test]
fn a_coil_that_was_left_on_is_switched_off_before_anything_else() {
    let (relays, mut lane) = relay_lane(false, PULSE, Passage::Unseen);
    relays.0.lock().expect("not poisoned").on = true;
    lane.gate.tend().expect("it answers");
    assert!(!wait_for(|| relays.is_on(), |on| !*on));
}

#[test]
fn a_relay_that_does_not_move_and_a_board_that_says_nothing_open_nothing() {
    for (trouble, code) in [(Trouble::Stuck, Code::G811), (Trouble::Refuses, Code::G813), (Trouble::Silent, Code::G810)]
    {
        let (relays, mut lane) = relay_lane(true, PULSE, Passage::Unseen);
        lane.gate.tend().expect("it answers");
        assert!(wait_for(|| relays.written(), |written| !written.is_empty()) == [false]);
        thread::sleep(Duration::from_millis(50));
        relays.set(trouble);
        let told = lane.grant(1).map_or_else(|| lane.ended(), |outcome| GateEvent::Ended(session(1), outcome));
        let GateEvent::Ended(_, GateOutcome::Failed(told)) = told else { panic!("{told:?}") };
        assert!(told == code || trouble == Trouble::Refuses && told == Code::G811, "{trouble:?} {told}");
        let stands = wait_for(
            || lane.gate.tend().err().map(|error| error.code()),
            |fault| fault.is_some() == (trouble != Trouble::Stuck),
        );
        assert_eq!(stands, Some(code).filter(|_| trouble != Trouble::Stuck));
        relays.set(Trouble::None);
        assert!(wait_for(|| lane.gate.tend().is_ok(), |well| *well), "{trouble:?}");
        assert!(!wait_for(|| relays.is_on(), |on| !*on), "nothing is left on");
    }
}

#[test]
fn a_coil_that_is_held_is_let_go_when_somebody_went_through() {
    let (relays, mut lane) = relay_lane(false, 20 * PULSE, Passage::Contact);
    lane.gate.tend().expect("it answers");
    lane.grant(1);
    assert!(wait_for(|| relays.is_on(), |on| *on));
    let now = lane.clock.now().moment;
    lane.gate.sensed(now, GateSensor::Passage, true);
    assert_eq!(lane.ended(), GateEvent::Ended(session(1), GateOutcome::Passed));
    assert!(!wait_for(|| relays.is_on(), |on| !*on));
    lane.grant(2);
    assert_eq!(lane.ended(), GateEvent::Ended(session(2), GateOutcome::Expired));
    assert!(!relays.is_on());
}

#[test]
fn a_coil_that_stays_on_is_told_of_for_as_long_as_it_does() {
    let (relays, mut lane) = relay_lane(true, PULSE, Passage::Unseen);
    lane.gate.tend().expect("it answers");
    relays.set(Trouble::Welded);
    assert_eq!(lane.grant(1), None);
    assert!(wait_for(|| relays.is_on(), |on| *on));
    assert_eq!(lane.grant(2), None);
    assert_eq!(lane.ended(), GateEvent::Ended(session(1), GateOutcome::Failed(Code::G810)));
    let told = wait_for(|| lane.gate.tend().err(), Option::is_some).expect("told");
    assert_eq!(told.code(), Code::G813);
    assert!(told.to_string().contains("stays on"), "{told}");
    assert_eq!(lane.ended(), GateEvent::Ended(session(2), GateOutcome::Failed(Code::G802)), "at its deadline");
    assert!(lane.gate.safe().is_err());
    relays.set(Trouble::None);
    assert!(wait_for(|| lane.gate.tend().is_ok(), |well| *well));
    assert!(lane.gate.safe().is_ok() && !relays.is_on());
}

#[test]
fn boards_that_say_nothing_keep_no_other_gate_from_being_asked() {
    let (_relays, wire) = Relays::start(true);
    let clock = clock();
    let member = |unit: u8| Member {
        called: format!("a coil of board {unit}"),
        controller: Box::new(Coil::new(unit, 0x0102, true, PULSE, Duration::from_millis(150))),
        lanes: [Some(timing(Passage::Unseen)), None],
        other_way_free: false,
    };
    let members = [1, 2, 3, UNIT].map(member).into();
    let mut ends = bus(Box::new(move || Ok(Box::new(wire.try_clone()?))), false, members, &clock).expect("a thread");
    let gate = ends.remove(3)[0].take().expect("a lane");
    let mut lane = Lane { gate, clock };
    // So often the others were told to close in a hurry.
    thread::sleep(Duration::from_millis(2500));
    lane.gate.tend().expect("it answers");
    assert_eq!(lane.grant(1), None);
    assert_eq!(lane.ended(), GateEvent::Ended(session(1), GateOutcome::Opened));
}

#[test]
fn two_light_barriers_tell_the_way_at_a_coil_too_and_one_that_is_stuck_opens_nothing() {
    let (relays, mut lane) = relay_lane(false, 20 * PULSE, Passage::Directed);
    lane.gate.tend().expect("it answers");
    lane.grant(1);
    assert!(wait_for(|| relays.is_on(), |on| *on));
    let both = |lane: &mut Lane, sensors: [GateSensor; 2]| {
        let now = lane.clock.now().moment;
        for (sensor, active) in [(sensors[0], true), (sensors[1], true), (sensors[0], false), (sensors[1], false)] {
            lane.gate.sensed(now, sensor, active);
        }
    };
    both(&mut lane, [GateSensor::Exit, GateSensor::Passage]);
    assert_eq!(lane.ended(), GateEvent::Alarm(None, GateOutcome::Reversed));
    both(&mut lane, [GateSensor::Passage, GateSensor::Exit]);
    assert_eq!(lane.ended(), GateEvent::Ended(session(1), GateOutcome::Passed));
    let now = lane.clock.now().moment;
    lane.gate.sensed(now, GateSensor::Passage, true);
    thread::sleep(2 * PULSE);
    assert_eq!(lane.grant(2), Some(GateOutcome::Failed(Code::G806)));
}

/// A relay board of somebody else's: pymodbus.
struct Peer(Child);

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn peer(kind: &str, at: &str) -> (Peer, impl Iterator<Item = String> + use<>) {
    let python = std::env::var("FACEMCHD_PYTHON").expect("FACEMCHD_PYTHON names a Python with pymodbus");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/modbus.py");
    let mut child = Command::new(python)
        .args([script, kind, at])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it runs");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
    assert_eq!(lines.next().as_deref(), Some("ready"));
    (Peer(child), lines)
}

fn peer_opens(
    open: impl FnMut() -> std::io::Result<Box<dyn Port>> + Send + 'static,
    tcp: bool,
    mut lines: impl Iterator<Item = String>,
) {
    let coil = Coil::new(1, 3, tcp, PULSE, Duration::from_millis(500));
    let mut lane = Lane::open(coil, timing(Passage::Unseen), open);
    assert!(wait_for(|| lane.gate.tend().is_ok(), |well| *well), "it answers");
    assert_eq!(lane.grant(1), None);
    assert_eq!(lane.ended(), GateEvent::Ended(session(1), GateOutcome::Opened));
    // One that is off already need not be switched off before.
    assert_eq!(lines.find(|line| line == "coil 3 1").as_deref(), Some("coil 3 1"));
    assert_eq!(lines.next().as_deref(), Some("coil 3 0"));
}

#[test]
#[ignore = "needs a Python with pymodbus, named in FACEMCHD_PYTHON"]
fn a_relay_board_of_somebody_else_obeys_over_tcp() {
    let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let (_peer, lines) = peer("tcp", &port.to_string());
    peer_opens(linux::bus_tcp(format!("127.0.0.1:{port}")), true, lines);
}

#[test]
#[ignore = "needs a Python with pymodbus, named in FACEMCHD_PYTHON"]
fn a_relay_board_of_somebody_else_obeys_over_a_serial_port() {
    use serialport::SerialPort as _;
    let (near, far) = [0, 1]
        .map(|_| serialport::TTYPort::pair().expect("a pseudo terminal"))
        .map(|(mut master, mut slave)| {
            slave.set_exclusive(false).expect("anybody's");
            let name = slave.name().expect("a name");
            let open = std::fs::File::options().read(true).write(true).open(&name).expect("open");
            master.set_timeout(Duration::from_secs(60)).expect("patient");
            (master, name, open)
        })
        .into();
    let ((mut here, ours, _a), (mut there, theirs, _b)) = (near, far);
    let (mut here_out, mut there_out) =
        (here.try_clone_native().expect("the same"), there.try_clone_native().expect("the same"));
    thread::spawn(move || std::io::copy(&mut here, &mut there_out));
    thread::spawn(move || std::io::copy(&mut there, &mut here_out));
    let (_peer, lines) = peer("rtu", &theirs);
    peer_opens(linux::rs485(ours.into(), 9600, Framing::EightNone, false), false, lines);
}
