//! `[checkin.fhir]`

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::files::Anchored;

/// `[checkin.fhir]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct FhirSettings {
    /// Systems of a document's number, by the number of its kind.
    pub(super) systems: BTreeMap<String, String>,
    /// System of an appointment's identifier that people bring as a voucher.
    pub(super) voucher_system: Option<String>,
    /// System of the identifier under which an appointment, or else its encounter, bears the queue number.
    pub(super) number_system: Option<String>,
    /// System of our sessions.
    pub(super) session_system: String,
    /// So many minutes before its start an appointment can be checked in; without it, all day.
    pub(super) early_minutes: Option<u16>,
    /// So many minutes after its start it still can.
    pub(super) late_minutes: Option<u16>,
    /// An appointment that is `noshow` can be checked in again.
    pub(super) requeue: bool,
    /// An encounter is made for who has arrived.
    pub(super) encounter: bool,
    /// File of the bearer token.
    pub token: Option<Anchored>,
}

impl Default for FhirSettings {
    fn default() -> Self {
        // GB 11643 numbers, as the Chinese interoperability standards have them.
        let systems = BTreeMap::from([("1".to_owned(), "urn:oid:2.16.156.10011.1.3".to_owned())]);
        Self {
            systems,
            voucher_system: None,
            number_system: None,
            session_system: "urn:facemchd:session".to_owned(),
            early_minutes: None,
            late_minutes: None,
            requeue: false,
            encounter: true,
            token: None,
        }
    }
}
