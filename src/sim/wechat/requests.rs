//! Checks of a request, as APIv3 makes them (APIv3 rules, signature generation).

use std::collections::HashMap;

use serde_json::json;

use super::{FIELDS, error};
use crate::sim::{
    keys::{Holder, numbers},
    server::{Answer, Request},
};

/// The scheme and a space.
const SCHEME: &str = "WECHATPAY2-SHA256-RSA2048 ";

/// Headers, signature, age, freshness.
pub(super) fn check(
    request: &Request,
    provider: &Holder,
    now: i64,
    fresh: impl FnOnce(&str) -> bool,
) -> Result<(), Answer> {
    if request.header("accept").is_empty() || request.header("user-agent").is_empty() {
        return Err(error(400, "INVALID_REQUEST", "Http头缺少Accept或User-Agent"));
    }
    let refused = || error(401, "SIGN_ERROR", "错误的签名，验签失败");
    let authorization = request.header("authorization").strip_prefix(SCHEME).ok_or_else(refused)?;
    let fields: HashMap<&str, &str> = authorization
        .split(',')
        .filter_map(|field| {
            let (name, value) = field.trim().split_once('=')?;
            Some((name, value.strip_prefix('"')?.strip_suffix('"')?))
        })
        .collect();
    let field = |name| fields.get(name).copied().unwrap_or("");
    let (timestamp, nonce) = (field("timestamp"), field("nonce_str"));
    let age: i64 = timestamp.parse().map(|signed: i64| now - signed).map_err(|_| refused())?;
    let mut message = format!("{}\n{}\n{timestamp}\n{nonce}\n", request.method, request.target).into_bytes();
    message.extend_from_slice(&request.body);
    message.push(b'\n');
    let right = field("mchid") == numbers::MCHID
        && field("serial_no") == provider.serial_no
        && age.saturating_abs() <= 300
        && provider.signed(&message, field("signature"))
        && fresh(nonce);
    if right { Ok(()) } else { Err(refused()) }
}

/// The query of a facemch request; `key`: that of the sub-merchant it names, if there is such a one.
pub(super) fn check_fields<Key>(request: &Request, key: Option<Key>) -> Result<Key, Answer> {
    let wrong = |field: &str| {
        let detail = json!({ "field": field, "location": "query" });
        Err(Answer::json(400, &json!({ "code": "PARAM_ERROR", "message": "参数错误", "detail": detail })))
    };
    let info_type = request.query("info_type").unwrap_or("");
    if !["ASK_REAL_NAME", "ASK_UNIONID"].contains(&info_type) {
        return wrong("info_type");
    }
    for (name, right) in FIELDS {
        if request.query(name) != Some(right) {
            return wrong(name);
        }
    }
    let serial = request.query("sub_serial_no").unwrap_or("");
    if info_type == "ASK_REAL_NAME" && serial.len() != 40 {
        return wrong("sub_serial_no");
    }
    key.map_or_else(|| wrong("sub_mchid"), Ok)
}
