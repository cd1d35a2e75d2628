//! What is said aloud of a scene: in words for a terminal that speaks itself, in clips for a pack of recorded words.

use std::{collections::BTreeMap, sync::Arc};

use facemchd::{
    kiosk::{Lexicon, NextStep, Phrases, Scene, SceneKind, SceneOption},
    words::{Hindrance, Language, NameStyle, Purpose, RealName, ShownName, Text, Visit, WallTime, When},
};

/// 2026-11-21 09:30 in Beijing.
const TODAY: WallTime = WallTime(1_795_224_600_000);

fn text(text: &str) -> Option<Text> {
    Some(Text::clean(text))
}

fn when(told: &str) -> Option<When> {
    When::read(told, 8 * 3600, TODAY)
}

fn admitted() -> Scene {
    let visit = Visit {
        department: text("内科"),
        floor: text("3楼"),
        room: text("一诊室"),
        ahead: Some(5),
        ..Visit::default()
    };
    Scene { number: text("A036"), visit: Some(Arc::new(visit)), ..Scene::of(SceneKind::Admitted) }
}

fn name(style: NameStyle) -> Option<ShownName> {
    RealName::parse("王小明").map(|name| name.shown(style))
}

fn in_words(scene: &Scene, language: Language) -> Option<String> {
    scene.speech(&Phrases::shipped(language, Purpose::Hospital)).text()
}

/// What is heard when the clips of a lane's pack are played one after the other, sentences parted by `|`.
fn heard(scene: &Scene, language: Language, index: &str) -> String {
    let phrases = Phrases::shipped(language, Purpose::Hospital);
    let lexicon = Lexicon::with_index(language, index).expect("an index");
    let words: BTreeMap<String, String> = phrases.script().into_iter().map(|clip| (clip.name, clip.words)).collect();
    let of = |name: String| words.get(&name).cloned().unwrap_or(format!("<{name}>"));
    let between = if language == Language::En { " " } else { "" };
    let sentence = |clips: Vec<String>| clips.into_iter().map(of).collect::<Vec<_>>().join(between);
    scene.speech(&phrases).clips(&lexicon).into_iter().map(sentence).collect::<Vec<_>>().join("|")
}

#[test]
fn whoever_is_admitted_is_told_number_place_and_how_many_are_before_in_every_language() {
    for (language, says) in [
        (Language::ZhHans, "签到成功。请A036号到3楼内科一诊室。前面还有5人。"),
        (Language::ZhHant, "報到完成。A036號，請至3楼内科一诊室。前面還有5位。"),
        (Language::ZhHantHk, "登記完成。A036號，請前往3楼内科一诊室。前面尚有5人。"),
        (Language::En, "Checked in. Number A036, please go to 3楼 内科 一诊室. 5 waiting before you."),
    ] {
        assert_eq!(in_words(&admitted(), language).as_deref(), Some(says));
    }
}

#[test]
fn a_place_is_composed_of_the_packs_words_digits_and_floors() {
    let index = "# departments\n内科 = \"neike.wav\"\n\"心血管内科\" = \"xinxueguan.wav\"\n";
    assert_eq!(heard(&admitted(), Language::ZhHans, index), "签到成功|请A零三六号到三楼<neike>一诊室|前面还有五人");
    let place = |place: &str| Scene { visit: None, detail: text(place), ..admitted() };
    for (told, says) in [
        ("12楼 心血管内科 第105诊室", "请A零三六号到十二楼<xinxueguan>第一百零五诊室"),
        ("门诊2号楼 0601室 B超", "请A零三六号到门诊二号楼零六零一室B"),
        ("东楼 CT 室", "请A零三六号到楼CT室"),
    ] {
        assert_eq!(heard(&place(told), Language::ZhHans, index), format!("签到成功|{says}"));
    }
    let english = "cardiology = cardiology.wav";
    assert_eq!(
        heard(&place("Floor 3, Cardiology, room 12"), Language::En, english),
        "Checked in|Number A zero three six please go to floor three <cardiology> room twelve"
    );
}

#[test]
fn a_word_without_a_clip_costs_the_word_and_a_place_without_any_leaves_the_number() {
    let place = |place: &str| Scene { visit: None, detail: text(place), ..admitted() };
    assert_eq!(heard(&place("胃镜中心3楼"), Language::ZhHans, ""), "签到成功|请A零三六号到三楼");
    assert_eq!(heard(&place("胃镜中心"), Language::ZhHans, ""), "签到成功|您的号码是A零三六");
    let refused =
        Scene { detail: text("请先缴费"), next: Some(NextStep::StaffWindow), ..Scene::of(SceneKind::Refused) };
    assert_eq!(heard(&refused, Language::ZhHans, ""), "暂不能签到|请到护士站/分诊台");
    assert_eq!(in_words(&refused, Language::ZhHans).as_deref(), Some("暂不能签到。请先缴费。请到护士站/分诊台。"));
}

#[test]
fn whoever_is_refused_hears_why_in_words_that_are_recorded() {
    for (language, says) in [
        (Language::ZhHans, "暂不能签到。挂号费尚未缴纳。请到护士站/分诊台。"),
        (Language::En, "Unable to check in. The visit is not paid for yet. Please see staff."),
    ] {
        for hindrance in Hindrance::ALL {
            let next = Some(NextStep::StaffWindow);
            let refused = Scene { hindrance: Some(hindrance), next, ..Scene::of(SceneKind::Refused) };
            let said = in_words(&refused, language).expect("something");
            assert!(hindrance != Hindrance::Unpaid || said == says, "{said}");
            let clips = heard(&refused, language, "");
            assert_eq!((clips.split('|').count(), clips.contains('<')), (3, false), "{clips}");
        }
    }
}

