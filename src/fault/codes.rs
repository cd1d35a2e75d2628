//! The one table of codes, in English and Chinese, with what a person can do where that is not the way to staff.
//! Numbers are never given anew.

use super::{Remedy, Tongue};

macro_rules! codes {
    ($($code:ident $($remedy:ident)? $seen:literal, $cure:literal => $seen_zh:literal, $cure_zh:literal;)*) => {
        /// A stable operator code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $(#[doc = $seen] $code,)* }

        impl Code {
            /// Every code, in order.
            pub const ALL: &'static [Self] = &[$(Self::$code,)*];

            /// `N301`
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$code => stringify!($code),)* }
            }

            /// What is wrong, in a few words.
            pub fn summary_in(self, tongue: Tongue) -> &'static str {
                match self { $(Self::$code => tongue.of($seen, $seen_zh),)* }
            }

            /// What the operator does about it.
            pub fn cure_in(self, tongue: Tongue) -> &'static str {
                match self { $(Self::$code => tongue.of($cure, $cure_zh),)* }
            }

            /// What the person who stands there can do, unless the failure itself knows better.
            pub fn remedy(self) -> Remedy {
                match self { $(Self::$code => [$(Remedy::$remedy,)? Remedy::Staff][0],)* }
            }
        }
    };
}

