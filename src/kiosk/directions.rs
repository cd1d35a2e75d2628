//! A scene in words: its headline, and what stands below it in lines, the most important first. A screen shows as many as
//! it has room for, from the top, each in the longest form that fits.

use std::borrow::Cow;

use super::{Phrases, Scene, SceneKind, Wording};
use crate::words::{HalfDay, LabelledField, Sequence, Slot, Text, Visit, When};

/// The longest name, characters, that a question has room for.
const SHORT_NAME: usize = 4;

impl Scene {
    /// The headline, with the name in it where the scene asks about somebody and there is room: 为王*二签到？
    pub fn headline<'a>(&self, phrases: &'a Phrases, columns: usize) -> Cow<'a, str> {
        match &self.name {
            Some(name) if self.asks_by_name() => {
                Cow::Owned(phrases.text(Wording::ForPerson).filled(columns, &[("name", name.reveal())]))
            }
            _ => Cow::Borrowed(phrases.headline_for(self.kind, self.to_start, self.code).within(columns)),
        }
    }

    /// Whether the headline holds the name.
    pub(crate) fn asks_by_name(&self) -> bool {
        let is_short = |name: &str| name.chars().count() <= SHORT_NAME;
        self.kind == SceneKind::ConfirmCard && self.name.as_ref().is_some_and(|name| is_short(name.reveal()))
    }

    /// What the person can do now; nothing where there is nothing to do.
    pub fn advice<'a>(&self, phrases: &'a Phrases, columns: usize) -> &'a str {
        self.next.map(|next| phrases.advice(next).within(columns)).unwrap_or_default()
    }

    /// Where to go, who waits there, when, how long it takes, what else the site says; or from when, until when, why
    /// not. What identifies the person is not among them: others look at a screen, too.
    pub fn lines(&self, phrases: &Phrases, columns: usize) -> Vec<String> {
        let bound = if self.kind == SceneKind::TooLate { Wording::Until } else { Wording::From };
        let time = self.time.as_ref().map(|time| phrases.text(bound).filled(columns, &[("time", &phrases.time(time))]));
        let detail = || self.detail.iter().map(ToString::to_string).collect();
        let told = self.visit.as_ref().map_or_else(detail, |visit| visit.lines(self.detail.as_ref(), phrases, columns));
        let explanation = || Some(phrases.explanation(self.kind).within(columns)).filter(|text| !text.is_empty());
        let hindrance = self.hindrance.map(|hindrance| phrases.text(Wording::Hindered(hindrance)).within(columns));
        let hours =
            self.hours.as_ref().map(|hours| phrases.text(Wording::Hours).filled(columns, &[("hours", hours.as_str())]));
        let mut lines: Vec<String> =
            hindrance.map(str::to_owned).into_iter().chain(time).chain(hours).chain(told).collect();
        if lines.is_empty() {
            lines.extend(explanation().map(str::to_owned));
        }
        lines
    }
}

impl Visit {
    /// The visit in lines; `place` is the site's own line for where to go.
    fn lines(&self, place: Option<&Text>, phrases: &Phrases, columns: usize) -> Vec<String> {
        let (loud, quiet): (Vec<_>, Vec<_>) = self.fields.iter().partition(|field| field.emphasis);
        let field = |field: &LabelledField| phrases.field(field, columns);
        let filled = |wording, name, value: &str| phrases.text(wording).filled(columns, &[(name, value)]);
        let text = |text: &Option<Text>| text.as_ref().map(ToString::to_string);
        self.place(place)
            .into_iter()
            .chain(self.ahead.map(|ahead| phrases.ahead(ahead, columns)))
            .chain(self.now.as_ref().map(|now| filled(Wording::Now, "number", now.as_str())))
            .chain(self.eta.as_ref().map(|eta| filled(Wording::Eta, "time", &phrases.time(eta))))
            .chain(self.slot.as_ref().map(|slot| filled(Wording::Slot, "time", &phrases.slot(slot))))
            .chain(loud.into_iter().map(field))
            .chain(self.doctor_with_title())
            .chain(text(&self.way))
            .chain(text(&self.advice))
            .chain(self.sequence.as_ref().map(|sequence| phrases.sequence(sequence, columns)))
            .chain(text(&self.visit_kind))
            .chain(quiet.into_iter().map(field))
            .collect()
    }

    /// Where to go: the site's own line, after the department where it does not name it; or floor, department and room.
    pub fn place(&self, place: Option<&Text>) -> Option<String> {
        let parts: Vec<&str> = match (place, &self.department) {
            (Some(place), Some(department)) if !place.as_str().contains(department.as_str()) => {
                vec![department.as_str(), place.as_str()]
            }
            (Some(place), _) => vec![place.as_str()],
            (None, _) => [&self.floor, &self.department, &self.room].into_iter().flatten().map(Text::as_str).collect(),
        };
        Some(parts.join(" ")).filter(|place| !place.is_empty())
    }

