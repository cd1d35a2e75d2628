//! What a person reads: complete in every language, fit for the narrowest panel, and the site's to change.

use std::collections::BTreeSet;

use facemchd::{
    fault::exit,
    kiosk::{NARROWEST, NextStep, Phrases, Scene, SceneKind, Wording},
    words::{Hindrance, Language, Purpose, Text, When},
};

use crate::running::{Sandbox, run};

const PURPOSES: [Purpose; 2] = [Purpose::Hospital, Purpose::Transit];

fn columns(text: &str) -> usize {
    text.chars().map(|character| if character.is_ascii() { 1 } else { 2 }).sum()
}

#[test]
fn every_scene_and_every_step_has_its_words_in_every_language_and_they_fit_the_narrowest_panel() {
    for (language, purpose) in
        Language::ALL.into_iter().flat_map(|language| PURPOSES.map(|purpose| (language, purpose)))
    {
        let phrases = Phrases::shipped(language, purpose);
        let headlines = SceneKind::ALL.iter().map(|kind| phrases.headline(*kind));
        for phrase in headlines.chain(NextStep::ALL.iter().map(|next| phrases.advice(*next))) {
            for room in [NARROWEST, 30, usize::MAX] {
                let said = phrase.within(room);
                assert!(!said.is_empty() && columns(said) <= room, "{language:?} {purpose:?}: {phrase:?}");
            }
        }
        for wording in Wording::ALL {
            let said = phrases.text(wording).within(NARROWEST);
            assert!(!said.is_empty(), "{language:?} {wording:?}");
            let is_line = matches!(wording, Wording::Hindered(_) | Wording::FaultOf(_) | Wording::NextOne);
            assert!(!is_line || columns(said) <= NARROWEST, "{language:?} {purpose:?}: {said} is turned in pages");
        }
        for kind in [SceneKind::Evacuate, SceneKind::StaffCalled] {
            assert!(!phrases.explanation(kind).within(NARROWEST).is_empty(), "{language:?} {kind:?}");
        }
        assert_eq!(phrases.seconds(7).matches('7').count(), 1);
    }
}

#[test]
fn a_station_does_not_speak_like_a_hospital_on_glass_paper_or_aloud_and_hong_kong_not_like_taiwan() {
    let all = |language, purpose| -> BTreeSet<String> {
        let phrases = Phrases::shipped(language, purpose);
        let headlines = SceneKind::ALL.map(|kind| phrases.headline(kind));
        let explanations = SceneKind::ALL.map(|kind| phrases.explanation(kind));
        let advice = NextStep::ALL.map(|next| phrases.advice(next));
        let texts = Wording::ALL.map(|which| phrases.text(which));
        let phrases = headlines.into_iter().chain(explanations).chain(advice).chain(texts);
        let forms = phrases.flat_map(|phrase| (1..=64).map(|room| phrase.within(room).to_owned()));
        forms.collect()
    };
    for (language, of_hospitals) in [
        (Language::ZhHans, ["签到", "诊", "预约", "医", "病", "挂号", "科室"].as_slice()),
        (Language::ZhHant, ["報到", "診", "掛號", "醫", "病", "科別", "護理"].as_slice()),
        (Language::ZhHantHk, ["登記", "診", "預約", "醫", "病", "專科"].as_slice()),
        (Language::En, ["heck", "ppointment", "octor", "atient", "ospital", "isit", "linic", "epartment"].as_slice()),
    ] {
        let [hospital, station] = [Purpose::Hospital, Purpose::Transit].map(|purpose| all(language, purpose));
        for word in of_hospitals {
            let said = station.iter().find(|said| said.contains(word));
            assert_eq!(said, None, "{language:?}: {word}");
        }
        assert!(of_hospitals.iter().any(|word| hospital.iter().any(|said| said.contains(word))));
    }
    let [taiwan, hong_kong] = [Language::ZhHant, Language::ZhHantHk].map(|language| all(language, Purpose::Hospital));
    assert!(taiwan.contains("報到完成") && hong_kong.contains("登記完成"));
    for simplified in "签请验证过网络认识预约这为诊医员挂号样务问题时间门专区页缴费开协议".chars()
    {
        for said in taiwan.iter().chain(&hong_kong) {
            assert!(!said.contains(simplified), "{said} holds {simplified}");
        }
    }
}

