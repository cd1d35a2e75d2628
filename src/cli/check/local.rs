//! What can be seen without leaving the machine: files, keys, clock, store, devices.

use std::{
    os::unix::fs::{FileTypeExt as _, PermissionsExt as _},
    path::Path,
    sync::Arc,
};

use super::Report;
use crate::{
    board::Board,
    cli::{
        build,
        permission::{self, PermissionFile, PermissionRecord},
        wires,
    },
    config::{Site, Terminal},
    device::PrinterStatus,
    fault::Code,
    files,
    service::SOCKET,
    store,
    terminal::{LocalSocket, TerminalError},
    vault::{PublicKey, Vault},
    words::{Clock, RELEASED, WallTime},
};

/// A certificate with fewer days left is worth a warning.
const SOON_DAYS: i64 = 30;

const DAY_MS: i64 = 86_400_000;

/// The unit's `RuntimeDirectory`: there while the daemon runs.
const RUNTIME_DIRECTORY: &str = "/run/facemchd";

/// Room that the journal's next segments need, bytes.
const LEAST_FREE: u64 = 4 << 20;

pub(super) fn check(site: &Site, file: &Path, clock: &Arc<dyn Clock>, report: &mut Report<'_>) {
    permissions(file, report);
    board(site, clock, report);
    permission(site, report);
    time(clock.now().wall, report);
    keys(site, clock.now().wall, report);
    state(site, report);
    terminals(site, clock, report);
}

fn permissions(file: &Path, report: &mut Report<'_>) {
    match files::open(file).map_err(Into::into).and_then(|opened| opened.metadata()) {
        Ok(data) if data.permissions().mode() & 0o002 != 0 => {
            report.warning("site-file-mode", Code::C101, "everybody may write the site file; chmod 0640 it");
        }
        Ok(_) => report.ok("site-file-mode", "not writable by everybody"),
        Err(error) => report.failed("site-file-mode", Code::C101, error.to_string()),
    }
}

fn board(site: &Site, clock: &Arc<dyn Clock>, report: &mut Report<'_>) {
    let found = match Board::find(&site.board) {
        Ok(found) => found,
        Err(error) => {
            report.fault("board-file", &error);
            return report.skipped("devices", "needs the board file");
        }
    };
    report.ok("board-file", format!("{} as board {}", site.board, found.board.board.id));
    if found.board.gates.iter().any(|gate| !gate.one_shot) {
        report.warning(
            "gate-one-shot",
            Code::G801,
            "the board file declares no hardware one-shot: a stuck pulse would have no bound",
        );
    }
    match wires::open(site, clock) {
        Ok(wires) => {
            report.ok("devices", format!("devices of {} lanes opened", wires.lanes.len()));
            printers(site, wires.lanes, report);
        }
        Err(fault) => report.fault("devices", &*fault),
    }
}

fn printers(site: &Site, lanes: Vec<wires::LaneDevices>, report: &mut Report<'_>) {
    for (lane, devices) in site.lane.iter().zip(lanes) {
        let Some(mut printer) = devices.printer else { continue };
        match printer.status() {
            Ok(PrinterStatus { fault: Some(code), .. }) => {
                report.failed("printer", code, format!("{}: {}", lane.name, code.summary()));
            }
            Ok(PrinterStatus { paper_low: true, .. }) => {
                report.warning("printer", Code::P706, format!("{}: {}", lane.name, Code::P706.summary()));
            }
            Ok(_) => report.ok("printer", format!("{}: ready", lane.name)),
            Err(error) => report.fault("printer", &error),
        }
    }
}

/// What WeChat last granted or refused, as the daemon wrote it down: the lanes of each merchant, and of the other
/// merchants those that are refused.
fn permission(site: &Site, report: &mut Report<'_>) {
    let records = PermissionFile::of(&site.state_dir).read();
    if records.is_empty() {
        return report.skipped("permission", "nobody has been asked about yet");
    }
    let several = site.merchants.len() > 1;
    for merchant in &site.merchants {
        let Some(record) = records.get(&permission::key(merchant)) else { continue };
        let theirs = site.lane.iter().filter(|lane| !several || lane.merchant == merchant.name);
        let lanes: Vec<&str> = theirs.map(|lane| lane.name.as_str()).collect();
        match &merchant.name {
            Some(name) if lanes.is_empty() => permission_of(site, record, &format!("merchant {name}"), true, report),
            _ => permission_of(site, record, &lanes.join(", "), false, report),
        }
    }
}

