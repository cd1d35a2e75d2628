//! Terminals that speak HTTP: a frame is posted, everything that is said to the terminal comes as an event.
//!
//! `POST /v1/frames`: one frame; 202 when it was taken. `GET /v1/events`: replies and scenes as server-sent events, one
//! JSON object each. The two belong together by the certificate's subject; a terminal has one stream, the latest.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering},
    time::Duration,
};

use http_body_util::{BodyExt as _, Either, Full, LengthLimitError, Limited};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use tokio::{
    net::TcpStream,
    sync::{Mutex as QueueMutex, Notify, mpsc},
    time::timeout,
};
use tokio_rustls::server::TlsStream;

use super::{PER_SUBJECT, events::Events};
use crate::{
    fault::Code,
    terminal::{
        Line, MAX_LINE, Reply, Shared,
        connection::{Intake, QUEUED},
        connections::Connections,
    },
    words::{Clock, Moment, PeerId},
};

/// A request that takes longer to come is given up; so is a connection that brings none.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long what is said to a terminal is kept after its stream ended.
const LINGER: Duration = Duration::from_secs(15);

/// What one connection may buffer, bytes: headers, and a frame.
const BUFFER: usize = 16 * 1024;

type Answer = Response<Either<Full<Bytes>, Events>>;

/// Everybody who was let in, by subject.
#[derive(Default)]
pub(super) struct Clients {
    by_subject: BTreeMap<String, Arc<Client>>,
    connections: Connections<()>,
}

/// One subject: one peer of the core, whatever the number of its connections.
pub(super) struct Client {
    peer: PeerId,
    clock: Arc<dyn Clock>,
    intake: Mutex<Intake>,
    said: mpsc::Sender<Vec<u8>>,
    queue: Arc<QueueMutex<mpsc::Receiver<Vec<u8>>>>,
    stream: Mutex<Stream>,
}

/// Where a client listens.
#[derive(Default)]
struct Stream {
    /// Ends the connection that carries the stream.
    carrier: Option<Arc<Notify>>,
    left: Option<Moment>,
}

impl Clients {
    pub(super) fn add(&mut self, shared: &Shared, stream: TlsStream<TcpStream>, subject: &str) {
        self.connections.make_room(subject, PER_SUBJECT);
        let client = self.by_subject.entry(subject.to_owned()).or_insert_with(|| Arc::new(Client::new(shared)));
        let serving = serve(Arc::clone(client), stream);
        self.connections.start(shared.counters.next_peer(), subject, (), serving);
    }

    pub(super) async fn ended(&mut self) {
        self.connections.ended().await;
    }

    /// Hands a line to whom it is for, if it listens or did so a moment ago.
    pub(super) fn deliver(&mut self, shared: &Shared, reply: &Reply) {
        let line = reply.line();
        let only = reply.peer();
        for client in self.by_subject.values().filter(|client| only.is_none_or(|only| only == client.peer)) {
            if client.is_listening() && client.said.try_send(line.clone()).is_err() {
                shared.counters.stalled.fetch_add(1, Ordering::Relaxed);
                client.hang_up();
            }
        }
    }
}

impl Client {
    fn new(shared: &Shared) -> Self {
        let peer = shared.counters.next_peer();
        let (said, queue) = mpsc::channel(QUEUED);
        Self {
            peer,
            clock: Arc::clone(&shared.clock),
            intake: Mutex::new(Intake::new(shared.clone(), peer, said.clone())),
            said,
            queue: Arc::new(QueueMutex::new(queue)),
            stream: Mutex::default(),
        }
    }

