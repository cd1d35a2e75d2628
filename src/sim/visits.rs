//! A morning's visitors, as data: who comes, what is booked, what goes wrong, and what must come of it.

use super::{
    his::Status,
    hospital::Booking,
    interfaces,
    people::{Behaviour, Charset, Padding, Person},
};

/// One visit.
pub struct Visit {
    /// What is special about it.
    pub about: &'static str,
    /// Who comes.
    pub person: Person,
    /// What is booked; none is unknown to the site's system.
    pub booking: Option<Booking>,
    /// What they are registered for at a hospital that is asked in its own interface, on its lane.
    pub registered: Vec<Status>,
    /// By which way.
    pub way: Way,
    /// What goes wrong, or what the person does.
    pub twist: Twist,
    /// Index of the lane.
    pub lane: usize,
    /// What the terminal is told, what the panel shows, what is printed or opened; see `morning::Seen`.
    pub expected: &'static str,
}

/// How somebody presents themselves.
pub enum Way {
    /// A face.
    Face,
    /// The mini-program's real-name button.
    RealnameAuth,
    /// The identity card in a reader, and the mini-program's word that its owner agreed.
    Card,
    /// The same with somebody else's card.
    OthersCard(Person),
    /// A voucher: its kind, and its code.
    Voucher(&'static str, &'static str),
    /// The face of somebody who comes for another, whose card is in the reader.
    For(Person),
    /// The face of somebody who comes after another has left a card in the reader.
    After(Person),
    /// A card in the reader, and nothing else.
    CardAlone,
}

/// What is different about a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Twist {
    /// The person looks, and waits.
    None,
    /// The face comes without consent, which follows, or is refused.
    Consent(bool),
    /// The person picks this option.
    Pick(u8),
    /// The printer has no paper.
    NoPaper,
    /// WeChat cannot be reached.
    Offline,
    /// The site's system says that it is out of order.
    SiteDown,
}

const KIOSK: usize = 0;
pub(super) const GATE: usize = 1;

fn visit(about: &'static str, person: Person, expected: &'static str) -> Visit {
    let booking = Some(Booking::At("3楼 内科一诊室".to_owned()));
    let (registered, way, twist, lane) = (Vec::new(), Way::Face, Twist::None, KIOSK);
    Visit { about, person, booking, registered, way, twist, lane, expected }
}

/// The same at a hospital that is asked in its own interface; nobody where this program is built without that.
fn at(interface: &str, registered: &[Status], visit: Visit) -> Option<Visit> {
    Some(Visit { lane: interfaces::lane(interface)?, registered: registered.to_vec(), ..visit })
}

