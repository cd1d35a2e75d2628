//! Scenes in outline type, on every size of glass, in every language, standard and large: nothing is cut, nothing lies on
//! anything else, and large type is large.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use facemchd::{
    device::{
        Typesetter,
        panel::{Brand, LEAST_CONTRAST, Passing, Placed, Style, contrast, plan},
    },
    fault::Code,
    kiosk::{NextStep, Phrases, Scene, SceneKind, SceneOption, Wording},
    words::{LabelledField, Language, Purpose, Text, Visit},
};
use toml::de::{DeTable, DeValue};

use crate::{
    scenes::{full, say, states},
    support::places::{PLACES, admission},
};

/// Glass that boards have, and some that nobody has yet.
pub const SIZES: [(usize, usize); 9] =
    [(240, 320), (320, 240), (480, 320), (800, 480), (1024, 600), (600, 1024), (1080, 1920), (240, 240), (1920, 1080)];

pub fn passing(scene: &Scene, page: usize) -> Passing {
    let whole = scene.stands.map(|left| left + Duration::from_secs(7));
    Passing { time: Some("10:24".to_owned()), whole, page }
}

/// Where stations are looked at, too: small glass, and large in both directions.
pub const STATIONS: [(usize, usize); 3] = [(240, 320), (800, 480), (1080, 1920)];

pub fn style(purpose: Purpose, language: Language, large: bool) -> Style {
    let name = match (purpose, language) {
        (Purpose::Hospital, Language::ZhHans) => "城东人民医院",
        (Purpose::Hospital, Language::ZhHant | Language::ZhHantHk) => "城東人民醫院",
        (Purpose::Hospital, Language::En) => "Eastern City Hospital",
        (Purpose::Transit, Language::ZhHans) => "城东轨道交通",
        (Purpose::Transit, Language::ZhHant) => "城東捷運",
        (Purpose::Transit, Language::ZhHantHk) => "城東鐵路",
        (Purpose::Transit, Language::En) => "Eastern City Metro",
    };
    let brand = Some(Brand { name: name.to_owned(), logo: None });
    Style { phrases: Phrases::shipped(language, purpose), large, brand, ..Style::default() }
}

/// Every scene as full as it may be, and every state of it, with its name.
pub fn all(purpose: Purpose, language: Language) -> Vec<(String, Scene)> {
    let named = |kind: SceneKind| (kind.as_str().to_owned(), full(kind, language));
    let all = SceneKind::ALL.into_iter().map(named).chain(states(purpose, language));
    all.map(|(name, scene)| (name, at(purpose, scene, language))).collect()
}

/// The same as a gate says it: it has no numbers, no staff but those at the gates, and no doctors.
fn at(purpose: Purpose, scene: Scene, language: Language) -> Scene {
    if purpose == Purpose::Hospital {
        return scene;
    }
    let phrases = Phrases::shipped(language, purpose);
    let mut options = scene.options;
    for SceneOption { label, .. } in &mut options {
        let said = match scene.kind {
            SceneKind::CardLaid => phrases.text(Wording::UseAlone).within(usize::MAX).to_owned(),
            SceneKind::Choose => {
                let time = label.as_str().split(' ').next_back().expect("a time");
                format!("{} {time}", say(language, ["城际列车", "城際列車", "Intercity"]))
            }
            _ => continue,
        };
        *label = Text::clean(&said);
    }
    let coach = LabelledField {
        label: Some(Text::clean(say(language, ["车厢", "車廂", "Coach"]))),
        value: Text::clean("3"),
        emphasis: false,
    };
    let visit = scene.visit.map(|visit| {
        let Visit { way, slot, ahead, now, eta, sequence, .. } = (*visit).clone();
        Arc::new(Visit { way, slot, ahead, now, eta, sequence, fields: vec![coach], ..Visit::default() })
    });
    let detail = scene.detail.filter(|_| scene.number.is_none());
    Scene { number: None, detail, visit, options, ..scene }
}

/// Every page's texts.
fn pages(scene: &Scene, style: &Style, size: (usize, usize), type_: &mut Typesetter) -> Vec<Vec<Placed>> {
    let first = plan(scene, style, size, &passing(scene, 0), type_);
    assert_eq!(first.missing, Vec::<char>::new());
    assert!(first.pages <= 12, "{} pages of {:?} on {size:?}", first.pages, scene.kind);
    let others = (1..first.pages).map(|page| plan(scene, style, size, &passing(scene, page), type_).texts);
    let others: Vec<_> = others.collect();
    [vec![first.texts], others].concat()
}

fn solid(text: &str) -> String {
    text.chars().filter(|character| !character.is_whitespace()).collect()
}

