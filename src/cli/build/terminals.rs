//! Where the lanes' terminals are, and whose count.

use std::sync::Arc;

use crate::{
    config::{Lane, Site},
    fault::Failure,
    kiosk::Phrases,
    terminal::{self, TerminalPlace},
    words::{Clock, LaneId},
};

/// One lane's terminal.
pub(in crate::cli) fn terminal_settings(
    site: &Site,
    lane: &Lane,
    index: usize,
    phrases: Arc<Phrases>,
) -> terminal::LaneTerminal {
    terminal::LaneTerminal {
        lane: LaneId(u16::try_from(index).unwrap_or(u16::MAX)),
        address: terminal_address(site, lane),
        plain_lines: lane.plain_lines,
        phrases,
    }
}

/// Every lane's terminal as a hangup finds it; files that cannot be used are refused. What lanes say stays as it is.
#[cfg_attr(not(feature = "network"), expect(unused_variables, reason = "certificates are judged by it"))]
pub(super) fn terminals(site: &Site, clock: &Arc<dyn Clock>) -> Result<Vec<terminal::LaneTerminal>, Failure> {
    let lanes = site.lane.iter().enumerate();
    let settings: Vec<_> = lanes.map(|(index, lane)| terminal_settings(site, lane, index, Arc::default())).collect();
    #[cfg(feature = "network")]
    for settings in &settings {
        if let terminal::Address::Network(network) = &settings.address {
            network.check(clock)?;
        }
    }
    Ok(settings)
}

/// Where the lane's terminal is.
#[cfg_attr(not(feature = "network"), expect(unused_variables, reason = "terminals over the network need it"))]
fn terminal_address(site: &Site, lane: &Lane) -> terminal::Address {
    match &lane.terminal {
        TerminalPlace::Unix(path) => {
            terminal::Address::Unix { path: path.to_path_buf(), allow_uids: lane.allow_uids.clone() }
        }
        TerminalPlace::Serial { device, baud } => terminal::Address::Serial { device: device.clone(), baud: *baud },
        #[cfg(feature = "network")]
        TerminalPlace::Tls(address) => {
            terminal::Address::Network(network(site, lane, *address, terminal::Protocol::Lines))
        }
        #[cfg(feature = "network")]
        TerminalPlace::Https(address) => {
            terminal::Address::Network(network(site, lane, *address, terminal::Protocol::Http))
        }
    }
}

#[cfg(feature = "network")]
fn network(site: &Site, lane: &Lane, address: std::net::SocketAddr, protocol: terminal::Protocol) -> terminal::Network {
    // A site file without [terminals] is refused before.
    let credentials = site.terminals.clone().unwrap_or_default();
    terminal::Network { address, protocol, credentials, allow_subjects: lane.allow_subjects.clone() }
}
