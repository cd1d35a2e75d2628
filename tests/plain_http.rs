//! Plain HTTP: spoken towards the networks that the site names, and nowhere else.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use facemchd::{
    http::{Client, HttpError, Method, Request, Route},
    words::{Clock, Deadline},
};

use crate::lookups::clock;

/// Answers each request with its body; how many connections came.
fn echo() -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("an address");
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    thread::spawn(move || {
        for socket in listener.incoming() {
            let Ok(mut socket) = socket else { return };
            counted.fetch_add(1, Ordering::SeqCst);
            thread::spawn(move || {
                let mut bytes = Vec::new();
                let mut chunk = [0; 4096];
                while let Ok(read @ 1..) = socket.read(&mut chunk) {
                    bytes.extend_from_slice(&chunk[..read]);
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                    let length = head
                        .lines()
                        .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
                    if body.len() < length.unwrap_or(0) {
                        continue;
                    }
                    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
                    let _ = socket.write_all(answer.as_bytes());
                    bytes.clear();
                }
            });
        }
    });
    (address, connections)
}

fn send(plain: &[&str], url: &str, times: usize) -> Result<Vec<u8>, HttpError> {
    let clock: Arc<dyn Clock> = clock();
    let plain = plain.iter().map(|network| network.parse().expect("a network")).collect();
    let client = Client::open(&Route { plain, ..Route::default() }, Arc::clone(&clock)).expect("a client");
    let mut last = Ok(Vec::new());
    for _ in 0..times {
        let deadline = Deadline::from_now(&*clock, Duration::from_secs(5));
        let request = Request { method: Method::Post, url, headers: &[], body: Some(b"name"), deadline, max_body: 100 };
        last = client.send(&request).map(|response| response.body.to_vec());
    }
    last
}

#[test]
fn plain_http_is_spoken_over_one_kept_connection_to_an_address_of_a_named_network() {
    let (address, connections) = echo();
    let body = send(&["10.0.0.0/8", "127.0.0.0/8"], &format!("http://localhost:{}/x", address.port()), 3);
    assert_eq!(body.expect("an answer"), b"name");
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[test]
fn an_address_outside_the_named_networks_is_not_even_connected_to() {
    let (address, connections) = echo();
    let url = format!("http://localhost:{}/x", address.port());
    assert!(matches!(send(&["10.0.0.0/8"], &url, 1), Err(HttpError::NotPlain)));
    assert!(matches!(send(&[], &url, 1), Err(HttpError::BadAddress)));
    assert_eq!(connections.load(Ordering::SeqCst), 0);
}
