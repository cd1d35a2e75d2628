//! Terminals that speak HTTP: a frame is posted, everything that is said to the terminal comes as an event.
//!
//! `POST /v1/frames`: one frame; 202 when it was taken. `GET /v1/events`: replies and scenes as server-sent events
//! (WHATWG HTML, §9.2), one JSON object each. The two belong together by the certificate's subject; a terminal has one
//! stream, the latest.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering},
    time::Duration,
};

use serde_json::json;
use tokio::{
    io::{AsyncWrite, AsyncWriteExt as _, ReadHalf, split},
    sync::{Mutex as QueueMutex, Notify, mpsc},
    time::timeout,
};
use tokio_rustls::server::TlsStream;
use zeroize::Zeroizing;

use super::{PLACES, scrubbed::Scrubbed, tls::Shown};
use crate::{
    fault::Code,
    terminal::{
        Line, Reply, Shared,
        allowance::Allowance,
        connection::{self, Intake, QUEUED, STALL},
        connections::{Activity, Connections},
        reply::OutLine,
        request::{Body, Inbox, Request},
        standing::Standing,
    },
    words::{Moment, PeerId},
};

/// How long what is said to a terminal is kept after its stream ended.
const LINGER: Duration = Duration::from_secs(15);

/// How often an idle stream says that it is there; a terminal that has gone is found by it.
const BEAT: Duration = Duration::from_secs(10);

type Stream = TlsStream<Scrubbed>;

/// Everybody who was let in, by subject.
pub(super) struct Clients {
    by_subject: BTreeMap<String, Arc<Client>>,
    connections: Connections<Shown, ()>,
    standing: Arc<Mutex<Standing>>,
}

/// One subject: one peer of the core, whatever the number of its connections.
struct Client {
    peer: PeerId,
    shared: Shared,
    activity: Activity,
    intake: Mutex<Intake>,
    said: mpsc::Sender<OutLine>,
    queue: QueueMutex<mpsc::Receiver<OutLine>>,
    listening: Mutex<Listening>,
    standing: Arc<Mutex<Standing>>,
}

/// Where a client listens.
#[derive(Default)]
struct Listening {
    /// Ends the connection that carries the stream.
    carrier: Option<Arc<Notify>>,
    left: Option<Moment>,
}

/// What a posted frame is answered.
struct Answer {
    status: &'static str,
    code: Option<Code>,
    cure: &'static str,
}

impl Clients {
    pub(super) fn add(&mut self, shared: &Shared, stream: Stream, shown: Shown) {
        let new = || Arc::new(Client::new(shared, Arc::clone(&self.standing)));
        let client = Arc::clone(self.by_subject.entry(shown.subject.clone()).or_insert_with(new));
        let activity = Activity::default();
        let (present, serving) = (shared.comes(), serve(client, stream, activity.clone()));
        let serving = async move {
            let _present = present;
            serving.await;
        };
        self.connections.start(shared.counters.next_peer(), shown, activity, (), serving);
    }

    pub(super) async fn ended(&mut self) {
        self.connections.ended().await;
    }

    /// Hands a line to whom it is for, if it listens or did so a moment ago.
    pub(super) fn deliver(&mut self, shared: &Shared, reply: Reply) {
        let line = shared.line(&reply);
        let only = reply.peer();
        for client in self.by_subject.values().filter(|client| only.is_none_or(|only| only == client.peer)) {
            if client.is_listening() && client.said.try_send(line.clone()).is_err() {
                shared.counters.stalled.fetch_add(1, Ordering::Relaxed);
                client.hang_up();
            }
        }
        lock(&self.standing).hear(shared, reply);
    }

    /// Ends the connections of those who may not stay, and forgets what nobody comes to hear.
    pub(super) fn retain(&mut self, mut stays: impl FnMut(&Shown) -> bool) {
        self.connections.retain(|_, kept| stays(&kept.owner));
        let connected: Vec<_> = self.connections.iter().map(|(_, kept)| kept.owner.subject.as_str()).collect();
        self.by_subject.retain(|subject, client| {
            client.forget();
            // Its allowance is kept for as long as it may be of use to whoever comes back.
            connected.contains(&subject.as_str()) || !client.is_idle()
        });
    }
}