/// The morning, in order; the same person appears more than once.
pub fn morning() -> Vec<Visit> {
    let zhang = Person::new("sid-zhang", "张三丰");
    let wang = Person::new("sid-wang", "王小明");
    let long = Person::new("sid-long", "阿卜杜热合曼江·买买提托合提努尔·艾力亚森柯尤木江");
    let sun = Person::new("sid-sun", "孙立");
    let liu = Person::new("sid-liu", "刘一舟").padded(Padding::Oaep);
    let mut visits = vec![
        visit("plain name", zhang.clone(), "checked_in A001 | 签到成功 张*丰 | slip 张三丰"),
        visit(
            "compound surname",
            Person::new("sid-ouyang", "欧阳若兰"),
            "checked_in A002 | 签到成功 欧阳*兰 | slip 欧阳若兰",
        ),
        visit(
            "GBK that reads as UTF-8 too",
            Person::new("sid-lu", "陆梅").encoded(Charset::Gbk),
            "checked_in A003 | 签到成功 陆* | slip 陆梅",
        ),
        visit(
            "a character beyond GBK",
            Person::new("sid-yan", "王䶮").encoded(Charset::Gbk),
            "checked_in A004 | 签到成功 王* | slip 王䶮",
        ),
        visit(
            "25 characters",
            long,
            "checked_in A005 | 签到成功 | slip 阿卜杜热合曼江·买买提托合提努尔·艾力亚森柯尤木江",
        ),
        visit(
            "OAEP instead of PKCS#1",
            Person::new("sid-zhao", "赵云帆").padded(Padding::Oaep),
            "checked_in A006 | 签到成功 赵*帆 | slip 赵云帆",
        ),
        visit("same person again", zhang.again("sid-zhang-2"), "already A001 | 您已签到 张*丰 | slip 张三丰"),
        Visit {
            booking: Some(Booking::Several(vec!["内科 09:30".to_owned(), "眼科 10:15".to_owned()])),
            twist: Twist::Pick(2),
            ..visit("two appointments", wang, "checked_in A007 | 签到成功 王*明 | slip 王小明")
        },
        Visit {
            twist: Twist::Consent(true),
            ..visit("consent comes later", Person::new("sid-li", "李想"), "checked_in A008 | 签到成功 李* | slip 李想")
        },
        Visit {
            twist: Twist::Consent(false),
            ..visit("consent refused", Person::new("sid-he", "何必"), "cancelled T212 | 已取消 请再次正对摄像头 | -")
        },
        visit(
            "WeChat's signature probe",
            Person::new("sid-qian", "钱多多").about(Behaviour::ProbeOnce),
            "checked_in A009 | 签到成功 钱*多 | slip 钱多多",
        ),
        visit(
            "WeChat stumbles once",
            Person::new("sid-zhou", "周全").about(Behaviour::StatusOnce(500)),
            "checked_in A010 | 签到成功 周* | slip 周全",
        ),
        visit(
            "face used up",
            Person::new("sid-old", "吴用").about(Behaviour::Expired),
            "failed N320 | 识别失败，请重试 请再次正对摄像头 | -",
        ),
        visit(
            "no permission for names",
            Person::new("sid-feng", "冯唐").about(Behaviour::NoPermission),
            "failed N321 | 暂时无法签到 微信暂不可用 请刷身份证或扫码 | -",
        ),
        visit(
            "a forged answer",
            Person::new("sid-forged", "卫青").about(Behaviour::Forged),
            "failed N310 | 暂时无法签到 微信暂不可用 请到分诊台 | slip ",
        ),
        Visit {
            twist: Twist::Offline,
            ..visit("network lost", sun.clone(), "failed N301 | 暂时无法签到 网络不通 请到分诊台 | slip ")
        },
        visit("network back", sun.again("sid-sun-2"), "checked_in A011 | 签到成功 孙* | slip 孙立"),
        Visit {
            twist: Twist::NoPaper,
            ..visit("paper out", Person::new("sid-xu", "许仙"), "checked_in A012 | 签到成功 许* 请到分诊台 P702 | -")
        },
        Visit {
            booking: Some(Booking::Early("10:30".to_owned())),
            ..visit("too early", Person::new("sid-lv", "吕梁"), "refused | 未到签到时间 10:30起可签到 请稍后再来 | -")
        },
        Visit {
            booking: None,
            ..visit("nothing booked", Person::new("sid-shi", "施工"), "refused | 未查询到您的预约 请到分诊台 | -")
        },
        Visit {
            twist: Twist::SiteDown,
            ..visit(
                "site system down",
                Person::new("sid-kong", "孔明"),
                "failed H901 | 暂时无法签到 医院系统暂不可用 请到分诊台 | slip ",
            )
        },
        Visit {
            way: Way::RealnameAuth,
            ..visit(
                "mini-program, no face",
                Person::new("sid-zheng", "郑和"),
                "checked_in A013 | 签到成功 郑* | slip 郑和",
            )
        },
        Visit {
            way: Way::Card,
            ..visit(
                "identity card in a reader",
                Person::new("sid-shang", "上官婉"),
                "checked_in A014 | 签到成功 上官* | slip 上官婉",
            )
        },
        Visit {
            way: Way::OthersCard(Person::new("sid-hua", "花荣")),
            ..visit(
                "somebody else's card",
                Person::new("sid-shi2", "时迁"),
                "failed W111 | 暂时无法签到 请到分诊台 | -",
            )
        },
        Visit {
            way: Way::Voucher("queue", "V-2026-0001"),
            ..visit("a queue voucher", Person::new("sid-none", "无名"), "checked_in A015 | 签到成功 | slip ")
        },
        Visit {
            way: Way::For(Person::new("sid-child", "林小宝")),
            ..visit(
                "a mother for her child",
                Person::new("sid-mother", "林秀"),
                "checked_in A016 | 签到成功 林*宝 | slip 林小宝",
            )
        },
        Visit {
            way: Way::After(Person::new("sid-forgetful", "王小二")),
            ..visit("a card left behind", Person::new("sid-next", "鲁达"), "checked_in A017 | 签到成功 鲁* | slip 鲁达")
        },
        Visit {
            way: Way::Voucher("ec", "440100ABCDEFGHIJKLMNOPQRSTUV"),
            ..visit("an insurance code", Person::new("sid-none2", "无名"), "checked_in A018 | 签到成功 | slip ")
        },
        Visit {
            booking: Some(Booking::Missed("3楼 内科一诊室".to_owned())),
            ..visit("a missed call", Person::new("sid-missed", "秦观"), "re_queued A019 | 已重新排队 秦* | slip 秦观")
        },
        Visit {
            way: Way::CardAlone,
            ..visit(
                "an identity card alone",
                Person::new("sid-alone", "燕青"),
                "checked_in A020 | 签到成功 燕* | slip 燕青",
            )
        },
        Visit { lane: GATE, ..visit("station gate", liu, "checked_in | 验证通过，请通行 | gate 300 ms") },
        Visit {
            lane: GATE,
            booking: None,
            ..visit(
                "station gate, not listed",
                Person::new("sid-cao", "曹操"),
                "refused | 未开通刷脸通行 请走人工通道 | -",
            )
        },
    ];
    visits.extend(at_hospitals().into_iter().flatten());
    visits
}

