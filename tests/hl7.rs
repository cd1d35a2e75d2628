//! HL7 version 2 over MLLP: what is sent, what acknowledgements mean, and whatever else comes over the line.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use facemchd::{
    checkin::{CheckIn as _, Hl7, Hl7Settings, Memory, Undecided},
    fault::Code,
    http::Route,
    words::{CheckInAnswer, Hindrance, Identity, Private, Resolution, Voucher, VoucherKind},
};
use proptest::prelude::{ProptestConfig, any, proptest};

use crate::{
    his::{PATIENCE, choosing, holder, request},
    lookups::Setup,
    support::tls::Raw,
};

const CARD: &str = "11010519491231002X";
const NAME: &str = "欧阳若兰";

/// What a message is answered with: bytes to write as they are, and whether the line is cut then.
pub type Script = Box<dyn FnMut(&[u8]) -> (Vec<u8>, bool) + Send>;

/// The same where the line is cut each time.
type Answers = Box<dyn Fn(&[u8]) -> Vec<u8> + Send>;

/// An interface engine that does what a test says.
pub struct Engine {
    pub port: u16,
    heard: Arc<Mutex<Vec<Vec<u8>>>>,
    connections: Arc<AtomicUsize>,
}

impl Engine {
    pub fn start(script: Script) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (heard, connections) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(0)));
        let (heard_by, counted, script) = (Arc::clone(&heard), Arc::clone(&connections), Arc::new(Mutex::new(script)));
        thread::spawn(move || {
            for connection in listener.incoming() {
                counted.fetch_add(1, Ordering::Relaxed);
                let (heard, script) = (Arc::clone(&heard_by), Arc::clone(&script));
                thread::spawn(move || serve(connection.expect("a connection"), &heard, &script));
            }
        });
        Self { port, heard, connections }
    }

    fn heard(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        self.heard.lock().expect("not poisoned")
    }

    pub fn adapter(&self, setup: &Setup, settings: &str) -> Hl7 {
        let route = Route { plain: vec!["127.0.0.1/32".parse().expect("a network")], ..Route::default() };
        let settings: Hl7Settings = serde_json::from_str(settings).expect("settings");
        let (url, memory) = (format!("mllp://127.0.0.1:{}", self.port), Arc::new(Memory::new(None)));
        Hl7::open(settings, &url, &route, (8 * 3600, 0), Arc::clone(&setup.clock), memory).expect("an adapter")
    }
}

/// Whole messages, one after the other.
fn serve(mut connection: TcpStream, heard: &Mutex<Vec<Vec<u8>>>, script: &Mutex<Script>) {
    let (mut come, mut buffer) = (Vec::new(), [0; 4096]);
    while let Ok(read @ 1..) = connection.read(&mut buffer) {
        come.extend_from_slice(&buffer[..read]);
        while let Some(end) = come.windows(2).position(|pair| pair == [0x1C, 0x0D]) {
            assert_eq!(come[0], 0x0B);
            let message = come[1..end].to_vec();
            come.drain(..end + 2);
            heard.lock().expect("not poisoned").push(message.clone());
            let (answer, cut) = (script.lock().expect("not poisoned"))(&message);
            if connection.write_all(&answer).is_err() || cut {
                return;
            }
        }
    }
}

/// A field of a message, counted as HL7 does.
fn field(message: &[u8], segment: &str, index: usize) -> String {
    let text = String::from_utf8_lossy(message).into_owned();
    let found = text.split('\r').find(|line| line.starts_with(segment)).unwrap_or_default().to_owned();
    let index = if segment == "MSH" { index - 1 } else { index };
    found.split('|').nth(index).unwrap_or_default().to_owned()
}

pub fn ack(message: &[u8], code: &str, more: &str) -> Vec<u8> {
    framed(&format!("MSH|^~\\&|RIS|H|K|K|20261126||ACK|1|P|2.5\rMSA|{code}|{}\r{more}", field(message, "MSH", 10)))
}

pub fn framed(message: &str) -> Vec<u8> {
    [&[0x0B], message.as_bytes(), &[0x1C, 0x0D]].concat()
}

fn told(adapter: &Hl7, serial: u32, setup: &Setup) -> Result<CheckInAnswer, Undecided> {
    adapter.check_in(&request(serial, holder(NAME, CARD)), setup.within(PATIENCE))
}

