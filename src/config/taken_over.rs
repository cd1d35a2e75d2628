//! A site file that is read again while the daemon serves: what a running daemon lives by from then on.

#[cfg(test)]
mod tests;

use std::{fmt::Debug, path::Path};

use super::{ConfigError, Lane, Site};
#[cfg(feature = "page")]
use crate::page;
use crate::{checkin::CheckInSettings, identity::WechatPay};

impl Site {
    /// This site file as far as a daemon that was started with another one can take it over, and the names of the
    /// settings in which that is as before. What is not taken over here by name stays: lanes, board, and what was shared
    /// out at the start.
    ///
    /// # Errors
    /// What is taken over does not fit what stays; `file` is for the message.
    pub(crate) fn taken_over(self, started: &Self, file: &Path) -> Result<(Self, Vec<&'static str>), ConfigError> {
        let wanted = self.clone();
        let mut lives_by = Self {
            merchants: self.merchants,
            keys: self.keys,
            wechatpay: of_wechatpay(self.wechatpay, &started.wechatpay),
            // Whether it is there decides what a document is good for at a lane.
            weixin: if started.weixin.is_some() == self.weixin.is_some() {
                self.weixin
            } else {
                started.weixin.clone()
            },
            authinfo: self.authinfo,
            #[cfg(feature = "network")]
            terminals: self.terminals.or_else(|| started.terminals.clone()),
            #[cfg(feature = "page")]
            page: page::Settings {
                listen: started.page.listen.clone(),
                technician: started.page.technician,
                ..self.page
            },
            checkins: of_checkins(self.checkins, &started.checkins),
            lane: started.lane.iter().map(|lane| of_lane(&self.lane, lane)).collect(),
            ..started.clone()
        };
        let kept = lives_by.differs_from(&wanted);
        let misfit = |what| ConfigError::Running { file: file.to_owned(), kept: kept.join(", "), what };
        lives_by.fits_together().map_err(misfit)?;
        Ok((lives_by, kept))
    }

    /// The settings that are others here, by their names: whole tables, where nothing of them is taken over.
    fn differs_from(&self, wanted: &Self) -> Vec<&'static str> {
        let mut names = Vec::new();
        let mut compare = |name, here: &dyn Debug, there: &dyn Debug| {
            if format!("{here:?}") != format!("{there:?}") && !names.contains(&name) {
                names.push(name);
            }
        };
        // Whoever adds a table compares it, too.
        let Self {
            merchants,
            keys,
            wechatpay,
            weixin,
            authinfo,
            #[cfg(feature = "network")]
            terminals,
            #[cfg(feature = "page")]
            page,
            #[cfg(feature = "page")]
            desk,
            #[cfg(feature = "page")]
            alarms,
            checkins,
            privacy,
            #[cfg(feature = "turnstile")]
            gates,
            #[cfg(feature = "pilot")]
            capture,
            journal,
            board,
            state_dir,
            #[cfg(feature = "screen")]
            brand,
            #[cfg(feature = "screen")]
            palette,
            simulated,
            lane,
        } = self;
        #[cfg(feature = "turnstile")]
        compare("[gates]", gates, &wanted.gates);
        compare("board", board, &wanted.board);
        compare("state-dir", state_dir, &wanted.state_dir);
        compare("[[merchant]]", merchants, &wanted.merchants);
        compare("[keys]", keys, &wanted.keys);
        compare("wechatpay.info-type", &wechatpay.info_type, &wanted.wechatpay.info_type);
        compare("wechatpay.patience-ms", &wechatpay.patience, &wanted.wechatpay.patience);
        compare("wechatpay.concurrency", &self.lookups(), &wanted.lookups());
        compare("[weixin]", weixin, &wanted.weixin);
        compare("[authinfo]", authinfo, &wanted.authinfo);
        #[cfg(feature = "network")]
        compare("[terminals]", terminals, &wanted.terminals);
        #[cfg(feature = "page")]
        compare("page.listen", &page.listen, &wanted.page.listen);
        #[cfg(feature = "page")]
        compare("[desk]", desk, &wanted.desk);
        #[cfg(feature = "page")]
        compare("[alarms]", alarms, &wanted.alarms);
        #[cfg(feature = "page")]
        compare("page.technician", &page.technician, &wanted.page.technician);
        if are_the_same(checkins, &wanted.checkins) {
            for (here, there) in checkins.iter().zip(&wanted.checkins) {
                if !here.adapter.judges() {
                    compare("[checkin]", here, there);
                    continue;
                }
                compare("checkin.reset-at", &here.reset_at, &there.reset_at);
                compare("checkin.utc-offset", &here.utc_offset, &there.utc_offset);
                compare("checkin.settle-ms", &here.settle, &there.settle);
                compare("checkin.patience-ms", &here.patience, &there.patience);
            }
        } else {
            compare("[checkin]", checkins, &wanted.checkins);
        }
        compare("[privacy]", privacy, &wanted.privacy);
        #[cfg(feature = "pilot")]
        compare("[capture]", capture, &wanted.capture);
        compare("[journal]", journal, &wanted.journal);
        #[cfg(feature = "screen")]
        compare("[brand]", brand, &wanted.brand);
        #[cfg(feature = "screen")]
        compare("[palette]", palette, &wanted.palette);
        compare("[simulated]", simulated, &wanted.simulated);
        let unplaced = |lanes: &[Lane]| lanes.iter().map(Lane::unplaced).collect::<Vec<_>>();
        compare("[[lane]]", &unplaced(lane), &unplaced(&wanted.lane));
        names
    }
}

