//! Where a roster lies, and whether it is another one now.

use std::{path::PathBuf, time::Duration};

use super::list::{LARGEST, RosterError};
use crate::{
    fault::{Code, Failure},
    files::{self, Seen},
    http::{Client, Method, Request},
    words::Deadline,
};

/// Where it lies.
pub enum Source {
    /// A file that somebody puts there.
    File(PathBuf),
    /// Where it is fetched.
    Url {
        /// Its whole address.
        url: String,
        /// The way to it.
        client: Client,
        /// Where the last one is kept, for a start without the network.
        kept: PathBuf,
    },
}

/// How often a file is looked at.
pub(super) const LOOK_EACH: Duration = Duration::from_secs(5);

/// How often one is fetched while there is none of today.
pub(super) const FETCH_EACH: Duration = Duration::from_secs(30);

/// The same while there is one.
pub(super) const FETCH_AGAIN: Duration = Duration::from_secs(600);

impl Source {
    /// What lies on this machine, where it is not what was seen before.
    pub(super) fn here(&self, seen: &mut Option<Seen>) -> Option<Result<Vec<u8>, RosterError>> {
        let file = match self {
            Self::File(file) => file,
            Self::Url { kept, .. } => kept,
        };
        let now = files::seen(file);
        if now == *seen && (now.is_some() || self.is_fetched()) {
            return None;
        }
        *seen = now;
        Some(files::read(file, LARGEST).map_err(RosterError::from))
    }

    /// Fetches it, where it is to be fetched.
    pub(super) fn fetch(&self, deadline: Deadline) -> Option<Result<Vec<u8>, RosterError>> {
        let Self::Url { url, client, .. } = self else { return None };
        let headers = [("Accept", "text/plain")];
        let request = Request { method: Method::Get, url, headers: &headers, body: None, deadline, max_body: LARGEST };
        Some(match client.send(&request) {
            Ok(response) if response.status == 200 => Ok(response.body.to_vec()),
            Ok(response) => Err(RosterError::Status(response.status)),
            Err(error) => Err(RosterError::Fetch(error)),
        })
    }

    /// Keeps what was fetched and is good. That it cannot be kept costs nobody before the next start.
    pub(super) fn keep(&self, bytes: &[u8]) -> Result<(), Failure> {
        let Self::Url { kept, .. } = self else { return Ok(()) };
        let unkept = || Failure::new(Code::C103).told("the roster cannot be kept for a start without the network");
        files::replace(kept, bytes).map_err(|error| unkept().because(error))
    }

    pub(super) fn is_fetched(&self) -> bool {
        matches!(self, Self::Url { .. })
    }
}