#[test]
fn whoever_is_too_early_is_told_when_and_to_come_back() {
    let time = When::read("2026-11-21T10:30:00+08:00", 8 * 3600, facemchd::words::WallTime(1_795_224_600_000));
    let scene = Scene { time, next: Some(NextStep::ComeBack), ..Scene::of(SceneKind::TooEarly) };
    let phrases = Phrases::default();
    assert_eq!(scene.headline(&phrases, NARROWEST), "未到签到时间");
    assert_eq!(scene.lines(&phrases, NARROWEST), ["10:30起可签到"]);
    assert_eq!(scene.advice(&phrases, NARROWEST), "请稍后再来");
    let december = When::read("2026-12-01T08:00:00+08:00", 8 * 3600, facemchd::words::WallTime(1_795_224_600_000));
    let scene = Scene { time: december, ..Scene::of(SceneKind::TooLate) };
    assert_eq!(scene.lines(&phrases, NARROWEST), ["签到截止12月1日 08:00"]);
    let english = Phrases::shipped(Language::En, Purpose::Hospital);
    assert_eq!(scene.lines(&english, 40), ["Check-in closed at 1 Dec 08:00"]);
    let said = Scene { detail: Some(Text::clean("请先缴费")), ..Scene::of(SceneKind::Refused) };
    assert_eq!(said.lines(&phrases, NARROWEST), ["请先缴费"]);
    let unpaid = Scene { hindrance: Some(Hindrance::Unpaid), ..Scene::of(SceneKind::Refused) };
    assert_eq!(unpaid.lines(&phrases, NARROWEST), ["挂号费尚未缴纳"]);
    assert_eq!(unpaid.lines(&english, NARROWEST), ["Not paid yet"]);
}

#[test]
fn a_site_changes_the_phrases_it_names_and_no_others() {
    let file =
        "[advice]\nstaff_window = [\"请到二楼西侧分诊台\", \"请到分诊台\"]\n[transit.headline]\nadmitted = \"请进\"\n";
    for (purpose, admitted) in [(Purpose::Hospital, "签到成功"), (Purpose::Transit, "请进")] {
        let phrases = Phrases::changed(Language::ZhHans, purpose, file).expect("phrases");
        assert_eq!(phrases.headline(SceneKind::Admitted).within(NARROWEST), admitted);
        assert_eq!(phrases.advice(NextStep::StaffWindow).within(40), "请到二楼西侧分诊台");
        assert_eq!(phrases.headline(SceneKind::Evacuate), Phrases::default().headline(SceneKind::Evacuate));
    }
}

#[test]
fn a_file_of_phrases_that_cannot_be_shown_is_refused_with_its_line() {
    for (line, file, says) in [
        (2, "[headline]\nidle = \"请大家都来正对摄像头站好\"\n", "wider than the narrowest panel"),
        (2, "[headline]\nidel = \"x\"\n", "idel"),
        (2, "[advice]\nlook_again = []\n", "1–64 characters"),
        (3, "[text]\nyes = \"是\"\nahead = \"前面有人\"\n", "needs {n}"),
        (2, "[text]\nmonths = [\"1\", \"2\"]\n", "twelve"),
        (2, "[text]\nafter_hours = \"现在不是我们的开放时间\"\n", "wider than the narrowest panel"),
        (2, "[text]\nfor_person = \"现在为{name}签到吗？\"\n", "wider than the narrowest panel"),
        (1, "[headlines]\n", "headlines"),
        (1, "[transit.transit.headline]\nidle = \"x\"\n", "`transit` is no part"),
        (2, "[advice]\nstaff_window = \"a\\u001b@\"\n", "controls"),
    ] {
        let error = Phrases::changed(Language::ZhHans, Purpose::Hospital, file).expect_err(file);
        assert!(error.message.contains(says), "{file}: {error}");
        assert_eq!(error.line, line, "{file}");
    }
}

#[test]
fn check_and_start_refuse_a_file_of_phrases_alike_and_name_it() {
    let sandbox = Sandbox::new();
    sandbox.edit("terminal = \"unix:kiosk-1.sock\"", "terminal = \"unix:kiosk-1.sock\"\nphrases = \"phrases.toml\"");
    let file = sandbox.path("phrases.toml");
    std::fs::write(&file, "[advice]\nstaff_window = \"请到二楼西侧分诊台办理\"\n").expect("written");
    for command in ["check", "run"] {
        let ended = run(&[command, "--config", sandbox.site(), "--lang", "en"]);
        let told = [ended.stdout, ended.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        assert_ne!(ended.status.code(), Some(exit::OK.into()), "{command}: {told}");
        assert!(told.contains("phrases.toml:") && told.contains("C101"), "{command}: {told}");
    }
    std::fs::write(&file, "[headline]\nidle = \"请看这里\"\n").expect("written");
    sandbox.edit("panel = \"board\"\nprinter", "panel = \"terminal\"\nprinter");
    let daemon = sandbox.start();
    let idle = sandbox.terminal(0).receive().expect("at once");
    assert_eq!(idle["headline"], "请看这里", "{idle}");
    assert_eq!(daemon.stop(), Some(0));
}
