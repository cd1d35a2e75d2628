//! What a process still remembers: its writable memory, searched from outside for texts in every form they travel in.

use std::{
    fs::{self, File},
    io::{self, Read as _, Seek as _, SeekFrom},
    process::Command,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};

/// Texts that must not be found, each in all its forms.
#[derive(Default)]
pub struct Needles {
    forms: Vec<Form>,
}

struct Form {
    label: String,
    bytes: Vec<u8>,
}

/// The most bytes read at once.
const CHUNK: usize = 1 << 20;

impl Needles {
    /// Adds a text as UTF-8, GB18030, code units of 16 and 32 bits, percent-encoded, JSON-escaped, hexadecimal, and
    /// within base64.
    pub fn text(mut self, text: &str) -> Self {
        let mut add = |form: &str, bytes: Vec<u8>| {
            assert!(bytes.len() >= 4, "{text} as {form} is too short to be told from chance");
            if !self.forms.iter().any(|known| known.bytes == bytes) {
                self.forms.push(Form { label: format!("{text} as {form}"), bytes });
            }
        };
        add("UTF-8", text.as_bytes().to_vec());
        let gb = encoding_rs::GB18030.encode(text).0.into_owned();
        add("UTF-16", text.encode_utf16().flat_map(u16::to_le_bytes).collect());
        add("UTF-32", text.chars().flat_map(|char| u32::from(char).to_le_bytes()).collect());
        add("hex", text.bytes().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect());
        for upper in [true, false] {
            add("percent", text.bytes().flat_map(|byte| percent(byte, upper)).collect());
        }
        if !text.is_ascii() {
            add("JSON", text.encode_utf16().flat_map(|unit| format!("\\u{unit:04x}").into_bytes()).collect());
        }
        for (form, bytes) in [("base64", text.as_bytes()), ("base64 of GB18030", &gb)] {
            for before in 0..3 {
                let part = base64_within(bytes, before);
                if part.len() >= 4 {
                    add(form, part);
                }
            }
        }
        add("GB18030", gb);
        self
    }

    /// Every form found in the writable memory of a child process, with the mapping, its address, and what stands around it.
    ///
    /// `None` where the kernel does not let us look: the program is not dumpable, so that needs `CAP_SYS_PTRACE`.
    pub fn found_in(&self, pid: u32) -> Option<Vec<String>> {
        let maps = fs::read_to_string(format!("/proc/{pid}/maps")).expect("a process");
        let mut memory = match File::open(format!("/proc/{pid}/mem")) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return None,
            memory => memory.expect("its memory"),
        };
        let mut by_first: Vec<Vec<&Form>> = (0..256).map(|_| Vec::new()).collect();
        for form in &self.forms {
            by_first[usize::from(form.bytes[0])].push(form);
        }
        let longest = self.forms.iter().map(|form| form.bytes.len()).max().unwrap_or(0);
        let mut found = Vec::new();
        for line in maps.lines() {
            let mut words = line.split_whitespace();
            let (range, rights) = (words.next().expect("a range"), words.next().expect("rights"));
            let name = words.nth(3).unwrap_or("anonymous");
            if !rights.starts_with("rw") {
                continue;
            }
            let (from, to) = range.split_once('-').expect("a range");
            let [mut from, to] = [from, to].map(|end| u64::from_str_radix(end, 16).expect("an address"));
            while from < to {
                let length = usize::try_from(to - from).expect("fits").min(CHUNK + longest);
                let mut bytes = vec![0; length];
                // A mapping may have gone, or be a device's.
                if memory.seek(SeekFrom::Start(from)).and_then(|_| memory.read_exact(&mut bytes)).is_err() {
                    break;
                }
                for at in (0..length.min(CHUNK)).filter(|at| bytes[*at] != 0) {
                    for form in &by_first[usize::from(bytes[at])] {
                        if bytes[at..].starts_with(&form.bytes) {
                            let around = &bytes[at.saturating_sub(64)..(at + form.bytes.len() + 64).min(length)];
                            let around = String::from_utf8_lossy(around).escape_debug().to_string();
                            found.push(format!("{} at {:x} in {name}: {around}", form.label, from + at as u64));
                        }
                    }
                }
                from += CHUNK as u64;
            }
        }
        Some(found)
    }

    /// Fails when anything is found.
    pub fn assert_gone_from(&self, pid: u32) {
        match self.found_in(pid) {
            Some(found) => assert!(found.is_empty(), "{} traces:\n{}", found.len(), found.join("\n")),
            None => println!("not looked: the kernel does not let us see another process's memory"),
        }
    }
}

fn percent(byte: u8, upper: bool) -> Vec<u8> {
    match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => vec![byte],
        _ if upper => format!("%{byte:02X}").into_bytes(),
        _ => format!("%{byte:02x}").into_bytes(),
    }
}

/// The digits that stand for these bytes alone when `before` others, modulo 3, go before them.
fn base64_within(bytes: &[u8], before: usize) -> Vec<u8> {
    let mut whole = vec![0; before];
    whole.extend_from_slice(bytes);
    let digits = BASE64_STANDARD.encode(&whole).into_bytes();
    let (first, last) = ((before * 8).div_ceil(6), whole.len() * 8 / 6);
    digits[first.min(last)..last].to_vec()
}

#[test]
fn a_name_in_a_process_is_found_in_every_form_and_another_is_not() {
    let forms = [
        ("plain", "欧阳菲菲".to_owned()),
        ("percent", "%E6%AC%A7%E9%98%B3%E8%8F%B2%E8%8F%B2".to_owned()),
        ("base64", BASE64_STANDARD.encode("{\"name\":\"欧阳菲菲\"}")),
        ("base64 one further", BASE64_STANDARD.encode("{\"name\": \"欧阳菲菲\"}")),
        ("json", "\\u6b27\\u9633\\u83f2\\u83f2".to_owned()),
    ];
    for (form, value) in forms {
        let mut child = Command::new("sleep").arg("20").env_clear().env("X", value).spawn().expect("runs");
        // The program's memory is its own once it runs.
        while fs::read_link(format!("/proc/{}/exe", child.id()))
            .is_ok_and(|exe| exe == std::env::current_exe().unwrap())
        {
            std::thread::yield_now();
        }
        let found = Needles::default().text("欧阳菲菲").found_in(child.id());
        Needles::default().text("诸葛亮亮").assert_gone_from(child.id());
        child.kill().expect("there");
        child.wait().expect("gone");
        let Some(found) = found else { continue };
        assert!(!found.is_empty(), "{form}");
    }
}
