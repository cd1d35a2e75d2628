//! Nothing of a slip is cut: whatever departments, doctors and places are called stands on it to its end.

use std::sync::Arc;

use facemchd::{
    device::{Fonts, House, Layout, Profile, SlipLogo, Template, slip_bytes},
    kiosk::{Again, Phrases, Slip, Wording},
    sim::devices::PrinterTwin,
    words::{
        Admission, HalfDay, LabelledField, Language, PatientId, Private, Purpose, Sequence, Slot, Text, Visit,
        WallTime, When,
    },
};

use crate::{
    bench_board,
    devices::{profile, shipped, shown, wait_for},
    program,
    running::Sandbox,
    support::places::{PLACES, admission},
};

/// What stands on the paper, without blanks and line ends.
fn paper(slip: &Slip, layout: &Layout) -> String {
    let columns = layout.profile.columns;
    let encoded = slip_bytes(slip, layout, &mut Fonts::built_in());
    assert_eq!((encoded.refused, encoded.missing), (None, Vec::new()));
    let twin = PrinterTwin::new(None, columns);
    for piece in encoded.pieces {
        twin.hear(&piece);
        twin.work(None);
    }
    assert_eq!(twin.complaints(), Vec::<String>::new());
    let slip = twin.slips().pop().expect("a slip");
    assert!(slip.widest <= columns, "{} of {columns}: {}", slip.widest, slip.text);
    solid(&slip.text)
}

fn solid(text: &str) -> String {
    text.chars().filter(|character| !character.is_whitespace() && !character.is_control()).collect()
}

fn layout(template: &str, columns: usize, language: Language) -> Layout {
    let (file, text) = shipped(&format!("board/printers/slips/{template}.toml"));
    Layout {
        profile: Profile { columns, ..profile("simulated") },
        template: Template::parse(&file, &text).expect("shipped"),
        phrases: Phrases::shipped(language, Purpose::Hospital),
        utc_offset: 8 * 3600,
        house: House::default(),
    }
}

fn spoken(language: &str) -> Language {
    match language {
        "zh-hant" => Language::ZhHant,
        "zh-hant-hk" => Language::ZhHantHk,
        "en" => Language::En,
        _ => Language::ZhHans,
    }
}

/// A slip on which every field says something, long.
fn whole(again: Option<Again>, reprint: bool, advice: Option<&str>) -> Slip {
    let text = |text: &str| Some(Text::clean(text));
    let when = |told: &str| When::read(told, 8 * 3600, WallTime(1_795_224_600_000));
    let id = || Private::new("0012345678".to_owned());
    let admission = admission(PLACES[0]);
    let visit = Visit {
        hospital: text("市第一人民医院 城东院区"),
        way: text("乘2号电梯到3楼，出梯左转，沿蓝色地标走到底"),
        slot: Some(Slot { from: when("2026-12-01T10:00:00+08:00"), until: when("2026-12-01T10:30:00+08:00") }),
        ahead: Some(125),
        now: text("A031"),
        eta: when("2026-12-01T12:40:00+08:00"),
        patient_id: Some(PatientId { value: id(), barcode: Some(id()) }),
        visit_kind: text("专家门诊（复诊）"),
        sequence: Some(Sequence { half_day: Some(HalfDay::Morning), index: Text::clean("112") }),
        fields: vec![LabelledField {
            label: text("费别"), value: Text::clean("城镇职工基本医疗保险"), emphasis: true
        }],
        advice: advice.and_then(text),
        ..Visit::clone(&admission.visit)
    };
    let (visit, qr) = (Arc::new(visit), Text::payload("https://his.example/q/A036"));
    let admission = Admission { visit, qr, notes: vec![Text::clean("请在候诊区等候叫号")], ..admission };
    Slip {
        name: shown("阿卜杜热依木·阿卜杜拉"),
        admission,
        again,
        reprint,
        sent_away: None,
        at: WallTime(1_795_224_600_000),
    }
}

fn is_on_a_hospitals_slip(wording: &Wording) -> bool {
    *wording != Wording::SlipReceipt && format!("{wording:?}").starts_with("Slip")
}

#[test]
fn a_slip_speaks_its_lanes_language_whole_on_both_widths_of_paper() {
    for language in Language::ALL {
        for (template, columns) in [("hospital-58", 32), ("hospital-80", 48)] {
            let layout = layout(template, columns, language);
            let said = |wording| solid(layout.phrases.text(wording).within(usize::MAX));
            let papers = [
                paper(&whole(None, false, None), &layout),
                paper(&whole(Some(Again::Already), false, Some("过号请到分诊台")), &layout),
                paper(&whole(None, true, None), &layout),
                paper(&whole(Some(Again::ReQueued), false, None), &layout),
            ];
            for wording in Wording::ALL.into_iter().filter(is_on_a_hospitals_slip) {
                let stands: Vec<bool> = papers.iter().map(|paper| paper.contains(&said(wording))).collect();
                let expected = match wording {
                    Wording::SlipAlready => vec![false, true, false, false],
                    Wording::SlipReQueued => vec![false, false, false, true],
                    Wording::SlipReprint => vec![false, false, true, false],
                    Wording::SlipMissed => vec![true, false, true, true],
                    _ => vec![true; 4],
                };
                assert_eq!(stands, expected, "{language:?} {template} {wording:?}: {}", papers[0]);
            }
            for told in ["市第一人民医院城东院区", "沿蓝色地标走到底", "城镇职工基本医疗保险", "主任医师", "0012345678"]
            {
                assert!(papers[0].contains(told), "{language:?} {template} {told}: {}", papers[0]);
            }
            let chinese = ["就诊号：", "就诊凭条", "补打"];
            let left = papers.iter().any(|paper| chinese.iter().any(|word| paper.contains(word)));
            assert_eq!(left, language == Language::ZhHans, "{language:?}: {}", papers[0]);
        }
    }
}

