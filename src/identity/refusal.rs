//! The body of an error: `{"code":"…","message":"…","detail":{"field":"…"}}` (APIv3 documentation 4012354972).

use serde::Deserialize;
use serde_json::Value;

use super::lenient;

/// Any of it may be missing.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ErrorBody {
    /// WeChat's own word.
    #[serde(deserialize_with = "lenient::text")]
    pub(super) code: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    message: Option<String>,
    detail: Value,
}

impl ErrorBody {
    /// What can be read of it.
    pub(super) fn read(body: &[u8]) -> Self {
        lenient::read(body).unwrap_or_default()
    }

    /// True when a field of ours is named, not the face: another look would not help.
    pub(super) fn is_about_the_merchant(&self) -> bool {
        const FIELDS: [&str; 5] = ["appid", "mchid", "serial_no", "info_type", "UnionID"];
        let field = self.detail.get("field").and_then(Value::as_str);
        let text = field.or(self.message.as_deref()).unwrap_or("");
        FIELDS.iter().any(|field| text.contains(field))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_that_names_a_field_of_ours_is_told_from_a_used_up_face() {
        let about = |json: &str| ErrorBody::read(json.as_bytes()).is_about_the_merchant();
        assert!(about(r#"{"code":"PARAM_ERROR","detail":{"field":"sub_mchid"}}"#));
        assert!(about(r#"{"code":"INVALID_REQUEST","message":"sub_mchid不合法"}"#));
        assert!(about(r#"{"code":"INVALID_REQUEST","message":"UnionID为空"}"#));
        assert!(about(r#"{"code":40,"message":"UnionID为空","detail":null}"#));
        assert!(!about(r#"{"code":"INVALID_REQUEST","message":"face_sid已失效"}"#));
        assert!(!about(r#"{"code":"PARAM_ERROR","detail":"x"}"#));
    }
}
