//! Every way in, to an identity: a face through facemch, the others through the mini-program's calls.

use std::sync::Arc;

use super::{
    AuthInfo, FaceLookup,
    weixin::{Claim, Verdict, Weixin},
};
use crate::{
    fault::{Code, Fault as _, causes},
    words::{AuthInfoGrant, AuthInfoWanted, Deadline, Identity, InfoType, LaneId, RealnameClaim, WayIn},
};

/// What may be asked.
pub struct Ways {
    /// Faces.
    pub face: Arc<FaceLookup>,
    /// The mini-program's calls, where the site has them.
    pub weixin: Option<Arc<Weixin>>,
    /// What face terminals ask for, where the site offers it.
    pub authinfo: Option<Arc<AuthInfo>>,
}

/// Why there is no identity: the operator's code, and for the log what else is known of it; nothing of the person.
#[derive(Debug)]
pub struct NoIdentity {
    /// The operator's code.
    pub code: Code,
    /// WeChat's `Request-ID`.
    pub request_id: Option<String>,
    /// In words.
    pub told: String,
}

impl NoIdentity {
    pub(super) fn new(code: Code) -> Self {
        Self { code, request_id: None, told: code.summary().to_owned() }
    }
}

impl Ways {
    /// Who presents this? `info_type`: what the lane asks for about a face.
    pub fn who(&self, way: &WayIn, info_type: InfoType, deadline: Deadline) -> Result<Identity, NoIdentity> {
        match way {
            WayIn::Face(face_sid) => self.face.look_up_for(face_sid, info_type, deadline).map_err(|error| NoIdentity {
                code: error.code(),
                request_id: error.request_id().map(str::to_owned),
                told: causes(&error),
            }),
            WayIn::RealnameAuth(token) => self.weixin()?.realname_auth(token.reveal(), deadline).map_err(from_weixin),
            WayIn::RealnameCheck(claim) => self.check(claim, deadline),
            // WeChat knows nothing of them: only the site's system can judge.
            WayIn::Voucher(_) | WayIn::Card(_) => Err(NoIdentity::new(Code::T214)),
        }
    }

    /// A terminal's authinfo.
    pub fn authinfo(
        &self,
        lane: LaneId,
        wanted: &AuthInfoWanted,
        deadline: Deadline,
    ) -> Result<AuthInfoGrant, NoIdentity> {
        let authinfo = self.authinfo.as_ref().ok_or_else(|| NoIdentity::new(Code::T213))?;
        authinfo.grant(lane, wanted, deadline).map_err(|error| NoIdentity {
            code: error.code(),
            request_id: None,
            told: causes(&error),
        })
    }

    fn weixin(&self) -> Result<&Weixin, NoIdentity> {
        self.weixin.as_deref().ok_or_else(|| NoIdentity::new(Code::T213))
    }

    fn check(&self, claim: &RealnameClaim, deadline: Deadline) -> Result<Identity, NoIdentity> {
        let weixin = self.weixin()?;
        let card = claim.card.as_ref().ok_or_else(|| NoIdentity::new(Code::T213))?;
        let question = Claim {
            openid: claim.openid.reveal().to_owned(),
            real_name: card.name.reveal().to_owned(),
            cred_id: card.id.reveal().to_owned(),
            cred_type: card.kind.number().to_string(),
            code: claim.code.reveal().to_owned(),
        };
        match weixin.realname_check(&question, deadline).map_err(from_weixin)? {
            Verdict::Match => Ok(Identity {
                openid: Some(claim.openid.clone()),
                real_name: Some(card.name.clone()),
                credential: Some(card.credential()),
                ..Identity::default()
            }),
            Verdict::OtherPerson | Verdict::OtherNumber => Err(NoIdentity::new(Code::W111)),
            Verdict::NoRealName => Err(NoIdentity::new(Code::W106)),
            Verdict::Unclear => Err(NoIdentity::new(Code::W105)),
        }
    }
}

fn from_weixin(error: super::weixin::WeixinError) -> NoIdentity {
    NoIdentity { code: error.code(), request_id: None, told: causes(&error) }
}
