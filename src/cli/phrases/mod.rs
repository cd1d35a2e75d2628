//! What commands print for a technician, in English and Chinese. Ids, codes and what JSON carries are in neither.

pub(super) mod check;
#[cfg(feature = "pilot")]
pub(super) mod conformance;
pub(super) mod exercise;
pub(super) mod hardware;
pub(super) mod help;
#[cfg(feature = "sim")]
pub(super) mod slip;
pub(super) mod staff;
pub(super) mod status;
#[cfg(feature = "voice")]
pub(super) mod voice;

use std::{fmt::Write as _, path::Path};

use super::tongue::{phrases, tongue};
use crate::{
    fault::{Code, Failure, Tongue},
    store::{Proof, Standing},
};

phrases! {
    cure_is(cure) "cure: {cure}" => "处理：{cure}";
    no_such_lane() "the site file has no such [[lane]]" => "站点文件中没有这个 [[lane]]";
    no_such_device(lane) "lane {lane} has no such device" => "通道 {lane} 没有这种设备";
    no_such_user(user) "there is no user {user}" => "没有用户 {user}";
    root_without(user) "root (there is no user {user})" => "root（没有用户 {user}）";
    no_such_merchant() "no [[merchant]] of this name in the site file" => "站点文件中没有这个名称的 [[merchant]]";
    #[cfg(feature = "hospital")]
    no_name_or_number() "the name is none, or the number is none of a document" => "姓名或证件号无效";
    #[cfg(feature = "hospital")]
    would_arrive() "one visit is meant; nobody was checked in (--arrive does it)" => "已确定就诊；未真的签到（加 --arrive 才签到）";
    #[cfg(feature = "hospital")]
    asks_system(name) "checkin {name}:" => "checkin {name}：";
    #[cfg(feature = "hospital")]
    answered(word) "answer: {word}" => "结果：{word}";
    #[cfg(feature = "hospital")]
    no_day() "the day is none: YYYY-MM-DD" => "日期无效：应为 YYYY-MM-DD";
    #[cfg(feature = "hospital")]
    roster_made(people) "{people} people" => "共 {people} 人";
    give_a_face_sid() "give a FACE_SID, or --from FILE" => "请给出 FACE_SID，或 --from FILE";
    no_such_slip(which) "{which}: the journal knows no such session or number that was checked in"
        => "{which}：流水中没有这个已签到的会话或号码";
    daemon_must_run() "the daemon must run, and this be root or its user" => "守护进程须在运行，且须以 root 或其用户执行";
    no_journal(dir) "{dir}: there is no journal here" => "{dir}：这里没有流水";
    empty() "empty: nothing was recorded yet" => "空：尚无任何流水";
    whole(counted) "whole: {counted}" => "完整：{counted}";
    salvaged(counted, records, files) "salvaged: {counted}; {records} records set aside in {files} files"
        => "曾抢救：{counted}；另有 {records} 条流水保存在 {files} 个文件中";
    damaged(counted, faults) "damaged: {counted}; {faults}" => "已损坏：{counted}；{faults}";
    counted(records, segments, epoch) "{records} records in {segments} segments, epoch {epoch}"
        => "{segments} 段共 {records} 条流水，第 {epoch} 世代";
    safe(outputs) "{outputs} outputs at their safe value" => "{outputs} 路输出已回到安全值";
    expected_claim() "expected {{\"openid\",\"real_name\",\"cred_id\",\"code\"}} as JSON"
        => "应为 JSON：{{\"openid\",\"real_name\",\"cred_id\",\"code\"}}";
    #[cfg(feature = "page")]
    account_added(name, role) "account {name} ({role})" => "账号 {name}（{role}）已添加";
    #[cfg(feature = "page")]
    account_removed(name) "account {name} is removed" => "账号 {name} 已删除";
    #[cfg(feature = "page")]
    no_such_account(name) "there is no account {name}" => "没有账号 {name}";
    verdict_match() "match: openid, name and number belong together" => "一致：openid、姓名和证件号属于同一人";
    verdict_other_person() "no match: the openid belongs to another name" => "不一致：openid 对应另一个姓名";
    verdict_other_number() "no match: the name has another number" => "不一致：姓名对应另一个证件号";
    verdict_no_real_name() "no match: the user has no real name at WeChat" => "不一致：该用户在微信没有实名";
    verdict_unclear() "unclear: weixin said none of what its document lists" => "不明：微信的答复不在其文档所列之中";
}

