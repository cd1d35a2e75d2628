//! Systems that are spoken to by SOAP: what is asked stands in a text within, XML or JSON.

use encoding_rs::GB18030;
use serde_json::{Value, json};

use super::{
    Asked, Booked, Kind, Said, Step,
    ledger::Status,
    scan::{beside, element, escaped},
};
use crate::sim::server::{Answer, Request};

pub(super) fn asked(kind: Kind, request: &Request) -> Option<Asked> {
    let envelope = match kind {
        Kind::Lianzhong => GB18030.decode_without_bom_handling_and_without_replacement(&request.body)?.into_owned(),
        _ => String::from_utf8(request.body.clone()).ok()?,
    };
    let step = |step| Asked { step: Some(step), ..Asked::default() };
    Some(match kind {
        Kind::SelfReg => {
            let xml = element(&envelope, "XMLRequest")?;
            let member = |name| element(&xml, name).unwrap_or_default();
            match request.header("soapaction").trim_matches('"').rsplit('.').next()? {
                "GetPatInfo" => Asked { card: member("PatientCard"), ..step(Step::Identify) },
                "QueryAdmOPReg" => Asked { patient: member("PatientID"), ..step(Step::List) },
                "AgainReQueue" => Asked { visit: member("RegID"), by: member("UserID"), ..step(Step::Arrive) },
                _ => return None,
            }
        }
        Kind::Esb => {
            let (service, xml) = (element(&envelope, "input1")?, element(&envelope, "input2")?);
            let member = |name| element(&xml, name).unwrap_or_default();
            let card = [member("IdentityCardNo"), member("PATCardNum")].into_iter().find(|card| !card.is_empty());
            match service.as_str() {
                "BOE0025" => Asked { card: card.unwrap_or_default(), ..step(Step::Identify) },
                "BOE0104" => Asked { patient: member("PATPatientID"), ..step(Step::List) },
                "BOE0103" => Asked { visit: member("RegID"), by: member("UserCode"), ..step(Step::Arrive) },
                _ => return None,
            }
        }
        Kind::Lianzhong => {
            let (service, xml) = (element(&envelope, "name")?, element(&envelope, "xmlIn")?);
            let member = |name| element(&xml, name).unwrap_or_default();
            let card = [member("ZHENGJIANHM"), member("JIUZHENKH")].into_iter().find(|card| !card.is_empty());
            let by = member("ZHONGDUANJBH");
            match service.strip_prefix("HIS1.Biz.")? {
                "RENYUANXX" => Asked { card: card.unwrap_or_default(), ..step(Step::Identify) },
                "GUAHAOYYCX" => Asked { patient: member("BINGRENID"), ..step(Step::List) },
                "GUAHAOQD" => Asked { visit: member("GUAHAOID"), by, ..step(Step::Arrive) },
                "GUAHAOQXQD" => Asked { visit: member("GUAHAOID"), by, ..step(Step::Cancel) },
                _ => return None,
            }
        }
        Kind::SoapJson => {
            let json: Value = serde_json::from_str(&element(&envelope, "arg0")?).ok()?;
            let member = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
            let token = Some(member("signNo"));
            if member("synKey") != "sync-key" {
                return None;
            }
            let named = |name: &str| envelope.contains(&format!(":{name}>"));
            if named("signOrsignUp") {
                Asked { sign_in: Some(1), ..step(Step::SignIn) }
            } else if named("queryPatient") {
                Asked { token, card: member("cardNo"), ..step(Step::Identify) }
            } else if named("queryRegBypatientNo") {
                Asked { token, patient: member("patientNo"), ..step(Step::List) }
            } else if named("doTaketheNo") {
                Asked { token, visit: member("sourceMark"), by: member("terminalCode"), ..step(Step::Arrive) }
            } else {
                return None;
            }
        }
        _ => {
            let (action, xml) = (element(&envelope, "action")?, element(&envelope, "message")?);
            match action.as_str() {
                "OutPatientInfoQuery" => {
                    Asked { card: beside(&xml, "root", "2.16.156.10011.1.3", "extension")?, ..step(Step::List) }
                }
                "OutPatientInfoUpdate" if element(&xml, "statusCode")? == "arrived" => Asked {
                    visit: beside(&xml, "root", "2.16.156.10011.2.5.1.9", "extension")?,
                    by: "kiosk".to_owned(),
                    ..step(Step::Arrive)
                },
                _ => return None,
            }
        }
    })
}