/// What stands on the pages, each text whole.
fn whole(pages: &[Vec<Placed>], (across, down): (usize, usize), what: &str) -> BTreeMap<Arc<str>, f32> {
    let mut read: BTreeMap<Arc<str>, (String, f32)> = BTreeMap::new();
    for page in pages {
        for (at, placed) in page.iter().enumerate() {
            let [left, top, right, bottom] = placed.within;
            #[expect(clippy::cast_precision_loss, reason = "dots of a glass")]
            let (across, down) = (across as f32, down as f32);
            // What is left free between lines may lie outside.
            let slack = placed.size * 0.16;
            assert!(
                left >= -0.5 && right <= across + 0.5 && top >= -slack && bottom <= down + slack,
                "{what}: {} stands at {:?} on {across} × {down}",
                placed.text,
                placed.within
            );
            let body = ((across * down).sqrt() / 21.0).max(16.0);
            // The dots that tell which page it is stand in the middle of the foot.
            let from_middle = (right.min(across / 2.0 + body * 2.0) - left.max(across / 2.0 - body * 2.0)).max(0.0);
            assert!(
                pages.len() == 1 || from_middle == 0.0 || bottom - slack <= down - body * 0.85,
                "{what}: {} stands on the dots that tell the page",
                placed.text
            );
            for other in &page[..at] {
                let [l, t, r, b] = other.within;
                let apart = (placed.size + other.size) * 0.5 * 0.3;
                let touches = left + 1.0 < r && l + 1.0 < right && top + apart < b && t + apart < bottom;
                assert!(!touches, "{what}: {placed:?} lies on {other:?}");
            }
            assert!(
                contrast(placed.colours[0], placed.colours[1]) >= LEAST_CONTRAST,
                "{what}: {} is {:?}",
                placed.text,
                placed.colours
            );
        }
    }
    // A page that repeats the headline repeats all of it.
    for page in pages {
        let mut here: BTreeMap<Arc<str>, (String, f32)> = BTreeMap::new();
        for placed in page {
            let (text, size) = here.entry(Arc::clone(&placed.of)).or_insert((String::new(), placed.size));
            text.push_str(&solid(&placed.text));
            *size = size.min(placed.size);
        }
        for (of, (text, size)) in here {
            let (all, least) = read.entry(of.clone()).or_insert((String::new(), size));
            if !all.contains(&text) || solid(&of).matches(&text).count() > 1 && all.len() < solid(&of).len() {
                all.push_str(&text);
            }
            *least = least.min(size);
        }
    }
    for (of, (text, _)) in &read {
        // Two options, or two lines, may say the same.
        let once = solid(of);
        assert!(!text.is_empty() && text.replace(&once, "").is_empty(), "{what}: of “{of}” stands “{text}”");
    }
    read.into_iter().map(|(of, (_, size))| (of, size)).collect()
}

/// The same scene in standard and in large type.
fn both(
    scene: &Scene,
    (purpose, language): (Purpose, Language),
    size: (usize, usize),
    type_: &mut Typesetter,
    wanted: &[String],
) {
    let [standard, large] = [false, true].map(|large| {
        let what = format!("{:?} {language:?} {size:?} {}", scene.kind, if large { "large" } else { "standard" });
        let texts = whole(&pages(scene, &style(purpose, language, large), size, type_), size, &what);
        let all: String = texts.keys().map(|text| solid(text)).collect();
        for wanted in wanted {
            assert!(all.contains(&solid(wanted)), "{what}: {wanted} stands nowhere");
        }
        texts
    });
    assert_eq!(standard.keys().collect::<Vec<_>>(), large.keys().collect::<Vec<_>>());
    for (text, size_of) in &standard {
        let ratio = large[text] / size_of;
        assert!(ratio >= 1.499, "{:?} {language:?} {size:?}: “{text}” is {ratio} times as large", scene.kind);
    }
}

/// A text of the phrases that stands for it: any of its forms.
#[test]
fn on_no_glass_is_any_phrase_cut_and_large_type_is_half_as_large_again_and_never_less() {
    for language in Language::ALL {
        let mut type_ = Typesetter::new(&[], language);
        let hospitals = SIZES.map(|size| (Purpose::Hospital, size));
        let stations = STATIONS.map(|size| (Purpose::Transit, size));
        for (purpose, size) in hospitals.into_iter().chain(stations) {
            for (_, scene) in all(purpose, language) {
                let mut wanted: Vec<String> = scene.options.iter().map(|option| option.label.to_string()).collect();
                wanted.extend(scene.number.iter().map(ToString::to_string));
                wanted.extend(scene.detail.iter().map(ToString::to_string));
                wanted.extend(scene.code.map(|code| code.as_str().to_owned()));
                wanted.extend(scene.name.as_ref().map(|name| name.reveal().to_owned()));
                both(&scene, (purpose, language), size, &mut type_, &wanted);
            }
            for next in NextStep::ALL {
                let code = Some(Code::N301);
                let scene = Scene { next: Some(next), code, ..Scene::of(SceneKind::Failed) };
                both(&scene, (purpose, language), size, &mut type_, &[]);
            }
        }
    }
}