#[test]
fn no_department_doctor_or_place_is_cut_on_any_slip() {
    for (template, columns) in [("hospital-58", 32), ("hospital-80", 48), ("standard", 32), ("standard", 48)] {
        for place in PLACES {
            let (language, department, doctor, title, _, _, line) = place;
            let layout = layout(template, columns, spoken(language));
            let admission = admission(place);
            let slip = Slip {
                name: shown("欧阳三"),
                admission,
                again: None,
                reprint: false,
                sent_away: None,
                at: WallTime(1_795_224_600_000),
            };
            let paper = paper(&slip, &layout);
            let told = if template == "standard" { vec![line] } else { vec![department, doctor, title, line] };
            for text in told {
                assert!(paper.contains(&solid(text)), "{template}, {columns} columns: {text} is cut\n{paper}");
            }
        }
    }
}

#[test]
fn every_place_of_the_corpus_is_as_long_as_the_interface_lets_it_be_and_no_longer() {
    for (_, department, doctor, title, floor, room, line) in PLACES {
        for text in [department, doctor, title, floor, room, line] {
            assert_eq!(Text::clean(text).as_str(), text);
        }
    }
}

#[test]
fn a_logo_stands_on_half_the_paper_at_most_dithered_and_whole_and_the_houses_name_where_the_site_says_none() {
    // From black at the left to white at the right.
    let ramp = |across: usize, down: usize| -> Vec<u8> {
        (0..across * down).map(|at| u8::try_from(at % across * 255 / (across - 1)).expect("a grey")).collect()
    };
    for ((across, down), columns, (printed_across, printed_down)) in [
        ((512, 256), 32, (192, 96)),
        ((512, 512), 48, (160, 160)),
        ((100, 512), 32, (31, 160)),
        ((64, 40), 32, (64, 40)),
        ((1000, 2), 48, (288, 1)),
    ] {
        let mut layout = layout("hospital-58", columns, Language::ZhHans);
        let logo = SlipLogo::of(across, ramp(across, down));
        layout.house = House { name: Some("甲医院".to_owned()), logo, kept: None };
        let slip = Slip { admission: Admission::default(), ..whole(None, false, None) };
        let encoded = slip_bytes(&slip, &layout, &mut Fonts::built_in());
        let mut rows = Vec::new();
        for piece in encoded.pieces.iter().filter(|piece| piece.len() < 4096) {
            if let Some(at) = piece.windows(4).position(|head| head == [0x1D, 0x76, 0x30, 0]) {
                let bytes = usize::from(piece[at + 4]);
                assert_eq!(bytes, usize::div_ceil(printed_across, 8), "{across} x {down}");
                rows.extend(piece[at + 8..].chunks_exact(bytes));
            }
        }
        assert_eq!(rows.len(), printed_down, "{across} x {down}");
        let black = |row: &[u8], from: usize, until: usize| -> usize {
            (from..until).filter(|x| row[x / 8] & (0x80 >> (x % 8)) != 0).count()
        };
        let third = printed_across / 3;
        let [dark, light] = [(0, third), (2 * third, printed_across)]
            .map(|(from, until)| rows.iter().map(|row| black(row, from, until)).sum::<usize>());
        assert!(dark > 3 * light, "{across} x {down}: {dark} {light}");
        assert!(paper(&slip, &layout).contains("甲医院"));
    }
    assert_eq!(
        (SlipLogo::of(0, vec![1]), SlipLogo::of(3, vec![1; 4]), SlipLogo::of(3, Vec::new())),
        (None, None, None)
    );
}

#[test]
fn the_sites_logo_stands_on_the_slips_of_its_printers() {
    let sandbox = Sandbox::new();
    let mut png = Vec::new();
    let mut encoder = png::Encoder::new(&mut png, 40, 24);
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header().expect("a header");
    writer.write_image_data(&[0; 40 * 24]).expect("black");
    writer.finish().expect("an end");
    std::fs::write(sandbox.path("logo.png"), png).expect("written");
    sandbox.edit("[privacy]", "[brand]\nname = \"甲医院\"\nlogo = \"logo.png\"\n\n[privacy]");
    let template = "[[line]]\nfield = \"logo\"\n[[line]]\nfield = \"hospital\"\n[[line]]\nfield = \"number\"\n\
                    [[line]]\nphrase = \"reprint\"\nwhen = \"reprint\"\n";
    let printer =
        bench_board::build(&sandbox, &[("profile = \"epson-80\"", "profile = \"epson-80\"\nslip = \"ours\"")]);
    std::fs::create_dir_all(sandbox.path("printers/slips")).expect("a folder");
    std::fs::write(sandbox.path("printers/slips/ours.toml"), template).expect("written");
    program::expect(&sandbox, &facemchd::sim::people::Person::new("sid-1", "王小明"));
    let daemon = sandbox.start();
    let mut terminal = sandbox.terminal(0);
    terminal.face("sid-1", true).expect("sent");
    let outcome = terminal.receive_type("outcome").expect("an outcome");
    let slips = wait_for(|| printer.slips(), |slips| !slips.is_empty());
    let text = &slips[0].text;
    assert!(text.contains("[picture 40 x 24]") && text.contains("甲医院"), "{text}");
    assert!(text.contains(outcome["number"].as_str().expect("a number")), "{text}");
    assert_eq!(daemon.stop(), Some(0));
}
