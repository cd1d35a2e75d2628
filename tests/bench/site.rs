//! A sandbox in this process, and a site file for a program in another: one lane, whose terminal is also its panel.

use std::{
    fs,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use facemchd::sim::{
    hospital::Hospital,
    keys::World,
    server::{Authority, Reply, Request, Server},
    site_file::{HMAC_KEY, SiteFile},
    wechat::WeChat,
};

use super::{keys::world, lookup, lookups::clock, program};

pub struct Site {
    pub folder: tempfile::TempDir,
    pub authority: Authority,
    pub world: Arc<World>,
    pub wechat: WeChat,
    pub hospital: Hospital,
    pub file: PathBuf,
}

impl Site {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let authority = Authority::new().expect("an authority");
        let world = Arc::new(world());
        let wechat = WeChat::start(&authority, Arc::clone(&world), true, clock()).expect("a sandbox");
        let hospital = Hospital::start(&authority, HMAC_KEY).expect("a site system");
        hospital.open_house();
        let (wechat_url, hospital_url) = (wechat.url(), hospital.url());
        // Nobody comes by another way than the face.
        let weixin = "https://localhost:1";
        let site =
            SiteFile { world: &world, wechat: &wechat_url, hospital: &hospital_url, weixin, folder: folder.path() };
        let file = site.write(&authority.pem()).expect("written");
        // A device build has no simulated board.
        fs::write(folder.path().join("bare.toml"), "schema = 1\n[board]\nid = \"bare\"\ncompatible = []\n")
            .expect("written");
        let text = fs::read_to_string(&file).expect("readable");
        let lanes = text.find("[simulated]").expect("there");
        let text = text[..lanes].replace("\"simulated\"", "\"./bare.toml\"");
        let lane = "[[lane]]\nname = \"kiosk-1\"\nmode = \"hospital\"\nterminal = \"unix:kiosk-1.sock\"\npanel = \"terminal\"\n";
        fs::write(&file, text + lane).expect("written");
        Self { folder, authority, world, wechat, hospital, file }
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
        self.put(&self.wechat.url(), &server.url());
        server
    }

    /// Puts a text of the site file in another's place.
    pub fn put(&self, old: &str, new: &str) {
        let text = fs::read_to_string(&self.file).expect("readable");
        fs::write(&self.file, text.replace(old, new)).expect("written");
    }

    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("kiosk-1.sock")
    }

    pub fn start(&self) -> Running {
        let log = fs::File::create(self.folder.path().join("log")).expect("a log");
        let child = Command::new(program())
            .args(["run", "--config"])
            .arg(&self.file)
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