#[test]
fn an_arrival_is_told_once_and_what_is_acknowledged_is_read() {
    let setup = Setup::new();
    let engine = Engine::start(Box::new(|message| (ack(message, "AA", "ZQN|A036|3楼\\T\\B\r"), false)));
    let adapter = engine.adapter(
        &setup,
        r#"{"sending":["KIOSK","CLINIC|3"],"receiving":["RIS","RAD"],"read":{"number":"ZQN-1","place":"ZQN-2"}}"#,
    );
    let Ok(CheckInAnswer::Admitted(admission)) = told(&adapter, 7, &setup) else { panic!("not admitted") };
    assert_eq!(admission.number.as_ref().map(|number| number.as_str()), Some("A036"));
    assert_eq!(admission.place.as_ref().map(|place| place.as_str()), Some("3楼&B"));
    // The same session again is not told again, and another one of the same person neither.
    assert!(matches!(told(&adapter, 7, &setup), Ok(CheckInAnswer::Admitted(_))));
    assert!(matches!(told(&adapter, 8, &setup), Ok(CheckInAnswer::Already(_))));
    assert!(matches!(
        adapter.resolve(request(7, Identity::default()).session, setup.within(PATIENCE)),
        Ok(Resolution::Decided(_))
    ));
    let heard = engine.heard();
    let message = &heard[0];
    assert_eq!(heard.len(), 1);
    for (segment, index, wanted) in [
        ("MSH", 3, "KIOSK"),
        ("MSH", 4, "CLINIC\\F\\3"),
        ("MSH", 5, "RIS"),
        ("MSH", 9, "ADT^A04^ADT_A01"),
        ("MSH", 10, "00000000000000010007"),
        ("MSH", 18, "UNICODE UTF-8"),
        ("EVN", 1, "A04"),
        ("PID", 3, "11010519491231002X^^^CHN^NI"),
        ("PID", 5, NAME),
        ("PV1", 2, "O"),
    ] {
        assert_eq!(field(message, segment, index), wanted, "{segment}-{index}");
    }
    assert!(field(message, "MSH", 7).ends_with("+0800"));
}

