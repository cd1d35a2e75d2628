//! What a board talks to: WeChat Pay and the site's system, the face terminal and the printer; and what it is told of them.

use std::{
    collections::VecDeque,
    io::{self, Read, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use facemchd::{
    service::SystemClock,
    sim::{
        devices::PrinterTwin,
        hospital::{Booking, Hospital},
        people::Person,
        server::Authority,
        site_file::{HMAC_KEY, SiteFile},
        terminal::Terminal,
        wechat::WeChat,
    },
    words::Clock,
};
use serde_json::Value;

use crate::{keys::world, machine::Machine};

/// A sandbox on this machine's loopback, which boards reach as `sandbox.invalid`.
pub struct Site {
    pub wechat: WeChat,
    pub hospital: Hospital,
    folder: tempfile::TempDir,
}

/// What a lane's line and printer are.
pub struct Lane {
    pub terminal: Terminal,
    pub printer: PrinterTwin,
}

/// Nobody else is called so.
pub const NAME: &str = "尉迟雨薇";

/// The longest wait for a frame from an emulated board, however busy the machine.
const PATIENCE: Duration = Duration::from_secs(180);

impl Site {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let authority = Authority::new().expect("an authority");
        let world = Arc::new(world());
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
        let wechat = WeChat::start(&authority, Arc::clone(&world), true, clock).expect("a sandbox");
        let hospital = Hospital::start(&authority, HMAC_KEY).expect("a site system");
        let (pay, site_system) = (wechat.url(), hospital.url());
        let site_file = SiteFile {
            world: &world,
            wechat: &pay,
            hospital: &site_system,
            weixin: "https://localhost:1",
            folder: folder.path(),
        };
        site_file.write(&authority.pem()).expect("written");
        Self { wechat, hospital, folder }
    }

    /// Installs keys and site file on a board. `adapter`: who gives the numbers, `http` or `local`.
    pub fn commission(&self, machine: &mut Machine, adapter: &str) {
        for entry in std::fs::read_dir(self.folder.path().join("keys")).expect("listed").flatten() {
            let name = entry.file_name().into_string().expect("UTF-8");
            machine.write(&format!("/etc/facemchd/keys/{name}"), &std::fs::read(entry.path()).expect("readable"));
        }
        machine.write("/etc/facemchd/site.toml", self.text(adapter).as_bytes());
        machine.must(
            "cp /opt/board/virt.toml /etc/facemchd/board.toml; cp -r /opt/printers /etc/facemchd/; \
             chown -R root:facemchd /etc/facemchd; chown facemchd /etc/facemchd/keys/*; chmod 0600 /etc/facemchd/keys/*",
        );
    }

    /// The sandbox's own site file, its lanes and its board in the place of the simulated ones.
    fn text(&self, adapter: &str) -> String {
        let text = std::fs::read_to_string(self.folder.path().join("site.toml")).expect("readable");
        let text = &text[..text.find("[simulated]").expect("there")];
        let (weixin, checkin) = (text.find("[weixin]").expect("there"), text.find("[checkin]").expect("there"));
        let text = format!("{}{}", &text[..weixin], &text[checkin..])
            .replace("board = \"simulated\"", "board = \"./board.toml\"")
            .replace("state-dir = \"state\"", "state-dir = \"/var/lib/facemchd\"")
            .replace("https://localhost:", "https://sandbox.invalid:");
        let text = if adapter == "local" {
            format!(
                "{}[checkin]\nadapter = \"local\"\n\n{}",
                &text[..text.find("[checkin]").expect("there")],
                &text[text.find("[privacy]").expect("there")..]
            )
        } else {
            text
        };
        format!(
            "{text}[[lane]]\nname = \"kiosk-1\"\nmode = \"hospital\"\nterminal = \"serial:/dev/ttyAMA1:115200\"\n\
             panel = \"terminal\"\nprinter = \"board\"\n\n\
             [[lane]]\nname = \"gate-1\"\nmode = \"transit\"\nseries = \"B\"\nterminal = \"serial:/dev/ttyS1:115200\"\n\
             panel = \"terminal\"\ngate = \"board\"\n"
        )
    }

    /// Writes a site file for a program on this machine, whose state lies in `state`; `inside`: the same folder as the
    /// program sees it.
    pub fn beside(&self, state: &Path, inside: &str) -> PathBuf {
        let keys = state.join("site-keys");
        std::fs::create_dir_all(&keys).expect("made");
        for entry in std::fs::read_dir(self.folder.path().join("keys")).expect("listed").flatten() {
            std::fs::copy(entry.path(), keys.join(entry.file_name())).expect("copied");
        }
        std::fs::write(state.join("bare.toml"), "schema = 1\n[board]\nid = \"bare\"\ncompatible = []\n")
            .expect("written");
        let text = self.text("local");
        let text = text[..text.find("[[lane]]").expect("there")]
            .replace("./board.toml", "./bare.toml")
            .replace("/var/lib/facemchd", inside)
            .replace("keys/", "site-keys/")
            .replace("https://sandbox.invalid:", "https://localhost:");
        let lane = "[[lane]]\nname = \"kiosk-1\"\nmode = \"hospital\"\nterminal = \"unix:kiosk-1.sock\"\npanel = \"terminal\"\n";
        let file = state.join("site.toml");
        std::fs::write(&file, text + lane).expect("written");
        file
    }

    /// Makes somebody known and booked.
    pub fn expect(&self, face_sid: &str, name: &str) {
        let person = Person::new(face_sid, name);
        // A gate knows the union id only.
        for key in [&person.credential_id, &person.union_id] {
            self.hospital.book(key, Booking::At("3楼 内科".to_owned()));
        }
        self.wechat.know(person);
    }
}

/// The first lane's line and printer.
pub fn lane(machine: &Machine) -> Lane {
    let (printer, cable) = PrinterTwin::start(None, 32).expect("a printer");
    join(cable, machine.line("printer.sock"));
    Lane { terminal: terminal(machine, "terminal.sock"), printer }
}

/// A face terminal on one of the board's lines.
pub fn terminal(machine: &Machine, line: &str) -> Terminal {
    Terminal::over(Drained::new(machine.line(line)))
}

/// A line that is always listened to: QEMU stands still while nobody takes what a port says.
struct Drained {
    heard: mpsc::Receiver<Vec<u8>>,
    left: VecDeque<u8>,
    line: UnixStream,
}

impl Drained {
    fn new(line: UnixStream) -> Self {
        let mut from = line.try_clone().expect("cloned");
        let (tell, heard) = mpsc::channel();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(length @ 1..) = from.read(&mut bytes) {
                if tell.send(bytes[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self { heard, left: VecDeque::new(), line }
    }
}

impl Read for Drained {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if self.left.is_empty() {
            self.left = self.heard.recv_timeout(PATIENCE).map_err(|_| io::ErrorKind::TimedOut)?.into();
        }
        self.left.read(bytes)
    }
}

impl Write for Drained {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.line.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.line.flush()
    }
}

/// In which a frame is answered, however busy the machine.
const ANSWERED: Duration = Duration::from_secs(120);

/// Sends a face and waits for its outcome; a lane that serves somebody else is asked again.
pub fn visit(terminal: &mut Terminal, face_sid: &str) -> Value {
    for _ in 0..160 {
        let seq = terminal.face(face_sid, true).expect("sent");
        let began = Instant::now();
        loop {
            let Some(frame) = hear(terminal, began) else { return serde_json::json!({ "result": "no answer" }) };
            if frame["seq"] == seq && frame["type"] == "outcome" {
                return frame;
            }
            if frame["seq"] == seq && (frame["status"] == "busy" || frame["status"] == "refused") {
                break;
            }
        }
        thread::sleep(Duration::from_millis(500));
    }
    serde_json::json!({ "result": "busy" })
}

/// The next frame, for as long as an answer may take; whoever has only begun to listen hears half a line first.
fn hear(terminal: &mut Terminal, began: Instant) -> Option<Value> {
    while began.elapsed() < ANSWERED {
        match terminal.receive() {
            Ok(frame) => return Some(frame),
            Err(error) if error.kind() == io::ErrorKind::Other => {}
            Err(_) => return None,
        }
    }
    None
}

/// Sends a face once: how it was answered, status, result and code. A daemon that is restarted answers never, and shows its
/// scenes all the same.
pub fn ask_once(terminal: &mut Terminal, face_sid: &str) -> String {
    let seq = terminal.face(face_sid, true).expect("sent");
    let began = Instant::now();
    loop {
        let Some(frame) = hear(terminal, began) else { return "no answer".to_owned() };
        let refused = frame["type"] == "ack" && frame["status"] != "accepted";
        if frame["seq"] == seq && (frame["type"] == "outcome" || refused) {
            return format!("{} {} {}", frame["status"], frame["result"], frame["code"]);
        }
    }
}

/// Two ends become one wire.
fn join(one: UnixStream, other: UnixStream) {
    let (from_one, from_other) = (one.try_clone().expect("cloned"), other.try_clone().expect("cloned"));
    for (mut from, mut to) in [(from_one, other), (from_other, one)] {
        thread::spawn(move || {
            // Ends with either end.
            let _ = io::copy(&mut from, &mut to);
        });
    }
}
