//! `facemchd test slip`: a template on paper, without a printer: the driver prints to its twin, whose paper is drawn.

use std::{
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use serde::{
    Deserialize as _,
    de::{IntoDeserializer as _, value},
};

use super::{
    Ending,
    phrases::{help, slip as say},
};
use crate::{
    device::{EscPosPrinter, Fonts, House, Layout, Printer as _, Profile, Template},
    fault::exit,
    files,
    kiosk::{Phrases, PrintOutcome, Slip},
    service::SystemClock,
    sim::devices::PrinterTwin,
    words::{
        Admission, Clock, HalfDay, JobId, LabelledField, Language, NameStyle, PatientId, Private, Purpose, RealName,
        Sequence, SessionId, Slot, Text, Visit, When,
    },
};

/// The longest template, bytes.
const MOST: usize = 64 * 1024;

/// The printer whose paper it is; its width goes by `columns`.
const PROFILE: &str = include_str!("../../board/printers/simulated.toml");

const PATIENCE: Duration = Duration::from_secs(10);

/// What to draw, and where.
#[derive(Debug, clap::Args)]
pub(super) struct SlipPicture {
    #[arg(long, value_name = "FILE", help = help::slip_template())]
    template: Option<PathBuf>,
    #[arg(long, value_name = "FILE", help = help::slip_png())]
    png: Option<PathBuf>,
    #[arg(long, value_name = "COLUMNS", default_value = "48", value_parser = clap::value_parser!(u16).range(24..=64), help = help::slip_columns())]
    columns: u16,
    #[arg(long, value_name = "LANGUAGE", default_value = "zh-hans", value_parser = language, help = help::slip_language())]
    language: Language,
}

fn language(name: &str) -> Result<Language, value::Error> {
    Language::deserialize(name.into_deserializer())
}

/// Prints a slip that says everything.
pub(super) fn render(wanted: &SlipPicture, out: &mut dyn Write) -> Result<u8, Ending> {
    let Some(png) = &wanted.png else { return Err(Ending { line: say::needs_png(), exit: exit::USAGE }) };
    let unusable = |error: files::FileError| Ending { line: error.to_string(), exit: exit::FAILED };
    let columns = usize::from(wanted.columns);
    let template = match wanted.template.as_deref() {
        Some(file) => Template::parse(file, &files::read_text(file, MOST).map_err(unusable)?)?,
        None => Template::standard()?,
    };
    let profile = Profile { columns, ..Profile::parse(Path::new("simulated.toml"), PROFILE)? };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let (twin, cable) = PrinterTwin::start(None, columns).map_err(|error| Ending::io("the printer's twin", &error))?;
    let phrases = Phrases::shipped(wanted.language, Purpose::Hospital);
    let layout = Layout { profile, template, phrases, utc_offset: 8 * 3600, house: House::default() };
    let mut printer = EscPosPrinter::on(Box::new(cable), layout, Fonts::built_in(), Arc::clone(&clock));
    let now = clock.now();
    let job = JobId { session: SessionId { run: 0, serial: 0 }, copy: 0 };
    let outcome = printer.print(job, &whole(&*clock), now.moment.after(PATIENCE));
    if let PrintOutcome::NotPrinted(code) = outcome {
        return Err(Ending { line: format!("{code} {}", code.summary()), exit: exit::FAILED });
    }
    let until = clock.now().moment.after(PATIENCE);
    let slip = loop {
        match twin.slips().pop() {
            Some(slip) => break slip,
            None if clock.now().moment < until => std::thread::sleep(Duration::from_millis(5)),
            None => return Err(Ending { line: say::no_paper(), exit: exit::FAILED }),
        }
    };
    files::write_public(png, &slip.png()).map_err(unusable)?;
    writeln!(out, "{}\n\n{}", slip.text, say::drawn(png.display()))
        .map_err(|error| Ending::io("standard output", &error))?;
    Ok(exit::OK)
}

/// A slip on which every field says something.
fn whole(clock: &dyn Clock) -> Slip {
    let now = clock.now().wall;
    let text = |text: &str| Some(Text::clean(text));
    let time = |time: &str| When::read(time, 8 * 3600, now);
    let private = |text: &str| Private::new(text.to_owned());
    let visit = Visit {
        hospital: text("市第一人民医院 城东院区"),
        department: text("心血管内科"),
        doctor: text("李华"),
        title: text("主任医师"),
        room: text("一诊室"),
        floor: text("3楼"),
        way: text("乘2号电梯到3楼，出梯左转"),
        slot: Some(Slot { from: time("10:00"), until: time("10:30") }),
        ahead: Some(5),
        now: text("A031"),
        eta: time("10:20"),
        patient_id: Some(PatientId { value: private("0012345678"), barcode: Some(private("0012345678")) }),
        visit_kind: text("专家门诊"),
        sequence: Some(Sequence { half_day: Some(HalfDay::Morning), index: Text::clean("12") }),
        fields: vec![
            LabelledField { label: text("费别"), value: Text::clean("医保"), emphasis: false },
            LabelledField { label: None, value: Text::clean("请空腹抽血"), emphasis: true },
        ],
        advice: text("过号请到分诊台重新排队"),
    };
    let admission = Admission {
        number: text("A036"),
        place: text("3楼东区 心血管内科一诊室"),
        notes: text("请在候诊区等候叫号").into_iter().collect(),
        qr: Text::payload("https://his.example/q/A036"),
        visit: Arc::new(visit),
        ..Admission::default()
    };
    let name = RealName::parse("欧阳䶮丰").map(|name| name.shown(NameStyle::Masked));
    Slip { name, admission, again: None, reprint: false, sent_away: None, at: now }
}
