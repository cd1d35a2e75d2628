//! Rules over what a hospital answers: a call succeeded, an error means something, a visit is in a state.

use super::{
    node::Node,
    path::Path,
    text::{Text, Values, Wanted},
};
use crate::words::Hindrance;

/// What stands at a path is compared with texts; with none, it must only say something.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    /// The first that says something counts.
    pub(super) paths: Vec<Path>,
    /// It is one of these. Texts that the site leaves empty ask for nothing.
    pub(super) is: Vec<Text>,
    /// It is none of these.
    pub(super) not: Vec<Text>,
    /// It begins with one of these.
    pub(super) starts: Vec<Text>,
    /// One of these stands within it.
    pub(super) holds: Vec<Text>,
    /// It is a number, and no less than this.
    pub(super) at_least: Option<i64>,
    /// It begins with today's date, however that is written: this asks for the date.
    pub(super) today: Option<Text>,
    /// What follows where the rule is met.
    pub(super) means: Means,
}

/// What an error or a state means to the person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Means {
    /// Not admitted, in the hospital's own words.
    #[default]
    Refused,
    /// A visit that can be checked in.
    Open,
    /// Its call was missed: it can be checked in again, behind those who wait.
    Missed,
    /// It is checked in.
    Taken,
    /// Over or cancelled: nobody asks for it.
    Over,
    /// Nothing is booked.
    NotFound,
    /// Something stands between the person and the visit.
    Hindered(Hindrance),
    /// Not yet.
    TooEarly,
    /// No longer.
    TooLate,
    /// The hospital does not work now, and did nothing.
    Unavailable,
    /// The terminal must sign in again; nothing was done.
    SignedOut,
}

impl Means {
    /// Reads the word for it.
    pub(super) fn read(word: &str) -> Result<Self, String> {
        Ok(match word {
            "refused" => Self::Refused,
            "open" => Self::Open,
            "missed" => Self::Missed,
            "taken" => Self::Taken,
            "over" => Self::Over,
            "not-found" => Self::NotFound,
            "too-early" => Self::TooEarly,
            "too-late" => Self::TooLate,
            "unavailable" => Self::Unavailable,
            "signed-out" => Self::SignedOut,
            word => {
                let hindrance = Hindrance::ALL.into_iter().find(|known| known.as_str().replace('_', "-") == word);
                Self::Hindered(hindrance.ok_or_else(|| format!("`{word}` is nothing that it can mean"))?)
            }
        })
    }

    /// A visit that can be confirmed.
    pub(super) fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::Missed)
    }
}

impl Rule {
    /// Whether it is met here.
    pub(super) fn is_met(&self, here: &Node, values: &dyn Values) -> bool {
        let fits = |found: &str| {
            any(&self.is, values, |wanted| found == wanted)
                && any(&self.starts, values, |wanted| found.starts_with(wanted))
                && any(&self.holds, values, |wanted| found.contains(wanted))
                && !self.not.iter().any(|text| *text.put(values) == *found)
                && self.at_least.is_none_or(|least| found.parse::<i64>().is_ok_and(|number| number >= least))
                && self.today.as_ref().is_none_or(|today| day(found).is_some_and(|day| *today.put(values) == day))
        };
        self.paths.iter().find_map(|path| path.said(here, fits)).unwrap_or_else(|| {
            // What says nothing is none of them, and all that a rule without texts of the site's asks for.
            let compares = [&self.is, &self.not, &self.starts, &self.holds].iter().any(|texts| !texts.is_empty());
            let asks = |texts: &[Text]| texts.iter().any(|text| !text.put(values).is_empty());
            let asks = [&self.is, &self.starts, &self.holds].into_iter().any(|texts| asks(texts));
            compares && !asks && self.at_least.is_none() && self.today.is_none()
        })
    }

    /// Whether it compares with anything at all.
    pub(super) fn asks(&self, values: &dyn Values) -> bool {
        let texts = [&self.is, &self.not, &self.starts, &self.holds];
        let none = texts.iter().all(|texts| texts.is_empty());
        none || texts.into_iter().flatten().any(|text| !text.put(values).is_empty())
    }

    /// Adds every value that it is compared with.
    pub(super) fn wanted<'a>(&'a self, into: &mut Vec<&'a Wanted>) {
        for texts in [self.is.as_slice(), &self.not, &self.starts, &self.holds, self.today.as_slice()] {
            texts.iter().for_each(|text| text.wanted(into));
        }
    }
}

/// One of them fits, or none of them asks for anything.
fn any(texts: &[Text], values: &dyn Values, fits: impl Fn(&str) -> bool) -> bool {
    let mut asks = false;
    for text in texts {
        let wanted = text.put(values);
        if !wanted.is_empty() {
            if fits(&wanted) {
                return true;
            }
            asks = true;
        }
    }
    !asks
}

/// The date that a text begins with, `2026-11-05`: `2026/11/5 8:00`, `20261105080000`, `2026年11月05日`.
fn day(text: &str) -> Option<String> {
    let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (year, month, day) = match digits(text) {
        8.. => (text.get(..4)?, text.get(4..6)?, text.get(6..8)?),
        4 => {
            let mut parts = text.split(|c: char| !c.is_ascii_digit());
            (parts.next()?, parts.next()?, parts.next()?)
        }
        _ => return None,
    };
    let fits = |part: &str| (1..=2).contains(&part.len());
    (fits(month) && fits(day)).then(|| format!("{year}-{month:0>2}-{day:0>2}"))
}

#[cfg(test)]
mod tests {
    use super::day;

    #[test]
    fn a_date_is_read_in_whatever_form_it_is_written_and_nothing_else_is_one() {
        for written in [
            "2026-11-05",
            "2026/11/5 8:00:00",
            "2026-11-05T08:00",
            "20261105",
            "20261105080000",
            "2026年11月5日",
            "2026.11.05",
        ] {
            assert_eq!(day(written).as_deref(), Some("2026-11-05"), "{written}");
        }
        for other in
            ["", "05-11-2026", "2026", "2026-11", "26-11-05", "/Date(1795651200000)/", "2026-111-5", "今天", "2026--5"]
        {
            assert_eq!(day(other), None, "{other}");
        }
        assert_ne!(day("2026-11-12").as_deref(), Some("2026-11-1"));
    }
}
