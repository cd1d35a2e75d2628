//! The technician's page and the desk in English and Chinese: which is read, and what both say.

use serde_json::{Map, Value};

use crate::{fault::Tongue, terminal::Request};

/// A word's name, English, Chinese.
pub(super) type Word = (&'static str, &'static str, &'static str);

/// What both say.
const COMMON: &[Word] = &[
    ("lanes", "Lanes", "通道"),
    ("login", "Log in", "登录"),
    ("logout", "Log out", "退出"),
    ("name", "Account", "账号"),
    ("password", "Password", "密码"),
    ("wrong", "Account or password is wrong.", "账号或密码不对。"),
    ("later", "Too many failures. Wait so many seconds:", "失败次数过多，请等待（秒）："),
    ("busy", "Busy. Try again.", "系统忙，请再试。"),
    ("seconds", "s", "秒"),
    ("minutes", "min", "分钟"),
    ("hours", "h", "小时"),
    ("d", "d", "天"),
    ("done", "Done", "完成"),
    ("failed", "Not done", "未完成"),
    ("skip", "To the content", "跳到正文"),
    ("result-checked_in", "checked in", "已签到"),
    ("result-already", "already in", "已签过到"),
    ("result-re_queued", "queued again", "过号重排"),
    ("result-refused", "refused", "被拒绝"),
    ("result-failed", "failed", "失败"),
    ("result-cancelled", "cancelled", "取消"),
    ("result-interrupted", "interrupted", "中断"),
    ("result-unknown", "unknown", "结果不明"),
    ("result-annulled", "taken back", "已撤回"),
];

/// Which tongue is read: what the address says, else what the browser prefers, else Chinese.
pub(super) fn tongue(request: &Request) -> Tongue {
    let asked = request.query.split('&').find_map(|pair| pair.strip_prefix("lang="));
    let preferred = || request.languages.as_deref().and_then(|languages| languages.split([',', ';']).next());
    let is_english = |tag: &str| tag.trim().to_ascii_lowercase().starts_with("en");
    if asked.or_else(preferred).is_some_and(is_english) { Tongue::En } else { Tongue::Zh }
}

/// A page in one tongue: its own words in their places, those of its script beside them.
pub(super) fn dressed(page: &str, own: &[Word], tongue: Tongue) -> String {
    let words = || own.iter().chain(COMMON).map(|(name, en, zh)| (*name, tongue.of(*en, *zh)));
    let table: Map<String, Value> = words().map(|(name, word)| (name.to_owned(), word.into())).collect();
    let escaped = Value::from(table).to_string().replace('&', "&amp;").replace('\'', "&#39;").replace('<', "&lt;");
    let page = page
        .replace("{lang}", tongue.of("en", "zh-CN"))
        .replace("{other-lang}", tongue.of("zh", "en"))
        .replace("{other-tongue}", tongue.of("中文", "English"))
        .replace("{words}", &escaped);
    words().fold(page, |page, (name, word)| page.replace(&format!("{{{name}}}"), word))
}

/// Whether a page and its scripts have all their words in both tongues, and no place is left empty.
#[cfg(test)]
pub(super) fn has_all_its_words(page: &str, script: &str, own: &[Word]) {
    for tongue in [Tongue::En, Tongue::Zh] {
        let page = dressed(page, own, tongue);
        let left = page.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name);
        let left: Vec<&str> = left.filter(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')).collect();
        assert!(left.is_empty(), "{left:?}");
        assert!(page.contains(tongue.of("lang=\"en\"", "lang=\"zh-CN\"")));
    }
    let scripts = [script, super::counter::SCRIPT].into_iter().flat_map(|script| script.split("say('").skip(1));
    for name in scripts.filter_map(|rest| rest.split('\'').next()) {
        let of_kind = |known: &str| name.ends_with('-') && known.starts_with(name);
        let stands = own.iter().chain(COMMON).any(|(known, ..)| *known == name || of_kind(known));
        assert!(stands, "{name} has no words");
    }
}
