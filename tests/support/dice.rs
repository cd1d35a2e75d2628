//! Numbers that look random and are the same for the same seed (xorshift: Marsaglia 2003, §3).

use std::fmt::Debug;

pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        // Nothing ever comes of zero.
        Self(seed | 1)
    }

    /// A number below `sides`.
    pub fn roll<N>(&mut self, sides: N) -> N
    where
        N: TryFrom<u64, Error: Debug> + TryInto<u64, Error: Debug>,
    {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let sides: u64 = sides.try_into().expect("not negative");
        N::try_from(self.0 % sides).expect("less than sides")
    }

    /// Heads or tails.
    pub fn toss(&mut self) -> bool {
        self.roll(2) == 0
    }
}
