//! Signed lists of today's expected people: made, read, judged, and put into each other's place.

use std::{
    fs,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
};

use facemchd::{
    checkin::{
        CheckIn as _,
        roster::{List, Lists, Making, Roster, RosterKey, Source, Verify},
    },
    fault::Code,
    http::Client,
    service::SystemClock,
    sim::people::Person,
    sim::server::{Answer, Reply, Server},
    words::{Card, CheckInAnswer, Clock, CredentialType, Identity, Now, OpenId, Private, UnionId},
};
use proptest::prelude::{any, proptest};
use rustix::process::Signal;
use zeroize::Zeroizing;

use crate::{
    devices::wait_for,
    his::{PATIENCE, day, holder, request},
    lookups::Setup,
    program::expect,
    running::{Sandbox, program, run},
};

const CARD: &str = "11010519491231002X";
const NAME: &str = "欧阳若兰";

/// A key of Ed25519 that signs nothing but these tests' lists.
const ED25519: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIEESLpZfUUDZ4xCHMLCkoC6dHo2lfJcNhBlNuoU8mX8S\n-----END PRIVATE KEY-----\n";

/// A clock that a test sets forward, in hours.
struct Set(SystemClock, AtomicI64);

impl Clock for Set {
    fn now(&self) -> Now {
        let mut now = self.0.now();
        now.wall.0 += self.1.load(Ordering::Relaxed) * 3_600_000;
        now
    }
}

fn clock() -> Arc<Set> {
    Arc::new(Set(SystemClock::start(), AtomicI64::new(0)))
}

fn key() -> RosterKey {
    RosterKey::new(Zeroizing::new(b"an agreed key of some length".to_vec())).expect("long enough")
}

/// Anybody's signature is good that says "signed".
fn verify() -> Verify {
    Box::new(|_, signature| signature == b"signed")
}

/// A list of a day, signed so.
fn list(day: &str, issued: &str, table: &str) -> String {
    let (list, _) = Making { day, issued, key: &key() }.list(table.as_bytes()).expect("a list");
    format!("{list}signature c2lnbmVk\n")
}

fn roster(file: &Path, clock: &Arc<Set>) -> Roster {
    Roster::new(Source::File(file.to_owned()), key(), verify(), (8 * 3600, 0), Arc::clone(clock) as _)
}

const MORNING: &str = "2026-11-26T05:30:00+08:00";
const LATER: &str = "2026-11-26T06:30:00+08:00";

#[test]
fn a_list_has_nobodys_name_and_knows_people_by_document_union_id_and_voucher() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, clock) = (folder.path().join("roster"), clock());
    let table = "姓名,证件号,union-id,凭证,地点,备注\r\n欧阳 若兰,11010519491231002x,,,\"3楼, \"\"内科\"\"\",x\r\n,,u-17,,,\r\n,,,Q-4711,,\r\n,,,,,\r\n";
    let table = encoding_rs::GB18030.encode(table).0;
    let day = day(&*clock);
    let (text, people) = Making { day: &day, issued: MORNING, key: &key() }.list(&table).expect("a list");
    assert_eq!(people, 3);
    for private in [NAME, "若兰", CARD, "u-17", "Q-4711"] {
        assert!(!text.contains(private), "{text}");
    }
    fs::write(&file, format!("{text}signature c2lnbmVk\n")).expect("written");
    let roster = roster(&file, &clock);
    let card =
        |name, number| Identity { card: Card::parse(name, CredentialType::UNSAID, number), ..Identity::default() };
    let of_union = |id: &str| Identity { union_id: Some(UnionId::new(id.to_owned())), ..Identity::default() };
    let of_voucher = |id: &str| Identity { voucher: Some(Private::new(id.to_owned()).into()), ..Identity::default() };
    for (identity, on) in [
        (holder(NAME, CARD), true),
        (card(NAME, CARD), true),
        (of_union("u-17"), true),
        (of_voucher("Q-4711"), true),
        (holder("欧阳若菊", CARD), false),
        (holder(NAME, "110105194912310038"), false),
        (of_union("u-18"), false),
        (of_voucher("u-17"), false),
    ] {
        assert!(roster.judges(&identity));
        let answer = roster.check_in(&request(1, identity), deadline(&*clock)).expect("an answer");
        assert_eq!(matches!(answer, CheckInAnswer::Admitted(_)), on, "{answer:?}");
        assert!(on || answer == CheckInAnswer::NotFound);
    }
    let place = roster.expects(&holder(NAME, CARD)).expect("a list").expect("on it").expect("a place");
    assert_eq!(place.as_str(), "3楼, \"内科\"");
    let nobody = Identity { openid: Some(OpenId::new("o".to_owned())), ..Identity::default() };
    assert!(!roster.judges(&nobody), "an openid alone is nobody's on a list");
    // The same person has another hash on another day, and under another key.
    let other = Making { day: "2020-01-01", issued: MORNING, key: &key() }.list(&table).expect("a list").0;
    assert!(text.lines().skip(4).all(|line| !other.contains(&line[..64])));
}

