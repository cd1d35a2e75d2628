//! Sixty long departments, doctors and places as hospitals in the mainland, in Taiwan and in Hong Kong, and those that
//! speak English, write them: whatever shows a visit shows each of them to its end. The people are invented.

use std::sync::Arc;

use facemchd::words::{Admission, Text, Visit};

/// One visit's words: language, department, doctor, title, floor, room, and the site's own line for where to go.
pub type Place = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

/// What a site's system tells when everything is long.
pub fn admission(place: Place) -> Admission {
    let (_, department, doctor, title, floor, room, line) = place;
    let text = |text: &str| Some(Text::clean(text)).filter(|text| !text.is_empty());
    let visit = Visit {
        department: text(department),
        doctor: text(doctor),
        title: text(title),
        floor: text(floor),
        room: text(room),
        ..Visit::default()
    };
    Admission { number: text("A036"), place: text(line), visit: Arc::new(visit), ..Admission::default() }
}

/// The corpus.
#[rustfmt::skip]
pub const PLACES: [Place; 60] = [
    ("zh-hans", "心血管内科", "欧阳雨晴", "主任医师", "3楼", "心血管内科第二十一诊室", "门诊楼3楼B区 心血管内科第二十一诊室"),
    ("zh-hans", "神经内科认知障碍与头晕眩晕联合门诊", "司马长风", "副主任医师", "4楼", "联合门诊二诊室", "门诊楼4楼C区神经内科联合门诊二诊室"),
    ("zh-hans", "内分泌代谢科（糖尿病足多学科联合门诊）", "买买提江·吐尔逊", "主任医师", "5楼", "12诊室", "内科楼5楼东侧 内分泌代谢科12诊室"),
    ("zh-hans", "呼吸与危重症医学科", "诸葛文渊", "主任医师、教授", "2楼", "呼吸内镜中心", "住院部2号楼2楼 呼吸内镜中心登记处"),
    ("zh-hans", "消化内科无痛胃肠镜检查中心", "阿卜杜热依木·阿卜杜拉", "副主任医师", "6楼", "胃镜室3", "外科大楼6楼 消化内镜中心 胃镜3室"),
    ("zh-hans", "肝胆胰脾外科与器官移植中心", "上官婉秋", "主任医师", "7楼", "移植随访门诊", "外科楼7楼 器官移植中心随访门诊1诊室"),
    ("zh-hans", "泌尿外科（男科、结石、肿瘤亚专科）", "慕容清和", "主治医师", "3楼", "碎石治疗室", "门诊楼3楼A区 泌尿外科碎石治疗室候诊区"),
    ("zh-hans", "妇产科产前诊断与遗传咨询门诊", "东方思源", "主任医师", "2楼", "遗传咨询室", "妇产楼2楼 产前诊断中心遗传咨询室"),
    ("zh-hans", "新生儿科高危儿随访与早期干预门诊", "独孤明月", "副主任医师", "1楼", "高危儿随访室", "儿科楼1楼 高危儿随访与早期干预中心"),
    ("zh-hans", "耳鼻咽喉头颈外科", "令狐子衿", "主任医师", "5楼", "听力检查室", "门诊楼5楼D区 耳鼻咽喉头颈外科听力检查室"),
    ("zh-hans", "口腔颌面外科与正畸联合门诊", "皇甫嘉言", "副主任医师", "8楼", "正畸一诊室", "口腔医院8楼 正畸科一诊室（东侧电梯）"),
    ("zh-hans", "放射治疗科与肿瘤多学科会诊中心", "宇文承泽", "主任医师", "负1楼", "直线加速器2室", "肿瘤楼负1楼 放射治疗中心直线加速器2室"),
    ("zh-hans", "中医针灸推拿与疼痛康复科", "尉迟恭敬", "主任中医师", "4楼", "推拿治疗室", "国医堂4楼 针灸推拿康复科治疗大厅"),
    ("zh-hans", "感染性疾病科发热门诊", "长孙无忧", "主治医师", "1楼", "发热门诊隔离诊室", "院区西北角独立小楼1楼 发热门诊隔离诊室"),
    ("zh-hans", "风湿免疫与过敏反应科", "呼延若兰", "副主任医师", "3楼", "皮肤点刺试验室", "门诊楼3楼C区 风湿免疫科皮肤点刺试验室"),
    ("zh-hans", "眼科（白内障、青光眼、眼底病专病门诊）", "钟离秋水", "主任医师", "6楼", "眼底激光室", "眼科中心6楼 眼底病专病门诊激光治疗室"),
    ("zh-hans", "核医学科碘131治疗病房随访门诊", "澹台镜月", "主任医师", "地下一层", "甲亢随访室", "影像楼地下一层 核医学科甲亢随访门诊"),
    ("zh-hans", "老年医学科综合评估门诊", "公孙大娘", "主任医师", "2楼", "综合评估室", "干部保健楼2楼 老年综合评估室（轮椅通道旁）"),
    ("zh-hans", "体检中心（团检、个检、入职体检）", "淳于意", "主管护师", "9楼", "总检室", "健康管理中心9楼 总检室与报告领取处"),
    ("zh-hans", "生殖医学中心男科与辅助生殖门诊", "申屠嘉", "主任医师", "3楼", "取卵手术室", "生殖医学中心3楼 夫妇共诊室第五诊室"),
    ("zh-hans", "㐂和堂国医馆膏方门诊", "㛃䶮堃", "主任中医师", "1楼", "膏方门诊", "国医堂1楼 膏方门诊（吉祥厅）"),
    ("zh-hans", "儿童保健与生长发育、心理行为门诊", "迪丽拜尔·艾合买提江", "副主任医师", "2楼", "沙盘治疗室", "儿童保健楼2楼 心理行为门诊沙盘治疗室"),
    ("zh-hans", "骨科（脊柱、关节、手足、运动医学）", "西门吹雪", "主任医师", "1楼", "石膏换药室", "外科楼1楼 骨科石膏室旁换药室"),
    ("zh-hans", "血液内科造血干细胞移植随访门诊", "南宫问天", "主任医师", "10楼", "层流病房接待处", "血液病中心10楼 造血干细胞移植随访接待处"),
    ("zh-hant", "心臟血管內科心律不整特別門診", "歐陽靜宜", "主治醫師", "3樓", "第二十一診間", "門診大樓3樓B區 心臟血管內科第21診間"),
    ("zh-hant", "神經內科記憶與失智症整合照護門診", "司徒文彬", "主任", "5樓", "整合照護中心", "第二醫療大樓5樓 失智症整合照護中心"),
    ("zh-hant", "新陳代謝暨內分泌科", "諸葛亮吟", "主治醫師", "2樓", "糖尿病衛教室", "門診大樓2樓A區 糖尿病共同照護衛教室"),
    ("zh-hant", "胃腸肝膽科肝病防治特別門診", "上官雲珠", "教授", "4樓", "腹部超音波室", "中正樓4樓 腹部超音波檢查室報到櫃檯"),
    ("zh-hant", "胸腔內科戒菸與睡眠呼吸中止門診", "端木蕻良", "主治醫師", "6樓", "睡眠檢查中心", "思源樓6樓 睡眠檢查中心護理站"),
    ("zh-hant", "婦產部高危險妊娠與遺傳諮詢門診", "令狐沖和", "主治醫師", "3樓", "遺傳諮詢室", "兒童醫院3樓 遺傳諮詢室（近東側電扶梯）"),
    ("zh-hant", "小兒部新生兒科早產兒追蹤門診", "公冶明珠", "主治醫師", "1樓", "早療評估室", "兒童醫院1樓 早期療育聯合評估中心"),
    ("zh-hant", "耳鼻喉頭頸外科", "夏侯淑貞", "主治醫師", "7樓", "聽力檢查室", "長青樓7樓 耳鼻喉頭頸外科聽力檢查室"),
    ("zh-hant", "復健部物理治療及職能治療門診", "皇甫建國", "物理治療師", "地下1樓", "物理治療室", "復健大樓地下1樓 物理治療室報到處"),
    ("zh-hant", "中醫部針灸科暨傷科特別門診", "尉遲明德", "中醫師", "9樓", "針灸治療室", "中醫大樓9樓 針灸治療室（請搭6號電梯）"),
    ("zh-hant", "家庭暨社區醫學部旅遊醫學門診", "鍾離春", "主治醫師", "1樓", "旅遊醫學門診", "公共衛生大樓1樓 旅遊醫學門診疫苗注射室"),
    ("zh-hant", "眼科部青光眼及視網膜特別門診", "濮陽子凡", "主任", "5樓", "眼底攝影室", "門診大樓5樓C區 眼科眼底攝影室"),
    ("zh-hant-hk", "心臟科專科門診（心臟起搏器覆診）", "歐陽穎欣", "顧問醫生", "3樓", "308室", "專科門診大樓3樓 308室 心臟起搏器診所"),
    ("zh-hant-hk", "內科及老人科專科門診", "司徒偉傑", "副顧問醫生", "2樓", "登記處乙", "日間醫療中心2樓 內科及老人科登記處乙"),
    ("zh-hant-hk", "外科專科門診（乳腺及內分泌外科）", "上官美寶", "駐院專科醫生", "地下", "12號診症室", "李樹芬座地下 外科專科門診12號診症室"),
    ("zh-hant-hk", "耳鼻喉、頭頸外科專科門診", "慕容嘉慧", "顧問醫生", "5樓", "聽力檢驗室", "K座5樓 耳鼻喉科專科門診聽力檢驗室"),
    ("zh-hant-hk", "兒童及青少年科專科門診（兒科中心）", "諸葛子軒", "副顧問醫生", "6樓", "遊戲治療室", "兒童醫院A座6樓 兒童及青少年科遊戲治療室"),
    ("zh-hant-hk", "婦產科專科門診（產前檢查診所）", "夏侯詠詩", "助產士", "1樓", "產前檢查室", "東座1樓 婦產科專科門診產前檢查診所"),
    ("zh-hant-hk", "骨科及創傷科專科門診", "東方永康", "駐院專科醫生", "低層地下", "石膏房", "李寶椿座低層地下 骨科及創傷科石膏房"),
    ("zh-hant-hk", "臨床腫瘤科日間化療中心", "公孫曉彤", "顧問醫生", "9樓", "化療日間中心", "癌症中心9樓 臨床腫瘤科日間化療中心登記處"),
    ("zh-hant-hk", "眼科專科門診（白內障手術前評估）", "鍾離俊彥", "視光師", "4樓", "術前評估室", "眼科中心4樓 白內障手術前評估室（扶手電梯旁）"),
    ("zh-hant-hk", "家庭醫學專科及普通科門診", "令狐家豪", "家庭醫生", "1樓", "7號診症室", "社區健康中心1樓 普通科門診7號診症室"),
    ("en", "Cardiology and Heart Failure Outpatient Clinic", "Dr Featherstonehaugh-Cholmondeley", "Consultant", "Level 3", "Clinic Room 21", "Outpatients Building, Level 3, Zone B, Clinic Room 21"),
    ("en", "Gastroenterology and Hepatology", "Professor Ramanathan Subramaniam", "Consultant", "2nd Floor", "Endoscopy Suite 4", "West Wing, 2nd Floor, Endoscopy Suite 4"),
    ("en", "Otorhinolaryngology, Head and Neck Surgery", "Dr Wolfeschlegelsteinhausen", "Specialist Registrar", "Level 5", "Audiology Booth 2", "Block D, Level 5, Audiology Booth 2 (turn left at the lifts)"),
    ("en", "Obstetrics and Gynaecology Ultrasound", "Dr Oluwaseun Adebayo-Williams", "Consultant Obstetrician", "1st Floor", "Scan Room 6", "Women's Centre, 1st Floor, Scan Room 6"),
    ("en", "Electroencephalography and Neurophysiology", "Dr Siobhán Ní Dhomhnaill", "Clinical Physiologist", "Basement", "EEG Laboratory", "Neurosciences Building, Basement, EEG Laboratory"),
    ("en", "Paediatric Diabetes and Endocrinology", "Dr Anastasia Papadopoulou", "Consultant Paediatrician", "Ground Floor", "Room 0.17", "Children's Hospital, Ground Floor, Room 0.17"),
    ("en", "Musculoskeletal Physiotherapy", "Ms Evangeline Montgomery", "Physiotherapist", "Lower Ground", "Gymnasium", "Therapies Centre, Lower Ground Floor, Gymnasium"),
    ("en", "Ophthalmology: Medical Retina and Glaucoma", "Mr Balasubramanian Venkataraghavan", "Consultant Surgeon", "Level 6", "Laser Room", "Eye Pavilion, Level 6, Laser Room behind Reception C"),
    ("en", "Haematology and Anticoagulation Service", "Dr Maximilian Oppenheimer-Strauss", "Consultant", "Level 4", "Phlebotomy", "Pathology Building, Level 4, Phlebotomy Waiting Area"),
    ("en", "Respiratory Medicine and Sleep Disorders", "Dr Krishnamurthy", "Associate Specialist", "Level 7", "Sleep Laboratory", "Tower Block, Level 7, Sleep Laboratory Reception"),
    ("en", "Radiotherapy and Clinical Oncology", "Dr Konstantinos Theodorakopoulos", "Consultant", "Level -1", "LINAC 3", "Cancer Centre, Level -1, Linear Accelerator 3"),
    ("en", "Dermatology Photodynamic Therapy", "Dr Thistlethwaite", "Consultant Dermatologist", "3rd Floor", "Phototherapy", "South Block, 3rd Floor, Phototherapy Suite"),
    ("en", "Nephrology, Dialysis and Transplantation", "Professor Aleksandra Wojciechowska", "Professor", "Level 8", "Transplant Clinic", "Renal Unit, Level 8, Transplant Follow-up Clinic"),
    ("en", "Preoperative Assessment and Anaesthesia", "Dr Llewellyn-Prydderch", "Consultant Anaesthetist", "Level 2", "Assessment Bay 9", "Surgical Admissions Lounge, Level 2, Assessment Bay 9"),
];
