//! WeChat's platform certificates: downloaded, opened, cached, rotated (APIv3, `GET /v3/certificates`).

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::Deserialize;

use super::{FaceLookup, answer, insist::Setback, lenient, one_fetch::OneFetch, target};
use crate::{
    fault::{Code, Failure},
    http::Response,
    vault::{CertificateFacts, PublicKey},
    words::{Deadline, Moment, SerialNo, WallTime},
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
    fetch: OneFetch,
}

#[derive(Default)]
struct Known {
    list: Vec<Platform>,
    /// When the last download brought any.
    brought: Option<Moment>,
}

#[derive(Clone)]
struct Platform {
    facts: CertificateFacts,
    /// The serial number in WeChat's own form, where it was told.
    shown: Option<SerialNo>,
    key: PublicKey,
    pem: String,
}

/// New certificates appear at least a day before their use.
const REFRESH: Duration = Duration::from_secs(12 * 3600);

/// However often an unknown serial number comes, what a download has just brought is not downloaded again within this
/// time. One that brought nothing may be repeated by the next face.
const AT_MOST_EVERY: Duration = Duration::from_secs(60);

/// The most certificates kept: two overlap in a rotation.
const MOST: usize = 8;

/// `GET /v3/certificates` 200.
#[derive(Deserialize)]
struct Download {
    #[serde(default, deserialize_with = "lenient::list")]
    data: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default, deserialize_with = "lenient::text")]
    serial_no: Option<String>,
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
        Self { cache, known: Mutex::new(Known { list, brought: None }), fetch: OneFetch::default() }
    }

    /// When the last of them ends.
    pub(super) fn last_end(&self) -> Option<WallTime> {
        self.known().list.iter().map(|platform| platform.facts.not_after).max()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.known().list.is_empty()
    }

    pub(super) fn is_due(&self, now: Moment) -> bool {
        self.known().brought.is_none_or(|brought| now.since(brought) >= REFRESH)
    }

    /// A download has just brought what there is.
    fn is_fresh(&self, now: Moment) -> bool {
        self.known().brought.is_some_and(|brought| now.since(brought) < AT_MOST_EVERY)
    }

    /// The key of a certificate that is valid now.
    fn key(&self, serial: &SerialNo, now: WallTime) -> Option<PublicKey> {
        let known = self.known();
        let valid = |platform: &&Platform| platform.facts.serial_no == *serial && platform.is_valid(now);
        known.list.iter().find(valid).map(|platform| platform.key.clone())
    }

    /// The serial number that answers are asked to be signed with.
    pub(super) fn newest_serial(&self, now: WallTime) -> Option<String> {
        let known = self.known();
        let newest = known.list.iter().filter(|platform| platform.is_valid(now)).max_by_key(|p| p.facts.not_before)?;
        Some(newest.shown.as_ref().unwrap_or(&newest.facts.serial_no).as_str().to_owned())
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds what was downloaded; those of before stay while they are valid, because both are used in a rotation. All of
    /// them come back, to be kept.
    fn add(&self, fresh: Vec<Platform>, now: WallTime, at: Moment) -> Vec<String> {
        let mut known = self.known();
        let is_new = |old: &Platform| fresh.iter().all(|new| new.facts.serial_no != old.facts.serial_no);
        known.list.retain(|old| old.is_valid(now) && is_new(old));
        known.list.splice(0..0, fresh);
        known.list.truncate(MOST);
        known.brought = Some(at);
        known.list.iter().map(|platform| platform.pem.clone()).collect()
    }
}

impl Platform {
    fn parse(pem: &str) -> Option<Self> {
        let (key, facts) = PublicKey::from_certificate_pem(pem.as_bytes())?;
        Some(Self { facts, shown: None, key, pem: pem.to_owned() })
    }

    fn is_valid(&self, now: WallTime) -> bool {
        (self.facts.not_before..=self.facts.not_after).contains(&now)
    }
}