#[test]
fn a_list_that_cannot_be_believed_lets_nobody_through_and_says_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, clock) = (folder.path().join("roster"), clock());
    let good = list(&day(&*clock), MORNING, "union-id\nu-17\n");
    let line = good.lines().nth(4).expect("a person").to_owned();
    let other = format!("{}{}", if line.starts_with('0') { '1' } else { '0' }, &line[1..]);
    for (text, code) in [
        (good.replace(&line, &other).replace("c2lnbmVk", "Zm9yZ2Vk"), Code::H941),
        (list("2026-01-01", MORNING, "union-id\nu-17\n"), Code::H942),
        (list("2096-01-01", MORNING, "union-id\nu-17\n"), Code::H942),
        (good.replace("people 1", "people 2"), Code::H940),
        (good.replace(&line, &line[1..]), Code::H940),
        (good.replace("facemchd-roster 1", "facemchd-roster 2"), Code::H940),
        (good.replace("signature", "signed"), Code::H940),
        (good.replace("c2lnbmVk", "*"), Code::H940),
        (String::new(), Code::H940),
        ("x".repeat((8 << 20) + 1), Code::H940),
    ] {
        fs::write(&file, text).expect("written");
        let roster = roster(&file, &clock);
        let person = Identity { union_id: Some(UnionId::new("u-17".to_owned())), ..Identity::default() };
        let undecided = roster.check_in(&request(1, person), deadline(&*clock)).expect_err("nobody is let through");
        assert_eq!((undecided.failure.code(), undecided.perhaps), (code, false), "{}", undecided.failure.chain());
        assert!(!undecided.failure.chain().contains(&line));
    }
    fs::remove_file(&file).expect("removed");
    let failure = roster(&file, &clock).expects(&Identity::default()).expect_err("no list");
    assert_eq!(failure.code(), Code::H940);
    assert!(RosterKey::new(Zeroizing::new(b"short".to_vec())).is_none());
}

#[test]
fn another_list_in_its_place_is_taken_over_and_one_that_is_none_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, clock) = (folder.path().join("roster"), clock());
    let put = |text: &str| {
        fs::write(folder.path().join("new"), text).expect("written");
        fs::rename(folder.path().join("new"), &file).expect("renamed");
    };
    let roster = roster(&file, &clock);
    let on = |id: &str| {
        let person = Identity { union_id: Some(UnionId::new(id.to_owned())), ..Identity::default() };
        roster.expects(&person).map(|found| found.is_some())
    };
    let (today, first) = (day(&*clock), "union-id\nu-1\n");
    put(&list(&today, MORNING, first));
    assert!(on("u-1").expect("a list") && !on("u-2").expect("a list"));
    put(&list(&today, LATER, "union-id\nu-2\n"));
    assert!(!on("u-1").expect("a list") && on("u-2").expect("a list"));
    // Neither an older one, nor one that is damaged or not signed, nor none at all takes its place.
    for other in
        [list(&today, MORNING, first), "nothing".to_owned(), list(&today, LATER, first).replace("c2lnbmVk", "Zm9yZ2Vk")]
    {
        put(&other);
        assert!(!on("u-1").expect("a list") && on("u-2").expect("a list"));
    }
    fs::remove_file(&file).expect("removed");
    assert!(on("u-2").expect("a list"));
    // Tomorrow's lies there in the evening, and counts from tomorrow on.
    clock.1.store(24, Ordering::Relaxed);
    let tomorrow = day(&*clock);
    clock.1.store(0, Ordering::Relaxed);
    put(&list(&tomorrow, LATER, "union-id\nu-3\n"));
    assert!(on("u-2").expect("a list") && !on("u-3").expect("a list"));
    clock.1.store(24, Ordering::Relaxed);
    assert!(!on("u-2").expect("a list") && on("u-3").expect("a list"));
    clock.1.store(48, Ordering::Relaxed);
    assert_eq!(on("u-3").expect_err("yesterday's").code(), Code::H942);
}

