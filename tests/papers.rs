//! What the documents promise: their tables are the program's, their links lead somewhere, the package brings them.

use std::path::{Path, PathBuf};

use facemchd::fault::{Code, Tongue, exit};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn read(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Where whoever uses a room reads about it.
const REFERENCE: &[&str] = &[
    "board/README.md",
    "src/checkin/FHIR.md",
    "src/checkin/HL7.md",
    "src/checkin/INTERFACE.md",
    "src/checkin/ROSTER.md",
    "src/checkin/TEMPLATES.md",
    "src/cli/COMMANDS.md",
    "src/config/SITE.md",
    "src/fault/CODES.md",
    "src/terminal/PROTOCOL.md",
];

#[test]
fn the_tables_of_codes_are_the_programs_in_both_languages() {
    for (tongue, head) in [(Tongue::En, "| code | what is wrong | cure |"), (Tongue::Zh, "| 代码 | 问题 | 处理 |")]
    {
        let row = |code: &Code| format!("| {code} | {} | {} |\n", code.summary_in(tongue), code.cure_in(tongue));
        let table: String =
            std::iter::once(format!("{head}\n|---|---|---|\n")).chain(Code::ALL.iter().map(row)).collect();
        assert!(read("src/fault/CODES.md").contains(&table), "src/fault/CODES.md lacks this table:\n{table}");
    }
}

#[test]
fn the_terminals_protocol_names_every_member_and_every_frame() {
    let protocol = read("src/terminal/PROTOCOL.md");
    let plain = protocol.to_lowercase().replace(['_', '-'], "");
    let fields = read("src/terminal/fields.rs");
    let members: Vec<&str> = fields
        .lines()
        .filter_map(|line| Some(line.trim().strip_prefix("(\"")?.split_once("\", Member::")?.0))
        .collect();
    assert!(members.len() > 20, "{members:?}");
    for member in members {
        let named = ["\"", "`"].iter().any(|mark| plain.contains(&format!("{mark}{member}{mark}")));
        assert!(named, "PROTOCOL.md lacks the member {member}");
    }
    let reply = read("src/terminal/reply.rs");
    let frames: Vec<&str> =
        reply.split("\"type\": \"").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0)).collect();
    assert!(frames.len() >= 4, "{frames:?}");
    for frame in frames {
        assert!(protocol.contains(&format!("\"type\":\"{frame}\"")), "PROTOCOL.md lacks the frame {frame}");
    }
}

#[test]
fn the_table_of_exit_codes_names_each() {
    let commands = read("src/cli/COMMANDS.md");
    for code in [
        exit::OK,
        exit::FAILED,
        exit::USAGE,
        exit::UNAVAILABLE,
        exit::SOFTWARE,
        exit::IO,
        exit::NO_PERMISSION,
        exit::CONFIG,
    ] {
        assert!(commands.contains(&format!("\n| {code} | ")), "exit code {code}");
    }
}

#[test]
fn the_readme_is_short_leads_to_every_reference_and_the_package_brings_them() {
    let readme = read("README.md");
    assert!(readme.lines().count() <= 180, "{} lines", readme.lines().count());
    let manifest = read("Cargo.toml");
    for document in REFERENCE {
        assert!(readme.contains(&format!("]({document})")), "README.md does not lead to {document}");
        assert!(manifest.contains(&format!("    [\"{document}\", \"usr/share/doc/facemchd/")), "{document}");
    }
}

#[test]
fn what_a_sites_style_sheet_may_change_is_what_the_page_has() {
    let (css, html, board) =
        (read("src/page/assets/page.css"), read("src/page/assets/page.html"), read("board/README.md"));
    let root = css.split(":root {").nth(1).and_then(|rest| rest.split('}').next()).expect("colours");
    let mut colours: Vec<&str> = root.split(';').filter_map(|one| Some(one.trim().split_once(':')?.0)).collect();
    let part = board.split("`[page] css").nth(1).and_then(|rest| rest.split("SIGHUP").next()).expect("its paragraph");
    let named = |start: &'static str| part.split('`').step_by(2).filter(move |word| word.starts_with(start));
    let mut told: Vec<&str> = named("--").collect();
    colours.sort_unstable();
    told.sort_unstable();
    assert_eq!(told, colours);
    let parts: Vec<&str> = named("#").collect();
    assert!(parts.len() > 5, "{parts:?}");
    for part in parts {
        assert!(html.contains(&format!("id=\"{}\"", &part[1..])), "the page has no {part}");
    }
}

#[test]
fn every_link_of_a_document_leads_to_a_file() {
    let mut links = 0;
    for document in REFERENCE.iter().chain(&[
        "README.md",
        "README.zh-CN.md",
        "CHANGELOG.md",
        ".github/CONTRIBUTING.md",
        "src/sim/SIM.md",
    ]) {
        let folder = root().join(document).parent().expect("a folder").to_owned();
        for target in read(document).split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next()) {
            let is_elsewhere = target.is_empty() || target.contains("://");
            assert!(is_elsewhere || folder.join(target).exists(), "{document}: {target}");
            links += 1;
        }
    }
    assert!(links > 8);
}

/// What is typed: the lines of the `sh` blocks without their comments.
fn commands(document: &str) -> Vec<String> {
    let blocks = document.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks
        .flat_map(str::lines)
        .map(|line| line.split(" #").next().unwrap_or_default().trim().to_owned())
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect()
}

#[test]
fn what_the_chinese_readme_has_typed_is_what_the_english_one_has_typed_and_the_program_knows() {
    let (english, chinese) = (read("README.md"), read("README.zh-CN.md"));
    let [install, chinese_install] = [(&english, "## Install\n"), (&chinese, "## 安装\n")].map(|(document, head)| {
        let section = document.split(head).nth(1).and_then(|rest| rest.split("\n## ").next());
        commands(section.unwrap_or_else(|| panic!("no {head}")))
    });
    assert_eq!(chinese_install, install);
    assert!(install.len() > 10 && commands(&english)[0] == commands(&chinese)[0]);
    let reference = read("src/cli/COMMANDS.md") + &read("systemd/facemchd.8").replace("\\-", "-");
    for command in commands(&chinese).iter().chain(&commands(&english)) {
        let word = command.split("facemchd ").nth(1).filter(|_| command.starts_with("facemchd "));
        let name = word.and_then(|rest| rest.split_whitespace().next());
        assert!(
            name.is_none_or(|name| reference.contains(&format!("{name} ")) || reference.contains(&format!("{name}\n"))),
            "{command}"
        );
    }
    // Who reads what, links and pictures.
    for document in REFERENCE.iter().chain(&[".github/kiosk.png", ".github/SECURITY.md", "CHANGELOG.md"]) {
        for readme in [&english, &chinese] {
            assert!(readme.contains(&format!("]({document}")), "{document}");
        }
    }
}