/// Whatever a sheet of phrases says and no screen shows: what a slip says, what is said aloud, what only a browser's button
/// says, and eleven of twelve months.
const ON_NO_SCREEN: [&str; 8] =
    ["slip_", "call", "your_number", "go_to", "not_checked_in", "to_verify", "more", "months"];

#[test]
fn every_phrase_that_a_screen_can_show_stands_on_a_sheet_that_is_looked_at() {
    for (language, file) in [
        (Language::ZhHans, include_str!("../src/kiosk/phrases/zh-hans.toml")),
        (Language::ZhHant, include_str!("../src/kiosk/phrases/zh-hant.toml")),
        (Language::ZhHantHk, include_str!("../src/kiosk/phrases/zh-hant-hk.toml")),
        (Language::En, include_str!("../src/kiosk/phrases/en.toml")),
    ] {
        let file = DeTable::parse(file).expect("TOML");
        let station = file.get_ref()["transit"].get_ref().as_table().expect("a table");
        let mut type_ = Typesetter::new(&[], language);
        for purpose in [Purpose::Hospital, Purpose::Transit] {
            let style = style(purpose, language, false);
            let sheets = all(purpose, language).into_iter().flat_map(|(name, scene)| {
                let texts = pages(&scene, &style, (800, 480), &mut type_).concat();
                texts.into_iter().map(move |placed| (name.clone(), placed.of)).collect::<Vec<_>>()
            });
            let sheets: Vec<(String, Arc<str>)> = sheets.collect();
            for part in ["headline", "explanation", "advice", "text"] {
                let own = station.get(part).filter(|_| purpose == Purpose::Transit);
                let own = own.and_then(|own| own.get_ref().as_table());
                for (key, phrase) in file.get_ref()[part].get_ref().as_table().expect("a table") {
                    let key = key.get_ref().as_ref();
                    if part == "text" && ON_NO_SCREEN.iter().any(|off| key.starts_with(off)) {
                        continue;
                    }
                    let phrase = own.and_then(|own| own.get(key)).unwrap_or(phrase).get_ref();
                    let forms: Vec<&DeValue<'_>> = match phrase {
                        DeValue::Array(forms) => forms.iter().map(toml::Spanned::get_ref).collect(),
                        one => vec![one],
                    };
                    let stands = |form: &&DeValue<'_>| {
                        let words = || form.as_str().expect("a text").split(['{', '}']).step_by(2);
                        let is_its = |name: &str| part != "headline" || name.starts_with(key);
                        sheets.iter().any(|(name, text)| is_its(name) && words().all(|words| text.contains(words)))
                    };
                    assert!(forms.iter().any(stands), "{purpose:?} {language:?}: {part}.{key} stands on no sheet");
                }
            }
        }
    }
}

#[test]
fn on_the_smallest_glass_a_number_is_seen_with_its_place_and_nothing_takes_three_pages() {
    for language in Language::ALL {
        let mut type_ = Typesetter::new(&[], language);
        let style = style(Purpose::Hospital, language, true);
        for kind in SceneKind::ALL {
            let scene = full(kind, language);
            let pages = plan(&scene, &style, (240, 240), &passing(&scene, 0), &mut type_).pages;
            let most = if matches!(kind, SceneKind::Admitted | SceneKind::Already) { 1 } else { 2 };
            assert!(pages <= most, "{kind:?} {language:?}: {pages} pages");
        }
    }
}

/// The lines of a text, where they stand.
fn lines_of(text: &str, scene: &Scene, language: Language, type_: &mut Typesetter) -> Vec<Placed> {
    let style = style(Purpose::Hospital, language, true);
    let texts = plan(scene, &style, (1080, 1920), &passing(scene, 0), type_).texts;
    texts.into_iter().filter(|placed| &*placed.of == text).collect()
}

#[test]
fn type_grows_into_free_room_but_not_into_more_lines() {
    let language = Language::ZhHans;
    let mut type_ = Typesetter::new(&[], language);
    let confirm = full(SceneKind::ConfirmCard, language);
    assert_eq!(lines_of("否，为本人", &confirm, language, &mut type_).len(), 1);
    let again = full(SceneKind::LookAgain, language);
    assert_eq!(lines_of("请再次正对摄像头", &again, language, &mut type_).len(), 2);
}