/// A failure with its code and causes. Causes are English: what libraries and the system said.
pub(super) fn failure_line(failure: &Failure) -> String {
    format!("{} {}", failure.code(), failure_text(failure))
}

/// A failure with its causes and what the other side knows it by, without its code.
pub(super) fn failure_text(failure: &Failure) -> String {
    let mut causes = failure.chain();
    if let Some(reference) = failure.reference() {
        let _ = write!(causes, "; Request-ID {reference}");
    }
    match tongue() {
        Tongue::En => causes,
        Tongue::Zh => format!("{}（{causes}）", failure.code().summary_in(Tongue::Zh)),
    }
}

/// How a journal stands.
pub(super) fn standing(proof: &Proof, dir: &Path) -> String {
    let counted = counted(proof.records, proof.segments, proof.epoch);
    match proof.standing() {
        Standing::Missing => no_journal(dir.display()),
        Standing::Empty => empty(),
        Standing::Whole => whole(counted),
        Standing::Salvaged => salvaged(counted, proof.set_aside, proof.aside),
        Standing::Damaged => damaged(counted, proof.faults.join("; ")),
    }
}

/// What is wrong.
pub(super) fn summary(code: Code) -> &'static str {
    code.summary_in(tongue())
}

/// `cure: …`
pub(super) fn cure(failure: &Failure) -> String {
    cure_is(failure.cure_in(tongue()))
}

/// What clap says by itself, in Chinese.
const CLAP: &[(&str, &str)] = &[
    ("Usage:", "用法："),
    ("Commands:", "命令："),
    ("Arguments:", "参数："),
    ("Options:", "选项："),
    ("Possible values:", "可选值："),
    ("Print this message or the help of the given subcommand(s)", "显示本帮助，或某个子命令的帮助"),
    ("Print help (see more with '--help')", "显示帮助（--help 更详细）"),
    ("Print help (see a summary with '-h')", "显示帮助（-h 为摘要）"),
    ("Print help", "显示帮助"),
    ("Print version", "显示版本"),
    ("[default: ", "[默认："),
    ("[possible values: ", "[可选值："),
    ("For more information, try '--help'.", "更多信息请看 '--help'。"),
    ("the following required arguments were not provided:", "缺少以下必需的参数："),
    ("unexpected argument ", "多余的参数 "),
    ("unrecognized subcommand ", "没有这个子命令 "),
    ("invalid value ", "无效的值 "),
    ("a value is required for ", "必须给出值："),
    ("cannot be used with", "不能同时使用："),
    ("cannot be used multiple times", "不能重复"),
    ("requires a subcommand but one was not provided", "须有子命令"),
    (" but none was supplied", "，但没有给出"),
    ("a similar argument exists: ", "相近的参数："),
    ("a similar subcommand exists: ", "相近的子命令："),
    ("a similar value exists: ", "相近的值："),
    ("tip: ", "提示："),
    ("error: ", "错误："),
    (" found\n", "\n"),
    ("' for '", "'，用于 '"),
];

/// A help or an error of clap's.
pub(super) fn of_clap(error: &clap::Error) -> String {
    let text = error.render().to_string();
    match tongue() {
        Tongue::En => text,
        Tongue::Zh => CLAP.iter().fold(text, |text, (en, zh)| text.replace(en, zh)),
    }
}

/// A word of `columns` on a terminal, where a hanzi takes two.
pub(super) fn padded(word: &str, columns: usize) -> String {
    let wide = word.chars().map(|letter| if letter.is_ascii() { 1 } else { 2 }).sum::<usize>();
    let mut padded = word.to_owned();
    let _ = write!(padded, "{:1$}", "", columns.saturating_sub(wide));
    padded
}
