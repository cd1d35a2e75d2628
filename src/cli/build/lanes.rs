//! Lanes as the core sees them: what was opened, and what has a judge.

use std::sync::Arc;

use crate::{
    board::PanelPlace,
    checkin::CheckInSettings,
    cli::{Ending, wires::LaneDevices},
    config::{Lane, Site},
    device::{InputLine, Role},
    fault::Code,
    kiosk::{self, OtherWay},
    words::InfoType,
};

/// What a document that was only read is good for on a lane: everything else needs somebody who judges it.
fn card_uses(site: &Site, lane: &Lane) -> kiosk::CardUses {
    let named = site.info_type_of(lane) == InfoType::RealName;
    kiosk::CardUses {
        patient: named && site.judges(lane),
        claim: named && site.weixin.is_some(),
        alone: named && lane.takes(OtherWay::IdCard, site.judges(lane)),
    }
}

/// The buttons of a lane whose screen is this kiosk's own: options are turned by them in pages, which a page's touch turns
/// as well. A terminal's screen is touched, and numbers its options.
fn buttons(lane: &Lane, devices: &LaneDevices) -> Vec<u8> {
    let is_page = |place: &PanelPlace| place.is_elsewhere() && *place != PanelPlace::Terminal;
    let is_ours = devices.panel.is_some() || lane.panel.as_ref().is_some_and(is_page);
    let lines = devices.inputs.iter().filter(|_| is_ours).flat_map(|inputs| &inputs.lines);
    let digit = |line: &InputLine| match line.role {
        Role::Button(kiosk::Button::Choice(digit)) => Some(digit),
        _ => None,
    };
    let mut digits: Vec<u8> = lines.filter_map(digit).collect();
    digits.sort_unstable();
    digits
}

/// Scenes are said, whether they are shown or not.
#[cfg(feature = "voice")]
fn speaks(devices: &LaneDevices) -> bool {
    devices.voice.is_some()
}

#[cfg(not(feature = "voice"))]
fn speaks(_: &LaneDevices) -> bool {
    false
}

/// The core's settings: it believes in what was opened, not in what was asked for.
pub(super) fn settings(site: &Site, devices: &[LaneDevices]) -> Result<kiosk::KioskSettings, Ending> {
    let lanes = site
        .lane
        .iter()
        .zip(devices)
        .map(|(lane, devices)| kiosk::LaneSettings {
            purpose: lane.purpose,
            privacy: site.privacy,
            patience: site.wechatpay.patience,
            site_patience: site.site_patience(lane),
            site_settles: site.checkins_of(lane).map(CheckInSettings::settles).max().unwrap_or_default(),
            has_panel: devices.panel.is_some()
                || lane.panel.as_ref().is_some_and(PanelPlace::is_elsewhere)
                || speaks(devices),
            #[cfg(feature = "voice")]
            says_name: lane.voice_name,
            #[cfg(feature = "turnstile")]
            intent: lane.intent,
            #[cfg(feature = "turnstile")]
            once_within: site.gates.once_within,
            has_printer: devices.printer.is_some(),
            slip_for_staff: lane.staff_slip,
            has_gate: devices.gate.is_some(),
            gate_takes: devices.gate.as_ref().map(|gate| gate.takes()).unwrap_or_default(),
            buttons: buttons(lane, devices),
            has_indicators: devices.indicator.is_some(),
            other_way: lane.other_way_qr.clone(),
            info_type: site.info_type_of(lane),
            without_wechat: lane.without_wechat,
            vouchers: lane.takes(OtherWay::Voucher, site.judges(lane)),
            offers_vouchers: lane.offers(OtherWay::Voucher),
            card: card_uses(site, lane),
            phrases: Arc::clone(&devices.phrases),
            ..kiosk::LaneSettings::default()
        })
        .zip(&site.lane)
        .map(|(settings, lane)| if lane.elder { settings.unhurried() } else { settings })
        .collect();
    let run = getrandom::u64().map_err(|error| Ending {
        line: format!("{} the kernel gives no random numbers: {error}", Code::X001),
        exit: crate::fault::exit::SOFTWARE,
    })?;
    Ok(kiosk::KioskSettings { run, lanes })
}