impl FaceLookup {
    /// Certificates of any kind, in certificate mode: whoever comes while they are being downloaded waits for them.
    pub(super) fn have_certificates(&self, deadline: Deadline) -> Result<(), Failure> {
        if self.settings.public_key.is_some() || !self.certificates.is_empty() {
            return Ok(());
        }
        self.fetch_certificates(deadline, || !self.certificates.is_empty())
    }

    /// New ones appear long before they are used.
    pub(super) fn refresh_certificates(&self, deadline: Deadline) -> Result<(), Failure> {
        self.fetch_certificates(deadline, || !self.certificates.is_due(self.clock.now().moment))
    }

    /// The key that an answer names; met for the first time, it may be in a download.
    pub(super) fn platform_key(&self, serial: &str, offset: i64, deadline: Deadline) -> Result<PublicKey, Failure> {
        let unknown = || Failure::new(Code::N311);
        let serial = SerialNo::parse(serial).ok_or_else(unknown)?;
        let known = || self.certificates.key(&serial, self.wechat_time(offset));
        if let Some(key) = known() {
            return Ok(key);
        }
        if !self.vault.can_open_certificates() {
            return Err(unknown());
        }
        let cannot_help = || known().is_some() || self.certificates.is_fresh(self.clock.now().moment);
        self.fetch_certificates(deadline, cannot_help)?;
        known().ok_or_else(unknown)
    }

    fn fetch_certificates(&self, deadline: Deadline, needless: impl Fn() -> bool) -> Result<(), Failure> {
        let mut brought = None;
        self.certificates.fetch.run(self.clock.ours(), deadline, || {
            if !needless() {
                brought = Some(self.download(deadline)?);
            }
            Ok::<_, Failure>(())
        })?;
        // Those who waited have what they waited for; a slow card keeps them no longer.
        if let Some(pems) = brought {
            self.certificates.cache.save(&pems);
        }
        Ok(())
    }

    fn download(&self, deadline: Deadline) -> Result<Vec<String>, Failure> {
        self.ask_for(target::CERTIFICATES, deadline, |response, offset| {
            self.take(response, offset).map_err(Setback::Final)
        })
        .map_err(|error| match error.code() {
            // Merchants in public-key mode have no certificates; their key has to be set in the site file.
            Code::N320 => Failure::new(Code::N311),
            _ => error,
        })
    }

    /// The answer is first opened under the APIv3 key, which authenticates it, and then verified with the very
    /// certificates it brought.
    fn take(&self, response: Response, offset: i64) -> Result<Vec<String>, Failure> {
        let unreadable = || Failure::new(Code::N305);
        let download: Download = lenient::read(&response.body).ok_or_else(unreadable)?;
        let mut fresh = Vec::new();
        for Entry { serial_no, encrypt_certificate: sealed } in download.data.iter().take(MOST) {
            let ciphertext = BASE64_STANDARD.decode(sealed.ciphertext.as_bytes()).map_err(|_| unreadable())?;
            let pem =
                self.vault.open_certificate(sealed.nonce.as_bytes(), sealed.associated_data.as_bytes(), &ciphertext)?;
            let pem = String::from_utf8(pem).map_err(|_| unreadable())?;
            let mut platform = Platform::parse(&pem).ok_or_else(unreadable)?;
            let shown = serial_no.as_deref().and_then(SerialNo::parse);
            platform.shown = shown.filter(|shown| *shown == platform.facts.serial_no);
            fresh.push(platform);
        }
        let signer = response.header("wechatpay-serial").and_then(SerialNo::parse);
        let signer = signer.ok_or_else(|| Failure::new(Code::N310))?;
        let by_new = fresh.iter().find(|platform| platform.facts.serial_no == signer).map(|p| p.key.clone());
        let key = by_new.or_else(|| self.certificates.key(&signer, self.wechat_time(offset)));
        let key = key.ok_or_else(|| Failure::new(Code::N311))?;
        answer::check_signature(self, response, &key, offset).map_err(Failure::new)?;
        Ok(self.certificates.add(fresh, self.wechat_time(offset), self.clock.now().moment))
    }
}
