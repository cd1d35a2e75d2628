//! `POST /intp/realname/checkrealnameinfo` (mini-program server API, api_checkrealnameinfo): is the holder of this
//! openid the person of this name and document?

use serde::{Deserialize, Serialize};

use super::Weixin;
use crate::{
    fault::{Code, Failure},
    http::Method,
    identity::lenient,
    words::{Card, CredentialType, Deadline},
};

/// What a person claims. Name and number go through the same door as everybody's, [`Card::parse`]; the code is sent
/// unchanged.
#[derive(Clone, Deserialize, zeroize::ZeroizeOnDrop)]
pub struct Claim {
    /// The WeChat user who is asked about.
    pub openid: String,
    /// The name.
    pub real_name: String,
    /// The document's number.
    pub cred_id: String,
    /// Its type, WeChat's number; where it is none, the number's form tells.
    #[serde(default)]
    pub cred_type: String,
    /// The mini-program's `extraData.code`.
    pub code: String,
}

#[derive(Serialize)]
struct Question<'a> {
    openid: &'a str,
    real_name: &'a str,
    cred_id: &'a str,
    /// A text: "1" is the identity card.
    cred_type: String,
    code: &'a str,
}

/// What weixin says of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The openid, the name and the number belong together.
    Match,
    /// The openid belongs to another name (`V_OP_NM_UM`).
    OtherPerson,
    /// The name has another number (`V_NM_ID_UM`).
    OtherNumber,
    /// The user has no real name at WeChat (`V_OP_NA`).
    NoRealName,
    /// None of these.
    Unclear,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default, deserialize_with = "lenient::text")]
    verify_openid: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    verify_real_name: Option<String>,
}

impl Weixin {
    /// Checks a claim. A code is good for one question.
    ///
    /// # Errors
    /// T205 where the name is none or the number none of that kind: weixin is not asked.
    pub fn realname_check(&self, claim: &Claim, deadline: Deadline) -> Result<Verdict, Failure> {
        let kind = claim.cred_type.trim().parse().map_or(CredentialType::UNSAID, CredentialType::from_number);
        let card = Card::parse(&claim.real_name, kind, &claim.cred_id).ok_or_else(|| Failure::new(Code::T205))?;
        let question = Question {
            openid: &claim.openid,
            real_name: card.name.reveal(),
            cred_id: card.id.reveal(),
            cred_type: card.kind.number().to_string(),
            code: &claim.code,
        };
        let body = zeroize::Zeroizing::new(serde_json::to_vec(&question).map_err(|_| Failure::new(Code::X001))?);
        let answer: Answer = self.call(Method::Post, "/intp/realname/checkrealnameinfo", Some(&body), deadline)?;
        let (openid, real_name) = (answer.verify_openid, answer.verify_real_name);
        Ok(verdict(openid.as_deref().unwrap_or_default(), real_name.as_deref().unwrap_or_default()))
    }
}

/// A match only if every part of both says so.
fn verdict(openid: &str, real_name: &str) -> Verdict {
    let parts: Vec<&str> = openid.split(';').map(str::trim).filter(|part| !part.is_empty()).collect();
    let says = |word| parts.contains(&word);
    if says("V_OP_NM_UM") {
        Verdict::OtherPerson
    } else if says("V_OP_NA") {
        Verdict::NoRealName
    } else if real_name.trim() == "V_NM_ID_UM" {
        Verdict::OtherNumber
    } else if !parts.is_empty() && parts.iter().all(|part| *part == "V_OP_NM_MA") && real_name.trim() == "V_NM_ID_MA" {
        Verdict::Match
    } else {
        Verdict::Unclear
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_match_needs_every_part_to_say_so() {
        for (openid, real_name, wanted) in [
            ("V_OP_NM_MA", "V_NM_ID_MA", Verdict::Match),
            ("V_OP_NM_MA;V_OP_NM_MA", "V_NM_ID_MA", Verdict::Match),
            ("V_OP_NM_MA;V_OP_NM_UM", "V_NM_ID_MA", Verdict::OtherPerson),
            ("V_OP_NA", "", Verdict::NoRealName),
            ("V_OP_NM_MA", "V_NM_ID_UM", Verdict::OtherNumber),
            ("V_OP_NM_MA", "", Verdict::Unclear),
            ("", "V_NM_ID_MA", Verdict::Unclear),
            ("V_OP_NEW;V_OP_NM_MA", "V_NM_ID_MA", Verdict::Unclear),
        ] {
            assert_eq!(verdict(openid, real_name), wanted, "{openid} {real_name}");
        }
    }
}
