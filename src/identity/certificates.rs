//! WeChat's platform certificates: downloaded, opened, cached, rotated (APIv3, `GET /v3/certificates`).

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::Deserialize;

use super::{FaceLookup, LookupError, answer, attempt::Setback, target};
use crate::{
    fault::Code,
    vault::{CertificateFacts, PublicKey},
    words::{Deadline, Moment, Now, WallTime},
};

/// Where certificates outlive the program. May be emptied at any time.
pub trait CertificateCache: Send + Sync {
    /// The PEM texts of the last [`CertificateCache::save`], or none.
    fn load(&self) -> Vec<String>;
    /// Replaces what is kept. Failing is not an error: they are downloaded again.
    fn save(&self, pems: &[String]);
}

pub(super) struct Certificates {
    cache: Arc<dyn CertificateCache>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    list: Vec<Platform>,
    /// When a download was last tried, whatever came of it.
    tried: Option<Moment>,
}

#[derive(Clone)]
struct Platform {
    facts: CertificateFacts,
    key: PublicKey,
    pem: String,
}

/// New certificates appear at least a day before their use.
const REFRESH: Duration = Duration::from_secs(12 * 3600);

/// However often an unknown serial number comes, no more than one download in this time.
const AT_MOST_EVERY: Duration = Duration::from_secs(60);

/// The most certificates kept: two overlap in a rotation.
const MOST: usize = 8;

/// `GET /v3/certificates` 200.
#[derive(Deserialize)]
struct Download {
    data: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    encrypt_certificate: Encrypted,
}

#[derive(Deserialize)]
struct Encrypted {
    nonce: String,
    associated_data: String,
    ciphertext: String,
}

impl Certificates {
    pub(super) fn load(cache: Arc<dyn CertificateCache>) -> Self {
        let list = cache.load().iter().filter_map(|pem| Platform::parse(pem)).take(MOST).collect();
        Self { cache, known: Mutex::new(Known { list, tried: None }) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.known().list.is_empty()
    }

    pub(super) fn is_due(&self, now: Now) -> bool {
        let known = self.known();
        known.list.is_empty() || known.tried.is_none_or(|tried| now.moment.since(tried) >= REFRESH)
    }

    /// The key of a certificate that is valid now.
    pub(super) fn key(&self, serial: &str, now: WallTime) -> Option<PublicKey> {
        let known = self.known();
        let valid = |platform: &&Platform| platform.facts.serial_no == serial && platform.is_valid(now);
        known.list.iter().find(valid).map(|platform| platform.key.clone())
    }

    /// The serial number that answers are asked to be signed with.
    pub(super) fn newest_serial(&self, now: WallTime) -> Option<String> {
        let known = self.known();
        let newest = known.list.iter().filter(|platform| platform.is_valid(now)).max_by_key(|p| p.facts.not_before)?;
        Some(newest.facts.serial_no.clone())
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True for the one caller that may download now.
    fn may_try(&self, now: Moment) -> bool {
        let mut known = self.known();
        let allowed = known.tried.is_none_or(|tried| now.since(tried) >= AT_MOST_EVERY);
        if allowed {
            known.tried = Some(now);
        }
        allowed
    }

    /// Adds what was downloaded; those of before stay while they are valid, because both are used in a rotation.
    fn add(&self, fresh: Vec<Platform>, now: WallTime) {
        let mut known = self.known();
        let serials: Vec<_> = fresh.iter().map(|platform| platform.facts.serial_no.clone()).collect();
        known.list.retain(|old| old.is_valid(now) && !serials.contains(&old.facts.serial_no));
        known.list.splice(0..0, fresh);
        known.list.truncate(MOST);
        let pems: Vec<_> = known.list.iter().map(|platform| platform.pem.clone()).collect();
        drop(known);
        self.cache.save(&pems);
    }
}

impl Platform {
    fn parse(pem: &str) -> Option<Self> {
        let (key, facts) = PublicKey::from_certificate_pem(pem.as_bytes())?;
        Some(Self { facts, key, pem: pem.to_owned() })
    }

    fn is_valid(&self, now: WallTime) -> bool {
        (self.facts.not_before..=self.facts.not_after).contains(&now)
    }
}

impl FaceLookup {
    /// The key of a serial number met for the first time, if a download brings it.
    pub(super) fn fetch_unknown(&self, serial: &str, deadline: Deadline) -> Option<PublicKey> {
        if self.settings.public_key.is_some() && !self.vault.can_open_certificates() {
            return None;
        }
        if !self.certificates.may_try(self.clock.now().moment) {
            return None;
        }
        self.download(deadline).ok()?;
        self.certificates.key(serial, self.clock.now().wall)
    }

    /// Downloads at most once a minute; answers with an error that says why there is none.
    pub(super) fn download_certificates(&self, deadline: Deadline) -> Result<(), LookupError> {
        if !self.certificates.may_try(self.clock.now().moment) {
            return Err(LookupError::new(Code::N311));
        }
        self.download(deadline)
    }

    /// The answer is first opened under the APIv3 key, which authenticates it, and then verified with the very
    /// certificates it brought.
    fn download(&self, deadline: Deadline) -> Result<(), LookupError> {
        let response = match self.send(target::CERTIFICATES, deadline) {
            Ok(response) => response,
            Err(Setback::Final(error) | Setback::Broken(error) | Setback::Wait(_, error)) => return Err(error),
            Err(Setback::Probe | Setback::Clock) => return Err(LookupError::new(Code::N310)),
        };
        match response.status {
            200 => {}
            // Merchants in public-key mode have no certificates; their key has to be set in the site file.
            404 => return Err(LookupError::new(Code::N311)),
            401 => return Err(LookupError::new(Code::N322)),
            _ => return Err(LookupError::new(Code::N324)),
        }
        let unreadable = || LookupError::new(Code::N305);
        let download: Download = serde_json::from_slice(&response.body).map_err(|_| unreadable())?;
        let mut fresh = Vec::new();
        for Entry { encrypt_certificate: sealed } in download.data.iter().take(MOST) {
            let ciphertext = BASE64_STANDARD.decode(sealed.ciphertext.as_bytes()).map_err(|_| unreadable())?;
            let pem =
                self.vault.open_certificate(sealed.nonce.as_bytes(), sealed.associated_data.as_bytes(), &ciphertext)?;
            let pem = String::from_utf8(pem).map_err(|_| unreadable())?;
            fresh.push(Platform::parse(&pem).ok_or_else(unreadable)?);
        }
        let signer = response.header("wechatpay-serial").unwrap_or("").to_owned();
        let now = self.clock.now().wall;
        let by_new = fresh.iter().find(|platform| platform.facts.serial_no == signer).map(|p| p.key.clone());
        let key = by_new.or_else(|| self.certificates.key(&signer, now));
        let key = key.ok_or_else(|| LookupError::new(Code::N311))?;
        answer::check_signature(self, response, &key).map_err(LookupError::new)?;
        self.certificates.add(fresh, now);
        Ok(())
    }
}
