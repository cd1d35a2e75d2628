//! What browsers ask for, and what they are answered.

use std::{io, sync::Arc, time::Duration};

use serde::Deserialize;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, split},
    sync::{mpsc::Sender, watch},
    time::timeout,
};

use super::{
    Door, LanePage,
    answer::{Answer, CSS, JAVASCRIPT, begin_events, send},
    assets::{self, SCRIPT, STYLE},
    counter::Caller,
    event,
    place::is_meant,
    screen::{Glass, Standing},
    server::Dress,
    technician::{self, Technician},
};
use crate::{
    fault::Tongue,
    kiosk::{Button, Input},
    terminal::{Activity, Body, Inbox, Request},
    words::{Clock, Now},
};

/// How often a stream says that it is there. A page that hears nothing for three seconds says that nobody is served.
const BEAT: Duration = Duration::from_secs(1);

/// Everything that is asked for.
pub(super) struct House {
    pub(super) door: Door,
    pub(super) places: Vec<Place>,
    pub(super) dress: watch::Receiver<Dress>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) inputs: Sender<Input>,
    /// The technician's page, where the service stands behind it.
    pub(super) technician: Option<Technician>,
}

/// One lane's page, and what stands on it.
pub(super) struct Place {
    pub(super) page: LanePage,
    pub(super) glass: Glass,
    pub(super) told: event::Told,
}

/// What a person touched.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Touch {
    /// The scene's.
    token: String,
    /// An option, from 1 as shown.
    option: Option<u8>,
    /// The word that there is another way in.
    #[serde(default)]
    other_way: bool,
}

/// What comes of a request.
enum Taken<'a> {
    Answered(Answer),
    /// Scenes are told for as long as the connection lasts.
    Events(&'a Place),
    /// How everything is is told for as long.
    Overviews(&'a Technician, Tongue),
}

/// Numbers of touches are none of a terminal's frames.
const OF_TOUCHES: u64 = 1 << 63;

/// Serves one connection.
pub(super) async fn serve<S>(house: Arc<House>, stream: S, subject: Option<String>, activity: Activity)
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let (reader, mut writer) = split(stream);
    let mut inbox = Inbox::new(reader);
    // However it ended, the browser comes again.
    let _ = house.requests(&mut inbox, &mut writer, subject.as_deref(), &activity).await;
    let _ = timeout(Duration::from_secs(1), writer.shutdown()).await;
}

impl House {
    /// Answers requests until one is the last.
    async fn requests<R: AsyncRead + Unpin>(
        &self,
        inbox: &mut Inbox<R>,
        writer: &mut (impl AsyncWrite + Unpin),
        subject: Option<&str>,
        activity: &Activity,
    ) -> io::Result<()> {
        loop {
            let request = match inbox.request(writer).await {
                Ok(Some(request)) => request,
                Ok(None) => return Ok(()),
                Err((status, cure)) => return Answer::word(status, cure).write(writer, false).await,
            };
            activity.mark(self.clock.now().moment);
            let taken = match self.technician(&request, subject) {
                Some(technician) => technician.await,
                None => self.take(&request, subject),
            };
            match taken {
                Taken::Answered(answer) => answer.write(writer, request.goes_on).await?,
                Taken::Overviews(technician, tongue) => {
                    activity.hold();
                    tokio::select! {
                        told = technician.tell(tongue, writer) => return told,
                        () = inbox.watch() => return Ok(()),
                    }
                }
                Taken::Events(place) => {
                    activity.hold();
                    tokio::select! {
                        told = self.tell(place, subject, writer) => return told,
                        () = inbox.watch() => return Ok(()),
                    }
                }
            }
            if !request.goes_on {
                return Ok(());
            }
        }
    }

