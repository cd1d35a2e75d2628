//! Every way in, to an identity: a face through facemch, the others through the mini-program's calls.

use std::sync::Arc;

use super::{
    AuthInfo, FaceLookup,
    weixin::{Claim, Verdict, Weixin},
};
use crate::{
    fault::{Code, Failure},
    words::{AuthInfoGrant, AuthInfoWanted, Deadline, Identity, InfoType, LaneId, RealnameClaim, WayIn},
};

/// What may be asked.
pub struct Ways {
    /// Asks WeChat Pay who a face_sid belongs to.
    pub face: Arc<FaceLookup>,
    /// The mini-program's calls, where the site has them.
    pub weixin: Option<Arc<Weixin>>,
    /// What face terminals ask for, where the site offers it.
    pub authinfo: Option<Arc<AuthInfo>>,
}

impl Ways {
    /// Who presents this? `info_type`: what the lane asks for about a face.
    pub fn who(&self, way: &WayIn, info_type: InfoType, deadline: Deadline) -> Result<Identity, Failure> {
        match way {
            WayIn::Face(face_sid) => self.face.look_up_for(face_sid, info_type, deadline),
            WayIn::RealnameAuth(token) => self.weixin()?.realname_auth(token.reveal(), deadline),
            WayIn::RealnameCheck(claim) => self.check(claim, deadline),
            // WeChat knows nothing of them: only the site's system can judge.
            WayIn::Voucher(_) | WayIn::Card(_) => Err(Failure::new(Code::T214)),
        }
    }

    /// A terminal's authinfo.
    pub fn authinfo(
        &self,
        lane: LaneId,
        wanted: &AuthInfoWanted,
        deadline: Deadline,
    ) -> Result<AuthInfoGrant, Failure> {
        let authinfo = self.authinfo.as_ref().ok_or_else(|| Failure::new(Code::T213))?;
        authinfo.grant(lane, wanted, deadline)
    }

    fn weixin(&self) -> Result<&Weixin, Failure> {
        self.weixin.as_deref().ok_or_else(|| Failure::new(Code::T213))
    }

    fn check(&self, claim: &RealnameClaim, deadline: Deadline) -> Result<Identity, Failure> {
        let weixin = self.weixin()?;
        let card = claim.card.as_ref().ok_or_else(|| Failure::new(Code::T213))?;
        let question = Claim {
            openid: claim.openid.reveal().to_owned(),
            real_name: card.name.reveal().to_owned(),
            cred_id: card.id.reveal().to_owned(),
            cred_type: card.kind.number().to_string(),
            code: claim.code.reveal().to_owned(),
        };
        match weixin.realname_check(&question, deadline)? {
            Verdict::Match => Ok(Identity {
                openid: Some(claim.openid.clone()),
                real_name: Some(card.name.clone()),
                credential: Some(card.credential()),
                ..Identity::default()
            }),
            Verdict::OtherPerson | Verdict::OtherNumber => Err(Failure::new(Code::W111)),
            Verdict::NoRealName => Err(Failure::new(Code::W106)),
            Verdict::Unclear => Err(Failure::new(Code::W105)),
        }
    }
}
