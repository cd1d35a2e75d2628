//! Every scene, in every language, on glass of a few lines: pictures in `tests/data/panels`, to be looked at.
//!
//! After a change on purpose: `UPDATE_PICTURES=1 cargo test scenes`, and look at them all.

use std::{fs, io::BufWriter, path::Path, sync::Arc, time::Duration};

use facemchd::{
    device::{
        Fonts, Panel,
        panel::{Frame, SerialSpi, Style, draw, rgb},
    },
    fault::{Code, Whose},
    kiosk::{NARROWEST, NextStep, Phrases, Scene, SceneKind, SceneOption, Wording},
    sim::devices::PanelTwin,
    words::{
        HalfDay, Hindrance, LabelledField, Language, NameStyle, Purpose, RealName, Sequence, Slot, Text, Visit,
        WallTime, When,
    },
};

use crate::devices::st7920_on;

/// What a phone reads.
pub const ANOTHER_WAY: &str = "https://his.example/pages/checkin?lane=kiosk-1";

/// One of three texts, as a site would say it in this language.
pub fn say(language: Language, [hans, hant, en]: [&'static str; 3]) -> &'static str {
    match language {
        Language::ZhHans => hans,
        Language::ZhHant | Language::ZhHantHk => hant,
        Language::En => en,
    }
}

/// A scene with everything that it may hold.
pub fn full(kind: SceneKind, language: Language) -> Scene {
    let scene = Scene::of(kind);
    let place = Some(Text::clean(say(language, ["3楼 内科一诊室", "3樓 內科一診室", "3F Clinic 1"])));
    let name = Some(RealName::parse("欧阳䶮丰").expect("a name").shown(NameStyle::Masked));
    let number = Some(Text::clean("A036"));
    let option = |option, label: &str| SceneOption { option, label: Text::clean(label) };
    let staff = Some(NextStep::StaffWindow);
    let phrases = Phrases::shipped(language, Purpose::Hospital);
    let wording = |which| phrases.text(which).within(usize::MAX);
    let said = |time: &str| Some(When::Said(Text::clean(time)));
    match kind {
        SceneKind::Admitted | SceneKind::Already | SceneKind::ReQueued => {
            Scene { name, number, detail: place, ..scene }
        }
        SceneKind::ToVerify => {
            let number = Some(Text::clean("W001"));
            Scene { name, number, detail: place, next: staff, code: Some(Code::J510), ..scene }
        }
        SceneKind::AskConsent | SceneKind::LookingUp | SceneKind::CheckingIn => {
            Scene { stands: Some(Duration::from_secs(8)), ..scene }
        }
        SceneKind::CardLaid => Scene {
            name: RealName::parse("王小二").map(|name| name.shown(NameStyle::Masked)),
            options: vec![option(1, wording(Wording::UseAlone))],
            next: Some(NextStep::FaceCamera),
            stands: Some(Duration::from_secs(15)),
            ..scene
        },
        SceneKind::ConfirmCard => Scene {
            name: RealName::parse("王小二").map(|name| name.shown(NameStyle::Masked)),
            options: vec![option(1, wording(Wording::Yes)), option(2, wording(Wording::NoForMyself))],
            stands: Some(Duration::from_secs(15)),
            ..scene
        },
        SceneKind::Choose => Scene {
            options: vec![
                option(1, say(language, ["内科 09:30", "內科 09:30", "Clinic 09:30"])),
                option(2, say(language, ["眼科 10:15", "眼科 10:15", "Eyes 10:15"])),
                option(3, say(language, ["口腔科 11:00", "口腔科 11:00", "Dentist 11:00"])),
            ],
            stands: Some(Duration::from_secs(30)),
            ..scene
        },
        SceneKind::TooEarly => Scene { time: said("10:30"), next: Some(NextStep::ComeBack), ..scene },
        SceneKind::TooLate => Scene { time: said("09:00"), next: staff, ..scene },
        SceneKind::NotFound | SceneKind::Refused => Scene { next: staff, ..scene },
        SceneKind::LookAgain => Scene { next: Some(NextStep::LookAgain), code: Some(Code::N320), ..scene },
        SceneKind::Cancelled => Scene { next: Some(NextStep::LookAgain), code: Some(Code::T212), ..scene },
        SceneKind::TookTooLong => Scene { next: Some(NextStep::LookAgain), code: Some(Code::N304), ..scene },
        SceneKind::Unknown => Scene { next: staff, code: Some(Code::H904), ..scene },
        SceneKind::Failed => Scene { next: staff, code: Some(Code::N301), ..scene },
        SceneKind::OutOfOrder => Scene { next: staff, code: Some(Code::P702), ..scene },
        SceneKind::OtherWay => Scene {
            next: Some(NextStep::OtherWay),
            qr: Text::payload(ANOTHER_WAY),
            stands: Some(Duration::from_secs(20)),
            ..scene
        },
        SceneKind::OneByOne => Scene { code: Some(Code::G804), ..scene },
        SceneKind::Closed => Scene { next: Some(NextStep::OtherLane), code: Some(Code::X010), ..scene },
        SceneKind::Maintenance => Scene { next: Some(NextStep::OtherLane), code: Some(Code::X011), ..scene },
        SceneKind::Evacuate => Scene { code: Some(Code::G807), ..scene },
        SceneKind::Idle | SceneKind::StaffCalled => scene,
    }
}

/// What a kind alone does not tell: every state of a scene that has words or a picture of its own.
pub fn states(purpose: Purpose, language: Language) -> Vec<(String, Scene)> {
    let phrases = Phrases::shipped(language, purpose);
    let text = |said: [&'static str; 3]| Some(Text::clean(say(language, said)));
    let at = |told: &str| When::read(told, 8 * 3600, WallTime(1_795_224_600_000));
    let other_way = Some(NextStep::OtherWay);
    let staff = Some(NextStep::StaffWindow);
    let idle = Scene::of(SceneKind::Idle);
    let hours = Some(Text::clean("08:00-12:00 13:30-17:00"));
    let notice = match purpose {
        Purpose::Hospital => text(["今日口腔科停诊", "今日口腔科停診", "No dentist today"]),
        Purpose::Transit => text(["今日末班车22:30", "今日末班車22:30", "Last train today 22:30"]),
    };
    let closed = Scene { code: Some(Code::X012), hours: hours.clone(), ..Scene::of(SceneKind::Closed) };
    let option = |option| {
        let clinic = say(language, ["口腔颌面外科", "口腔顎面外科", "Oral surgery"]);
        SceneOption { option, label: Text::clean(&format!("{clinic} {:02}:30", 8 + option)) }
    };
    let unhappy = |kind, detail| Scene { detail, next: staff, ..Scene::of(kind) };
    let mut all = vec![
        ("idle_with_another_way".to_owned(), Scene { next: other_way, ..idle.clone() }),
        ("idle_to_start".to_owned(), Scene { to_start: true, ..idle.clone() }),
        ("idle_to_start_with_another_way".to_owned(), Scene { to_start: true, next: other_way, ..idle.clone() }),
        ("idle_with_notice".to_owned(), Scene { hours, detail: notice.clone(), next: other_way, ..idle }),
        ("after_hours".to_owned(), Scene { next: Some(NextStep::OtherLane), ..closed.clone() }),
        ("after_hours_with_notice".to_owned(), Scene { detail: notice, next: staff, ..closed }),
        (
            "choose_of_eight".to_owned(),
            Scene {
                options: (1..=8).map(option).collect(),
                stands: Some(Duration::from_secs(30)),
                ..Scene::of(SceneKind::Choose)
            },
        ),
        (
            "confirm_card_of_a_long_name".to_owned(),
            Scene {
                name: RealName::parse("阿卜杜热合曼·买买提").map(|name| name.shown(NameStyle::Masked)),
                ..full(SceneKind::ConfirmCard, language)
            },
        ),
        (
            "too_late_of_another_day".to_owned(),
            Scene { time: at("2026-11-20T17:00:00+08:00"), next: staff, ..Scene::of(SceneKind::TooLate) },
        ),
        (
            "refused_for_a_reason".to_owned(),
            unhappy(SceneKind::Refused, text(["请先到服务台登记", "請先至服務台登錄", "Please see the desk first"])),
        ),
        (
            "not_printed".to_owned(),
            Scene { code: Some(Code::P702), next: staff, ..full(SceneKind::Admitted, language) },
        ),
    ];
    for (whose, code, next) in [
        (Whose::Device, Code::X001, NextStep::StaffWindow),
        (Whose::Network, Code::N301, NextStep::OtherWay),
        (Whose::WeChat, Code::N310, NextStep::IdCard),
        (Whose::Site, Code::H901, NextStep::ScanCode),
    ] {
        let detail = Some(Text::clean(phrases.text(Wording::FaultOf(whose)).within(NARROWEST)));
        let next = Some(next);
        let scene = Scene { detail, next, code: Some(code), ..Scene::of(SceneKind::Failed) };
        all.push((format!("failed_by_{whose:?}").to_lowercase(), scene));
    }
    for hindrance in Hindrance::ALL {
        let scene = Scene { hindrance: Some(hindrance), ..unhappy(SceneKind::Refused, None) };
        all.push((format!("refused_{}", hindrance.as_str()), scene));
    }
    let whole = Visit {
        department: text(["内科", "內科", "Medicine"]),
        doctor: text(["李华", "李華", "Dr Lee"]),
        title: text(["主任医师", "主治醫師", "Consultant"]),
        way: text(["乘2号电梯，出梯左转", "搭2號電梯，出電梯左轉", "Take lift 2, turn left"]),
        slot: Some(Slot { from: at("2026-11-21T10:00:00+08:00"), until: at("2026-11-21T10:30:00+08:00") }),
        ahead: Some(5),
        now: Some(Text::clean("A031")),
        eta: at("2026-11-21T10:40:00+08:00"),
        sequence: Some(Sequence { half_day: Some(HalfDay::Morning), index: Text::clean("12") }),
        fields: vec![LabelledField {
            label: text(["费别", "費別", "Cover"]),
            value: Text::clean(say(language, ["医保", "健保", "Insured"])),
            emphasis: false,
        }],
        advice: text(["请提前15分钟候诊", "請提前15分鐘候診", "Please wait nearby"]),
        ..Visit::default()
    };
    let listed = |half_day, ahead| Visit {
        floor: text(["3楼", "3樓", "3F"]),
        room: text(["一诊室", "一診室", "Room 1"]),
        ahead: Some(ahead),
        sequence: Some(Sequence { half_day: Some(half_day), index: Text::clean("7") }),
        ..Visit::default()
    };
    for (name, kind, visit) in [
        ("admitted_to_a_visit", SceneKind::Admitted, whole),
        ("already_next", SceneKind::Already, listed(HalfDay::Afternoon, 0)),
        ("re_queued_in_the_evening", SceneKind::ReQueued, listed(HalfDay::Evening, 3)),
    ] {
        let detail = text(["3楼 一诊室", "3樓 一診室", "3F Room 1"]).filter(|_| kind == SceneKind::Admitted);
        all.push((name.to_owned(), Scene { detail, visit: Some(Arc::new(visit)), ..full(kind, language) }));
    }
    all
}

/// A picture of colours.
struct Sheet {
    width: usize,
    height: usize,
    dots: Vec<[u8; 3]>,
}

const COLUMNS: usize = 6;
const GAP: usize = 6;

impl Sheet {
    fn of(pictures: &[Sheet]) -> Self {
        let (across, down) = (pictures[0].width + GAP, pictures[0].height + GAP);
        let rows = pictures.len().div_ceil(COLUMNS);
        let (width, height) = (COLUMNS * across + GAP, rows * down + GAP);
        let mut sheet = Self { width, height, dots: vec![[128, 128, 128]; width * height] };
        for (index, picture) in pictures.iter().enumerate() {
            let (left, top) = (GAP + index % COLUMNS * across, GAP + index / COLUMNS * down);
            for y in 0..picture.height {
                let at = (top + y) * width + left;
                let row = &picture.dots[y * picture.width..(y + 1) * picture.width];
                sheet.dots[at..at + picture.width].copy_from_slice(row);
            }
        }
        sheet
    }

    /// Every `step`th dot.
    fn of_frame(frame: &Frame, step: usize) -> Self {
        let (across, down) = frame.size();
        let (width, height) = (across / step, down / step);
        let dot = |x, y| rgb(frame, frame.dot(x * step + step / 2, y * step + step / 2));
        let dots = (0..height).flat_map(|y| (0..width).map(move |x| dot(x, y))).collect();
        Self { width, height, dots }
    }

    fn of_png(bytes: &[u8]) -> Self {
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().expect("PNG");
        let mut pixels = vec![0; reader.output_buffer_size().expect("bounded")];
        let info = reader.next_frame(&mut pixels).expect("a picture");
        let dots = pixels.chunks(3).map(|dot| [dot[0], dot[1], dot[2]]).collect();
        Self { width: info.width as usize, height: info.height as usize, dots }
    }

    /// With a palette of its own: four colours need two bits.
    fn write(&self, file: &Path) {
        let mut palette: Vec<[u8; 3]> = Vec::new();
        let indices: Vec<u8> = self
            .dots
            .iter()
            .map(|dot| {
                let index = palette.iter().position(|known| known == dot).unwrap_or_else(|| {
                    palette.push(*dot);
                    palette.len() - 1
                });
                u8::try_from(index).expect("few colours")
            })
            .collect();
        let width = u32::try_from(self.width).expect("small");
        let mut encoder = png::Encoder::new(
            BufWriter::new(fs::File::create(file).expect("a file")),
            width,
            u32::try_from(self.height).expect("small"),
        );
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_depth(png::BitDepth::Four);
        encoder.set_palette(palette.concat());
        let rows: Vec<u8> = indices
            .chunks(self.width)
            .flat_map(|row| row.chunks(2).map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or(0)))
            .collect();
        encoder.write_header().and_then(|mut writer| writer.write_image_data(&rows)).expect("written");
    }

    fn read(file: &Path) -> Option<Self> {
        let mut decoder = png::Decoder::new(std::io::BufReader::new(fs::File::open(file).ok()?));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().expect("PNG");
        let mut pixels = vec![0; reader.output_buffer_size().expect("bounded")];
        let info = reader.next_frame(&mut pixels).expect("a picture");
        let dots = pixels.chunks(3).map(|dot| [dot[0], dot[1], dot[2]]).collect();
        Some(Self { width: info.width as usize, height: info.height as usize, dots })
    }
}

/// What a panel of characters shows: the ST7920's twin draws it.
fn characters(scene: &Scene, style: &Style) -> Sheet {
    let twin = PanelTwin::new(None);
    let drawn = st7920_on(SerialSpi(twin.wire()), style.clone()).show(scene).expect("drawn");
    assert!(drawn.missing.is_empty(), "{:?}", drawn.missing);
    assert!(twin.complaints().is_empty(), "{:?}", twin.complaints());
    Sheet::of_png(&twin.png())
}

fn dots(scene: &Scene, style: &Style, size: (usize, usize), step: usize) -> Sheet {
    let (frame, missing) = draw(scene, style, size, &mut Fonts::built_in());
    assert!(missing.is_empty(), "{missing:?}");
    Sheet::of_frame(&frame, step)
}

#[test]
fn every_scene_looks_as_it_did_on_every_panel_in_every_language() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/panels");
    let update = std::env::var_os("UPDATE_PICTURES").is_some();
    let mut different = Vec::new();
    for language in Language::ALL {
        for large in [false, true] {
            let style = Style { phrases: Phrases::shipped(language, Purpose::Hospital), large, ..Style::default() };
            // A number to be verified differs from one that is not by its headline and code alone.
            let kinds = SceneKind::ALL.into_iter().filter(|kind| *kind != SceneKind::ToVerify);
            let states = states(Purpose::Hospital, language).into_iter().map(|(_, scene)| scene);
            let scenes: Vec<Scene> = kinds.map(|kind| full(kind, language)).chain(states).collect();
            type Class<'a> = (&'static str, Box<dyn Fn(&Scene) -> Sheet + 'a>);
            let classes: [Class<'_>; 2] = [
                ("st7920", Box::new(|scene| characters(scene, &style))),
                ("oled-128x64", Box::new(|scene| dots(scene, &style, (128, 64), 1))),
            ];
            for (class, show) in classes {
                let sheet = Sheet::of(&scenes.iter().map(show).collect::<Vec<_>>());
                let tongue = format!("{language:?}").to_lowercase();
                let file = folder.join(format!("{class}-{tongue}{}.png", if large { "-large" } else { "" }));
                if update {
                    fs::create_dir_all(&folder).expect("a folder");
                    sheet.write(&file);
                }
                let same = Sheet::read(&file)
                    .is_some_and(|seen| (seen.width, seen.dots.as_slice()) == (sheet.width, sheet.dots.as_slice()));
                if !same {
                    different.push(file);
                }
            }
        }
    }
    assert!(different.is_empty(), "look at these, then UPDATE_PICTURES=1: {different:#?}");
}