pub(super) fn told(kind: Kind, said: &Said, step: Step, today: &str) -> Answer {
    let inner = match kind {
        Kind::SelfReg => self_reg(said, today),
        Kind::Esb => esb(said, today),
        Kind::Lianzhong => lianzhong(said, today),
        Kind::SoapJson => soap_json(said, today).to_string(),
        _ => hip(said, today),
    };
    let inner = escaped(&inner);
    let (method, result) = match (kind, step) {
        (Kind::SelfReg, Step::Identify) => ("GetPatInfoResponse", "GetPatInfoResult"),
        (Kind::SelfReg, Step::List) => ("QueryAdmOPRegResponse", "QueryAdmOPRegResult"),
        (Kind::SelfReg, _) => ("AgainReQueueResponse", "AgainReQueueResult"),
        (Kind::Lianzhong, _) => ("runserviceResponse", "xmlOut"),
        (Kind::SoapJson, _) => ("regResponse", "return"),
        _ => ("HIPMessageServerResponse", "HIPMessageServerResult"),
    };
    let before = if kind == Kind::Lianzhong { "<runserviceResult>0</runserviceResult>" } else { "" };
    let charset = if kind == Kind::Lianzhong { "GB2312" } else { "utf-8" };
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"{charset}\"?>\n<SOAP-ENV:Envelope xmlns:SOAP-ENV='http://schemas.xmlsoap.org/soap/envelope/'>\
         <SOAP-ENV:Body><{method} xmlns=\"http://tempuri.org/\">{before}<{result}>{inner}</{result}></{method}>\
         </SOAP-ENV:Body></SOAP-ENV:Envelope>"
    );
    let body = match kind {
        Kind::Lianzhong => GB18030.encode(&body).0.into_owned(),
        _ => body.into_bytes(),
    };
    let mut answer = Answer::json(200, &Value::Null);
    answer.headers = vec![("Content-Type".to_owned(), format!("text/xml; charset={charset}"))];
    answer.body = body;
    answer
}

fn number(visit: &Booked) -> &str {
    visit.number.as_deref().unwrap_or_default()
}

fn by(visit: &Booked) -> &str {
    match &visit.status {
        Status::Taken(by) => by,
        _ => "",
    }
}

fn self_reg(said: &Said, today: &str) -> String {
    let response = |code: &str, text: &str, more: String| {
        format!("<Response><ResultCode>{code}</ResultCode><ErrMsg>{text}</ErrMsg>{more}</Response>")
    };
    match said {
        Said::Patients(patients) => {
            let file = |patient: &super::Patient| {
                format!(
                    "<PatInfo><PatientID>{}</PatientID><PatientName>{}</PatientName></PatInfo>",
                    patient.id,
                    escaped(&patient.name)
                )
            };
            match patients.as_slice() {
                [] => response("-201", "未查询到患者信息", String::new()),
                some => {
                    response("0", "", format!("<PatInfos>{}</PatInfos>", some.iter().map(file).collect::<String>()))
                }
            }
        }
        Said::Visits(visits) => {
            let order = |visit: &Booked| {
                let status = match visit.status {
                    Status::Open => "正常",
                    Status::Taken(_) => "已报到",
                    Status::Missed => "过号",
                    Status::Unpaid => "未缴费",
                    Status::NotCollected => "预约",
                    Status::DoctorAway => "停诊",
                    Status::RoomChanged => "换诊室",
                    Status::Over => "退号",
                };
                format!(
                    "<Order><RegID>{}</RegID><Status>{status}</Status><AdmitDate>{today}</AdmitDate><Department>{}</Department>\
                     <Doctor>{}</Doctor><SeqCode>{}</SeqCode><SessionName>上午</SessionName><QueueID>Q{}</QueueID>\
                     <PatientID>{}</PatientID><ArriveUser>{}</ArriveUser></Order>",
                    visit.id,
                    escaped(&visit.department),
                    escaped(&visit.doctor),
                    number(visit),
                    visit.id,
                    visit.patient,
                    by(visit)
                )
            };
            let orders: String = visits.iter().map(order).collect();
            response("0", "", format!("<RecordCount>{}</RecordCount><Orders>{orders}</Orders>", visits.len()))
        }
        Said::Arrived(visit) => response("0", "", format!("<SeqNo>{}</SeqNo>", number(visit))),
        Said::Not(why) => response("-1", why, String::new()),
        _ => response("-9", "系统异常", String::new()),
    }
}