impl Default for Clients {
    fn default() -> Self {
        Self { by_subject: BTreeMap::new(), connections: Connections::new(PLACES), standing: Arc::default() }
    }
}

impl Client {
    fn new(shared: &Shared, standing: Arc<Mutex<Standing>>) -> Self {
        let peer = shared.counters.next_peer();
        let (said, queue) = mpsc::channel(QUEUED);
        let activity = Activity::default();
        let allowance = Allowance::of_terminal(shared.clock.now().moment);
        Self {
            peer,
            shared: shared.clone(),
            intake: Mutex::new(Intake::new(shared.clone(), peer, said.clone(), allowance, activity.clone())),
            activity,
            said,
            queue: QueueMutex::new(queue),
            listening: Mutex::default(),
            standing,
        }
    }

    fn left_lately(&self, listening: &Listening) -> bool {
        listening.left.is_some_and(|left| self.shared.clock.now().moment.since(left) < LINGER)
    }

    fn is_listening(&self) -> bool {
        let listening = lock(&self.listening);
        listening.carrier.is_some() || self.left_lately(&listening)
    }

    fn hang_up(&self) {
        if let Some(carrier) = lock(&self.listening).carrier.take() {
            carrier.notify_one();
        }
    }

    /// Throws away what was meant for a terminal that has not come back.
    fn forget(&self) {
        if !self.is_listening()
            && let Ok(mut queue) = self.queue.try_lock()
        {
            while queue.try_recv().is_ok() {}
        }
    }

    /// Whether it makes no difference if this one is made anew.
    fn is_idle(&self) -> bool {
        const LONG: Duration = Duration::from_secs(60);
        !self.is_listening() && self.activity.since(self.shared.clock.now().moment) > LONG
    }

    fn frame(&self, body: &Body) -> Answer {
        if !self.is_listening() {
            let cure = "GET /v1/events first: what is said to a terminal comes there";
            return Answer { status: "409 Conflict", code: None, cure };
        }
        let line = match body {
            Body::Whole(body) => Line::Whole(body),
            Body::TooLong => Line::TooLong,
        };
        let Err(code) = lock(&self.intake).line(line) else {
            return Answer { status: "202 Accepted", code: None, cure: "" };
        };
        let status = match code {
            Code::T202 => "413 Content Too Large",
            Code::T209 => "429 Too Many Requests",
            Code::X003 => "503 Service Unavailable",
            _ => "400 Bad Request",
        };
        Answer { status, code: Some(code), cure: code.cure() }
    }

    /// Says what there is to say until the connection ends, or another one takes over.
    async fn tell(&self, writer: &mut (impl AsyncWrite + Unpin), connection: &Arc<Notify>, chunked: bool) {
        let fresh = {
            let mut listening = lock(&self.listening);
            let fresh = listening.carrier.is_none() && !self.left_lately(&listening);
            if let Some(older) = listening.carrier.replace(Arc::clone(connection)) {
                older.notify_one();
            }
            fresh
        };
        let _leaving = Leaving { client: self, connection };
        let coding = if chunked { "transfer-encoding: chunked\r\n" } else { "connection: close\r\n" };
        let head =
            format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-store\r\n{coding}\r\n");
        if send(writer, head.as_bytes()).await.is_err() {
            return;
        }
        let mut queue = self.queue.lock().await;
        // What was meant for a terminal that is gone is of no use when it comes back.
        while fresh && queue.try_recv().is_ok() {}
        let scene = lock(&self.standing).line(&self.shared);
        let mut event = Zeroizing::new(scene.map_or_else(|| b":\n\n".to_vec(), |scene| of_line(&scene)));
        loop {
            if chunked {
                let chunk = [format!("{:x}\r\n", event.len()).as_bytes(), &event, b"\r\n"].concat();
                event = Zeroizing::new(chunk);
            }
            if send(writer, &event).await.is_err() {
                return;
            }
            event = Zeroizing::new(match timeout(BEAT, queue.recv()).await {
                Ok(Some(line)) => of_line(&line),
                Ok(None) => return,
                Err(_) => b":\n\n".to_vec(),
            });
        }
    }
}