/// Patience and lookups at once were shared out at the start, what is asked for lies with the lanes.
fn of_wechatpay(fresh: WechatPay, started: &WechatPay) -> WechatPay {
    let WechatPay { info_type, patience, concurrency, .. } = *started;
    WechatPay { info_type, patience, concurrency, ..fresh }
}

/// The same systems, each asked in the same way: what they are asked with may be another.
fn are_the_same(here: &[CheckInSettings], there: &[CheckInSettings]) -> bool {
    let of = |checkin: &CheckInSettings| (checkin.name.clone(), checkin.adapter);
    here.iter().map(of).eq(there.iter().map(of))
}

/// An adapter that gives numbers remembers them; slips and the core have times of their own.
fn of_checkins(fresh: Vec<CheckInSettings>, started: &[CheckInSettings]) -> Vec<CheckInSettings> {
    if !are_the_same(&fresh, started) {
        return started.to_vec();
    }
    let of_one = |(fresh, started): (CheckInSettings, &CheckInSettings)| {
        if !started.adapter.judges() {
            return CheckInSettings {
                // Who is expected while another system is away may stand beside it.
                #[cfg(feature = "hospital")]
                roster: fresh.roster,
                #[cfg(feature = "hospital")]
                roster_key: fresh.roster_key,
                #[cfg(feature = "hospital")]
                roster_public_key: fresh.roster_public_key,
                ..started.clone()
            };
        }
        let CheckInSettings { reset_at, utc_offset, settle, patience, .. } = *started;
        CheckInSettings { reset_at, utc_offset, settle, patience, ..fresh }
    };
    fresh.into_iter().zip(started).map(of_one).collect()
}

/// A lane keeps its wiring; whose it is, what it says, and who counts as its terminal, is taken over. Who counts at another terminal
/// is no answer to who counts at this one.
fn of_lane(fresh: &[Lane], started: &Lane) -> Lane {
    let Some(fresh) = fresh.iter().find(|fresh| fresh.name == started.name) else { return started.clone() };
    let Lane { merchant, phrases, .. } = fresh.clone();
    if fresh.terminal != started.terminal {
        return Lane { merchant, phrases, ..started.clone() };
    }
    let Lane { allow_uids, allow_subjects, plain_lines, .. } = fresh.clone();
    Lane {
        merchant,
        phrases,
        allow_uids,
        allow_subjects,
        plain_lines,
        #[cfg(feature = "hospital")]
        values: fresh.values.clone(),
        ..started.clone()
    }
}
