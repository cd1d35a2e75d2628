//! The port, the thread behind it, and what is common to all pages.

use std::{io, sync::Arc, thread, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    sync::{mpsc::Sender, oneshot, watch},
    task::yield_now,
    time::sleep,
};

use super::{
    Backstage, Behind, Door, LanePage, Listen, PAGE, PageError,
    accounts::Accounts,
    counter::Counter,
    event::Told,
    log::LOG,
    requests::{self, House, Place},
    screen::Screen,
    technician::{self, Technician},
};
#[cfg(feature = "network")]
use crate::fault::Code;
#[cfg(feature = "network")]
use crate::terminal::{Rarely, Refusal, Shown, Threshold, Validity};
#[cfg(feature = "network")]
use crate::words::{Moment, Now};
use crate::{
    kiosk::Input,
    terminal::{Activity, Bounds, Connections, LocalSocket, Witness},
    words::{Clock, LaneId, PeerId, WallTime},
};

/// Connections: a browser holds one for its scenes and up to five more while it loads.
const PLACES: Bounds = Bounds { most: 128, of_one: 128 };

/// How long nobody is let in after the system had no room for a connection.
const RECOVERY: Duration = Duration::from_millis(100);

/// How often it is asked whether the certificates of those who are connected still count.
#[cfg(feature = "network")]
const AGAIN: Duration = Duration::from_secs(5);

/// How often it is said that a file is out of date.
#[cfg(feature = "network")]
const REMINDER: Duration = Duration::from_secs(86_400);

/// The pages while they are served; nobody is let in any more when this goes.
pub struct Server {
    dress: watch::Sender<Dress>,
    wanted: Option<oneshot::Sender<()>>,
    serving: Option<thread::JoinHandle<()>>,
}

/// What all pages have in common, and may have otherwise after a hangup.
pub(super) struct Dress {
    pub(super) behind: Behind,
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
        backstage: Option<&Arc<dyn Backstage>>,
        witness: impl Fn(Option<LaneId>) -> Arc<dyn Witness>,
    ) -> Result<(Self, Vec<Screen>), PageError> {
        let failed = |source| PageError::Bind { section: PAGE, place: door.listen.clone(), source };
        let behind = door.read(lanes.iter().map(|lane| lane.allow_subjects.clone()).collect(), clock)?;
        let technician = backstage.map(|backstage| {
            LOG.begin(clock);
            let accounts = Accounts::open(door.accounts.clone(), Arc::clone(clock)).map_err(PageError::Thread)?;
            Ok::<_, PageError>(Technician(Counter::new(technician::PLACE, accounts, backstage, clock)))
        });
        let technician = technician.transpose()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let within = runtime.enter();
        let opened = Opened::at(door);
        drop(within);
        let opened = match opened {
            Ok(opened) => opened,
            Err(error) => {
                // We are on a runtime already, where one that is dropped must not be waited for.
                runtime.shutdown_background();
                return Err(error);
            }
        };
        let (screens, glasses): (Vec<_>, Vec<_>) = lanes.iter().map(|_| Screen::new()).unzip();
        let (dress, worn) = watch::channel(Dress::new(behind));
        let places: Vec<Place> =
            lanes.into_iter().zip(glasses).map(|(page, glass)| Place { page, glass, told: Told::default() }).collect();
        let watched: Vec<_> = places
            .iter()
            .map(|place| {
                let lane = place.page.lane;
                place.glass.lookers.clone().watch(lane, inputs.clone(), witness(Some(lane)))
            })
            .collect();
        let relays: Vec<_> = places.iter().map(|place| place.glass.clone().relay()).collect();
        let clock = Arc::clone(clock);
        let house = House { door: door.clone(), places, dress: worn, clock, inputs: inputs.clone(), technician };
        let house = Arc::new(house);
        #[cfg(feature = "network")]
        let told = witness(None);
        let (wanted, unwanted) = oneshot::channel::<()>();
        let serve = move || {
            runtime.block_on(async {
                watched.into_iter().for_each(|watch| drop(tokio::spawn(watch)));
                relays.into_iter().for_each(|relay| drop(tokio::spawn(relay)));
                #[cfg(feature = "network")]
                let welcome = house.dress.borrow().behind.welcome.clone();
                let serving = async {
                    match opened {
                        #[cfg(feature = "network")]
                        Opened::Port(port) if let Some(welcome) = welcome => {
                            let_in_certified(Threshold::new(port, welcome), house, told).await;
                        }
                        Opened::Port(port) => {
                            let accept = async || {
                                let (stream, _) = port.accept().await?;
                                // An event is small, and is waited for.
                                let _ = stream.set_nodelay(true);
                                Ok(stream)
                            };
                            let_in(accept, house).await;
                        }
                        Opened::Socket(socket) => let_in(async || Ok(socket.accept().await?.0), house).await,
                    }
                };
                tokio::select! {
                    // Whoever looks is told the last scene first.
                    () = async {
                        let _ = unwanted.await;
                        yield_now().await;
                        yield_now().await;
                    } => {}
                    () = serving => {}
                }
            });
        };
        let serving = thread::Builder::new().name("pages".to_owned()).spawn(serve).map_err(failed)?;
        Ok((Self { dress, wanted: Some(wanted), serving: Some(serving) }, screens))
    }

    /// What lies behind the door's files may be something else. Open pages load themselves anew where it is.
    pub fn renew(&self, behind: Behind) {
        self.dress.send_modify(|dress| {
            let is_as_before = dress.behind.css == behind.css;
            match is_as_before {
                true => dress.behind = behind,
                false => *dress = Dress::new(behind),
            }
        });
    }

    /// Beyond loopback: until when our certificate is good, and the list of those that were taken back.
    pub(crate) fn validity(&self) -> (Option<WallTime>, Option<WallTime>) {
        self.dress.borrow().behind.validity()
    }
}

