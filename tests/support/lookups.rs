//! The lookup with everything real: keys, TLS, sandbox. And a server that answers whatever a test wants.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use facemchd::{
    fault::Code,
    http,
    identity::{CertificateCache, FaceLookup, FaceSettings, InfoType, Merchant, WechatClock, WechatPay},
    service::SystemClock,
    sim::{
        keys::{World, numbers},
        server::{Answer, Authority, Reply, Request, Server},
    },
    vault::{EngineKind, KeyFiles, PublicKey, Vault},
    words::{Clock, Deadline, FaceSid, Identity, Now},
};

use crate::keys::{Keys, world};

/// The machine's clock, wrong by some seconds.
pub struct Skewed(pub SystemClock, pub i64);

impl Clock for Skewed {
    fn now(&self) -> Now {
        let mut now = self.0.now();
        now.wall.0 += self.1 * 1000;
        now
    }
}

pub fn clock() -> Arc<dyn Clock> {
    skewed(0)
}

pub fn skewed(seconds: i64) -> Arc<dyn Clock> {
    Arc::new(Skewed(SystemClock::start(), seconds))
}

#[derive(Default)]
pub struct InMemory(Mutex<Vec<String>>);

impl CertificateCache for InMemory {
    fn load(&self) -> Vec<String> {
        self.0.lock().expect("not poisoned").clone()
    }

    fn save(&self, pems: &[String]) {
        *self.0.lock().expect("not poisoned") = pems.to_vec();
    }
}

/// Everything a lookup is made of; change a field before [`Setup::lookup`].
pub struct Setup {
    pub keys: Keys,
    pub world: Arc<World>,
    pub authority: Authority,
    pub settings: FaceSettings,
    pub http: http::Route,
    pub clock: Arc<dyn Clock>,
    pub engine: EngineKind,
}

impl Setup {
    pub fn new() -> Self {
        let (keys, world) = (Keys::new(), Arc::new(world()));
        let authority = Authority::new().expect("an authority");
        let ca_file = Some(keys.write("ca.pem", &authority.pem()).into());
        let public = PublicKey::read(&keys.path("platform.pub.pem")).expect("a key");
        let settings = FaceSettings {
            wechatpay: WechatPay::default(),
            merchant: Merchant {
                mchid: numbers::MCHID.to_owned(),
                serial_no: world.provider.serial_no.clone(),
                appid: numbers::APPID.to_owned(),
                sub_mchid: Some(numbers::SUB_MCHID.to_owned()),
                sub_appid: Some(numbers::SUB_APPID.to_owned()),
                sub_serial_no: Some(world.sub.serial_no.clone()),
                ..Merchant::default()
            },
            info_type: InfoType::RealName,
            public_key: Some((world.public_key_id.clone(), public)),
        };
        let http = http::Route { ca_file, ..http::Route::default() };
        Self { keys, world, authority, settings, http, clock: clock(), engine: EngineKind::AwsLc }
    }

    pub fn at(mut self, url: String) -> Self {
        self.settings.wechatpay.base_url = url;
        self
    }

    /// Certificate mode instead of public-key mode.
    pub fn with_certificates(mut self) -> Self {
        self.settings.public_key = None;
        let key = self.world.apiv3.clone();
        self.keys.write("apiv3.key", &key);
        self
    }

    /// By the clock that everything of this setup goes by.
    pub fn within(&self, patience: Duration) -> Deadline {
        Deadline::from_now(&*self.clock, patience)
    }

    pub fn lookup(self) -> Lookup {
        let client = http::Client::open(&self.http, Arc::clone(&self.clock)).expect("a client");
        self.lookup_by(client)
    }

    /// The same over a client of the test's own.
    pub fn lookup_by(self, client: http::Client) -> Lookup {
        let apiv3 = self.settings.public_key.is_none().then(|| self.keys.path("apiv3.key").into());
        let files = KeyFiles { apiv3, engine: self.engine, ..self.keys.files() };
        let vault = Arc::new(Vault::open(self.settings.merchant.signer(), &files).expect("keys"));
        let cache = Arc::new(InMemory::default());
        let inner = FaceLookup::new(self.settings, vault, client, WechatClock::new(Arc::clone(&self.clock)), cache);
        Lookup { inner, clock: self.clock, _keys: self.keys }
    }
}

pub struct Lookup {
    pub inner: FaceLookup,
    clock: Arc<dyn Clock>,
    _keys: Keys,
}

impl Lookup {
    pub fn ask(&self, sid: &str) -> Result<Identity, Code> {
        self.ask_within(sid, Duration::from_secs(8))
    }

    pub fn ask_within(&self, sid: &str, patience: Duration) -> Result<Identity, Code> {
        let deadline = self.deadline(patience);
        let face_sid = FaceSid::parse(sid).expect("valid");
        self.inner.look_up(&face_sid, deadline).map_err(|error| error.code())
    }

    pub fn deadline(&self, patience: Duration) -> Deadline {
        Deadline::from_now(&*self.clock, patience)
    }

    /// The name and the number, or the code.
    pub fn name(&self, sid: &str) -> Result<String, Code> {
        self.ask(sid).map(|identity| identity.real_name.expect("a name").reveal().to_owned())
    }
}

/// A server whose answers are the test's.
pub struct Scripted {
    pub server: Server,
    pub requests: Arc<Mutex<Vec<Request>>>,
}

impl Scripted {
    pub fn start(authority: &Authority, answer: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static) -> Self {
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let handler = move |request: &Request| {
            let count = {
                let mut seen = seen.lock().expect("not poisoned");
                seen.push(Request {
                    method: request.method.clone(),
                    target: request.target.clone(),
                    headers: request.headers.clone(),
                    body: Vec::new(),
                });
                seen.len()
            };
            answer(count, request)
        };
        let server = Server::start(authority, Arc::new(handler)).expect("a server");
        Self { server, requests }
    }

    pub fn count(&self) -> usize {
        self.requests.lock().expect("not poisoned").len()
    }
}

/// Signs a body as WeChat does.
pub fn signed(world: &World, seconds: i64, nonce: &str, body: &serde_json::Value) -> Answer {
    let mut answer = Answer::json(200, body);
    let mut message = format!("{seconds}\n{nonce}\n").into_bytes();
    message.extend_from_slice(&answer.body);
    message.push(b'\n');
    for (name, value) in [
        ("Wechatpay-Timestamp", seconds.to_string()),
        ("Wechatpay-Nonce", nonce.to_owned()),
        ("Wechatpay-Signature", world.platform.sign(&message)),
        ("Wechatpay-Serial", world.public_key_id.clone()),
        ("Wechatpay-Signature-Type", "WECHATPAY2-SHA256-RSA2048".to_owned()),
    ] {
        answer.headers.push((name.to_owned(), value));
    }
    answer
}

pub fn seconds() -> i64 {
    SystemClock::start().now().wall.unix_seconds()
}

/// An address of loopback where nobody listens.
pub fn nobody() -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address")
}
