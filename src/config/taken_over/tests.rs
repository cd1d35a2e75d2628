//! Every key that a site file may have, changed while the daemon serves.

use std::{collections::BTreeSet, path::Path};

use super::*;

/// Table, key, a value, and another.
const KEYS: &[(&str, &str, &str, &str)] = &[
    ("", "board", "\"simulated\"", "\"bench\""),
    ("", "state-dir", "\"a\"", "\"b\""),
    ("[[merchant]]", "name", "\"m-1\"", "\"m-2\""),
    ("[[merchant]]", "mchid", "\"1900000001\"", "\"1900000002\""),
    (
        "[[merchant]]",
        "serial-no",
        "\"1A2B3C4D5E6F708192A3B4C5D6E7F8091A2B3C4D\"",
        "\"2A2B3C4D5E6F708192A3B4C5D6E7F8091A2B3C4D\"",
    ),
    ("[[merchant]]", "appid", "\"wx2b029c08a6233333\"", "\"wx2b029c08a6233334\""),
    ("[[merchant]]", "sub-mchid", "\"1900000109\"", "\"1900000110\""),
    ("[[merchant]]", "sub-appid", "\"wx2b029c08a6255555\"", "\"wx2b029c08a6255556\""),
    (
        "[[merchant]]",
        "sub-serial-no",
        "\"3A2B3C4D5E6F708192A3B4C5D6E7F8091A2B3C4D\"",
        "\"4A2B3C4D5E6F708192A3B4C5D6E7F8091A2B3C4D\"",
    ),
    ("[[merchant]]", "terminals", "[\"SN-1\"]", "[\"SN-2\"]"),
    ("[[merchant]]", "keys", "{ sign = \"a\" }", "{ sign = \"b\" }"),
    ("[keys]", "sign", "\"a\"", "\"b\""),
    ("[keys]", "decrypt", "\"a\"", "\"b\""),
    ("[keys]", "apiv3", "\"a\"", "\"b\""),
    ("[keys]", "certificate", "\"a\"", "\"b\""),
    ("[keys]", "decrypt-certificate", "\"a\"", "\"b\""),
    #[cfg(feature = "rustcrypto")]
    ("[keys]", "engine", "\"aws-lc-rs\"", "\"rsa\""),
    ("[wechatpay]", "base-url", "\"https://a\"", "\"https://b\""),
    ("[wechatpay]", "backup-url", "\"https://c\"", "\"https://d\""),
    ("[wechatpay]", "public-key-id", "\"a\"", "\"b\""),
    ("[wechatpay]", "public-key", "\"a\"", "\"b\""),
    ("[wechatpay]", "ca-file", "\"a\"", "\"b\""),
    ("[wechatpay]", "connect-to", "\"10.0.0.2:443\"", "\"10.0.0.3:443\""),
    ("[wechatpay]", "padding", "\"pkcs1v15\"", "\"oaep-sha1\""),
    ("[wechatpay]", "charset", "\"utf8\"", "\"gbk\""),
    ("[wechatpay]", "info-type", "\"ASK_REAL_NAME\"", "\"ASK_UNIONID\""),
    ("[wechatpay]", "fallback-to-union-id", "true", "false"),
    ("[wechatpay]", "patience-ms", "7000", "9000"),
    ("[wechatpay]", "concurrency", "3", "4"),
    ("[weixin]", "base-url", "\"https://a\"", "\"https://b\""),
    ("[weixin]", "ca-file", "\"a\"", "\"b\""),
    ("[weixin]", "appid", "\"wx2b029c08a6255555\"", "\"wx2b029c08a6255556\""),
    ("[weixin]", "token", "{ file = \"a\" }", "{ stable-token = \"a\" }"),
    ("[weixin]", "token-bearer", "\"a\"", "\"b\""),
    ("[weixin]", "mch-id", "\"1900000109\"", "\"1900000110\""),
    (
        "[weixin]",
        "cert-serialno",
        "\"3A2B3C4D5E6F708192A3B4C5D6E7F8091A2B3C4D\"",
        "\"4A2B3C4D5E6F708192A3B4C5D6E7F8091A2B3C4D\"",
    ),
    ("[weixin]", "key", "\"a\"", "\"b\""),
    ("[weixin]", "charset", "\"utf8\"", "\"gbk\""),
    ("[authinfo]", "base-url", "\"https://a\"", "\"https://b\""),
    ("[authinfo]", "ca-file", "\"a\"", "\"b\""),
    ("[authinfo]", "key", "\"a\"", "\"b\""),
    ("[authinfo]", "store-id", "\"a\"", "\"b\""),
    ("[authinfo]", "store-name", "\"a\"", "\"b\""),
    #[cfg(feature = "network")]
    ("[terminals]", "certificate", "\"a\"", "\"b\""),
    #[cfg(feature = "network")]
    ("[terminals]", "key", "\"a\"", "\"b\""),
    #[cfg(feature = "network")]
    ("[terminals]", "ca-file", "\"a\"", "\"b\""),
    #[cfg(feature = "network")]
    ("[terminals]", "crl-file", "\"a\"", "\"b\""),
    ("[checkin]", "name", "\"c-1\"", "\"c-2\""),
    ("[checkin]", "adapter", "\"http\"", "\"local\""),
    ("[checkin]", "reset-at", "\"04:00\"", "\"05:00\""),
    ("[checkin]", "utc-offset", "\"+08:00\"", "\"+09:00\""),
    ("[checkin]", "url", "\"https://a\"", "\"https://b\""),
    ("[checkin]", "ca-file", "\"a\"", "\"b\""),
    ("[checkin]", "hmac-key", "\"a\"", "\"b\""),
    ("[checkin]", "client-certificate", "\"a\"", "\"b\""),
    ("[checkin]", "client-key", "\"a\"", "\"b\""),
    ("[checkin]", "settle-ms", "1000", "2000"),
    ("[checkin]", "patience-ms", "1000", "2000"),
    ("[checkin]", "passages", "true", "false"),
    #[cfg(feature = "hospital")]
    ("[checkin]", "template", "\"a\"", "\"b\""),
    #[cfg(feature = "hospital")]
    ("[checkin]", "plain-http", "[\"10.0.0.0/8\"]", "[]"),
    #[cfg(feature = "hospital")]
    ("[checkin]", "values", "{ zone = \"a\" }", "{ zone = \"b\" }"),
    #[cfg(feature = "hospital")]
    ("[checkin]", "secrets", "{ key = \"a\" }", "{ key = \"b\" }"),
    #[cfg(feature = "hospital")]
    ("[checkin]", "rsa-key", "\"a\"", "\"b\""),
    #[cfg(feature = "fhir")]
    ("[checkin]", "fhir", "{ encounter = true }", "{ encounter = false }"),
    #[cfg(feature = "hl7")]
    ("[checkin]", "hl7", "{ query = true }", "{ query = false }"),
    #[cfg(feature = "hospital")]
    ("[checkin]", "roster", "\"a\"", "\"b\""),
    #[cfg(feature = "hospital")]
    ("[checkin]", "roster-key", "\"a\"", "\"b\""),
    #[cfg(feature = "hospital")]
    ("[checkin]", "roster-public-key", "\"a\"", "\"b\""),
    ("[privacy]", "panel-name", "\"masked\"", "\"full\""),
    ("[privacy]", "slip-name", "\"masked\"", "\"full\""),
    ("[privacy]", "wipe-after-ms", "5000", "6000"),
    ("[journal]", "max-age", "\"190d\"", "\"180d\""),
    ("[journal]", "max-bytes", "67108864", "33554432"),
    #[cfg(feature = "screen")]
    ("[brand]", "name", "\"甲医院\"", "\"乙医院\""),
    #[cfg(feature = "screen")]
    ("[brand]", "logo", "\"a\"", "\"b\""),
    #[cfg(feature = "screen")]
    ("[palette]", "paper", "\"#ffffff\"", "\"#f0f0f0\""),
    #[cfg(feature = "screen")]
    ("[palette]", "text", "\"#000000\"", "\"#101010\""),
    #[cfg(feature = "screen")]
    ("[palette]", "quiet", "\"#000000\"", "\"#101010\""),
    #[cfg(feature = "screen")]
    ("[palette]", "accent", "\"#000000\"", "\"#101010\""),
    #[cfg(feature = "screen")]
    ("[palette]", "good", "\"#000000\"", "\"#101010\""),
    #[cfg(feature = "screen")]
    ("[palette]", "bad", "\"#000000\"", "\"#101010\""),
    #[cfg(feature = "page")]
    ("[page]", "listen", "\"127.0.0.1:7481\"", "\"127.0.0.1:7482\""),
    #[cfg(feature = "page")]
    ("[page]", "css", "\"a\"", "\"b\""),
    #[cfg(feature = "page")]
    ("[page]", "technician", "true", "false"),
    #[cfg(feature = "page")]
    ("[page]", "technicians", "[\"CN=a\"]", "[\"CN=b\"]"),
    #[cfg(feature = "page")]
    ("[desk]", "listen", "\"127.0.0.1:7481\"", "\"127.0.0.1:7482\""),
    #[cfg(feature = "page")]
    ("[desk]", "certificate", "\"a\"", "\"b\""),
    #[cfg(feature = "page")]
    ("[desk]", "key", "\"a\"", "\"b\""),
    #[cfg(feature = "page")]
    ("[alarms]", "webhook", "\"https://a\"", "\"https://b\""),
    #[cfg(feature = "page")]
    ("[alarms]", "hmac-key", "\"a\"", "\"b\""),
    #[cfg(feature = "page")]
    ("[alarms]", "syslog", "\"a:6514\"", "\"b:6514\""),
    #[cfg(feature = "page")]
    ("[alarms]", "ca-file", "\"a\"", "\"b\""),
    #[cfg(feature = "turnstile")]
    ("[gates]", "once-within-ms", "2000", "3000"),
    #[cfg(feature = "pilot")]
    ("[capture]", "stand-ins", "false", "true"),
    #[cfg(feature = "pilot")]
    ("[capture]", "max-bytes", "65536", "131072"),
    ("[simulated]", "out", "\"a\"", "\"b\""),
    ("[simulated]", "allow-names", "true", "false"),
    ("[[lane]]", "name", "\"kiosk-1\"", "\"kiosk-3\""),
    ("[[lane]]", "mode", "\"hospital\"", "\"transit\""),
    ("[[lane]]", "series", "\"A\"", "\"B\""),
    ("[[lane]]", "terminal", "\"unix:a\"", "\"unix:b\""),
    ("[[lane]]", "merchant", "\"m-9\"", "\"m-1\""),
    ("[[lane]]", "checkin", "[]", "\"c-1\""),
    ("[[lane]]", "allow-uids", "[0]", "[1000]"),
    ("[[lane]]", "allow-subjects", "[\"CN=a\"]", "[\"CN=b\"]"),
    ("[[lane]]", "plain-lines", "true", "false"),
    ("[[lane]]", "panel", "\"board\"", "\"terminal\""),
    ("[[lane]]", "printer", "\"board\"", "\"none\""),
    #[cfg(feature = "turnstile")]
    ("[[lane]]", "intent", "\"person\"", "\"start\""),
    ("[[lane]]", "gate", "\"board\"", "\"none\""),
    ("[[lane]]", "indicators", "\"board\"", "\"none\""),
    ("[[lane]]", "inputs", "\"left\"", "\"right\""),
    ("[[lane]]", "language", "\"zh-hans\"", "\"en\""),
    ("[[lane]]", "phrases", "\"a\"", "\"b\""),
    #[cfg(feature = "voice")]
    ("[[lane]]", "voice", "{ pack = \"a\" }", "{ pack = \"b\" }"),
    #[cfg(feature = "voice")]
    ("[[lane]]", "voice-name", "true", "false"),
    ("[[lane]]", "quiet-hours", "\"22:00-06:00\"", "\"21:00-06:00\""),
    ("[[lane]]", "buzzer", "{ good = [100] }", "{ good = [200] }"),
    ("[[lane]]", "elder", "true", "false"),
    ("[[lane]]", "staff-slip", "true", "false"),
    #[cfg(feature = "hospital")]
    ("[[lane]]", "offline", "\"staff\"", "\"provisional\""),
    #[cfg(feature = "hospital")]
    ("[[lane]]", "offline-series", "\"W\"", "\"V\""),
    ("[[lane]]", "without-wechat", "\"staff\"", "\"other-way\""),
    ("[[lane]]", "other-way-qr", "\"a\"", "\"b\""),
    ("[[lane]]", "other-ways", "[]", "[\"voucher\"]"),
    #[cfg(feature = "hospital")]
    ("[[lane]]", "values", "{ zone = \"a\" }", "{ zone = \"b\" }"),
    ("[[lane]]", "info-type", "\"ASK_REAL_NAME\"", "\"ASK_UNIONID\""),
];

