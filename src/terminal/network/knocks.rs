//! Who knocks, how often, and how many wait for the end of their handshake.
//!
//! Nobody is refused for what others do: every table is bounded, and where one is full the network (/24, /64) that fills
//! it gives way. An address from which a terminal was let in is known, and strangers take nothing from it.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::task::AbortHandle;

use crate::{terminal::allowance::Allowance, words::Moment};

/// Handshakes under way: of strangers, and of known addresses; and how many of one address.
const WAITING: usize = 32;
const WAITING_OF_ONE: usize = 4;

/// Handshakes a second and at once: of one address, of one network, of all strangers. More cost an accepted connection
/// and no mathematics.
const OF_ADDRESS: (u32, u32) = (10, 10);
const OF_NETWORK: (u32, u32) = (40, 40);
const OF_STRANGERS: (u32, u32) = (100, 100);

/// Addresses and networks remembered.
const REMEMBERED: usize = 256;

/// A lane's bookkeeping of whoever is not let in yet.
#[derive(Default)]
pub(super) struct Knocks {
    waiting: Vec<Waiting>,
    addresses: Table,
    networks: Table,
    strangers: Option<Allowance>,
    /// Addresses from which somebody was let in, the latest last.
    known: Vec<IpAddr>,
}

struct Waiting {
    from: IpAddr,
    known: bool,
    /// It has begun to speak: a handshake, or so it seems.
    spoke: Arc<AtomicBool>,
    handshake: AbortHandle,
}

/// What each may still do.
#[derive(Default)]
struct Table(BTreeMap<IpAddr, Allowance>);

impl Knocks {
    /// Whether this address may begin a handshake now.
    pub(super) fn may_try(&mut self, from: IpAddr, now: Moment) -> bool {
        if !self.addresses.of(from, OF_ADDRESS, now).may_pass(now) {
            return false;
        }
        if self.is_known(from) {
            return true;
        }
        let network = self.networks.of(network(from), OF_NETWORK, now);
        // Whoever was quiet is not kept out by those who are not.
        let fresh = network.used(now) == 0;
        let (rate, burst) = OF_STRANGERS;
        let strangers = self.strangers.get_or_insert_with(|| Allowance::new(rate, burst, now));
        network.may_pass(now) && (strangers.may_pass(now) || fresh)
    }

    /// Somebody waits; makes room. `spoke` is set as soon as they say something.
    pub(super) fn trying(&mut self, from: IpAddr, spoke: Arc<AtomicBool>, handshake: AbortHandle) {
        self.waiting.retain(|waiting| !waiting.handshake.is_finished());
        let known = self.is_known(from);
        if let Some(index) = self.gives_way(from, known) {
            self.waiting.remove(index).handshake.abort();
        }
        self.waiting.push(Waiting { from, known, spoke, handshake });
    }

    /// Of an address that waits too often its own; else, among strangers or among the known, one of the network that
    /// waits most: who has said nothing first, then the oldest.
    fn gives_way(&self, from: IpAddr, known: bool) -> Option<usize> {
        let silent_first = |(index, waiting): &(usize, &Waiting)| (waiting.spoke.load(Ordering::Relaxed), *index);
        let of_one = || self.waiting.iter().enumerate().filter(|(_, waiting)| waiting.from == from);
        if of_one().count() >= WAITING_OF_ONE {
            return of_one().min_by_key(silent_first).map(|(index, _)| index);
        }
        let alike = || self.waiting.iter().enumerate().filter(|(_, waiting)| waiting.known == known);
        if alike().count() < WAITING {
            return None;
        }
        let held = |of: IpAddr| alike().filter(|(_, waiting)| network(waiting.from) == network(of)).count();
        let place = |place: &(usize, &Waiting)| (std::cmp::Reverse(held(place.1.from)), silent_first(place));
        alike().min_by_key(place).map(|(index, _)| index)
    }

    /// Somebody from there was let in.
    pub(super) fn let_in(&mut self, from: IpAddr) {
        self.known.retain(|known| *known != from);
        if self.known.len() == REMEMBERED {
            self.known.remove(0);
        }
        self.known.push(from);
    }

