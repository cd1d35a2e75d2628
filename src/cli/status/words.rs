//! Words of the wire, as a technician reads them.

use crate::{
    cli::phrases::status as say,
    kiosk::{Device, OutcomeResult, SceneKind},
};

pub(super) fn scene(kind: SceneKind) -> String {
    match kind {
        SceneKind::Idle => say::scene_idle(),
        SceneKind::AskConsent => say::scene_ask_consent(),
        SceneKind::CardLaid => say::scene_card_laid(),
        SceneKind::ConfirmCard => say::scene_confirm_card(),
        SceneKind::LookingUp => say::scene_looking_up(),
        SceneKind::CheckingIn => say::scene_checking_in(),
        SceneKind::Admitted => say::scene_admitted(),
        SceneKind::Already => say::scene_already(),
        SceneKind::ReQueued => say::scene_re_queued(),
        SceneKind::ToVerify => say::scene_to_verify(),
        SceneKind::Choose => say::scene_choose(),
        SceneKind::NotFound => say::scene_not_found(),
        SceneKind::TooEarly => say::scene_too_early(),
        SceneKind::TooLate => say::scene_too_late(),
        SceneKind::Refused => say::scene_refused(),
        SceneKind::LookAgain => say::scene_look_again(),
        SceneKind::Cancelled => say::scene_cancelled(),
        SceneKind::TookTooLong => say::scene_took_too_long(),
        SceneKind::Unknown => say::scene_unknown(),
        SceneKind::Failed => say::scene_failed(),
        SceneKind::OutOfOrder => say::scene_out_of_order(),
        SceneKind::OtherWay => say::scene_other_way(),
        SceneKind::StaffCalled => say::scene_staff_called(),
        SceneKind::OneByOne => say::scene_one_by_one(),
        SceneKind::Closed => say::scene_closed(),
        SceneKind::Maintenance => say::scene_maintenance(),
        SceneKind::Evacuate => say::scene_evacuate(),
    }
}

pub(super) fn result(result: OutcomeResult) -> String {
    match result {
        OutcomeResult::CheckedIn => say::result_checked_in(),
        OutcomeResult::Already => say::result_already(),
        OutcomeResult::ReQueued => say::result_re_queued(),
        OutcomeResult::Refused => say::result_refused(),
        OutcomeResult::Failed => say::result_failed(),
        OutcomeResult::Cancelled => say::result_cancelled(),
        OutcomeResult::Interrupted => say::result_interrupted(),
        OutcomeResult::Unknown => say::result_unknown(),
        OutcomeResult::Annulled => say::result_annulled(),
    }
}

pub(super) fn device(device: Device) -> String {
    match device {
        Device::Terminal => say::device_terminal(),
        Device::Panel => say::device_panel(),
        Device::Printer => say::device_printer(),
        Device::Paper => say::device_paper(),
        Device::Case => say::device_case(),
        Device::Inputs => say::device_inputs(),
        Device::Site => say::device_site(),
        Device::Gate => say::device_gate(),
        Device::Indicators => say::device_lights(),
        Device::Voice => say::device_voice(),
        Device::Fire => say::device_fire(),
    }
}