/// Its value is not shown, so that it cannot be told by it.
const PROXY: (&str, &str) = ("[wechatpay]", "proxy");

/// What stands beside it: another merchant, another lane.
const BESIDE: &str = "[[merchant]]\nname = \"m-9\"\nmchid = \"1900000009\"\nserial-no = \"5A2B3C4D5E6F708192A3B4C5D6E7F8091A2B3C4D\"\nappid = \"wx2b029c08a6233339\"\n[[lane]]\nname = \"kiosk-2\"\nmode = \"hospital\"\nterminal = \"unix:c\"\n";

/// What a running daemon does not take over, by the names that it tells.
const KEPT: &[(&str, &[&str])] = &[
    ("board", &["board"]),
    ("state-dir", &["state-dir"]),
    ("wechatpay.info-type", &["info-type"]),
    ("wechatpay.patience-ms", &["patience-ms"]),
    ("wechatpay.concurrency", &["concurrency"]),
    ("[checkin]", &["name", "adapter"]),
    ("checkin.reset-at", &["reset-at"]),
    ("checkin.utc-offset", &["utc-offset"]),
    ("checkin.settle-ms", &["settle-ms"]),
    ("checkin.patience-ms", &["patience-ms"]),
    ("[privacy]", &["panel-name", "slip-name", "wipe-after-ms"]),
    ("[journal]", &["max-age", "max-bytes"]),
    #[cfg(feature = "screen")]
    ("[brand]", &["name", "logo"]),
    #[cfg(feature = "screen")]
    ("[palette]", &["paper", "text", "quiet", "accent", "good", "bad"]),
    #[cfg(feature = "page")]
    ("page.listen", &["listen"]),
    #[cfg(feature = "page")]
    ("page.technician", &["technician"]),
    #[cfg(feature = "page")]
    ("[desk]", &["listen", "certificate", "key"]),
    #[cfg(feature = "page")]
    ("[alarms]", &["webhook", "hmac-key", "syslog", "ca-file"]),
    #[cfg(feature = "turnstile")]
    ("[gates]", &["once-within-ms"]),
    #[cfg(feature = "pilot")]
    ("[capture]", &["stand-ins", "max-bytes"]),
    ("[simulated]", &["out", "allow-names"]),
    (
        "[[lane]]",
        &[
            "name",
            "mode",
            "series",
            "terminal",
            "checkin",
            "panel",
            "printer",
            "intent",
            "gate",
            "indicators",
            "inputs",
            "language",
            "voice",
            "voice-name",
            "quiet-hours",
            "buzzer",
            "elder",
            "staff-slip",
            "offline",
            "offline-series",
            "without-wechat",
            "other-way-qr",
            "other-ways",
            "info-type",
        ],
    ),
];

