//! What an admitted person is told below headline and number, in lines, the most important first: a screen shows as many
//! as it has room for, from the top.

use super::Scene;
use crate::words::{HalfDay, LabelledField, Language, Sequence, Slot, Text, Visit};

impl Scene {
    /// The lines of this scene: where to go, who waits there, when, how long it takes, what else the site says. What
    /// identifies the person is not among them: others look at a screen, too.
    pub fn lines(&self, language: Language) -> Vec<String> {
        let time = self.time.as_ref().map(|time| time.shown(language));
        let told = self.visit.as_ref().map(|visit| visit.lines(self.detail.as_ref(), language));
        let detail = || self.detail.as_ref().map(ToString::to_string);
        time.into_iter().chain(told.unwrap_or_else(|| detail().into_iter().collect())).collect()
    }
}

impl Visit {
    /// The visit in lines; `place` is the site's own line for where to go.
    pub fn lines(&self, place: Option<&Text>, language: Language) -> Vec<String> {
        let own = |field: &&LabelledField| field.emphasis;
        let text = |text: &Option<Text>| text.as_ref().map(ToString::to_string);
        self.place(place)
            .into_iter()
            .chain(self.ahead.map(|ahead| before(ahead, language)))
            .chain(
                self.now
                    .as_ref()
                    .map(|now| format!("{}{now}", language.of(["正在叫号 ", "正在叫號 ", "Now calling "]))),
            )
            .chain(self.eta.as_ref().map(|eta| expected(&eta.shown(language), language)))
            .chain(
                self.slot.as_ref().map(|slot| {
                    format!("{}{}", language.of(["就诊时间 ", "就診時間 ", "Time "]), slot.shown(language))
                }),
            )
            .chain(self.fields.iter().filter(own).map(LabelledField::line))
            .chain(self.doctor_with_title())
            .chain(text(&self.way))
            .chain(text(&self.advice))
            .chain(self.sequence.as_ref().map(|sequence| sequence.shown(language)))
            .chain(text(&self.visit_kind))
            .chain(self.fields.iter().filter(|field| !own(field)).map(LabelledField::line))
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

impl Slot {
    /// `08:00-08:30`
    pub fn shown(&self, language: Language) -> String {
        let [from, until] = [&self.from, &self.until].map(|end| end.as_ref().map(|end| end.shown(language)));
        match (from, until) {
            (Some(from), Some(until)) => format!("{from}-{until}"),
            (Some(from), None) => from,
            (None, until) => format!("-{}", until.unwrap_or_default()),
        }
    }
}

impl Sequence {
    /// `上午第12号`
    pub fn shown(&self, language: Language) -> String {
        let half_day = self.half_day.map(|half_day| {
            language.of(match half_day {
                HalfDay::Morning => ["上午", "上午", "morning "],
                HalfDay::Afternoon => ["下午", "下午", "afternoon "],
                HalfDay::Evening => ["晚上", "晚上", "evening "],
            })
        });
        let half_day = half_day.unwrap_or_default();
        match language {
            Language::ZhHans => format!("{half_day}第{}号", self.index),
            Language::ZhHant => format!("{half_day}第{}號", self.index),
            Language::En => format!("{half_day}no. {}", self.index),
        }
    }
}

impl LabelledField {
    /// `费别：医保`
    pub fn line(&self) -> String {
        match &self.label {
            Some(label) => format!("{label}：{}", self.value),
            None => self.value.to_string(),
        }
    }
}

/// How many people go first.
fn before(ahead: u32, language: Language) -> String {
    match (language, ahead) {
        (Language::ZhHans, 0) => "下一位就是您".to_owned(),
        (Language::ZhHans, _) => format!("前面还有{ahead}人"),
        (Language::ZhHant, 0) => "下一位就是您".to_owned(),
        (Language::ZhHant, _) => format!("前面還有{ahead}人"),
        (Language::En, 0) => "You are next".to_owned(),
        (Language::En, 1) => "1 person before you".to_owned(),
        (Language::En, _) => format!("{ahead} people before you"),
    }
}

/// When the person will be called.
fn expected(time: &str, language: Language) -> String {
    match language {
        Language::ZhHans => format!("预计{time}就诊"),
        Language::ZhHant => format!("預計{time}就診"),
        Language::En => format!("Expected {time}"),
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
            visit.lines(text("3楼一诊室").as_ref(), Language::ZhHans),
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