#[test]
fn times_are_said_with_their_date_where_it_is_not_todays() {
    let early =
        |told: &str| Scene { time: when(told), next: Some(NextStep::ComeBack), ..Scene::of(SceneKind::TooEarly) };
    for (told, says, words) in [
        ("2026-11-21T10:30:00+08:00", "十点三十分起可签到", "10:30起可签到"),
        ("2026-12-01T08:00:00+08:00", "12月一日八点起可签到", "12月1日 8:00起可签到"),
    ] {
        assert_eq!(heard(&early(told), Language::ZhHans, ""), format!("未到签到时间|{says}|请稍后再来"));
        let words = format!("未到签到时间。{words}。请稍后再来。");
        assert_eq!(in_words(&early(told), Language::ZhHans), Some(words));
    }
    assert_eq!(
        heard(&early("2026-12-01T08:05:00+08:00"), Language::En, ""),
        "Too early to check in|Check-in opens at one Dec eight oh five|Please come back later"
    );
}

#[test]
fn nobodys_name_is_said_unless_the_site_lets_it_and_a_masked_one_never() {
    let asks = |says_name, style| Scene { name: name(style), says_name, ..Scene::of(SceneKind::ConfirmCard) };
    let ends = |says_name, style| Scene { name: name(style), says_name, ..admitted() };
    for style in [NameStyle::Masked, NameStyle::Full] {
        for scene in [asks(false, style), ends(false, style)] {
            let said = in_words(&scene, Language::ZhHans).expect("something");
            assert!(!said.contains(['王', '小', '明']), "{said}");
        }
    }
    assert_eq!(in_words(&asks(true, NameStyle::Masked), Language::ZhHans).as_deref(), Some("为此人签到？"));
    assert_eq!(in_words(&asks(true, NameStyle::Full), Language::ZhHans).as_deref(), Some("为王小明签到？"));
    assert!(in_words(&ends(true, NameStyle::Full), Language::ZhHans).is_some_and(|said| said.starts_with("王小明。")));
    // Who has no clip of a name asks as before.
    assert_eq!(heard(&asks(true, NameStyle::Full), Language::ZhHans, ""), "为此人签到");
    assert_eq!(heard(&asks(true, NameStyle::Full), Language::ZhHans, "王小明 = w.wav"), "为<w>签到");
    assert!(!format!("{:?}", ends(true, NameStyle::Full).speech(&Phrases::default())).contains('王'));
}

#[test]
fn nothing_is_said_where_nobody_stands_and_every_other_scene_says_what_to_do() {
    let silent =
        [SceneKind::Idle, SceneKind::CheckingIn, SceneKind::OutOfOrder, SceneKind::Closed, SceneKind::Maintenance];
    for language in Language::ALL {
        for kind in SceneKind::ALL {
            let said = in_words(&Scene::of(kind), language);
            assert_eq!(said.is_none(), silent.contains(&kind), "{kind:?} {said:?}");
        }
    }
    let options = (1..=2).map(|option| SceneOption { option, label: Text::clean("内科 9:30") }).collect();
    let choose = Scene { options, ..Scene::of(SceneKind::Choose) };
    let says = "请选择要签到的预约。1，内科 9:30。2，内科 9:30。";
    assert_eq!(in_words(&choose, Language::ZhHans).as_deref(), Some(says));
}

#[test]
fn every_clip_that_may_be_said_stands_in_the_script_of_its_language_once() {
    for (language, purpose) in
        Language::ALL.into_iter().flat_map(|l| [Purpose::Hospital, Purpose::Transit].map(|p| (l, p)))
    {
        let phrases = Phrases::shipped(language, purpose);
        let script = phrases.script();
        let words: BTreeMap<&str, &str> = script.iter().map(|clip| (clip.name.as_str(), clip.words.as_str())).collect();
        assert_eq!(words.len(), script.len());
        for clip in &script {
            assert!(clip.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "{clip:?}");
            assert!(!clip.words.is_empty() && !clip.words.contains(['{', '}']), "{clip:?}");
        }
        let lexicon = Lexicon::standard(language);
        assert!(lexicon.clips().all(|clip| words.contains_key(clip)));
        for kind in SceneKind::ALL {
            for next in NextStep::ALL {
                for time in [when("2026-11-21T10:30:00+08:00"), when("2026-12-31T23:05:00+08:00")] {
                    let scene = Scene { kind, next: Some(next), time, ..admitted() };
                    let clips = scene.speech(&phrases).clips(&lexicon).concat();
                    let unknown = clips.iter().find(|clip| !words.contains_key(clip.as_str()));
                    assert_eq!(unknown, None, "{language:?} {kind:?}");
                }
            }
        }
    }
}

#[test]
fn a_wrong_line_of_an_index_is_named() {
    for (line, index) in [(1, "内科"), (2, "\n内科 = ../neike.wav"), (3, "# x\n\n = a.wav"), (1, "内科 = neike.mp3")]
    {
        assert_eq!(Lexicon::with_index(Language::ZhHans, index).expect_err(index).line, line);
    }
}
