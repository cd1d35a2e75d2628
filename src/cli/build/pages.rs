//! The lanes' pages.

use std::sync::Arc;

use crate::{
    board::PanelPlace,
    cli::wires,
    config::{Lane, Site},
    fault::Failure,
    kiosk::Phrases,
    page,
    words::{Clock, LaneId},
};
#[cfg(feature = "voice")]
use crate::{
    kiosk::{Scene, SceneKind},
    words::WallTime,
};

/// Where they are, and whose kiosk they show.
pub(in crate::cli) fn door(site: &Site) -> Result<page::Door, Failure> {
    let brand = if is_served(site) { wires::page_brand(site)? } else { page::Brand::default() };
    Ok(page::Door { brand, ..bare_door(site) })
}

/// Where they are.
fn bare_door(site: &Site) -> page::Door {
    let page::Settings { listen, css, technicians, technician } = &site.page;
    page::Door {
        listen: listen.clone(),
        css: css.as_deref().map(Into::into),
        brand: page::Brand::default(),
        utc_offset: site.hours().utc_offset,
        #[cfg(feature = "network")]
        credentials: site.terminals.clone(),
        technicians: technicians.clone(),
        technician: *technician,
        accounts: site.state_dir.join(page::ACCOUNTS),
        desk: site.desk.clone(),
    }
}

/// Whether anything is served there.
pub(in crate::cli) fn is_served(site: &Site) -> bool {
    site.page.technician || site.lane.iter().any(|lane| lane.panel == Some(PanelPlace::Page))
}

/// What lies behind its files now, where anything is served.
pub(super) fn behind(site: &Site, clock: &Arc<dyn Clock>) -> Result<Option<page::Behind>, Failure> {
    let read = || bare_door(site).read(allow_subjects(site), clock);
    Ok(is_served(site).then(read).transpose()?)
}

/// Whose certificates count, of each lane that has one.
fn allow_subjects(site: &Site) -> Vec<Vec<String>> {
    let with_page = site.lane.iter().filter(|lane| lane.panel == Some(PanelPlace::Page));
    with_page.map(|lane| lane.allow_subjects.clone()).collect()
}

/// A page beyond loopback is a terminal's: it speaks there, and not where the daemon runs.
#[cfg(feature = "voice")]
pub(in crate::cli) fn page_speaks(site: &Site, lane: &Lane) -> bool {
    lane.panel == Some(PanelPlace::Page)
        && site.page.listen.address().is_some_and(|address| !address.ip().is_loopback())
}

/// Recorded clips, put together for a browser.
#[cfg(feature = "voice")]
struct Recorded {
    pack: crate::device::voice::Pack,
    phrases: Arc<Phrases>,
    /// Percent, and in quiet hours.
    volume: (u8, u8),
    quiet: crate::words::Quiet,
}

/// A pack that cannot be used is told of by `check`, and costs nobody the page.
#[cfg(feature = "voice")]
fn voice(site: &Site, lane: &Lane, phrases: &Arc<Phrases>) -> Option<Arc<dyn page::Voice>> {
    let voice = lane.voice.as_ref().filter(|_| page_speaks(site, lane))?;
    let pack = crate::device::voice::Pack::open(&voice.pack, lane.language).ok()?;
    let volume = (voice.volume, voice.quiet_volume);
    Some(Arc::new(Recorded { pack, phrases: Arc::clone(phrases), volume, quiet: super::quiet(site, lane) }))
}

#[cfg(feature = "voice")]
impl page::Voice for Recorded {
    fn loudness(&self, scene: &Scene, now: WallTime) -> Option<u8> {
        let (loud, quiet) = self.volume;
        let percent = if self.quiet.is_at(now) && scene.kind != SceneKind::Evacuate { quiet } else { loud };
        Some(percent).filter(|percent| *percent > 0 && !scene.speech(&self.phrases).is_empty())
    }

    fn wav(&self, scene: &Scene) -> Vec<u8> {
        crate::device::voice::write_wav(&self.pack.compose(&scene.speech(&self.phrases)))
    }
}

/// One lane's.
#[cfg_attr(not(feature = "voice"), expect(unused_variables, reason = "what is said hangs on where the pages are"))]
pub(in crate::cli) fn page(site: &Site, lane: &Lane, index: usize, phrases: Arc<Phrases>) -> page::LanePage {
    page::LanePage {
        lane: LaneId(u16::try_from(index).unwrap_or(u16::MAX)),
        name: lane.name.clone(),
        purpose: lane.purpose,
        language: lane.language,
        large: lane.elder,
        allow_subjects: lane.allow_subjects.clone(),
        #[cfg(feature = "voice")]
        voice: voice(site, lane, &phrases),
        #[cfg(not(feature = "voice"))]
        voice: None,
        phrases,
    }
}
