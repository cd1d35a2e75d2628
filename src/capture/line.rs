//! HL7 version 2 as a recording tells of it: which segments, how many fields, and what the acknowledgement says.

use serde_json::{Value, json};

/// Segments that are told by name; any other may be somebody's text, where what came was no message.
const SEGMENTS: [&str; 21] = [
    "MSH", "MSA", "ERR", "EVN", "PID", "PV1", "PV2", "SCH", "RGS", "AIG", "AIL", "AIP", "AIS", "NTE", "ORC", "OBR",
    "QRD", "QRF", "QAK", "QPD", "DSC",
];

/// Acknowledgement codes (HL7 table 0008).
const ACKNOWLEDGEMENTS: [&str; 6] = ["AA", "AE", "AR", "CA", "CE", "CR"];

/// Segments of one message that are told.
const MOST: usize = 64;

/// What stands between a message's marks.
pub(super) fn segments(bytes: &[u8]) -> Vec<Value> {
    let parts = bytes.split(|byte| matches!(byte, b'\r' | b'\n' | 0x0B | 0x1C)).filter(|part| !part.is_empty());
    parts.take(MOST).map(segment).collect()
}

fn segment(bytes: &[u8]) -> Value {
    let mut fields = bytes.split(|byte| *byte == b'|');
    let known = |word: Option<&[u8]>, all: &[&'static str]| {
        all.iter().copied().find(|known| word.is_some_and(|word| word == known.as_bytes()))
    };
    let name = known(fields.next(), &SEGMENTS);
    let mut told = json!({ "segment": name, "bytes": bytes.len() });
    if name == Some("MSA") {
        told["says"] = known(fields.next(), &ACKNOWLEDGEMENTS).into();
    }
    told["fields"] = fields.count().into();
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_message_stay_segments_and_what_is_acknowledged() {
        let message = "\u{b}MSH|^~\\&|RIS|H\rMSA|AE|王小明|no\rPID|||11010519491231002X||ZHANG^SAN\rZQN|A036\r\u{1c}\r";
        let told = Value::from(segments(message.as_bytes()));
        assert_eq!(told[1], json!({ "segment": "MSA", "bytes": 19, "says": "AE", "fields": 2 }));
        assert_eq!(
            (&told[0]["segment"], &told[2]["segment"], &told[3]["segment"]),
            (&json!("MSH"), &json!("PID"), &Value::Null)
        );
        for secret in ["王", "ZHANG", "1101", "A036"] {
            assert!(!told.to_string().contains(secret), "{told}");
        }
        // What came in two pieces says no more of its second one.
        let torn = Value::from(segments(b"ZHANG^SAN|LI|MSA\rMSA|LEE|1"));
        assert!(!torn.to_string().contains("ZHANG") && !torn.to_string().contains("LEE"), "{torn}");
    }
}
