//! The triage desk: what became of a visit by its reference or number, those whose outcome is unknown, today's counts
//! beside the hospital's own, lanes open or closed. For nurses at a PC of the ward, with a port and accounts of its own.
//!
//! What it does not do: name anybody (the journal does not either), or answer whoever has not logged in.

mod words;

use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    path::Path,
    sync::Arc,
    thread,
    time::Duration,
};

use serde::Deserialize;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, split},
    net::TcpListener,
    sync::oneshot,
    time::{sleep, timeout},
};

#[cfg(feature = "network")]
use tokio::sync::watch;

use self::words::WORDS;
use super::{
    Backstage, Listen, PageError,
    accounts::{Accounts, Role, list_accounts},
    answer::{Answer, HTML, JAVASCRIPT},
    backstage::Question,
    counter::{Caller, Counter, JSON},
    place::is_meant,
    tongues::dressed,
};
#[cfg(feature = "network")]
use crate::terminal::Everybody;
use crate::{
    fault::Tongue,
    files::Anchored,
    terminal::{Activity, Bounds, Connections, Inbox, Request},
    words::{Clock, PeerId},
};

/// `[desk]`; in builds with feature `page`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DeskSettings {
    /// Where the ward's browsers ask: `127.0.0.1:7481`, or `https:ADDRESS:PORT`.
    pub listen: Listen,
    /// For https: our certificate chain, PEM.
    pub certificate: Option<Anchored>,
    /// Its private key, PEM, readable by the daemon's user alone.
    pub key: Option<Anchored>,
}

/// The desk while it is served; nobody is answered any more when this goes.
pub(crate) struct Desk {
    /// What browsers are shown, over the network.
    #[cfg(feature = "network")]
    tls: watch::Sender<Option<Everybody>>,
    _wanted: oneshot::Sender<()>,
    /// Why it could not be opened, which is tried again.
    pub(crate) unopened: Option<PageError>,
}

/// Where somebody may come in.
struct Door {
    port: std::net::TcpListener,
    #[cfg(feature = "network")]
    shown: Option<Everybody>,
}

/// What everybody at the desk is answered from.
struct Room {
    counter: Counter,
    /// On loopback: the address that is meant.
    here: Option<SocketAddr>,
}

/// Its folder, the name of its cookie, and whose page it is.
const PLACE: (&str, &str, Role) = ("/desk/", "facemchd-desk", Role::Desk);

const PAGE: &str = include_str!("../assets/desk.html");
const SCRIPT: &str = include_str!("../assets/desk.js");

/// Connections in all, and of one PC.
const PLACES: Bounds = Bounds { most: 64, of_one: 16 };

/// How soon it is tried again to open it, at first and at last.
const AGAIN: Duration = Duration::from_secs(2);
const AGAIN_AT_LAST: Duration = Duration::from_secs(60);

/// How long nobody is let in after the system had no room for a connection.
const RECOVERY: Duration = Duration::from_millis(100);

impl DeskSettings {
    /// What does not fit together, if anything.
    pub(crate) fn fits_together(&self) -> Result<(), &'static str> {
        match (&self.listen, &self.certificate, &self.key) {
            (Listen::Unix(_), ..) => Err("desk.listen is an address of loopback or https:ADDRESS:PORT"),
            #[cfg(feature = "network")]
            (Listen::Https(_), None, _) | (Listen::Https(_), _, None) => {
                Err("desk.listen by https: needs certificate and key in [desk]")
            }
            _ => Ok(()),
        }
    }

    /// Reads certificate and key; none on loopback.
    #[cfg(feature = "network")]
    pub(crate) fn read(&self, clock: &Arc<dyn Clock>) -> Result<Option<Everybody>, PageError> {
        let (Listen::Https(_), Some(certificate), Some(key)) = (&self.listen, &self.certificate, &self.key) else {
            return Ok(None);
        };
        let opened = Everybody::open(certificate, key, clock);
        opened.map(Some).map_err(|source| PageError::Certificates { section: "desk", source })
    }

    /// The port in use, and what is shown there.
    fn door(&self, clock: &Arc<dyn Clock>) -> Result<Door, PageError> {
        #[cfg(not(feature = "network"))]
        let _ = clock;
        Ok(Door {
            #[cfg(feature = "network")]
            shown: self.read(clock)?,
            port: self.listen.port("desk")?,
        })
    }

    /// Whether the desk could be served; changes nothing. `serves`: the port is the running daemon's. It is free again when
    /// what comes back is dropped.
    #[cfg_attr(not(feature = "network"), expect(unused_variables, reason = "certificates are judged by it"))]
    pub(crate) fn look(
        &self,
        accounts: &Path,
        clock: &Arc<dyn Clock>,
        serves: bool,
    ) -> Result<Option<std::net::TcpListener>, PageError> {
        #[cfg(feature = "network")]
        drop(self.read(clock)?);
        list_accounts(accounts).map_err(PageError::Accounts)?;
        (!serves).then(|| self.listen.port("desk")).transpose()
    }
}

