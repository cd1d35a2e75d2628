//! What `test` says.

use crate::cli::tongue::phrases;

phrases! {
    panel_shows() "The panel shows these four lines now:" => "显示屏现在应显示这四行：";
    other_hanzi() "Other hanzi in the second line: the panel's ROM is not GB2312."
        => "若第二行是别的汉字：显示屏的字库不是 GB2312。";
    star_instead(point) "{point} cannot be drawn; a star stands in its place." => "{point} 无法显示，以星号代替。";
    printed() "printed and acknowledged: number A000, the name, two lines, a QR code, cut"
        => "已打印并确认：号码 A000、姓名、两行文字、二维码、切纸";
    not_acknowledged() "sent, and not acknowledged: look at the printer and at `ack` in its profile"
        => "已发送，但没有确认：查看打印机及其配置中的 `ack`";
    gate_opens() "The gate opens once. Is nobody and nothing in its way? Type yes: " => "闸机将打开一次。通道里确实没有人和物？请输入 yes：";
    not_opened() "Not opened." => "没有打开。";
    gate_back(ms) "the output is back at its safe value after {ms} ms" => "输出在 {ms} 毫秒后回到安全值";
    saw_somebody() "the passage sensor saw somebody" => "通行传感器看到有人通过";
    saw_nobody() "the passage sensor saw nobody" => "通行传感器没有看到人";
    ready() "ready" => "就绪";
    working() "working" => "处理中";
    success() "success" => "成功";
    retry() "retry" => "再试一次";
    denied() "denied" => "未通过";
    fault() "fault" => "故障";
    paper_low() "paper low" => "纸将用尽";
    call_staff() "call staff" => "呼叫人员";
    evacuate() "evacuate" => "疏散";
    signal_ready() "green, steady" => "绿灯常亮";
    signal_working() "amber, steady" => "黄灯常亮";
    signal_success() "green for 1.5 s, one beep" => "绿灯亮 1.5 秒，响一声";
    signal_retry() "amber blinks four times, two short beeps" => "黄灯闪四下，短响两声";
    signal_denied() "red for 2 s, three beeps" => "红灯亮 2 秒，响三声";
    signal_fault() "red blinks slowly, no sound" => "红灯慢闪，无声";
    signal_paper_low() "green, steady; amber blinks every ten seconds" => "绿灯常亮，黄灯每十秒闪一下";
    signal_call_staff() "amber blinks fast, two beeps" => "黄灯快闪，响两声";
    signal_evacuate() "everything blinks, the buzzer too" => "全部闪烁，蜂鸣器同响";
    press_each(seconds) "Press or trip each of these within {seconds} s:" => "请在 {seconds} 秒内逐一按下或触发：";
    input_fire() "fire: the fire alarm" => "fire：消防信号";
    input_passage() "passage: the gate's contact or first sensor" => "passage：闸机触点或第一个传感器";
    input_exit() "passage-exit: the second sensor" => "passage-exit：第二个传感器";
    input_door() "door: the gate's door" => "door：门磁";
    input_tamper() "tamper: the case" => "tamper：机箱开启";
    input_start() "start: the button" => "start：开始按钮";
    input_other_way() "other-way: the button" => "other-way：“不用人脸”按钮";
    input_call_staff() "call-staff: the button" => "call-staff：呼叫按钮";
    input_choice(number) "choice-{number}: the button" => "choice-{number}：选项按钮";
    input_closed() "closed: the key switch" => "closed：停用钥匙开关";
    input_maintenance() "maintenance: the key switch" => "maintenance：维护钥匙开关";
    input_paper_low() "paper-low: the roll" => "paper-low：纸卷将尽";
    input_paper_out() "paper-out: the printer" => "paper-out：缺纸";
    active() "active" => "动作";
    at_rest() "at rest" => "复位";
    did_not_change(name) "{name} did not change" => "{name} 没有变化";
}
