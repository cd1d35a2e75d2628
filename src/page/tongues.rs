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
    ("normal", "open", "开放"),
    ("passed", "somebody went through", "已有人通过"),
    ("expired", "opened, and nobody went through", "闸机已打开，无人通过"),
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

/// What an order comes to, as the service says it, and in Chinese.
const TOLD: &[(&str, &str)] = &[
    ("too much at once", "操作太频繁，请稍候"),
    ("a technician does that", "须由技术员操作"),
    ("orders come from a page of ours", "页面已过期，请刷新"),
    ("maintenance", "维护中"),
    ("posted", "已发布"),
    ("opened", "闸机已打开"),
    ("not opened", "闸机没有打开"),
    ("taken back", "已撤回"),
    ("not taken back", "未撤回"),
    ("printed and acknowledged", "已打印并确认"),
    ("not printed", "未打印"),
    ("sent, and not acknowledged: look at the printer", "已发送，但没有确认：请查看打印机"),
    ("no word from it: look at it", "没有回音：请到现场查看"),
    ("too many copies at once", "同时补打的份数太多"),
    ("too many copies", "补打次数太多"),
    ("no such session", "没有这个会话"),
    ("no such visit", "没有这次就诊"),
    ("no visit that is over and stands", "没有已结束且仍有效的签到"),
    ("no such lane; the site file names them", "没有这个通道；通道名见站点文件"),
    ("no such mode", "没有这种状态"),
    ("no such device", "没有这种设备"),
    ("the journal cannot be read", "流水无法读取"),
    ("the daemon is busy or stopping", "守护进程正忙或正在停止"),
    ("a technician works on it", "技术员正在维护该通道"),
    ("begin maintenance of the lane first", "请先开始维护该通道"),
    ("the lane has no voice", "该通道没有语音"),
    ("not here", "此处不可用"),
    ("read again; the log tells what came of it", "已重新读取；结果见日志"),
    ("it cannot be kept: look at the state directory", "无法保存：请检查状态目录"),
    ("hours such as 08:00-12:00 13:30-17:00, four at most", "时间请写成 08:00-12:00 13:30-17:00，最多四段"),
    ("a notice has 64 characters at most", "公告最多 64 个字"),
];

/// Every word of a page that has these of its own.
fn words(own: &[Word]) -> impl Iterator<Item = Word> {
    let told = TOLD.iter().map(|(told, zh)| (*told, *told, *zh));
    own.iter().chain(COMMON).copied().chain(told)
}

/// Which tongue is read: what the address says, else what the browser prefers, else Chinese.
pub(super) fn tongue(request: &Request) -> Tongue {
    let asked = request.query.split('&').find_map(|pair| pair.strip_prefix("lang="));
    let preferred = || request.languages.as_deref().and_then(|languages| languages.split([',', ';']).next());
    let is_english = |tag: &str| tag.trim().to_ascii_lowercase().starts_with("en");
    if asked.or_else(preferred).is_some_and(is_english) { Tongue::En } else { Tongue::Zh }
}

/// A page in one tongue: its own words in their places, those of its script beside them.
pub(super) fn dressed(page: &str, own: &[Word], tongue: Tongue) -> String {
    let words = || words(own).map(|(name, en, zh)| (name, tongue.of(en, zh)));
    let mut table = Map::new();
    table.extend(words().map(|(name, word)| (name.to_owned(), word.into())));
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
        let stands = words(own).any(|(known, ..)| known == name || of_kind(known));
        assert!(stands, "{name} has no words");
    }
}
