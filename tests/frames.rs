//! A terminal's bytes: every frame is read, everything else is counted, answered and bounded.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use facemchd::{
    fault::Code,
    kiosk::{AckStatus, Input, Outcome, OutcomeResult},
    terminal::{Address, Counters, Frame, LaneTerminal, Line, Listener, LocalSocket, Reply, Splitter, crc16, parse},
    words::{LaneId, Language, PeerId, Purpose, SessionId, Text},
};
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{UnixStream, unix::OwnedWriteHalf},
    sync::{mpsc, watch},
};

use crate::lookups::clock;

fn frame(value: &Value) -> Frame {
    parse(value.to_string().as_bytes(), false).expect("a frame")
}

fn code(line: &[u8]) -> Code {
    parse(line, false).expect_err("no frame").code
}

#[test]
fn the_sdks_result_map_is_taken_as_it_is() {
    let Frame::Arrival(face) = frame(&json!({
        "v": 1, "type": "face", "seq": 12, "terminal": "SN-1", "return_code": "SUCCESS", "face_sid": "abc", "openid": "o1",
        "sub_openid": "o2", "consent": true, "time": 1_700_000_000, "return_msg": "ok", "something_new": { "a": [1] },
    })) else {
        panic!("a face")
    };
    assert_eq!((face.seq, face.way.secret(), face.consent), (12, "abc", true));
    assert_eq!(face.openid.expect("an openid").reveal(), "o1");
    let Frame::Arrival(face) = frame(&json!({ "type": "face", "face_sid": "abc" })) else { panic!("a face") };
    assert!(!face.consent, "no word of consent is no consent");
}

#[test]
fn a_face_that_is_none_is_told_as_such() {
    let failed = json!({ "type": "face", "seq": 3, "return_code": "ERROR", "face_sid": "abc" });
    assert_eq!(frame(&failed), Frame::NoFace { seq: 3, code: Code::T206 });
    for sid in [json!(null), json!(""), json!("."), json!(".."), json!("a\nb"), json!("x".repeat(1025)), json!(-7)] {
        let line = json!({ "type": "face", "seq": 3, "face_sid": sid }).to_string();
        let told = parse(line.as_bytes(), false);
        let unusable = matches!(&told, Ok(Frame::NoFace { code: Code::T205, .. }));
        assert!(unusable || told.is_err_and(|error| error.code == Code::T201), "{line}");
    }
}

#[test]
fn what_is_no_frame_has_its_code() {
    for (line, wanted) in [
        (&b"hello"[..], Code::T201),
        (b"{", Code::T201),
        (b"[1,2]", Code::T201),
        (b"\xff\xfe\x00", Code::T201),
        (b"{\"type\":\"dance\",\"seq\":1}", Code::T204),
        (b"{\"seq\":1}", Code::T204),
        (b"{\"v\":2,\"type\":\"ping\"}", Code::T204),
        (b"{\"type\":\"choice\",\"option\":1}", Code::T207),
        (b"{\"type\":\"choice\",\"session\":\"x\",\"option\":1}", Code::T207),
        (b"{\"type\":\"consent\",\"granted\":true}", Code::T205),
    ] {
        assert_eq!(code(line), wanted, "{}", String::from_utf8_lossy(line));
    }
}

#[test]
fn a_checksum_is_checked_where_there_is_one() {
    assert_eq!(crc16(b"123456789"), 0x29B1, "CRC-16/CCITT-FALSE");
    let body = br#"{"type":"ping","seq":5}"#;
    let line = |crc: u16| [&body[..], format!("*{crc:04x}").as_bytes()].concat();
    assert_eq!(parse(&line(crc16(body)), false), Ok(Frame::Ping { seq: 5 }));
    assert_eq!(code(&line(crc16(body) ^ 1)), Code::T203);
}