fn permission_of(site: &Site, record: &PermissionRecord, whose: &str, only_refused: bool, report: &mut Report<'_>) {
    let PermissionRecord { asked, granted, refused } = record;
    let day = |at: &i64| {
        let format = time::macros::format_description!("[year]-[month]-[day] [hour]:[minute]");
        WallTime(*at).at_offset(site.checkin.utc_offset).format(format).unwrap_or_default()
    };
    match (granted, refused) {
        (granted, Some(refused)) if granted.is_none_or(|granted| granted < *refused) => {
            let text = format!("{whose}: {asked} refused {}", day(refused));
            if site.wechatpay.fallback_to_union_id {
                report.warning("permission", Code::N321, format!("{text}; the union_id is asked for instead"));
            } else {
                report.failed("permission", Code::N321, text);
            }
        }
        (Some(granted), _) if !only_refused => {
            report.ok("permission", format!("{whose}: {asked} granted {}", day(granted)));
        }
        _ => {}
    }
}

fn time(now: WallTime, report: &mut Report<'_>) {
    if now < RELEASED {
        report.failed("clock", Code::C105, "the clock stands before this program's release");
    } else {
        report.ok("clock", "after this program's release");
    }
}

fn keys(site: &Site, now: WallTime, report: &mut Report<'_>) {
    let open = |merchant| build::vault(site, merchant).map_err(|fault| report.fault("keys", &*fault)).ok();
    let vaults: Vec<_> = site.merchants.iter().filter_map(open).collect();
    match &vaults[..] {
        [] => {}
        [_] if site.merchants.len() == 1 => report.ok("keys", "sign and decrypt keys are usable"),
        usable => report.ok("keys", format!("sign and decrypt keys of {} merchants are usable", usable.len())),
    }
    for vault in &vaults {
        certificate(vault, site.merchants.len() > 1, now, report);
    }
    match &site.wechatpay.public_key {
        None => report.skipped("wechatpay-key", "certificate mode"),
        Some(file) => match PublicKey::read(file) {
            Ok(_) => report.ok("wechatpay-key", "WeChat Pay's public key is usable"),
            Err(error) => report.fault("wechatpay-key", &error),
        },
    }
}

/// `several`: only what needs attention is worth a line.
fn certificate(vault: &Vault, several: bool, now: WallTime, report: &mut Report<'_>) {
    let Some(facts) = vault.certificate() else {
        if !several {
            report.skipped("certificate", "keys.certificate is not set");
        }
        return;
    };
    let days = facts.not_after.millis_since(now).div_euclid(DAY_MS);
    let whose = if several { format!("of serial number {}: ", facts.serial_no) } else { String::new() };
    if days < 0 {
        report.failed("certificate", Code::K407, format!("{whose}the merchant certificate has expired"));
    } else if days < SOON_DAYS {
        report.warning("certificate", Code::K407, format!("{whose}{days} days left"));
    } else if !several {
        report.ok("certificate", format!("belongs to the sign key, {days} days left"));
    }
}

