//! Strangers from many addresses keep no terminal out: neither one that was here before nor one that comes first.

use std::{
    io::{BufReader, Write as _},
    net::{Ipv4Addr, TcpStream},
    os::fd::OwnedFd,
    sync::Arc,
    time::Duration,
};

use facemchd::sim::terminal::Terminal;
use rustls::{ClientConnection, StreamOwned, pki_types::ServerName};
use serde_json::json;

use crate::{
    lookups::clock,
    network_terminals::{Card, Http, Site, Tls, half_open},
};

/// A terminal that comes from this address.
fn connect_from(site: &Site, card: &Card, from: Ipv4Addr) -> Tls {
    let name = ServerName::try_from("localhost").expect("a name");
    let connection = ClientConnection::new(Arc::clone(&card.config), name).expect("a connection");
    let stream = TcpStream::from(half_open(site.port, from));
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("set");
    StreamOwned::new(connection, stream)
}

fn ping(site: &Site, card: &Card, from: Ipv4Addr) {
    let mut terminal = Terminal::over(connect_from(site, card, from));
    terminal.send("ping", &json!({})).unwrap_or_else(|error| panic!("{from}: {error}"));
    terminal.receive_type("pong").unwrap_or_else(|error| panic!("{from}: {error}"));
}

#[test]
fn from_hundreds_of_addresses_of_one_network_and_some_of_others() {
    let site = Site::new("tls");
    let daemon = site.sandbox.start();
    let good = site.good();
    let (known, fresh) = (Ipv4Addr::new(127, 0, 0, 7), Ipv4Addr::new(127, 0, 9, 9));
    ping(&site, &good, known);
    let clock = clock();
    let began = clock.now().moment;
    let mut flood: Vec<OwnedFd> = Vec::new();
    for host in 1..=250 {
        // Those that say nothing, and those that say something else than a terminal.
        let mut talks = TcpStream::from(half_open(site.port, Ipv4Addr::new(127, 0, 1, host)));
        let _ = talks.write_all(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03");
        flood.push(talks.into());
        if host % 5 == 0 {
            flood.push(half_open(site.port, Ipv4Addr::new(127, 0, 2 + host / 10, 1)));
        }
    }
    ping(&site, &good, known);
    ping(&site, &good, fresh);
    let took = clock.now().moment.since(began);
    assert!(took < Duration::from_secs(4), "{took:?}");
    drop(flood);
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn an_answer_in_two_pieces_and_requests_in_one_are_what_they_are() {
    let site = Site::new("https");
    let daemon = site.sandbox.start();
    let good = site.good();
    let mut stream = Http(BufReader::new(site.connect(&good)));
    stream.listen();
    let mut posts = Http(BufReader::new(site.connect(&good)));
    let writer = posts.0.get_mut();
    let chunked = b"POST /v1/frames HTTP/1.1\r\nHost: k\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n";
    writer.write_all(chunked).expect("sent");
    assert_eq!(posts.head().0, 100);
    let writer = posts.0.get_mut();
    writer.write_all(b"10\r\n{\"type\":\"ping\",\"\r\n").expect("sent");
    writer.flush().expect("sent");
    std::thread::sleep(Duration::from_millis(50));
    let rest = b"8\r\nseq\":7} \r\n0\r\n\r\nPOST /v1/frames?retry=1 HTTP/1.1\r\nHost: k\r\nContent-Length: 23\r\n\r\n{\"type\":\"ping\",\"seq\":8}";
    writer.write_all(rest).expect("sent");
    for seq in [7, 8] {
        assert_eq!(posts.head().0, 202);
        assert_eq!(stream.event("pong")["seq"], seq);
    }
    assert_eq!(daemon.stop(), Some(0));
}