    fn stream(&self) -> MutexGuard<'_, Stream> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn left_lately(&self, stream: &Stream) -> bool {
        stream.left.is_some_and(|left| self.clock.now().moment.since(left) < LINGER)
    }

    fn is_listening(&self) -> bool {
        let stream = self.stream();
        stream.carrier.is_some() || self.left_lately(&stream)
    }

    fn hang_up(&self) {
        if let Some(carrier) = self.stream().carrier.take() {
            carrier.notify_one();
        }
    }

    /// The stream that this connection carried has ended.
    pub(super) fn leave(&self, connection: &Arc<Notify>) {
        let now = self.clock.now().moment;
        let mut stream = self.stream();
        if stream.carrier.as_ref().is_some_and(|carrier| Arc::ptr_eq(carrier, connection)) {
            *stream = Stream { carrier: None, left: Some(now) };
        }
    }

    async fn frame(&self, body: Incoming) -> Answer {
        if !self.is_listening() {
            return refusal(StatusCode::CONFLICT, None, "GET /v1/events first: what is said to a terminal comes there");
        }
        let line = match Limited::new(body, MAX_LINE).collect().await {
            Ok(frame) => Line::Whole(frame.to_bytes().trim_ascii_end().to_vec()),
            Err(error) if error.is::<LengthLimitError>() => Line::TooLong,
            Err(_) => return refusal(StatusCode::BAD_REQUEST, Some(Code::T201), "the body ended too early"),
        };
        let taken = self.intake.lock().unwrap_or_else(PoisonError::into_inner).line(&line);
        match taken {
            Ok(()) => plain(StatusCode::ACCEPTED),
            Err(code) => {
                let status = match code {
                    Code::T202 => StatusCode::PAYLOAD_TOO_LARGE,
                    Code::T209 => StatusCode::TOO_MANY_REQUESTS,
                    Code::X003 => StatusCode::SERVICE_UNAVAILABLE,
                    _ => StatusCode::BAD_REQUEST,
                };
                refusal(status, Some(code), code.cure())
            }
        }
    }

    async fn events(self: Arc<Self>, connection: Arc<Notify>) -> Answer {
        let fresh = {
            let mut stream = self.stream();
            let fresh = stream.carrier.is_none() && !self.left_lately(&stream);
            if let Some(older) = stream.carrier.replace(Arc::clone(&connection)) {
                older.notify_one();
            }
            fresh
        };
        let mut queue = Arc::clone(&self.queue).lock_owned().await;
        // What was meant for a terminal that is gone is of no use when it comes back.
        while fresh && queue.try_recv().is_ok() {}
        let mut answer = Response::new(Either::Right(Events::new(self, connection, queue)));
        answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        answer
    }
}

async fn serve(client: Arc<Client>, stream: TlsStream<TcpStream>) {
    let ends = Arc::new(Notify::new());
    let connection = Arc::clone(&ends);
    let service = service_fn(move |request| answer(Arc::clone(&client), Arc::clone(&connection), request));
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        // However it ended, the terminal comes again.
        _ = serving => {}
        () = ends.notified() => {}
    }
}

async fn answer(
    client: Arc<Client>,
    connection: Arc<Notify>,
    request: Request<Incoming>,
) -> Result<Answer, Infallible> {
    let (allowed, word) = match request.uri().path() {
        "/v1/frames" => (Method::POST, "POST"),
        "/v1/events" => (Method::GET, "GET"),
        _ => return Ok(refusal(StatusCode::NOT_FOUND, None, "there is /v1/frames and /v1/events")),
    };
    if request.method() != allowed {
        let mut answer = refusal(StatusCode::METHOD_NOT_ALLOWED, None, "another method is meant");
        answer.headers_mut().insert(ALLOW, HeaderValue::from_static(word));
        return Ok(answer);
    }
    let answering = async {
        if allowed == Method::GET { client.events(connection).await } else { client.frame(request.into_body()).await }
    };
    let slow = || refusal(StatusCode::REQUEST_TIMEOUT, None, "the request took too long to come");
    Ok(timeout(PATIENCE, answering).await.unwrap_or_else(|_| slow()))
}

fn plain(status: StatusCode) -> Answer {
    let mut answer = Response::new(Either::Left(Full::default()));
    *answer.status_mut() = status;
    answer
}

fn refusal(status: StatusCode, code: Option<Code>, cure: &str) -> Answer {
    let body = json!({ "code": code.map(Code::as_str), "cure": cure }).to_string();
    let mut answer = Response::new(Either::Left(Full::new(Bytes::from(body))));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}
