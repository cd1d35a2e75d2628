//! Codes that the walk does not come by: what they stand for, and where it is tested.

use facemchd::fault::Code;

/// Each with the reason.
pub const ELSEWHERE: &[(Code, &str)] = &[
    (Code::C102, "the start refuses it, and a hangup names a changed board: openings.rs"),
    (Code::C105, "the machine's clock is not set by a test: hil/scenarios/clock.rs"),
    (Code::C108, "the machine's clock is not set by a test: hil"),
    (Code::C110, "the start refuses it: second_daemon.rs"),
    (Code::T206, "no fault: a person looked away: session.rs"),
    (Code::T208, "no fault: the lane serves somebody: session.rs"),
    (Code::T212, "no fault: a person does not agree: session.rs"),
    (Code::T220, "only where terminals come over the network: terminal_certificates.rs"),
    (Code::N330, "people are served without it: alarms.rs"),
    (Code::K408, "the start refuses it: faults.rs"),
    (Code::K409, "the start refuses it: faults.rs"),
    (Code::J502, "a card that refuses to be written to: openings.rs"),
    (Code::J503, "a journal of a year, or of a gigabyte"),
    (Code::J510, "what a site allows while its system is away: offline.rs"),
    (Code::J505, "the power goes while a gate opens: unknown.rs"),
    (Code::D610, "once a day, and of nobody's lane: device/missing.rs"),
    (Code::D620, "people are served without a voice: voices.rs"),
    (Code::D621, "people are served without a word: voices.rs"),
    (Code::D630, "a quarter of a minute after the last browser has gone: page/looking.rs"),
    (Code::D631, "the start refuses it: openings.rs"),
    (Code::G814, "two lanes and one person: intent.rs"),
    (Code::G815, "no fault: a person looked while passing by: intent.rs"),
    (Code::H907, "told as every other of the site's system, which a template asks: hospitals.rs"),
    (Code::H908, "the same: hospitals.rs"),
    (Code::H909, "the same: hospitals.rs"),
    (Code::H910, "the same: hospitals.rs"),
    (Code::H911, "two lanes at one visit within a moment"),
    (Code::H912, "every hanzi has its bytes, and what cannot be signed is refused at the start"),
    (Code::H913, "no fault: `check` says what the site has chosen: site_try.rs"),
    (Code::H940, "told as every other of who judges a check-in: rosters.rs"),
    (Code::H941, "the same: rosters.rs"),
    (Code::H942, "the same: rosters.rs"),
    (Code::H943, "the same: rosters.rs"),
    (Code::H944, "the same of an interface engine: hl7.rs"),
    (Code::P707, "half a minute after the person has gone: service/printers.rs"),
    (Code::P708, "half a minute after the slip came: service/printers.rs"),
    (Code::P709, "a site that sends more than the paper takes: printer_profiles.rs"),
    (Code::G802, "the program was away for longer than a person waits: gates.rs"),
    (Code::X001, "a thread hangs: hil, service/lateness.rs"),
    (Code::X002, "no fault: the program was stopped: session.rs"),
    (Code::X003, "threads that hang: service/carry.rs"),
    (Code::X010, "no fault: staff closed the lane: status.rs"),
    (Code::X012, "no fault: the hour is not one at which the lane is open: desk.rs"),
    (Code::X011, "no fault: staff work at the lane: scenes.rs"),
];

/// Those that no test has met yet.
pub const UNMET: &[Code] = &[Code::C108, Code::J503, Code::H911, Code::H912, Code::X001];
