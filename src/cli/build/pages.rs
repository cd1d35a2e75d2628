//! The lanes' pages.

use std::sync::Arc;

use crate::{
    config::{Lane, Site},
    kiosk::Phrases,
    page,
    words::LaneId,
};

/// Where they are.
pub(in crate::cli) fn door(site: &Site) -> page::Door {
    let page::Settings { listen, css } = &site.page;
    page::Door { listen: *listen, css: css.as_deref().map(Into::into) }
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
    }
}
