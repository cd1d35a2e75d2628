//! The site file as an operator writes it, right and wrong.

use super::*;
use crate::{checkin::Adapter, kiosk::OtherWay};

const LEAST: &str = r#"
[merchant]
mchid = "1900000001"
serial-no = "1A2B3C4D5E6F708192A3B4C5D6E7F8091A2B3C4D"
appid = "wx2b029c08a6233333"
[keys]
sign = "sp.key.pem"
apiv3 = "apiv3.key"
"#;

fn parse(text: &str) -> Result<Site, ConfigError> {
    Site::parse(Path::new("etc/site.toml"), text)
}

#[test]
fn an_adapter_that_is_not_built_in_is_refused_with_the_feature_that_builds_it() {
    let features = [
        ("template", "hospital", cfg!(feature = "hospital")),
        ("roster", "hospital", cfg!(feature = "hospital")),
        ("fhir", "fhir", cfg!(feature = "fhir")),
        ("hl7", "hl7", cfg!(feature = "hl7")),
    ];
    for (word, feature, is_in) in features {
        let read = crate::checkin::Adapter::try_from(word.to_owned());
        let told = format!("this program is built without the feature {feature}");
        assert_eq!(read.map(|_| ()), if is_in { Ok(()) } else { Err(told) });
    }
    let unknown = crate::checkin::Adapter::try_from("fihr".to_owned()).expect_err("none");
    assert_eq!(unknown, "`fihr` is none of local, http, template, roster, fhir, hl7");
}

#[test]
fn three_tables_are_enough_for_a_lookup() {
    let site = parse(LEAST).expect("usable");
    assert_eq!(&*site.keys.sign, Path::new("etc/sp.key.pem"));
    assert_eq!(site.wechatpay.backup_url.as_deref(), Some("https://api2.mch.weixin.qq.com"));
    assert_eq!(site.info_type(), InfoType::RealName);
}

#[test]
fn without_a_number_there_are_as_many_lookups_as_lanes_within_bounds() {
    let lane =
        |number| format!("[[lane]]\nname = \"k-{number}\"\nmode = \"transit\"\nterminal = \"unix:{number}.sock\"\n");
    for (lanes, lookups) in [(0, 2), (1, 2), (4, 4), (16, 16), (64, 16)] {
        let text = format!("{LEAST}{}", (0..lanes).map(lane).collect::<String>());
        assert_eq!(parse(&text).expect("usable").lookups(), lookups, "{lanes} lanes");
    }
    assert_eq!(parse(&format!("{LEAST}[wechatpay]\nconcurrency = 1")).expect("usable").lookups(), 1);
}

#[test]
fn another_main_domain_has_no_backup_unless_one_is_named() {
    let site = parse(&format!("{LEAST}[wechatpay]\nbase-url = \"https://localhost:8443/\"")).expect("usable");
    assert_eq!(site.wechatpay.base_url, "https://localhost:8443");
    assert_eq!(site.wechatpay.backup_url, None);
}

#[test]
fn a_wrong_line_is_named_with_what_is_allowed() {
    for (line, says) in [
        ("[wechatpay]\nproxi = 1", "etc/site.toml:10: unknown field `proxi`"),
        ("[wechatpay]\nbase-url = \"http://a\"", "etc/site.toml:10: expected an https://"),
        ("[checkin]\nreset-at = \"24:00\"", "etc/site.toml:10: expected a time of day"),
        (
            "[[lane]]\nname = \"a b\"\nmode = \"hospital\"\nterminal = \"unix:x\"",
            "etc/site.toml:10: expected a lane name",
        ),
        ("[[lane]]\nname = \"a\"\nmode = \"bus\"\nterminal = \"unix:x\"", "etc/site.toml:11: unknown variant `bus`"),
        (
            "[[lane]]\nname = \"a\"\nmode = \"transit\"\nterminal = \"tcp:x\"",
            "etc/site.toml:12: expected \"unix:PATH\"",
        ),
    ] {
        let error = parse(&format!("{LEAST}{line}")).expect_err(line).to_string();
        assert!(error.starts_with(says), "{error}");
    }
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    let error = parse(&LEAST.replace("apiv3 = \"apiv3.key\"", "")).expect_err("no way to verify");
    assert!(error.to_string().contains("keys.apiv3 for certificate mode"));
    let sub = LEAST.replace("appid =", "sub-mchid = \"1900000109\"\nappid =");
    assert!(parse(&sub).expect_err("no serial").to_string().contains("sub-serial-no is required"));
}

#[test]
fn a_proxy_password_is_not_printed() {
    let site = parse(&format!("{LEAST}[wechatpay]\nproxy = \"http://u:hunter2@p:3128\"")).expect("usable");
    assert!(!format!("{site:?}").contains("hunter2"));
}

