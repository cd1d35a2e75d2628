//! An emulated board: QEMU, a shell on it, its lines as seen from outside.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use crate::Table;

/// Which disks and clocks a board has.
#[derive(Default)]
pub struct Options<'a> {
    /// A root disk of its own, kept when the board is gone; else what it writes is thrown away.
    pub root: Option<&'a Path>,
    /// A second disk, `/dev/vdb`: its QEMU description.
    pub state: Option<String>,
    /// One instruction a nanosecond, one processor.
    pub counted: bool,
}

/// A running board.
pub struct Machine {
    child: Child,
    /// Where its sockets and logs are.
    pub folder: PathBuf,
    shell: UnixStream,
    /// How many lines its shell was given: each answer bears the number of its line.
    asked: u32,
    qtest: Option<BufReader<UnixStream>>,
}

/// One change of an output line, as QEMU logged it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Edge {
    /// Seconds since 1970.
    pub at: f64,
    /// Which line.
    pub line: u8,
    /// To what.
    pub high: bool,
}

/// What a boot may take, however busy the machine.
pub const BOOT: Duration = Duration::from_secs(600);
/// What a line in the board's shell may take, or a condition to come.
pub const PATIENCE: Duration = Duration::from_secs(300);

/// The PL061 of QEMU's `virt` machine, as QEMU's own tree calls it.
const PL061: &str = "/machine/unattached/device[8]";

impl Machine {
    /// Boots to a shell, with network and our programs' packages in `/opt/deb`.
    pub fn boot(table: &Table, options: &Options<'_>) -> Self {
        let folder = fresh_folder(&table.boot);
        let disk = match options.root {
            Some(disk) => format!("file={},if=none,format=raw,id=d0", inside(&table.boot, disk)),
            None => "file=/w/boot/root.img,if=none,format=raw,id=d0,snapshot=on".to_owned(),
        };
        let disk = format!("-drive {disk}");
        let state = options.state.as_ref().map(|state| format!("-blockdev {state}"));
        let mut arguments = vec![
            "-M virt",
            "-cpu cortex-a53",
            "-m 512",
            "-nodefaults",
            "-display none",
            "-no-reboot",
            "-kernel /w/boot/vmlinuz",
            "-initrd /w/boot/initrd",
            "-append console=ttyAMA0 quiet panic=-1 rw systemd.show_status=0",
            "-serial file:console.log",
            "-serial unix:terminal.sock,server=on,wait=off",
            &disk,
            "-device virtio-blk-pci,drive=d0",
            "-device virtio-rng-pci",
            "-netdev user,id=n0",
            "-device virtio-net-pci,netdev=n0,romfile=",
            "-device virtio-serial-pci",
            "-chardev socket,id=sh,path=shell.sock,server=on,wait=off",
            "-device virtconsole,chardev=sh",
            "-chardev socket,id=pr,path=printer.sock,server=on,wait=off",
            "-chardev socket,id=t2,path=terminal-2.sock,server=on,wait=off",
            "-device pci-serial-2x,chardev1=pr,chardev2=t2",
            "-trace pl061_set_output",
            "-msg timestamp=on",
            "-D lines.log",
        ];
        if let Some(state) = &state {
            arguments.extend([state, "-device virtio-blk-pci,drive=state"]);
        }
        arguments.extend_from_slice(if options.counted {
            &["-smp 1", "-accel tcg,thread=single", "-icount shift=0,sleep=off"]
        } else {
            &["-smp 2", "-accel tcg,thread=multi", "-qtest unix:qtest.sock,server=on,wait=off", "-dtb /w/boot/virt.dtb"]
        });
        let child = qemu(table, &folder, &arguments);
        let shell = connect(&folder.join("shell.sock"));
        shell.set_read_timeout(Some(Duration::from_secs(1))).expect("set");
        let mut machine = Self { child, folder, shell, asked: 0, qtest: None };
        machine.wait_for_shell();
        machine.must("ip link set lo up; for d in /sys/class/net/e*; do ip link set ${d##*/} up; \
                      ip addr add 10.0.2.15/24 dev ${d##*/}; done; ip route add default via 10.0.2.2; stty -F /dev/ttyAMA1 raw -echo");
        machine
    }

