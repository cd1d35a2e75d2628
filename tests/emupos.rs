//! An independent printer at the other end: emupos 0.4.0 (PyPI, Python 3.13 or newer) parses our slips by Epson's command
//! reference and answers with the faults it is given, over TCP and on a pseudo terminal. `tests/hil/emupos` runs it where the
//! system's Python is older; where it is not:
//!
//! ```text
//! python3.13 -m venv emupos && emupos/bin/pip install emupos==0.4.0
//! EMUPOS=emupos/bin/emupos cargo test --test facemchd -- --ignored emupos::
//! ```

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use facemchd::{
    device::{EscPosPrinter, Fonts, Layout, Printer, linux},
    fault::Code,
    kiosk::{PrintOutcome, Slip},
    words::Moment,
};

use crate::{
    devices::{job, layout, profile, shown, slip, wait_for},
    lookups::clock,
};

/// emupos, until it is dropped.
struct Emupos {
    child: Child,
    folder: tempfile::TempDir,
    api: u16,
    port: u16,
}

impl Drop for Emupos {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port()
}

impl Emupos {
    fn start() -> Self {
        let program = std::env::var_os("EMUPOS").expect("EMUPOS names the program");
        let folder = tempfile::tempdir().expect("a folder");
        let (api, port) = (free_port(), free_port());
        let yaml = format!(
            "schema: 1\napi: {{ host: 127.0.0.1, port: {api} }}\ndevices:\n  - id: front\n    type: printer\n    \
             profile: epson-tm-t20iii\n    connections:\n      - tcp: {{ port: {port} }}\n      - serial: {{ pty: true }}\n"
        );
        let config = folder.path().join("emupos.yaml");
        fs::write(&config, yaml).expect("written");
        let events = fs::File::create(folder.path().join("events")).expect("a file");
        let child = Command::new(program)
            .args(["run", "--config"])
            .arg(&config)
            .env("TMPDIR", folder.path())
            .stdin(Stdio::null())
            .stdout(events)
            .spawn()
            .expect("started");
        let emupos = Self { child, folder, api, port };
        let serves =
            || TcpStream::connect(("127.0.0.1", port)).is_ok() && emupos.folder.path().join("emupos/front").exists();
        assert!(wait_for(serves, |serves| *serves), "emupos does not serve");
        emupos
    }

    fn ask(&self, method: &str, path: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.api)).expect("its door");
        let head = format!("{method} /api/v1/devices/front/{path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n", self.api);
        write!(stream, "{head}Content-Length: 0\r\nConnection: close\r\n\r\n").expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 20"), "{method} {path}: {answer}");
        answer
    }

    fn fault(&self, fault: &str, active: bool) {
        self.ask(if active { "PUT" } else { "DELETE" }, &format!("faults/{fault}"));
    }

    fn receipts(&self) -> usize {
        self.ask("GET", "receipts").matches("\"completed_at\"").count()
    }

    /// What it did not understand.
    fn complaints(&self) -> Vec<String> {
        let events = fs::read_to_string(self.folder.path().join("events")).expect("kept");
        // DLE DC4 8 is in Epson's reference and not in emupos; zeros end what somebody else may have left unfinished.
        let meant = |line: &&str| line.contains("10 14 08") || line.ends_with("bytes 00");
        events.lines().filter(|line| line.contains("unknown") && !meant(line)).map(str::to_owned).collect()
    }
}

/// Long after everything.
fn soon() -> Moment {
    Moment(Duration::from_secs(600))
}

fn numbered(number: &str) -> Slip {
    let mut slip = Slip { name: shown("李四"), ..slip() };
    slip.admission.number = Some(facemchd::words::Text::clean(number));
    slip
}

fn epson() -> Layout {
    Layout { profile: profile("epson-80"), ..layout() }
}

fn serve(emupos: &Emupos, mut printer: EscPosPrinter) {
    // The first contact with a program that has only just begun takes it longer than a printer has.
    assert!((0..20).any(|_| printer.status().is_ok()), "{:?}", printer.status());
    let before = emupos.receipts();
    assert_eq!(printer.print(job(), &numbered("A036"), soon()), PrintOutcome::Printed);
    assert_eq!(emupos.receipts(), before + 1);
    assert!(emupos.ask("GET", "receipts/latest/text").contains("A036"));
    for (fault, code) in [("paper-out", Code::P702), ("cover-open", Code::P703)] {
        emupos.fault(fault, true);
        assert_eq!(printer.print(job(), &numbered("A037"), soon()), PrintOutcome::NotPrinted(code));
        emupos.fault(fault, false);
        printer.prepare();
        emupos.fault(fault, true);
        let watch = clock();
        let began = watch.now().moment;
        assert_eq!(printer.print(job(), &numbered("A038"), soon()), PrintOutcome::Unknown, "{fault}");
        assert_eq!(printer.tend().status.expect("an answer").fault, Some(code));
        let took = watch.now().moment.since(began);
        assert!(took < Duration::from_millis(1500), "{fault}: {took:?}");
        emupos.fault(fault, false);
        assert_eq!(printer.tend().status.expect("an answer").fault, None);
        assert_eq!(printer.print(job(), &numbered("B777"), soon()), PrintOutcome::Printed);
        let last = emupos.ask("GET", "receipts/latest/text");
        assert!(last.contains("B777") && !last.contains("A038"), "{last}");
    }
    // A roll that is nearly out prints on, and is told of.
    emupos.fault("paper-near-end", true);
    let status = printer.tend().status.expect("an answer");
    assert_eq!((status.fault, status.paper_low), (None, true));
    assert_eq!(printer.print(job(), &numbered("A039"), soon()), PrintOutcome::Printed);
    emupos.fault("paper-near-end", false);
    assert!(!printer.tend().status.expect("an answer").paper_low);
    assert_eq!(emupos.complaints(), Vec::<String>::new());
}

#[test]
#[ignore = "needs emupos"]
fn an_independent_printer_on_the_network_understands_every_slip_and_its_faults_are_told() {
    let emupos = Emupos::start();
    let open = linux::tcp(format!("127.0.0.1:{}", emupos.port));
    serve(&emupos, EscPosPrinter::new(open, epson(), Fonts::built_in(), clock()));
}

#[test]
#[ignore = "needs emupos"]
fn an_independent_printer_on_a_serial_port_understands_every_slip_and_its_faults_are_told() {
    let emupos = Emupos::start();
    let port: &Path = &emupos.folder.path().join("emupos/front");
    let open = linux::serial(port.to_owned(), 115_200, false);
    serve(&emupos, EscPosPrinter::new(open, epson(), Fonts::built_in(), clock()));
}
