//! What a template's fields say of a visit.

use time::macros::format_description;

use super::{encode::Layout, template::Field};
use crate::{
    kiosk::{Phrases, Slip, Wording},
    words::Text,
};

/// What stands before a field, or below a QR code: the template's own words, or those of the lane's language.
pub(super) fn label<'a>(field: Field, own: Option<&'a str>, labelled: bool, phrases: &'a Phrases) -> Option<&'a str> {
    let wording = field.label().filter(|_| labelled);
    own.or_else(|| wording.map(|wording| phrases.text(wording).within(usize::MAX)))
}

/// What a field says, as one text; with a label before it, less of what the label says.
pub(super) fn text(field: Field, labelled: bool, slip: &Slip, layout: &Layout) -> Option<String> {
    let (admission, visit, phrases) = (&slip.admission, &*slip.admission.visit, &*layout.phrases);
    let as_told = |text: &Option<Text>| text.as_ref().map(ToString::to_string);
    let told = |wording, name, value: String| match labelled {
        true => value,
        false => phrases.text(wording).filled(usize::MAX, &[(name, &value)]),
    };
    match field {
        Field::Name => slip.name.as_ref().map(|name| name.reveal().to_owned()),
        Field::Number => as_told(&admission.number),
        Field::Place => as_told(&admission.place).or_else(|| visit.place(None)),
        Field::Time => {
            let format = format_description!("[year]-[month]-[day] [hour]:[minute]");
            slip.at.at_offset(layout.utc_offset).format(format).ok()
        }
        Field::Hospital => as_told(&visit.hospital).or_else(|| layout.house.name.clone()),
        Field::Department => as_told(&visit.department),
        Field::Doctor => visit.doctor_with_title(),
        Field::Room => as_told(&visit.room),
        Field::Floor => as_told(&visit.floor),
        Field::Way => as_told(&visit.way),
        Field::Slot => visit.slot.as_ref().map(|slot| told(Wording::Slot, "time", phrases.slot(slot))),
        Field::Ahead if labelled => visit.ahead.map(|ahead| ahead.to_string()),
        Field::Ahead => visit.ahead.map(|ahead| phrases.ahead(ahead, usize::MAX)),
        Field::Now => visit.now.as_ref().map(|now| told(Wording::Now, "number", now.to_string())),
        Field::Eta => visit.eta.as_ref().map(|eta| told(Wording::Eta, "time", phrases.time(eta))),
        Field::PatientId => visit.patient_id.as_ref().map(|id| id.value.reveal().to_owned()),
        Field::VisitKind => as_told(&visit.visit_kind),
        Field::Sequence => visit.sequence.as_ref().map(|sequence| phrases.sequence(sequence, usize::MAX)),
        Field::Advice => as_told(&visit.advice),
        Field::Missed if visit.advice.is_some() => None,
        Field::Missed => Some(phrases.text(Wording::SlipMissed).within(usize::MAX).to_owned()),
        Field::Logo | Field::Notes | Field::Fields | Field::Qr | Field::Barcode | Field::PatientBarcode => None,
    }
}
