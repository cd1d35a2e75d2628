//! Faults of the site's system, and of the card that everything lies on.

use std::{fs, sync::Arc, time::Duration};

use facemchd::{
    fault::Code,
    sim::{
        his::Kind,
        server::{Answer, Authority, Reply, Request, Server},
    },
};
use serde_json::json;

use super::{FACE, Row, face_at, nobody, row};
use crate::{
    bench_board,
    faults::{Kept, instead_of_the_site, key, nothing, page, write},
    running::Sandbox,
    site_try,
};

const KIOSK: &str = "kiosk-1";
const GATE: &str = "gate-1";

pub fn rows() -> Vec<Row> {
    vec![
        row("the site's system is not there", Code::H901, KIOSK, "connection refused").by(|s| {
            s.hospital.set_online(false);
            nothing()
        }),
        row("the site's system says that it is down", Code::H901, KIOSK, "status 503").by(|s| {
            s.hospital.set_down(true);
            nothing()
        }),
        row("something else answers for the site's system", Code::H902, KIOSK, "status 200, ")
            .by(|s| instead_of_the_site(s, page)),
        row("the HMAC key is another", Code::H903, KIOSK, "status 401").by(|s| {
            write(&key(s, "checkin.hmac"), "another key", 0o600);
            nothing()
        }),
        row("the site's system says nothing to who takes a check-in back", Code::H904, GATE, "no whole answer in time")
            .with(&[Code::G803])
            .by(|s| {
                let kept = bench_board::build(s, &[("pass-within-ms = 5000", "pass-within-ms = 500")]);
                Box::new((kept, site(s, hangs_up_on_annulments)))
            })
            .when(|s, _| face_at(s, 1, FACE)),
        row("the site's system hangs up", Code::H905, KIOSK, "broke before").by(|s| site(s, |_| Reply::Drop)),
        row("the site's system has a fault", Code::H905, KIOSK, "status 500")
            .by(|s| instead_of_the_site(s, || Answer::json(500, &json!({})))),
        row("a page answers for the hospital", Code::H906, KIOSK, "status 200, ").by(|s| hospital(s, Kind::SelfReg)),
        row("the journal is damaged", Code::J501, KIOSK, "segment").of_all().by(damaged).when(nobody),
        row("the state is damaged", Code::J504, KIOSK, "did not end")
            .of_all()
            .by(|s| {
                drop(s.start());
                fs::write(s.path("state/state.busy"), "").expect("written");
                let _ = fs::remove_file(s.path("daemon.log"));
                nothing()
            })
            .when(nobody),
    ]
}

/// A site's system of the test's own.
fn site(sandbox: &Sandbox, answer: fn(&Request) -> Reply) -> Kept {
    let authority = Authority::new().expect("an authority");
    let server = Server::start(&authority, Arc::new(answer)).expect("a server");
    write(&key(sandbox, "site-ca.pem"), &authority.pem(), 0o644);
    sandbox.edit(
        &format!("url = \"{}\"\nca-file = \"keys/ca.pem\"\nhmac", sandbox.hospital.url()),
        &format!("url = \"{}/kiosk\"\nca-file = \"keys/site-ca.pem\"\nhmac", server.url()),
    );
    Box::new(server)
}

/// A hospital's own interface, where something else answers.
fn hospital(sandbox: &Sandbox, kind: Kind) -> Kept {
    let twin = site_try::with_template(sandbox, kind);
    let authority = Authority::new().expect("an authority");
    let server = Server::start(&authority, Arc::new(|_| Reply::Answer(page()))).expect("a server");
    write(&key(sandbox, "site-ca.pem"), &authority.pem(), 0o644);
    sandbox.edit(
        &format!("url = \"{}\"\nca-file = \"keys/ca.pem\"\n", twin.url()),
        &format!("url = \"{}\"\nca-file = \"keys/site-ca.pem\"\n", server.url()),
    );
    Box::new((twin, server))
}

fn hangs_up_on_annulments(request: &Request) -> Reply {
    let admitted = Answer::json(200, &json!({ "answer": "admitted", "place": "3" }));
    let after = Duration::from_secs(if request.method == "DELETE" { 20 } else { 0 });
    Reply::Answer(Answer { after, ..admitted })
}

/// A journal with a byte that is another.
fn damaged(sandbox: &Sandbox) -> Kept {
    let daemon = sandbox.start();
    face_at(sandbox, 0, FACE);
    assert_eq!(daemon.stop(), Some(0));
    let segment = sandbox.path("state/journal-00000001.seg");
    let mut bytes = fs::read(&segment).expect("a segment");
    bytes[200] ^= 1;
    fs::write(&segment, bytes).expect("written");
    let _ = fs::remove_file(sandbox.path("daemon.log"));
    nothing()
}