#[test]
fn a_plain_line_is_a_face_only_where_the_lane_says_so() {
    let line = b"bbaf113f-4171-4332-9c79-dace6d35a917";
    assert!(matches!(parse(line, true), Ok(Frame::Arrival(face)) if face.consent));
    assert_eq!(code(line), Code::T201);
    for line in [&b"short"[..], b"with space here", &[b'a'; 129]] {
        assert!(parse(line, true).is_err());
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..600), plain in any::<bool>()) {
        let _ = parse(&bytes, plain);
    }

    #[test]
    fn lines_come_out_whole_however_they_arrive(
        lines in prop::collection::vec("[ -~]{1,40}", 1..20),
        cuts in prop::collection::vec(1..30_usize, 1..50),
        ends in prop::collection::vec(prop_oneof![Just("\n"), Just("\r\n"), Just("\r")], 20),
    ) {
        let bytes: Vec<u8> =
            lines.iter().zip(&ends).flat_map(|(line, end)| [line.as_bytes(), end.as_bytes()].concat()).collect();
        let mut splitter = Splitter::default();
        let mut found = Vec::new();
        let mut rest = &bytes[..];
        for cut in cuts.iter().cycle() {
            let (now, later) = rest.split_at((*cut).min(rest.len()));
            splitter.feed(now, |line| match line {
                Line::Whole(line) => found.push(line.to_vec()),
                Line::TooLong => panic!("none is too long"),
            });
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
        let wanted: Vec<Vec<u8>> = lines.iter().map(|line| line.as_bytes().to_vec()).collect();
        prop_assert_eq!(found, wanted);
    }
}

#[test]
fn a_line_without_end_costs_one_buffer_and_the_next_line_is_read() {
    let mut splitter = Splitter::default();
    let mut found = Vec::new();
    let mut each = |line: Line<'_>| {
        found.push(match line {
            Line::TooLong => None,
            Line::Whole(line) => Some(line.to_vec()),
        });
    };
    for _ in 0..1000 {
        splitter.feed(&[b'x'; 1024], &mut each);
    }
    splitter.feed(b"\n{}\n", &mut each);
    assert_eq!(found, [None, Some(b"{}".to_vec())]);
}

/// A lane's socket, served on this thread's runtime.
struct Lane {
    path: std::path::PathBuf,
    _folder: tempfile::TempDir,
    settings: watch::Sender<LaneTerminal>,
    inputs: mpsc::Receiver<Input>,
    replies: mpsc::Sender<Reply>,
    counters: Arc<Counters>,
}

impl Lane {
    fn serve(allow_uids: Vec<u32>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("lane.sock");
        let address = Address::Unix { path: path.clone(), allow_uids };
        let (sender, inputs) = mpsc::channel(16);
        let (replies, answered) = mpsc::channel(64);
        let counters = Arc::new(Counters::default());
        let (settings, followed) = watch::channel(settings(address));
        let listener = Listener::bind(&settings.borrow(), &clock()).expect("bound");
        tokio::spawn(listener.serve(followed, clock(), sender, answered, Arc::clone(&counters), Arc::new(())));
        Self { path, _folder: folder, settings, inputs, replies, counters }
    }

    async fn connect(&self) -> (tokio::io::Lines<BufReader<tokio::net::unix::OwnedReadHalf>>, OwnedWriteHalf) {
        let (reader, writer) = UnixStream::connect(&self.path).await.expect("connected").into_split();
        (BufReader::new(reader).lines(), writer)
    }

    async fn input(&mut self) -> Input {
        tokio::time::timeout(Duration::from_secs(5), self.inputs.recv()).await.expect("in time").expect("an input")
    }
}

fn settings(address: Address) -> LaneTerminal {
    LaneTerminal {
        lane: LaneId(0),
        address,
        plain_lines: false,
        phrases: facemchd::kiosk::Phrases::shipped(Language::En, Purpose::Hospital),
    }
}

fn on_loop(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(test);
}

async fn next(lines: &mut tokio::io::Lines<BufReader<tokio::net::unix::OwnedReadHalf>>) -> Value {
    let line = tokio::time::timeout(Duration::from_secs(5), lines.next_line()).await.expect("in time");
    serde_json::from_str(&line.expect("readable").expect("a line")).expect("JSON")
}

#[test]
fn a_face_goes_in_and_ack_and_outcome_come_back_to_who_asked() {
    on_loop(async {
        let mut lane = Lane::serve(Vec::new());
        let (mut mine, mut writer) = lane.connect().await;
        let (mut other, mut other_writer) = lane.connect().await;
        writer
            .write_all(b"{\"v\":1,\"type\":\"face\",\"seq\":12,\"face_sid\":\"abc\",\"consent\":true}\n")
            .await
            .expect("sent");
        let Input::Recognised { peer, arrival, .. } = lane.input().await else { panic!("a face") };
        assert_eq!(arrival.seq, 12);
        let session = SessionId { run: 1, serial: 1 };
        let ack = Reply::Ack { peer, seq: 12, status: AckStatus::Accepted, session: Some(session), code: None };
        lane.replies.send(ack).await.expect("sent");
        let number = Some(Text::clean("A036"));
        let (code, place, visit, quit_face_auth) = (None, None, Default::default(), false);
        let outcome = Outcome { session, result: OutcomeResult::CheckedIn, code, number, place, visit, quit_face_auth };
        lane.replies.send(Reply::Outcome { peer, seq: 12, outcome }).await.expect("sent");
        assert_eq!(
            next(&mut mine).await,
            json!({ "v": 1, "type": "ack", "seq": 12, "session": "0000000000000001-0001", "status": "accepted", "code": null })
        );
        let outcome = next(&mut mine).await;
        assert_eq!((&outcome["type"], &outcome["number"]), (&json!("outcome"), &json!("A036")));
        other_writer.write_all(b"{\"type\":\"ping\",\"seq\":1}\n").await.expect("sent");
        assert_eq!(next(&mut other).await["type"], "pong", "and nobody else hears of it");
    });
}

