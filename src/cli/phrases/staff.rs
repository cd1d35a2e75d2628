//! What `lane` and `reprint` say.

use crate::cli::tongue::phrases;

phrases! {
    lane_normal(lane) "{lane}: normal" => "{lane}：开放";
    lane_closed(lane) "{lane}: closed" => "{lane}：关闭";
    lane_maintenance(lane) "{lane}: maintenance" => "{lane}：维护中";
    printed() "printed and acknowledged" => "已打印并确认";
    not_printed(code, why, cure) "not printed: {code} {why}; {cure}" => "未打印：{code} {why}；{cure}";
    unacknowledged() "sent, and not acknowledged: look at the printer" => "已发送，但没有确认：请查看打印机";
    no_word() "no word from it: look at it" => "没有回音：请到现场查看";
    no_such_session() "no such session" => "没有这个会话";
    too_many() "too many copies at once" => "同时补打的份数太多";
    busy() "the daemon is busy or stopping" => "守护进程正忙或正在停止";
}
