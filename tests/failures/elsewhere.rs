//! Codes that the walk does not come by: what they stand for, and where it is tested.

use facemchd::fault::Code;

/// Each with the reason.
pub const ELSEWHERE: &[(Code, &str)] = &[
    (Code::C102, "the start refuses it, and a hangup names a changed board"),
    (Code::C103, "the start refuses it: openings.rs"),
    (Code::C105, "the machine's clock is not set by a test: open_world.rs"),
    (Code::C108, "the machine's clock is not set by a test: hil"),
    (Code::C110, "the start refuses it: second_daemon.rs"),
    (Code::T206, "no fault: a person looked away"),
    (Code::T208, "no fault: the lane serves somebody"),
    (Code::T212, "no fault: a person does not agree"),
    (Code::T220, "only where terminals come over the network: terminal_certificates.rs"),
    (Code::K408, "the start refuses it: faults.rs"),
    (Code::K409, "the start refuses it: faults.rs"),
    (Code::J502, "a card that refuses to be written to: store_damage.rs"),
    (Code::J503, "a journal of a year, or of a gigabyte"),
    (Code::J505, "the power goes while a gate opens: gates.rs"),
    (Code::D610, "once a day, and of nobody's lane: device/missing.rs"),
    (Code::D620, "people are served without a voice: voices.rs"),
    (Code::D621, "people are served without a word: voices.rs"),
    (Code::D630, "a quarter of a minute after the last browser has gone: page/looking.rs"),
    (Code::D631, "the start refuses it: openings.rs"),
    (Code::P705, "service/printers.rs"),
    (Code::P707, "half a minute after the person has gone: service/printers.rs"),
    (Code::P708, "half a minute after the slip came: service/printers.rs"),
    (Code::P709, "a site that sends more than the paper takes: printers.rs"),
    (Code::G802, "the program was away for longer than a person waits: gates.rs"),
    (Code::X001, "a thread hangs: hil, service/lateness.rs"),
    (Code::X002, "no fault: the program was stopped"),
    (Code::X003, "threads that hang: service/carry.rs"),
    (Code::X010, "no fault: staff closed the lane"),
    (Code::X011, "no fault: staff work at the lane"),
];
