//! What `status` says.

use crate::cli::tongue::phrases;

phrases! {
    ready() "ready" => "就绪";
    degraded() "DEGRADED" => "有故障";
    stopping() "stopping" => "正在停止";
    headline(word, version, up) "{word}   facemchd {version}, up {up}" => "{word}   facemchd {version}，已运行 {up}";
    seconds(n) "{n} s" => "{n} 秒";
    minutes(n) "{n} min" => "{n} 分钟";
    hours(n) "{n} h" => "{n} 小时";
    days(n) "{n} d" => "{n} 天";
    two(one, other) "{one} {other}" => "{one} {other}";
    ago(time) "{time} ago" => "{time}前";
    since(time) "since {time}" => "已 {time}";

    machine() "machine" => "整机";
    wechat() "WeChat" => "微信";
    weixin() "mini-program" => "小程序";
    site() "site system" => "业务系统";
    clock() "clock" => "时钟";
    journal() "journal" => "流水";
    state() "state directory" => "状态目录";
    #[cfg(feature = "page")]
    alarms() "alarms" => "告警";
    certificates() "certificates" => "证书";
    threads() "threads" => "线程";

    serves() "serving" => "正常服务";
    serves_nobody(code) "serves nobody ({code})" => "不服务（{code}）";
    shows(scene) "shows {scene}" => "画面 {scene}";
    viewers(n) "page open in {n} browsers" => "{n} 个浏览器显示页面";
    terminals(n) "{n} terminals" => "{n} 个终端在线";
    one_terminal() "terminal connected" => "终端在线";
    no_terminal() "no terminal" => "终端未连接";
    heard(ago) "heard {ago}" => "{ago}有消息";
    open(n) "{n} open" => "{n} 个未了";
    nobody_yet() "nobody yet" => "还没有人来";
    /// Between the pieces of a row.
    and() ", " => "，";
    counted(what, count, ago) "{what} {count} ({ago})" => "{what} {count}（{ago}）";
    counted_code(code, count, ago) "{code} ×{count} ({ago})" => "{code} ×{count}（{ago}）";
    ended_with() "codes:" => "代码：";
    not_taken() "not taken:" => "未受理：";
    terminal_faults(codes) "bad lines {codes}" => "错误报文 {codes}";
    is_well(device, code, ago) "{device} well again {ago} ({code})" => "{device} {ago}恢复（{code}）";

    merchant(n) "merchant {n}" => "商户 {n}";
    token(left) "token for {left}" => "令牌还有 {left}";
    token_over() "token to be renewed" => "令牌待更新";
    not_asked() "not asked yet" => "还没有询问过";
    answered(ago) "answered {ago}" => "{ago}有应答";
    not_answered(ago) "no use {ago}" => "{ago}未得到有用的应答";
    main_domain() "main domain" => "主域名";
    backup_domain() "BACKUP DOMAIN" => "备用域名";
    granted() "permission granted" => "权限已获准";
    not_granted() "permission refused" => "权限被拒绝";
    ahead(seconds) "its clock {seconds} s ahead of ours" => "微信时钟比本机快 {seconds} 秒";

    of_merchant(n, days) "merchant {n}: {days} d" => "商户 {n}：{days} 天";
    of_platform(n, days) "WeChat's (merchant {n}): {days} d" => "微信平台（商户 {n}）：{days} 天";
    of_terminals(n, days) "towards terminals of lane {n}: {days} d" => "对第 {n} 条通道的终端：{days} 天";
    of_pages(days) "pages: {days} d" => "网页：{days} 天";
    of_desk(days) "triage desk: {days} d" => "分诊台：{days} 天";
    of_site(n, days) "towards site system {n}: {days} d" => "对第 {n} 个业务系统：{days} 天";
    of_list(n, days) "list of lane {n}: {days} d" => "第 {n} 条通道的吊销列表：{days} 天";
    none_known() "none with an end" => "没有有期限的证书";

    fill(mib, most, age) "{mib} of {most} MiB, oldest {age}" => "{mib}/{most} MiB，最早的 {age}";
    waiting(n) "{n} waiting" => "{n} 条待写";
    passed_over(members) "{members} members of its answers are not known here" => "其应答中有 {members} 个未知字段";
    outbox(n) "{n} for the site's system" => "{n} 条待告知业务系统";
    not_written(times) "failed {times} times" => "写入失败 {times} 次";
    salvaged(code) "{code} at the start" => "启动时 {code}";

    at_work() "all at work" => "均正常";
    hangs(thread, time) "{thread} HANGS, {time}" => "{thread} 卡住，{time}";
    busy(thread, time) "{thread} busy {time}" => "{thread} 忙 {time}";

    no_answer() "the daemon does not answer; look at `systemctl status facemchd`, or restart it"
        => "守护进程没有应答；查看 `systemctl status facemchd`，或重启它";
    other_version() "the daemon is of another version; restart it" => "守护进程是另一个版本；请重启它";

    device_terminal() "terminal" => "终端";
    device_panel() "panel" => "显示屏";
    device_printer() "printer" => "打印机";
    device_paper() "paper" => "纸卷";
    device_case() "case" => "机箱";
    device_inputs() "inputs" => "输入";
    device_site() "site system" => "业务系统";
    device_gate() "gate" => "闸机";
    device_fire() "fire input" => "消防信号";
    device_lights() "lights" => "指示灯";
    device_voice() "voice" => "语音";

    scene_idle() "idle" => "空闲";
    scene_ask_consent() "asks for consent" => "请求同意";
    scene_card_laid() "card laid" => "已读证件";
    scene_confirm_card() "asks whose visit" => "确认就诊人";
    scene_looking_up() "asks WeChat" => "查询微信";
    scene_checking_in() "asks the site" => "查询业务系统";
    scene_admitted() "admitted" => "已签到";
    scene_already() "already in" => "已签过到";
    scene_re_queued() "queued again" => "过号重排";
    scene_to_verify() "number to be verified" => "号码待核验";
    scene_choose() "lets choose" => "请选择";
    scene_not_found() "nothing booked" => "没有预约";
    scene_too_early() "too early" => "太早";
    scene_too_late() "too late" => "太晚";
    scene_refused() "refused" => "被拒绝";
    scene_look_again() "look again" => "请再看镜头";
    scene_cancelled() "cancelled" => "已取消";
    scene_took_too_long() "took too long" => "超时";
    scene_unknown() "result unknown" => "结果不明";
    scene_failed() "failed" => "失败";
    scene_out_of_order() "out of order" => "暂停使用";
    scene_other_way() "other way in" => "其他方式";
    scene_staff_called() "staff called" => "已呼叫工作人员";
    scene_one_by_one() "one by one" => "请逐个通过";
    scene_closed() "closed" => "已关闭";
    scene_maintenance() "maintenance" => "维护中";
    scene_evacuate() "way out" => "请撤离";

    result_checked_in() "checked in" => "已签到";
    result_already() "already in" => "已签过到";
    result_re_queued() "queued again" => "过号重排";
    result_refused() "refused" => "被拒绝";
    result_failed() "failed" => "失败";
    result_cancelled() "cancelled" => "取消";
    result_interrupted() "interrupted" => "中断";
    result_unknown() "unknown" => "结果不明";
    result_annulled() "taken back" => "已撤回";
}
