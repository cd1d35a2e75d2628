//! Where people log in and order something: the same for the technician's page and the desk.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Deserialize;
use serde_json::json;
use zeroize::Zeroizing;

use super::{
    accounts::{Accounts, Judged, Role},
    answer::{Answer, CSS, JAVASCRIPT},
    backstage::{Backstage, Deed, Done},
    paces::{MINUTE, Paces},
    sessions::{Session, Sessions, same},
    tongues::tongue,
};
use crate::{
    terminal::{Body, Request},
    words::Clock,
};

/// The counter of one page.
pub(super) struct Counter {
    /// Its folder in the address: `/desk/`.
    pub(super) folder: &'static str,
    /// The cookie's name.
    pub(super) cookie: &'static str,
    /// Who may log in here.
    pub(super) least: Role,
    pub(super) accounts: Accounts,
    sessions: Mutex<Sessions>,
    paces: Mutex<Paces>,
    pub(super) backstage: Arc<dyn Backstage>,
    pub(super) clock: Arc<dyn Clock>,
}

/// Who asks, as far as the connection tells.
#[derive(Clone, Copy)]
pub(super) struct Caller<'a> {
    /// An address, or a certificate's subject.
    pub(super) source: &'a str,
    /// Over TLS.
    pub(super) secure: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    name: String,
    password: String,
}

/// What is ordered, and the proof that a page of ours sent it.
#[derive(Deserialize)]
struct Order {
    csrf: String,
    #[serde(rename = "do")]
    what: String,
    lane: Option<String>,
    mode: Option<String>,
    hours: Option<String>,
    zh: Option<String>,
    en: Option<String>,
    device: Option<String>,
    session: Option<String>,
    theirs: Option<u64>,
}

impl Order {
    /// The deed, where everything is said that it needs.
    fn deed(self) -> Option<Deed> {
        Some(match &*self.what {
            "lane" => Deed::Lane { lane: self.lane?, mode: self.mode? },
            "hours" => Deed::Hours { lane: self.lane, hours: self.hours? },
            "notice" => Deed::Notice { lane: self.lane, zh: self.zh?, en: self.en? },
            "exercise" => Deed::Exercise { lane: self.lane?, device: self.device? },
            "reload" => Deed::Reload,
            "undo" => Deed::Undo { session: self.session? },
            "reprint" => Deed::Reprint { session: self.session? },
            "reconcile" => Deed::Reconcile { theirs: self.theirs? },
            _ => return None,
        })
    }
}

pub(super) const JSON: &str = "application/json";

pub(super) const SCRIPT: &str = include_str!("assets/counter.js");
const STYLE: &str = include_str!("assets/desk.css");

impl Counter {
    pub(super) fn new(
        (folder, cookie, least): (&'static str, &'static str, Role),
        accounts: Accounts,
        backstage: &Arc<dyn Backstage>,
        clock: &Arc<dyn Clock>,
    ) -> Self {
        let (backstage, clock) = (Arc::clone(backstage), Arc::clone(clock));
        Self { folder, cookie, least, accounts, sessions: Mutex::default(), paces: Mutex::default(), backstage, clock }
    }

    /// Whether this account may do one more thing that leaves a record; the journal has better to keep.
    pub(super) fn may(&self, user: &str) -> bool {
        self.paces.lock().unwrap_or_else(PoisonError::into_inner).may(user, self.clock.now().moment)
    }

    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who is logged in with this request.
    pub(super) fn session(&self, request: &Request) -> Option<Session> {
        let token = self.token(request)?;
        let session = self.sessions().of(&token, self.clock.now().moment)?;
        // An account that is gone, or has another password, has nobody inside.
        match self.accounts.stamp(&session.user) {
            Ok(stamp) if stamp == Some(session.stamp) => Some(session),
            Ok(_) => {
                self.sessions().end(&token);
                None
            }
            Err(_) => None,
        }
    }

    /// The same of somebody who does something: they are still there.
    pub(super) fn somebody(&self, request: &Request) -> Option<Session> {
        let session = self.session(request)?;
        self.sessions().stays(&self.token(request)?, self.clock.now().moment);
        Some(session)
    }

    fn token(&self, request: &Request) -> Option<Zeroizing<String>> {
        let cookies = request.cookie.as_deref()?.split(';');
        let of_ours = |cookie: &str| cookie.trim().strip_prefix(self.cookie)?.strip_prefix('=').map(str::to_owned);
        let mut of_ours = cookies.filter_map(of_ours).map(Zeroizing::new);
        // Of two, one may have been put there by whoever else has a page on this host.
        of_ours.next().filter(|_| of_ours.next().is_none())
    }

    /// What is asked of the counter itself; none where it is something else. `what`: the address below the folder.
    pub(super) async fn take(&self, what: &str, request: &Request, caller: Caller<'_>) -> Option<Answer> {
        Some(match (what, request.method.as_str()) {
            ("counter.js", "GET") => Answer::of(JAVASCRIPT, SCRIPT),
            ("desk.css", "GET") => Answer::of(CSS, STYLE),
            ("me", "GET") => self.me(request),
            ("login" | "logout" | "do", method) if method != "POST" => Answer::another_method("POST"),
            ("login" | "logout" | "do", _) if !is_of_ours(request) => {
                Answer::word("403 Forbidden", "orders come from a page of ours")
            }
            ("login", _) => self.log_in(request, caller).await,
            ("logout", _) => self.log_out(request, caller).await,
            ("do", _) => self.order(request).await,
            _ => return None,
        })
    }