#[test]
fn tomorrows_list_is_never_older_than_the_one_before_nor_kept_from_its_day_by_a_wrong_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, clock) = (folder.path().join("roster"), clock());
    let put = |text: &str| {
        fs::write(folder.path().join("new"), text).expect("written");
        fs::rename(folder.path().join("new"), &file).expect("renamed");
    };
    let roster = roster(&file, &clock);
    let on = |id: &str| {
        let person = Identity { union_id: Some(UnionId::new(id.to_owned())), ..Identity::default() };
        roster.expects(&person).map(|found| found.is_some())
    };
    let table = |id: &str| format!("union-id\n{id}\n");
    let today = day(&*clock);
    clock.1.store(24, Ordering::Relaxed);
    let tomorrow = day(&*clock);
    clock.1.store(0, Ordering::Relaxed);
    // Of a day far off, by a mistake, and before there is any of today.
    put(&list("2096-01-01", LATER, &table("u-9")));
    assert_eq!(on("u-9").expect_err("of another day").code(), Code::H942);
    put(&list(&today, MORNING, &table("u-1")));
    assert!(on("u-1").expect("a list"));
    for (issued, id) in [(LATER, "u-3"), (MORNING, "u-2")] {
        put(&list(&tomorrow, issued, &table(id)));
        assert!(on("u-1").expect("a list") && !on(id).expect("a list"));
    }
    put(&list("2096-01-01", LATER, &table("u-9")));
    assert!(on("u-1").expect("a list"));
    clock.1.store(24, Ordering::Relaxed);
    assert!(on("u-3").expect("tomorrow's newest") && !on("u-2").expect("a list"));
    // Another program's: today's newer one lies there before anybody has looked since the day began.
    clock.1.store(0, Ordering::Relaxed);
    let roster = self::roster(&file, &clock);
    let on = |id: &str| {
        let person = Identity { union_id: Some(UnionId::new(id.to_owned())), ..Identity::default() };
        roster.expects(&person).map(|found| found.is_some())
    };
    put(&list(&tomorrow, MORNING, &table("u-2")));
    assert!(on("u-2").is_err());
    clock.1.store(24, Ordering::Relaxed);
    put(&list(&tomorrow, LATER, &table("u-3")));
    let _ = roster.look_for(deadline(&*clock));
    assert!(on("u-3").expect("the newer") && !on("u-2").expect("a list"));
}

#[test]
fn a_list_that_is_fetched_is_kept_for_a_start_without_the_network() {
    let setup = Setup::new();
    let (clock, kept) = (clock(), setup.keys.path("roster"));
    let (online, text) = (Arc::new(AtomicBool::new(true)), Arc::new(Mutex::new(String::new())));
    let (up, told) = (Arc::clone(&online), Arc::clone(&text));
    let handler = Arc::new(move |_: &facemchd::sim::server::Request| match up.load(Ordering::Relaxed) {
        false => Reply::Drop,
        true => Reply::Answer(Answer {
            body: told.lock().expect("not poisoned").as_bytes().to_vec(),
            ..Answer::json(200, &serde_json::Value::Null)
        }),
    });
    let server = Server::start(&setup.authority, handler).expect("a server");
    let open = || {
        let client = Client::open(&setup.http, Arc::clone(&clock) as _).expect("a client");
        let source = Source::Url { url: format!("{}/roster", server.url()), client, kept: kept.clone() };
        Roster::new(source, key(), verify(), (8 * 3600, 0), Arc::clone(&clock) as _)
    };
    let person = Identity { union_id: Some(UnionId::new("u-1".to_owned())), ..Identity::default() };
    let roster = open();
    assert_eq!(roster.expects(&person).expect_err("none yet").code(), Code::H943);
    *text.lock().expect("not poisoned") = "a captive portal".to_owned();
    let _ = roster.look_for(deadline(&*clock));
    assert_eq!(roster.expects(&person).expect_err("none yet").code(), Code::H940);
    assert!(!kept.exists());
    *text.lock().expect("not poisoned") = list(&day(&*clock), MORNING, "union-id\nu-1\n");
    let in_the_way = kept.with_extension("new");
    std::fs::create_dir(&in_the_way).expect("made");
    assert_eq!(roster.look_for(deadline(&*clock)).expect_err("it cannot be kept").code(), Code::C103);
    assert!(roster.expects(&person).expect("a list").is_some() && !kept.exists(), "whoever comes is served");
    std::fs::remove_dir(&in_the_way).expect("removed");
    roster.look_for(deadline(&*clock)).expect("kept");
    assert!(!roster.is_to_be_looked_for(), "just now somebody did");
    let tomorrow = {
        clock.1.store(24, Ordering::Relaxed);
        let tomorrow = day(&*clock);
        clock.1.store(0, Ordering::Relaxed);
        tomorrow
    };
    *text.lock().expect("not poisoned") = list(&tomorrow, MORNING, "union-id\nu-1\n");
    let _ = roster.look_for(deadline(&*clock));
    online.store(false, Ordering::Relaxed);
    let _ = roster.look_for(deadline(&*clock));
    assert!(roster.expects(&person).expect("the last one").is_some());
    assert!(open().expects(&person).expect("the one that was kept").is_some());
    clock.1.store(24, Ordering::Relaxed);
    assert!(roster.expects(&person).expect("tomorrow's").is_some());
    assert!(open().expects(&person).expect("tomorrow's was kept when its day came").is_some());
}

