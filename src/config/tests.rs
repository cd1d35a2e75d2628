//! The site file as an operator writes it, right and wrong.

use super::*;

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
fn three_tables_are_enough_for_a_lookup() {
    let site = parse(LEAST).expect("usable");
    assert_eq!(site.keys.sign, Path::new("etc/sp.key.pem"));
    assert_eq!(site.wechatpay.backup_url.as_deref(), Some(BACKUP_DOMAIN));
    assert_eq!(site.info_type(), InfoType::RealName);
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
    let site = parse(&format!("{LEAST}[wechatpay]\nproxy = \"http://u:secret@p:3128\"")).expect("usable");
    assert!(!format!("{site:?}").contains("secret"));
}
