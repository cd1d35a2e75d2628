//! A visit leaves nobody's data in the daemon, though its connections to WeChat and to the site's system stay open.

use std::{fs, thread, time::Duration};

use facemchd::sim::people::{Charset, Person};

use crate::{program::expect, running::Sandbox, support::memory::Needles};

/// How long after the last visit is looked.
const AFTER: Duration = Duration::from_secs(5);

/// Connections of this machine's to a port of its own.
fn connections_to(address: std::net::SocketAddr) -> usize {
    let table = fs::read_to_string("/proc/net/tcp").expect("readable");
    let wanted = format!(":{:04X}", address.port());
    let established = |line: &&str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.get(2).is_some_and(|remote| remote.ends_with(&wanted)) && words.get(3) == Some(&"01")
    };
    table.lines().filter(established).count()
}

#[test]
fn five_seconds_after_a_visit_the_daemon_remembers_nobody_and_its_connections_live() {
    let sandbox = Sandbox::new();
    let mut people = Vec::new();
    for (sid, name, number, union_id, charset) in [
        ("faceQQQQ7788aa", "欧阳菲菲", "11010519491231002X", "uniIIII4433aa", Charset::Utf8),
        ("faceWWWW6699bb", "诸葛亮亮", "110101199003070134", "uniOOOO5544bb", Charset::Gbk),
        // Never booked: the site's system refuses.
        ("faceEEEE5511cc", "司徒雷登", "110101198801011230", "uniPPPP6655cc", Charset::Utf8),
    ] {
        let person = Person { charset, union_id: union_id.to_owned(), ..Person::new(sid, name) };
        people.push(Person { credential_id: number.to_owned(), ..person });
    }
    let needles = people.iter().fold(Needles::default(), |needles, person| {
        let Person { face_sid, name, credential_id, union_id, .. } = person;
        [face_sid, name, credential_id, union_id].into_iter().fold(needles, |needles, text| needles.text(text))
    });
    for person in &people[..2] {
        expect(&sandbox, person);
    }
    sandbox.wechat.know(people[2].clone());
    // The simulated printer keeps its paper, and is within the daemon.
    sandbox.edit("printer = \"board\"", "printer = \"none\"");
    let daemon = sandbox.start();
    let mut terminal = sandbox.terminal(0);
    for person in &people {
        terminal.face(&person.face_sid, true).expect("sent");
        terminal.receive_type("outcome").expect("an outcome");
        // Until the panel is at rest, a second face is not a new one.
        thread::sleep(Duration::from_millis(1500));
    }
    thread::sleep(AFTER);
    assert!(connections_to(sandbox.wechat.address()) > 0, "the connection to WeChat is kept");
    needles.assert_gone_from(daemon.child.id());
    assert_eq!(daemon.stop(), Some(0));
}