#[test]
fn settings_that_are_read_again_go_on_with_the_last_good_list_of_the_same_signer() {
    let folder = tempfile::tempdir().expect("a folder");
    let (clock, lists) = (clock(), Arc::<Lists>::default());
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    let (today, table) = (day(&*clock), |id: &str| format!("union-id\n{id}\n"));
    let read_again = |file: &Path, signer: u8| roster(file, &clock).going_on(Arc::clone(&lists), vec![signer]);
    let on = |roster: &Roster, id: &str| {
        let person = Identity { union_id: Some(UnionId::new(id.to_owned())), ..Identity::default() };
        roster.expects(&person).is_ok_and(|found| found.is_some())
    };
    fs::write(&first, list(&today, MORNING, &table("u-1"))).expect("written");
    assert!(on(&read_again(&first, 1), "u-1"));
    // There is none in the other place, or a damaged one.
    let other = read_again(&second, 1);
    assert!(on(&other, "u-1") && other.look_for(deadline(&*clock)).is_err());
    fs::write(&second, "nothing").expect("written");
    assert!(on(&other, "u-1") && on(&read_again(&second, 1), "u-1"));
    // People are known by the key with which the list was made.
    let key = RosterKey::new(Zeroizing::new(b"another key of some length".to_vec())).expect("long enough");
    let other_key = Roster::new(Source::File(second.clone()), key, verify(), (8 * 3600, 0), Arc::clone(&clock) as _);
    assert!(on(&other_key.going_on(Arc::clone(&lists), vec![1]), "u-1"));
    // Whom nobody trusts any more lets nobody in; trusted again, nothing was lost.
    assert!(!on(&read_again(&second, 2), "u-1") && on(&read_again(&second, 1), "u-1"));
    fs::write(&second, list(&today, LATER, &table("u-2"))).expect("written");
    let fresh = read_again(&second, 1);
    assert!(on(&fresh, "u-2") && !on(&fresh, "u-1"));
    // It was of that day.
    fs::remove_file(&second).expect("removed");
    clock.1.store(24, Ordering::Relaxed);
    assert!(!on(&read_again(&second, 1), "u-2"));
}

/// Who comes is expected by a list, `today`, whoever of two has signed it.
fn by_roster(sandbox: &Sandbox) {
    for (name, text) in [
        ("roster.key", "an agreed key of some length\n"),
        ("ed25519.pem", ED25519),
        ("rsa.pem", &crate::keys::data("sp.key.pem")),
    ] {
        facemchd::files::replace(&sandbox.path(name), text.as_bytes()).expect("written");
    }
    sandbox.edit(
        "adapter = \"http\"",
        "adapter = \"roster\"\nroster = \"today\"\nroster-key = \"roster.key\"\nroster-public-key = \"signer.pub.pem\"",
    );
}

/// Lists that are signed with this key are the site's.
fn believe(sandbox: &Sandbox, key: &str) {
    let public = std::process::Command::new("openssl").args(["pkey", "-pubout", "-in"]).arg(sandbox.path(key)).output();
    fs::write(sandbox.path("signer.pub.pem"), public.expect("openssl is installed").stdout).expect("written");
}

