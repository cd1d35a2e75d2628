//! The JSON that the site's system is asked with. Documented in INTERFACE.md.

use serde::Serialize;
use time::format_description::well_known::Rfc3339;

use super::{Passage, Request};
use crate::{
    fault::Code,
    words::{Card, Text},
};

/// `POST {url}/check-ins`. Fields that are not known are left out.
#[derive(Serialize)]
pub(super) struct Question<'a> {
    session: String,
    lane: &'a str,
    mode: &'a str,
    series: &'a str,
    at: String,
    person: Person<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patient: Option<ReadCard<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    choice: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
struct Person<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential_type: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    union_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    openid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_openid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    voucher: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    voucher_kind: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    card: Option<ReadCard<'a>>,
}

/// A document that was read and that nobody has verified: the person's who came with nothing else, or the patient's.
#[derive(Serialize)]
struct ReadCard<'a> {
    name: &'a str,
    credential_type: i64,
    credential_id: &'a str,
}

/// `POST {url}/check-ins/{session}/passage`.
#[derive(Serialize)]
pub(super) struct Report<'a> {
    session: String,
    report: &'a str,
    passage: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    at: String,
}

impl<'a> Report<'a> {
    pub(super) fn of(passage: &'a Passage, utc_offset: i32) -> Self {
        Self {
            session: passage.session.to_string(),
            report: &passage.report,
            passage: passage.word(),
            code: passage.code.map(Code::as_str),
            at: passage.at.at_offset(utc_offset).format(&Rfc3339).unwrap_or_default(),
        }
    }
}

impl<'a> Question<'a> {
    pub(super) fn of(request: &'a Request, utc_offset: i32) -> Self {
        let identity = &request.identity;
        let credential = identity.credential.as_ref();
        Self {
            session: request.session.to_string(),
            lane: &request.lane,
            mode: request.purpose.as_str(),
            series: &request.series,
            at: request.at.at.at_offset(utc_offset).format(&Rfc3339).unwrap_or_default(),
            person: Person {
                name: identity.real_name.as_ref().map(|name| name.reveal()),
                credential_type: credential.map(|credential| credential.kind.number()),
                credential_id: credential.map(|credential| credential.id.reveal()),
                union_id: identity.union_id.as_ref().map(|id| id.reveal()),
                openid: identity.openid.as_ref().map(|id| id.reveal()),
                sub_openid: identity.sub_openid.as_ref().map(|id| id.reveal()),
                voucher: identity.voucher.as_ref().map(|voucher| voucher.reveal()),
                voucher_kind: identity.voucher.as_ref().map(|voucher| voucher.kind.as_str()),
                card: identity.card.as_ref().map(ReadCard::of),
            },
            patient: identity.patient.as_ref().map(ReadCard::of),
            choice: request.choice.as_ref().map(Text::as_str),
        }
    }
}

impl<'a> ReadCard<'a> {
    fn of(card: &'a Card) -> Self {
        Self { name: card.name.reveal(), credential_type: card.kind.number(), credential_id: card.id.reveal() }
    }
}
