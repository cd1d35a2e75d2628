//! Instructions, counted by valgrind's callgrind: the same on every machine, however busy. Each figure is the difference
//! between a long and a short run of the same loop, divided by the rounds between them.

use std::{
    convert::Infallible,
    hint::black_box,
    io::Read as _,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use embedded_hal::{
    delay::DelayNs,
    spi::{ErrorType, Operation, SpiDevice},
};
use facemchd::{
    checkin,
    device::{
        Fonts, House, Layout, Panel, Profile, Template,
        panel::{Rom, SerialSpi, St7920, Style},
        slip_bytes,
    },
    kiosk::{self, Arrival, Input, Kiosk, LaneSettings, Output, Record, Scene, SceneKind, Slip},
    vault::{EngineKind, Padding, RequestToSign, Sealed, Vault},
    words::{
        Admission, CheckInAnswer, FaceSid, Identity, LaneId, Moment, NameStyle, Now, PeerId, RealName, SessionId, Text,
        WallTime, WayIn,
    },
};

use super::{
    Verdict,
    glass::{Large, admitted},
    handshake::Ends,
    keys::{Keys, vectors},
    limit,
};

/// Rounds of the short and of the long run.
const SHORT: u64 = 20;
const LONG: u64 = 220;

/// A bus that goes nowhere.
struct Nowhere;

impl ErrorType for Nowhere {
    type Error = Infallible;
}

impl SpiDevice for Nowhere {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), Infallible> {
        black_box(operations);
        Ok(())
    }
}

impl DelayNs for Nowhere {
    fn delay_ns(&mut self, _: u32) {}
}

/// The simulated printer and the standard slip.
pub fn layout() -> Layout {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("board/printers/simulated.toml");
    let profile = Profile::parse(&file, &std::fs::read_to_string(&file).expect("shipped")).expect("parses");
    Layout {
        profile,
        template: Template::standard().expect("shipped"),
        phrases: Arc::default(),
        utc_offset: 8 * 3600,
        house: House::default(),
    }
}

fn admission() -> Admission {
    let note = |text: &str| Text::clean(text);
    Admission {
        number: Some(Text::clean("A036")),
        place: Some(Text::clean("3楼 内科一诊室")),
        notes: vec![note("请在候诊区等候叫号"), note("过号请到分诊台"), note("上午8:00–11:30"), note("咨询电话 12320")],
        qr: Text::payload("https://his.example/q/A036"),
        ..Admission::default()
    }
}

fn slip() -> Slip {
    let name = RealName::parse("欧阳若兰").expect("a name").shown(NameStyle::Full);
    Slip {
        name: Some(name),
        admission: admission(),
        again: None,
        reprint: false,
        sent_away: None,
        at: WallTime(1_700_000_000_000),
    }
}

fn scene(number: &str) -> Scene {
    Scene {
        name: Some(RealName::parse("欧阳若兰").expect("a name").shown(NameStyle::Masked)),
        number: Some(Text::clean(number)),
        detail: Some(Text::clean("3楼 内科一诊室")),
        ..Scene::of(SceneKind::Admitted)
    }
}

/// The core with a journal that is durable at once.
struct Core {
    kiosk: Kiosk,
    now: Now,
    visits: u32,
}

impl Core {
    fn new() -> Self {
        let now = Now { moment: Moment(Duration::from_secs(10)), wall: WallTime(1_700_000_000_000) };
        let lane = LaneSettings { has_printer: true, ..LaneSettings::default() };
        let settings = kiosk::KioskSettings { run: 1, lanes: vec![lane] };
        Self { kiosk: Kiosk::new(settings, Vec::new(), now), now, visits: 0 }
    }

    /// Hands an input over, and makes durable what it records; returns the scene and the slip that came of it.
    fn give(&mut self, input: Input) -> (Option<Scene>, Option<Slip>) {
        let (mut shown, mut printed) = (None, None);
        self.kiosk.handle(self.now, input);
        while let Some(output) = self.kiosk.poll_output() {
            match output {
                Output::Record { ticket: Some(ticket), record } => {
                    black_box::<Record>(record);
                    self.kiosk.handle(self.now, Input::Recorded { ticket });
                }
                Output::Show { scene, .. } => shown = Some(scene),
                Output::Print { slip, job, .. } => {
                    printed = Some(slip);
                    let outcome = kiosk::PrintOutcome::Printed;
                    self.kiosk.handle(self.now, Input::Printed { job, outcome });
                }
                _ => {}
            }
        }
        (shown, printed)
    }

