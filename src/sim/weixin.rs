//! The sandbox of `api.weixin.qq.com`: HTTP is always 200, the truth stands in `errcode`.

use std::{
    collections::{HashMap, HashSet},
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use encoding_rs::GB18030;
use hmac::{Hmac, Mac as _};
use rand::rngs::OsRng;
use rsa::{Pkcs1v15Encrypt, RsaPublicKey};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{
    keys::{World, numbers, random_hex},
    people::Person,
    server::{Answer, Authority, Reply, Request, Server, Weather},
};
use crate::words::Clock;

/// A running sandbox.
pub struct Weixin {
    server: Server,
    state: Arc<State>,
}

/// The app secret that the sandbox knows.
pub const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// The APIv2 key that the sandbox knows.
pub const APIV2_KEY: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

struct State {
    world: Arc<World>,
    clock: Arc<dyn Clock>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    token: String,
    fetched: usize,
    /// By auth_token; each is good for one answer.
    agreed: HashMap<String, Person>,
    /// By openid.
    users: HashMap<String, Person>,
    codes: HashSet<String>,
    categories: Option<String>,
    /// Answered once to the next call, instead of the truth.
    next: Vec<i64>,
    /// How often a terminal was granted something.
    granted: usize,
}

impl Weixin {
    /// Starts a sandbox. The sub-merchant's key signs getrealnameinfo.
    pub fn start(authority: &Authority, world: Arc<World>, clock: Arc<dyn Clock>) -> io::Result<Self> {
        let inner = Inner { token: random_hex(64), ..Inner::default() };
        let state = Arc::new(State { world, clock, inner: Mutex::new(inner) });
        let answering = Arc::clone(&state);
        let server = Server::start(authority, Arc::new(move |request| Reply::Answer(answering.answer(request))))?;
        Ok(Self { server, state })
    }

    /// `https://localhost:PORT`
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Changes the way to it.
    pub(super) fn set_weather(&self, weather: Weather) {
        self.server.set_weather(weather);
    }

    /// Takes it off the network, or puts it back.
    pub(super) fn set_online(&self, online: bool) {
        self.server.set_online(online);
    }

    /// The access token that is good now.
    pub fn token(&self) -> String {
        self.state.inner().token.clone()
    }

    /// Makes every token given so far worthless.
    pub fn invalidate(&self) {
        self.state.inner().token = random_hex(64);
    }

    /// How often a token was asked for.
    pub fn fetched(&self) -> usize {
        self.state.inner().fetched
    }

    /// Somebody agreed in the mini-program.
    pub fn agree(&self, auth_token: &str, person: Person) {
        self.state.inner().agreed.insert(auth_token.to_owned(), person);
    }

    /// Somebody is a user with this openid, and has a code for one check.
    pub fn user(&self, openid: &str, code: &str, person: Person) {
        let mut inner = self.state.inner();
        inner.users.insert(openid.to_owned(), person);
        inner.codes.insert(code.to_owned());
    }

    /// What it answers, for a twin that stands before it and behaves otherwise now and then.
    pub fn answer(&self, request: &Request) -> Answer {
        self.state.answer(request)
    }

    /// How often an authinfo was granted.
    pub fn granted(&self) -> usize {
        self.state.inner().granted
    }

    /// The next call is answered with this errcode.
    pub fn stumble(&self, errcode: i64) {
        self.state.inner().next.push(errcode);
    }

    /// The body of get_category from now on.
    pub fn set_categories(&self, body: &str) {
        self.state.inner().categories = Some(body.to_owned());
    }
}

impl State {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, request: &Request) -> Answer {
        let mut inner = self.inner();
        if request.path() == "/face/get_wxpayface_authinfo" {
            return inner.authinfo(&request.body);
        }
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        if request.path() == "/cgi-bin/stable_token" {
            return Answer::json(200, &inner.stable_token(&body));
        }
        if request.query("access_token") != Some(&inner.token) {
            let message = format!("invalid credential, access_token is invalid or not latest, rid: {}", random_hex(12));
            return Answer::json(200, &json!({ "errcode": 40001, "errmsg": message }));
        }
        if let Some(errcode) = inner.next.pop() {
            return error(errcode);
        }
        match (request.method.as_str(), request.path()) {
            ("GET", "/wxa/get_category") => inner.categories(),
            ("POST", "/cgi-bin/wxopen/getrealnameinfo") => self.realname_info(&mut inner, &body),
            ("POST", "/intp/realname/checkrealnameinfo") => {
                // The document's own rule: UTF-8 as it is, no escapes.
                if request.body.windows(2).any(|window| window == b"\\u") { error(47001) } else { inner.check(&body) }
            }
            _ => error(40066),
        }
    }

    fn realname_info(&self, inner: &mut Inner, body: &Value) -> Answer {
        let holder = &self.world.sub;
        let text = |name: &str| body[name].as_str().unwrap_or("");
        let serial = text("cert_serialno");
        if serial.len() != 40 {
            return error(94009);
        }
        if text("mch_id") != numbers::SUB_MCHID {
            return error(94010);
        }
        let Some(timestamp) = body["timestamp"].as_u64() else { return error(94008) };
        if self.clock.now().wall.unix_seconds().unsigned_abs().abs_diff(timestamp) > 300 {
            return error(94008);
        }
        let message = format!("cert_serialno={serial}&timestamp={timestamp}");
        if serial != holder.serial_no || !holder.signed(message.as_bytes(), text("sign")) {
            return error(94003);
        }
        let Some(person) = inner.agreed.remove(text("auth_token")) else { return error(94005) };
        let public = RsaPublicKey::from(&holder.key);
        let seal = |plaintext: &[u8]| {
            BASE64_STANDARD.encode(public.encrypt(&mut OsRng, Pkcs1v15Encrypt, plaintext).unwrap_or_default())
        };
        Answer::json(
            200,
            &json!({
                "errcode": 0, "errmsg": "ok",
                "encryted_real_name": seal(&GB18030.encode(&person.name).0),
                "encryted_credential_id": seal(person.credential_id.as_bytes()),
            }),
        )
    }
}