#[test]
fn a_voucher_of_insurance_or_health_card_is_the_patients_number_and_the_sites_own_is_the_visits() {
    let setup = Setup::new();
    let engine = Engine::start(Box::new(|message| (ack(message, "AA", ""), false)));
    for (serial, kind, patient, visit) in [
        (1, VoucherKind::Insurance, "440100|EC^^^CHN^HC", ""),
        (2, VoucherKind::HealthCard, "440100|EC", ""),
        (3, VoucherKind::Queue, "", "440100|EC"),
    ] {
        let voucher = Voucher { code: Private::new("440100|EC".to_owned()), kind };
        let brings = Identity { voucher: Some(voucher), ..Identity::default() };
        let adapter = engine.adapter(&setup, r#"{"authorities":{"1":["CHN","NI"],"ec":["CHN","HC"]}}"#);
        assert!(adapter.judges(&brings));
        let answer = adapter.check_in(&request(serial, brings), setup.within(PATIENCE));
        assert!(matches!(answer, Ok(CheckInAnswer::Admitted(_))), "{kind:?}: {answer:?}");
        let message = engine.heard().last().expect("told").clone();
        let escaped = |text: &str| text.replace("440100|EC", "440100\\F\\EC");
        assert_eq!(
            (field(&message, "PID", 3), field(&message, "PV1", 19)),
            (escaped(patient), escaped(visit)),
            "{kind:?}"
        );
    }
}

#[test]
fn every_acknowledgement_has_its_meaning_and_nothing_of_it_is_told_to_the_log() {
    let settings = r#"{"refusals":{"NOAPPT":"not-found","UNPAID":"unpaid","HERE":"taken"}}"#;
    for (code, more, wanted) in [
        ("AE", "ERR|||NOAPPT|E\r", Ok(CheckInAnswer::NotFound)),
        ("AE", "ERR|||UNPAID|E\r", Ok(CheckInAnswer::Hindered(Hindrance::Unpaid))),
        ("AE", "ERR|||HERE|E\r", Ok(CheckInAnswer::Already(facemchd::words::Admission::default()))),
        ("CE", "ERR|^^^NOAPPT\r", Ok(CheckInAnswer::NotFound)),
        (
            "AE",
            "ERR|||207|E||||请到2号窗口\r",
            Ok(CheckInAnswer::Refused(Some(facemchd::words::Text::clean("请到2号窗口")))),
        ),
        ("AE", "ERR|||207|E|||stack trace\r", Ok(CheckInAnswer::Refused(None))),
        ("AR", "", Err((Code::H944, false))),
        ("CR", "", Err((Code::H944, false))),
        ("XX", "", Err((Code::H902, true))),
    ] {
        let setup = Setup::new();
        let engine = Engine::start(Box::new(move |message| (ack(message, code, more), false)));
        let answer = told(&engine.adapter(&setup, settings), 1, &setup);
        let chain = answer.as_ref().err().map(|undecided| undecided.failure.chain()).unwrap_or_default();
        assert!(!chain.contains(NAME) && !chain.contains(CARD), "{chain}");
        assert_eq!(answer.map_err(|undecided| (undecided.failure.code(), undecided.perhaps)), wanted, "{code} {more}");
    }
}

#[test]
fn a_lost_acknowledgement_is_unknown_and_never_told_again_and_the_line_is_made_anew() {
    let setup = Setup::new();
    let mut lost = true;
    let engine = Engine::start(Box::new(move |message| match std::mem::take(&mut lost) {
        true => (Vec::new(), true),
        false => (ack(message, "AA", ""), false),
    }));
    let adapter = engine.adapter(&setup, "{}");
    let undecided = told(&adapter, 1, &setup).expect_err("nobody knows");
    assert!(undecided.perhaps && undecided.failure.code() == Code::H905);
    for serial in [1, 2] {
        let undecided = told(&adapter, serial, &setup).expect_err("nobody knows");
        assert!(undecided.perhaps, "the same person would be told twice");
    }
    let session = request(1, Identity::default()).session;
    assert!(matches!(adapter.resolve(session, setup.within(PATIENCE)), Ok(Resolution::CannotSay(Code::H905))));
    assert_eq!(engine.heard().len(), 1);
    let other = adapter.check_in(&request(3, holder("王五", "110105194912310038")), setup.within(PATIENCE));
    assert!(matches!(other, Ok(CheckInAnswer::Admitted(_))), "{other:?}");
    assert_eq!((engine.heard().len(), engine.connections.load(Ordering::Relaxed)), (2, 2));
}

#[test]
fn whatever_else_comes_over_the_line_is_passed_over_or_ends_within_its_bound() {
    let other = |message: &[u8]| ack(message, "AA", "").to_vec();
    let of_another = framed("MSH|^~\\&|||||||ACK|1|P|2.5\rMSA|AR|another\r");
    let scripts: Vec<(Answers, bool)> = vec![
        (Box::new(move |message| [&b"noise\x1c\x0d"[..], &other(message)].concat()), true),
        (Box::new(move |message| [&b"\x0bMSH|never ended"[..], &other(message)].concat()), true),
        (Box::new(move |message| [of_another.clone(), other(message)].concat()), true),
        (Box::new(move |message| [ack(message, "CA", ""), other(message)].concat()), true),
        (
            Box::new(move |message| {
                String::from_utf8(other(message)).expect("UTF-8").replace("\rMSA", "\r\nMSA").into_bytes()
            }),
            true,
        ),
        (Box::new(|_| vec![b'x'; 200_000]), false),
        (Box::new(|_| framed("MSA|AA|x")), false),
        (Box::new(|_| framed("MSH")), false),
        (Box::new(|_| framed("")), false),
    ];
    for (at, (script, reads)) in scripts.into_iter().enumerate() {
        let setup = Setup::new();
        let engine = Engine::start(Box::new(move |message| (script(message), true)));
        let answer = told(&engine.adapter(&setup, "{}"), 1, &setup);
        match (reads, answer) {
            (true, Ok(CheckInAnswer::Admitted(_))) => {}
            (false, Err(undecided)) if undecided.perhaps => {}
            (_, other) => panic!("{at}: {other:?}"),
        }
    }
    // Whoever says nothing is waited for no longer than agreed.
    let setup = Setup::new();
    let engine = Engine::start(Box::new(|_| (Vec::new(), false)));
    let adapter = engine.adapter(&setup, "{}");
    let late = adapter.check_in(&request(1, holder(NAME, CARD)), setup.within(Duration::from_millis(300)));
    assert!(late.expect_err("late").perhaps);
}

#[test]
fn one_message_is_on_the_line_at_a_time_however_many_lanes_wait() {
    let setup = Setup::new();
    let at_once = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&at_once);
    let engine = Engine::start(Box::new(move |message| {
        assert_eq!(counted.fetch_add(1, Ordering::SeqCst), 0, "one in flight");
        thread::sleep(Duration::from_millis(5));
        counted.fetch_sub(1, Ordering::SeqCst);
        (ack(message, "AA", ""), false)
    }));
    let adapter = engine.adapter(&setup, "{}");
    let comes = |serial| {
        let voucher = Identity { voucher: Some(Private::new(format!("Q-{serial}")).into()), ..Identity::default() };
        let answer = adapter.check_in(&request(serial, voucher), setup.within(PATIENCE));
        assert!(matches!(answer, Ok(CheckInAnswer::Admitted(_))), "{answer:?}");
    };
    // Whether an engine keeps a connection behind its answer shows when it has had the time to close it.
    comes(1);
    thread::sleep(Duration::from_millis(300));
    thread::scope(|lanes| {
        (2..=8).for_each(|serial| {
            drop(lanes.spawn({
                let comes = &comes;
                move || comes(serial)
            }))
        })
    });
    assert_eq!((engine.heard().len(), engine.connections.load(Ordering::Relaxed)), (8, 1));
}