    /// What the technician's page answers; none where something else is asked for, or somebody else asks. `subject`: whose
    /// certificate was shown; none within the machine.
    fn technician<'a>(
        &'a self,
        request: &'a Request,
        subject: Option<&'a str>,
    ) -> Option<impl Future<Output = Taken<'a>>> {
        let technician = self.technician.as_ref().filter(|_| technician::is_asked(&request.path))?;
        let theirs = match subject {
            // Behind a web server, whoever it lets ask: only where the site file says so.
            None => self.is_meant(request) && (self.door.technician || self.door.listen.address().is_some()),
            Some(subject) => self.dress.borrow().behind.technicians.iter().any(|known| known == subject),
        };
        let caller = Caller { source: subject.unwrap_or("loopback"), secure: subject.is_some() };
        theirs.then_some(async move {
            match technician.take(request, caller).await {
                technician::Taken::Answered(answer) => Taken::Answered(answer),
                technician::Taken::Events(tongue) => Taken::Overviews(technician, tongue),
            }
        })
    }

    /// `subject`: whose certificate was shown; none within the machine.
    fn take(&self, request: &Request, subject: Option<&str>) -> Taken<'_> {
        if subject.is_none() && !self.is_meant(request) {
            return Taken::Answered(Answer::word("421 Misdirected Request", "another host is meant"));
        }
        let path = request.path.as_str();
        let of_lane = path.strip_prefix("/lanes/").and_then(|rest| rest.split_once('/'));
        let theirs = self.theirs(subject);
        let place = of_lane.and_then(|(name, rest)| Some((*theirs.iter().find(|at| at.page.name == name)?, rest)));
        let got = request.method == "GET";
        Taken::Answered(match (path, place) {
            (_, Some((place, "touch"))) => match request.method.as_str() {
                "POST" => self.touched(place, request),
                _ => Answer::another_method("POST"),
            },
            (_, Some((_, "" | "events" | "voice.wav")))
            | ("/" | "/page.css" | "/page.js" | "/site.css" | "/logo.png", None)
                if !got =>
            {
                Answer::another_method("GET")
            }
            (_, Some((place, ""))) => assets::page(&place.page, &self.door.brand, &self.dress.borrow().edition),
            (_, Some((place, "events"))) => return Taken::Events(place),
            (_, Some((place, "voice.wav"))) => match &place.page.voice {
                Some(voice) => {
                    // Clips are read from disk: the loop must not wait for that to show the next scene.
                    let scene = place.glass.standing.borrow().scene.clone();
                    Answer::of("audio/wav", voice.wav(&scene))
                }
                None => Answer::word("404 Not Found", "this page says nothing"),
            },
            ("/", None) => assets::list(&theirs.iter().map(|place| &place.page).collect::<Vec<_>>()),
            ("/page.css", None) => Answer::of(CSS, STYLE),
            ("/page.js", None) => Answer::of(JAVASCRIPT, SCRIPT),
            ("/logo.png", None) => match &self.door.brand.logo {
                Some(logo) => Answer::of("image/png", &**logo),
                None => Answer::word("404 Not Found", "there is no logo"),
            },
            ("/site.css", None) => Answer::of(CSS, self.dress.borrow().behind.css.as_bytes()),
            _ => match theirs.iter().find(|place| path == assets::path(&place.page).trim_end_matches('/')) {
                Some(place) => Answer::elsewhere(&assets::path(&place.page)),
                None => Answer::word("404 Not Found", "there is /lanes/NAME/"),
            },
        })
    }

    /// The places that somebody may see.
    fn theirs(&self, subject: Option<&str>) -> Vec<&Place> {
        let dress = self.dress.borrow();
        let lists = self.places.iter().zip(&dress.behind.allow_subjects);
        let is_theirs = |list: &[String]| subject.is_none_or(|subject| list.iter().any(|allowed| allowed == subject));
        lists.filter(|(_, list)| is_theirs(list)).map(|(place, _)| place).collect()
    }

    /// No browser asks a socket: the web server in front of it knows whom it lets ask, and for which name.
    fn is_meant(&self, request: &Request) -> bool {
        self.door.listen.address().is_none_or(|here| is_meant(request, here))
    }

    /// A person touched something: it counts where our own page sent it, for the scene that stands.
    fn touched(&self, place: &Place, request: &Request) -> Answer {
        let refused = |word| Answer::word("403 Forbidden", word);
        let of_ours = request.origin.as_deref().and_then(|origin| origin.split_once("://"));
        if of_ours.is_none_or(|(_, host)| Some(host) != request.host.as_deref()) {
            return refused("touches come from a page of ours");
        }
        let Body::Whole(body) = &request.body else { return Answer::word("413 Content Too Large", "a touch is short") };
        let Ok(touch) = serde_json::from_slice::<Touch>(body) else {
            return Answer::word("400 Bad Request", "no touch");
        };
        let standing = place.glass.standing.borrow();
        if standing.token.as_deref() != Some(touch.token.as_str()) {
            return Answer::word("409 Conflict", "another scene stands");
        }
        let Some(input) = input(place, &standing, &touch) else {
            return refused("nothing of the kind is to be touched");
        };
        match self.inputs.try_send(input) {
            Ok(()) => Answer::nothing(),
            Err(_) => Answer::word("503 Service Unavailable", "busy"),
        }
    }

    /// `10:30`: a board's browser need not know where it is.
    fn time(&self, now: Now) -> String {
        let time = now.wall.at_offset(self.door.utc_offset);
        format!("{:02}:{:02}", time.hour(), time.minute())
    }

    /// Says what stands, whenever it changes, and that we are there.
    async fn tell(
        &self,
        place: &Place,
        subject: Option<&str>,
        writer: &mut (impl AsyncWrite + Unpin),
    ) -> io::Result<()> {
        let Glass { standing, stirs, lookers } = &place.glass;
        let mut stirs = stirs.subscribe();
        let mut dress = self.dress.clone();
        let _looking = lookers.comes();
        begin_events(writer).await?;
        loop {
            let edition = dress.borrow_and_update().edition.clone();
            // Whose page it is may have changed while it was open.
            if !self.theirs(subject).iter().any(|theirs| std::ptr::eq(*theirs, place)) {
                return Ok(());
            }
            let now = self.clock.now();
            let shown = place.told.of(&place.page, &standing.borrow(), (&edition, &self.time(now)), now);
            send(writer, &shown).await?;
            loop {
                tokio::select! {
                    Ok(()) = stirs.changed() => match standing.has_changed() {
                        Ok(_) => break,
                        Err(_) => return Ok(()),
                    },
                    Ok(()) = dress.changed() => break,
                    () = tokio::time::sleep(BEAT) => {
                        let beat = format!("event: beat\ndata: {}\n\n", self.time(self.clock.now()));
                        send(writer, beat.as_bytes()).await?;
                    }
                }
            }
        }
    }
}

/// What it means for the core; none where nothing of the kind stands there.
fn input(place: &Place, standing: &Standing, touch: &Touch) -> Option<Input> {
    let lane = place.page.lane;
    let Some(option) = touch.option else {
        let offered = touch.other_way && standing.offers_another_way();
        return offered.then_some(Input::Pressed { lane, button: Button::OtherWay });
    };
    let seq = OF_TOUCHES | standing.serial;
    let offered = standing.scene.options.iter().any(|offered| offered.option == option);
    let session = standing.session.filter(|_| offered)?;
    Some(Input::Chose { lane, peer: None, seq, session: Some(session), option })
}
