//! What `--help` says.

use crate::cli::tongue::phrases;

phrases! {
    about() "Agent of a face-payment kiosk" => "刷脸支付自助机的设备端程序";
    lang() "Language of texts [default: by the locale]" => "文字的语言 [默认：依系统语言]";
    run() "Serve: the daemon itself" => "启动服务（守护进程本身）";
    check() "Look at everything the daemon needs and say what to mend, without serving"
        => "检查守护进程所需的一切，指出要改正什么；不提供服务";
    json_lines() "One JSON object a line" => "每行一个 JSON 对象";
    online() "Have WeChat prove signing, verification and encryption, too (security/echo)"
        => "再请微信验证签名、验签和加密（security/echo）";
    lookup() "Ask WeChat who is behind a face_sid, outside the kiosk's flow: for commissioning"
        => "不经自助流程，向微信查询 face_sid 是谁：用于调试验收";
    weixin() "The mini-program's real-name calls, for commissioning" => "小程序的实名接口：用于调试验收";
    probe() "Show what this machine has: GPIO chips and lines, buses, ports" => "列出本机的 GPIO 芯片和线、总线、端口";
    test() "Exercise one device, and say what to see; not while the daemon runs" => "测试一种设备，并说明应看到什么；须先停止守护进程";
    device() "Which" => "哪一种";
    of_lane() "Of which lane [default: the first]" => "哪条通道的 [默认：第一条]";
    yes() "Do not ask before the gate opens" => "开闸之前不再询问";
    safe_state() "Put every output to its safe value; for ExecStopPost, not while the daemon runs"
        => "让每路输出回到安全值；供 ExecStopPost 使用，须先停止守护进程";
    status() "Say how the running daemon is: lanes, what is wrong, since when, and the cure"
        => "显示运行中守护进程的状态：通道、故障、自何时起、如何处理";
    json_object() "One JSON object" => "一个 JSON 对象";
    lane() "Open or close a lane of the running daemon" => "开放或关闭运行中守护进程的一条通道";
    lane_name() "Which" => "哪一条";
    mode() "How it shall be" => "设为什么状态";
    reprint() "Print a slip again, marked 补打, without the name" => "补打凭条，标明“补打”，不印姓名";
    which_slip() "A session, or a queue number" => "会话，或排队号码";
    #[cfg(feature = "page")]
    desk() "The daemon's pages: who may order something there" => "守护进程的网页：谁可以操作";
    #[cfg(feature = "page")]
    desk_account() "Named accounts" => "账号";
    #[cfg(feature = "page")]
    desk_account_add() "Add an account, or change its password, which is read from standard input"
        => "添加账号，或改其密码；密码从标准输入读取";
    #[cfg(feature = "page")]
    desk_account_remove() "Remove an account" => "删除账号";
    #[cfg(feature = "page")]
    desk_account_list() "List names and roles" => "列出账号和角色";
    #[cfg(feature = "page")]
    account_name() "1 to 32 of a-z, 0-9, hyphen" => "1 至 32 个字符：a-z、0-9、连字符";
    #[cfg(feature = "page")]
    account_technician() "It may use the technician's page, too" => "也可使用设备维护页面";
    journal() "Read the journal" => "读取流水";
    journal_list() "Print every record, oldest first" => "列出每条流水，从最早的开始";
    journal_verify() "Prove the chain: nothing changed, nothing missing" => "校验哈希链：没有改动，没有缺失";
    state_dir() "The state directory itself, instead of a site file's" => "直接给出状态目录，不从站点文件读取";
    site_file() "The site file" => "站点文件";
    as_user() "As whom, where root runs it [default: facemchd, where there is one]"
        => "由 root 执行时，以谁的身份 [默认：facemchd（若有此用户）]";
    reveal() "Print whole names and numbers" => "显示完整的姓名和号码";
    face_sids_from() "Read face_sids from a file, one a line; - for standard input" => "从文件读取 face_sid，每行一个；- 为标准输入";
    timings() "Write milliseconds, name and credential id of each lookup, separated by tabs"
        => "写出每次查询的毫秒数、姓名和证件号，以制表符分隔";
    merchant() "In whose name [default: the first merchant's]" => "以哪个商户的名义 [默认：第一个商户]";
    face_sids() "The face_sids" => "要查询的 face_sid";
    categories() "The mini-program's categories (get_category)" => "小程序的类目（get_category）";
    realname_auth() "Who is the holder of an auth_token? (getrealnameinfo)" => "auth_token 的持有人是谁？（getrealnameinfo）";
    realname_check() "Do openid, name and document belong together? (checkrealnameinfo) Reads {{\"openid\",\"real_name\",\"cred_id\",\"code\"}}"
        => "openid、姓名和证件是否属于同一人？（checkrealnameinfo）读取 {{\"openid\",\"real_name\",\"cred_id\",\"code\"}}";
    question_from() "Read the question from a file; - for standard input" => "从文件读取问题；- 为标准输入";
    #[cfg(feature = "hospital")]
    site() "The site's own system, for commissioning" => "业务系统：用于调试验收";
    #[cfg(feature = "hospital")]
    site_try() "Ask the hospital by the template about one person, and show requests, answers and what each rule picked, masked"
        => "按模板向医院系统查询一个人，显示脱敏后的请求、应答和各条规则的结果";
    #[cfg(feature = "hospital")]
    patient_name() "The person's name" => "此人的姓名";
    #[cfg(feature = "hospital")]
    number_from() "Read the number of the person's document from a file; - for standard input" => "从文件读取证件号；- 为标准输入";
    #[cfg(feature = "hospital")]
    visit_choice() "Which of several visits" => "多个就诊中的哪一个";
    #[cfg(feature = "hospital")]
    arrive() "Check the person in, too" => "并真的签到";
    #[cfg(feature = "hospital")]
    report() "Lists out of the journal" => "由流水得出的清单";
    #[cfg(feature = "hospital")]
    report_provisional() "What was decided here while the site's system was away, oldest first" => "业务系统不通期间由本机作出的决定，从最早的开始";
    #[cfg(feature = "hospital")]
    report_ask() "Ask the site's system what it knows of each session by now" => "逐个向业务系统查询会话的现状";
    #[cfg(feature = "hospital")]
    roster() "Today's expected people, for whoever makes their list" => "当天预期人员名册：供制作名册的一方使用";
    #[cfg(feature = "hospital")]
    roster_make() "Make a signed list of keyed hashes out of a table of people (CSV)" => "由人员表（CSV）生成带签名的名册，其中只有密钥散列";
    #[cfg(feature = "hospital")]
    roster_from() "The table: columns name and number, union-id, or voucher, and place; - for standard input"
        => "人员表：列为 姓名、证件号，或 union-id，或 凭证，以及 地点；- 为标准输入";
    #[cfg(feature = "hospital")]
    roster_day() "The day of business it is for, YYYY-MM-DD" => "名册所属的营业日，YYYY-MM-DD";
    #[cfg(feature = "hospital")]
    roster_key() "File of the key that the kiosks have, too" => "散列密钥文件，与自助机所用相同";
    #[cfg(feature = "hospital")]
    roster_sign() "Private key that signs it, Ed25519 or RSA, PEM" => "签名私钥，Ed25519 或 RSA，PEM 格式";
    #[cfg(feature = "hospital")]
    roster_out() "The list" => "名册写到哪个文件";
    device_panel() "Shows a test scene" => "显示测试画面";
    device_printer() "Asks how the printer is, and prints a test slip" => "查询打印机状态，并打印测试凭条";
    #[cfg(feature = "sim")]
    device_slip() "Prints a slip that says everything to a picture, without a printer" => "不用打印机，把内容齐全的凭条画成图片";
    #[cfg(feature = "sim")]
    slip_template() "Of test slip: the template [default: the standard one]" => "test slip 所用的模板 [默认：标准模板]";
    #[cfg(feature = "sim")]
    slip_png() "Of test slip: the picture" => "test slip 画到哪个图片文件";
    #[cfg(feature = "sim")]
    slip_columns() "Of test slip: columns of the paper, 48 for 80 mm, 32 for 58 mm" => "test slip 的纸宽列数：80 毫米 48 列，58 毫米 32 列";
    #[cfg(feature = "sim")]
    slip_language() "Of test slip: whose words, as of a lane: zh-hans, zh-hant, zh-hant-hk or en" => "test slip 的语言，同通道设置：zh-hans、zh-hant、zh-hant-hk 或 en";
    device_gate() "Opens the gate once, after asking" => "询问后开闸一次";
    device_indicators() "Lights every lamp and sounds the buzzer, one after the other" => "逐一点亮指示灯并鸣响蜂鸣器";
    device_inputs() "Shows which button, switch or sensor becomes active" => "显示哪个按键、开关或传感器动作";
    mode_normal() "Serve" => "正常服务";
    mode_closed() "Closed by staff" => "由工作人员关闭";
    mode_maintenance() "A technician works on it" => "技术人员正在维护";
}

