//! A device that sees nothing but a proxy: the proxy resolves, TLS is with WeChat all the same.

use std::{
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use facemchd::{
    fault::Code,
    http::ProxyAddress,
    sim::{people::Person, wechat::WeChat},
};

use crate::lookups::{Setup, clock};

/// What was asked of a proxy.
type Asked = Arc<Mutex<Vec<String>>>;

/// A proxy that leads every name to `target`.
fn proxy(target: SocketAddr, greet: fn(&mut TcpStream) -> io::Result<String>, refuse: bool) -> (SocketAddr, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let asked = Asked::default();
    let seen = Arc::clone(&asked);
    thread::spawn(move || {
        for stream in listener.incoming().take(8) {
            let Ok(mut client) = stream else { return };
            let seen = Arc::clone(&seen);
            thread::spawn(move || -> io::Result<()> {
                let name = greet(&mut client)?;
                seen.lock().expect("not poisoned").push(name);
                if refuse {
                    return client.write_all(b"HTTP/1.1 403 Forbidden\r\n\r\n");
                }
                let server = TcpStream::connect(target)?;
                let (mut up_from, mut up_to) = (client.try_clone()?, server.try_clone()?);
                let up = thread::spawn(move || io::copy(&mut up_from, &mut up_to));
                io::copy(&mut &server, &mut &client)?;
                let _ = up.join();
                Ok(())
            });
        }
    });
    (address, asked)
}

/// `CONNECT name:port`, with its headers.
fn head(client: &mut TcpStream) -> io::Result<String> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(head)
}

fn connect(client: &mut TcpStream) -> io::Result<String> {
    let head = head(client)?;
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    Ok(head)
}

/// SOCKS5 with a domain name (RFC 1928).
fn socks(client: &mut TcpStream) -> io::Result<String> {
    let mut greeting = [0; 2];
    client.read_exact(&mut greeting)?;
    let mut methods = vec![0; usize::from(greeting[1])];
    client.read_exact(&mut methods)?;
    client.write_all(&[5, 0])?;
    let mut request = [0; 5];
    client.read_exact(&mut request)?;
    assert_eq!(request[3], 3, "a name, not an address: the proxy resolves");
    let mut name = vec![0; usize::from(request[4]) + 2];
    client.read_exact(&mut name)?;
    client.write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 0])?;
    Ok(String::from_utf8_lossy(&name[..name.len() - 2]).into_owned())
}

#[test]
fn both_proxies_resolve_and_the_name_is_verified_behind_them() {
    for (scheme, greet) in [("http", connect as fn(&mut TcpStream) -> io::Result<String>), ("socks5h", socks)] {
        let mut setup = Setup::new();
        let wechat = WeChat::start(&setup.authority, Arc::clone(&setup.world), true, clock()).expect("a sandbox");
        wechat.know(Person::new("sid", "张三"));
        let (address, asked) = proxy(wechat.address(), greet, false);
        setup.http.proxy = Some(ProxyAddress(format!("{scheme}://{address}")));
        let lookup = setup.at(format!("https://sandbox.invalid:{}", wechat.address().port())).lookup();
        assert_eq!(lookup.name("sid").as_deref(), Ok("张三"), "{scheme}");
        let asked = asked.lock().expect("not poisoned");
        assert_eq!(asked.len(), 1);
        assert!(asked[0].contains("sandbox.invalid"), "{scheme}: {asked:?}");
        assert!(!asked[0].contains("sid"), "the proxy sees no face_sid");
    }
}

#[test]
fn a_proxy_that_refuses_is_named_and_one_that_is_gone_too() {
    let mut setup = Setup::new();
    let (address, _) = proxy(crate::lookups::nobody(), head, true);
    setup.http.proxy = Some(ProxyAddress(format!("http://{address}")));
    assert_eq!(setup.at("https://sandbox.invalid".to_owned()).lookup().name("sid"), Err(Code::N306));
    let mut setup = Setup::new();
    setup.http.proxy = Some(ProxyAddress(format!("http://{}", crate::lookups::nobody())));
    let code = setup.at("https://sandbox.invalid".to_owned()).lookup().name("sid").expect_err("no way out");
    assert_eq!(code, Code::N306);
}

#[test]
fn a_proxy_that_refuses_a_password_is_asked_once() {
    let mut setup = Setup::new();
    let (address, asked) = proxy(crate::lookups::nobody(), head, true);
    setup.http.proxy = Some(ProxyAddress(format!("http://kiosk:wrong@{address}")));
    setup.settings.wechatpay.backup_url = Some("https://backup.invalid".to_owned());
    assert_eq!(setup.at("https://sandbox.invalid".to_owned()).lookup().name("sid"), Err(Code::N306));
    let asked = asked.lock().expect("not poisoned");
    assert_eq!(asked.len(), 1, "a few more lock the account: {asked:?}");
}

/// Wants a password, or another one.
fn wants_a_password(client: &mut TcpStream) -> io::Result<String> {
    let head = head(client)?;
    client.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")?;
    Ok(head)
}

#[test]
fn a_password_for_a_proxy_may_be_percent_encoded() {
    let mut setup = Setup::new();
    let (address, asked) = proxy(crate::lookups::nobody(), wants_a_password, false);
    setup.http.proxy = Some(ProxyAddress(format!("http://clinic:p%40ss@{address}")));
    setup.settings.wechatpay.backup_url = Some("https://backup.invalid".to_owned());
    assert_eq!(setup.at("https://sandbox.invalid".to_owned()).lookup().name("sid"), Err(Code::N306));
    let asked = asked.lock().expect("not poisoned");
    assert_eq!(asked.len(), 1);
    assert!(asked[0].contains("Proxy-Authorization: Basic Y2xpbmljOnBAc3M="), "{asked:?}");
}

#[test]
fn a_proxy_of_another_kind_is_refused_without_its_password() {
    let mut setup = Setup::new();
    setup.http.proxy = Some(ProxyAddress("ftp://user:secret@proxy:1".to_owned()));
    let error = facemchd::http::Client::open(&setup.http, clock()).expect_err("refused");
    assert!(!error.to_string().contains("secret"));
}
