//! An alarm as RFC 5424 has it, framed and over TLS as RFC 5425 does: `LENGTH SP MESSAGE`. A connection for each: alarms are
//! rare, and one that was kept tells too late that nobody is there.

use std::sync::Arc;

use super::{Collector, Event, Kind, NotTaken, PATIENCE};
use crate::{
    http::Client,
    words::{Clock, Deadline, WallTime},
};

pub(super) struct Syslog {
    address: String,
    host: String,
    client: Client,
    clock: Arc<dyn Clock>,
}

/// local0, as RFC 5424 §6.2.1 counts.
const FACILITY: u8 = 16;

impl Syslog {
    pub(super) fn new(address: String, host: String, client: Client, clock: Arc<dyn Clock>) -> Self {
        Self { address, host, client, clock }
    }
}

impl Collector for Syslog {
    fn name(&self) -> &'static str {
        "syslog"
    }

    fn deliver(&self, event: &Event) -> Result<(), NotTaken> {
        let message = message(event, &self.host);
        let frame = format!("{} {message}", message.len());
        self.client.tell(&self.address, frame.as_bytes(), Deadline::from_now(&*self.clock, PATIENCE))?;
        Ok(())
    }
}

/// One line, ASCII but for a lane's name. 32473 is IANA's number for whoever has none.
fn message(event: &Event, host: &str) -> String {
    let Event { alarm, begins, at, id, .. } = event;
    let (severity, word) = if *begins { (3, "begin") } else { (5, "end") };
    let priority = FACILITY * 8 + severity;
    let value = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"").replace(']', "\\]");
    let lane = alarm.lane.as_deref().map(|lane| format!(" lane=\"{}\"", value(lane))).unwrap_or_default();
    let merchant = alarm.merchant.map(|number| format!(" merchant=\"{number}\"")).unwrap_or_default();
    let system = alarm.system.as_deref().map(|name| format!(" system=\"{}\"", value(name))).unwrap_or_default();
    let days = event.days().map(|days| format!(" days=\"{days}\"")).unwrap_or_default();
    let (code, part) = (alarm.code, value(&alarm.part));
    format!(
        "<{priority}>1 {} {host} facemchd - {word} [alarm@32473 id=\"{id}\" event=\"{word}\" code=\"{code}\" kind=\"{}\" \
         part=\"{part}\"{lane}{merchant}{system}{days}] {code} {}",
        time(*at),
        Kind::of(code).as_str(),
        code.summary()
    )
}

/// RFC 3339, UTC, milliseconds.
fn time(at: WallTime) -> String {
    const FORMAT: &[time::format_description::BorrowedFormatItem<'_>] =
        time::macros::format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    at.at_offset(0).format(FORMAT).unwrap_or_else(|_| "-".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{alarm::Alarm, fault::Code, words::Moment};

    #[test]
    fn a_message_is_what_rfc_5424_says() {
        let alarm = Alarm {
            code: Code::P702,
            part: "printer".to_owned(),
            lane: Some("a\"]\\".to_owned()),
            merchant: None,
            system: None,
            until: None,
        };
        let at = WallTime(1_700_000_000_120);
        let event = |alarm| Event { alarm, begins: true, at, since: Moment::default(), id: "1-1".to_owned() };
        let ends = |milliseconds: i64| Alarm {
            code: Code::K407,
            part: "certificate".to_owned(),
            lane: None,
            until: Some(WallTime(at.0 + milliseconds)),
            ..alarm.clone()
        };
        for (left, days) in [(8 * 86_400_000 - 1, 7), (0, 0), (-1, -1)] {
            let told = message(&event(ends(left)), "kiosk-7");
            assert!(told.contains(&format!(" part=\"certificate\" days=\"{days}\"] K407 ")), "{told}");
        }
        assert_eq!(
            message(&event(alarm), "kiosk-7"),
            "<131>1 2023-11-14T22:13:20.120Z kiosk-7 facemchd - begin [alarm@32473 id=\"1-1\" event=\"begin\" code=\"P702\" \
             kind=\"paper\" part=\"printer\" lane=\"a\\\"\\]\\\\\"] P702 the printer has no paper"
        );
    }
}