/// A socket's file goes with the thread.
impl Drop for Server {
    fn drop(&mut self) {
        self.wanted = None;
        let _ = self.serving.take().map(thread::JoinHandle::join);
    }
}

impl Dress {
    /// Without random numbers a page of an earlier start stays as it is until somebody loads it anew.
    fn new(behind: Behind) -> Self {
        Self { behind, edition: format!("{:x}", getrandom::u64().unwrap_or_default()) }
    }
}

/// Where browsers knock.
enum Opened {
    Port(TcpListener),
    Socket(LocalSocket),
}

impl Opened {
    /// Within a runtime.
    fn at(door: &Door) -> Result<Self, PageError> {
        if let Listen::Unix(path) = &door.listen {
            return LocalSocket::bind(path, 0o660).map(Self::Socket).map_err(PageError::Socket);
        }
        let port = TcpListener::from_std(door.listen.port(PAGE)?);
        port.map(Self::Port).map_err(|source| PageError::Bind { section: PAGE, place: door.listen.clone(), source })
    }
}

/// Lets in whoever is on this machine.
async fn let_in<S>(accept: impl AsyncFn() -> io::Result<S>, house: Arc<House>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut connections = Connections::new(PLACES);
    let mut number = 0_u32;
    loop {
        tokio::select! {
            knock = accept() => match knock {
                Ok(stream) => {
                    number = number.wrapping_add(1);
                    let activity = Activity::default();
                    let serving = requests::serve(Arc::clone(&house), stream, None, activity.clone());
                    connections.start(PeerId(number), (), activity, (), serving);
                }
                Err(_) => sleep(RECOVERY).await,
            },
            () = connections.ended() => {}
        }
    }
}

/// Files that are out of date are told of, once a day.
#[cfg(feature = "network")]
fn remind(reminded: &mut Option<Moment>, validity: Validity, now: Now, witness: &dyn Witness) {
    if reminded.is_some_and(|last| now.moment.since(last) < REMINDER) {
        return;
    }
    for (code, until) in [(Code::K407, Some(validity.certificate)), (Code::T220, validity.crl)] {
        if until.is_some_and(|until| until < now.wall) {
            *reminded = Some(now.moment);
            witness.failed("for pages over the network", &code.into());
        }
    }
}

/// Lets in whoever shows a certificate that counts for one of the lanes, for as long as it does.
#[cfg(feature = "network")]
async fn let_in_certified(mut threshold: Threshold, house: Arc<House>, witness: Arc<dyn Witness>) {
    let mut connections: Connections<Shown, ()> = Connections::new(PLACES);
    let (mut dress, mut number, mut told) = (house.dress.clone(), 0_u32, Rarely::default());
    let mut refused = |what, refusal: Refusal| {
        if told.may_tell(house.clock.now().moment) {
            witness.failed(what, &refusal.into());
        }
    };
    let mut reminded = None;
    remind(&mut reminded, threshold.welcome().validity(), house.clock.now(), &*witness);
    let mut again = tokio::time::interval(AGAIN);
    again.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let judges = tokio::select! {
            guest = threshold.next(&house.clock) => {
                match guest {
                    Ok((stream, shown)) => {
                        number = number.wrapping_add(1);
                        let activity = Activity::default();
                        let subject = Some(shown.subject.clone());
                        let serving = requests::serve(Arc::clone(&house), stream, subject, activity.clone());
                        connections.start(PeerId(number), shown, activity, (), serving);
                    }
                    Err(Refusal::TooMany) => {}
                    Err(refusal) => refused("a browser was not let in", refusal),
                }
                false
            }
            () = connections.ended() => false,
            Ok(()) = dress.changed() => {
                let welcome = dress.borrow_and_update().behind.welcome.clone();
                welcome.into_iter().for_each(|welcome| threshold.renew(welcome));
                reminded = None;
                true
            }
            _ = again.tick(), if !connections.is_empty() => true,
        };
        if judges {
            remind(&mut reminded, threshold.welcome().validity(), house.clock.now(), &*witness);
            connections.retain(|_, kept| {
                let judged = threshold.judge(&kept.owner, house.clock.now().wall);
                let stays = judged.is_ok();
                judged.err().into_iter().for_each(|why| refused("a browser that was connected is sent away", why));
                stays
            });
        }
    }
}
