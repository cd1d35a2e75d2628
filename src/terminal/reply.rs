//! Values to lines.

use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::{
    fault::Code,
    kiosk::{AckStatus, Outcome, Phrases, Scene},
    words::{AuthInfoGrant, PeerId, SessionId, Visit},
};

/// A line on its way out, with its end; wiped when it has gone.
pub(super) type OutLine = Zeroizing<Vec<u8>>;

/// Something a terminal is told.
#[derive(Clone, Debug)]
pub enum Reply {
    /// What is done with a frame.
    Ack {
        /// The connection that is answered.
        peer: PeerId,
        /// The frame's number.
        seq: u64,
        /// Whether the frame counts, and why not.
        status: AckStatus,
        /// The session.
        session: Option<SessionId>,
        /// Its code, where something failed.
        code: Option<Code>,
    },
    /// How a session ended.
    Outcome {
        /// The connection that is answered.
        peer: PeerId,
        /// The number of the frame that asked.
        seq: u64,
        /// Everything that the terminal is told of it.
        outcome: Outcome,
    },
    /// What the terminal's SDK asked for.
    AuthInfo {
        /// The connection that is answered.
        peer: PeerId,
        /// The frame's number.
        seq: u64,
        /// What, or why not.
        result: Result<AuthInfoGrant, Code>,
    },
    /// What to show; to every connection of the lane.
    Scene {
        /// Whose visit it shows, if anybody's.
        session: Option<SessionId>,
        /// Everything that is on it.
        scene: Scene,
    },
    /// A line as it stands, without its end: what a later version may say, to every connection of the lane.
    #[cfg(feature = "pilot")]
    Later(Vec<u8>),
}

impl Reply {
    /// Whom; none for everybody.
    pub(super) fn peer(&self) -> Option<PeerId> {
        match self {
            Self::Ack { peer, .. } | Self::Outcome { peer, .. } | Self::AuthInfo { peer, .. } => Some(*peer),
            Self::Scene { .. } => None,
            #[cfg(feature = "pilot")]
            Self::Later(_) => None,
        }
    }

    /// The line, with its end. Members that are not known are null.
    pub(super) fn line(&self, phrases: &Phrases) -> OutLine {
        match self {
            Self::Ack { seq, status, session, code, .. } => ack(Some(*seq), *status, *session, *code),
            Self::Outcome { seq, outcome, .. } => {
                let Outcome { session, result, code, number, place, visit, quit_face_auth } = outcome;
                line(&json!({
                    "v": 1, "type": "outcome", "seq": seq, "session": session.to_string(),
                    "result": result.as_str(), "code": code.map(Code::as_str),
                    "number": number.as_ref().map(ToString::to_string),
                    "place": place.as_ref().map(ToString::to_string),
                    "visit": told(visit),
                    "quit_face_auth": quit_face_auth,
                }))
            }
            Self::AuthInfo { seq, result, .. } => {
                let grant = result.as_ref().ok();
                line(&json!({
                    "v": 1, "type": "authinfo", "seq": seq,
                    "authinfo": grant.map(|grant| grant.authinfo.reveal()),
                    "expires_in": grant.map(|grant| grant.expires_in.as_secs()),
                    "code": result.as_ref().err().map(|code| code.as_str()),
                }))
            }
            Self::Scene { session, scene } => scene_line(*session, scene, phrases),
            #[cfg(feature = "pilot")]
            Self::Later(bytes) => Zeroizing::new([bytes.as_slice(), b"\n"].concat()),
        }
    }
}

/// An ack that the core need not be asked for.
pub(super) fn ack(seq: Option<u64>, status: AckStatus, session: Option<SessionId>, code: Option<Code>) -> OutLine {
    line(&json!({
        "v": 1, "type": "ack", "seq": seq, "session": session.map(|session| session.to_string()),
        "status": status.as_str(), "code": code.map(Code::as_str),
    }))
}

pub(super) fn pong(seq: u64) -> OutLine {
    line(&json!({ "v": 1, "type": "pong", "seq": seq }))
}

/// What the terminal says aloud.
#[cfg(feature = "voice")]
fn said(scene: &Scene, phrases: &Phrases) -> Option<String> {
    scene.speech(phrases).text()
}

#[cfg(not(feature = "voice"))]
fn said(_: &Scene, _: &Phrases) -> Option<String> {
    None
}

fn scene_line(session: Option<SessionId>, scene: &Scene, phrases: &Phrases) -> OutLine {
    let options: Vec<Value> =
        scene.options.iter().map(|option| json!({ "option": option.option, "label": option.label.as_str() })).collect();
    line(&json!({
        "v": 1, "type": "scene", "session": session.map(|session| session.to_string()), "scene": scene.kind.as_str(), "headline": scene.headline(phrases, usize::MAX),
        "next": scene.next.map(|next| next.as_str()), "advice": scene.next.map(|_| scene.advice(phrases, usize::MAX)),
        "name": scene.name.as_ref().map(|name| name.reveal()),
        "number": scene.number.as_ref().map(ToString::to_string),
        "detail": scene.detail.as_ref().map(ToString::to_string).or(scene.time.as_ref().map(|time| phrases.time(time))),
        "lines": scene.lines(phrases, usize::MAX), "visit": scene.visit.as_deref().and_then(told),
        "options": options, "qr": scene.qr.as_ref().map(ToString::to_string), "code": scene.code.map(Code::as_str),
        "say": said(scene, phrases),
        "stands_ms": scene.stands.map(|stands| u64::try_from(stands.as_millis()).unwrap_or(u64::MAX)),
    }))
}

/// What the site tells of a visit, member by member; nothing where it tells nothing.
fn told(visit: &Visit) -> Option<&Visit> {
    Some(visit).filter(|visit| !visit.is_empty())
}

/// Room for most lines, bytes: one that has to grow leaves a copy behind, for whoever frees memory to wipe.
const LONGEST: usize = 4096;

fn line(value: &Value) -> OutLine {
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST));
    // Writing to memory does not fail, and what is written is no map with odd keys.
    let _ = serde_json::to_writer(&mut *line, value);
    line.push(b'\n');
    line
}
