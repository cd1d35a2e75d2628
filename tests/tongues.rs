//! What a technician reads is English or Chinese, whole; what machines read is the same in both.

use std::fs;

use facemchd::fault::{Code, Cure, Tongue};
use serde_json::Value;

use crate::running::{Sandbox, program, run};

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

fn has_hanzi(text: &str) -> bool {
    text.chars().any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter))
}

#[test]
fn every_code_and_its_cure_are_there_in_both_languages() {
    for code in Code::ALL {
        for text in [code.summary_in(Tongue::Zh), code.cure_in(Tongue::Zh)] {
            assert!(has_hanzi(text) && !text.contains(['?', ',', ';']), "{code} {text}");
        }
        assert!(!has_hanzi(code.summary_in(Tongue::En)) && !has_hanzi(code.cure_in(Tongue::En)), "{code}");
    }
    for cure in Cure::ALL {
        let [english, chinese] = [Tongue::En, Tongue::Zh].map(|tongue| cure.text_in(tongue));
        assert!(has_hanzi(chinese) && !chinese.contains(['?', ',', ';']) && !has_hanzi(english), "{chinese}");
    }
}

/// The commands that a help lists.
fn commands(help: &str) -> Vec<String> {
    let list = help.split_once("命令：\n").map_or("", |(_, rest)| rest.split("\n\n").next().unwrap_or(rest));
    let name = |line: &str| line.split_whitespace().next().map(str::to_owned);
    list.lines().filter_map(name).filter(|name| name != "help").collect()
}

fn check_help(path: &[String], seen: &mut usize) {
    let arguments: Vec<&str> = path.iter().map(String::as_str).chain(["--help", "--lang", "zh"]).collect();
    let help = text(&run(&arguments).stdout);
    *seen += 1;
    // The name of an option or argument may stand alone in its line; whatever else there is says something.
    let is_bare = |line: &str| line.trim_start().starts_with(['-', '<', '[']) || line.trim().is_empty();
    for line in help.lines().filter(|line| !is_bare(line)) {
        assert!(has_hanzi(line), "{path:?}: {line}\n{help}");
    }
    for english in ["Usage", "Options", "Commands", "Arguments", "Print", "default", "possible"] {
        assert!(!help.contains(english), "{path:?}: {english}\n{help}");
    }
    for command in commands(&help) {
        check_help(&[path, &[command]].concat(), seen);
    }
}

#[test]
fn every_help_is_chinese_to_the_last_line() {
    let mut seen = 0;
    check_help(&[], &mut seen);
    assert!(seen >= 14, "{seen} helps");
    let wrong = text(&run(&["--lang", "zh", "chek"]).stderr);
    assert!(wrong.starts_with("错误：没有这个子命令 'chek'"), "{wrong}");
    assert!(text(&run(&["--help"]).stdout).starts_with("Agent of a face-payment kiosk"));
}

#[test]
fn check_says_the_same_in_chinese_and_its_ids_and_codes_are_no_words() {
    let sandbox = Sandbox::new();
    sandbox.wechat.set_online(false);
    let said = |arguments: &[&str]| text(&run(&[&["check", "--config", sandbox.site()], arguments].concat()).stdout);
    let chinese = said(&["--online", "--lang", "zh"]);
    for line in chinese.lines() {
        // After outcome and id, and where there is only a place, that place.
        assert!(has_hanzi(line.get(25..).unwrap_or(line)) || line.contains("项"), "{line}\n{chinese}");
        assert!(!line.contains("cure") && !line.starts_with(char::is_alphabetic) || has_hanzi(line), "{line}");
    }
    assert!(chinese.contains("N301") && chinese.contains("处理：") && chinese.contains("失败"), "{chinese}");
    let ids = |json: String| -> Vec<[Value; 3]> {
        let lines = json.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        lines.map(|line| [line["id"].clone(), line["outcome"].clone(), line["code"].clone()]).collect()
    };
    let english = ids(said(&["--json"]));
    assert!(english.len() > 10);
    assert_eq!(ids(said(&["--json", "--lang", "zh"])), english);
}

