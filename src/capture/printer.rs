//! Bytes to a printer as commands: which, in order, and how long what stands between them is. Parameters are not told: a
//! QR code's text and a picture are some.

/// Commands of one write that are told.
const TOLD: usize = 64;

/// ESC/POS, as far as the kind of a command is concerned: DLE, ESC, FS and GS begin one, and its second byte says which.
pub(super) fn commands(bytes: &[u8]) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    let (mut rest, mut between) = (bytes, 0_usize);
    while let Some((first, after)) = rest.split_first() {
        let name = match first {
            0x10 => Some("DLE"),
            0x1b => Some("ESC"),
            0x1c => Some("FS"),
            0x1d => Some("GS"),
            _ => None,
        };
        match (name, after.split_first()) {
            (Some(name), Some((which, after))) => {
                end(&mut told, &mut between);
                let is_sign = which.is_ascii_graphic();
                told.push(if is_sign {
                    format!("{name} {}", char::from(*which))
                } else {
                    format!("{name} {which:02x}")
                });
                rest = after;
            }
            _ => {
                between = between.saturating_add(1);
                rest = after;
            }
        }
        if told.len() >= TOLD {
            break;
        }
    }
    end(&mut told, &mut between);
    told
}

fn end(told: &mut Vec<String>, between: &mut usize) {
    let length = std::mem::take(between);
    if length > 0 {
        told.push(format!("+{length}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_told_and_what_they_print_is_not() {
        let mut bytes = b"\x1b@\x1ba\x01".to_vec();
        bytes.extend("王小明 A036\n".as_bytes());
        bytes.extend(b"\x1dV\x01\x10\x04\x01");
        assert_eq!(commands(&bytes), ["ESC @", "ESC a", "+16", "GS V", "+1", "DLE 04", "+1"]);
        assert!(commands(&[0x1b; 4096]).len() <= TOLD + 1);
    }
}