/// A line has its own end; an event's is an empty line.
fn of_line(line: &[u8]) -> Vec<u8> {
    [b"data: ", line, b"\n"].concat()
}

/// The stream that a connection carried ends with it.
struct Leaving<'a> {
    client: &'a Client,
    connection: &'a Arc<Notify>,
}

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        let now = self.client.shared.clock.now().moment;
        let mut listening = lock(&self.client.listening);
        if listening.carrier.as_ref().is_some_and(|carrier| Arc::ptr_eq(carrier, self.connection)) {
            *listening = Listening { carrier: None, left: Some(now) };
        }
    }
}

async fn serve(client: Arc<Client>, stream: Stream, activity: Activity) {
    let (reader, mut writer) = split(stream);
    let mut inbox = Inbox::new(reader);
    // However it ended, the terminal comes again.
    let _ = requests(&client, &mut inbox, &mut writer, &activity).await;
    let _ = timeout(Duration::from_secs(1), writer.shutdown()).await;
}

/// Answers requests until one is the last.
async fn requests(
    client: &Client,
    inbox: &mut Inbox<ReadHalf<Stream>>,
    writer: &mut (impl AsyncWrite + Unpin),
    activity: &Activity,
) -> io::Result<()> {
    loop {
        let request = match inbox.request(writer).await {
            Ok(Some(request)) => request,
            Ok(None) => return Ok(()),
            Err((status, cure)) => return answer(writer, &Answer { status, code: None, cure }, "", false).await,
        };
        let Request { method, path, body, goes_on, .. } = request;
        let (told, allow) = match (method.as_str(), path.as_str()) {
            ("POST", "/v1/frames") => {
                let told = client.frame(&body);
                if told.code.is_none() {
                    activity.mark(client.shared.clock.now().moment);
                }
                (told, "")
            }
            ("GET", "/v1/events") => {
                activity.hold();
                let ends = Arc::new(Notify::new());
                tokio::select! {
                    () = client.tell(writer, &ends, goes_on) => {}
                    () = inbox.watch() => {}
                    () = ends.notified() => {}
                }
                return Ok(());
            }
            (_, "/v1/frames") => (another_method(), "allow: POST\r\n"),
            (_, "/v1/events") => (another_method(), "allow: GET\r\n"),
            _ => {
                let cure = "there is /v1/frames and /v1/events";
                (Answer { status: "404 Not Found", code: None, cure }, "")
            }
        };
        answer(writer, &told, allow, goes_on).await?;
        if !goes_on {
            return Ok(());
        }
    }
}

fn another_method() -> Answer {
    Answer { status: "405 Method Not Allowed", code: None, cure: "another method is meant" }
}

async fn answer(
    writer: &mut (impl AsyncWrite + Unpin),
    Answer { status, code, cure }: &Answer,
    header: &str,
    goes_on: bool,
) -> io::Result<()> {
    let connection = if goes_on { "" } else { "connection: close\r\n" };
    let (kind, body) = match cure.is_empty() {
        true => ("", String::new()),
        false => {
            let body = json!({ "code": code.map(Code::as_str), "cure": cure }).to_string();
            ("content-type: application/json\r\n", body)
        }
    };
    let length = body.len();
    let answer = format!("HTTP/1.1 {status}\r\n{header}{connection}{kind}content-length: {length}\r\n\r\n{body}");
    send(writer, answer.as_bytes()).await
}

/// Writes; whoever does not read is not waited for.
async fn send(writer: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    timeout(STALL, connection::send(writer, bytes)).await?
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
