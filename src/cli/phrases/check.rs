//! What `check` says.

use crate::cli::tongue::phrases;

phrases! {
    word_ok() "ok" => "正常";
    word_warning() "warning" => "警告";
    word_failed() "FAILED" => "失败";
    word_skipped() "skipped" => "跳过";
    sum(failed, warnings) "{failed} failed, {warnings} warnings" => "{failed} 项失败，{warnings} 项警告";

    site_file(file, lanes, user) "{file}: {lanes} lanes, judged for {user}" => "{file}：{lanes} 条通道，按用户 {user} 判断";
    site_file_open_to_all() "everybody may write the site file; chmod 0640 it" => "任何人都能改写站点文件；请 chmod 0640";
    site_file_closed() "not writable by everybody" => "不允许所有人改写";
    nobody_asked() "nobody has been asked about yet" => "还没有查询过任何人";
    of_merchant(name) "merchant {name}" => "商户 {name}";
    refused(whose, asked, when) "{whose}: {asked} refused {when}" => "{whose}：{asked} 于 {when} 被拒绝";
    union_id_instead(refused) "{refused}; the union_id is asked for instead" => "{refused}；改为查询 union_id";
    granted(whose, asked, when) "{whose}: {asked} granted {when}" => "{whose}：{asked} 于 {when} 获准";
    before_release() "the clock stands before this program's release" => "时钟早于本程序的发布日期";
    no_default_route() "none: WeChat is reached by a proxy or a route of its own" => "没有默认路由：须经代理或专用路由访问微信";
    default_route(interface) "over {interface}" => "经由 {interface}";
    default_routes(interfaces) "several, over {interfaces}: give the hospital's networks routes of their own, so that neither it nor WeChat is looked for on the wrong side"
        => "有多条默认路由，经由 {interfaces}：请为医院内网单独设置路由，以免医院系统或微信走错网络";
    no_time_source() "no time server is named: this machine asks whom its distribution falls back to, which a closed network does not reach"
        => "没有指定时间服务器：本机只会访问发行版的默认服务器，封闭网络里访问不到";
    time_sources(servers) "{servers}" => "{servers}";
    after_release() "after this program's release" => "晚于本程序的发布日期";
    keys_usable() "sign and decrypt keys are usable" => "签名和解密私钥可用";
    keys_of_merchants_usable(merchants) "sign and decrypt keys of {merchants} merchants are usable"
        => "{merchants} 个商户的签名和解密私钥可用";
    certificate_mode() "certificate mode" => "平台证书模式";
    public_key_usable() "WeChat Pay's public key is usable" => "微信支付公钥可用";
    not_proven(what) "not proven here: {what}; systemd hands it to the unit alone" => "此处无法证实：{what}；systemd 只把它交给服务单元";
    ways_usable() "every way in is usable" => "各种签到方式均可用";
    no_certificate() "keys.certificate is not set" => "没有设置 keys.certificate";
    of_serial(serial) "of serial number {serial}: " => "序列号 {serial}：";
    certificate_expired(whose) "{whose}the merchant certificate has expired" => "{whose}商户证书已过期";
    certificate_ends(whose, days) "{whose}{days} days left" => "{whose}还有 {days} 天到期";
    towards_site(whose, days) "{whose}our certificate towards the site's system has {days} days left"
        => "{whose}本机对业务系统的证书还有 {days} 天到期";
    towards_site_expired(whose) "{whose}our certificate towards the site's system has expired"
        => "{whose}本机对业务系统的证书已过期";
    certificate_well(days) "belongs to the sign key, {days} days left" => "与签名私钥配对，还有 {days} 天到期";

    decrypts(days) "opened with keys.decrypt is what is sealed for it, {days} days left"
        => "为其加密的内容可用 keys.decrypt 解开，还有 {days} 天到期";
    decrypt_not_proven() "not proven: that keys.decrypt and sub-serial-no are one certificate's; keys.decrypt-certificate would prove it"
        => "未证实：keys.decrypt 与 sub-serial-no 属于同一证书；设置 keys.decrypt-certificate 即可证实";

    #[cfg(feature = "voice")]
    speaks_itself() "the terminal speaks itself; the pack is not played here" => "终端自行播报；语音包不在此播放";
    #[cfg(feature = "voice")]
    pack_whole(folder) "{folder}: every clip is there" => "{folder}：录音齐全";
    #[cfg(feature = "voice")]
    lacking(clips) "not said: {clips}" => "不播报：{clips}";

    made_at_first_start(dir) "{dir}: made at the first start" => "{dir}：首次启动时建立";
    nothing_recorded() "nothing recorded yet" => "还没有流水";
    another_process() "another process" => "另一个进程";
    process(id) "process {id}" => "进程 {id}";
    needs_state_dir() "needs the state directory" => "须先有状态目录";
    little_free() "less than 4 MiB free" => "可用空间不足 4 MiB";
    free(dir, mib) "{dir}: {mib} MiB free" => "{dir}：可用 {mib} MiB";
    correlation_usable() "usable, or made at the first start" => "可用，或在首次启动时建立";
    needs_board_file() "needs the board file" => "须先有板卡文件";
    board_file(name, id) "{name} as board {id}" => "{name}，板卡 {id}";
    no_one_shot() "the board file declares no hardware one-shot: a stuck pulse would have no bound"
        => "板卡文件没有声明硬件单稳态：脉冲卡住时将没有上限";
    serves_with_them(process) "{process} serves with them" => "{process}正在使用";
    devices_opened(lanes) "devices of {lanes} lanes opened" => "{lanes} 条通道的设备已打开";
    waited_for(told) "{told}; the daemon starts without it and takes it when it comes" => "{told}；服务会照常启动，设备出现后自动接上";
    of_lane(lane, told) "{lane}: {told}" => "通道 {lane}：{told}";
    ready() "ready" => "就绪";
    no_lanes() "no [[lane]]: enough for lookup, not for run" => "没有 [[lane]]：可以 lookup，不能 run";
    at_start(place) "{place}, made at the start" => "{place}，启动时建立";
    not_there(place) "{place} is not there" => "{place} 不存在";
    #[cfg(feature = "page")]
    pages(at, lanes) "{at}, pages of {lanes} lanes" => "{at}，{lanes} 条通道的页面";
    #[cfg(feature = "network")]
    let_in(at, subjects) "{at}, {subjects} subjects are let in" => "{at}，允许 {subjects} 个证书主题";
    #[cfg(any(feature = "network", feature = "page"))]
    ours_expired(text) "{text}; our certificate has expired" => "{text}；本机证书已过期";
    #[cfg(any(feature = "network", feature = "page"))]
    ours_ends(text, days) "{text}; our certificate has {days} days left" => "{text}；本机证书还有 {days} 天到期";

    proxy_resolves() "the proxy resolves names" => "由代理解析域名";
    no_proxy() "none set" => "没有设置";
    no_interface_up() "no network interface is up; only loopback can be reached" => "没有启用的网卡；只能到达本机";
    interfaces(links) "up: {links}" => "已启用：{links}";
    no_interfaces_listed() "this kernel lists no interfaces" => "此内核不列出网卡";
    not_resolved(place) "{place}: the name cannot be resolved" => "{place}：域名无法解析";
    connected(place) "{place}: connected" => "{place}：已连接";
    no_connection(place) "{place}: no connection" => "{place}：连接不上";
    needs_keys() "needs the keys" => "须先有密钥";
    no_random_numbers() "the kernel gives no random numbers" => "内核无法提供随机数";
    tls_well() "the certificate and the name are right" => "证书和域名无误";
    ahead(seconds) "WeChat's clock is {seconds} s ahead of ours" => "微信的时钟比本机快 {seconds} 秒";
    offset(seconds) "{seconds} s" => "{seconds} 秒";
    not_wechat(status) "status {status} of something that is not WeChat Pay" => "状态 {status}，应答者不是微信支付";
    accepted_certificate_mode() "our signature is accepted; certificate mode" => "签名已通过验签；平台证书模式";
    accepted_public_key_mode() "our signature is accepted; public-key mode" => "签名已通过验签；公钥模式";
    signature_refused() "our signature is not accepted" => "签名未通过验签";
    no_permission() "no permission" => "没有权限";
    too_many_requests() "too many requests" => "请求太频繁";
    status(status) "status {status}" => "状态 {status}";
    not_set_up() "not set up" => "没有配置";
    token_accepted(categories) "token accepted, {categories} categories" => "token 有效，{categories} 个类目";
    numbers_given_here(whose) "{whose}numbers are given here" => "{whose}号码由本机发放";
    whose_system(name) "checkin {name}: " => "checkin {name}：";
    #[cfg(feature = "hospital")]
    goes_plainly(networks) "http:// towards {networks}: whoever is in that network can read and change it" => "以 http:// 访问 {networks}：该网络中的任何人都能读取和篡改";
    #[cfg(feature = "hospital")]
    goes_plainly_public(networks) "http:// towards {networks}, among them addresses that are not private: keep routes to the internet away from them" => "以 http:// 访问 {networks}，其中有非私有地址：请确保不会路由到互联网";
    #[cfg(feature = "hospital")]
    roster_well(whose, people) "{whose}signed by the site, of today, {people} people" => "{whose}签名无误，是今天的，共 {people} 人";
    site_system_well(whose) "{whose}reached, and it accepts our credentials" => "{whose}可到达，并接受本机凭据";
    echo_sealed() "WeChat accepts our signature and our seal, and its own verifies" => "我方的签名和加密通过微信验证，微信的签名也通过验证";
    echo_signed() "WeChat accepts our signature, and its own verifies" => "我方的签名通过微信验证，微信的签名也通过验证";
    cannot_open_seal() "WeChat cannot open what we seal: wechatpay.public-key is not the key that public-key-id names"
        => "微信无法解密我方加密的内容：wechatpay.public-key 不是 public-key-id 所指的公钥";
    whose_merchant(name) "merchant {name}: " => "商户 {name}：";
    refuses_only_nobody(whose) "{whose}WeChat refuses nothing but a face that nobody has" => "{whose}微信只拒绝了不存在的人脸，其余正常";
    not_let_ask(whose, fields) "{whose}WeChat does not let us ask for {fields}" => "{whose}微信不允许我方查询 {fields}";
    seal_unproven() "not proven: that WeChat knows sub-serial-no, and that keys.decrypt opens its names; one face shows it (facemchd lookup)"
        => "未证实：微信是否认识 sub-serial-no、keys.decrypt 能否解开其姓名；查询一张人脸即可证实（facemchd lookup）";
    apiv2_unproven() "not proven: the APIv2 key; whether it is wrong is told when a terminal first asks (N326)"
        => "未证实：APIv2 密钥；若有误，刷脸设备首次请求时会报告（N326）";
    nobody_named(whose) "{whose}a face that nobody has was named" => "{whose}不存在的人脸却返回了姓名";
}
