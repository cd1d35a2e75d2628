//! Somebody who clicks at random, by a seed: people come, things break and are mended, the daemon dies. The same seed
//! clicks the same.

use std::{thread, time::Duration};

use super::{
    act::{Act, Booked, Manner, Sabotage, Way, Who},
    ground::Ground,
    scenario,
    score::Score,
};
use crate::board::InputKind;

/// Throws dice (SplitMix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) >> 33).unwrap_or(0) % sides.max(1)
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.roll(all.len())]
    }
}

const NAMES: [&str; 10] = [
    "张三丰",
    "欧阳若兰",
    "陆梅",
    "王䶮",
    "赵云帆",
    "王小明",
    "阿卜杜热合曼江·买买提",
    "林小宝",
    "司寇某某",
    "Ada Lovelace",
];

const BUTTONS: [InputKind; 4] = [InputKind::Choice1, InputKind::Choice2, InputKind::OtherWay, InputKind::CallStaff];

/// Clicks for so many minutes, and `most` at most, mends everything, and counts.
pub(crate) fn click(ground: &Ground, seed: u64, minutes: f64, most: f64) -> Score {
    let mut dice = Dice(seed);
    // In this order: what is no number at all is none.
    let until = ground.now().after(Duration::from_secs_f64(minutes.max(0.0).min(most) * 60.0));
    while ground.now() < until {
        let act = next(&mut dice, ground.places.len());
        // Where too many wait already nobody comes.
        let _ = ground.act(&act);
        thread::sleep(Duration::from_millis(50 + 25 * dice.roll(40) as u64));
    }
    let _ = ground.act(&Act::Mend);
    scenario::rest(ground)
}

fn next(dice: &mut Dice, lanes: usize) -> Act {
    let lane = dice.roll(lanes);
    match dice.roll(100) {
        0..40 => Act::Send { lane, who: somebody(dice) },
        40..58 => Act::Press { lane, input: dice.of(&BUTTONS) },
        58..74 => {
            let (what, most) = dice.of(&Sabotage::ALL);
            let to = if most == 1 { 1 } else { u32::try_from(dice.roll(most as usize / 4 + 1)).unwrap_or(1) };
            let to = match what {
                Sabotage::WechatStatus | Sabotage::SiteStatus => dice.of(&[400, 401, 403, 404, 429, 500, 502, 503]),
                _ => to,
            };
            Act::Spoil { what, lane, to: Some(to) }
        }
        74..88 => Act::Spoil { what: dice.of(&Sabotage::ALL).0, lane, to: None },
        88..91 => Act::Walk { lane, people: 1 + u8::from(dice.roll(2) == 1), backwards: dice.roll(4) == 0 },
        91..93 => Act::Clock { seconds: dice.of(&[-86_400, -400, -20, 0, 20, 400, 86_400]) },
        93 => Act::Token,
        94..96 => Act::Dip { lane },
        96 | 97 => Act::Kill,
        98 => Act::PowerCut,
        _ => Act::DamageJournal,
    }
}

fn somebody(dice: &mut Dice) -> Who {
    let ways =
        [Way::Face, Way::Face, Way::Face, Way::LateConsent, Way::NoConsent, Way::Card, Way::Voucher, Way::MiniProgram];
    let booked = [
        Booked::One,
        Booked::One,
        Booked::One,
        Booked::Two,
        Booked::Missed,
        Booked::Early,
        Booked::Late,
        Booked::Refused,
        Booked::None,
    ];
    let manners = [
        Manner::Well,
        Manner::Well,
        Manner::Well,
        Manner::Probe,
        Manner::Stumbles,
        Manner::UsedUp,
        Manner::Forged,
        Manner::NoPermission,
    ];
    Who {
        name: dice.of(&NAMES).to_owned(),
        way: dice.of(&ways),
        booking: dice.of(&booked),
        gbk: dice.roll(2) == 0,
        oaep: dice.roll(2) == 0,
        document: None,
        wechat: dice.of(&manners),
    }
}