#[test]
fn what_is_a_little_too_wide_for_two_lines_is_not_broken_into_three() {
    for language in Language::ALL {
        let mut type_ = Typesetter::new(&[], language);
        for (purpose, size) in STATIONS.map(|size| [Purpose::Hospital, Purpose::Transit].map(|at| (at, size))).concat()
        {
            let style = style(purpose, language, true);
            let scene = Scene { next: Some(NextStep::OtherWay), ..full(SceneKind::AskConsent, language) };
            let texts = plan(&scene, &style, size, &passing(&scene, 0), &mut type_).texts;
            for text in [style.phrases.headline(scene.kind), style.phrases.advice(NextStep::OtherWay)] {
                let lines = texts.iter().filter(|placed| (1..=64).any(|room| text.within(room) == &*placed.of)).count();
                assert!((1..=2).contains(&lines), "{purpose:?} {language:?} {size:?}: {lines} lines of {text:?}");
            }
        }
    }
}

#[test]
fn what_is_read_of_a_line_stands_in_the_middle_and_a_comma_hangs() {
    let language = Language::ZhHans;
    let scene = full(SceneKind::LookingUp, language);
    let lines = lines_of("正在识别，请稍候", &scene, language, &mut Typesetter::new(&[], language));
    let [first, second] = &lines[..] else { panic!("{lines:?}") };
    let middle = |placed: &Placed, hangs: f32| (placed.within[0] + placed.within[2] - hangs) / 2.0;
    assert!((middle(first, first.size) - middle(second, 0.0)).abs() < 1.0, "{lines:?}");
}

/// What the tests here look for would be found.
#[test]
fn a_text_that_is_cut_or_lies_on_another_or_beyond_the_glass_is_noticed() {
    let size = (800, 480);
    let mut type_ = Typesetter::new(&[], Language::ZhHans);
    let style = style(Purpose::Hospital, Language::ZhHans, false);
    let good = pages(&full(SceneKind::Admitted, Language::ZhHans), &style, size, &mut type_);
    let noticed = |change: fn(&mut [Placed])| {
        let mut pages = good.clone();
        change(&mut pages[0]);
        std::panic::catch_unwind(|| whole(&pages, size, "changed")).is_err()
    };
    assert!(!noticed(|_| ()));
    assert!(noticed(
        |texts| texts.iter_mut().find(|placed| &*placed.of == "A036").expect("a number").text = "A03".into()
    ));
    assert!(noticed(|texts| texts[2].within = texts[1].within));
    assert!(noticed(|texts| texts[2].within[2] = 900.0));
    assert!(noticed(|texts| texts[2].colours[0] = texts[2].colours[1]));
}

#[test]
fn of_sixty_long_departments_doctors_and_places_none_is_cut_on_any_glass() {
    let mut setters = BTreeMap::new();
    for (at, place) in PLACES.into_iter().enumerate() {
        let language = match place.0 {
            "zh-hans" => Language::ZhHans,
            "en" => Language::En,
            "zh-hant-hk" => Language::ZhHantHk,
            _ => Language::ZhHant,
        };
        let type_ = setters.entry(place.0).or_insert_with(|| Typesetter::new(&[], language));
        let admission = admission(place);
        let visit = Some(Arc::clone(&admission.visit));
        let scene = Scene {
            number: admission.number.clone(),
            detail: admission.place.clone(),
            visit,
            ..Scene::of(SceneKind::Admitted)
        };
        let (_, department, doctor, title, _, _, line) = place;
        let wanted = [department, doctor, title, line].map(str::to_owned);
        // Each on two sizes, so that every size has a dozen.
        for size in [SIZES[at % SIZES.len()], SIZES[(at + 1) % SIZES.len()]] {
            both(&scene, (Purpose::Hospital, language), size, type_, &wanted);
        }
        let options = (1..=8).zip(PLACES[at..].iter().chain(&PLACES)).map(|(option, place)| SceneOption {
            option,
            label: Text::clean(&format!("{} {} 09:30", place.1, place.2)),
        });
        let scene =
            Scene { options: options.collect(), stands: Some(Duration::from_secs(30)), ..Scene::of(SceneKind::Choose) };
        if at % 6 == 0 {
            let wanted: Vec<String> = scene.options.iter().map(|option| option.label.to_string()).collect();
            both(&scene, (Purpose::Hospital, language), SIZES[at / 6 % SIZES.len()], type_, &wanted);
        }
    }
}