/// Whoever comes to a hospital that is asked in its own interface.
fn at_hospitals() -> Vec<Option<Visit>> {
    use Status::{DoctorAway, Missed, Open, Unpaid};
    let person = |sid: &str, name: &str| Person::new(sid, name);
    let ma = person("sid-ma", "马㛃");
    vec![
        at(
            "dhc-selfreg",
            &[Open],
            visit(
                "dhc-selfreg",
                person("sid-ding", "丁敏君"),
                "checked_in A001 | 签到成功 丁*君 内科 李华& | slip 丁敏君",
            ),
        ),
        at(
            "dhc-selfreg",
            &[Missed],
            visit(
                "dhc-selfreg, a missed call",
                person("sid-du", "杜甫"),
                "re_queued A002 | 已重新排队 杜* 内科 李华& | slip 杜甫",
            ),
        ),
        at(
            "dhc-esb",
            &[Open],
            Visit {
                way: Way::Voucher("ec", "440100ZYXWVUTSRQPONMLKJIHGFE"),
                ..visit(
                    "dhc-esb, an insurance code",
                    person("sid-none3", "无名"),
                    "checked_in A001 | 签到成功 内科 前面还有2人 | slip ",
                )
            },
        ),
        at(
            "dhc-esb",
            &[Unpaid],
            visit(
                "dhc-esb, not paid",
                person("sid-bai", "白居易"),
                "refused | 暂不能签到 挂号费尚未缴纳 请到分诊台 | -",
            ),
        ),
        at(
            "lianzhong",
            &[Open],
            visit("lianzhong, beyond GBK", ma, "checked_in A001 | 签到成功 马* 内科 李华& | slip 马㛃"),
        ),
        at(
            "lianzhong",
            &[DoctorAway],
            visit(
                "lianzhong, the doctor is away",
                person("sid-han", "韩愈"),
                "refused | 暂不能签到 医生今日停诊 请到分诊台 | -",
            ),
        ),
        at(
            "queue-device",
            &[Open],
            Visit {
                way: Way::Voucher("queue", "V-2026-0002"),
                ..visit(
                    "queue-device, a voucher",
                    person("sid-none4", "无名"),
                    "checked_in A001 | 签到成功 内科 上午第A001号 | slip ",
                )
            },
        ),
        at(
            "queue-device",
            &[Open],
            visit(
                "queue-device",
                person("sid-meng", "孟浩然"),
                "checked_in A002 | 签到成功 孟*然 内科 上午第A002号 | slip 孟浩然",
            ),
        ),
        at(
            "queue-confirm",
            &[Open],
            visit(
                "queue-confirm",
                person("sid-wang2", "王维"),
                "checked_in A001 | 签到成功 王* 内科 一诊室 前面还有3人 | slip 王维",
            ),
        ),
        at(
            "queue-confirm",
            &[Missed],
            visit(
                "queue-confirm, a missed call",
                person("sid-cen", "岑参"),
                "re_queued A002 | 已重新排队 岑* 内科 一诊室 前面还有3人 | slip 岑参",
            ),
        ),
        at(
            "soap-json",
            &[Open],
            visit(
                "soap-json",
                person("sid-liu2", "柳宗元"),
                "checked_in A001 | 签到成功 柳*元 内科 前面还有4人 | slip 柳宗元",
            ),
        ),
        at(
            "soap-json",
            &[Open, Open],
            Visit {
                twist: Twist::Pick(2),
                ..visit(
                    "soap-json, two visits",
                    person("sid-su", "苏轼"),
                    "checked_in A002 | 签到成功 苏* 眼科 前面还有4人 | slip 苏轼",
                )
            },
        ),
        at(
            "hip",
            &[Open],
            visit("hip", person("sid-lu2", "陆游"), "checked_in A001 | 签到成功 陆* 内科 李华& | slip 陆游"),
        ),
        at(
            "hip",
            &[],
            visit("hip, nothing registered", person("sid-xin", "辛弃疾"), "refused | 未查询到您的预约 请到分诊台 | -"),
        ),
        at(
            "fhir",
            &[Open],
            visit(
                "fhir",
                person("sid-ouyang2", "欧阳修"),
                "checked_in A001 | 签到成功 欧阳* 内科 3楼一诊室 就诊时间 09:30 | slip 欧阳修",
            ),
        ),
        at(
            "fhir",
            &[Missed],
            visit(
                "fhir, a missed call",
                person("sid-fan", "范仲淹"),
                "re_queued A002 | 已重新排队 范*淹 内科 3楼一诊室 就诊时间 09:30 | slip 范仲淹",
            ),
        ),
        at(
            "hl7",
            &[Open],
            Visit {
                way: Way::Voucher("ec", "440100AAAAAAAAAAAAAAAAAAAAAA"),
                ..visit(
                    "hl7, an insurance code",
                    person("sid-none5", "无名"),
                    "checked_in A001 | 签到成功 内科 李华& | slip ",
                )
            },
        ),
        at(
            "hl7",
            &[Unpaid],
            visit("hl7, not paid", person("sid-zeng", "曾巩"), "refused | 暂不能签到 挂号费尚未缴纳 请到分诊台 | -"),
        ),
    ]
}
