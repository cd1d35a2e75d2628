//! How far drivers and adapters are proven: the file of grades names tests that exist, knows every driver, and is what the
//! document says.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

#[derive(Default)]
struct Driver {
    name: String,
    drives: Vec<String>,
    /// Each rule's test, or why there is none.
    rules: BTreeMap<String, String>,
}

/// The tiers, from the lowest, and what each asks for.
const TIERS: [(&str, &[&str]); 4] = [
    ("bronze", &["serves", "refused"]),
    ("silver", &["told", "returns"]),
    ("gold", &["survives"]),
    ("platinum", &["foreign"]),
];

/// Where the words stand that a site or board file picks a driver by.
const DRIVERS: [(&str, &str); 5] = [
    ("PanelKind", "src/board/panel.rs"),
    ("PanelPlace", "src/board/place.rs"),
    ("PrinterWire", "src/board/wire.rs"),
    ("GateWire", "src/board/wire.rs"),
    ("Adapter", "src/checkin/settings.rs"),
];

/// Those that drive nothing themselves.
const NONE: [&str; 2] = ["PanelPlace::On", "PrinterWire::Simulated"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn read(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn grades() -> Vec<Driver> {
    let mut all: Vec<Driver> = Vec::new();
    for line in read("src/device/grades.toml").lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if line == "[[driver]]" {
            all.push(Driver::default());
            continue;
        }
        let (key, value) = line.split_once(" = ").unwrap_or_else(|| panic!("{line}"));
        let driver = all.last_mut().unwrap_or_else(|| panic!("{line}"));
        let mut texts = value.split('"').skip(1).step_by(2).map(str::to_owned);
        match key {
            "name" => driver.name = texts.next().expect("a name"),
            "drives" => driver.drives = texts.collect(),
            rule => assert_eq!(driver.rules.insert(rule.to_owned(), texts.next().expect("a text")), None, "{line}"),
        }
    }
    all
}

/// The names of all tests below a folder.
fn tests(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in folder.read_dir().expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() && !path.ends_with("node_modules") {
            tests(&path, found);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            let text = std::fs::read_to_string(&path).expect("text");
            let named = text.split("#[test]").skip(1).filter_map(|rest| rest.split_once("fn ")?.1.split('(').next());
            found.extend(named.map(str::to_owned));
        }
    }
}

impl Driver {
    fn has(&self, rule: &str) -> bool {
        self.rules.contains_key(rule)
    }

    fn grade(&self) -> &'static str {
        let proven = TIERS.iter().take_while(|(_, rules)| rules.iter().all(|rule| self.has(rule)));
        proven.last().map_or("–", |(tier, _)| tier)
    }

    fn row(&self) -> String {
        let cell = |rule: &str| match self.rules.get(rule).map(String::as_str) {
            None => "–".to_owned(),
            Some(why) if why.starts_with("exempt: ") => why.to_owned(),
            Some(test) => format!("`{test}`"),
        };
        let cells: Vec<String> = TIERS.iter().flat_map(|(_, rules)| rules.iter().map(|rule| cell(rule))).collect();
        format!("| {} | {} | {} |\n", self.name, self.grade(), cells.join(" | "))
    }
}

#[test]
fn every_rule_of_a_grade_names_a_test_that_exists() {
    let mut known = BTreeSet::new();
    ["tests", "src"].iter().for_each(|folder| tests(&root().join(folder), &mut known));
    let rules: BTreeSet<&str> = TIERS.iter().flat_map(|(_, rules)| rules.iter().copied()).collect();
    for driver in grades() {
        for (rule, test) in &driver.rules {
            assert!(rules.contains(rule.as_str()), "{}: there is no rule {rule}", driver.name);
            let is_proven = known.contains(test) || test.strip_prefix("exempt: ").is_some_and(|why| !why.is_empty());
            assert!(is_proven, "{}: {rule}: there is no test {test}", driver.name);
        }
    }
}

#[test]
fn every_driver_and_adapter_has_its_grade() {
    let told: Vec<String> = grades().into_iter().flat_map(|driver| driver.drives).collect();
    let mut known: Vec<String> = Vec::new();
    for (of, file) in DRIVERS {
        let text = read(file);
        let variants = text.split_once(&format!("pub enum {of} {{")).and_then(|(_, rest)| rest.split_once("\n}\n"));
        let names = variants.unwrap_or_else(|| panic!("{of} in {file}")).0.lines().filter_map(|line| {
            let name = line.strip_prefix("    ")?.split(|c: char| !c.is_ascii_alphanumeric()).next()?;
            name.starts_with(|c: char| c.is_ascii_uppercase()).then(|| format!("{of}::{name}"))
        });
        known.extend(names.filter(|name| !NONE.contains(&name.as_str())));
    }
    assert!(known.len() > 15, "{known:?}");
    for driver in &known {
        assert_eq!(told.iter().filter(|name| *name == driver).count(), 1, "{driver} in src/device/grades.toml");
    }
    assert!(told.iter().all(|driver| known.contains(driver)), "{told:?} and {known:?}");
}

#[test]
fn the_table_of_grades_is_what_the_file_of_grades_comes_to() {
    let head: Vec<String> =
        TIERS.iter().flat_map(|(tier, rules)| rules.iter().map(move |rule| format!("{rule} ({tier})"))).collect();
    let rule = "|---".repeat(head.len() + 2);
    let table: String = std::iter::once(format!("| driver | grade | {} |\n{rule}|\n", head.join(" | ")))
        .chain(grades().iter().map(Driver::row))
        .collect();
    assert!(read("src/device/GRADES.md").contains(&table), "src/device/GRADES.md lacks this table:\n{table}");
}