#[cfg(feature = "pilot")]
phrases! {
    capture() "Record the shapes of everything on every wire, without names, numbers, tokens or keys, at the end of this file"
        => "把各接口上往来内容的形状记录到此文件末尾，不含姓名、号码、令牌和密钥";
    conformance() "Play the kiosk against a terminal's app, and say rule by rule what it does wrong: this side listens, the terminal connects"
        => "扮演自助机与终端应用对话，逐条说明其是否符合协议：由本机监听，终端来连接";
    conformance_terminal() "Where this side listens, as a site file writes it: unix:PATH, serial:DEV:BAUD, tls:ADDRESS:PORT or https:ADDRESS:PORT"
        => "本机监听的地址，写法与站点文件相同：unix:PATH、serial:DEV:BAUD、tls:ADDRESS:PORT 或 https:ADDRESS:PORT";
    conformance_serial() "The serial port that the terminal is on" => "终端所接的串口";
    conformance_baud() "Of --serial" => "--serial 的波特率";
    #[cfg(feature = "network")]
    conformance_certificate() "Over the network: this side's certificate, PEM" => "网络终端：本机的证书，PEM 格式";
    #[cfg(feature = "network")]
    conformance_key() "Its key, PEM" => "其私钥，PEM 格式";
    #[cfg(feature = "network")]
    conformance_ca() "Who issued the terminal's certificate, PEM" => "签发终端证书的 CA，PEM 格式";
    #[cfg(feature = "network")]
    conformance_subject() "The subject of the terminal's certificate, RFC 2253; may be given several times"
        => "终端证书的主题，RFC 2253 写法；可多次给出";
    conformance_patience() "Wait so long for a person at the terminal" => "等待有人在终端前操作的秒数";
}

