//! `facemchd lane` and `facemchd reprint`: what staff ask of the running daemon.

use std::{
    io::{self, BufRead as _, BufReader, Write},
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

use clap::{ValueEnum, builder::PossibleValue};

use super::{
    Ending, SiteFile,
    phrases::{self, help, staff as say},
    tongue::tongue,
};
use crate::{
    config::Site,
    fault::{Code, exit},
    service::{SOCKET, Said, StaffMode, StaffReply, StaffRequest},
    store::{self, StoreError, Stored, Word},
};

impl ValueEnum for StaffMode {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Normal, Self::Closed, Self::Maintenance]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::Normal => PossibleValue::new("normal").help(help::mode_normal()),
            Self::Closed => PossibleValue::new("closed").help(help::mode_closed()),
            Self::Maintenance => PossibleValue::new("maintenance").help(help::mode_maintenance()),
        })
    }
}

/// A printer may take its time.
const PATIENCE: Duration = Duration::from_secs(65);

/// Opens or closes a lane.
pub(super) fn lane(place: &SiteFile, name: &str, mode: StaffMode, out: &mut dyn Write) -> Result<u8, Ending> {
    ask(&Site::read(&place.config)?, &StaffRequest::Lane { lane: name.to_owned(), mode }, out)
}

/// Prints the slip of a session, or of a queue number's newest session, again.
pub(super) fn reprint(place: &SiteFile, which: &str, out: &mut dyn Write) -> Result<u8, Ending> {
    let site = Site::read(&place.config)?;
    let Some(request) = request(&site.state_dir, which)? else {
        return Err(Ending { line: phrases::no_such_slip(which), exit: exit::FAILED });
    };
    ask(&site, &request, out)
}

/// What the journal still knows of a slip: the newest of this session or number, then what was recorded of its session.
fn request(dir: &Path, which: &str) -> Result<Option<StaffRequest>, StoreError> {
    let mut slip = None;
    store::each(dir, |entry| match entry.stored {
        Stored::Decided { session, code, number, place, visit, .. }
            if session == which || number.as_deref() == Some(which) =>
        {
            let to_verify = code.as_ref().and_then(Word::known) == Some(Code::J510);
            slip = Some((session, number, place, visit, to_verify, entry.at));
        }
        _ => {}
    })?;
    let Some((session, number, place, visit, to_verify, at)) = slip else { return Ok(None) };
    let (mut on, mut last) = (None, 0);
    store::each(dir, |entry| match entry.stored {
        Stored::Opened { session: of, lane, .. } if of == session => on = Some(lane),
        Stored::Printed { session: of, copy, .. } if of == session => last = last.max(copy),
        _ => {}
    })?;
    let reprint = |(lane, copy)| StaffRequest::Reprint { lane, session, copy, number, place, visit, to_verify, at };
    Ok(on.zip(last.checked_add(1)).map(reprint))
}

/// Sends the daemon a request; whoever waits for its answer does so for `patience`.
pub(super) fn send(site: &Site, request: &StaffRequest, patience: Duration) -> Result<UnixStream, Ending> {
    let socket = site.state_dir.join(SOCKET);
    let failed = |error: io::Error| Ending {
        line: format!("{}: {error}\n  {}", socket.display(), phrases::cure_is(phrases::daemon_must_run())),
        exit: exit::UNAVAILABLE,
    };
    let mut stream = UnixStream::connect(&socket).map_err(failed)?;
    stream.set_read_timeout(Some(patience)).map_err(failed)?;
    let mut line = serde_json::to_vec(request).map_err(|error| failed(error.into()))?;
    line.push(b'\n');
    stream.write_all(&line).map_err(failed)?;
    Ok(stream)
}

fn ask(site: &Site, request: &StaffRequest, out: &mut dyn Write) -> Result<u8, Ending> {
    let failed = |error: io::Error| Ending { line: format!("{SOCKET}: {error}"), exit: exit::UNAVAILABLE };
    let stream = send(site, request, PATIENCE)?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).map_err(failed)?;
    let reply: StaffReply = serde_json::from_str(&answer).map_err(|error| failed(error.into()))?;
    let told = reply.said.map_or(reply.told, |said| told(said, request));
    writeln!(out, "{told}").map_err(|error| Ending::io("standard output", &error))?;
    Ok(if reply.done { exit::OK } else { exit::FAILED })
}

fn told(said: Said, request: &StaffRequest) -> String {
    let lane = match request {
        StaffRequest::Lane { lane, .. } | StaffRequest::Reprint { lane, .. } => lane.as_str(),
        _ => "",
    };
    match said {
        Said::Mode(StaffMode::Normal) => say::lane_normal(lane),
        Said::Mode(StaffMode::Closed) => say::lane_closed(lane),
        Said::Mode(StaffMode::Maintenance) => say::lane_maintenance(lane),
        Said::Printed => say::printed(),
        Said::NotPrinted(code) => say::not_printed(code, phrases::summary(code), code.cure_in(tongue())),
        Said::Unacknowledged => say::unacknowledged(),
        Said::NoWord => say::no_word(),
        Said::NoSuchLane => phrases::no_such_lane(),
        Said::NoSuchSession => say::no_such_session(),
        Said::TooMany => say::too_many(),
        Said::Busy => say::busy(),
    }
}
