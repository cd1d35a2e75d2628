//! `facemchd sim` with a page, a scenario or a seed: the kiosk that anybody can break.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Child, ChildStdout, Stdio},
    thread,
    time::Duration,
};

use crate::{
    lookups::clock,
    running::{program, run},
};

/// A page that ends with the test.
pub struct SandboxPage {
    child: Child,
    _told: BufReader<ChildStdout>,
    _folder: tempfile::TempDir,
    pub port: u16,
}

impl SandboxPage {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("sandbox");
        let mut child = program()
            .args(["sim", "--page", "--listen", "127.0.0.1:0", "--out", out.to_str().expect("UTF-8")])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("starts");
        let mut told = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        told.read_line(&mut line).expect("a line");
        let port = line.trim().trim_end_matches('/').rsplit(':').next().and_then(|port| port.parse().ok());
        Self { child, _told: told, _folder: folder, port: port.unwrap_or_else(|| panic!("no address: {line}")) }
    }

    /// Status and all of an answer.
    fn asks(&self, request: &str, headers: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("listens");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("set");
        let length = body.len();
        write!(stream, "{request} HTTP/1.1\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}")
            .expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("text");
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        (status.unwrap_or_else(|| panic!("{answer}")), answer)
    }

    fn host(&self) -> String {
        format!("Host: 127.0.0.1:{}\r\n", self.port)
    }
}

impl Drop for SandboxPage {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_page_is_there_before_its_sandbox_and_for_nobody_but_this_machine_and_itself() {
    let began = clock().now().moment;
    let page = SandboxPage::start();
    let host = page.host();
    let (status, whole) = page.asks("GET /", &host, "");
    assert_eq!(status, 200);
    println!("the first answer after {} ms", clock().now().moment.since(began).as_millis());
    assert!(whole.contains("content-security-policy: default-src 'none'; script-src 'self'"), "{whole}");
    assert!(!whole.contains("<style") && !whole.contains(" style=") && !whole.contains(" onclick="), "{whole}");
    let size: usize =
        ["GET /", "GET /kiosk.css", "GET /kiosk.js"].map(|get| page.asks(get, &host, "").1.len()).iter().sum();
    assert!(size <= 300_000, "{size} bytes");

    // A name that leads here from elsewhere, and a click from another page.
    for name in ["evil.example", &format!("evil.example:{}", page.port), "127.0.0.1"] {
        assert_eq!(page.asks("GET /", &format!("Host: {name}\r\n"), "").0, 421, "{name}");
    }
    let json = "Content-Type: application/json\r\n";
    for origin in ["", "Origin: http://evil.example\r\n", "Origin: null\r\n"] {
        assert_eq!(page.asks("POST /act", &format!("{host}{json}{origin}"), "[{\"act\":\"kill\"}]").0, 403, "{origin}");
    }
    let own = format!("{host}{json}Origin: http://127.0.0.1:{}\r\n", page.port);
    let text = own.replace("application/json", "text/plain");
    assert_eq!(page.asks("POST /act", &text, "[]").0, 415);
    for wrong in ["", "{", "{\"act\":\"kill\"}", "[{\"act\":\"explode\"}]"] {
        assert_eq!(page.asks("POST /act", &own, wrong).0, 400, "{wrong}");
    }
    assert_eq!(page.asks("POST /act", &own, &" ".repeat(100_000)).0, 413);
    let ready = (0..600).any(|_| {
        thread::sleep(Duration::from_millis(50));
        page.asks("POST /act", &own, "[]").0 == 200
    });
    assert!(ready, "no sandbox");
    let nowhere = page.asks("POST /act", &own, "[{\"act\":\"dip\",\"lane\":7}]");
    assert_eq!(nowhere.0, 409, "{}", nowhere.1);
    for name in ["", "\\u0007", &"长".repeat(41)] {
        let act = format!("[{{\"act\":\"send\",\"lane\":0,\"name\":\"{name}\"}}]");
        assert_eq!(page.asks("POST /act", &own, &act).0, 409, "{name}");
    }
    assert_eq!(page.asks("GET /slips/9/9", &host, "").0, 404);
}

#[test]
fn the_page_listens_nowhere_but_on_loopback() {
    let told = run(&["sim", "--page", "--listen", "0.0.0.0:0"]);
    assert!(!told.status.success());
    assert!(String::from_utf8_lossy(&told.stderr).contains("loopback"), "{told:?}");
}

/// They wait for what people wait for, so all at once, and beside nothing else: a dozen kiosks keep a machine busy.
#[test]
#[ignore = "two minutes of a dozen kiosks; .ci/run plays them"]
fn the_scenarios_that_come_with_the_program_end_as_they_say() {
    let folder = tempfile::tempdir().expect("a folder");
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sim/scenarios");
    let files = std::fs::read_dir(sources).expect("there").map(|file| file.expect("a file").path());
    let names: Vec<String> = files.map(|file| file.file_stem().expect("a name").display().to_string()).collect();
    assert!(names.len() >= 13, "{names:?}");
    let playing: Vec<_> = names
        .iter()
        .map(|name| {
            let out = folder.path().join(name);
            let mut command = program();
            command.args(["sim", "--scenario", name, "--out", out.to_str().expect("UTF-8")]);
            (name, command.stdout(Stdio::piped()).spawn().expect("starts"))
        })
        .collect();
    for (name, child) in playing {
        let told = child.wait_with_output().expect("ended");
        assert!(told.status.success(), "{name}: {}", String::from_utf8_lossy(&told.stdout));
    }
}

#[test]
fn a_scenario_that_ends_otherwise_says_what_was_seen() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("wrong.toml");
    let text = "about = \"two slips, of which there are none\"\n[expect]\nslips = { kiosk-1 = 2 }\n";
    std::fs::write(&file, text).expect("written");
    let out = folder.path().join("out");
    let (file, out) = (file.to_str().expect("UTF-8"), out.to_str().expect("UTF-8"));
    let told = run(&["sim", "--scenario", file, "--out", out]);
    assert_eq!(told.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&told.stdout).contains("kiosk-1: 2 slips expected, Some(0) seen"), "{told:?}");
    std::fs::write(file, "about = \"x\"\n[[step]]\ndo = { act = \"explode\" }\n").expect("written");
    let told = run(&["sim", "--scenario", file, "--out", out]);
    assert!(!told.status.success());
    assert!(String::from_utf8_lossy(&told.stderr).contains("wrong.toml:3"), "{told:?}");
}

#[test]
#[ignore = "half a minute of random clicks; SEED and MINUTES choose others"]
fn whatever_is_clicked_at_random_the_four_zeros_stay_zero() {
    let folder = tempfile::tempdir().expect("a folder").keep();
    let of = |name, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
    let (seed, minutes, out) = (of("SEED", "7"), of("MINUTES", "0.5"), folder.join("out"));
    let told = run(&["sim", "--seed", &seed, "--minutes", &minutes, "--out", out.to_str().expect("UTF-8")]);
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stdout));
}