fn state(site: &Site, report: &mut Report<'_>) {
    let dir = &site.state_dir;
    if !dir.exists() {
        let parent = dir.ancestors().skip(1).find(|folder| folder.exists()).unwrap_or(Path::new("."));
        match rustix::fs::access(parent, rustix::fs::Access::WRITE_OK) {
            Ok(()) => report.ok("state-dir", format!("{}: made at the first start", dir.display())),
            Err(error) => report.failed("state-dir", Code::C103, format!("{}: {error}", parent.display())),
        }
        return report.skipped("journal", "nothing recorded yet");
    }
    if let Err(error) = rustix::fs::access(dir, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK) {
        report.failed("state-dir", Code::C103, format!("{}: {error}", dir.display()));
        return report.skipped("journal", "needs the state directory");
    }
    match rustix::fs::statvfs(dir) {
        Ok(space) if space.f_bavail.saturating_mul(space.f_frsize) < LEAST_FREE => {
            report.failed("state-dir", Code::C103, "less than 4 MiB free");
        }
        Ok(space) => report.ok(
            "state-dir",
            format!("{}: {} MiB free", dir.display(), space.f_bavail.saturating_mul(space.f_frsize) >> 20),
        ),
        Err(error) => report.failed("state-dir", Code::C103, error.to_string()),
    }
    if let Some(error) = socket_fault(&dir.join(SOCKET)) {
        report.failed("staff-socket", Code::C103, error.to_string());
    }
    match store::verify(dir) {
        Ok(proof) if proof.is_whole() => report.ok("journal", proof.to_string()),
        Ok(proof) => report.warning("journal", Code::J501, proof.to_string()),
        Err(error) => report.fault("journal", &error),
    }
}

/// Why a socket of ours could never be made there. One that somebody listens on is the daemon's, most likely.
fn socket_fault(path: &Path) -> Option<TerminalError> {
    let error = LocalSocket::may_be_made(path).err()?;
    matches!(error, TerminalError::NotASocket { .. } | TerminalError::PathTooLong { .. }).then_some(error)
}

#[cfg_attr(not(feature = "network"), expect(unused_variables, reason = "terminals over the network need it"))]
fn terminals(site: &Site, clock: &Arc<dyn Clock>, report: &mut Report<'_>) {
    if site.lane.is_empty() {
        return report.skipped("terminals", "no [[lane]]: enough for lookup, not for run");
    }
    for lane in &site.lane {
        match &lane.terminal {
            Terminal::Unix(path) => {
                let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
                if let Some(error) = socket_fault(path) {
                    report.fault("terminal", &error);
                    continue;
                }
                if folder == Path::new(RUNTIME_DIRECTORY) && !folder.exists() {
                    report.ok("terminal", format!("{}: {}, made at the start", lane.name, path.display()));
                    continue;
                }
                match rustix::fs::access(folder, rustix::fs::Access::WRITE_OK) {
                    Ok(()) => report.ok("terminal", format!("{}: {}", lane.name, path.display())),
                    Err(error) => {
                        report.failed("terminal", Code::T210, format!("{}: {}: {error}", lane.name, folder.display()));
                    }
                }
            }
            Terminal::Serial { device, .. } => match device.metadata() {
                Ok(data) if data.file_type().is_char_device() => {
                    report.ok("terminal", format!("{}: {}", lane.name, device.display()));
                }
                Ok(_) => {
                    let text = format!("{}: {} is not a serial port", lane.name, device.display());
                    report.failed("terminal", Code::T210, text);
                }
                Err(error) => {
                    report.failed("terminal", Code::T210, format!("{}: {}: {error}", lane.name, device.display()));
                }
            },
            #[cfg(feature = "network")]
            Terminal::Tls(address) | Terminal::Https(address) => network_terminal(site, lane, *address, clock, report),
        }
    }
}

#[cfg(feature = "network")]
fn network_terminal(
    site: &Site,
    lane: &crate::config::Lane,
    at: std::net::SocketAddr,
    clock: &Arc<dyn Clock>,
    report: &mut Report<'_>,
) {
    use crate::terminal::Validity;
    let crate::terminal::Address::Network(network) = build::terminal_address(site, lane) else { return };
    let now = clock.now().wall;
    match network.check(clock) {
        Ok(Validity { certificate, crl }) => {
            if crl.is_some_and(|next| next < now) {
                report.warning("terminal", Code::T220, format!("{}: {}", lane.name, Code::T220.summary()));
            }
            let days = certificate.millis_since(now).div_euclid(DAY_MS);
            let text = format!("{}: {at}, {} subjects are let in", lane.name, lane.allow_subjects.len());
            match days {
                ..0 => report.failed("terminal", Code::K407, format!("{text}; our certificate has expired")),
                0..SOON_DAYS => {
                    report.warning("terminal", Code::K407, format!("{text}; our certificate has {days} days left"));
                }
                _ => report.ok("terminal", text),
            }
        }
        Err(error) => report.fault("terminal", &error),
    }
}
