//! WeChat's answer to "who is this?": `GET /v3/facemch/users/{face_sid}` (face payment documentation, Android,
//! sid, section 7; APIv3 rules).
//!
//! Composes the request, has it signed, asks, verifies the answer over its raw bytes, has the name opened, and judges
//! whether what came out is a name. Everything happens within one deadline; nothing is ever asked twice that was
//! answered, except the probe that WeChat itself announces.
//!
//! What it does not do: decide what the person sees, keep anything of the person, or log.

mod answer;
mod attempt;
mod authinfo;
mod certificates;
mod charset;
mod clock;
mod domains;
mod echo;
mod error;
mod insist;
mod lenient;
mod merchant;
mod merchants;
mod one_fetch;
mod open;
mod permission;
mod refusal;
mod target;
mod values;
mod view;
mod ways;
mod wechatpay;
pub mod weixin;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

pub(crate) use self::error::unanswered;
pub(crate) use self::merchant::fit_together;
use self::{
    answer::SeenNonces, certificates::Certificates, domains::Domains, open::Opener, permission::Permissions,
    target::Call,
};
pub use self::{
    authinfo::{AuthInfo, AuthInfoSettings},
    certificates::CertificateCache,
    clock::{WechatClock, http_date},
    merchant::Merchant,
    merchants::Merchants,
    permission::{Permission, PermissionLog},
    view::WechatView,
    ways::Ways,
    wechatpay::{CharsetChoice, PaddingChoice, WechatPay},
};
pub use crate::words::InfoType;
use crate::{
    fault::{Code, Failure},
    http::Client,
    vault::{PublicKey, Vault},
    words::{Contact, Deadline, FaceSid, Identity, Moment, WallTime},
};

/// How WeChat is asked, and in whose name.
pub struct FaceSettings {
    /// How WeChat Pay is asked, and how its answers are read.
    pub wechatpay: WechatPay,
    /// Who asks.
    pub merchant: Merchant,
    /// What is asked for where no lane says more.
    pub info_type: InfoType,
    /// `PUB_KEY_ID_…` and WeChat Pay's public key, read; none in certificate mode.
    pub public_key: Option<(String, PublicKey)>,
}

/// The lookup. Shared by all workers.
pub struct FaceLookup {
    settings: FaceSettings,
    vault: Arc<Vault>,
    client: Client,
    clock: Arc<WechatClock>,
    certificates: Certificates,
    seen: SeenNonces,
    opener: Opener,
    permissions: Permissions,
    domains: Domains,
    last_contact: Mutex<Option<Moment>>,
    /// How the last question ended.
    contact: Mutex<Option<Contact>>,
    warming: AtomicBool,
}

/// A connection used more recently than this is still open at WeChat's side (it closes after eight seconds).
const FRESH: Duration = Duration::from_secs(6);

impl FaceLookup {
    /// Everything ready; connects to nothing.
    pub fn new(
        settings: FaceSettings,
        vault: Arc<Vault>,
        client: Client,
        clock: Arc<WechatClock>,
        cache: Arc<dyn CertificateCache>,
    ) -> Self {
        Self {
            opener: Opener::new(settings.wechatpay.padding, settings.wechatpay.charset),
            certificates: Certificates::load(cache),
            seen: SeenNonces::default(),
            permissions: Permissions::default(),
            domains: Domains::default(),
            last_contact: Mutex::new(None),
            contact: Mutex::new(None),
            warming: AtomicBool::new(false),
            settings,
            vault,
            client,
            clock,
        }
    }

    /// Asks who is behind a `face_sid`, until `deadline` at the latest, for what the settings say. Blocks.
    ///
    /// # Errors
    /// As [`FaceLookup::look_up_for`].
    pub fn look_up(&self, face_sid: &FaceSid, deadline: Deadline) -> Result<Identity, Failure> {
        self.look_up_for(face_sid, self.settings.info_type, deadline)
    }

    /// The same for what one lane asks for.
    ///
    /// # Errors
    /// Every failure carries the operator's code; all failures to open a name are K405 and look alike.
    pub(crate) fn look_up_for(
        &self,
        face_sid: &FaceSid,
        info_type: InfoType,
        deadline: Deadline,
    ) -> Result<Identity, Failure> {
        let wanted = self.permissions.wanted(info_type, self.clock.now().moment);
        let result = self.look_up_as(face_sid, wanted, deadline);
        let refused = matches!(&result, Err(error) if error.code() == Code::N321);
        if result.is_ok() || refused {
            self.permissions.note(wanted, !refused, self.clock.now());
        }
        if refused && wanted == InfoType::RealName && self.settings.wechatpay.fallback_to_union_id {
            // A refusal for want of permission has not used the face up, as far as is known.
            return self.look_up_as(face_sid, InfoType::UnionId, deadline);
        }
        result
    }

    fn look_up_as(&self, face_sid: &FaceSid, info_type: InfoType, deadline: Deadline) -> Result<Identity, Failure> {
        let target = target::of(&self.settings.merchant, info_type, face_sid);
        let (verified, request_id) = self.ask(Call::get(target.reveal()), deadline)?;
        answer::read(&verified, info_type, &self.vault, &self.opener)
            .map_err(|code| Failure::new(code).with_reference(request_id.as_deref()))
    }

    /// Hears of every permission that WeChat grants or refuses.
    pub fn with_permission_log(mut self, log: Arc<dyn PermissionLog>) -> Self {
        self.permissions = Permissions::new(log, self.settings.wechatpay.fallback_to_union_id);
        self
    }

    /// Makes the connection ready, because a face may follow. Cheap, one at a time, nothing when one is ready.
    ///
    /// # Errors
    /// Where certificates have to be there first: why they are not.
    pub fn warm(&self, deadline: Deadline) -> Result<(), Failure> {
        self.have_certificates(deadline)?;
        if self.is_fresh() || self.warming.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        // Any answer will do: a connection is what is wanted.
        let answer = self.send(target::CERTIFICATES, deadline, self.clock.offset());
        self.note_contact(answer.err().map(|setback| setback.into_error().code()));
        self.warming.store(false, Ordering::Release);
        Ok(())
    }

    /// Refreshes platform certificates when they are due. Nothing in public-key mode.
    ///
    /// # Errors
    /// As [`FaceLookup::look_up`], for the log: those of before, or the next face's own download, will do meanwhile.
    pub fn maintain(&self, deadline: Deadline) -> Result<(), Failure> {
        if self.is_due() { self.refresh_certificates(deadline) } else { Ok(()) }
    }

    /// Are platform certificates to be refreshed?
    fn is_due(&self) -> bool {
        self.settings.public_key.is_none() && self.certificates.is_due(self.clock.now().moment)
    }

    /// WeChat's clock.
    pub fn clock(&self) -> &WechatClock {
        &self.clock
    }

    /// The time at WeChat under an offset, seconds that its clock is ahead of ours.
    fn wechat_time(&self, offset: i64) -> WallTime {
        WallTime(self.clock.seconds(offset).saturating_mul(1000))
    }

    fn is_fresh(&self) -> bool {
        let last = *self.last_contact.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        last.is_some_and(|last| self.clock.now().moment.since(last) < FRESH)
    }
}