#[test]
fn whoever_closes_his_own_direction_still_gets_his_outcome() {
    on_loop(async {
        let mut lane = Lane::serve(Vec::new());
        let (mut lines, mut writer) = lane.connect().await;
        writer.write_all(b"{\"type\":\"cancel\",\"seq\":1}\n").await.expect("sent");
        writer.shutdown().await.expect("closed");
        let Input::Cancelled { peer, seq, .. } = lane.input().await else { panic!("a cancel") };
        tokio::time::sleep(Duration::from_millis(250)).await;
        let ack = Reply::Ack { peer, seq, status: AckStatus::Accepted, session: None, code: None };
        lane.replies.send(ack).await.expect("sent");
        assert_eq!(next(&mut lines).await["type"], "ack");
    });
}

#[test]
fn garbage_half_lines_and_oversize_are_answered_and_what_follows_is_read() {
    on_loop(async {
        let mut lane = Lane::serve(Vec::new());
        let (mut lines, mut writer) = lane.connect().await;
        writer.write_all(b"\x00\xff\xfenoise\n{\"type\":\"dance\",\"seq\":4}\n").await.expect("sent");
        writer.write_all(&[b'x'; 5000]).await.expect("sent");
        writer.write_all(b"\n{\"type\":\"per").await.expect("sent");
        tokio::task::yield_now().await;
        writer.write_all(b"son\",\"seq\":5}\n").await.expect("sent");
        for code in ["T201", "T204", "T202"] {
            let ack = next(&mut lines).await;
            assert_eq!((&ack["status"], &ack["code"]), (&json!("refused"), &json!(code)));
        }
        assert!(matches!(lane.input().await, Input::Approached { .. }));
        let counters = &lane.counters;
        let counted =
            [&counters.garbled, &counters.unknown_type, &counters.oversize].map(|c| c.load(Ordering::Relaxed));
        assert_eq!(counted, [1, 1, 1]);
    });
}

#[test]
fn a_flood_is_counted_and_the_loop_gets_no_more_than_its_share() {
    on_loop(async {
        let mut lane = Lane::serve(Vec::new());
        let (mut lines, mut writer) = lane.connect().await;
        let reading = tokio::spawn(async move {
            let mut told = Vec::new();
            while let Ok(Ok(Some(line))) = tokio::time::timeout(Duration::from_secs(1), lines.next_line()).await {
                told.push(line);
            }
            told
        });
        let flood = b"{\"type\":\"cancel\",\"seq\":1}\n".repeat(2000);
        let sending = tokio::spawn(async move {
            for frames in flood.chunks(2700) {
                writer.write_all(frames).await.expect("sent");
                tokio::task::yield_now().await;
            }
        });
        let mut passed = 0;
        while let Ok(Some(_)) = tokio::time::timeout(Duration::from_millis(400), lane.inputs.recv()).await {
            passed += 1;
        }
        sending.await.expect("sent");
        assert!((1..=200).contains(&passed), "{passed}");
        assert!(lane.counters.flood.load(Ordering::Relaxed) > 1500, "{:?}", lane.counters);
        let told = reading.await.expect("read");
        assert!(told.iter().any(|line| line.contains("T209")));
        assert!(told.len() < 200, "the answers are bounded too");
    });
}