    fn me(&self, request: &Request) -> Answer {
        match self.session(request) {
            Some(Session { user, csrf, .. }) => Answer::of(JSON, json!({ "user": user, "csrf": csrf }).to_string()),
            None => Answer::nothing(),
        }
    }

    async fn log_in(&self, request: &Request, caller: Caller<'_>) -> Answer {
        let Some(Credentials { name, password }) = body(request) else {
            return Answer::word("400 Bad Request", "name and password");
        };
        let (judged, stamp) =
            self.accounts.log_in(name.clone(), Zeroizing::new(password), caller.source.to_owned()).await;
        let fails = |status, told: &str, seconds: u64| {
            let told = json!({ "done": false, "told": told, "seconds": seconds });
            Answer { status, ..Answer::of(JSON, told.to_string()) }
        };
        match judged {
            Judged::Known(_) if !self.may(&name) => fails("429 Too Many Requests", "later", MINUTE.as_secs()),
            Judged::Known(role) if role >= self.least => {
                let began = self.sessions().begin(&name, role, stamp, self.clock.now().moment);
                let Some(token) = began else { return fails("503 Service Unavailable", "busy", 1) };
                self.backstage.note(&name, "login", "done").await;
                let header = self.set_cookie(&token, is_secure(request, caller));
                Answer { header, ..Answer::nothing() }
            }
            Judged::Known(_) => {
                self.backstage.note(&name, "login", "refused").await;
                fails("403 Forbidden", "role", 0)
            }
            Judged::Wrong { exists } => {
                // What is no account's name may be a password that slipped into the wrong field.
                self.backstage.note(if exists { &name } else { "" }, "login", "refused").await;
                fails("401 Unauthorized", "wrong", 0)
            }
            Judged::Later(left) => {
                let seconds = left.as_secs().saturating_add(1);
                let answer = fails("429 Too Many Requests", "later", seconds);
                Answer { header: format!("retry-after: {seconds}\r\n"), ..answer }
            }
            Judged::Busy => fails("503 Service Unavailable", "busy", 1),
        }
    }

    fn set_cookie(&self, token: &str, secure: bool) -> String {
        let secure = if secure { "; Secure" } else { "" };
        let age = if token.is_empty() { "; Max-Age=0" } else { "" };
        format!("set-cookie: {}={token}; Path={}; HttpOnly; SameSite=Strict{secure}{age}\r\n", self.cookie, self.folder)
    }

    async fn log_out(&self, request: &Request, caller: Caller<'_>) -> Answer {
        if let Some(session) = self.session(request) {
            self.backstage.note(&session.user, "logout", "done").await;
        }
        if let Some(token) = self.token(request) {
            self.sessions().end(&token);
        }
        Answer { header: self.set_cookie("", is_secure(request, caller)), ..Answer::nothing() }
    }

    async fn order(&self, request: &Request) -> Answer {
        let Some(session) = self.somebody(request) else { return Answer::word("401 Unauthorized", "log in") };
        let no_order = || Answer::word("400 Bad Request", "no order");
        let Some(order) = body::<Order>(request) else { return no_order() };
        if !same(&order.csrf, &session.csrf) {
            return Answer::word("403 Forbidden", "orders come from a page of ours");
        }
        let Some(deed) = order.deed() else { return no_order() };
        if deed.is_technicians() && session.role < Role::Technician {
            return Answer::word("403 Forbidden", "a technician does that");
        }
        if !self.may(&session.user) {
            return Answer::word("429 Too Many Requests", "too much at once");
        }
        // Whoever goes away meanwhile takes neither deed nor record with them.
        let (backstage, Session { user, role, .. }) = (Arc::clone(&self.backstage), session);
        match tokio::spawn(async move { backstage.act(&user, role, deed).await }).await {
            Ok(Done { done, told, code }) => {
                let mut all = json!({ "done": done, "told": told });
                if let Some(code) = code {
                    let tongue = tongue(request);
                    (all["code"], all["summary"]) = (code.as_str().into(), code.summary_in(tongue).into());
                    all["cure"] = code.cure_in(tongue).into();
                }
                Answer::of(JSON, all.to_string())
            }
            Err(_) => Answer::word("503 Service Unavailable", "busy"),
        }
    }
}

fn body<T: for<'de> Deserialize<'de>>(request: &Request) -> Option<T> {
    let Body::Whole(body) = &request.body else { return None };
    serde_json::from_slice(body).ok()
}

/// Whether a page of this very address sent it; a web server in front of ours may speak TLS where we do not.
fn is_of_ours(request: &Request) -> bool {
    let of_ours = request.origin.as_deref().and_then(|origin| origin.split_once("://"));
    of_ours.is_some_and(|(_, host)| Some(host) == request.host.as_deref())
}

/// Whether the browser speaks TLS, to us or to the web server in front of us.
fn is_secure(request: &Request, caller: Caller<'_>) -> bool {
    caller.secure || request.origin.as_deref().is_some_and(|origin| origin.starts_with("https://"))
}
