//! Words of several hanzi that no line parts. Where UAX #14 alone is asked a line may end between any two hanzi, and 身份证
//! reads as two things. Words are those of the program's own phrases, and those that places in hospitals and stations are
//! made of; what is no word here is broken as before, and so is a word that is wider than a line.

/// Simplified, traditional, Taiwan's, Hong Kong's.
const WORDS: &str = "身份证 身份證 身分證 证件 證件 二维码 二維碼 条码 條碼 扫码 掃碼 摄像头 镜头 鏡頭 屏幕上 螢幕上 同意 正对 正對 \
                     望向 再次 识别 識別 辨識 签到 報到 登记 登記 签到机 登記機 登記處 机台 機台 预约 預約 挂号 掛號 资料 資料 看诊 看診 就诊 就診 診症 \
                     應診 项目 項目 时间 時間 开放 開放 无法 無法 暂时 暫時 目前 未能 暂停 暫停 服务 服務 使用 前往 查询 查詢 重试 重試 再試 失败 失敗 \
                     取消 网络 網路 網絡 较慢 較慢 緩慢 结果 結果 确认 確認 其他 方式 方法 工作人员 人員 職員 呼叫 通知 通过 通過 通行 通道 设备 設備 维护 \
                     維護 維修 紧急 緊急 疏散 离开 離開 稍候 稍后 稍後 再来 再來 护士站 護士站 護理站 分诊台 分診台 服务台 服務台 人工 窗口 站務人員 刷脸 刷臉 \
                     过闸 過閘 閘口 车站 車站 您的 本机 本機 号码 號碼 排队 排隊 轮候 輪候 叫号 叫號 预计 預計 医院 醫院 门诊 門診 急诊 急診 内科 內科 外科 \
                     儿科 兒科 眼科 妇科 婦科 产科 產科 口腔 中医 中醫 皮肤 皮膚 神经 神經 心脏 心臟 心血管 消化 呼吸 泌尿 康复 康復 骨科 肿瘤 腫瘤 医学 醫學 \
                     影像 检验 檢驗 采血 抽血 超声 超聲 诊室 診室 诊间 診間 诊区 診區 科室 专科 專科 专家 專家 主任 副主任 医师 醫師 医生 醫生 教授 中心 \
                     大厅 大廳 电梯 電梯 东区 東區 西区 西區 南区 南區 北区 北區 楼层 樓層 综合 綜合 联合 聯合 特需 住院 候诊 候診 \
                     验证 驗證 核验 核實 情况 情況 狀況 立即 逐一 凭条 憑條 憑證 證明 登記紙 补打 補印 序号 序號 次序 类别 類別 \
                     科別 路线 路線 地点 地點 姓名 病历 病歷 病人 編號 档案 檔案 合并 合併 不符 停诊 停診 改约 改期 \
                     退号 变动 變動 异动 異動 微信 系统 系統 业务 業務 故障 不通 开通 開通 关闭 關閉 选项 選項 更多 \
                     读取 讀取 出示 收费 收費 药房 藥房 前面 等候 查看 进度 進度 未查到 过号 過號 重排 开始 開始 重新 尚未 尚有 截止 现正 \
                     現正 人脸 人臉 成功 完成 選擇 选择 改走 挂号费 掛號費 缴纳 繳納 繳付 診金 更改";

/// A number belongs to what is counted, and to the rest of itself.
const NUMERALS: &str = "第一二三四五六七八九十百零〇";

/// Whether a line that ends at this byte, where one may end by UAX #14, parts a word.
pub(super) fn parts_a_word(text: &str, end: usize) -> bool {
    let Some((before, after)) = text.split_at_checked(end) else { return false };
    let (Some(last), Some(next)) = (before.chars().next_back(), after.chars().next()) else { return false };
    // A masked name is one.
    if last == '*' || next == '*' {
        return !last.is_whitespace() && !next.is_whitespace();
    }
    // No line holds but a word of two letters.
    if last == ' ' && after.trim_end_matches(['.', '…', '?', '!']).len() <= 2 && next.is_ascii_alphabetic() {
        return true;
    }
    // 3楼
    if last.is_ascii_digit() && !next.is_ascii() && next.is_alphabetic() {
        return true;
    }
    // Latin letters and blanks are UAX #14's alone.
    if last.is_ascii() || next.is_ascii() {
        return false;
    }
    // 二 at the end of 王*二 is no number.
    let is_of_a_name = before.trim_end_matches(last).ends_with('*');
    if NUMERALS.contains(last) && !is_closing(next) && !is_of_a_name {
        return true;
    }
    let mut pair = [0; 8];
    let first = last.encode_utf8(&mut pair).len();
    let both = first + next.encode_utf8(&mut pair[first..]).len();
    let Ok(pair) = std::str::from_utf8(&pair[..both]) else { return false };
    WORDS.match_indices(pair).any(|(at, _)| {
        let (head, tail) = WORDS.split_at(at + first);
        let head = head.rsplit(' ').next().unwrap_or_default();
        let tail = tail.split(' ').next().unwrap_or_default();
        before.ends_with(head) && after.starts_with(tail)
    })
}

fn is_closing(next: char) -> bool {
    "，。、；：）》」』·".contains(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the text may end lines, marked.
    fn marked(text: &str) -> String {
        let mut marked = String::new();
        let mut begin = 0;
        for (end, _) in unicode_linebreak::linebreaks(text).filter(|(end, _)| !parts_a_word(text, *end)) {
            marked += &text[begin..end];
            marked += if end < text.len() { "|" } else { "" };
            begin = end;
        }
        marked
    }

    #[test]
    fn no_line_parts_a_word_or_a_number() {
        for (text, wanted) in [
            ("请刷身份证或扫码", "请|刷|身份证|或|扫码"),
            ("已呼叫工作人员", "已|呼叫|工作人员"),
            ("請使用身份證或出示二維碼", "請|使用|身份證|或|出示|二維碼"),
            ("3楼 心血管内科一诊室", "3楼 |心血管|内科|一诊室"),
            ("10:30起可签到", "10:30起|可|签到"),
            ("第一百二十八诊室", "第一百二十八诊室"),
            ("请到护士站/分诊台", "请|到|护士站/|分诊台"),
            ("Please see staff", "Please |see |staff"),
            ("Already checked in", "Already |checked in"),
            ("Checking in...", "Checking in..."),
            ("為王*二驗證？", "為|王*二|驗證？"),
            ("为王*丰签到？", "为|王*丰|签到？"),
            ("签到截止09:00", "签到|截止|09:00"),
            ("其一，再来", "其|一，|再来"),
        ] {
            assert_eq!(marked(text), wanted);
        }
    }

    #[test]
    fn every_word_is_of_two_hanzi_and_more_and_stands_once() {
        let mut words: Vec<&str> = WORDS.split(' ').collect();
        assert!(words.iter().all(|word| (2..=4).contains(&word.chars().count())), "{words:?}");
        words.sort_unstable();
        let twice: Vec<_> = words.windows(2).filter(|pair| pair[0] == pair[1]).collect();
        assert!(twice.is_empty(), "{twice:?}");
    }
}
