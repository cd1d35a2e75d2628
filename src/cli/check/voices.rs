//! Whether every word that a lane says is there, and something to say it with.

use super::Report;
use crate::{
    cli::{
        build,
        phrases::{check as say, summary},
    },
    config::{Lane, Site},
    device::voice::{Pack, Player},
    fault::Code,
    service::SystemClock,
};

pub(super) fn check(site: &Site, report: &mut Report<'_>) {
    for lane in &site.lane {
        let Some(voice) = &lane.voice else { continue };
        if lane.panel.as_ref().is_some_and(|panel| panel.speaks()) {
            report.skipped("voice", say::of_lane(&lane.name, say::speaks_itself()));
            continue;
        }
        clips(lane, &voice.pack, report);
        #[cfg(feature = "page")]
        if build::page_speaks(site, lane) {
            continue;
        }
        if let Err(error) = rustix::fs::access(&*voice.player, rustix::fs::Access::EXEC_OK) {
            let told = format!("{}: {}: {error}", summary(Code::D620), voice.player.display());
            report.failed("voice", Code::D620, say::of_lane(&lane.name, told));
            continue;
        }
        let mut player = Player::new(voice.player.to_path_buf(), voice.device.clone());
        if let Err(error) = player.try_out(&SystemClock::start()) {
            report.fault("voice", error);
        }
    }
}

/// Every clip that is missing, by its name.
fn clips(lane: &Lane, folder: &std::path::Path, report: &mut Report<'_>) {
    let pack = match Pack::open(folder, lane.language) {
        Ok(pack) => pack,
        Err(error) => return report.fault("voice", error),
    };
    // What is wrong with the phrases is told with the terminal.
    let Ok(phrases) = build::phrases(lane) else { return };
    let lacking: Vec<String> = pack.lacking(&phrases).iter().map(ToString::to_string).collect();
    if lacking.is_empty() {
        report.ok("voice", say::of_lane(&lane.name, say::pack_whole(folder.display())));
    } else {
        report.warning("voice", Code::D621, say::of_lane(&lane.name, say::lacking(lacking.join(", "))));
    }
}