/// Whose address it is, as far as it tells one caller from another: of IPv6, a household has a whole /64.
fn household(from: IpAddr) -> IpAddr {
    match from.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address => address,
    }
}

impl Desk {
    /// Takes the port into use, and answers from a thread of its own; what cannot be opened now is tried again there.
    pub(crate) fn open(
        settings: &DeskSettings,
        accounts: std::path::PathBuf,
        backstage: &Arc<dyn Backstage>,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, PageError> {
        let accounts = Accounts::open(accounts, Arc::clone(clock)).map_err(PageError::Thread)?;
        let here = settings.listen.address().filter(|_| matches!(settings.listen, Listen::Loopback(_)));
        let room = Arc::new(Room { counter: Counter::new(PLACE, accounts, backstage, clock), here });
        #[cfg(feature = "network")]
        let (tls, shown) = watch::channel(None);
        let (wanted, unwanted) = oneshot::channel::<()>();
        let (first, unopened) = match settings.door(clock) {
            Ok(door) => (Some(door), None),
            Err(error) => (None, Some(error)),
        };
        #[cfg(feature = "network")]
        let showing = tls.clone();
        let (settings, clock) = (settings.clone(), Arc::clone(clock));
        let serve = move || {
            // A runtime that is let go where others are at work ends the program: it begins where it ends.
            let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
            let serving = async {
                let door = match first {
                    Some(door) => door,
                    None => opened(&settings, &clock).await,
                };
                #[cfg(feature = "network")]
                showing.send_replace(door.shown);
                let Ok(port) = TcpListener::from_std(door.port) else { return };
                let_in(
                    port,
                    room,
                    #[cfg(feature = "network")]
                    shown,
                )
                .await;
            };
            runtime.block_on(async {
                tokio::select! {
                    _ = unwanted => {}
                    () = serving => {}
                }
            });
        };
        thread::Builder::new().name("desk".to_owned()).spawn(serve).map_err(PageError::Thread)?;
        Ok(Self {
            #[cfg(feature = "network")]
            tls,
            _wanted: wanted,
            unopened,
        })
    }

    /// Beyond loopback: when our certificate ends.
    #[cfg(feature = "network")]
    pub(crate) fn until(&self) -> Option<crate::words::WallTime> {
        self.tls.borrow().as_ref().map(Everybody::until)
    }

    /// Certificate and key may be others: whoever comes from now on is shown them.
    #[cfg(feature = "network")]
    pub(crate) fn renew(&self, tls: Option<Everybody>) {
        let _ = self.tls.send_replace(tls);
    }
}

/// Tries again until it can be opened.
async fn opened(settings: &DeskSettings, clock: &Arc<dyn Clock>) -> Door {
    let mut again = AGAIN;
    loop {
        sleep(again).await;
        if let Ok(door) = settings.door(clock) {
            tracing::info!("the desk could be opened at last");
            return door;
        }
        again = again.saturating_mul(2).min(AGAIN_AT_LAST);
    }
}

async fn let_in(
    port: TcpListener,
    room: Arc<Room>,
    #[cfg(feature = "network")] shown: watch::Receiver<Option<Everybody>>,
) {
    let mut connections = Connections::new(PLACES);
    let mut number = 0_u32;
    loop {
        tokio::select! {
            knock = port.accept() => match knock {
                Ok((stream, from)) => {
                    number = number.wrapping_add(1);
                    let (activity, from) = (Activity::default(), household(from.ip()));
                    let guest = Guest { room: Arc::clone(&room), source: from.to_string(), activity: activity.clone() };
                    #[cfg(feature = "network")]
                    let serving = guest.greet(stream, shown.borrow().clone());
                    #[cfg(not(feature = "network"))]
                    let serving = guest.serve(stream, false);
                    connections.start(PeerId(number), from, activity, (), serving);
                }
                Err(_) => sleep(RECOVERY).await,
            },
            () = connections.ended() => {}
        }
    }
}

/// One connection.
struct Guest {
    room: Arc<Room>,
    source: String,
    activity: Activity,
}

impl Guest {
    #[cfg(feature = "network")]
    async fn greet(self, stream: tokio::net::TcpStream, tls: Option<Everybody>) {
        match tls {
            None => self.serve(stream, false).await,
            Some(tls) => {
                if let Some(stream) = tls.greet(stream).await {
                    self.serve(stream, true).await;
                }
            }
        }
    }