    /// A face, up to the question to WeChat.
    fn face(&mut self) -> SessionId {
        self.visits += 1;
        self.now.moment = self.now.moment.after(Duration::from_secs(70));
        self.kiosk.handle_timeout(self.now);
        let face = Arrival {
            seq: u64::from(self.visits),
            terminal: None,
            merchant: None,
            way: WayIn::Face(FaceSid::parse(&format!("sid-{:08}", self.visits)).expect("a face_sid")),
            openid: None,
            sub_openid: None,
            consent: true,
        };
        self.give(Input::Recognised { lane: LaneId(0), peer: PeerId(1), arrival: face });
        SessionId { run: 1, serial: self.visits }
    }

    /// The identity, up to the end that is shown and printed.
    fn identity(&mut self, session: SessionId) -> (Option<Scene>, Option<Slip>) {
        let identity = Identity { real_name: RealName::parse("欧阳若兰"), ..Identity::default() };
        self.give(Input::Found { session, result: Ok(identity) });
        self.give(Input::Answered { session, answer: CheckInAnswer::Admitted(admission()) })
    }
}

/// One of the loops; run beneath valgrind.
pub fn child(what: &str, rounds: u64) {
    let (layout, mut fonts, mut core) = (layout(), Fonts::built_in(), Core::new());
    let (mut vaults, mut ends, mut template, mut large) = (None, None, None, None);
    let mut panel = St7920::new(SerialSpi(Nowhere), Nowhere, Rom::Gb2312, Style::default(), Fonts::built_in());
    for round in 0..rounds {
        match what {
            "slip" => drop(black_box(slip_bytes(black_box(&slip()), &layout, &mut fonts))),
            "panel" => drop(black_box(panel.show(&scene(&format!("A{:03}", round % 1000))))),
            // The texts themselves in GB18030: the least that any encoder does.
            "text" => {
                let slip = slip();
                let texts = slip.admission.notes.iter().map(Text::as_str).chain(["签到凭条", "A036", "姓名：欧阳若兰"]);
                texts.for_each(|text| drop(black_box(encoding_rs::GB18030.encode(black_box(text)))));
            }
            "face" => drop(black_box(core.face())),
            "slip-after-face" => {
                let session = core.face();
                let (_, slip) = core.identity(session);
                drop(black_box(slip_bytes(&slip.expect("a slip"), &layout, &mut fonts)));
            }
            "panel-after-face" => {
                let session = core.face();
                let (scene, _) = core.identity(session);
                drop(black_box(panel.show(&scene.expect("a scene"))));
            }
            // Everything of a check-in that is not the network: sign, open name and number, decide, encode the slip.
            "check-in-aws-lc" => {
                check_in(vaults.get_or_insert_with(|| vault(EngineKind::AwsLc)), &mut core, &layout, &mut fonts)
            }
            "check-in-rsa" => {
                check_in(vaults.get_or_insert_with(|| vault(EngineKind::RustCrypto)), &mut core, &layout, &mut fonts)
            }
            "handshake-x25519" | "handshake-p256" => {
                ends.get_or_insert_with(|| Ends::new(what.trim_start_matches("handshake-"))).shake()
            }
            // A whole scene on 1080 × 1920.
            "glass" => {
                let number = usize::try_from(round % 1000).expect("small");
                large.get_or_insert_with(Large::new).draw(&admitted(number));
            }
            // One request of a hospital's template written and its answer read, without TLS.
            "template" => template.get_or_insert_with(Dry::new).exchange(),
            other => panic!("{other}"),
        }
    }
}

/// A list of five visits, as a string of XML within SOAP.
struct Dry {
    template: checkin::Template,
    given: checkin::Given,
    request: checkin::Request,
    answer: String,
}

impl Dry {
    fn new() -> Self {
        let order = "<Order><RegID>8801||1</RegID><Status>正常</Status><AdmitDate>2023-11-15</AdmitDate><Department>内科</Department>\
                     <Doctor>李华</Doctor><DoctorTitle>主任医师</DoctorTitle><AdmitAddress>门诊楼3层</AdmitAddress><SeqCode>12</SeqCode>\
                     <SessionName>上午</SessionName><QueueID>77</QueueID><PatientID>0000123456</PatientID></Order>";
        let xml = format!("<Response><ResultCode>0</ResultCode><Orders>{}</Orders></Response>", order.repeat(5));
        let inner = xml.replace('<', "&lt;").replace('>', "&gt;");
        let names = ["org", "client", "hospital", "operator", "zone"];
        Self {
            template: checkin::Template::parse(checkin::Template::shipped("dhc-selfreg").expect("shipped"))
                .expect("one"),
            given: checkin::Given {
                url: String::new(),
                values: names.into_iter().map(|name| (name.to_owned(), String::new())).collect(),
                lanes: Default::default(),
                secrets: Default::default(),
                rsa: None,
                utc_offset: 8 * 3600,
                reset_at: 0,
            },
            request: checkin::Request {
                session: SessionId { run: 1, serial: 1 },
                lane: "kiosk-1".to_owned(),
                purpose: facemchd::words::Purpose::Hospital,
                series: "A".to_owned(),
                identity: Identity { real_name: RealName::parse("欧阳若兰"), ..Identity::default() },
                choice: None,
                person: None,
                at: WallTime(1_700_000_000_000).into(),
            },
            answer: format!(
                "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><R xmlns=\"http://tempuri.org/\">\
                 <T>{inner}</T></R></s:Body></s:Envelope>"
            ),
        }
    }