#[test]
fn several_merchants_need_names_and_bring_keys_of_their_own() {
    let (before, after) = LEAST.split_once("[keys]").expect("a table");
    let table = before.replace("[merchant]", "[[merchant]]");
    let one =
        format!("{table}name = \"m-1\"\nterminals = [\"SN-1\"]\nkeys = {{ sign = \"m-1.pem\", apiv3 = \"k\" }}\n");
    let other = format!("{table}name = \"m-2\"\n");
    let lane = "[[lane]]\nname = \"a\"\nmode = \"transit\"\nterminal = \"unix:x\"\nmerchant = \"m-2\"\n";
    let all = format!("{one}{other}[keys]{after}{lane}");
    let site = parse(&all).expect("usable");
    let keys: Vec<_> = site.merchants.iter().map(|merchant| site.keys_of(merchant)).collect();
    assert_eq!((&*keys[0].sign, &*keys[1].sign), (Path::new("etc/m-1.pem"), Path::new("etc/sp.key.pem")));
    for (from, to, says) in [
        ("name = \"m-2\"", "", "each needs a name"),
        ("name = \"m-2\"", "name = \"m-1\"", "the same name"),
        ("name = \"m-2\"", "name = \"m-2\"\nterminals = [\"SN-1\"]", "belongs to two merchants"),
        ("merchant = \"m-2\"", "merchant = \"m-3\"", "names no [[merchant]]"),
        (", apiv3 = \"k\"", "", "keys.apiv3 for certificate mode"),
        ("name = \"m-2\"", "nome = \"m-2\"", "etc/site.toml:14: unknown field `nome`"),
        ("[[merchant]]", "[[merchants]]", "unknown field `merchants`"),
    ] {
        let error = parse(&all.replace(from, to)).expect_err(says).to_string();
        assert!(error.contains(says), "{error}");
    }
    assert!(parse(&format!("merchant = []\n[keys]{after}")).expect_err("none").to_string().contains("no merchant"));
}

fn lane(mode: &str, more: &str) -> String {
    format!("[[lane]]\nname = \"{mode}\"\nmode = \"{mode}\"\nterminal = \"unix:{mode}\"\n{more}\n")
}

#[test]
fn a_transit_lane_asks_for_no_name_unless_it_says_so_whatever_stands_beside_it() {
    let asked = |text: &str| {
        let site = parse(&format!("{LEAST}{text}")).expect("usable");
        site.lane.iter().map(|lane| site.info_type_of(lane)).collect::<Vec<_>>()
    };
    let (name, union_id) = (InfoType::RealName, InfoType::UnionId);
    let both = |more: &str| format!("{}{}", lane("hospital", ""), lane("transit", more));
    let of_site = |kind: &str| format!("[wechatpay]\ninfo-type = \"{kind}\"\n{}", both(""));
    assert_eq!(asked(&both("")), [name, union_id]);
    assert_eq!(asked(&both("info-type = \"ASK_REAL_NAME\"")), [name, name]);
    assert_eq!(asked(&of_site("ASK_REAL_NAME")), [name, union_id]);
    assert_eq!(asked(&of_site("ASK_UNIONID")), [union_id, union_id]);
    assert_eq!(asked(&lane("hospital", "info-type = \"ASK_UNIONID\"")), [union_id]);
    let only = format!("{LEAST}[wechatpay]\ninfo-type = \"ASK_REAL_NAME\"\n{}", lane("transit", ""));
    assert!(parse(&only).expect_err("of no lane").to_string().contains("info-type in [[lane]]"));
}

#[test]
fn an_adapter_without_what_it_asks_with_is_refused_before_anybody_is_asked() {
    for (checkin, told) in [
        ("adapter = \"http\"", "needs checkin.url"),
        ("adapter = \"http\"\nurl = \"http://his.example\"", "without TLS"),
        #[cfg(feature = "hospital")]
        ("adapter = \"fhir\"", "needs checkin.url"),
        #[cfg(feature = "hospital")]
        ("adapter = \"fhir\"\nurl = \"mllps://his.example:2575\"", "go together"),
        #[cfg(feature = "hospital")]
        ("adapter = \"hl7\"\nurl = \"https://his.example\"", "go together"),
        #[cfg(feature = "hospital")]
        ("adapter = \"template\"\nurl = \"https://his.example\"", "needs checkin.template"),
        #[cfg(feature = "hospital")]
        ("adapter = \"roster\"", "needs checkin.roster"),
    ] {
        let error = parse(&format!("{LEAST}[checkin]\n{checkin}\n")).expect_err(checkin);
        assert!(error.to_string().contains(told), "{checkin}: {error}");
    }
}

