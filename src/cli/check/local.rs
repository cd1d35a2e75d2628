//! What can be seen without leaving the machine and without opening anything of the daemon's own: files, keys, clock.

use std::{os::unix::fs::PermissionsExt as _, path::Path, sync::Arc};

use super::{Forgetful, Report};
use crate::{
    cli::{
        build,
        permission::{self, PermissionFile, PermissionRecord},
        phrases::check as say,
    },
    config::Site,
    fault::Code,
    files,
    vault::{CertificateFacts, KeysRead, PublicKey},
    words::{Clock, InfoType, RELEASED, WallTime},
};

/// A certificate with fewer days left is worth a warning.
pub(super) const SOON_DAYS: i64 = 30;

pub(super) const DAY_MS: i64 = 86_400_000;

pub(super) fn check(site: &Site, file: &Path, clock: &Arc<dyn Clock>, report: &mut Report<'_>) {
    permissions(file, report);
    permission(site, report);
    time(clock.now().wall, report);
    keys(site, clock.now().wall, report);
    merchants(site, clock, report);
    towards_systems(site, clock.now().wall, report);
}

fn permissions(file: &Path, report: &mut Report<'_>) {
    match files::open(file).map_err(Into::into).and_then(|opened| opened.metadata()) {
        Ok(data) if data.permissions().mode() & 0o002 != 0 => {
            report.warning("site-file-mode", Code::C101, say::site_file_open_to_all());
        }
        Ok(_) => report.ok("site-file-mode", say::site_file_closed()),
        Err(error) => report.failed("site-file-mode", Code::C101, error.to_string()),
    }
}

/// What WeChat last granted or refused, as the daemon wrote it down: the lanes of each merchant, and of the other
/// merchants those that are refused.
fn permission(site: &Site, report: &mut Report<'_>) {
    let records = PermissionFile::of(&site.state_dir).read();
    if records.is_empty() {
        return report.skipped("permission", say::nobody_asked());
    }
    let several = site.merchants.len() > 1;
    for merchant in &site.merchants {
        let Some(record) = records.get(&permission::key(merchant)) else { continue };
        let theirs = site.lane.iter().filter(|lane| !several || lane.merchant == merchant.name);
        let lanes: Vec<&str> = theirs.map(|lane| lane.name.as_str()).collect();
        match &merchant.name {
            Some(name) if lanes.is_empty() => permission_of(site, record, &say::of_merchant(name), true, report),
            _ => permission_of(site, record, &lanes.join(", "), false, report),
        }
    }
}

fn permission_of(site: &Site, record: &PermissionRecord, whose: &str, only_refused: bool, report: &mut Report<'_>) {
    let PermissionRecord { asked, granted, refused } = record;
    let day = |at: &i64| {
        let format = time::macros::format_description!("[year]-[month]-[day] [hour]:[minute]");
        WallTime(*at).at_offset(site.hours().utc_offset).format(format).unwrap_or_default()
    };
    match (granted, refused) {
        (granted, Some(refused)) if granted.is_none_or(|granted| granted < *refused) => {
            let text = say::refused(whose, asked, day(refused));
            if site.wechatpay.fallback_to_union_id {
                report.warning("permission", Code::N321, say::union_id_instead(text));
            } else {
                report.failed("permission", Code::N321, text);
            }
        }
        (Some(granted), _) if !only_refused => {
            report.ok("permission", say::granted(whose, asked, day(granted)));
        }
        _ => {}
    }
}

fn time(now: WallTime, report: &mut Report<'_>) {
    if now < RELEASED {
        report.failed("clock", Code::C105, say::before_release());
    } else {
        report.ok("clock", say::after_release());
    }
}

fn keys(site: &Site, now: WallTime, report: &mut Report<'_>) {
    let mut read = KeysRead::default();
    let open = |merchant| build::vault(site, merchant, &mut read).map_err(|fault| report.fault("keys", fault)).ok();
    let vaults: Vec<_> = site.merchants.iter().filter_map(open).collect();
    match &vaults[..] {
        [] => {}
        [_] if site.merchants.len() == 1 => report.ok("keys", say::keys_usable()),
        usable => report.ok("keys", say::keys_of_merchants_usable(usable.len())),
    }
    let several = site.merchants.len() > 1;
    for vault in &vaults {
        match vault.certificate() {
            Some(facts) => certificate(facts, say::certificate_well, several, now, report),
            None if !several => report.skipped("certificate", say::no_certificate()),
            None => {}
        }
        match vault.decrypt_certificate() {
            Some(facts) => certificate(facts, say::decrypts, several, now, report),
            None if site.info_type() == InfoType::RealName => report.skipped("certificate", say::decrypt_not_proven()),
            None => {}
        }
    }
    match &site.wechatpay.public_key {
        None => report.skipped("wechatpay-key", say::certificate_mode()),
        Some(file) => match PublicKey::read(file) {
            Ok(_) => report.ok("wechatpay-key", say::public_key_usable()),
            Err(error) => report.fault("wechatpay-key", error),
        },
    }
}

/// Every file and setting that the calls to WeChat and weixin begin with, opened as the start opens them.
fn merchants(site: &Site, clock: &Arc<dyn Clock>, report: &mut Report<'_>) {
    match build::merchants(site, clock, &(Arc::new(Forgetful) as _)) {
        Ok(_) => report.ok("merchants", say::ways_usable()),
        Err(fault) => report.fault("merchants", fault),
    }
}

/// What we show the site's systems; one that cannot be read is told with its system.
fn towards_systems(site: &Site, now: WallTime, report: &mut Report<'_>) {
    for settings in &site.checkins {
        let Ok(Some(end)) = build::certificate_end(settings) else { continue };
        let whose = settings.name.as_ref().map_or_else(String::new, say::whose_system);
        match end.millis_since(now).div_euclid(DAY_MS) {
            ..0 => report.failed("certificate", Code::K407, say::towards_site_expired(whose)),
            days @ 0..SOON_DAYS => report.warning("certificate", Code::K407, say::towards_site(whose, days)),
            days => report.ok("certificate", say::towards_site(whose, days)),
        }
    }
}

/// `several`: only what needs attention is worth a line.
fn certificate(
    facts: &CertificateFacts,
    well: fn(i64) -> String,
    several: bool,
    now: WallTime,
    report: &mut Report<'_>,
) {
    let days = facts.not_after.millis_since(now).div_euclid(DAY_MS);
    let whose = if several { say::of_serial(&facts.serial_no) } else { String::new() };
    if days < 0 {
        report.failed("certificate", Code::K407, say::certificate_expired(whose));
    } else if days < SOON_DAYS {
        report.warning("certificate", Code::K407, say::certificate_ends(whose, days));
    } else if !several {
        report.ok("certificate", well(days));
    }
}