    /// Answers requests until one is the last.
    async fn serve(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send, secure: bool) {
        let (reader, mut writer) = split(stream);
        let mut inbox = Inbox::new(reader);
        let caller = Caller { source: &self.source, secure };
        loop {
            let (answer, goes_on) = match inbox.request(&mut writer).await {
                Ok(Some(request)) => {
                    self.activity.mark(self.room.counter.clock.now().moment);
                    (self.room.take(&request, caller).await, request.goes_on)
                }
                Ok(None) => break,
                Err((status, cure)) => (Answer::word(status, cure), false),
            };
            if answer.write(&mut writer, goes_on).await.is_err() || !goes_on {
                break;
            }
        }
        let _ = timeout(Duration::from_secs(1), writer.shutdown()).await;
    }
}

impl Room {
    async fn take(&self, request: &Request, caller: Caller<'_>) -> Answer {
        if self.here.is_some_and(|here| !is_meant(request, here)) {
            return Answer::word("421 Misdirected Request", "another host is meant");
        }
        let Some(what) = request.path.strip_prefix(PLACE.0) else { return Answer::elsewhere(PLACE.0) };
        if let Some(answer) = self.counter.take(what, request, caller).await {
            return answer;
        }
        if request.method != "GET" {
            return Answer::another_method("GET");
        }
        let tongue = if request.query.contains("lang=en") { Tongue::En } else { Tongue::Zh };
        match what {
            "" => Answer::of(HTML, dressed(PAGE, WORDS, tongue)),
            "desk.js" => Answer::of(JAVASCRIPT, SCRIPT),
            "visit" | "today" | "lanes" => self.tell(what, request).await,
            _ => Answer::word("404 Not Found", "there is /desk/"),
        }
    }

    /// What somebody who has logged in asks.
    async fn tell(&self, what: &str, request: &Request) -> Answer {
        // What the page asks by itself keeps nobody logged in.
        let session = if what == "visit" { self.counter.somebody(request) } else { self.counter.session(request) };
        let Some(session) = session else { return Answer::word("401 Unauthorized", "log in") };
        let question = match what {
            "visit" => {
                let which = request.query.split('&').find_map(|pair| pair.strip_prefix("of=")).map(decoded);
                let Some(which) = which.filter(|which| !which.is_empty()) else {
                    return Answer::word("400 Bad Request", "of=REFERENCE");
                };
                if !self.counter.may(&session.user) {
                    return Answer::word("429 Too Many Requests", "too much at once");
                }
                self.counter.backstage.note(&session.user, "look-up", "done").await;
                Question::Visit(which)
            }
            "today" => Question::Today,
            _ => Question::Lanes,
        };
        match self.counter.backstage.ask(question).await {
            Some(told) => Answer::of(JSON, told),
            None => Answer::word("503 Service Unavailable", "busy"),
        }
    }
}

/// A value of a query; what is no text stands as it is.
fn decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let [first, others @ ..] = rest {
        rest = others;
        let hex = (*first == b'%').then(|| others.get(..2)).flatten();
        match hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = others.get(2..).unwrap_or_default();
            }
            None => bytes.push(if *first == b'+' { b' ' } else { *first }),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::tongues::has_all_its_words;

    #[test]
    fn a_household_of_ipv6_is_one_caller() {
        let of = |address: &str| household(address.parse().unwrap()).to_string();
        assert_eq!(of("2001:db8:0:7:1:2:3:4"), "2001:db8:0:7::");
        assert_eq!([of("::ffff:10.0.0.1"), of("10.0.0.1")], ["10.0.0.1", "10.0.0.1"]);
    }

    #[test]
    fn what_a_browser_encodes_reads_back() {
        let told = ["A036", "%E5%86%85%E7%A7%91+1", "a%2", "%zz", "%"].map(decoded);
        assert_eq!(told, ["A036", "内科 1", "a%2", "%zz", "%"]);
    }

    #[test]
    fn the_desk_has_all_its_words_in_both_tongues() {
        has_all_its_words(PAGE, SCRIPT, WORDS);
    }
}
