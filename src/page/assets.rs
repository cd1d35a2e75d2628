//! What a browser loads: written by hand, compiled in, and plain enough for the WebView of an old face terminal
//! (Chromium 70).

use super::{Brand, LanePage, answer::Answer, answer::HTML};
use crate::{
    kiosk::{NextStep, SceneKind},
    words::Purpose,
};

pub(super) const STYLE: &str = include_str!("assets/page.css");
pub(super) const SCRIPT: &str = include_str!("assets/page.js");
const PAGE: &str = include_str!("assets/page.html");
const PICTOGRAMS: &str = include_str!("assets/pictograms.svg");

/// A lane's page. Until its first scene comes, and when none comes any more, it says that nobody is served.
pub(super) fn page(of: &LanePage, brand: &Brand, edition: &str) -> Answer {
    let LanePage { purpose, phrases, language, .. } = of;
    let next = match purpose {
        Purpose::Hospital => NextStep::StaffWindow,
        Purpose::Transit => NextStep::OtherLane,
    };
    let values = [
        ("{lang}", language.tag()),
        ("{edition}", edition),
        ("{large}", if of.large { "true" } else { "false" }),
        ("{away}", &escaped(phrases.headline(SceneKind::OutOfOrder).within(usize::MAX))),
        ("{instead}", &escaped(phrases.advice(next).within(usize::MAX))),
        ("{other-way}", &escaped(phrases.headline(SceneKind::OtherWay).within(usize::MAX))),
        ("{pictograms}", PICTOGRAMS),
        ("{logo}", if brand.logo.is_some() { "<img id=\"logo\" src=\"/logo.png\" alt=\"\">" } else { "" }),
        ("{brand}", &escaped(&brand.name)),
    ];
    Answer::of(HTML, values.iter().fold(PAGE.to_owned(), |page, (name, value)| page.replace(name, value)))
}

/// All pages, for whoever asks for none.
pub(super) fn list(lanes: &[&LanePage]) -> Answer {
    match lanes {
        [only] => Answer::elsewhere(&path(only)),
        _ => {
            let item = |lane: &&LanePage| format!("<li><a href=\"{}\">{}</a></li>", path(lane), lane.name);
            let items: String = lanes.iter().map(item).collect();
            Answer::of(
                HTML,
                format!("<!doctype html><html lang=\"en\"><title>facemchd</title><main><ul>{items}</ul></main>"),
            )
        }
    }
}

/// A lane's name is of letters, digits and hyphens.
pub(super) fn path(of: &LanePage) -> String {
    format!("/lanes/{}/", of.name)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kiosk::Pictogram;

    #[test]
    fn every_pictogram_is_drawn() {
        for pictogram in Pictogram::ALL {
            assert!(PICTOGRAMS.contains(&format!("id=\"{}\"", pictogram.as_str())), "{pictogram:?}");
        }
    }

    #[test]
    fn nothing_on_a_page_is_called_what_something_else_is() {
        let ids = [PAGE, PICTOGRAMS].map(|part| part.split(" id=\"").skip(1)).into_iter().flatten();
        let mut ids: Vec<&str> = ids.filter_map(|rest| rest.split('"').next()).collect();
        ids.sort_unstable();
        let twice: Vec<_> = ids.windows(2).filter(|pair| pair[0] == pair[1]).collect();
        assert!(ids.len() > 20 && twice.is_empty(), "{twice:?}");
    }

    #[test]
    fn all_that_a_browser_loads_is_less_than_forty_kilobytes() {
        let all = STYLE.len() + SCRIPT.len() + PAGE.len() + PICTOGRAMS.len();
        assert!(all < 40_000, "{all} bytes");
    }
}
