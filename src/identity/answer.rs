//! Answers: verified over their raw bytes, then read.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use serde::Deserialize;

use super::{FaceLookup, InfoType, clock::WINDOW, insist::Setback, lenient, open::Opener};
use crate::{
    fault::{Code, Failure},
    http::Response,
    vault::{self, PublicKey, SignedAnswer, Vault, Verified},
    words::{CredentialType, Deadline, Identity, OpenId, UnionId, WallTime},
};

/// Nonces of answers seen lately: an answer that comes twice is a replay.
#[derive(Default)]
pub(super) struct SeenNonces(Mutex<VecDeque<(i64, String)>>);

/// The signature scheme we speak (APIv3 rules, signature verification).
const SIGNATURE_TYPE: &str = "WECHATPAY2-SHA256-RSA2048";

/// Probes begin so (partner documentation 4013059030).
const PROBE: &str = "WECHATPAY/SIGNTEST/";

/// The most nonces remembered; an answer older than the window is refused anyway.
const NONCES: usize = 4096;

/// The longest header of a signature, bytes.
const LONGEST: usize = 1024;

/// The longest identifier taken over, bytes.
const LONGEST_ID: usize = 128;

/// Is this answer wrong on purpose?
pub(super) fn is_probe(response: &Response) -> bool {
    response.header("wechatpay-signature").is_some_and(|signature| signature.starts_with(PROBE))
}

/// Checks age, key, signature and freshness; nothing of the body is looked at before.
pub(super) fn verify(
    lookup: &FaceLookup,
    response: Response,
    offset: i64,
    deadline: Deadline,
) -> Result<Verified, Setback<Failure>> {
    let refuse = |code| Setback::Final(Failure::new(code));
    let header = |name| response.header(name).filter(|value| !value.is_empty() && value.len() <= LONGEST);
    let serial = header("wechatpay-serial").ok_or_else(|| refuse(Code::N310))?.to_owned();
    let key = match &lookup.settings.public_key {
        Some((id, key)) if *id == serial => key.clone(),
        _ => lookup.platform_key(&serial, offset, deadline).map_err(Setback::Final)?,
    };
    check_signature(lookup, response, &key, offset).map_err(refuse)
}

/// Checks an answer with the key it names: scheme, signature, age, and that it did not come before.
pub(super) fn check_signature(
    lookup: &FaceLookup,
    mut response: Response,
    key: &PublicKey,
    offset: i64,
) -> Result<Verified, Code> {
    let header = |name| response.header(name).filter(|value| !value.is_empty() && value.len() <= LONGEST);
    if header("wechatpay-signature-type").is_some_and(|kind| kind != SIGNATURE_TYPE) {
        return Err(Code::N310);
    }
    let signature = header("wechatpay-signature").ok_or(Code::N310)?.to_owned();
    let nonce = header("wechatpay-nonce").ok_or(Code::N310)?.to_owned();
    let timestamp = header("wechatpay-timestamp").ok_or(Code::N310)?.to_owned();
    let signed_at: i64 = timestamp.parse().map_err(|_| Code::N310)?;
    let body = std::mem::take(&mut *response.body);
    let answer = SignedAnswer { timestamp, nonce: nonce.clone(), signature, body };
    let verified = vault::verify(key, answer).map_err(|_| Code::N310)?;
    if !lookup.clock.fits(signed_at, offset) {
        return Err(Code::N312);
    }
    if lookup.seen.saw(lookup.clock.wechat_now(), nonce) {
        return Err(Code::N313);
    }
    lookup.clock.ours().confirm(WallTime(signed_at.saturating_mul(1000)));
    Ok(verified)
}

impl SeenNonces {
    /// Remembers a nonce; true if it had come before.
    fn saw(&self, now: i64, nonce: String) -> bool {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while seen.front().is_some_and(|(at, _)| now.saturating_sub(*at) > 2 * WINDOW) || seen.len() >= NONCES {
            seen.pop_front();
        }
        if seen.iter().any(|(_, other)| *other == nonce) {
            return true;
        }
        seen.push_back((now, nonce));
        false
    }
}

/// `GET /v3/facemch/users/{face_sid}` 200 (face payment documentation, Android, sid, section 7). Unknown members are
/// ignored.
#[derive(Deserialize)]
struct Body {
    #[serde(default, deserialize_with = "lenient::text")]
    union_id: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    openid: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    sub_openid: Option<String>,
    real_name_info: Option<RealNameInfo>,
}

#[derive(Deserialize)]
struct RealNameInfo {
    #[serde(default, deserialize_with = "lenient::text")]
    encrypted_real_name: Option<String>,
    #[serde(default, deserialize_with = "lenient::number")]
    credential_type: Option<i64>,
    #[serde(default, deserialize_with = "lenient::text")]
    encrypted_credential_id: Option<String>,
}

/// Reads a verified answer and opens what is sealed in it.
pub(super) fn read(verified: &Verified, info_type: InfoType, vault: &Vault, opener: &Opener) -> Result<Identity, Code> {
    let body: Body = lenient::read(verified.body()).ok_or(Code::N305)?;
    let id = |text: Option<String>| {
        text.filter(|text| (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()))
    };
    let mut identity = Identity {
        union_id: id(body.union_id).map(UnionId::new),
        openid: id(body.openid).map(OpenId::new),
        sub_openid: id(body.sub_openid).map(OpenId::new),
        ..Identity::default()
    };
    let info = match (info_type, body.real_name_info) {
        (InfoType::UnionId, _) if identity.union_id.is_none() => return Err(Code::N325),
        (InfoType::UnionId, _) => return Ok(identity),
        (InfoType::RealName, None) => return Err(Code::N325),
        (InfoType::RealName, Some(info)) => info,
    };
    let sealed_name = info.encrypted_real_name.filter(|text| !text.is_empty()).ok_or(Code::N325)?;
    let sealed_id = info.encrypted_credential_id.filter(|text| !text.is_empty());
    let kind = info.credential_type.map_or(CredentialType::UNSAID, CredentialType::from_number);
    let name = verified.seal(&sealed_name);
    let number = sealed_id.as_deref().map(|text| verified.seal(text));
    let (name, credential) = opener.open(vault, &name, number.as_ref(), kind).map_err(|_| Code::K405)?;
    identity.real_name = Some(name);
    identity.credential = credential;
    Ok(identity)
}