#[test]
fn whoever_never_reads_is_disconnected_and_nobody_waits_for_him() {
    on_loop(async {
        let lane = Lane::serve(Vec::new());
        let (stalled, mut writer) = UnixStream::connect(&lane.path).await.expect("connected").into_split();
        let pings = b"{\"type\":\"ping\",\"seq\":1}\n".repeat(100);
        for _ in 0..300 {
            if tokio::time::timeout(Duration::from_millis(100), writer.write_all(&pings)).await.is_err() {
                break;
            }
        }
        let (mut lines, mut other) = lane.connect().await;
        // The same user's share is used up for a moment.
        let answered = async {
            loop {
                other.write_all(b"{\"type\":\"ping\",\"seq\":2}\n").await.expect("sent");
                let answer = tokio::time::timeout(Duration::from_millis(100), next(&mut lines)).await;
                if answer.is_ok_and(|answer| answer["seq"] == 2) {
                    break;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(20), answered).await.expect("nobody waits for him");
        drop(stalled);
    });
}

#[test]
fn a_terminal_gets_its_place_whoever_holds_the_others_without_a_word() {
    on_loop(async {
        let mut lane = Lane::serve(Vec::new());
        let (mut served, mut writer) = lane.connect().await;
        writer.write_all(b"{\"type\":\"ping\",\"seq\":1}\n").await.expect("sent");
        next(&mut served).await;
        let mut silent = Vec::new();
        for _ in 0..64 {
            silent.push(UnixStream::connect(&lane.path).await.expect("connected"));
            tokio::task::yield_now().await;
        }
        let (mut late, mut late_writer) = lane.connect().await;
        late_writer.write_all(b"{\"type\":\"ping\",\"seq\":9}\n").await.expect("sent");
        assert_eq!(next(&mut late).await["seq"], 9);
        writer.write_all(b"{\"type\":\"cancel\",\"seq\":2}\n").await.expect("the one that spoke keeps its place");
        assert!(matches!(lane.input().await, Input::Cancelled { .. }));
    });
}

#[test]
fn connections_that_came_and_went_hold_no_places() {
    on_loop(async {
        let lane = Lane::serve(Vec::new());
        let clock = clock();
        let began = clock.now().moment;
        for _ in 0..2000 {
            let stream = UnixStream::connect(&lane.path).await.expect("connected");
            stream.try_write(b"{\"type\":\"ping\",\"seq\":1}\n").expect("sent");
        }
        let (mut lines, mut writer) = lane.connect().await;
        writer.write_all(b"{\"type\":\"ping\",\"seq\":2}\n").await.expect("sent");
        let mut answer = next(&mut lines).await;
        if answer["code"] == "T209" {
            // They were all of one user, who may send so much and no more.
            tokio::time::sleep(Duration::from_millis(100)).await;
            writer.write_all(b"{\"type\":\"ping\",\"seq\":2}\n").await.expect("sent");
            answer = next(&mut lines).await;
        }
        assert_eq!(answer["seq"], 2);
        let took = clock.now().moment.since(began);
        // Places that are held would be waited for one after the other.
        assert!(took < Duration::from_secs(30), "{took:?}");
    });
}

#[test]
fn whoever_connects_anew_for_each_frame_gets_no_more_than_others() {
    on_loop(async {
        let lane = Lane::serve(Vec::new());
        let mut passed = 0;
        for _ in 0..200 {
            let (mut lines, mut writer) = lane.connect().await;
            writer.write_all(b"{\"type\":\"ping\",\"seq\":1}\n").await.expect("sent");
            passed += u32::from(next(&mut lines).await["type"] == "pong");
        }
        assert!(passed < 190, "{passed}");
        assert!(lane.counters.flood.load(Ordering::Relaxed) > 10);
    });
}

#[test]
fn half_a_line_whose_other_half_does_not_come_is_forgotten() {
    on_loop(async {
        let mut lane = Lane::serve(Vec::new());
        let (mut lines, mut writer) = lane.connect().await;
        writer.write_all(b"{\"type\":\"id-card\",\"na").await.expect("sent");
        let told = tokio::time::timeout(Duration::from_secs(8), lines.next_line()).await.expect("in time");
        assert!(told.expect("readable").expect("a line").contains("T201"));
        writer.write_all(b"{\"type\":\"cancel\",\"seq\":2}\n").await.expect("sent");
        assert!(matches!(lane.input().await, Input::Cancelled { .. }), "the next line is not glued to it");
    });
}

#[test]
fn a_user_taken_off_the_list_is_sent_away_at_once() {
    on_loop(async {
        let lane = Lane::serve(Vec::new());
        let (mut lines, mut writer) = lane.connect().await;
        writer.write_all(b"{\"type\":\"ping\",\"seq\":1}\n").await.expect("sent");
        next(&mut lines).await;
        lane.settings.send_modify(|settings| {
            settings.address = Address::Unix { path: lane.path.clone(), allow_uids: vec![u32::MAX - 1] };
        });
        let ended = tokio::time::timeout(Duration::from_secs(5), lines.next_line()).await.expect("in time");
        assert!(matches!(ended, Ok(None) | Err(_)), "{ended:?}");
    });
}

#[test]
fn what_is_no_socket_of_ours_is_neither_removed_nor_replaced() {
    use std::os::unix::{ffi::OsStrExt as _, net::UnixDatagram};
    on_loop(async {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("file"), "precious").expect("written");
        std::fs::create_dir(at("folder")).expect("made");
        std::os::unix::fs::symlink(at("file"), at("link")).expect("made");
        std::os::unix::fs::symlink(at("nowhere"), at("dangling")).expect("made");
        let _datagrams = UnixDatagram::bind(at("datagrams")).expect("bound");
        // Nobody accepts, and the place for those who wait is full.
        let busy = std::os::unix::net::UnixListener::bind(at("busy")).expect("bound");
        rustix::net::listen(&busy, 0).expect("set");
        let _waiting = std::os::unix::net::UnixStream::connect(at("busy")).expect("connected");
        for name in ["file", "folder", "link", "dangling", "datagrams", "busy"] {
            let error = LocalSocket::bind(&at(name), 0o660).err().unwrap_or_else(|| panic!("{name} was replaced"));
            assert!(error.to_string().contains(name), "{error}");
            assert!(std::fs::symlink_metadata(at(name)).is_ok(), "{name} is left alone");
        }
        let long = folder.path().join("x".repeat(107 - folder.path().as_os_str().as_bytes().len()));
        let error = LocalSocket::bind(&long, 0o660).err().expect("too long by the slash");
        assert!(error.to_string().contains("107"), "{error}");

        let ours = LocalSocket::bind(&at("ours"), 0o660).expect("made");
        std::fs::remove_file(at("ours")).expect("there");
        std::fs::write(at("ours"), "another's").expect("written");
        drop(ours);
        assert_eq!(std::fs::read_to_string(at("ours")).expect("left alone"), "another's");
        let ours = LocalSocket::bind(&at("again"), 0o660).expect("made");
        drop(ours);
        assert!(std::fs::symlink_metadata(at("again")).is_err(), "it goes with us");
    });
}

#[test]
fn a_user_who_is_not_on_the_list_is_refused() {
    on_loop(async {
        let lane = Lane::serve(vec![u32::MAX - 1]);
        let mut stream = UnixStream::connect(&lane.path).await.expect("connected");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("closed");
        assert!(answer.contains("T211"), "{answer}");
        assert_eq!(lane.counters.refused_peers.load(Ordering::Relaxed), 1);
    });
}

#[test]
fn the_socket_is_for_its_group_and_replaces_a_dead_one_but_no_live_one() {
    use std::os::unix::fs::PermissionsExt as _;
    on_loop(async {
        let lane = Lane::serve(Vec::new());
        let mode = std::fs::metadata(&lane.path).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode, 0o660);
        assert!(LocalSocket::bind(&lane.path, 0o660).is_err(), "somebody listens there");
        let dead = lane.path.with_extension("dead");
        drop(std::os::unix::net::UnixListener::bind(&dead).expect("bound"));
        assert!(LocalSocket::bind(&dead, 0o660).is_ok());
    });
}