    /// `李华 主任医师`
    pub(crate) fn doctor_with_title(&self) -> Option<String> {
        let both: Vec<&str> = [&self.doctor, &self.title].into_iter().flatten().map(Text::as_str).collect();
        Some(both.join(" ")).filter(|_| self.doctor.is_some())
    }
}

impl Phrases {
    /// A time as a person reads it: the time of day, after the date where that is not today's.
    pub fn time(&self, when: &When) -> String {
        let local = match when {
            When::Said(text) => return text.to_string(),
            When::At(local) => local,
        };
        let time = local.time_of_day();
        let Some((month, day)) = local.other_day() else { return time };
        let month = self.text(Wording::Months).form(usize::from(month).saturating_sub(1));
        let values = [("month", month), ("day", &day.to_string()), ("time", &time)];
        self.text(Wording::Date).filled(usize::MAX, &values)
    }

    /// `08:00-08:30`
    pub fn slot(&self, slot: &Slot) -> String {
        let [from, until] = [&slot.from, &slot.until].map(|end| end.as_ref().map(|end| self.time(end)));
        match (from, until) {
            (Some(from), Some(until)) => format!("{from}-{until}"),
            (Some(from), None) => from,
            (None, until) => format!("-{}", until.unwrap_or_default()),
        }
    }

    /// `上午第12号`
    pub fn sequence(&self, sequence: &Sequence, columns: usize) -> String {
        let half_day = sequence.half_day.map(|half_day| match half_day {
            HalfDay::Morning => Wording::Morning,
            HalfDay::Afternoon => Wording::Afternoon,
            HalfDay::Evening => Wording::Evening,
        });
        let half_day = half_day.map(|wording| self.text(wording).within(columns)).unwrap_or_default();
        let values = [("half_day", half_day), ("index", sequence.index.as_str())];
        self.text(Wording::Sequence).filled(columns, &values).trim_end().to_owned()
    }

    /// `费别：医保`
    pub fn field(&self, field: &LabelledField, columns: usize) -> String {
        match &field.label {
            Some(label) => {
                let values = [("label", label.as_str()), ("value", field.value.as_str())];
                self.text(Wording::Field).filled(columns, &values)
            }
            None => field.value.to_string(),
        }
    }

    /// How many people go first.
    pub fn ahead(&self, ahead: u32, columns: usize) -> String {
        match ahead {
            0 => self.text(Wording::NextOne).within(columns).to_owned(),
            _ => self.text(Wording::Ahead).filled(columns, &[("n", &ahead.to_string())]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Option<Text> {
        Some(Text::clean(text))
    }

    #[test]
    fn the_place_is_told_with_its_department_once() {
        let visit = |department: Option<&str>| Visit {
            department: department.and_then(text),
            floor: text("3楼"),
            room: text("一诊室"),
            ..Visit::default()
        };
        assert_eq!(visit(Some("内科")).place(text("3楼 内科一诊室").as_ref()).as_deref(), Some("3楼 内科一诊室"));
        assert_eq!(visit(Some("内科")).place(text("3楼 一诊室").as_ref()).as_deref(), Some("内科 3楼 一诊室"));
        assert_eq!(visit(Some("内科")).place(None).as_deref(), Some("3楼 内科 一诊室"));
        assert_eq!(visit(None).place(None).as_deref(), Some("3楼 一诊室"));
        assert_eq!(Visit::default().place(None), None);
    }

    #[test]
    fn a_visit_is_told_in_lines_and_never_by_whose_it_is() {
        use crate::words::{PatientId, Private, WallTime, When};
        let when = |told: &str| When::read(told, 8 * 3600, WallTime(1_795_224_600_000));
        let field = |label: Option<&str>, value: &str, emphasis| LabelledField {
            label: label.map(Text::clean),
            value: Text::clean(value),
            emphasis,
        };
        let visit = Visit {
            department: text("内科"),
            doctor: text("李华"),
            title: text("主任医师"),
            slot: Some(Slot { from: when("2026-11-21T10:00:00+08:00"), until: when("2026-11-21T10:30:00+08:00") }),
            ahead: Some(5),
            now: text("A031"),
            eta: when("2026-11-21T10:40:00+08:00"),
            patient_id: Some(PatientId { value: Private::new("0012345".to_owned()), barcode: None }),
            sequence: Some(Sequence { half_day: Some(HalfDay::Morning), index: Text::clean("12") }),
            fields: vec![field(Some("费别"), "医保", false), field(None, "请空腹", true)],
            advice: text("过号请到分诊台"),
            ..Visit::default()
        };
        assert_eq!(
            visit.lines(text("3楼一诊室").as_ref(), &Phrases::default(), 16),
            [
                "内科 3楼一诊室",
                "前面还有5人",
                "正在叫号 A031",
                "预计10:40就诊",
                "就诊时间 10:00-10:30",
                "请空腹",
                "李华 主任医师",
                "过号请到分诊台",
                "上午第12号",
                "费别：医保",
            ]
        );
    }
}
