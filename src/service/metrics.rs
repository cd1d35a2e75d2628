//! What the service knows of itself as Prometheus reads it (text format 0.0.4): base units, counters that end in `_total`,
//! labels that are words of ours or names of the site file. Nothing of a person: it is made of [`Status`] alone.
//!
//! A registry of living counters would count everything a second time; what there is to tell stands in the status, and is
//! collected when somebody asks.

use std::{fmt, time::Duration};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, NoLabelSet, prometheus_text},
    metrics::MetricType,
    registry::Registry,
};
use serde::Serialize;

use super::{
    status::{ContactStatus, LaneStatus, Part, Status, Time},
    stopwatch::{Durations, Histogram},
};

/// What is told, family by family: all samples of one stand together, whichever lane they are of.
#[derive(Debug, Default)]
struct Exposition(Vec<Family>);

/// All that bears one name.
#[derive(Debug)]
struct Family {
    name: &'static str,
    help: &'static str,
    samples: Vec<(Vec<(&'static str, String)>, Sample)>,
}

#[derive(Debug)]
enum Sample {
    Gauge(i64),
    Seconds(f64),
    Counter(u64),
    /// Sum, count, and how many within each bound.
    Histogram(f64, u64, Vec<(f64, u64)>),
}

/// A label's name and value.
type Label<'a> = (&'static str, &'a str);

/// All of it.
pub(super) fn exposition(status: &Status, durations: &Durations) -> String {
    let mut told = Exposition::default();
    told.machine(status);
    status.lanes.iter().for_each(|lane| told.lane(lane));
    told.others(status);
    told.histogram(
        "facemchd_lookup_duration_seconds",
        "From asking WeChat who it is to its answer.",
        &durations.lookup,
    );
    told.histogram(
        "facemchd_check_in_duration_seconds",
        "From asking the site's system to its answer.",
        &durations.check_in,
    );
    told.histogram("facemchd_visit_duration_seconds", "From a person's coming to the visit's end.", &durations.visit);
    told.text()
}

impl Exposition {
    fn machine(&mut self, status: &Status) {
        let version = status.version.map(|number| number.to_string()).join(".");
        self.gauge("facemchd_build_info", "The daemon that runs.", &[("version", &version)], 1);
        self.gauge("facemchd_ready", "1: nothing is to be mended.", &[], u8::from(status.ready));
        self.gauge("facemchd_uptime_seconds", "Since the daemon's start.", &[], status.uptime);
        for ailment in &status.ailments {
            let lane = ailment.lane.as_ref().map_or("", |lane| lane.as_str());
            let merchant = ailment.merchant.map(|number| number.to_string()).unwrap_or_default();
            let system = ailment.system.as_ref().map_or("", |system| system.as_str());
            let labels = [
                ("code", ailment.code.as_str()),
                ("part", &part(ailment.of)),
                ("lane", lane),
                ("merchant", &merchant),
                ("system", system),
            ];
            self.gauge("facemchd_ailment", "1: this is to be mended now.", &labels, 1);
        }
        let journal = &status.journal;
        self.gauge("facemchd_journal_bytes", "Bytes of the journal on the disk.", &[], journal.bytes);
        self.gauge("facemchd_journal_max_bytes", "Bytes that the journal may have.", &[], journal.max_bytes);
        self.gauge("facemchd_journal_waiting_records", "Records on their way to the disk.", &[], journal.waiting);
        self.counter("facemchd_journal_failures", "Records that could not be written.", &[], journal.failures);
        let help = "What the site's system has still to be told or asked.";
        self.gauge("facemchd_outbox_reports", help, &[], journal.outbox);
        let turn = Duration::from_micros(status.longest_turn_us);
        self.seconds("facemchd_loop_longest_turn_seconds", "The longest turn of the loop.", &[], turn);
        for worker in &status.workers {
            let lane = worker.lane.as_ref().map_or("", |lane| lane.as_str());
            let labels = [("thread", &*word(&worker.thread)), ("lane", lane)];
            let busy = Duration::from_millis(worker.busy_ms);
            self.seconds("facemchd_worker_busy_seconds", "How long the work under way has taken.", &labels, busy);
            self.gauge("facemchd_worker_waiting_items", "What waits for the thread.", &labels, worker.waiting);
            self.gauge("facemchd_worker_late", "1: it hangs.", &labels, u8::from(worker.late));
        }
    }

    fn lane(&mut self, lane: &LaneStatus) {
        let name = lane.lane.as_str();
        let of = [("lane", name)];
        self.gauge("facemchd_lane_serves", "1: the lane serves whoever comes.", &of, u8::from(lane.serves));
        self.gauge("facemchd_lane_open_visits", "Visits under way.", &of, lane.open);
        self.gauge("facemchd_lane_paper_low", "1: the roll is nearly out.", &of, u8::from(lane.paper_low.is_some()));
        if let Some(viewers) = lane.viewers {
            self.gauge("facemchd_lane_page_viewers", "Browsers that show the lane's page.", &of, viewers);
        }
        let connected = lane.terminals.connected;
        self.gauge("facemchd_lane_terminals_connected", "Terminals that are connected.", &of, connected);
        if let Some(heard) = lane.terminals.heard {
            self.time("facemchd_lane_terminal_heard_timestamp_seconds", "When the last frame came.", &of, heard);
        }
        for device in &lane.devices {
            let of = [("lane", name), ("device", &*word(&device.device))];
            let up = u8::from(device.fault.is_none());
            self.gauge("facemchd_device_up", "1: a device that has failed before is well again.", &of, up);
            self.counter("facemchd_device_failures", "How often a device failed.", &of, device.failures);
        }
        for result in &lane.results {
            let of = [("lane", name), ("result", &*word(&result.result))];
            self.counter("facemchd_visits", "Visits by how they ended.", &of, result.count);
        }
        for code in &lane.codes {
            let of = [("lane", name), ("code", code.code.as_str())];
            self.counter("facemchd_visit_codes", "Visits by the code they ended with.", &of, code.count);
        }
        let lines = lane.terminals.refused();
        let refused = lane.refused.iter().map(|code| (code.code.as_str(), code.count));
        let of_lines = |code: &str| lines.iter().any(|(line, _)| *line == code);
        for (code, count) in lines.into_iter().chain(refused.filter(|(code, _)| !of_lines(code))) {
            let of = [("lane", name), ("code", code)];
            self.counter("facemchd_frames_refused", "Frames that had no effect, by why.", &of, count);
        }
    }

    fn others(&mut self, status: &Status) {
        for (wechat, number) in status.wechat.iter().zip(1_usize..) {
            let number = number.to_string();
            let of = [("merchant", &*number)];
            self.contact("wechat", &of, wechat.contact);
            if let Some(permission) = wechat.permission {
                let granted = u8::from(permission.granted);
                self.gauge("facemchd_wechat_permission", "1: WeChat grants what is asked for.", &of, granted);
            }
            let offset = wechat.offset;
            self.gauge("facemchd_wechat_clock_offset_seconds", "WeChat's clock is so far ahead.", &of, offset);
            let backup = u8::from(wechat.domain == super::status::Domain::Backup);
            self.gauge("facemchd_wechat_on_backup_domain", "1: the main domain is away.", &of, backup);
        }
        self.contact("weixin", &[], status.weixin);
        match status.sites.len() {
            0 | 1 => self.contact("site", &[], status.site),
            _ => status.sites.iter().for_each(|of| {
                self.contact("site", &[("system", of.name.as_str())], Some(of.contact));
            }),
        }
        let passed_over = status.site_passed_over;
        let help = "Members of the site system's answers that nobody here knows.";
        self.counter("facemchd_site_passed_over", help, &[], passed_over);
        for certificate in &status.certificates {
            let number = certificate.number.to_string();
            let of = [("kind", &*word(&certificate.kind)), ("number", &number)];
            self.time("facemchd_certificate_expiry_timestamp_seconds", "When it ends.", &of, certificate.until);
        }
    }

    /// How another side answered last.
    fn contact(&mut self, whose: &str, of: &[Label<'_>], contact: Option<ContactStatus>) {
        let Some(contact) = contact else { return };
        let labels: Vec<Label<'_>> = [("peer", whose)].into_iter().chain(of.iter().copied()).collect();
        let up = u8::from(contact.failed.is_none());
        self.gauge("facemchd_peer_up", "1: its last answer was of use.", &labels, up);
        self.time("facemchd_peer_answer_timestamp_seconds", "When it was asked last.", &labels, contact.at);
    }

    fn time(&mut self, name: &'static str, help: &'static str, of: &[Label<'_>], at: Time) {
        self.gauge(name, help, of, at.div_euclid(1000));
    }

    fn gauge(&mut self, name: &'static str, help: &'static str, of: &[Label<'_>], value: impl TryInto<i64>) {
        self.sample(name, help, of, Sample::Gauge(value.try_into().unwrap_or(i64::MAX)));
    }

    fn seconds(&mut self, name: &'static str, help: &'static str, of: &[Label<'_>], value: Duration) {
        self.sample(name, help, of, Sample::Seconds(value.as_secs_f64()));
    }

    fn counter(&mut self, name: &'static str, help: &'static str, of: &[Label<'_>], value: u64) {
        self.sample(name, help, of, Sample::Counter(value));
    }

    fn histogram(&mut self, name: &'static str, help: &'static str, histogram: &Histogram) {
        let mut before = 0;
        let within = |(bound, count): (Option<u64>, u64)| {
            let more = count.saturating_sub(before);
            before = count;
            (bound.map_or(f64::INFINITY, |ms| Duration::from_millis(ms).as_secs_f64()), more)
        };
        let buckets: Vec<_> = histogram.cumulated().into_iter().map(within).collect();
        let sum = Duration::from_micros(histogram.sum_micros()).as_secs_f64();
        self.sample(name, help, &[], Sample::Histogram(sum, before, buckets));
    }

    fn sample(&mut self, name: &'static str, help: &'static str, of: &[Label<'_>], sample: Sample) {
        let known = self.0.iter().position(|family| family.name == name);
        let at = known.unwrap_or_else(|| {
            self.0.push(Family { name, help, samples: Vec::new() });
            self.0.len().saturating_sub(1)
        });
        let of = of.iter().map(|(label, value)| (*label, (*value).to_owned())).collect();
        self.0[at].samples.push((of, sample));
    }

    fn text(self) -> String {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(self));
        let mut text = String::new();
        // Writing to a text does not fail.
        let _ = prometheus_text::encode(&mut text, &registry);
        text
    }
}

impl Collector for Exposition {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for Family { name, help, samples } in &self.0 {
            let kind = match samples.first() {
                Some((_, Sample::Counter(_))) => MetricType::Counter,
                Some((_, Sample::Histogram(..))) => MetricType::Histogram,
                _ => MetricType::Gauge,
            };
            let mut family = encoder.encode_descriptor(name, help, None, kind)?;
            for (of, sample) in samples {
                let mut encoder = family.encode_family(of)?;
                match sample {
                    Sample::Gauge(value) => encoder.encode_gauge(value)?,
                    Sample::Seconds(value) => encoder.encode_gauge(value)?,
                    Sample::Counter(count) => encoder.encode_counter::<NoLabelSet, _, u64>(count, None)?,
                    Sample::Histogram(sum, count, buckets) => {
                        encoder.encode_histogram::<NoLabelSet>(*sum, *count, buckets, None)?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// A word of ours as the wire has it.
fn word(of: &impl Serialize) -> String {
    serde_json::to_value(of).ok().and_then(|value| Some(value.as_str()?.to_owned())).unwrap_or_default()
}

/// What something is wrong with, in one word.
pub(super) fn part(of: Part) -> String {
    match of {
        Part::Device(device) => word(&device),
        Part::Thread(thread) => word(&thread),
        Part::Certificate(_) => "certificate".to_owned(),
        other => word(&other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_of_a_family_stand_together_and_what_stands_in_quotes_is_escaped() {
        let mut told = Exposition::default();
        for lane in ["a", "b\"\\"] {
            told.gauge("facemchd_one", "One.", &[("lane", lane)], 1);
            told.gauge("facemchd_one_more", "More.", &[("lane", lane)], 2);
        }
        let lines = "# HELP facemchd_one One.\n# TYPE facemchd_one gauge\nfacemchd_one{lane=\"a\"} 1\n\
                     facemchd_one{lane=\"b\\\"\\\\\"} 1\n# HELP facemchd_one_more More.\n# TYPE facemchd_one_more gauge\n\
                     facemchd_one_more{lane=\"a\"} 2\nfacemchd_one_more{lane=\"b\\\"\\\\\"} 2\n";
        assert_eq!(told.text(), lines);
    }
}
