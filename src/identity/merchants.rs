//! Several merchants behind one kiosk: a frame, a terminal or a lane says whose person this is.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::{Merchant, Ways, WechatView};
use crate::{
    fault::{Code, Failure},
    words::{Deadline, MerchantPick, Moment},
};

/// All of them.
pub struct Merchants {
    all: Vec<(Option<String>, Arc<Ways>)>,
    by_name: BTreeMap<String, Arc<Ways>>,
    by_terminal: BTreeMap<String, Arc<Ways>>,
    /// In the lanes' order.
    by_lane: Vec<Option<Arc<Ways>>>,
    /// Where the next round of maintenance begins.
    maintained: AtomicUsize,
}

impl From<Ways> for Merchants {
    /// The only one.
    fn from(ways: Ways) -> Self {
        Self::new(vec![(&Merchant::default(), ways)], &[])
    }
}

impl Merchants {
    /// `lanes`: the merchant each lane names, in the lanes' order. A name that no merchant has picks none.
    pub fn new(merchants: Vec<(&Merchant, Ways)>, lanes: &[Option<String>]) -> Self {
        let (mut all, mut by_name, mut by_terminal) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        for (Merchant { name, terminals, .. }, ways) in merchants {
            let ways = Arc::new(ways);
            by_name.extend(name.clone().map(|name| (name, Arc::clone(&ways))));
            by_terminal.extend(terminals.iter().map(|terminal| (terminal.clone(), Arc::clone(&ways))));
            all.push((name.clone(), ways));
        }
        let by_lane = lanes.iter().map(|name| by_name.get(name.as_ref()?).cloned()).collect();
        Self { all, by_name, by_terminal, by_lane, maintained: AtomicUsize::new(0) }
    }

    /// Whose person this is: what the frame names, else whose terminal it is, else what the lane names, else the only
    /// merchant.
    ///
    /// # Errors
    /// C107 where the frame names nobody's name, or several merchants are there and nothing picks one.
    pub fn pick(&self, pick: &MerchantPick) -> Result<&Ways, Failure> {
        let MerchantPick { lane, terminal, merchant } = pick;
        let of_terminal = || self.by_terminal.get(terminal.as_ref()?.as_str());
        let of_lane = || self.by_lane.get(usize::from(lane.0))?.as_ref();
        let only = || self.all.first().filter(|_| self.all.len() == 1).map(|(_, ways)| ways);
        let picked = match merchant {
            Some(name) => self.by_name.get(name.as_str()),
            None => of_terminal().or_else(of_lane).or_else(only),
        };
        picked.map(|ways| &**ways).ok_or_else(|| Failure::new(Code::C107))
    }

    /// Makes the connection ready; merchants share it.
    ///
    /// # Errors
    /// As [`FaceLookup::warm`](super::FaceLookup::warm).
    pub fn warm(&self, deadline: Deadline) -> Result<(), Failure> {
        self.all.first().map_or(Ok(()), |(_, ways)| ways.face.warm(deadline))
    }

    /// Refreshes the platform certificates of one merchant for which they are due: the next call brings the next one,
    /// whatever became of this. Whose they are, and why there are none.
    pub fn maintain(&self, deadline: Deadline) -> Option<(Option<&str>, Result<(), Failure>)> {
        let from = self.maintained.load(Ordering::Relaxed);
        let mut due = self.all.iter().enumerate().filter(|(_, (_, ways))| ways.face.is_due());
        let next = due.clone().find(|(at, _)| *at >= from).or_else(|| due.next());
        let (at, (name, ways)) = next?;
        self.maintained.store(at.wrapping_add(1), Ordering::Relaxed);
        Some((name.as_deref(), ways.face.maintain(deadline)))
    }

    /// What is known of WeChat, merchant by merchant, with their names.
    pub(crate) fn views(&self) -> impl Iterator<Item = (Option<&str>, WechatView)> {
        self.all.iter().map(|(name, ways)| (name.as_deref(), ways.face.view()))
    }

    /// Why what WeChat said of a permission is not written down, of each merchant of whom it is not.
    pub(crate) fn unwritten(&self) -> impl Iterator<Item = (Option<&str>, Failure)> {
        self.all.iter().filter_map(|(name, ways)| Some((name.as_deref(), ways.face.unwritten()?)))
    }

    /// Until when the mini-program's access token is believed to be good, which all merchants share.
    pub(crate) fn token_until(&self) -> Option<Moment> {
        self.all.first()?.1.weixin.as_ref()?.token_until()
    }

    /// The name of the merchant whose ways these are.
    pub(crate) fn name_of(&self, ways: &Ways) -> Option<&str> {
        self.all.iter().find(|(_, own)| std::ptr::eq(&**own, ways)).and_then(|(name, _)| name.as_deref())
    }

    /// Seconds that WeChat's clock is ahead of ours, where that has changed since the last call.
    pub(crate) fn clock_news(&self) -> Option<i64> {
        self.all.iter().find_map(|(_, ways)| ways.face.clock().news())
    }
}
