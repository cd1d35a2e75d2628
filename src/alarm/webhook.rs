//! An alarm as JSON, posted and signed: `X-Facemchd-Signature: sha256=HEX` is the HMAC-SHA-256 of timestamp, line feed and
//! body.

use std::{path::Path, sync::Arc};

use hmac::{Hmac, Mac as _};
use serde_json::json;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{Collector, Event, Kind, NotTaken, PATIENCE};
use crate::{
    fault::Tongue,
    files::{self, FileError},
    http::{Client, Method, Request},
    words::{Clock, Deadline},
};

pub(super) struct Webhook {
    url: String,
    key: Zeroizing<Vec<u8>>,
    host: String,
    client: Client,
    clock: Arc<dyn Clock>,
}

/// The longest key, bytes.
const LONGEST_KEY: usize = 4096;

/// What a collector answers is not read further.
const MOST: usize = 4096;

impl Webhook {
    pub(super) fn open(
        url: String,
        key: &Path,
        host: String,
        client: Client,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, FileError> {
        Ok(Self { url, key: files::read_secret_line(key, LONGEST_KEY)?, host, client, clock })
    }
}

impl Collector for Webhook {
    fn name(&self) -> &'static str {
        "webhook"
    }

    fn deliver(&self, event: &Event) -> Result<(), NotTaken> {
        let Event { alarm, begins, at, id, .. } = event;
        let body = json!({
            "id": id, "host": self.host, "event": if *begins { "begin" } else { "end" }, "at": at.0, "kind": Kind::of(alarm.code).as_str(),
            "code": alarm.code, "part": alarm.part, "lane": alarm.lane, "merchant": alarm.merchant, "system": alarm.system,
            "days": event.days(),
            "summary": alarm.code.summary(), "cure": alarm.code.cure(), "summary_zh": alarm.code.summary_in(Tongue::Zh),
            "cure_zh": alarm.code.cure_in(Tongue::Zh),
        });
        let (body, timestamp) = (body.to_string(), self.clock.now().wall.unix_seconds().to_string());
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        mac.update(format!("{timestamp}\n{body}").as_bytes());
        let digest = mac.finalize().into_bytes();
        let signature = digest.iter().fold(String::from("sha256="), |hex, byte| format!("{hex}{byte:02x}"));
        let headers = [
            ("Content-Type", "application/json"),
            ("Idempotency-Key", id.as_str()),
            ("X-Facemchd-Timestamp", timestamp.as_str()),
            ("X-Facemchd-Signature", signature.as_str()),
        ];
        let deadline = Deadline::from_now(&*self.clock, PATIENCE);
        let (method, body) = (Method::Post, Some(body.as_bytes()));
        let request = Request { method, url: &self.url, headers: &headers, body, deadline, max_body: MOST };
        match self.client.send(&request)?.status {
            200..=299 => Ok(()),
            status @ (400 | 413 | 422) => Err(NotTaken::ForGood(status)),
            status => Err(NotTaken::Status(status)),
        }
    }
}