#[cfg(feature = "sim")]
phrases! {
    sim() "Try it: a scripted morning against a sandbox WeChat Pay, a sandbox site system and the devices' twins"
        => "试用：以沙箱微信支付、沙箱业务系统和模拟设备模拟一个上午";
    sim_serve() "Keep it all up after the morning, until Ctrl-C" => "结束后保持运行，直到 Ctrl-C";
    sim_page() "The kiosk in a browser: send people, break things, look at what happens"
        => "在浏览器中试用自助机：派人来、弄坏东西、看会发生什么";
    sim_listen() "Where the page is, on loopback" => "页面的监听地址（仅本机回环）";
    sim_scenario() "Play a scenario without a page: a file, a recording of `run --capture`, or one of those that come with the program; with --page, have it there"
        => "不开页面，播放一个场景：文件、`run --capture` 的记录，或程序自带的场景名；与 --page 同用则在页面上提供";
    sim_seed() "Click at random by this number, without a page, and count what must never happen"
        => "不开页面，按此种子随机操作，并统计绝不应发生的事";
    sim_minutes() "How long" => "持续几分钟";
    sim_panel() "The panel of a lane, with --page, --scenario or --seed: st7920, ssd1306, sh1106, st7789, ili9341, hdmi, hdmi-portrait or page"
        => "某通道的显示屏（配合 --page、--scenario、--seed）：st7920、ssd1306、sh1106、st7789、ili9341、hdmi、hdmi-portrait 或 page";
    sim_out() "Folder for site file, journal, log and pictures; must not exist yet or be empty [default: a new one in /tmp]"
        => "站点文件、流水、日志和图片的目录；须不存在或为空 [默认：/tmp 下新建]";
    sim_face() "Send one face to a kiosk that `sim --serve` keeps up, and print what it answers"
        => "向 `sim --serve` 保持运行的自助机发一次人脸，并显示应答";
    sim_socket() "The kiosk's socket" => "自助机的套接字";
}

#[cfg(feature = "voice")]
phrases! {
    voice() "What is said aloud: what to record, and a stand-in for tests" => "语音播报：需要录制的内容，以及测试用的合成语音";
    voice_list() "Print every clip that a pack has and what is spoken in it: the script for a speaker"
        => "列出语音包的全部录音文件及其内容：供播音员录制";
    voice_render() "Make a whole pack with espeak-ng, for tests only: its Mandarin is not fit for patients"
        => "用 espeak-ng 生成完整的语音包，仅供测试：其普通话不宜播报给患者";
    voice_out() "The pack's folder" => "语音包的目录";
    voice_language() "zh-hans, zh-hant, zh-hant-hk or en" => "zh-hans、zh-hant、zh-hant-hk 或 en";
    voice_mode() "hospital or transit" => "hospital（医院）或 transit（交通）";
    voice_phrases() "The site's own phrases, as the lane names them" => "站点自己的语句文件，与通道所用相同";
    voice_index() "The site's own words, a pack's index.txt: departments, rooms" => "站点自己的词，即语音包的 index.txt：科室、诊室";
}
