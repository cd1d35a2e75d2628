//! The lanes' pages.

use std::sync::Arc;

use crate::{
    board::PanelPlace,
    config::{Lane, Site},
    kiosk::Phrases,
    page,
    words::LaneId,
};

/// Where they are.
pub(in crate::cli) fn door(site: &Site) -> page::Door {
    let page::Settings { listen, css } = &site.page;
    page::Door {
        listen: *listen,
        css: css.as_deref().map(Into::into),
        #[cfg(feature = "network")]
        credentials: site.terminals.clone(),
    }
}

/// Whose certificates count, of each lane that has one.
pub(super) fn allow_subjects(site: &Site) -> Vec<Vec<String>> {
    let with_page = site.lane.iter().filter(|lane| lane.panel == Some(PanelPlace::Page));
    with_page.map(|lane| lane.allow_subjects.clone()).collect()
}

/// One lane's.
pub(in crate::cli) fn page(lane: &Lane, index: usize, phrases: Arc<Phrases>) -> page::LanePage {
    page::LanePage {
        lane: LaneId(u16::try_from(index).unwrap_or(u16::MAX)),
        name: lane.name.clone(),
        purpose: lane.purpose,
        language: lane.language,
        phrases,
        large: lane.elder,
        allow_subjects: lane.allow_subjects.clone(),
    }
}