/// Today's list of a table of people, by the program.
fn list_of(sandbox: &Sandbox, people: &str, key: &str, out: &str) -> std::process::Output {
    let path = |name: &str| sandbox.path(name).display().to_string();
    fs::write(sandbox.path("people.csv"), people).expect("written");
    let made = program()
        .args(["roster", "make", "--day", &day(&*clock()), "--from", &path("people.csv"), "--key", &path("roster.key")])
        .args(["--sign", &path(key), "--out", &path(out)])
        .output();
    made.expect("runs")
}

#[test]
fn a_hangup_with_a_damaged_list_keeps_the_gate_open_for_whoever_was_on_the_last_one() {
    let sandbox = Sandbox::new();
    by_roster(&sandbox);
    believe(&sandbox, "ed25519.pem");
    let make = |out: &str, union: &str| {
        let made = list_of(&sandbox, &format!("union-id\n{union}\n"), "ed25519.pem", out);
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    };
    make("today", "union-1");
    let comes = |sid: &str, union: &str| {
        expect(&sandbox, &Person { union_id: union.to_owned(), ..Person::new(sid, "李四") });
        let mut terminal = sandbox.terminal(1);
        terminal.face(sid, true).expect("sent");
        let outcome = terminal.receive_type("outcome").expect("an outcome");
        outcome["result"].as_str().unwrap_or_default().to_owned()
    };
    let daemon = sandbox.start();
    let hangups = std::cell::Cell::new(0);
    let hangup = || {
        hangups.set(hangups.get() + 1);
        daemon.signal(Signal::HUP);
        wait_for(|| daemon.log(), |log| log.matches("read again: merchants").count() == hangups.get());
    };
    assert_eq!((comes("sid-1", "union-1"), comes("sid-2", "union-2")), ("checked_in".into(), "refused".into()));
    fs::write(sandbox.path("today"), "damaged").expect("written");
    hangup();
    assert_eq!((comes("sid-3", "union-1"), comes("sid-4", "union-2")), ("checked_in".into(), "refused".into()));
    make("elsewhere", "union-2");
    sandbox.edit("roster = \"today\"", "roster = \"elsewhere\"");
    hangup();
    assert_eq!((comes("sid-5", "union-1"), comes("sid-6", "union-2")), ("refused".into(), "checked_in".into()));
    daemon.stop();
}

#[test]
fn the_program_makes_lists_that_the_program_believes_by_ed25519_and_rsa() {
    let sandbox = Sandbox::new();
    by_roster(&sandbox);
    for key in ["ed25519.pem", "rsa.pem"] {
        believe(&sandbox, key);
        let made = list_of(&sandbox, &format!("name,number\n{NAME},{CARD}\n"), key, "today");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let check = || String::from_utf8(run(&["check", "--config", sandbox.site()]).stdout).expect("UTF-8");
        let told = check();
        assert!(told.contains("ok       roster           signed by the site, of today, 1 people"), "{told}");
        let list = fs::read_to_string(sandbox.path("today")).expect("readable");
        assert!(!list.contains(NAME) && !list.contains(CARD));
        fs::write(sandbox.path("today"), list.replace("people 1", "people 1 ")).expect("written");
        assert!(check().contains("H941"));
    }
    // What is wrong with a table is said by its row, and nothing of it is repeated.
    let made = list_of(&sandbox, &format!("name,number\n{NAME},110105194912310021\n"), "rsa.pem", "none");
    let told = String::from_utf8_lossy(&made.stderr).into_owned();
    assert!(told.contains("row 2: the number is none of a document") && !told.contains(NAME), "{told}");
    assert!(!sandbox.path("none").exists());
}

proptest! {
    #[test]
    fn no_bytes_are_a_list_that_nobody_signed(bytes in any::<Vec<u8>>(), cut in 0_usize..400) {
        let good = list("2026-11-26", MORNING, "union-id,place\nu-17,3楼\n");
        let cut = cut.min(good.len());
        let mixed = [&good.as_bytes()[..cut], &bytes, &good.as_bytes()[cut..]].concat();
        for bytes in [&bytes[..], &mixed] {
            // Signed by a signer who signs everything: read or refused, and nothing else.
            let _ = List::read(bytes, &(Box::new(|_: &[u8], _: &[u8]| true) as Verify));
            assert!(List::read(bytes, &(Box::new(|_: &[u8], _: &[u8]| false) as Verify)).is_err());
        }
    }
}

fn deadline(clock: &dyn Clock) -> facemchd::words::Deadline {
    facemchd::words::Deadline::from_now(clock, PATIENCE)
}
