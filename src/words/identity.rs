//! What WeChat says about a person.

#[cfg(any(feature = "fhir", feature = "hl7"))]
use super::VoucherKind;
use super::{Card, Credential, InfoType, Private, RealName, Voucher};
#[cfg(feature = "hospital")]
use super::{CredentialId, CredentialType};

/// `openid` or `sub_openid`: a person within one appid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenId(Private);

/// `union_id`: a person within one Open Platform account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnionId(Private);

/// Everything one lookup brought. Every field may be missing: WeChat does not specify which come for which `info_type`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// `union_id`.
    pub union_id: Option<UnionId>,
    /// `openid`.
    pub openid: Option<OpenId>,
    /// `sub_openid`.
    pub sub_openid: Option<OpenId>,
    /// Opened `encrypted_real_name`.
    pub real_name: Option<RealName>,
    /// `credential_type` with opened `encrypted_credential_id`.
    pub credential: Option<Credential>,
    /// A voucher that the site's system understands.
    pub voucher: Option<Voucher>,
    /// The document of somebody who came with nothing else; unverified.
    pub card: Option<Card>,
    /// Whom the visit is for, where that is not the person who came: a child, a parent.
    pub patient: Option<Card>,
}

impl OpenId {
    /// Takes the text as received.
    pub fn new(text: String) -> Self {
        Self(Private::new(text))
    }

    /// The text as received.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }
}

impl UnionId {
    /// Takes the text as received.
    pub fn new(text: String) -> Self {
        Self(Private::new(text))
    }

    /// The text as received.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }
}

impl Identity {
    /// What tells this person from another on one day: the credential, else the union id, a voucher, an openid.
    /// Goes into the keyed hash that correlates journal records; never stored itself.
    pub fn distinguishing(&self) -> Option<Private> {
        let own = if let Some(credential) = &self.credential {
            format!("c:{}", credential.holder().reveal())
        } else if let Some(card) = &self.card {
            format!("c:{}", card.credential().holder().reveal())
        } else if let Some(union_id) = &self.union_id {
            format!("u:{}", union_id.reveal())
        } else if let Some(voucher) = &self.voucher {
            format!("v:{}", voucher.reveal())
        } else {
            let openid = self.sub_openid.as_ref().or(self.openid.as_ref())?;
            format!("o:{}", openid.reveal())
        };
        let own = zeroize::Zeroizing::new(own);
        // One person comes for several: each is a visit of its own.
        let patient =
            self.patient.as_ref().map(|card| format!("|p:{}", card.credential().holder().reveal())).unwrap_or_default();
        Some(Private::new(format!("{}{patient}", *own)))
    }

    /// The name that stands on panel and slip: the patient's, else the person's.
    pub fn name(&self) -> Option<&RealName> {
        let patient = self.patient.as_ref().map(|card| &card.name);
        patient.or(self.real_name.as_ref()).or_else(|| self.card.as_ref().map(|card| &card.name))
    }

    /// The document by which whoever's visit it is is known: the patient's, the person's, or that of somebody who came with it
    /// alone.
    #[cfg(feature = "hospital")]
    pub(crate) fn document(&self) -> Option<(CredentialType, &CredentialId)> {
        let [patient, card] = [&self.patient, &self.card].map(|card| card.as_ref().map(|card| (card.kind, &card.id)));
        patient.or(self.credential.as_ref().map(|own| (own.kind, &own.id))).or(card)
    }

    /// The number by which a hospital knows whoever's visit it is, behind its kind: a document's, by the number of its type, or
    /// that of a card of the insurance or of health, by its word.
    #[cfg(any(feature = "fhir", feature = "hl7"))]
    pub(crate) fn known_by(&self) -> Option<(String, &str)> {
        let document = self.document().map(|(kind, id)| (kind.number().to_string(), id.reveal()));
        let card = || self.voucher.as_ref().filter(|voucher| voucher.kind != VoucherKind::Queue);
        document.or_else(|| card().map(|card| (card.kind.as_str().to_owned(), card.reveal())))
    }

    /// The site's own voucher: what was booked.
    #[cfg(any(feature = "fhir", feature = "hl7"))]
    pub(crate) fn booking(&self) -> Option<&str> {
        let own = self.voucher.as_ref().filter(|voucher| voucher.kind == VoucherKind::Queue);
        own.map(Voucher::reveal)
    }

    /// Everything in it comes from WeChat: no voucher, and no document that was only read or typed.
    pub fn is_vouched_for(&self) -> bool {
        self.voucher.is_none() && self.card.is_none() && self.patient.is_none()
    }

    /// What a lane may know that asks for this much.
    pub(crate) fn limited_to(self, info_type: InfoType) -> Self {
        match info_type {
            InfoType::RealName => self,
            InfoType::UnionId => Self { real_name: None, credential: None, card: None, patient: None, ..self },
        }
    }
}