    fn wait_for_shell(&mut self) {
        let began = Instant::now();
        // A board that is not up yet says nothing, or echoes, or loses a part.
        while began.elapsed() < BOOT && self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.asked += 1;
            let line = format!("echo @$((40+2))@{0}; echo @$((40+2))@{0}=0\n", self.asked);
            self.shell.write_all(line.as_bytes()).expect("written");
            if self.answer(self.asked, Duration::from_secs(1)).is_some() {
                return;
            }
        }
        let console = fs::read_to_string(self.folder.join("console.log")).unwrap_or_default();
        let said = fs::read_to_string(self.folder.join("qemu.log")).unwrap_or_default();
        panic!("no shell after {:?}: {console} {said}", began.elapsed());
    }

    /// Runs a line in the board's shell; what it said, and its exit code.
    pub fn run(&mut self, line: &str) -> (String, i32) {
        self.asked += 1;
        // The marks are reckoned: an echo of the line is no answer.
        let framed =
            format!("echo @$((40+2))@{0}; {{ {line}\n}} </dev/null 2>&1; echo @$((40+2))@{0}=$?\n", self.asked);
        self.shell.write_all(framed.as_bytes()).expect("written");
        self.answer(self.asked, PATIENCE).unwrap_or_else(|| (format!("no answer within {PATIENCE:?}"), -1))
    }

    /// The answer to the line of this number; late ones to lines before it are passed over.
    fn answer(&mut self, number: u32, patience: Duration) -> Option<(String, i32)> {
        let began = Instant::now();
        let mut heard = Vec::new();
        let mut bytes = vec![0; 1 << 16];
        while began.elapsed() < patience {
            match self.shell.read(&mut bytes) {
                // The board is gone.
                Ok(0) => break,
                Ok(length) => heard.extend_from_slice(&bytes[..length]),
                Err(_) => continue,
            }
            if let Some(answer) = answer(&String::from_utf8_lossy(&heard), number) {
                return Some(answer);
            }
        }
        None
    }

    /// Runs a line that succeeds; what it said.
    pub fn must(&mut self, line: &str) -> String {
        let (said, code) = self.run(line);
        assert_eq!(code, 0, "{line}: {said}");
        said
    }

    /// Waits until it is so, and whether it came to be.
    pub fn until(&mut self, mut so: impl FnMut(&mut Self) -> bool) -> bool {
        let began = Instant::now();
        loop {
            if so(self) {
                return true;
            }
            if began.elapsed() > PATIENCE {
                return false;
            }
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Runs a line until it succeeds, and whether it did.
    pub fn until_well(&mut self, line: &str) -> bool {
        self.until(|machine| machine.run(line).1 == 0)
    }

    /// Writes a file of the board.
    pub fn write(&mut self, path: &str, bytes: &[u8]) {
        let text = BASE64_STANDARD.encode(bytes);
        self.must(&format!("mkdir -p \"$(dirname {path})\"; : >{path}"));
        for part in text.as_bytes().chunks(3000) {
            let part = std::str::from_utf8(part).expect("ASCII");
            self.must(&format!("echo {part} >>{path}.b64"));
        }
        self.must(&format!("tr -d '\\n' <{path}.b64 | base64 -d >{path}; rm {path}.b64"));
    }

    /// Connects to one of the board's lines.
    pub fn line(&self, name: &str) -> UnixStream {
        connect(&self.folder.join(name))
    }

    /// Sets an input line from outside.
    pub fn set_input(&mut self, line: u8, high: bool) {
        let qtest = self.folder.join("qtest.sock");
        let qtest = self.qtest.get_or_insert_with(|| BufReader::new(connect(&qtest)));
        let order = format!("set_irq_in {PL061} unnamed-gpio-in {line} {}\n", u8::from(high));
        qtest.get_mut().write_all(order.as_bytes()).expect("written");
        let mut answer = String::new();
        qtest.read_line(&mut answer).expect("answered");
        assert!(answer.starts_with("OK"), "{answer}");
    }

    /// Every change of an output line so far.
    pub fn edges(&self) -> Vec<Edge> {
        let log = fs::read_to_string(self.folder.join("lines.log")).unwrap_or_default();
        log.lines().filter_map(edge).collect()
    }

    /// The last value of each output line.
    pub fn outputs(&self) -> [bool; 8] {
        let mut outputs = [false; 8];
        for edge in self.edges() {
            outputs[usize::from(edge.line)] = edge.high;
        }
        outputs
    }

    /// Shuts down in order.
    pub fn power_off(mut self) {
        let _ = self.shell.write_all(b"systemctl poweroff\n");
        let began = Instant::now();
        while began.elapsed() < PATIENCE && self.child.try_wait().expect("known").is_none() {
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Pulls the plug.
    pub fn pull_the_plug(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts QEMU in its folder; each argument is an option and, behind the first space, its value.
pub fn qemu(table: &Table, folder: &Path, arguments: &[&str]) -> Child {
    // Ends with us, however we end.
    Command::new("setpriv")
        .args(["--pdeathsig", "KILL", "chroot"])
        .arg(&table.root)
        .args(["sh", "-c", "cd \"$0\" && exec qemu-system-aarch64 \"$@\""])
        .arg(inside(&table.boot, folder))
        .args(arguments.iter().flat_map(|argument| argument.splitn(2, ' ')))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(fs::File::create(folder.join("qemu.log")).expect("a log"))
        .spawn()
        .expect("chroot runs")
}

/// Speaks QMP: one order, its answer.
pub fn qmp(folder: &Path, orders: &[(&str, Value)]) -> Vec<Value> {
    let mut stream = BufReader::new(connect(&folder.join("qmp.sock")));
    let mut line = String::new();
    stream.read_line(&mut line).expect("greeted");
    let mut ask = |order: &str, arguments: &Value| {
        let text = json!({ "execute": order, "arguments": arguments }).to_string();
        stream.get_mut().write_all(text.as_bytes()).expect("written");
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).expect("answered");
            let answer: Value = serde_json::from_str(&line).expect("JSON");
            if answer.get("event").is_none() {
                return answer;
            }
        }
    };
    ask("qmp_capabilities", &json!({}));
    orders.iter().map(|(order, arguments)| ask(order, arguments)).collect()
}

/// A path below what boots, as QEMU sees it.
pub fn inside(boot: &Path, path: &Path) -> String {
    format!("/w/boot/{}", path.strip_prefix(boot).expect("below what boots").display())
}

/// An empty folder for one board.
pub fn fresh_folder(boot: &Path) -> PathBuf {
    let folder = boot.join("m");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("made");
    folder
}

/// Connects to a socket of QEMU's as soon as it is there.
pub fn connect(path: &Path) -> UnixStream {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        if let Ok(stream) = UnixStream::connect(path) {
            return stream;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("{}: QEMU does not listen", path.display());
}

/// `10474@1795269894.920243:pl061_set_output PATH setting output 0 to 1`
fn edge(line: &str) -> Option<Edge> {
    let (at, rest) = line.split_once('@')?.1.split_once(':')?;
    let words: Vec<&str> = rest.split(' ').collect();
    let [.., output, "to", value] = words[..] else { return None };
    Some(Edge { at: at.parse().ok()?, line: output.parse().ok()?, high: value == "1" })
}

/// What the shell said to the line of this number, and how it ended.
fn answer(heard: &str, number: u32) -> Option<(String, i32)> {
    let (_, rest) = heard.split_once(&format!("@42@{number}\n"))?;
    let (said, end) = rest.split_once(&format!("@42@{number}="))?;
    let (code, _) = end.split_once('\n')?;
    Some((said.trim_end().to_owned(), code.trim().parse().unwrap_or(-1)))
}
