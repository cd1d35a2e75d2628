//! Several merchants behind one kiosk: a frame, a terminal or a lane says whose person this is.

use std::collections::BTreeMap;

use super::{NoIdentity, Ways};
use crate::{fault::Code, words::MerchantPick};

/// One merchant, and who picks it.
pub struct Merchant {
    /// What frames and lanes call it.
    pub name: Option<String>,
    /// Serial numbers of its terminals.
    pub terminals: Vec<String>,
    /// What may be asked in its name.
    pub ways: Ways,
}

/// All of them, at least one.
pub struct Merchants {
    first: Ways,
    /// The others, from 1.
    others: Vec<Ways>,
    by_name: BTreeMap<String, usize>,
    by_terminal: BTreeMap<String, usize>,
    /// By the lanes' order.
    by_lane: Vec<Option<usize>>,
}

impl From<Ways> for Merchants {
    /// The only one.
    fn from(ways: Ways) -> Self {
        Self::new(Merchant { name: None, terminals: Vec::new(), ways }, Vec::new(), &[])
    }
}

impl Merchants {
    /// `lanes`: the merchant each lane names, in the lanes' order. A name that no merchant has picks none.
    pub fn new(first: Merchant, others: Vec<Merchant>, lanes: &[Option<String>]) -> Self {
        let (mut by_name, mut by_terminal) = (BTreeMap::new(), BTreeMap::new());
        let mut known = |at: usize, Merchant { name, terminals, ways }: Merchant| {
            by_name.extend(name.map(|name| (name, at)));
            by_terminal.extend(terminals.into_iter().map(|terminal| (terminal, at)));
            ways
        };
        let first = known(0, first);
        let others = others.into_iter().zip(1..).map(|(merchant, at)| known(at, merchant)).collect();
        let by_lane = lanes.iter().map(|name| by_name.get(name.as_ref()?).copied()).collect();
        Self { first, others, by_lane, by_name, by_terminal }
    }

    /// Whose person this is: what the frame names, else whose terminal it is, else what the lane names, else the only
    /// merchant.
    ///
    /// # Errors
    /// C107 where the frame names nobody's name, or several merchants are there and nothing picks one.
    pub fn pick(&self, pick: &MerchantPick) -> Result<&Ways, NoIdentity> {
        let MerchantPick { lane, terminal, merchant } = pick;
        let at = match merchant {
            Some(name) => self.by_name.get(name.as_str()).copied(),
            None => terminal
                .as_ref()
                .and_then(|terminal| self.by_terminal.get(terminal.as_str()).copied())
                .or_else(|| self.by_lane.get(usize::from(lane.0)).copied().flatten())
                .or(self.others.is_empty().then_some(0)),
        };
        match at {
            Some(0) => Ok(&self.first),
            Some(at) => self.others.get(at - 1).ok_or_else(|| NoIdentity::new(Code::C107)),
            None => Err(NoIdentity::new(Code::C107)),
        }
    }

    /// Makes the connection ready; merchants share it.
    pub fn warm(&self) {
        self.first.face.warm();
    }

    /// Refreshes the platform certificates of one merchant for which they are due: the next call brings the next one.
    pub fn maintain(&self) {
        if let Some(ways) = std::iter::once(&self.first).chain(&self.others).find(|ways| ways.face.is_due()) {
            ways.face.maintain();
        }
    }
}
