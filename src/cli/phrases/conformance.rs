//! What `conformance` says.

use crate::cli::tongue::phrases;

phrases! {
    #[cfg(feature = "network")]
    wants_certificates() "over the network a terminal is met with --certificate, --key and --ca-file" => "网络终端须给出 --certificate、--key 和 --ca-file";
    at_connect() "Start the terminal's app: it connects." => "请启动终端应用：它应自行连接。";
    at_visit() "Stand before the terminal, and let it recognise you." => "请站到终端前，让它识别您。";
    at_choice() "Once more. Choose the second of the two visits." => "再来一次，在两个就诊中选第二个。";
    at_cancel() "Once more. Give up when you are asked to choose." => "再来一次，在要求选择时取消。";
    at_cut() "Once more. The kiosk will be gone for a moment, and be there again." => "再来一次。自助机会中断片刻，然后恢复。";
    at_busy() "Once more. The kiosk will be busy; try again." => "再来一次。自助机会回答“忙”，请再试。";
    did_listen() "listened" => "监听";
    did_visit() "served a visit" => "接待了一次就诊";
    did_unknown() "said types, scenes and members that nobody knows" => "发送了无人认识的类型、画面和成员";
    did_choice(bytes) "offered two visits in one scene of {bytes} bytes" => "用一个 {bytes} 字节的画面给出两个就诊";
    did_cancel() "offered two visits" => "给出两个就诊";
    did_cut() "cut the connection before the face was answered" => "在应答人脸之前断开了连接";
    did_busy() "answered a face with busy" => "对人脸回答“忙”";
    word_holds() "holds" => "符合";
    word_broken() "BROKEN" => "不符";
    word_none() "-" => "-";
    expected_is(text) "expected: {text}" => "应当：{text}";
    seen_is(text) "seen: {text}" => "实际：{text}";
    after_doing(text) "done: {text}" => "操作：{text}";
    section_is(section) "PROTOCOL.md, {section}" => "PROTOCOL.md，{section}";
    sum(holds, broken, none) "{holds} hold, {broken} broken, {none} without occasion" => "{holds} 条符合，{broken} 条不符，{none} 条无机会检验";
    unfinished() "It did not come to an end: what is without occasion has not been seen." => "未能做完：无机会检验的各条并未得到验证。";
    connects() "connects by itself, with a certificate that is let in" => "自行连接，所用证书获准";
    one_object() "each line is one JSON object, UTF-8" => "每行一个 JSON 对象，UTF-8";
    length() "a line has 4096 bytes at most" => "每行至多 4096 字节";
    checksum() "where a line ends in *hhhh, that is its CRC" => "行尾若有 *hhhh，须是该行的 CRC";
    whole_line() "a line that has begun ends within five seconds" => "一行开始后五秒内结束";
    known_type() "v is 1, and type is a word of the protocol" => "v 为 1，type 是协议中的词";
    rate() "at most 50 frames a second" => "每秒至多 50 帧";
    members() "each frame has the members of its type, in their form" => "每帧带有其类型应有的成员，格式正确";
    seq() "seq is there, and each frame has a greater one; a repeated frame has its own, and a new start is 1" => "有 seq，且逐帧增大；重发的帧用原来的，重新启动从 1 开始";
    intent() "person or start comes within fifteen seconds before each new face" => "每个新的人脸之前十五秒内有 person 或 start";
    face() "a face has a face_sid, or a return_code that is not SUCCESS" => "face 带有 face_sid，或 return_code 不是 SUCCESS";
    consent() "a face that is held is followed by consent, with the same face_sid" => "被 held 的人脸之后有 consent，face_sid 相同";
    new_face() "each visit brings a face_sid of its own" => "每次就诊都有新的 face_sid";
    choice_session() "choice names the session of the scene it answers" => "choice 写明所回答画面的 session";
    choice_option() "choice names an option that the scene offers" => "choice 的 option 在画面给出的选项之中";
    cancel() "cancel comes, and names the session of its visit" => "有 cancel，并写明所属就诊的 session";
    after_outcome() "after its outcome nothing names a session any more" => "收到 outcome 之后不再有帧提到该 session";
    unknown_words() "what it does not know does not disturb it" => "遇到不认识的内容不受影响";
    long_line() "a line of 8 KiB is read whole, and answered" => "能完整读取 8 KiB 的行并作答";
    comes_back() "connects again within 30 seconds after its connection was lost" => "连接断开后 30 秒内自行重连";
    says_again() "says again who is there where nobody had answered, with the same face_sid" => "若无人应答过，重连后再次发送，face_sid 相同";
    busy() "comes again after busy" => "收到 busy 之后会再来";
    saw_nothing(seconds) "nothing came within {seconds} s" => "{seconds} 秒内没有收到";
    saw_code(code) "a frame that is refused with {code}" => "一帧被拒绝，代码 {code}";
    saw_gone() "the connection was closed, and no other came" => "连接被关闭，且没有重连";
    saw_seq(seq, before) "seq {seq} after seq {before}" => "seq {before} 之后是 seq {seq}";
    saw_no_seq() "no seq" => "没有 seq";
    saw_other_face() "another face_sid" => "另一个 face_sid";
    saw_same_face() "the face_sid of the visit before" => "上一次就诊的 face_sid";
    saw_no_intent() "a face that nobody announced" => "没有预告的人脸";
    saw_other_session() "another session" => "另一个 session";
    saw_no_session() "no session" => "没有 session";
    saw_option(option) "option {option}" => "option {option}";
    saw_late(kind) "{kind} for a visit that was over" => "就诊已结束后的 {kind}";
    saw_not_let_in(why) "not let in: {why}" => "未获准：{why}";
}