codes! {
    C101 "site file cannot be used", "correct the line named in the message; `facemchd check` reads it without starting"
      => "站点文件无法使用", "按提示中指出的那一行改正；`facemchd check` 只检查，不启动服务";
    C102 "board file cannot be used", "correct the line named in the message, or name another board in the site file"
      => "板卡文件无法使用", "按提示中指出的那一行改正，或在站点文件中改用别的板卡";
    C103 "state directory cannot be used", "create it, give it to the daemon's user, free space on its file system"
      => "状态目录无法使用", "创建该目录，属主设为守护进程的运行用户，并腾出磁盘空间";
    C105 "clock is before the program was built", "let the board reach a time server or set its clock; it recovers by itself"
      => "时钟早于程序的构建日期", "让设备连上时间服务器，或手动校时；之后自动恢复";
    C106 "clock differs from WeChat's by more than five minutes", "set the board's clock; until then the offset learnt from WeChat is used"
      => "时钟与微信相差超过五分钟", "校准设备时钟；校准之前按微信应答得出的时差修正";
    C107 "no merchant is picked", "name a [[merchant]] of the site file in the lane or the frame, or list the terminal in its terminals"
      => "无法确定商户", "在通道或报文中写明站点文件里某个 [[merchant]] 的名称，或把该终端列入其 terminals";
    C108 "the clock was set", "find out what sets it if it happens often; days and retention follow confirmed time only"
      => "时钟被改动过", "若频繁发生，查清是谁在改；日期和保留期限只按已确认的时间计算";
    C110 "another facemchd drives these devices", "stop it first (systemctl stop facemchd), or wait until it ends; the message names its process"
      => "另一个 facemchd 正在使用这些设备", "先停掉它（systemctl stop facemchd），或等它结束；提示中有它的进程号";
    T201 "a line from the terminal is not a frame", "compare the terminal's lines with PROTOCOL.md; check baud rate and cable"
      => "终端发来的内容不是有效报文", "对照 PROTOCOL.md 检查终端发送的内容；检查波特率和线缆";
    T202 "a line from the terminal is longer than 4096 bytes", "check baud rate and cable, or shorten the frame"
      => "终端报文超过 4096 字节", "检查波特率和线缆，或缩短报文";
    T203 "a frame's checksum is wrong", "check cable and earth; compare CRC-16/CCITT-FALSE over the bytes before `*`"
      => "报文校验和错误", "检查线缆和接地；对 `*` 之前的字节重算 CRC-16/CCITT-FALSE 并比对";
    T204 "unknown frame type", "update the terminal's app or this program"
      => "未知的报文类型", "升级终端应用或本程序";
    T205 Again "the face_sid is not usable", "forward the terminal SDK's face_sid unchanged"
      => "face_sid 无法使用", "把终端 SDK 给出的 face_sid 原样转发";
    T206 Again "the terminal did not recognise a face", "the person looks again; if it stays, restart the terminal"
      => "终端没有识别到人脸", "请用户再看一次镜头；若持续出现，重启终端";
    T207 "no such session or option", "the terminal answers the session named in the last outcome or scene"
      => "没有这个会话或选项", "终端应使用最近一次 outcome 或 scene 中给出的会话";
    T208 "the lane is serving somebody", "the terminal sends the face again when the outcome has come"
      => "通道正在为他人服务", "收到 outcome 后，由终端重新发送人脸";
    T209 "too many frames", "the terminal sends less; more than 50 frames a second are dropped"
      => "报文过于频繁", "降低终端的发送频率；超过每秒 50 条的部分会被丢弃";
    T210 "the terminal's port is gone", "plug the terminal in, it is found again by itself; a socket needs its folder to be there"
      => "终端端口已断开", "接好终端，程序会自动恢复连接；使用套接字时，其所在目录必须存在";
    T211 "somebody without permission tried to act as the terminal", "add its uid to allow-uids or its certificate's subject to allow-subjects, or find out what it is"
      => "未经授权者试图以终端身份接入", "把它的 uid 加入 allow-uids，或把证书主题加入 allow-subjects；若不认识，查清它是什么";
    T212 "consent was not given", "the person agrees on the terminal, or uses another way in"
      => "用户没有同意授权", "请用户在终端上同意，或改用其他方式";
    T213 OtherWay "this way in is not set up, or lacks a document", "set [weixin] up, or read the identity card before the claim"
      => "这种签到方式没有配置，或缺少证件", "配置 [weixin]，或在核验之前先读身份证";
    T214 OtherWay "nobody here can judge this way in", "list it in the lane's other-ways; a voucher or a card alone needs checkin.adapter other than \"local\", a card also a lane that asks for names"
      => "本机无法核验这种签到方式", "把它列入通道的 other-ways；单凭凭证或身份证签到还须 checkin.adapter 不是 \"local\"，单凭身份证时通道还须查询姓名";
    T220 "the list of terminals' certificates that were taken back is out of date", "put the authority's newest list in the place of [terminals] crl-file and reload; until then the old one counts"
      => "终端证书的吊销列表已过期", "用证书机构最新的列表替换 [terminals] 的 crl-file，然后重新加载；在此之前仍按旧列表执行";
    N301 "WeChat cannot be reached", "check cable, route and firewall for both WeChat Pay domains; `facemchd check` names the hop"
      => "连不上微信", "检查网线、路由，以及防火墙是否放行两个微信支付域名；`facemchd check` 会指出断在哪一段";
    N302 "WeChat's name cannot be resolved", "check the resolver, or set proxy or connect-to"
      => "微信域名无法解析", "检查 DNS，或设置 proxy 或 connect-to";
    N303 "no secure connection to WeChat", "check clock, ca-file and whether a middlebox intercepts TLS"
      => "无法与微信建立安全连接", "检查时钟、ca-file，以及是否有中间设备拦截 TLS";
    N304 Wait "WeChat did not answer in time", "check the line's delay; raise patience-ms only if people accept the wait"
      => "微信没有及时应答", "检查线路时延；确认用户愿意等待，才调高 patience-ms";
    N305 "WeChat's answer cannot be read", "check for a captive portal or a proxy's own page; else report the Request-ID to WeChat"
      => "微信的应答无法解析", "检查是否被上网认证页或代理的页面拦截；若不是，把 Request-ID 反馈给微信";
    N306 "the proxy refuses", "check proxy address and whether it allows the WeChat Pay domains"
      => "代理服务器拒绝连接", "检查代理地址，以及它是否放行微信支付域名";
    N310 "an answer is not signed by WeChat", "find who answers in WeChat's place; check public-key and its id"
      => "应答不是微信签名的", "查清是谁冒充微信应答；检查 public-key 及其 ID";
    N311 "an answer is signed with an unknown key", "public-key mode: set the key id the console shows; else wait for the certificate"
      => "应答由未知的密钥签名", "公钥模式：填写商户平台上显示的公钥 ID；证书模式：等待平台证书下载";
    N312 "an answer's time is not within five minutes", "set the board's clock"
      => "应答时间与本机相差超过五分钟", "校准设备时钟";
    N313 "an answer came twice", "somebody replays answers: check the network"
      => "收到重复的应答", "有人在重放应答：检查网络";
    N320 Again "WeChat does not accept this face any more", "the person looks again"
      => "微信不再接受这次刷脸", "请用户再看一次镜头";
    N321 OtherWay "WeChat refuses permission", "apply for the face real-name permission for this sub-merchant; check appid and sub_mchid"
      => "微信拒绝：没有权限", "为该子商户申请刷脸实名权限；检查 appid 和 sub_mchid";
    N322 "WeChat does not accept our signature", "check mchid, serial-no, the sign key and the clock"
      => "我方签名未通过微信验签", "检查 mchid、serial-no、签名私钥和时钟";
    N323 Wait "WeChat asks us to slow down", "wait; if it stays, ask WeChat for a higher rate"
      => "微信提示请求过于频繁", "稍候；若持续出现，向微信申请提高频率限额";
    N324 "WeChat has a fault", "wait; if it stays, report the Request-ID to WeChat"
      => "微信系统异常", "稍候；若持续出现，把 Request-ID 反馈给微信";
    N325 OtherWay "WeChat's answer holds no real name", "check info-type and the permission of the sub-merchant"
      => "微信的应答里没有实名信息", "检查 info-type 和子商户的权限";
    N326 "WeChat grants the face terminal nothing", "compare appid, mchid, store and APIv2 key of [authinfo]; WeChat's own words stand in the log"
      => "微信没有给刷脸终端授权", "核对 [authinfo] 的 appid、mchid、门店和 APIv2 密钥；微信返回的说明见日志";
    N330 "a collector takes no alarms", "check webhook, syslog, hmac-key and ca-file of [alarms], the collector and the network to it; what stands is told when it is back"
      => "告警接收方未收下告警", "检查 [alarms] 的 webhook、syslog、hmac-key、ca-file，以及接收方和到它的网络；恢复后会补报仍存在的问题";
    K401 "a key file cannot be used", "give a PEM private key (PKCS#8 or PKCS#1) or certificate; see the message"
      => "密钥文件无法使用", "提供 PEM 格式的私钥（PKCS#8 或 PKCS#1）或证书；原因见提示";
    K402 "a key can be read by others", "chmod 0600 the key file and give it to the daemon's user"
      => "密钥可被他人读取", "对密钥文件执行 chmod 0600，属主设为守护进程的运行用户";
    K403 "a key is shorter than 2048 bits", "get a new key and certificate from WeChat"
      => "密钥长度不足 2048 位", "在商户平台更换密钥和证书";
    K404 "a key does not belong to the configured certificate", "check which key and serial number belong together"
      => "密钥与配置的证书不配对", "核对密钥与证书序列号的对应关系";
    K405 "the name could not be opened", "check keys.decrypt, sub-serial-no, padding and charset"
      => "姓名无法解密", "检查 keys.decrypt、sub-serial-no、padding 和 charset";
    K406 "WeChat's certificates could not be opened", "check keys.apiv3 against the console"
      => "微信的平台证书无法解密", "对照商户平台检查 keys.apiv3";
    K407 "a certificate has expired or is about to", "renew it in the console and replace the file"
      => "证书已过期或即将过期", "在商户平台更换证书，再替换文件";
    K408 "the site's colours cannot be told apart", "take a darker or lighter colour for the pair that is named; 7:1 is the least"
      => "界面配色对比度不足", "把提示中的那一对颜色调深或调浅；对比度至少 7:1";
    K409 "the logo cannot be used", "give a PNG of at most 512 × 512 dots and 256 KiB"
      => "徽标无法使用", "提供不超过 512 × 512 像素、256 KiB 的 PNG 图片";
    J501 "the journal was damaged and has been salvaged", "look at `facemchd journal verify`; replace the card if it happens again"
      => "流水曾损坏，可用部分已保留", "用 `facemchd journal verify` 查看；若再次发生，更换存储卡";
    J502 "the journal cannot be written", "free space, check the card; nobody is served until it works"
      => "流水无法写入", "腾出空间，检查存储卡；恢复之前不为任何人服务";
    J503 "the journal is nearly full or old", "raise journal.max-bytes or max-age, or collect the journal"
      => "流水快满了，或即将超过保留期限", "调高 journal.max-bytes 或 max-age，或把流水取走存档";
    J504 "the state was damaged and has been rebuilt", "nothing; replace the card if it happens again"
      => "状态数据曾损坏，已重建", "无需处理；若再次发生，更换存储卡";
    J505 "nobody knows whether the gate was opened: the program ended in between", "the check-in is taken back; the person presents the face again"
      => "无法确定闸机是否已打开：程序中途退出", "签到已撤回；请用户重新刷脸";
    J510 "a visit was decided here while the site's system was away", "enter it in the site's system: `facemchd report provisional` lists them with their sessions"
      => "业务系统不通期间由本机作出的决定", "在业务系统中补录：`facemchd report provisional` 按会话列出";
    D601 "the panel does not answer", "check cable and supply of the panel"
      => "显示屏无响应", "检查显示屏的线缆和供电";
    D602 "buttons, switches, sensors or lights cannot be used", "check the lines in the board file and their wiring; `facemchd probe` lists them"
      => "按键、开关、传感器或灯无法使用", "检查板卡文件中的 GPIO 线及其接线；`facemchd probe` 会列出";
    D603 "the case is open", "close it; find out who opened it"
      => "机箱被打开", "关好机箱；查清是谁打开的";
    D610 "a character cannot be drawn", "install a font with this character; the number on the slip is right"
      => "有字无法显示", "安装含有该字的字体；凭条上的号码不受影响";
    D620 "the voice is not heard: the sound card or its player fails", "check the card with `aplay -l`, device and player of the lane's voice, and that the daemon's user is in group audio"
      => "没有语音：声卡或播放程序出错", "用 `aplay -l` 检查声卡，检查通道 voice 的 device 和 player，并确认守护进程的用户在 audio 组";
    D621 "recorded clips of the voice are missing or of another form", "record what `facemchd check` names, as 16 kHz, 16 bit, one channel WAV; until then these words are left out"
      => "语音包缺少录音，或格式不对", "补录 `facemchd check` 指出的内容：WAV，16 kHz，16 位，单声道；在此之前这些词不播报";
    D630 "no browser shows the lane's page", "start the browser that shows it (systemctl status facemchd-kiosk), or connect the terminal's WebView"
      => "没有浏览器打开通道页面", "启动显示页面的浏览器（systemctl status facemchd-kiosk），或让终端的 WebView 连接上来";
    D631 "the lanes' pages cannot be served", "stop the program that uses the port, or set another address where the message says"
      => "通道页面无法提供", "停掉占用该端口的程序，或在提示所指的设置中改用别的地址";
    P701 "the printer does not answer", "check cable, supply and baud rate of the printer"
      => "打印机无响应", "检查打印机的线缆、供电和波特率";
    P702 Wait "the printer has no paper", "put in a new roll; it goes on by itself"
      => "打印机缺纸", "装上新纸卷；之后自动继续";
    P703 Wait "the printer's cover is open", "close it"
      => "打印机盖未关", "关好打印机盖";
    P704 "the printer has a mechanical fault", "clear the cutter or the jam, switch it off and on"
      => "打印机机械故障", "清理切刀或卡纸，关机再开机";
    P705 "nobody knows whether the slip was printed", "look; reprint only when the person has none"
      => "无法确定凭条是否已打印", "查看打印机；确认用户没有拿到凭条，才补打";
    P706 "the printer's paper is nearly out", "have a new roll ready"
      => "打印纸快用完", "备好新纸卷";
    P707 "a slip came too late and was dropped", "the person takes the number to the staff window"
      => "凭条超时，已作废", "请用户凭号码到人工窗口";
    P708 "a slip was not taken and was drawn back", "give the person the number; the slip lies in the printer's bin"
      => "凭条无人取走，已收回", "把号码告诉用户；凭条在打印机的回收盒里";
    P709 "the QR code does not fit on this paper", "shorten what the site's system sends as qr, or leave it out of the slip's template"
      => "二维码在此纸宽上放不下", "缩短业务系统下发的 qr 内容，或从凭条模板中去掉二维码";
    G801 "the gate's output cannot be switched", "check the line in the board file and its wiring"
      => "闸机输出无法切换", "检查板卡文件中的 GPIO 线及其接线";
    G802 "the gate was not opened: the grant had ended", "the person presents the face again"
      => "闸机没有打开：放行已过期", "请用户重新刷脸";
    G803 "nobody went through the gate in time; the check-in was taken back", "the person presents the face again"
      => "无人在时限内通过闸机，签到已撤回", "请用户重新刷脸";
    G804 "somebody went through behind another person", "staff look at the lane; check the passage sensors if nobody was there"
      => "有人尾随通过", "请工作人员查看通道；若并没有人尾随，检查通行传感器";
    G805 "somebody came through the wrong way", "staff look at the lane; check which sensor is the first one"
      => "有人逆向通过", "请工作人员查看通道；检查哪个传感器在前";
    G806 "the gate did not close", "clear the passage; check gate and contact"
      => "闸机没有关上", "清空通道；检查闸机和门磁";
    G807 "the fire input is active: nobody is let through by us", "follow the site's plan; it goes on by itself when the input is released"
      => "消防信号有效：本机不放行任何人", "按现场预案处理；消防信号解除后自动恢复";
    G810 "the gate's controller does not answer", "check its power, the bus (A and B, address) and the table that the board file names"
      => "闸机控制器没有应答", "检查其供电、总线（A/B 线、地址）以及板卡文件所用的控制器表";
    G811 "the gate's controller did not carry out an opening", "the person presents the face again; look whether the gate is blocked or forbidden at its controller"
      => "闸机控制器没有执行开闸", "请用户重新刷脸；查看闸机是否被挡住或在控制器上被禁止";
    G812 "somebody forced the gate", "staff look at the lane; check the gate's mechanics if nobody was there"
      => "有人强行通过闸机", "请工作人员查看通道；若并没有人，检查闸机机械部分";
    G813 "the gate's controller reports a fault of its own", "look the number in the message up in its manual"
      => "闸机控制器报告自身故障", "按消息中的编号查阅其手册";
    G814 "this person was let through a moment ago", "let the person wait for `once-within-ms`; somebody else may hold a photograph or be mistaken for them"
      => "该用户刚刚已放行", "请用户等待 once-within-ms 规定的时间；也可能有人冒用照片或被误认";
    G815 "a face came that nobody had asked for", "nothing, where people only pass by; else press start or send `person` first, as the lane's `intent` says"
      => "无人要求识别时收到了人脸", "若只是路过，无需处理；否则请先按开始键或发送 `person`（见通道的 intent 设置）";
    G816 "the site's system gave no number that the gate's controller takes", "have its answer bear `gate-credential`: to 16777215 with 26 bits, to 4294967295 with 34"
      => "业务系统没有给出闸机控制器可用的卡号", "请业务系统在应答中给出 `gate-credential`：26 位不超过 16777215，34 位不超过 4294967295";
    H901 "the site's system cannot be reached", "check its address and the network to it"
      => "连不上业务系统", "检查它的地址和到它的网络";
    H902 "the site's system answers something else than agreed", "compare its answer with INTERFACE.md"
      => "业务系统的应答不符合约定", "对照 INTERFACE.md 检查它的应答";
    H903 "the site's system refuses us", "check hmac-key or the client certificate"
      => "业务系统拒绝本机", "检查 hmac-key 或客户端证书";
    H904 "the site's system did not answer in time", "look into the site's system; the person is sent to staff"
      => "业务系统没有及时应答", "检查业务系统；用户已被引导到人工窗口";
    H905 "nobody knows what became of a check-in", "look the session up in the site's system"
      => "无法确定签到结果", "在业务系统里查询该会话";
    H906 "the hospital's answer does not fit its template", "see with `facemchd site try` what it answers, and correct the template"
      => "医院系统的应答与模板不符", "用 `facemchd site try` 查看应答内容，并改正模板";
    H907 "the hospital does not sign this terminal in", "check the operator, the terminal's number and the secrets in the site file"
      => "医院系统不让本机登录", "检查站点文件中的操作员、终端编号和密钥文件";
    H908 "nobody remembers whom a check-in before the restart was for", "look the visit up in the hospital's system"
      => "重启前的签到已无从查询", "在医院系统里查询该就诊记录";
    H909 "the hospital has no way to take a check-in back", "release the visit at the hospital's window"
      => "医院系统没有撤回签到的接口", "请到医院窗口取消该签到";
    H910 "a visit is taken, and the hospital does not say by whom", "look the visit up in the hospital's system; give the template a rule `by-us` if its list can tell"
      => "就诊已签到，但医院系统未说明由谁签到", "在医院系统里查询；若列表能说明，在模板中加上 by-us 规则";
    H911 Again "the same visit is being checked in at another lane", "the person tries again"
      => "同一就诊正在别的通道签到", "请用户重试";
    H912 "a request cannot be written in the hospital's charset, or cannot be signed", "check charset, [sign] and its key in the template and the site file"
      => "请求无法按医院系统的字符集编码，或无法签名", "检查模板和站点文件中的字符集、[sign] 及其密钥";
    H913 "names and document numbers go to the hospital's system without encryption", "have the hospital put TLS before its system, or keep that network for it alone"
      => "姓名和证件号未加密传给医院系统", "请医院为其系统启用 TLS，或让该网络专用";
    H940 "the roster cannot be used", "make it anew with `facemchd roster make`; the message names the line, or what is wrong with the file"
      => "名册无法使用", "用 `facemchd roster make` 重新生成；提示中指出有问题的行或文件";
    H941 "the roster is not signed by the site", "check roster-public-key against the key the list is signed with, and find out who changed the file"
      => "名册的签名不是本站点的", "核对 roster-public-key 与签名所用的密钥，并查清文件被谁改动过";
    H942 "the roster is of another day", "put today's list in its place; check the clock and checkin.reset-at if its day is right"
      => "名册不是今天的", "换上今天的名册；若日期没错，检查时钟和 checkin.reset-at";
    H943 "the roster cannot be fetched", "check its address and the network to whoever gives it out; the last one of today stays in use"
      => "取不到名册", "检查名册的地址和到它的网络；今天最后取到的一份仍然有效";
    H944 "the hospital's HL7 interface rejects our messages", "compare application and facility, version, charset and message type in [checkin.hl7] with what its interface engine expects"
      => "医院的 HL7 接口拒收本机消息", "将 [checkin.hl7] 中的应用和机构、版本、字符集、消息类型与对方接口引擎的要求逐一核对";
    W101 "weixin does not accept our access token", "check weixin.token: only one place may fetch tokens for an appid"
      => "微信不接受我方的 access_token", "检查 weixin.token：同一个 appid 只能由一处获取 token";
    W102 "weixin does not know our address", "add the address that the message names to the appid's white list, or take tokens from a central service"
      => "本机 IP 不在微信的白名单内", "把提示中的 IP 加入该 appid 的白名单，或改从中控服务获取 token";
    W103 "weixin does not accept appid or secret", "check weixin.appid and the files of weixin.token; the secret may be frozen"
      => "微信不接受 appid 或 secret", "检查 weixin.appid 和 weixin.token 的文件；secret 可能已被冻结";
    W104 "weixin's quota is used up", "wait until tomorrow; look for a second program that fetches tokens"
      => "微信的调用额度已用完", "次日恢复；检查是否另有程序在获取 token";
    W105 OtherWay "the person's authorisation is used up or not theirs", "the person agrees again in the mini-program"
      => "用户的授权已用过，或不属于该用户", "请用户在小程序里重新同意";
    W106 OtherWay "the person has no real name at WeChat", "another way in: ID card, queue code, staff window"
      => "该微信用户没有实名认证", "改用其他方式：身份证、排队码、人工窗口";
    W107 OtherWay "the appid may not ask for real names", "apply for the permission, and bind appid and mch-id to each other"
      => "该 appid 无权查询实名信息", "申请该权限，并把 appid 与 mch-id 互相绑定";
    W108 "weixin does not accept our question", "check weixin.mch-id, cert-serialno, key and the clock"
      => "微信不接受我们的请求", "检查 weixin.mch-id、cert-serialno、密钥和时钟";
    W109 "weixin's answer cannot be read", "check for a captive portal or a proxy's own page; else report the rid to weixin"
      => "微信的应答无法解析", "检查是否被上网认证页或代理的页面拦截；若不是，把 rid 反馈给微信";
    W110 Wait "weixin is busy", "wait"
      => "微信系统繁忙", "稍候";
    W111 "name and document do not belong to this WeChat user", "the person goes to the staff window with the document"
      => "姓名和证件与该微信用户不符", "请用户带证件到人工窗口";
    W112 "weixin waits for the administrator to admit our address", "the appid's administrator confirms the address in WeChat, or puts it on the white list; after a refusal, an hour (89507) or a day (89506) must pass"
      => "本机 IP 须经微信管理员确认", "由该 appid 的管理员确认此 IP，或把它加入白名单；被拒绝后须等一小时（89507）或一天（89506）";
    W113 "weixin refuses with a number that is not known here", "look the number up in weixin's table of return codes, or report the rid to weixin"
      => "微信拒绝，返回码未收录", "在微信的全局返回码中查询，或把 rid 反馈给微信";
    W114 "the central service gives no access token", "look at the service that weixin.token names, and at the network to it"
      => "中控服务没有给出 access_token", "检查 weixin.token 所指的服务，以及到该服务的网络";
    X001 "the program has a fault", "report it with the log; it restarts by itself"
      => "程序内部错误", "连同日志一起上报；程序会自动重启";
    X002 Again "the program was stopped while a person was served", "the person presents the face again"
      => "服务过程中程序被停止", "请用户重新刷脸";
    X003 Again "too much work at once", "the person presents the face again; raise concurrency if it happens often"
      => "同时处理的请求过多", "请用户重新刷脸；若频繁发生，调高 concurrency";
    X010 "staff have closed the lane", "turn the lane's switch, or `facemchd lane NAME normal`"
      => "工作人员关闭了通道", "转动通道钥匙开关，或执行 `facemchd lane NAME normal`";
    X011 "the lane is in maintenance", "turn the lane's switch, or `facemchd lane NAME normal`"
      => "通道维护中", "转动通道钥匙开关，或执行 `facemchd lane NAME normal`";
    X012 "the lane is outside its opening hours", "it opens by itself; the triage desk sets the hours"
      => "通道不在开放时间", "到开放时间自动恢复；开放时间在分诊台设置";
}
