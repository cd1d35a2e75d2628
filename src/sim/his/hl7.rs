//! An interface engine over MLLP: it lists today's visits (SQM^S25) and takes arrivals (ADT^A04), over the same books as
//! the other systems.

use std::{
    io::{self, Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use super::{Booked, Ledger, Status};

/// A running engine.
pub struct Twin {
    port: u16,
    ledger: Arc<Mutex<Ledger>>,
}

/// What a message begins and ends with.
const FRAME: (u8, &[u8]) = (0x0B, &[0x1C, 0x0D]);

/// The largest message, bytes.
const MOST: usize = 64 * 1024;

/// A message, taken apart: segments of fields, the first of which is the segment's name.
struct Message(Vec<Vec<String>>);

impl Twin {
    /// Starts an engine whose day is `today`, `2026-11-26`.
    pub fn start(today: &str) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let ledger = Arc::new(Mutex::new(Ledger::new(today, false)));
        let books = Arc::clone(&ledger);
        thread::Builder::new().name("sandbox-hl7".to_owned()).spawn(move || {
            for connection in listener.incoming().flatten() {
                let books = Arc::clone(&books);
                // A client that goes away is no news.
                let serve = move || drop(converse(connection, &books));
                let _ = thread::Builder::new().name("sandbox-hl7-connection".to_owned()).spawn(serve);
            }
        })?;
        Ok(Self { port, ledger })
    }

    /// `mllp://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("mllp://127.0.0.1:{}", self.port)
    }

    /// Its books.
    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        lock(&self.ledger)
    }
}

/// Message after message, each answered before the next is read.
fn converse(mut connection: TcpStream, books: &Mutex<Ledger>) -> io::Result<()> {
    let (mut come, mut buffer) = (Vec::new(), [0; 4096]);
    let (begin, end) = FRAME;
    loop {
        while let Some(at) = come.windows(end.len()).position(|pair| pair == end) {
            let message: Vec<u8> = come.drain(..at + end.len()).collect();
            let start = message.iter().position(|byte| *byte == begin).map_or(0, |start| start + 1);
            let answer = answer(&mut lock(books), &Message::read(&message[start..at.max(start)]));
            connection.write_all(&[&[begin], answer.as_bytes(), end].concat())?;
        }
        match connection.read(&mut buffer)? {
            0 => return Ok(()),
            _ if come.len() > MOST => return Ok(()),
            read => come.extend_from_slice(&buffer[..read]),
        }
    }
}

fn answer(ledger: &mut Ledger, asked: &Message) -> String {
    ledger.calls += 1;
    let person = |text: &str| text.split('^').next().unwrap_or_default().to_owned();
    let (code, more) = match asked.field("MSH", 9).split('^').nth(1).unwrap_or_default() {
        "S25" => {
            let card = person(asked.field("QRD", 8));
            let name = ledger.patients_of(&card).first().map(|patient| patient.name.clone()).unwrap_or_default();
            let visits = ledger.visits_of_card(&card);
            ("AA", visits.iter().map(|visit| listed(visit, &ledger.today, &name)).collect())
        }
        "A04" => match ledger.arrive(&plain(asked.field("PV1", 19)), asked.field("MSH", 3)) {
            Ok(visit) => ("AA", format!("ZQN|{}\r", visit.number.as_deref().unwrap_or_default())),
            Err(why) => {
                let code = match ledger.status(&plain(asked.field("PV1", 19))) {
                    Some(Status::Taken(_)) => "HERE",
                    Some(Status::Unpaid) => "UNPAID",
                    Some(Status::DoctorAway) => "AWAY",
                    Some(_) => "207",
                    None => "NOAPPT",
                };
                ("AE", format!("ERR|||{code}|E||||{why}\r"))
            }
        },
        _ => ("AR", String::new()),
    };
    format!(
        "MSH|^~\\&|RIS|H|||{}080000||ACK|1|P|2.5||||||UNICODE UTF-8\rMSA|{code}|{}\r{more}",
        ledger.today.replace('-', ""),
        asked.field("MSH", 10)
    )
}

/// A visit in the segments of SQR^S25.
fn listed(visit: &Booked, today: &str, name: &str) -> String {
    let status = match visit.status {
        Status::Taken(_) => "Arrived",
        Status::Missed => "Noshow",
        Status::Over => "Cancelled",
        // Whether it is paid for, and all else, is looked at when somebody comes.
        _ => "Booked",
    };
    let day = today.replace('-', "");
    format!(
        "SCH|P-{id}|{id}||||||^门诊|||^^^{day}093000+0800||||||||||||||{status}\rPID|1||||{}\rRGS|1\rAIS|1||K01^{}\r\
         AIP|1||D1^{}\rZQN|{}\r",
        written(name),
        written(&visit.department),
        written(&visit.doctor),
        visit.number.as_deref().unwrap_or_default(),
        id = written(&visit.id),
    )
}

impl Message {
    fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let fields = |segment: &str| segment.split('|').map(str::to_owned).collect();
        Self(text.split('\r').map(fields).collect())
    }

    /// A field of the first such segment, counted as HL7 does; nothing where there is none.
    fn field(&self, segment: &str, index: usize) -> &str {
        let found = self.0.iter().find(|fields| fields.first().is_some_and(|name| name == segment));
        let index = if segment == "MSH" { index - 1 } else { index };
        found.and_then(|fields| fields.get(index)).map_or("", String::as_str)
    }
}

/// What separates is escaped (HL7 2.5, 2.7.1).
const ESCAPES: [(char, &str); 4] = [('|', "\\F\\"), ('^', "\\S\\"), ('&', "\\T\\"), ('~', "\\R\\")];

fn written(text: &str) -> String {
    ESCAPES.iter().fold(text.replace('\\', "\\E\\"), |text, (sign, escape)| text.replace(*sign, escape))
}

fn plain(text: &str) -> String {
    let read = ESCAPES.iter().fold(text.to_owned(), |text, (sign, escape)| text.replace(escape, &sign.to_string()));
    read.replace("\\E\\", "\\")
}

fn lock(books: &Mutex<Ledger>) -> MutexGuard<'_, Ledger> {
    books.lock().unwrap_or_else(PoisonError::into_inner)
}