#[test]
fn of_one_person_at_two_lanes_within_a_moment_one_is_told_of_and_the_other_tries_again() {
    let setup = Setup::new();
    let (tells, is_told) = mpsc::channel();
    let (let_go, held) = mpsc::channel::<()>();
    let engine = Engine::start(Box::new(move |message| {
        let _ = tells.send(());
        let _ = held.recv_timeout(PATIENCE);
        (ack(message, "AA", ""), false)
    }));
    let adapter = engine.adapter(&setup, "{}");
    thread::scope(|lanes| {
        let first = lanes.spawn(|| told(&adapter, 1, &setup));
        is_told.recv_timeout(PATIENCE).expect("on the line");
        let second = told(&adapter, 2, &setup).expect_err("being checked in at another lane");
        assert_eq!((second.failure.code(), second.perhaps), (Code::H911, false));
        let_go.send(()).expect("held");
        let first = first.join().expect("no panic");
        assert!(matches!(first, Ok(CheckInAnswer::Admitted(_))), "{first:?}");
    });
    assert!(matches!(told(&adapter, 3, &setup), Ok(CheckInAnswer::Already(_))));
    assert_eq!(engine.heard().len(), 1);
}

#[test]
fn todays_visits_are_asked_for_where_the_hospital_answers_that() {
    let setup = Setup::new();
    let visit = |id: &str, status: &str, doctor: &str| {
        format!(
            "SCH|P-{id}^HIS|{id}^RIS^1.2.3^ISO||||||^复诊|||^^^20261126093000+0800||||||||||||||{status}\rPID|1||||欧阳^若兰\rRGS|1\rAIS|1||CT^放射科\rAIL|1||R1^3号机房\rAIP|1||D1^{doctor}\r"
        )
    };
    let list = Arc::new(Mutex::new(String::new()));
    let listed = Arc::clone(&list);
    let engine = Engine::start(Box::new(move |message| {
        let more = if field(message, "MSH", 9).starts_with("SQM") {
            listed.lock().expect("not poisoned").clone()
        } else {
            String::new()
        };
        (ack(message, "AA", &more), false)
    }));
    let settings =
        r#"{"query":true,"charset":"UTF-8","arrive":"SIU^S14","cancel":"SIU^S14","receiving":["RIS","RAD"]}"#;
    let adapter = engine.adapter(&setup, settings);
    assert_eq!(told(&adapter, 1, &setup).expect("an answer"), CheckInAnswer::NotFound);
    *list.lock().expect("not poisoned") =
        [visit("F1", "Booked", "张"), visit("F2", "Booked", "李"), visit("F3", "Cancelled", "王")].concat();
    match told(&adapter, 2, &setup).expect("an answer") {
        CheckInAnswer::Choose(options) => {
            assert_eq!(options.iter().map(|option| option.id.as_str()).collect::<Vec<_>>(), ["F1", "F2"]);
        }
        other => panic!("{other:?}"),
    }
    let chosen = choosing(&request(2, holder(NAME, CARD)), "F2");
    let Ok(CheckInAnswer::Admitted(admission)) = adapter.check_in(&chosen, setup.within(PATIENCE)) else {
        panic!("not in")
    };
    assert_eq!(admission.visit.doctor.as_ref().map(|doctor| doctor.as_str()), Some("李"));
    assert_eq!(admission.visit.room.as_ref().map(|room| room.as_str()), Some("3号机房"));
    let told_of = engine.heard().last().expect("told").clone();
    let named = |message: &[u8]| [1, 2, 25].map(|index| field(message, "SCH", index));
    assert_eq!(named(&told_of), ["P-F2^HIS", "F2^RIS^1.2.3^ISO", "ARRIVED"]);
    let asked = engine.heard()[0].clone();
    assert_eq!(
        (field(&asked, "MSH", 9), field(&asked, "QRD", 8)),
        ("SQM^S25^SQM_S25".to_owned(), format!("{CARD}^{NAME}"))
    );
    adapter.annul(chosen.session, setup.within(PATIENCE)).expect("taken back");
    assert_eq!(named(engine.heard().last().expect("told")), ["P-F2^HIS", "F2^RIS^1.2.3^ISO", "BOOKED"]);
    *list.lock().expect("not poisoned") = visit("F4", "Arrived", "张");
    assert!(matches!(told(&adapter, 4, &setup), Ok(CheckInAnswer::Already(_))));
    let other = adapter.check_in(&request(5, holder("王五", CARD)), setup.within(PATIENCE)).expect("an answer");
    assert_eq!(other, CheckInAnswer::Hindered(Hindrance::OtherName));
}