    fn exchange(&mut self) {
        let (sent, visits) =
            self.template.dry_run(&self.given, &self.request, WallTime(1_700_000_000_000), &self.answer);
        assert!(sent > 500 && visits == 5);
    }
}

fn vault(engine: EngineKind) -> (Keys, Vault, Sealed) {
    let keys = Keys::new();
    let vault = keys.vault(engine, "0000000000000000000000000000000000000001").expect("a vault");
    let vectors = vectors();
    let body = vectors["responses"]["pkcs1_utf-8"]["body"].as_str().expect("a body");
    let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
    let sealed = Sealed::over_tls_alone(body["real_name_info"]["encrypted_real_name"].as_str().expect("a name"));
    (keys, vault, sealed)
}

fn check_in((_, vault, sealed): &mut (Keys, Vault, Sealed), core: &mut Core, layout: &Layout, fonts: &mut Fonts) {
    let session = core.face();
    let request = RequestToSign {
        method: "GET",
        path_and_query: "/v3/facemch/users/sid?appid=wx2b029c08a6233333",
        timestamp: 1_700_000_000,
        nonce: "0123456789abcdef0123456789abcdef",
        body: b"",
    };
    black_box(vault.sign_request(&request).expect("signed"));
    for _ in 0..2 {
        black_box(vault.open_sealed(Padding::Pkcs1v15, sealed).expect("opened"));
    }
    let (_, slip) = core.identity(session);
    drop(black_box(slip_bytes(&slip.expect("a slip"), layout, fonts)));
}

fn counted(what: &str, rounds: u64) -> Result<u64, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let child = beneath_valgrind(&program).args(["count", what, &rounds.to_string()]).spawn();
    collected(&mut child.map_err(|error| format!("valgrind: {error}; install the package valgrind"))?)
}

/// A program whose instructions are counted.
pub fn beneath_valgrind(program: &Path) -> Command {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(program);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// How many it took, from start to end.
pub fn collected(child: &mut Child) -> Result<u64, String> {
    let mut told = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut told).map_err(|error| error.to_string())?;
    child.wait().map_err(|error| error.to_string())?;
    let count = told.split("Collected : ").nth(1).and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    count.ok_or(told)
}

/// Instructions of one round.
fn instructions(what: &str) -> Result<u64, String> {
    between(what, SHORT, LONG)
}

fn between(what: &str, short: u64, long: u64) -> Result<u64, String> {
    Ok((counted(what, long)? - counted(what, short)?) / (long - short))
}

pub fn run() -> Verdict {
    let text = instructions("text")?;
    println!("{:<58} {:>9}  of the baseline    at most", "", "instructions");
    let mut broken = Vec::new();
    let mut show = |what: &str, count: u64, most: u64| {
        println!("{what:<58} {count:>9}  {:>6.1} ×  {most:>15}", ratio(count, text));
        if count > most {
            broken.push(format!("{what}: {count} instructions, more than {most}"));
        }
    };
    show("baseline: the slip's texts through encoding_rs", text, 200_000);
    // Slip, screen and core: as many as were counted when the house was built. The others: as many as now, and some room.
    let slip = instructions("slip")?;
    show("a slip of twelve lines with a QR code", slip, 256_000);
    show("a screen of which two words change", instructions("panel")?, 110_000);
    let face = instructions("face")?;
    show("a face, up to the question to WeChat", face, 30_000);
    let after = |what: &str| Ok::<_, String>(instructions(what)?.saturating_sub(face));
    let printed = after("slip-after-face")?;
    show("identity in to the core's last output", printed.saturating_sub(slip), 32_000);
    show("identity in to first printer byte (core, encoding)", printed, 288_000);
    // A scene of the core's says more than that of two words.
    show("identity in to first panel byte (core, layout, diff)", after("panel-after-face")?, 140_000);
    show("a hospital's template: one request and its answer", instructions("template")?, 400_000);
    // Glyphs are painted once, and kept.
    show("a whole scene on 1080 × 1920, its number a new one", between("glass", 2, 6)?, 28_000_000);
    limit(broken.is_empty(), broken.join("; "))
}

#[expect(clippy::cast_precision_loss, reason = "shown with one digit")]
fn ratio(count: u64, of: u64) -> f64 {
    count as f64 / of.max(1) as f64
}