#[test]
fn a_device_is_tried_in_chinese_and_a_fault_ends_with_its_cure() {
    let sandbox = Sandbox::new();
    let said = |arguments: &[&str]| {
        let ran = program().args(arguments).args(["--config", sandbox.site()]).env("LANG", "zh_CN.UTF-8").output();
        let ran = ran.expect("runs");
        text(&ran.stdout) + &text(&ran.stderr)
    };
    assert!(said(&["test", "panel"]).starts_with("显示屏现在应显示这四行："));
    // On a machine that is busy the twin may need longer than a printer has.
    let printed = (0..5).map(|_| said(&["test", "printer"])).find(|told| told.starts_with("正常     已打印并确认"));
    assert!(printed.is_some(), "{}", said(&["test", "printer"]));
    assert!(said(&["test", "gate", "--lane", "gate-1", "--yes"]).starts_with("正常     输出在"));
    assert!(said(&["safe-state"]).contains("路输出已回到安全值"));
    sandbox.edit("series = \"A\"", "series = \"a1\"");
    let told = said(&["test", "panel"]);
    assert!(told.starts_with("C101 站点文件无法使用（") && told.contains("\n  处理：按提示中指出的"), "{told}");
    assert!(
        said(&["run"]).contains("C101 ") && said(&["run"]).contains("cure: correct the line"),
        "the log is English"
    );
}

/// What of `src/cli` says nothing to a technician: tables of texts, the sandbox, the log, and why something could not be
/// opened, which is English in every failure.
const SILENT: &[&str] = &["phrases", "sim", "build", "wires", "conformance", "logging.rs", "run.rs", "build.rs"];

#[test]
fn no_text_of_a_command_stands_outside_the_table() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli");
    let files = |folder: &std::path::Path| -> Vec<std::path::PathBuf> {
        let entries = std::fs::read_dir(folder).expect("listed").flatten();
        entries
            .filter(|entry| !SILENT.iter().any(|name| entry.file_name() == *name))
            .map(|entry| entry.path())
            .collect()
    };
    let all = files(&root).into_iter().flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] });
    let mut seen = 0;
    for path in all {
        seen += 1;
        let text = std::fs::read_to_string(&path).expect("readable");
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let is_word = |word: &&str| word.len() > 2 && word.bytes().all(|byte| byte.is_ascii_alphabetic());
        let words = |literal: &str| literal.split(' ').filter(is_word).count() > 2;
        let is_code = |line: &&str| {
            !line.trim_start().starts_with("//") && !line.contains("reason =") && !line.contains("expect(")
        };
        for line in code.lines().filter(is_code) {
            for literal in line.split('"').skip(1).step_by(2) {
                assert!(!words(literal), "{}: {literal}", path.display());
            }
            assert!(!line.contains("{:?}") || line.contains("category-id"), "{}: {line}", path.display());
        }
    }
    assert!(seen > 20, "{seen} files");
}

#[test]
fn whatever_an_order_comes_to_a_page_has_chinese_words_for_it() {
    let source =
        |file: &str| fs::read_to_string(format!("{}/src/{file}", env!("CARGO_MANIFEST_DIR"))).expect("readable");
    let words = source("page/tongues.rs");
    let mut seen = 0;
    for file in ["backstage", "daemon", "postings", "requests", "staff"] {
        let code = source(&format!("service/{file}.rs"));
        let code = code.split("#[cfg(test)]").next().expect("code");
        let before = [
            "refuse(answer, \"",
            "refused(\"",
            "told(\"",
            "told(true, \"",
            "Err(\"",
            "ok_or(\"",
            "not_done(\"",
            "NO_WORD: &str = \"",
            "UNACKNOWLEDGED: &str = \"",
        ];
        let staffs = (file == "staff").then_some("=> \"").into_iter();
        for told in before.into_iter().chain(staffs).flat_map(|before| code.split(before).skip(1)) {
            let told = told.split('"').next().expect("a text");
            seen += 1;
            assert!(words.contains(&format!("\"{told}\",")), "{file}: {told}");
        }
    }
    assert!(seen >= 25, "{seen} texts");
}
