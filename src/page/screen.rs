//! What stands on a lane's page, and who looks at it.

use std::sync::Arc;

use tokio::sync::watch;

use super::looking::Lookers;
use crate::{
    kiosk::{Scene, SceneKind},
    words::{Moment, SessionId},
};

/// A scene as it stands. It goes, and is wiped, when the next one comes.
pub(super) struct Standing {
    pub(super) session: Option<SessionId>,
    pub(super) scene: Scene,
    pub(super) since: Moment,
    /// How many scenes came before.
    pub(super) serial: u64,
    /// The serial of the first scene that said the same: nobody is told it twice.
    pub(super) said: u64,
    /// What a touch has to show: that it is meant for this scene, and comes from a page of ours. None where nothing is
    /// to be touched.
    pub(super) token: Option<String>,
}

/// The page of a lane, as the loop has it.
pub struct Screen {
    standing: watch::Sender<Standing>,
    lookers: Lookers,
}

/// The same, as those who look have it.
#[derive(Clone)]
pub(super) struct Glass {
    pub(super) standing: watch::Receiver<Standing>,
    /// Something else stands there.
    pub(super) stirs: Arc<watch::Sender<()>>,
    pub(super) lookers: Lookers,
}

impl Glass {
    /// Wakes all who look when another scene comes, so that whoever shows it wakes one and does not wait for the rest.
    pub(super) async fn relay(mut self) {
        while self.standing.changed().await.is_ok() {
            self.stirs.send_replace(());
        }
        // They find that nothing will stand there any more.
        self.stirs.send_replace(());
    }
}

impl Screen {
    /// A page on which nobody is served yet.
    pub(super) fn new() -> (Self, Glass) {
        let first = Standing {
            session: None,
            scene: Scene::stopped(),
            since: Moment::default(),
            serial: 0,
            said: 0,
            token: None,
        };
        let (standing, seen) = watch::channel(first);
        let lookers = Lookers::default();
        (Self { standing, lookers: lookers.clone() }, Glass { standing: seen, stirs: Arc::default(), lookers })
    }

    /// Puts a scene in place of the one that stands.
    pub fn show(&self, session: Option<SessionId>, scene: Scene, now: Moment) {
        let token = token(&scene);
        self.standing.send_modify(|standing| {
            let serial = standing.serial.saturating_add(1);
            let before = &standing.scene;
            // A code and where to go came to it: the same was said of the rest.
            let alike = Scene { code: before.code, next: before.next, stands: before.stands, ..scene.clone() };
            let again = session.is_some() && standing.session == session && alike == *before;
            let said = if again { standing.said } else { serial };
            *standing = Standing { session, scene, since: now, serial, said, token };
        });
    }

    /// The program ends.
    pub(crate) fn close(&self, now: Moment) {
        let last = self.standing.borrow().scene.last();
        if let Some(last) = last {
            self.show(None, last, now);
        }
    }

    /// How many look at it.
    pub fn viewers(&self) -> u32 {
        self.lookers.count()
    }
}

impl Standing {
    /// The scene with what is left of its time.
    pub(super) fn now(&self, now: Moment) -> Scene {
        let stood = now.since(self.since);
        Scene { stands: self.scene.stands.map(|stands| stands.saturating_sub(stood)), ..self.scene.clone() }
    }

    /// Whether the person may ask for another way in.
    pub(super) fn offers_another_way(&self) -> bool {
        self.scene.kind == SceneKind::Idle && self.session.is_none()
    }
}

/// Nobody can guess it. Where the kernel gives no random numbers nothing can be touched.
fn token(scene: &Scene) -> Option<String> {
    let touchable = !scene.options.is_empty() || scene.kind == SceneKind::Idle;
    let half = || getrandom::u64().ok();
    let (one, other) = touchable.then(|| half().zip(half())).flatten()?;
    Some(format!("{one:016x}{other:016x}"))
}
