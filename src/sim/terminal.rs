//! A face terminal's side of the line: sends frames, reads what comes back.

use std::{
    io::{self, BufRead as _, BufReader, Read, Write},
    os::unix::net::UnixStream,
    path::Path,
    thread,
    time::Duration,
};

use serde_json::{Value, json};

/// A connected terminal.
pub struct Terminal {
    line: BufReader<Box<dyn Line>>,
    seq: u64,
    /// What has come of a line whose end has not.
    begun: Vec<u8>,
}

/// What a terminal speaks over.
pub trait Line: Read + Write + Send {}

impl<T: Read + Write + Send> Line for T {}

/// How often a socket that is not there yet is tried.
const AGAIN: Duration = Duration::from_millis(20);

impl Terminal {
    /// Connects, waiting up to five seconds for the socket to be there. A read waits up to `patience`.
    pub fn connect(path: &Path, patience: Duration) -> io::Result<Self> {
        let mut tries = 0;
        let socket = loop {
            match UnixStream::connect(path) {
                Ok(socket) => break socket,
                Err(error) if tries == 250 => return Err(error),
                Err(_) => thread::sleep(AGAIN),
            }
            tries += 1;
        };
        socket.set_read_timeout(Some(patience))?;
        socket.set_write_timeout(Some(patience))?;
        Ok(Self::over(socket))
    }

    /// Speaks over whatever connection.
    pub fn over(line: impl Line + 'static) -> Self {
        Self { line: BufReader::new(Box::new(line)), seq: 0, begun: Vec::new() }
    }

    /// Sends a frame with the next number, which it returns.
    pub fn send(&mut self, kind: &str, fields: &Value) -> io::Result<u64> {
        self.seq += 1;
        let mut frame = json!({ "v": 1, "type": kind, "seq": self.seq });
        for (name, value) in fields.as_object().into_iter().flatten() {
            frame[name] = value.clone();
        }
        self.send_bytes(format!("{frame}\n").as_bytes())?;
        Ok(self.seq)
    }

    /// Sends a recognised face.
    pub fn face(&mut self, face_sid: &str, consent: bool) -> io::Result<u64> {
        self.send("face", &recognised(face_sid, consent))
    }

    /// Sends whatever bytes.
    pub fn send_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.line.get_mut().write_all(bytes)?;
        self.line.get_mut().flush()
    }

    /// The next frame that comes back.
    pub fn receive(&mut self) -> io::Result<Value> {
        let mut line = String::new();
        if self.line.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        serde_json::from_str(&line).map_err(io::Error::other)
    }

    /// The next frame, or none where its end does not come within the patience.
    pub(crate) fn poll(&mut self) -> io::Result<Option<Value>> {
        match self.line.read_until(b'\n', &mut self.begun) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) if self.begun.ends_with(b"\n") => {
                let line = std::mem::take(&mut self.begun);
                serde_json::from_slice(&line).map(Some).map_err(io::Error::other)
            }
            Ok(_) => Err(io::ErrorKind::UnexpectedEof.into()),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The next frame of this type; others are passed over.
    pub fn receive_type(&mut self, kind: &str) -> io::Result<Value> {
        loop {
            let frame = self.receive()?;
            if frame["type"] == kind {
                return Ok(frame);
            }
        }
    }
}

/// What a terminal says of a recognised face, as WeChat's SDK hands it out.
pub(crate) fn recognised(face_sid: &str, consent: bool) -> Value {
    json!({
        "terminal": "TWIN-1", "return_code": "SUCCESS", "face_sid": face_sid,
        "openid": "oOpenid", "sub_openid": "oSubOpenid", "consent": consent,
    })
}