fn esb(said: &Said, today: &str) -> String {
    let response = |code: &str, text: &str, more: String| {
        format!(
            "<Response><Header><SourceSystem>DHC</SourceSystem></Header><Body><ResultCode>{code}</ResultCode>\
             <ResultContent>{text}</ResultContent>{more}</Body></Response>"
        )
    };
    match said {
        Said::Patients(patients) => {
            let file = |patient: &super::Patient| {
                format!(
                    "<PatInfo><PATPatientID>{}</PATPatientID><PATPatientName><![CDATA[{}]]></PATPatientName></PatInfo>",
                    patient.id, patient.name
                )
            };
            let files: String = patients.iter().map(file).collect();
            match patients.is_empty() {
                true => response("-201", "无此患者", String::new()),
                false => response("0", "成功", format!("<GetPatInfoRp>{files}</GetPatInfoRp>")),
            }
        }
        Said::Visits(visits) => {
            let order = |visit: &Booked| {
                let flag = |met: bool| if met { "Y" } else { "N" };
                let status = match visit.status {
                    Status::Over => "C",
                    Status::DoctorAway => "S",
                    Status::RoomChanged => "R",
                    _ => "N",
                };
                format!(
                    "<Order><RegID>{}</RegID><AdmitDate>{today} 08:00:00</AdmitDate><Status>{status}</Status>\
                     <ArriveFlag>{}</ArriveFlag><PayFlag>{}</PayFlag><TakeFlag>{}</TakeFlag><QueueNo>{}</QueueNo>\
                     <Department>{}</Department><Doctor>{}</Doctor><WaitNum>2</WaitNum><ArriveUser>{}</ArriveUser></Order>",
                    visit.id,
                    flag(!by(visit).is_empty()),
                    flag(visit.status != Status::Unpaid),
                    flag(visit.status != Status::NotCollected),
                    number(visit),
                    escaped(&visit.department),
                    escaped(&visit.doctor),
                    by(visit)
                )
            };
            let orders: String = visits.iter().map(order).collect();
            response("0", "成功", format!("<QueryAdmOPRegRp>{orders}</QueryAdmOPRegRp>"))
        }
        Said::Arrived(visit) => {
            response("0", "成功", format!("<OPAppArriveRp><QueueNo>{}</QueueNo></OPAppArriveRp>", number(visit)))
        }
        Said::Not("已签到") => response("-301", "已签到", String::new()),
        Said::Not(why) => response("-1", why, String::new()),
        _ => response("-9", "系统异常", String::new()),
    }
}

fn lianzhong(said: &Said, today: &str) -> String {
    let out = |number: i32, text: &str, more: String| {
        format!(
            "<OUT><OUTMSG><ERRNO>{number}</ERRNO><ERRMSG>{text}</ERRMSG><ZHONGDUANLSH>1</ZHONGDUANLSH></OUTMSG>{more}</OUT>"
        )
    };
    match said {
        Said::Patients(patients) => {
            let file = |patient: &super::Patient| {
                format!(
                    "<RENYUAN><BINGRENID>{}</BINGRENID><XINGMING>{}</XINGMING></RENYUAN>",
                    patient.id,
                    escaped(&patient.name)
                )
            };
            let files: String = patients.iter().map(file).collect();
            match patients.is_empty() {
                true => out(-1404, "无此人员", String::new()),
                false => out(0, "", format!("<RENYUANMX>{files}</RENYUANMX>")),
            }
        }
        Said::Visits(visits) => {
            let line = |visit: &Booked| {
                let flag = |met: bool| u8::from(met);
                format!(
                    "<GUAHAO><GUAHAOID>{}</GUAHAOID><JIUZHENRQ>{today}</JIUZHENRQ><QIANDAOBZ>{}</QIANDAOBZ><ZUOFEIBZ>{}</ZUOFEIBZ>\
                     <TINGZHENBZ>{}</TINGZHENBZ><BIANGENGBZ>{}</BIANGENGBZ><SHOUFEIBZ>{}</SHOUFEIBZ><QUHAOBZ>{}</QUHAOBZ>\
                     <JIUZHENXH>{}</JIUZHENXH><KESHIMC>{}</KESHIMC><YISHENGXM>{}</YISHENGXM><QIANDAOZD>{}</QIANDAOZD></GUAHAO>",
                    visit.id,
                    flag(!by(visit).is_empty()),
                    flag(visit.status == Status::Over),
                    flag(visit.status == Status::DoctorAway),
                    flag(visit.status == Status::RoomChanged),
                    flag(visit.status != Status::Unpaid),
                    flag(visit.status != Status::NotCollected),
                    number(visit),
                    escaped(&visit.department),
                    escaped(&visit.doctor),
                    by(visit)
                )
            };
            let lines: String = visits.iter().map(line).collect();
            out(0, "", format!("<GUAHAOMX>{lines}</GUAHAOMX>"))
        }
        Said::Arrived(visit) => out(0, "", format!("<JIUZHENXH>{}</JIUZHENXH>", number(visit))),
        Said::Not("已签到") => out(-2001, "已签到", String::new()),
        Said::Not(why) => out(-1, why, String::new()),
        _ => out(-9, "系统异常", String::new()),
    }
}

