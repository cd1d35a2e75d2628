//! The port, the thread behind it, and what is common to all pages.

use std::{net::TcpListener as BlockingListener, sync::Arc, thread, time::Duration};

use tokio::{
    net::TcpListener,
    sync::{mpsc::Sender, oneshot, watch},
    time::sleep,
};

use super::{
    Door, LanePage, PageError, css,
    requests::{self, House, Place},
    screen::Screen,
};
use crate::{
    kiosk::Input,
    terminal::{Activity, Bounds, Connections, Witness},
    words::{Clock, LaneId, PeerId},
};

/// Connections: a browser holds one for its scenes and up to five more while it loads.
const PLACES: Bounds = Bounds { most: 128, of_one: 128 };

/// How long nobody is let in after the system had no room for a connection.
const RECOVERY: Duration = Duration::from_millis(100);

/// The pages while they are served; nobody is let in any more when this goes.
pub struct Server {
    dress: watch::Sender<Dress>,
    _wanted: oneshot::Sender<()>,
}

/// What the site wants all pages to look like.
pub(super) struct Dress {
    pub(super) css: Arc<str>,
    /// Of this page, this start and this style sheet: a page of another edition loads itself anew.
    pub(super) edition: String,
}

impl Server {
    /// Takes the port into use, and serves from a thread of its own: a browser's questions keep no lane waiting. What is
    /// to be shown on each lane's page goes to the screens, which come back in the lanes' order.
    pub fn open(
        door: &Door,
        lanes: Vec<LanePage>,
        clock: &Arc<dyn Clock>,
        inputs: &Sender<Input>,
        witness: impl Fn(LaneId) -> Arc<dyn Witness>,
    ) -> Result<(Self, Vec<Screen>), PageError> {
        let address = door.listen.address();
        let failed = |source| PageError::Bind { address, source };
        let css = css(door.css.as_deref())?;
        let listener = BlockingListener::bind(address).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let (screens, glasses): (Vec<_>, Vec<_>) = lanes.iter().map(|_| Screen::new()).unzip();
        let (dress, worn) = watch::channel(Dress::new(css));
        let places: Vec<Place> = lanes.into_iter().zip(glasses).map(|(page, glass)| Place { page, glass }).collect();
        let watched: Vec<_> = places
            .iter()
            .map(|place| {
                let lane = place.page.lane;
                place.glass.lookers.clone().watch(lane, inputs.clone(), witness(lane))
            })
            .collect();
        let house = Arc::new(House {
            listen: door.listen,
            places,
            dress: worn,
            clock: Arc::clone(clock),
            inputs: inputs.clone(),
        });
        let (wanted, unwanted) = oneshot::channel::<()>();
        let serve = move || {
            runtime.block_on(async {
                let Ok(listener) = TcpListener::from_std(listener) else { return };
                watched.into_iter().for_each(|watch| drop(tokio::spawn(watch)));
                tokio::select! {
                    _ = unwanted => {}
                    () = let_in(listener, house) => {}
                }
            });
        };
        thread::Builder::new().name("pages".to_owned()).spawn(serve).map_err(failed)?;
        Ok((Self { dress, _wanted: wanted }, screens))
    }

    /// The site's style sheet is another one.
    pub fn wear(&self, css: Arc<str>) {
        self.dress.send_if_modified(|dress| {
            let is_new = dress.css != css;
            if is_new {
                *dress = Dress::new(css);
            }
            is_new
        });
    }
}

impl Dress {
    /// Without random numbers a page of an earlier start stays as it is until somebody loads it anew.
    fn new(css: Arc<str>) -> Self {
        Self { css, edition: format!("{:x}", getrandom::u64().unwrap_or_default()) }
    }
}

async fn let_in(listener: TcpListener, house: Arc<House>) {
    let mut connections = Connections::new(PLACES);
    let mut number = 0_u32;
    loop {
        tokio::select! {
            knock = listener.accept() => match knock {
                Ok((stream, from)) => {
                    number = number.wrapping_add(1);
                    // An event is small, and is waited for.
                    let _ = stream.set_nodelay(true);
                    let activity = Activity::default();
                    let serving = requests::serve(Arc::clone(&house), stream, activity.clone());
                    connections.start(PeerId(number), from.ip(), activity, (), serving);
                }
                Err(_) => sleep(RECOVERY).await,
            },
            () = connections.ended() => {}
        }
    }
}
