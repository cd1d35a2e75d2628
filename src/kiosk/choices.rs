//! Which button picks what, where there are fewer buttons than options: the last one shows the next of them.

use super::{NARROWEST, Phrases, SceneOption, Wording};
use crate::words::{Choice, Text};

/// What a button of the page that is shown is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pick {
    /// The option of this index.
    Option(usize),
    /// The next page.
    More,
}

/// The buttons of a page, each with what it is for. `buttons`: their digits in order; none where people touch a screen.
pub(super) fn picks(buttons: &[u8], options: usize, page: usize) -> Vec<(u8, Pick)> {
    let each = |buttons: &[u8], first: usize| -> Vec<(u8, Pick)> {
        buttons.iter().copied().zip((first..options).map(Pick::Option)).collect()
    };
    match buttons {
        [few @ .., last] if !few.is_empty() && buttons.len() < options => {
            let first = few.len().saturating_mul(page % options.div_ceil(few.len()));
            each(few, first).into_iter().chain([(*last, Pick::More)]).collect()
        }
        _ if buttons.len() < options => each(&ALL, 0),
        _ => each(buttons, 0),
    }
}

/// A page as it is shown.
pub(super) fn shown(picks: &[(u8, Pick)], options: &[Choice], phrases: &Phrases) -> Vec<SceneOption> {
    let label = |pick| match pick {
        Pick::Option(index) => options.get(index).map(|choice| choice.label.clone()).unwrap_or_default(),
        Pick::More => Text::clean(phrases.text(Wording::More).within(NARROWEST)),
    };
    picks.iter().map(|(option, pick)| SceneOption { option: *option, label: label(*pick) }).collect()
}

/// Where nothing is pressed, options are numbered.
const ALL: [u8; 8] = [1, 2, 3, 4, 5, 6, 7, 8];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_is_reached_however_few_the_buttons_are_and_none_twice_on_a_round() {
        for (count, options) in (2..=8).flat_map(|count| (2..=8).map(move |options| (count, options))) {
            let buttons = ALL.get(..count).expect("digits");
            let pages = if options <= count { 1 } else { options.div_ceil(count - 1) };
            let round: Vec<(u8, Pick)> = (0..pages).flat_map(|page| picks(buttons, options, page)).collect();
            let reached = round.iter().filter_map(|(_, pick)| match pick {
                Pick::Option(index) => Some(*index),
                Pick::More => None,
            });
            assert_eq!(reached.collect::<Vec<_>>(), (0..options).collect::<Vec<_>>(), "{count} buttons");
            assert!(round.iter().all(|(button, _)| buttons.contains(button)));
            assert_eq!(round.iter().any(|(_, pick)| *pick == Pick::More), options > count);
            assert_eq!(picks(buttons, options, pages), picks(buttons, options, 0), "round again");
        }
    }

    #[test]
    fn buttons_are_called_by_their_digits_and_a_screen_numbers_its_options() {
        assert_eq!(picks(&[2, 4, 5], 3, 0), [(2, Pick::Option(0)), (4, Pick::Option(1)), (5, Pick::Option(2))]);
        assert_eq!(picks(&[2, 4, 5], 4, 1), [(2, Pick::Option(2)), (4, Pick::Option(3)), (5, Pick::More)]);
        assert_eq!(picks(&[], 8, 0).len(), 8);
        // One button cannot turn pages.
        assert_eq!(picks(&[1], 3, 0).len(), 3);
    }
}
