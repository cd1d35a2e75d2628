//! The sandbox of the tests with a site file for a device build.

use std::{
    fs,
    ops::Deref,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use facemchd::sim::server::{Reply, Request, Server};

use super::{lookup, program, sandbox::Sandbox};

/// One lane, whose terminal is also its panel, on a board without devices.
pub struct Site(Sandbox);

impl Deref for Site {
    type Target = Sandbox;

    fn deref(&self) -> &Sandbox {
        &self.0
    }
}

impl Site {
    pub fn new() -> Self {
        let sandbox = Sandbox::new();
        sandbox.hospital.open_house();
        // A device build has no simulated board.
        fs::write(sandbox.path("bare.toml"), "schema = 1\n[board]\nid = \"bare\"\ncompatible = []\n").expect("written");
        let text = fs::read_to_string(&sandbox.site).expect("readable");
        let lanes = text.find("[simulated]").expect("there");
        let text = text[..lanes].replace("\"simulated\"", "\"./bare.toml\"");
        let lane = "[[lane]]\nname = \"kiosk-1\"\nmode = \"hospital\"\nterminal = \"unix:kiosk-1.sock\"\npanel = \"terminal\"\n";
        fs::write(&sandbox.site, text + lane).expect("written");
        Self(sandbox)
    }

    /// Puts a WeChat in the sandbox's place whose answers were signed before anybody asks: its RSA is not our time.
    pub fn with_answers(&self, count: usize) -> Server {
        let answers = lookup::prepared(&self.world, count);
        let asked = AtomicUsize::new(0);
        let named = move |_: &Request| {
            let next = asked.fetch_add(1, Ordering::Relaxed);
            Reply::Answer(answers[next % answers.len()].clone())
        };
        let server = Server::start(&self.authority, Arc::new(named)).expect("a server");
        self.edit(&self.wechat.url(), &server.url());
        server
    }

    pub fn socket(&self) -> PathBuf {
        self.path("kiosk-1.sock")
    }

    pub fn start(&self) -> Running {
        let log = fs::File::create(self.path("log")).expect("a log");
        let child = Command::new(program())
            .args(["run", "--config"])
            .arg(&self.site)
            .env_remove("NOTIFY_SOCKET")
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("starts");
        Running(child)
    }
}

/// A program that ends with its bench.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
