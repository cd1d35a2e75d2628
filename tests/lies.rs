//! Whoever stands between us and the truth: bits that flip, proxies and sites that answer anything at all. Nobody gets
//! another name, nobody is let in whom nobody admitted, and nothing outlasts its deadline.

use std::{
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use facemchd::sim::server::{Answer, Reply};
use rsa::{Pkcs1v15Encrypt, RsaPublicKey};
use serde_json::{Value, json};

use crate::{
    dice::Dice,
    lookups::{Scripted, Setup, clock, seconds, signed},
};

const NAME: &str = "欧阳若兰";

/// How much longer than its deadline a call may take on a machine that has other things to do.
const SLACK: Duration = Duration::from_secs(2);

/// A body as WeChat sends it, with the name sealed for the sub-merchant.
fn body(setup: &Setup) -> Value {
    let public = RsaPublicKey::from(&setup.world.sub.key);
    let seal = |text: &[u8]| {
        BASE64_STANDARD.encode(public.encrypt(&mut rand::rngs::OsRng, Pkcs1v15Encrypt, text).expect("fits"))
    };
    json!({ "union_id": "oUnion", "real_name_info": {
        "encrypted_real_name": seal(NAME.as_bytes()), "credential_type": 1,
        "encrypted_credential_id": seal(b"11010519491231002X"),
    }})
}

#[test]
fn a_flipped_bit_in_an_answer_is_never_another_name() {
    let setup = Setup::new();
    let (world, body, dice) = (Arc::clone(&setup.world), body(&setup), Mutex::new(Dice::new(310)));
    let scripted = Scripted::start(&setup.authority, move |count, _| {
        let mut answer = signed(&world, seconds(), &format!("nonce-{count:08}"), &body);
        let mut dice = dice.lock().expect("not poisoned");
        if count % 10 == 0 {
            return Reply::Answer(answer);
        }
        let header = dice.roll(answer.headers.len() + 4);
        match answer.headers.get_mut(header) {
            // A header is text: a bit that would break the line stays.
            Some((_, value)) => {
                let mut bytes = value.clone().into_bytes();
                let at = dice.roll(bytes.len());
                bytes[at] = Some(bytes[at] ^ (1 << dice.roll(7_u8))).filter(u8::is_ascii_graphic).unwrap_or(b'~');
                *value = String::from_utf8(bytes).expect("ASCII");
            }
            None => {
                let at = dice.roll(answer.body.len());
                answer.body[at] ^= 1 << dice.roll(8_u8);
            }
        }
        Reply::Answer(answer)
    });
    let lookup = setup.at(scripted.server.url()).lookup();
    let (mut right, mut refused) = (0, 0);
    for count in 0..300 {
        match lookup.name(&format!("sid-{count}")) {
            Ok(name) if name == NAME => right += 1,
            Ok(name) => panic!("another name: {name}"),
            Err(_) => refused += 1,
        }
    }
    println!("{right} right, {refused} refused");
    assert!(right >= 20 && refused >= 150, "{right} right, {refused} refused");
}

/// A proxy that answers each `CONNECT` with the next of these and then closes, or keeps still for `silent`.
fn lying_proxy(lies: Vec<Vec<u8>>, silent: Duration) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || -> io::Result<()> {
        for lie in lies.into_iter().cycle().take(200) {
            let (mut client, _) = listener.accept()?;
            thread::spawn(move || -> io::Result<()> {
                let mut asked = [0; 4096];
                let _ = client.read(&mut asked)?;
                client.write_all(&lie)?;
                thread::sleep(silent);
                client.shutdown(std::net::Shutdown::Both)
            });
        }
        Ok(())
    });
    address
}

#[test]
fn a_proxy_that_lies_costs_the_person_their_patience_at_most() {
    let lies: [&[u8]; 12] = [
        b"",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: https://elsewhere.invalid/\r\n\r\n",
        b"HTTP/1.1 99999 What\r\n\r\n",
        b"HTTP/1.1 503 Busy\r\nRetry-After: 0\r\n\r\n",
        b"\x05\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00",
        b"\x16\x03\x03\xff\xff\x00",
        b"<html>please log in</html>",
        b"HTTP/1.1 200 OK\nX: \xff\xfe\n\n",
    ];
    let patience = Duration::from_millis(700);
    for silent in [Duration::ZERO, Duration::from_secs(4)] {
        for lie in lies {
            let mut setup = Setup::new();
            let address = lying_proxy(vec![lie.to_vec()], silent);
            setup.http.proxy = Some(facemchd::http::ProxyAddress(format!("http://{address}")));
            let lookup = setup.at("https://sandbox.invalid".to_owned()).lookup();
            let clock = clock();
            let began = clock.now().moment;
            let found = lookup.ask_within("sid", patience);
            let took = clock.now().moment.since(began);
            let code = found.expect_err("nobody there who could say").to_string();
            assert!(code.starts_with('N'), "{code}: {:?}", String::from_utf8_lossy(lie));
            assert!(took < patience + SLACK, "{took:?}: {:?}", String::from_utf8_lossy(lie));
        }
    }
}

#[test]
fn a_server_that_drops_drips_or_repeats_itself_is_never_believed() {
    let setup = Setup::new();
    let (world, body) = (Arc::clone(&setup.world), body(&setup));
    let replayed = signed(&world, seconds(), "the-same", &body);
    let scripted = Scripted::start(&setup.authority, move |count, _| match count % 5 {
        0 => Reply::Drop,
        1 => Reply::Answer(replayed.clone()),
        2 => Reply::Answer(Answer {
            drip: Duration::from_millis(40),
            ..signed(&world, seconds(), &format!("{count}"), &body)
        }),
        3 => Reply::Answer(Answer { body: b"{".to_vec(), ..signed(&world, seconds(), &format!("{count}"), &body) }),
        _ => Reply::Answer(Answer { headers: Vec::new(), ..signed(&world, seconds(), &format!("{count}"), &body) }),
    });
    let lookup = setup.at(scripted.server.url()).lookup();
    let clock = clock();
    let mut right = 0;
    for count in 0..12 {
        let began = clock.now().moment;
        let patience = Duration::from_millis(400);
        let found = lookup.ask_within(&format!("sid-{count}"), patience);
        assert!(clock.now().moment.since(began) < patience + SLACK);
        right += usize::from(found.is_ok_and(|identity| {
            let name = identity.real_name.expect("a name");
            assert_eq!(name.reveal(), NAME);
            true
        }));
    }
    assert!(right <= 1, "the replayed answer is right once: {right}");
}
