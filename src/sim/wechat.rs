//! The sandbox WeChat Pay: requests are checked for real, answers are signed, names are encrypted.

mod requests;

use std::{
    collections::{HashMap, HashSet},
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use aes_gcm::{
    Aes256Gcm, KeyInit as _,
    aead::{Aead as _, Payload},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use encoding_rs::GB18030;
use rand::rngs::OsRng;
use rsa::{Oaep, Pkcs1v15Encrypt, RsaPrivateKey, RsaPublicKey};
use serde_json::{Value, json};
use sha1::Sha1;
use time::format_description::well_known::Rfc2822;

use super::{
    keys::{World, numbers, random_hex},
    people::{Behaviour, Charset, Padding, Person},
    server::{Answer, Authority, Handler, Reply, Request, Server, Weather},
};
use crate::words::Clock;

/// A running sandbox.
pub struct WeChat {
    server: Server,
    /// The same at another access point, as the backup domain is.
    backup: Server,
    state: Arc<State>,
}

/// What the sandbox has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Requests that passed every check.
    pub accepted: usize,
    /// Requests that did not.
    pub refused: usize,
    /// Nonces, all different.
    pub nonces: usize,
    /// TCP connections that were accepted since the start.
    pub connections: usize,
}

struct State {
    world: Arc<World>,
    clock: Arc<dyn Clock>,
    /// No certificates: public-key mode only.
    public_key_only: bool,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    people: HashMap<String, Person>,
    /// face_sids that were answered: each is good for one answer.
    used: HashSet<String>,
    /// A face_sid may be asked again and again, for measurements.
    reusable: bool,
    /// The sub-merchants, and the keys that names are encrypted for.
    merchants: HashMap<String, RsaPublicKey>,
    /// In whose name each face was asked about.
    asked_for: HashMap<String, String>,
    nonces: HashSet<String>,
    /// What it does about everybody, whoever they are.
    mood: Option<Behaviour>,
    /// One-time behaviours that have happened.
    happened: HashSet<String>,
    accepted: usize,
    refused: usize,
}

/// The most nonces kept.
const NONCES: usize = 1 << 20;

impl WeChat {
    /// Starts a sandbox in public-key mode, or with certificates as well.
    pub fn start(
        authority: &Authority,
        world: Arc<World>,
        public_key_only: bool,
        clock: Arc<dyn Clock>,
    ) -> io::Result<Self> {
        let merchants = HashMap::from([(numbers::SUB_MCHID.to_owned(), RsaPublicKey::from(&world.sub.key))]);
        let inner = Mutex::new(Inner { merchants, ..Inner::default() });
        let state = Arc::new(State { world, clock, public_key_only, inner });
        let answering = Arc::clone(&state);
        let answer: Handler = Arc::new(move |request| answering.answer(request));
        let (server, backup) = (Server::start(authority, Arc::clone(&answer))?, Server::start(authority, answer)?);
        Ok(Self { server, backup, state })
    }

    /// `https://localhost:PORT`
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// What it was asked by its main domain, and what it answered.
    pub(crate) fn exchanges(&self) -> String {
        self.server.exchanges()
    }

    /// The backup domain's.
    pub(crate) fn backup_url(&self) -> String {
        self.backup.url()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Makes somebody known; a face_sid known before is replaced.
    pub fn know(&self, person: Person) {
        self.state.inner().people.insert(person.face_sid.clone(), person);
    }

    /// Lets a face_sid be asked more than once.
    pub fn allow_reuse(&self) {
        self.state.inner().reusable = true;
    }

    /// Makes another sub-merchant known, whose names are encrypted for this key.
    pub fn know_merchant(&self, sub_mchid: &str, key: &RsaPrivateKey) {
        self.state.inner().merchants.insert(sub_mchid.to_owned(), RsaPublicKey::from(key));
    }

    /// The sub-merchant in whose name a face was last asked about.
    pub fn asked_for(&self, face_sid: &str) -> Option<String> {
        self.state.inner().asked_for.get(face_sid).cloned()
    }

    /// Takes the sandbox off the network, or puts it back.
    pub fn set_online(&self, online: bool) {
        self.set_domains(online, online);
    }

    /// The same for each of its domains.
    pub(crate) fn set_domains(&self, main: bool, backup: bool) {
        self.server.set_online(main);
        self.backup.set_online(backup);
    }

    /// Changes what it does about everybody; none: each person's own.
    pub(crate) fn set_mood(&self, mood: Option<Behaviour>) {
        self.state.inner().mood = mood;
    }

    /// Changes the way to it.
    pub(crate) fn set_weather(&self, weather: Weather) {
        self.server.set_weather(weather);
        self.backup.set_weather(weather);
    }

    /// What it answers, for a twin that stands before it and behaves otherwise now and then.
    pub fn answer(&self, request: &Request) -> Reply {
        self.state.answer(request)
    }

    /// What it has seen.
    pub fn seen(&self) -> Seen {
        let inner = self.state.inner();
        Seen {
            accepted: inner.accepted,
            refused: inner.refused,
            nonces: inner.nonces.len(),
            connections: self.server.connections(),
        }
    }
}

impl State {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, request: &Request) -> Reply {
        let checked = requests::check(request, &self.world.provider, self.clock.now().wall.unix_seconds(), |nonce| {
            let mut inner = self.inner();
            inner.nonces.len() < NONCES && inner.nonces.insert(nonce.to_owned())
        });
        if let Err(refusal) = checked {
            self.inner().refused += 1;
            return Reply::Answer(self.with_common_headers(refusal));
        }
        self.inner().accepted += 1;
        let answer = match (request.method.as_str(), request.path()) {
            ("GET", "/v3/certificates") => self.certificates(request),
            ("POST", "/v3/security/echo") => self.echo(request),
            ("GET", path) => match path.strip_prefix("/v3/facemch/users/") {
                Some(segment) => self.face(request, segment),
                None => error(404, "NOT_FOUND", "no such address"),
            },
            _ => error(404, "NOT_FOUND", "no such address"),
        };
        Reply::Answer(self.with_common_headers(answer))
    }

    /// Opens what was sealed for the platform, and says the open text again, signed.
    fn echo(&self, request: &Request) -> Answer {
        let Ok(body) = serde_json::from_slice::<Value>(&request.body) else {
            return error(400, "PARAM_ERROR", "not JSON");
        };
        let Some(message) = body["echo_message"].as_str() else { return error(400, "PARAM_ERROR", "echo_message") };
        if let Some(sealed) = body["encrypted_echo_message"].as_str() {
            let ciphertext = BASE64_STANDARD.decode(sealed).unwrap_or_default();
            let opened = self
                .world
                .platform
                .key
                .decrypt_blinded(&mut OsRng, Oaep::new::<Sha1>(), &ciphertext)
                .unwrap_or_default();
            if opened != message.as_bytes() || request.header("wechatpay-serial").is_empty() {
                return error(400, "PARAM_ERROR", "encrypted_echo_message");
            }
        }
        self.signed(request, Answer::json(200, &json!({ "echo_message": message })))
    }

    fn face(&self, request: &Request, segment: &str) -> Answer {
        let merchant = request.query("sub_mchid").unwrap_or("").to_owned();
        let key = self.inner().merchants.get(&merchant).cloned();
        let key = match requests::check_fields(request, key) {
            Ok(key) => key,
            Err(refusal) => return refusal,
        };
        let Some(face_sid) = percent_decoded(segment) else {
            return error(400, "PARAM_ERROR", "face_sid");
        };
        let mut inner = self.inner();
        let Some(mut person) = inner.people.get(&face_sid).cloned() else {
            return error(404, "RESOURCE_NOT_EXISTS", "face_sid");
        };
        person.behaviour = inner.mood.unwrap_or(person.behaviour);
        if inner.used.contains(&face_sid) && !inner.reusable {
            return error(400, "INVALID_REQUEST", "face_sid was used");
        }
        let first_time = inner.happened.insert(face_sid.clone());
        let mut after = Duration::ZERO;
        match person.behaviour {
            Behaviour::NoPermission if request.query("info_type") == Some("ASK_REAL_NAME") => {
                return error(403, "NO_AUTH", "no permission");
            }
            Behaviour::Expired => return error(400, "INVALID_REQUEST", "face_sid expired"),
            Behaviour::StatusOnce(status) if first_time => {
                let mut answer = error(status, "SYSTEM_ERROR", "try again");
                if status == 429 {
                    answer.headers.push(("Retry-After".to_owned(), "1".to_owned()));
                }
                return answer;
            }
            Behaviour::Slow(duration) => after = duration,
            _ => {}
        }
        inner.asked_for.insert(face_sid.clone(), merchant);
        inner.used.insert(face_sid);
        drop(inner);
        let body = person_json(&person, &key, request.query("info_type") == Some("ASK_REAL_NAME"));
        let late = if person.behaviour == Behaviour::Stale { 3600 } else { 0 };
        let mut answer = self.signed_at(request, Answer { after, ..Answer::json(200, &body) }, late);
        match person.behaviour {
            Behaviour::Forged => set(&mut answer, "Wechatpay-Signature", |_| self.world.sub.sign(b"forged")),
            Behaviour::ProbeOnce if first_time => {
                self.inner().used.remove(&person.face_sid);
                set(&mut answer, "Wechatpay-Signature", |old| format!("WECHATPAY/SIGNTEST/{old}"));
            }
            Behaviour::Altered => {
                if let Some(byte) = answer.body.get_mut(20) {
                    *byte ^= 1;
                }
            }
            Behaviour::OtherKey => {
                set(&mut answer, "Wechatpay-Serial", |_| "PUB_KEY_ID_0000000000000000000000000000000001".to_owned());
            }
            Behaviour::Certificate => {
                set(&mut answer, "Wechatpay-Serial", |_| self.world.platform.serial_no.clone());
            }
            _ => {}
        }
        answer
    }

    fn certificates(&self, request: &Request) -> Answer {
        if self.public_key_only {
            return error(404, "RESOURCE_NOT_EXISTS", "no certificates: use the public key");
        }
        let platform = &self.world.platform;
        let nonce = random_hex(6);
        let sealed = Aes256Gcm::new_from_slice(self.world.apiv3.as_bytes()).ok().and_then(|key| {
            let payload = Payload { msg: platform.certificate_pem.as_bytes(), aad: b"certificate" };
            key.encrypt(nonce.as_bytes().into(), payload).ok()
        });
        let body = json!({ "data": [{
            "serial_no": platform.serial_no,
            "effective_time": "2026-01-01T00:00:00+08:00",
            "expire_time": "2031-01-01T00:00:00+08:00",
            "encrypt_certificate": {
                "algorithm": "AEAD_AES_256_GCM",
                "nonce": nonce,
                "associated_data": "certificate",
                "ciphertext": BASE64_STANDARD.encode(sealed.unwrap_or_default()),
            },
        }]});
        self.signed(request, Answer::json(200, &body))
    }

    fn signed(&self, request: &Request, answer: Answer) -> Answer {
        self.signed_at(request, answer, 0)
    }

    /// Signs with the key that the request names, the public key or the platform certificate, so many seconds ago.
    fn signed_at(&self, request: &Request, mut answer: Answer, ago: i64) -> Answer {
        let platform = &self.world.platform;
        let wanted = request.header("wechatpay-serial");
        let by_id = self.public_key_only || wanted == self.world.public_key_id;
        let serial = if by_id { &self.world.public_key_id } else { &platform.serial_no };
        let timestamp = (self.clock.now().wall.unix_seconds() - ago).to_string();
        let nonce = random_hex(16);
        let mut message = format!("{timestamp}\n{nonce}\n").into_bytes();
        message.extend_from_slice(&answer.body);
        message.push(b'\n');
        for (name, value) in [
            ("Wechatpay-Timestamp", timestamp),
            ("Wechatpay-Nonce", nonce),
            ("Wechatpay-Signature", platform.sign(&message)),
            ("Wechatpay-Serial", serial.clone()),
            ("Wechatpay-Signature-Type", "WECHATPAY2-SHA256-RSA2048".to_owned()),
        ] {
            answer.headers.push((name.to_owned(), value));
        }
        answer
    }

    fn with_common_headers(&self, mut answer: Answer) -> Answer {
        let date = self.clock.now().wall.at_offset(0).format(&Rfc2822).unwrap_or_default();
        answer.headers.push(("Date".to_owned(), date.replace("+0000", "GMT")));
        answer.headers.push(("Request-ID".to_owned(), random_hex(16).to_uppercase()));
        answer
    }
}

fn set(answer: &mut Answer, name: &str, value: impl Fn(&str) -> String) {
    for (_, old) in answer.headers.iter_mut().filter(|(found, _)| found == name) {
        *old = value(old);
    }
}

/// An error as APIv3 tells it; unsigned.
fn error(status: u16, code: &str, message: &str) -> Answer {
    Answer::json(status, &json!({ "code": code, "message": message }))
}

fn percent_decoded(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

fn person_json(person: &Person, key: &RsaPublicKey, real_name: bool) -> Value {
    let mut body = json!({ "union_id": person.union_id, "openid": "oOpenid", "sub_openid": "oSubOpenid" });
    if real_name && person.behaviour != Behaviour::NoRealName {
        let name = match person.charset {
            Charset::Utf8 => person.name.clone().into_bytes(),
            Charset::Gbk => GB18030.encode(&person.name).0.into_owned(),
        };
        body["real_name_info"] = json!({
            "encrypted_real_name": sealed(key, person.padding, &name),
            "credential_type": person.credential_type,
            "encrypted_credential_id": sealed(key, person.padding, person.credential_id.as_bytes()),
            "added_later": true,
        });
    }
    body
}

fn sealed(key: &RsaPublicKey, padding: Padding, plaintext: &[u8]) -> String {
    let ciphertext = match padding {
        Padding::Pkcs1 => key.encrypt(&mut OsRng, Pkcs1v15Encrypt, plaintext),
        Padding::Oaep => key.encrypt(&mut OsRng, Oaep::new::<Sha1>(), plaintext),
    };
    BASE64_STANDARD.encode(ciphertext.unwrap_or_default())
}

/// The fields that a request of ours carries, for the checks.
const FIELDS: [(&str, &str); 2] = [("appid", numbers::APPID), ("sub_appid", numbers::SUB_APPID)];
