//! What the machine under the daemon is set up with, as far as people feel it: its ways out, and who tells it the time.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use super::Report;
use crate::{cli::phrases::check as say, fault::Code, files};

/// The longest file that is looked at, bytes.
const LONGEST: usize = 64 * 1024;

/// Where time servers are named, below the root: files, and folders of such files.
const TIME_FILES: [&str; 9] = [
    "etc/systemd/timesyncd.conf",
    "etc/systemd/timesyncd.conf.d",
    "run/systemd/timesyncd.conf.d",
    "run/systemd/netif/links",
    "etc/chrony.conf",
    "etc/chrony/chrony.conf",
    "etc/chrony/conf.d",
    "etc/chrony/sources.d",
    "etc/ntpsec/ntp.conf",
];

/// Looks at the machine whose files lie below `root`.
pub(super) fn check(root: &Path, report: &mut Report<'_>) {
    let routes = default_routes(&files::read_text(&root.join("proc/net/route"), LONGEST).unwrap_or_default());
    match routes.as_slice() {
        [] => report.skipped("default-route", say::no_default_route()),
        [only] => report.ok("default-route", say::default_route(only)),
        several => report.warning("default-route", Code::N301, say::default_routes(several.join(", "))),
    }
    let servers: BTreeSet<String> =
        TIME_FILES.iter().flat_map(|place| texts(&root.join(place))).flat_map(|text| time_servers(&text)).collect();
    match servers.is_empty() {
        true => report.warning("time-source", Code::C105, say::no_time_source()),
        false => report.ok("time-source", say::time_sources(servers.into_iter().collect::<Vec<_>>().join(", "))),
    }
}

/// The text of a file, or of each file in a folder.
fn texts(place: &Path) -> Vec<String> {
    let within = files::list(place).unwrap_or_default();
    let places: Vec<PathBuf> = match within.is_empty() {
        true => vec![place.to_owned()],
        false => within.iter().map(|name| place.join(name)).collect(),
    };
    places.iter().filter_map(|file| files::read_text(file, LONGEST).ok()).collect()
}

/// The interfaces with a default route, each once, from `/proc/net/route` (route(8): destination and mask are zero).
fn default_routes(table: &str) -> Vec<String> {
    let mut interfaces = Vec::new();
    for line in table.lines().skip(1) {
        let columns: Vec<&str> = line.split_whitespace().collect();
        if let [interface, "00000000", _, _, _, _, _, "00000000", ..] = columns.as_slice()
            && !interfaces.iter().any(|known| known == interface)
        {
            interfaces.push((*interface).to_owned());
        }
    }
    interfaces
}

/// The servers that a file names: systemd's `NTP=` (timesyncd.conf(5)), or `server`, `pool` and `peer` of chrony.conf(5)
/// and ntp.conf(5). What a distribution falls back to is nobody's choice.
fn time_servers(text: &str) -> Vec<String> {
    let mut servers = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(named) = line.strip_prefix("NTP=") {
            servers.extend(named.split_whitespace().map(str::to_owned));
        }
        let mut words = line.split_whitespace();
        if let (Some("server" | "pool" | "peer"), Some(name)) = (words.next(), words.next()) {
            servers.push(name.to_owned());
        }
    }
    servers
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn told(root: &Path) -> String {
        let mut out = Vec::new();
        let mut report = Report { out: &mut out, json: false, failed: 0, warnings: 0, broken: None };
        check(root, &mut report);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn check_names_two_default_routes_and_an_unnamed_time_source() {
        let root = tempfile::tempdir().unwrap();
        let lay = |file: &str, text: &str| {
            let file = root.path().join(file);
            files::make_folder(file.parent().unwrap()).unwrap();
            files::replace(&file, text.as_bytes()).unwrap();
        };
        let head = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n";
        let by = |interface: &str, metric: u32| {
            format!("{interface}\t00000000\t010200C0\t0003\t0\t0\t{metric}\t00000000\t0\t0\t0\n")
        };
        lay("proc/net/route", &format!("{head}{}eth0\t000200C0\t0\t1\t0\t0\t0\t00FFFFFF\t0\t0\t0\n", by("eth0", 100)));
        lay("etc/systemd/timesyncd.conf", "[Time]\n#NTP=\nNTP=\n#FallbackNTP=0.debian.pool.ntp.org\n");
        let one = told(root.path());
        assert!(one.contains("ok       default-route    over eth0"), "{one}");
        assert!(one.contains("warning  time-source      C105"), "{one}");
        lay("proc/net/route", &format!("{head}{}{}{}", by("eth0", 100), by("wwan0", 700), by("eth0", 200)));
        for (file, text) in [
            ("run/systemd/netif/links/2", "ADMIN_STATE=configured\nNTP=10.1.1.1\n"),
            ("etc/chrony/sources.d/site.sources", "server ntp.hospital.example iburst\n"),
            ("etc/systemd/timesyncd.conf.d/site.conf", "[Time]\nNTP=10.1.1.2 10.1.1.3\n"),
        ] {
            lay(file, text);
            let well = told(root.path());
            assert!(well.contains("warning  default-route    N301") && well.contains("eth0, wwan0"), "{well}");
            assert!(well.contains("ok       time-source"), "{well}");
            fs::remove_file(root.path().join(file)).unwrap();
        }
    }
}