    fn is_known(&self, from: IpAddr) -> bool {
        self.known.contains(&from)
    }
}

impl Table {
    /// The allowance of this one; where the table is full, the network that fills it forgets the one of its own that has
    /// used least of what it may.
    fn of(&mut self, who: IpAddr, (rate, burst): (u32, u32), now: Moment) -> &mut Allowance {
        if self.0.len() >= REMEMBERED && !self.0.contains_key(&who) {
            let mut held: BTreeMap<IpAddr, usize> = BTreeMap::new();
            self.0.keys().for_each(|known| *held.entry(network(*known)).or_default() += 1);
            let count = |of: IpAddr| held.get(&network(of)).copied().unwrap_or(0);
            let least = self.0.iter().min_by_key(|(known, used)| (std::cmp::Reverse(count(**known)), used.used(now)));
            if let Some(least) = least.map(|(known, _)| *known) {
                self.0.remove(&least);
            }
        }
        self.0.entry(who).or_insert_with(|| Allowance::new(rate, burst, now))
    }
}

/// The network of an address: /24, or /64.
fn network(of: IpAddr) -> IpAddr {
    match of {
        IpAddr::V4(address) => Ipv4Addr::from(u32::from(address) & (u32::MAX << 8)).into(),
        IpAddr::V6(address) => Ipv6Addr::from(u128::from(address) & (u128::MAX << 64)).into(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(milliseconds: u64) -> Moment {
        Moment(Duration::from_millis(milliseconds))
    }

    fn of(host: u32) -> IpAddr {
        Ipv4Addr::from(0x0a00_0000 | host).into()
    }

    #[test]
    fn a_flood_from_one_network_keeps_nobody_else_out() {
        let mut knocks = Knocks::default();
        let (terminal, mut passed) = ("192.0.2.7".parse().expect("an address"), 0);
        for host in 0..2000_u32 {
            passed += u32::from(knocks.may_try(of(host % 256), at(0)));
        }
        assert!(passed <= 40, "{passed}");
        assert!(knocks.may_try(terminal, at(1)));
        let of_64 = |host: u64| IpAddr::V6(Ipv6Addr::from((0x2001_0db8_u128 << 96) | u128::from(host)));
        assert!((0..5000).filter(|host| knocks.may_try(of_64(*host), at(2))).count() <= 40);
        assert!(knocks.may_try(terminal, at(3)));
    }

    #[test]
    fn a_flood_from_everywhere_keeps_out_neither_the_known_nor_a_quiet_network() {
        let mut knocks = Knocks::default();
        let (known, quiet) = (of(0x00ff_0001), of(0x00fe_0001));
        knocks.let_in(known);
        for round in 0..20 {
            for host in 0..400_u32 {
                knocks.may_try(of(host << 8 | 9), at(round));
            }
        }
        assert!(knocks.may_try(known, at(20)));
        assert!(knocks.may_try(quiet, at(20)));
        assert!(knocks.addresses.0.len() <= REMEMBERED && knocks.networks.0.len() <= REMEMBERED);
    }

    #[test]
    fn whoever_waits_gives_way_by_network_and_the_known_to_no_stranger() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let mut knocks = Knocks::default();
            let try_from = |knocks: &mut Knocks, from, spoke| {
                let task = tokio::spawn(std::future::pending::<()>());
                knocks.trying(from, Arc::new(AtomicBool::new(spoke)), task.abort_handle());
                task
            };
            let (known, stranger) = (of(0x00ff_0001), of(0x00fe_0001));
            knocks.let_in(known);
            let served = try_from(&mut knocks, known, false);
            let other = try_from(&mut knocks, stranger, true);
            let flood: Vec<_> = (0..200).map(|host| try_from(&mut knocks, of(host), true)).collect();
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
            assert!(!served.is_finished() && !other.is_finished());
            assert!(flood.iter().filter(|task| !task.is_finished()).count() < WAITING);
        });
    }
}