#[test]
fn a_serial_terminal_is_read_through_noise() {
    on_loop(async {
        let master =
            rustix::pty::openpt(rustix::pty::OpenptFlags::RDWR | rustix::pty::OpenptFlags::NOCTTY).expect("a pty");
        rustix::pty::grantpt(&master).expect("granted");
        rustix::pty::unlockpt(&master).expect("unlocked");
        let name = rustix::pty::ptsname(&master, Vec::new()).expect("a name");
        let device = std::path::PathBuf::from(name.to_str().expect("UTF-8"));
        let address = Address::Serial { device, baud: 115_200 };
        let (sender, mut inputs) = mpsc::channel(16);
        let (replies, answered) = mpsc::channel(64);
        let (settings, followed) = watch::channel(settings(address));
        let listener = Listener::bind(&settings.borrow(), &clock()).expect("bound");
        tokio::spawn(listener.serve(followed, clock(), sender, answered, Arc::default(), Arc::new(())));
        tokio::time::sleep(Duration::from_millis(300)).await;
        let mut port = std::fs::File::from(master);
        std::io::Write::write_all(&mut port, b"\xff\x00##\n{\"type\":\"person\",\"seq\":1}\n").expect("sent");
        let input = tokio::time::timeout(Duration::from_secs(5), inputs.recv()).await.expect("in time");
        assert!(matches!(input, Some(Input::Approached { .. })));
        let peer = PeerId(0);
        drop((replies, peer));
    });
}