#[test]
fn a_way_in_that_nobody_can_judge_is_refused_with_its_line() {
    let http = "[checkin]\nadapter = \"http\"\nurl = \"https://his.example\"\n";
    let card = "other-ways = [\"id-card\"]";
    for way in ["id-card", "voucher"] {
        for mode in ["hospital", "transit"] {
            let text = format!("{LEAST}{}", lane(mode, &format!("other-ways = [\"{way}\"]")));
            let error = parse(&text).expect_err("numbers are given here").to_string();
            assert!(error.starts_with("etc/site.toml:13: nobody can judge"), "{error}");
        }
    }
    let error = parse(&format!("{LEAST}{http}{}", lane("transit", card))).expect_err("a name").to_string();
    assert!(error.starts_with("etc/site.toml:16: a card is a name"), "{error}");
    for lane in [lane("hospital", card), lane("transit", &format!("info-type = \"ASK_REAL_NAME\"\n{card}"))] {
        assert!(parse(&format!("{LEAST}{http}{lane}")).expect("judged").lane[0].offers(OtherWay::IdCard));
    }
    let silent = parse(&format!("{LEAST}{}", lane("transit", ""))).expect("usable");
    assert!(!silent.lane[0].takes(OtherWay::Voucher, false), "not even where nothing is said of it");
    assert!(silent.lane[0].takes(OtherWay::Voucher, true) && !silent.lane[0].offers(OtherWay::Voucher));
    let unknown = parse(&format!("{LEAST}{}", lane("transit", "other-ways = [\"horse\"]"))).expect_err("unknown");
    assert!(unknown.to_string().starts_with("etc/site.toml:13: unknown variant `horse`"), "{unknown}");
}

#[test]
fn every_path_of_the_site_file_is_relative_to_it_whatever_table_it_stands_in() {
    let text = include_str!("../../systemd/site.toml");
    let is_key = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    // What is left out there, too.
    let all: String = text
        .lines()
        .filter(|line| !line.starts_with("# other-ways"))
        .map(|line| match line.strip_prefix("# ") {
            Some(setting)
                if setting.starts_with('[') || setting.split_once(" = ").is_some_and(|(key, _)| is_key(key)) =>
            {
                setting
            }
            _ => line,
        })
        .map(
            |line| {
                if line.starts_with("board = ") { "board = \"./own.toml\"\n".to_owned() } else { format!("{line}\n") }
            },
        )
        .collect();
    let site = Site::parse(Path::new("/at/site.toml"), &all).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(site.board, "/at/./own.toml");
    let printed = format!("{site:?}");
    assert!(printed.matches("\"/at/").count() > 6, "{printed}");
    for unanchored in ["\"keys/", "\"terminals"] {
        assert!(!printed.contains(unanchored), "{printed}");
    }
}

#[test]
fn an_offset_that_slips_keep_until_a_restart_is_named_beside_a_site_system_that_is_taken_over() {
    let site = |offset: &str, url: &str| {
        parse(&format!("{LEAST}[checkin]\nadapter = \"http\"\nurl = \"{url}\"\nutc-offset = \"{offset}\"\n"))
            .expect("usable")
    };
    let started = site("+08:00", "https://his.example");
    let kept = |offset| site(offset, "https://other.example").taken_over(&started, Path::new("site.toml")).unwrap().1;
    assert_eq!(kept("+08:00"), Vec::<&str>::new());
    assert_eq!(kept("+09:00"), ["checkin.utc-offset"]);
}

#[test]
fn several_checkins_have_names_and_each_lane_says_whose_it_is() {
    let his = "[[checkin]]\nname = \"his\"\nadapter = \"http\"\nurl = \"https://his.example\"\n";
    let gate = "[[checkin]]\nname = \"gate\"\nadapter = \"local\"\n";
    let named = |name: &str| lane("hospital", &format!("checkin = {name}"));
    let good = format!("{LEAST}{his}{gate}{}", named("\"gate\""));
    let site = parse(&good).expect("usable");
    let adapters: Vec<_> = site.checkins_of(&site.lane[0]).map(|checkin| checkin.adapter).collect();
    assert_eq!((adapters, site.judges(&site.lane[0])), (vec![Adapter::Local], false));
    let other = "[[checkin]]\nname = \"other\"\nadapter = \"local\"\n";
    for (wrong, says) in [
        (format!("{LEAST}{his}{gate}{}", lane("hospital", "")), "each lane names its own"),
        (format!("{LEAST}{his}{gate}{}", named("\"hsi\"")), "names no [[checkin]]"),
        (format!("{LEAST}{his}{gate}{}", named("[\"gate\", \"his\"]")), "names several"),
        (format!("{LEAST}{his}{gate}{other}{}", named("\"his\"")), "by one [[checkin]]"),
        (good.replace("name = \"gate\"\n", ""), "each needs a name"),
        (good.replace("name = \"his\"", "name = \"gate\""), "have the same name"),
        (good.replace("\"local\"\n", "\"local\"\nreset-at = \"04:00\"\n"), "the same reset-at"),
        (format!("checkin = []\n{LEAST}"), "no checkin"),
        (format!("{LEAST}{his}{gate}{}", named("\"a b\"")), "a name of 1–32"),
    ] {
        let error = parse(&wrong).expect_err(says).to_string();
        assert!(error.contains(says), "{error}");
    }
    // What judges on one lane judges nothing on another.
    let card = format!("{LEAST}{his}{gate}{}", lane("hospital", "checkin = \"gate\"\nother-ways = [\"id-card\"]"));
    assert!(parse(&card).expect_err("nobody judges").to_string().contains("nobody can judge"));
    assert!(parse(&card.replace("checkin = \"gate\"", "checkin = \"his\"")).is_ok());
}
