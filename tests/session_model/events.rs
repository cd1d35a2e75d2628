//! What can happen to the core, and how often it does.

use proptest::prelude::*;

use super::LANES;

/// Something that happens; indices choose among what is open.
#[derive(Clone, Debug)]
pub enum Event {
    Face { lane: u16, sid: u8, seq: u8, consent: bool },
    Consent { lane: u16, sid: u8, granted: bool },
    Cancel { lane: u16 },
    Choose { lane: u16, option: u8 },
    Sync { count: usize },
    DiskFails,
    Found { which: usize, well: bool },
    Answered { which: usize, answer: u8 },
    Resolved { which: usize, known: u8 },
    Effect { which: usize, well: bool },
    Pass { milliseconds: u64 },
    Device { lane: u16, well: bool },
    Annulled { which: usize, well: bool },
    OutOfService { lane: u16, why: u8, on: bool },
    Press { lane: u16, button: u8 },
    Card { lane: u16, card: u8, seq: u8, peer: u32 },
    Person { lane: u16 },
    Voucher { lane: u16, code: u8 },
    PowerCut,
}

/// One of them; what a morning has most of comes most.
pub fn event() -> impl Strategy<Value = Event> {
    let lane = 0..LANES;
    let which = 0..6_usize;
    prop_oneof![
        6 => (lane.clone(), 0..4_u8, 0..3_u8, any::<bool>())
            .prop_map(|(lane, sid, seq, consent)| Event::Face { lane, sid, seq, consent }),
        2 => (lane.clone(), 0..4_u8, any::<bool>())
            .prop_map(|(lane, sid, granted)| Event::Consent { lane, sid, granted }),
        1 => lane.clone().prop_map(|lane| Event::Cancel { lane }),
        2 => (lane.clone(), 0..4_u8).prop_map(|(lane, option)| Event::Choose { lane, option }),
        8 => (1..4_usize).prop_map(|count| Event::Sync { count }),
        1 => Just(Event::DiskFails),
        6 => (which.clone(), prop::bool::weighted(0.8)).prop_map(|(which, well)| Event::Found { which, well }),
        6 => (which.clone(), 0..9_u8).prop_map(|(which, answer)| Event::Answered { which, answer }),
        3 => (which.clone(), 0..4_u8).prop_map(|(which, known)| Event::Resolved { which, known }),
        4 => (which.clone(), any::<bool>()).prop_map(|(which, well)| Event::Effect { which, well }),
        2 => (which, any::<bool>()).prop_map(|(which, well)| Event::Annulled { which, well }),
        1 => (lane.clone(), 0..3_u8, any::<bool>()).prop_map(|(lane, why, on)| Event::OutOfService { lane, why, on }),
        1 => (lane.clone(), 0..3_u8).prop_map(|(lane, button)| Event::Press { lane, button }),
        4 => (lane.clone(), 0..3_u8, 0..3_u8, 1..3_u32)
            .prop_map(|(lane, card, seq, peer)| Event::Card { lane, card, seq, peer }),
        1 => lane.clone().prop_map(|lane| Event::Person { lane }),
        1 => (lane.clone(), 0..2_u8).prop_map(|(lane, code)| Event::Voucher { lane, code }),
        3 => (1..9_000_u64).prop_map(|milliseconds| Event::Pass { milliseconds }),
        1 => (lane, any::<bool>()).prop_map(|(lane, well)| Event::Device { lane, well }),
        1 => Just(Event::PowerCut),
    ]
}
