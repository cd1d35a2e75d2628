//! Queue servers beside the hospital's system: forms in, JSON out, a token that ends.

use serde_json::{Value, json};

use super::{Asked, Kind, Said, Step, ledger::Status};
use crate::sim::server::{Answer, Request};

pub(super) fn asked(request: &Request) -> Option<Asked> {
    let body = String::from_utf8(request.body.clone()).ok()?;
    let member = |name: &str| {
        let value = body.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
        Some(decoded(value))
    };
    let step = |step| Asked { step: Some(step), ..Asked::default() };
    let token = member("token");
    let card = member("cardNo").unwrap_or_default();
    Some(match request.path() {
        "/device/getSecret" => Asked { sign_in: Some(0), ..step(Step::SignIn) },
        "/device/getAccessToken" => Asked { sign_in: Some(1), ..step(Step::SignIn) },
        "/queryQueueByDevice" | "/confirmDetail.do" => Asked { token, card, ..step(Step::List) },
        "/confirmTakeNo" => {
            Asked { token, card, visit: member("queueCode")?, by: "kiosk".to_owned(), ..step(Step::Arrive) }
        }
        "/confirm.do" => Asked { token, visit: member("patientId")?, by: "kiosk".to_owned(), ..step(Step::Arrive) },
        _ => return None,
    })
}

pub(super) fn decoded(value: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let hex = [rest.next().unwrap_or(b'0'), rest.next().unwrap_or(b'0')];
                u8::from_str_radix(&String::from_utf8_lossy(&hex), 16).unwrap_or(b'?')
            }
            byte => byte,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

pub(super) fn told(kind: Kind, said: &Said, step: Step) -> Answer {
    let envelope = |code: u32, msg: &str, data: Value| {
        let body = json!({ "success": code == 100, "resultCode": code, "msg": msg, "startTime": 0, "timeConsum": 3, "data": data });
        Answer::json(200, &body)
    };
    match said {
        Said::SignedIn(text) => envelope(100, "", json!(text)),
        Said::SignedOut => envelope(403, "token 已过期", Value::Null),
        Said::Visits(visits) => {
            let queue = |visit: &super::Booked| {
                let taken = matches!(visit.status, Status::Taken(_));
                match kind {
                    Kind::QueueDevice => json!({ "queueCode": visit.id, "queueName": visit.department, "corpId": 7,
                        "area": "A", "hadTakeNo": taken, "orderNoTag": visit.number }),
                    _ => json!({ "id": visit.id, "orderNo": visit.number, "doctorName": visit.doctor, "waitNum": 3,
                        "diagRoom": "一诊室", "smallDeptName": visit.department, "currentOrderNo": "A000",
                        "status": match visit.status {
                            Status::DoctorAway => "停诊",
                            Status::Missed => "过号",
                            _ => "正常",
                        },
                        "signFlag": u8::from(taken), "canConfirm": true }),
                }
            };
            let listed = visits.iter().filter(|visit| visit.status != Status::Over);
            envelope(100, "", listed.map(queue).collect())
        }
        Said::Arrived(visit) if kind == Kind::QueueDevice => envelope(
            100,
            "",
            json!({ "username": "", "patientNo": visit.patient, "currentOrderNo": visit.number, "orderNoTag": visit.number,
                "intervalFlag": 1, "queueCode": visit.id, "queueName": visit.department }),
        ),
        Said::Arrived(_) => envelope(100, "", json!("true")),
        Said::Not("已签到") => envelope(301, "已签到", Value::Null),
        Said::Not(why) => envelope(500, why, Value::Null),
        Said::Patients(_) | Said::Broken => {
            envelope(999, if step == Step::Arrive { "系统异常" } else { "" }, Value::Null)
        }
    }
}