#[test]
fn whoever_missed_their_call_is_queued_again_once_however_far_the_list_lags_behind() {
    let setup = Setup::new();
    let (arrivals, mut is_lost) = (Arc::new(AtomicUsize::new(0)), false);
    let counted = Arc::clone(&arrivals);
    let engine = Engine::start(Box::new(move |message| {
        if field(message, "MSH", 9).starts_with("SQM") {
            let id = field(message, "QRD", 8).chars().take(17).collect::<String>();
            return (ack(message, "AA", &format!("SCH|P|F-{id}{}NoShow\r", "|".repeat(23))), false);
        }
        counted.fetch_add(1, Ordering::Relaxed);
        match std::mem::replace(&mut is_lost, true) {
            true => (Vec::new(), true),
            false => (ack(message, "AA", ""), false),
        }
    }));
    let refusing = engine.adapter(&setup, r#"{"query":true,"arrive":"SIU^S14"}"#);
    assert_eq!(told(&refusing, 1, &setup).expect("decided"), CheckInAnswer::NotFound);
    let adapter = engine.adapter(&setup, r#"{"query":true,"arrive":"SIU^S14","missed":["NOSHOW"]}"#);
    assert!(matches!(told(&adapter, 2, &setup), Ok(CheckInAnswer::ReQueued(_))));
    assert!(matches!(told(&adapter, 3, &setup), Ok(CheckInAnswer::Already(_))));
    let other =
        |serial| adapter.check_in(&request(serial, holder("王五", "110105194912310038")), setup.within(PATIENCE));
    assert!(other(4).expect_err("nobody knows").perhaps);
    assert!(!other(5).expect_err("not sent again").perhaps);
    assert_eq!(arrivals.load(Ordering::Relaxed), 2);
}

#[test]
fn an_arrival_is_told_once_however_far_the_list_lags_behind() {
    let setup = Setup::new();
    let arrivals = Arc::new(AtomicUsize::new(0));
    let (counted, mut is_lost) = (Arc::clone(&arrivals), false);
    let engine = Engine::start(Box::new(move |message| {
        if field(message, "MSH", 9).starts_with("SQM") {
            let id = field(message, "QRD", 8).chars().take(17).collect::<String>();
            return (ack(message, "AA", &format!("SCH|P|F-{id}||||||||||||||||||||||Booked\r")), false);
        }
        counted.fetch_add(1, Ordering::Relaxed);
        // The first is heard, the second is lost.
        match std::mem::replace(&mut is_lost, true) {
            true => (Vec::new(), true),
            false => (ack(message, "AA", ""), false),
        }
    }));
    let adapter = engine.adapter(&setup, r#"{"query":true,"arrive":"SIU^S14"}"#);
    assert!(matches!(told(&adapter, 1, &setup), Ok(CheckInAnswer::Admitted(_))));
    for serial in [2, 3] {
        assert!(matches!(told(&adapter, serial, &setup), Ok(CheckInAnswer::Already(_))));
    }
    let other =
        |serial| adapter.check_in(&request(serial, holder("王五", "110105194912310038")), setup.within(PATIENCE));
    for serial in [4, 5] {
        assert!(other(serial).expect_err("nobody knows").perhaps);
    }
    assert_eq!(arrivals.load(Ordering::Relaxed), 2);
}

#[test]
fn gb18030_is_written_and_read_with_every_hanzi() {
    let setup = Setup::new();
    let engine = Engine::start(Box::new(|message| {
        let text = "MSH|^~\\&|||||||ACK|1|P|2.5||||||GB 18030-2000\rMSA|AA|00000000000000010001\rZQN|䶮𬭎号\r";
        let _ = message;
        ([&[0x0B], &encoding_rs::GB18030.encode(text).0[..], &[0x1C, 0x0D]].concat(), false)
    }));
    let adapter = engine.adapter(&setup, r#"{"charset":"GB18030","read":{"number":"ZQN-1"}}"#);
    let answer = adapter.check_in(&request(1, holder("王䶮𬭎", CARD)), setup.within(PATIENCE));
    let Ok(CheckInAnswer::Admitted(admission)) = answer else { panic!("{answer:?}") };
    assert_eq!(admission.number.as_ref().map(|number| number.as_str()), Some("䶮𬭎号"));
    let heard = engine.heard();
    let (sent, _, failed) = encoding_rs::GB18030.decode(&heard[0]);
    assert!(!failed && sent.contains("|王䶮𬭎") && sent.contains("GB 18030-2000"), "{sent}");
}

#[test]
fn over_tls_an_arrival_goes_to_the_engine_that_its_authority_knows_and_to_no_other() {
    let setup = Setup::new();
    let answer = framed("MSH|^~\\&|RIS|H|K|K|20261126||ACK|1|P|2.5\rMSA|AA|00000000000000010007\r");
    let engine = Raw::start(None, Arc::new(move |_, stream| stream.write_all(&answer).is_ok()));
    let told_by = |authority: String| {
        let ca_file = Some(setup.keys.write("engine-ca.pem", &authority).into());
        let (route, memory) = (Route { ca_file, ..Route::default() }, Arc::new(Memory::new(None)));
        let (settings, url) =
            (serde_json::from_str("{}").expect("settings"), format!("mllps://localhost:{}", engine.address.port()));
        let adapter = Hl7::open(settings, &url, &route, (8 * 3600, 0), Arc::clone(&setup.clock), memory);
        told(&adapter.expect("an adapter"), 7, &setup)
    };
    let strange = told_by(setup.authority.pem()).expect_err("told to a stranger");
    assert!(!strange.perhaps && strange.failure.code() == Code::H901, "{strange:?}");
    assert_eq!(engine.requests.load(Ordering::SeqCst), 0);
    let known = told_by(engine.authority.as_ref().pem());
    assert!(matches!(known, Ok(CheckInAnswer::Admitted(_))), "{known:?}");
    assert_eq!(engine.requests.load(Ordering::SeqCst), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn no_value_leaves_its_field(name in "\\PC{1,40}", noise in any::<Vec<u8>>()) {
        let setup = Setup::new();
        let answer = noise.clone();
        let engine = Engine::start(Box::new(move |_| (answer.clone(), true)));
        let voucher = Identity { voucher: Some(Private::new(format!("{name}|^~\\&\r\nMSH|")).into()), ..Identity::default() };
        let _ = engine.adapter(&setup, "{}").check_in(&request(1, voucher), setup.within(Duration::from_millis(200)));
        for message in engine.heard().iter() {
            let text = String::from_utf8_lossy(message).into_owned();
            let segments: Vec<&str> = text.split('\r').filter(|segment| !segment.is_empty()).collect();
            let names: Vec<&str> = segments.iter().map(|segment| &segment[..3]).collect();
            assert_eq!(names, ["MSH", "EVN", "PID", "PV1"], "{text}");
            assert_eq!(segments[3].split('|').count(), 45, "{text}");
        }
    }
}