/// The site file, with other values for some keys and without some tables.
fn text(other: impl Fn(&str, &str) -> bool, without: Option<&str>) -> String {
    let (mut text, mut table) = (String::new(), "");
    for (of, key, value, another) in KEYS.iter().filter(|(of, ..)| Some(*of) != without) {
        if *of != table {
            table = of;
            text.push_str(&format!("{of}\n"));
        }
        text.push_str(&format!("{key} = {}\n", if other(of, key) { another } else { value }));
    }
    text + BESIDE
}

fn parse(text: &str) -> Site {
    Site::parse(Path::new("/at/site.toml"), text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn taken_over(wanted: Site, started: &Site) -> (Site, Vec<&'static str>) {
    wanted.taken_over(started, Path::new("/at/site.toml")).unwrap_or_else(|error| panic!("{error}"))
}

/// Everything but where a lane stands.
fn all_of(site: &Site) -> String {
    format!("{:?}", Site { lane: site.lane.iter().map(Lane::unplaced).collect(), ..site.clone() })
}

/// Which keys a table may have, as its settings themselves say it.
fn known(table: &str) -> BTreeSet<String> {
    let all = text(|_, _| false, None);
    let here = match table {
        "" => format!("nonsense = 1\n{all}"),
        _ => all.replacen(&format!("{table}\n"), &format!("{table}\nnonsense = 1\n"), 1),
    };
    let error = Site::parse(Path::new("/at/site.toml"), &here).expect_err("nonsense").to_string();
    let (_, expected) = error.split_once("expected").unwrap_or_else(|| panic!("{error}"));
    expected.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_key_of_the_site_file_is_taken_over_by_a_running_daemon_or_named() {
    let started = parse(&text(|_, _| false, None));
    for (table, key, ..) in KEYS {
        let wanted = parse(&text(|of, name| (of, name) == (*table, *key), None));
        assert_ne!(all_of(&wanted), all_of(&started), "{table} {key} changes nothing");
        let (lives_by, kept) = taken_over(wanted.clone(), &started);
        let named: Vec<&str> = KEPT
            .iter()
            .filter(|(name, keys)| {
                let of_table =
                    if table.is_empty() { *name == *key } else { name.contains(table.trim_matches(['[', ']'])) };
                of_table && keys.contains(key)
            })
            .map(|(name, _)| *name)
            .collect();
        assert_eq!(kept, named, "{table} {key}");
        let lives_by = all_of(&lives_by);
        let of = if named.is_empty() { &wanted } else { &started };
        assert_eq!(lives_by, all_of(of), "{table} {key}");
    }
}

#[test]
fn the_keys_that_are_walked_are_all_that_there_are() {
    let tables: BTreeSet<&str> = KEYS.iter().map(|(table, ..)| *table).collect();
    for table in &tables {
        let mut walked: BTreeSet<String> =
            KEYS.iter().filter(|(of, ..)| of == table).map(|(_, key, ..)| (*key).to_owned()).collect();
        if *table == PROXY.0 {
            walked.insert(PROXY.1.to_owned());
        }
        if table.is_empty() {
            let others = tables.iter().filter(|table| !table.is_empty());
            walked.extend(others.map(|table| table.trim_matches(['[', ']']).to_owned()));
        }
        let mut known = known(table);
        if cfg!(not(feature = "rustcrypto")) {
            known.remove("engine");
        }
        assert_eq!(walked, known, "{table}");
    }
}

#[test]
fn a_table_that_comes_or_goes_is_taken_over_or_named() {
    let all = text(|_, _| false, None);
    for (table, name) in [
        ("[weixin]", Some("[weixin]")),
        ("[authinfo]", None),
        ("[privacy]", None),
        ("[simulated]", Some("[simulated]")),
    ] {
        let less = text(|_, _| false, Some(table));
        for (started, wanted) in [(&all, &less), (&less, &all)] {
            let (started, wanted) = (parse(started), parse(wanted));
            let (lives_by, kept) = taken_over(wanted.clone(), &started);
            assert_eq!(kept, name.into_iter().collect::<Vec<_>>(), "{table}");
            assert_eq!(all_of(&lives_by), all_of(if name.is_some() { &started } else { &wanted }), "{table}");
        }
    }
}

#[test]
fn a_lane_that_is_called_otherwise_keeps_its_merchant_and_its_terminals() {
    let started = parse(&text(|_, _| false, None));
    let renamed = |of: &str, key: &str| of == "[[lane]]" && ["name", "merchant", "allow-uids"].contains(&key);
    let (lives_by, kept) = taken_over(parse(&text(renamed, None)), &started);
    assert_eq!(kept, ["[[lane]]"]);
    assert_eq!(all_of(&lives_by), all_of(&started));
}

#[test]
fn what_would_not_fit_what_stays_is_not_taken_over_at_all() {
    let all = text(|_, _| false, None);
    // Its lane has another name, so the one that serves stays, and names a merchant who is gone.
    let without = all.replace(BESIDE, "[[lane]]\nname = \"kiosk-2\"\nmode = \"hospital\"\nterminal = \"unix:c\"\n");
    let renamed = without.replace("name = \"kiosk-1\"", "name = \"kiosk-3\"").replace("\"m-9\"", "\"m-1\"");
    let error = parse(&renamed).taken_over(&parse(&all), Path::new("/at/site.toml")).expect_err("a merchant is gone");
    let told = error.to_string();
    assert!(
        told.contains("/at/site.toml: lane.merchant") && told.contains("[[lane]]") && told.contains("restart"),
        "{told}"
    );
}

#[cfg(feature = "network")]
#[test]
fn whoever_counts_at_another_terminal_does_not_count_at_the_one_that_stays() {
    let all = text(|_, _| false, None).replace("\"unix:a\"", "\"tls:10.0.0.1:7000\"");
    let started = parse(&all);
    let moved = all
        .replace("\"tls:10.0.0.1:7000\"", "\"unix:a\"")
        .replace("allow-subjects = [\"CN=a\"]", "allow-subjects = []");
    let moved = moved.replace("allow-uids = [0]", "allow-uids = [1000]");
    let (lives_by, kept) = taken_over(parse(&moved), &started);
    assert_eq!(kept, ["[[lane]]"]);
    assert_eq!(all_of(&lives_by), all_of(&started));
}
