//! Who knocks, how often, and how many wait for the end of their handshake.

use std::{
    collections::{BTreeMap, VecDeque},
    net::IpAddr,
    time::Duration,
};

use tokio::task::AbortHandle;

use crate::words::Moment;

/// Handshakes under way, from everywhere and from one address; the oldest gives way.
const WAITING: usize = 32;
const WAITING_OF_ONE: usize = 4;

/// Knocks of one address within a second; further ones cost an accepted connection and no mathematics.
const A_SECOND: u32 = 10;

/// Addresses remembered within a second.
const ADDRESSES: usize = 256;

/// A lane's bookkeeping of strangers.
#[derive(Default)]
pub(super) struct Knocks {
    waiting: VecDeque<(IpAddr, AbortHandle)>,
    since: Moment,
    heard: BTreeMap<IpAddr, u32>,
}

impl Knocks {
    /// Whether this address may try a handshake now.
    pub(super) fn may_try(&mut self, from: IpAddr, now: Moment) -> bool {
        if now.since(self.since) >= Duration::from_secs(1) {
            self.since = now;
            self.heard.clear();
        }
        if self.heard.len() >= ADDRESSES && !self.heard.contains_key(&from) {
            return false;
        }
        let heard = self.heard.entry(from).or_default();
        *heard += 1;
        *heard <= A_SECOND
    }

    /// A handshake has begun; makes room for it.
    pub(super) fn trying(&mut self, from: IpAddr, handshake: AbortHandle) {
        self.waiting.retain(|(_, handshake)| !handshake.is_finished());
        let of_one = self.waiting.iter().filter(|(address, _)| *address == from).count();
        let first_of_one = self.waiting.iter().position(|(address, _)| *address == from);
        let gives_way = match first_of_one {
            Some(index) if of_one >= WAITING_OF_ONE => Some(index),
            _ if self.waiting.len() >= WAITING => Some(0),
            _ => None,
        };
        if let Some((_, oldest)) = gives_way.and_then(|index| self.waiting.remove(index)) {
            oldest.abort();
        }
        self.waiting.push_back((from, handshake));
    }
}