impl Inner {
    fn stable_token(&mut self, body: &Value) -> Value {
        self.fetched += 1;
        if body["secret"] != SECRET {
            return json!({ "errcode": 40125, "errmsg": "invalid appsecret" });
        }
        if body["force_refresh"] == true {
            self.token = random_hex(64);
        }
        json!({ "access_token": self.token, "expires_in": 7200 })
    }

    /// XML, signed over its sorted fields and the APIv2 key.
    fn authinfo(&mut self, body: &[u8]) -> Answer {
        let text = String::from_utf8_lossy(body).into_owned();
        let field = |name: &str| {
            let (_, rest) = text.split_once(&format!("<{name}><![CDATA["))?;
            Some(rest.split_once("]]>")?.0.to_owned())
        };
        let mut names: Vec<&str> = text.split("<![CDATA[").filter_map(|part| part.rsplit('<').next()).collect();
        names.pop();
        let mut pairs: Vec<(String, String)> = names
            .into_iter()
            .map(|name| name.trim_end_matches('>'))
            .filter(|name| *name != "sign")
            .filter_map(|name| Some((name.to_owned(), field(name)?)))
            .collect();
        let answer = |xml: String| Answer { body: xml.into_bytes(), ..Answer::json(200, &json!(null)) };
        let refuse = |told: &str| {
            answer(format!(
                "<xml><return_code><![CDATA[ERROR]]></return_code><return_msg><![CDATA[{told}]]></return_msg></xml>"
            ))
        };
        if field("sign") != Some(apiv2_sign(&mut pairs)) {
            return refuse("签名错误");
        }
        if field("rawdata").is_none_or(|rawdata| rawdata.len() < 8)
            || field("mch_id").as_deref() != Some(numbers::MCHID)
        {
            return refuse("请检查mchid");
        }
        self.granted += 1;
        let mut fields: Vec<(String, String)> = [
            ("return_code", "SUCCESS"),
            ("return_msg", "ok"),
            ("appid", numbers::APPID),
            ("mch_id", numbers::MCHID),
            ("nonce_str", &random_hex(16)),
            ("authinfo", &format!("authinfo-{}", self.granted)),
            ("expires_in", "3600"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
        let sign = apiv2_sign(&mut fields);
        let mut xml: String =
            fields.iter().map(|(name, value)| format!("<{name}><![CDATA[{value}]]></{name}>")).collect();
        xml.push_str(&format!("<sign>{sign}</sign>"));
        answer(format!("<xml>{xml}</xml>"))
    }

    fn categories(&self) -> Answer {
        let list = r#"{"errcode":0,"errmsg":"ok","category_list":[
            {"first_class":"医疗服务","second_class":"公立医疗机构","first_id":99,"second_id":904},
            {"first_class":"交通服务","second_class":"城市交通","third_class":"地铁","first_id":112,"second_id":115,"third_id":7}]}"#;
        let mut answer = Answer::json(200, &json!(null));
        answer.body = self.categories.clone().unwrap_or_else(|| list.to_owned()).into_bytes();
        answer
    }

    fn check(&mut self, body: &Value) -> Answer {
        let text = |name: &str| body[name].as_str().unwrap_or("");
        if !self.codes.remove(text("code")) {
            return error(80113);
        }
        let Some(person) = self.users.get(text("openid")) else { return error(40003) };
        let openid = if person.name == text("real_name") { "V_OP_NM_MA" } else { "V_OP_NM_UM" };
        let number = if person.credential_id == text("cred_id") { "V_NM_ID_MA" } else { "V_NM_ID_UM" };
        Answer::json(
            200,
            &json!({
                "errcode": 0, "errmsg": "ok", "verify_openid": format!("{openid};{openid}"),
                "verify_real_name": number, "bind_bankcard": "YES",
            }),
        )
    }
}

/// HMAC-SHA256 over `k=v&…&key=` of what is not empty, sorted.
fn apiv2_sign(pairs: &mut Vec<(String, String)>) -> String {
    pairs.retain(|(_, value)| !value.is_empty());
    pairs.sort();
    let joined: String = pairs.iter().map(|(name, value)| format!("{name}={value}&")).collect();
    let mut mac = Hmac::<Sha256>::new_from_slice(APIV2_KEY.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(format!("{joined}key={APIV2_KEY}").as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02X}")).collect()
}

fn error(errcode: i64) -> Answer {
    Answer::json(200, &json!({ "errcode": errcode, "errmsg": format!("refused, rid: {}", random_hex(12)) }))
}