fn soap_json(said: &Said, today: &str) -> Value {
    let envelope = |code: &str, text: &str, data: Value| json!({ "resultCode": code, "resultMsg": text, "data": data });
    match said {
        Said::SignedIn(text) => envelope("0", "", json!({ "signNo": text })),
        Said::SignedOut => envelope("1001", "请先签到", Value::Null),
        Said::Patients(patients) => {
            let file = |patient: &super::Patient| json!({ "patientNo": patient.id, "patientName": patient.name });
            envelope("0", "", patients.iter().map(file).collect())
        }
        Said::Visits(visits) => {
            let line = |visit: &Booked| {
                json!({ "sourceMark": visit.id, "sourceDate": today, "departmentorganId": "D01", "takeNo": visit.number,
                    "departmentName": visit.department, "doctorName": visit.doctor, "waitNum": 4,
                    "takeFlag": u8::from(!by(visit).is_empty()), "stopFlag": u8::from(visit.status == Status::DoctorAway),
                    "payFlag": u8::from(visit.status != Status::Unpaid), "takeTerminal": by(visit) })
            };
            let open = visits.iter().filter(|visit| visit.status != Status::Over);
            envelope("0", "", open.map(line).collect())
        }
        Said::Arrived(visit) => envelope("0", "", json!({ "takeNo": visit.number, "address": "3楼" })),
        Said::Not("已签到") => envelope("3001", "已取号", Value::Null),
        Said::Not(why) => envelope("3999", why, Value::Null),
        Said::Broken => envelope("-9", "系统异常", Value::Null),
    }
}

fn hip(said: &Said, today: &str) -> String {
    let day = today.replace('-', "");
    let message = |code: &str, text: &str, more: String| {
        format!(
            "<MCCI_IN000002UV01 xmlns=\"urn:hl7-org:v3\" ITSVersion=\"XML_1.0\"><acknowledgement typeCode=\"{code}\">\
             <targetMessage><id root=\"2.16.156.10011.2.5.1.1\" extension=\"x\"/></targetMessage><acknowledgementDetail>\
             <text value=\"{text}\"/></acknowledgementDetail></acknowledgement>{more}</MCCI_IN000002UV01>"
        )
    };
    match said {
        Said::Visits(visits) => {
            let event = |visit: &Booked| {
                let status = match visit.status {
                    Status::Open | Status::Missed => "active",
                    Status::Taken(_) => "arrived",
                    Status::Unpaid => "unpaid",
                    Status::NotCollected => "booked",
                    Status::DoctorAway => "suspended",
                    Status::RoomChanged => "moved",
                    Status::Over => "cancelled",
                };
                format!(
                    "<subject typeCode=\"SUBJ\"><encounterEvent classCode=\"ENC\" moodCode=\"EVN\"><id>\
                     <item root=\"2.16.156.10011.1.11\" extension=\"M1\"/><item root=\"2.16.156.10011.2.5.1.8\" extension=\"1\"/>\
                     <item root=\"2.16.156.10011.2.5.1.9\" extension=\"{}\"/></id><statusCode code=\"{status}\"/>\
                     <effectiveTime><low value=\"{day}080000\"/></effectiveTime><sequenceNumber value=\"{}\"/>\
                     <subject><patient><id><item root=\"2.16.156.10011.2.5.1.4\" extension=\"{}\"/></id></patient></subject>\
                     <admitter><assignedPerson><id><item root=\"2.16.156.10011.1.4\" extension=\"D77\"/></id><assignedPerson>\
                     <name><item><part value=\"{}\"/></item></name></assignedPerson></assignedPerson></admitter>\
                     <location><serviceDeliveryLocation><location><id><item root=\"2.16.156.10011.1.26\" extension=\"K01\"/></id>\
                     <name><item><part value=\"{}\"/></item></name></location></serviceDeliveryLocation></location>\
                     </encounterEvent></subject>",
                    visit.id,
                    number(visit),
                    visit.patient,
                    escaped(&visit.doctor),
                    escaped(&visit.department)
                )
            };
            let events: String = visits.iter().map(event).collect();
            let body = format!("<controlActProcess classCode=\"ACTN\" moodCode=\"EVN\">{events}</controlActProcess>");
            message("AA", "查询成功", body)
        }
        Said::Arrived(_) => message("AA", "更新成功", String::new()),
        Said::Not(why) => message("AE", why, String::new()),
        _ => message("AE", "系统异常", String::new()),
    }
}
