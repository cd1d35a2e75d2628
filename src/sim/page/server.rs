//! Who may ask, and for what.

use std::{net::TcpListener as BlockingListener, path::Path, sync::Arc};

use axum::{
    Router,
    body::Bytes,
    extract::{self, DefaultBodyLimit, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use serde::{Deserialize, de::DeserializeOwned};

use super::{House, answers, events, hand::Side, through, view};
use crate::sim::{
    act::Act,
    ground::Ground,
    saboteur,
    scenario::{self, Scenario},
};

type Shared = State<Arc<House>>;

/// The longest click, bytes.
const MOST: usize = 64 * 1024;

/// What a page of ours may load: its own.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     media-src 'self'; font-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

pub(super) async fn serve(listener: BlockingListener, house: Arc<House>) -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    tokio::spawn(view::paint(Arc::clone(&house)));
    let routes = Router::new()
        .route("/", get(answers::page))
        .route("/kiosk.css", get(answers::style))
        .route("/kiosk.js", get(answers::script))
        .route("/events", get(events::stream))
        .route("/act", post(act))
        .route("/play", post(play))
        .route("/slips/{lane}/{number}", get(slip))
        .route("/wires/{lane}/{wire}", get(wire))
        .route("/done.toml", get(done))
        .route("/lanes/{lane}/", get(through::lead))
        .route("/lanes/{lane}/{what}", get(through::lead).post(through::lead))
        .route("/page.css", get(through::lead))
        .route("/page.js", get(through::lead))
        .route("/site.css", get(through::lead))
        .route("/logo.png", get(through::lead))
        .layer(DefaultBodyLimit::max(MOST))
        .layer(middleware::from_fn_with_state(Arc::clone(&house), guard))
        .with_state(house);
    axum::serve(listener, routes).await
}

/// Another site's page may lead a browser here under a name of its own, or let it click: neither counts.
async fn guard(State(house): Shared, request: Request, next: Next) -> Response {
    if let Some(refusal) = refusal(&house, &request) {
        return refusal.into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn refusal(house: &House, request: &Request) -> Option<(StatusCode, &'static str)> {
    let port = house.address.port();
    let names = [format!("127.0.0.1:{port}"), format!("localhost:{port}"), format!("[::1]:{port}")];
    let header = |name| request.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let host = header(header::HOST).map(str::to_owned);
    let Some(host) = host.filter(|host| names.contains(host)) else {
        return Some((StatusCode::MISDIRECTED_REQUEST, "not the name of this page"));
    };
    let is_own = header(header::ORIGIN) == Some(&format!("http://{host}"));
    (*request.method() != Method::GET && !is_own).then_some((StatusCode::FORBIDDEN, "not from this page"))
}

async fn act(State(house): Shared, headers: HeaderMap, body: Bytes) -> Response {
    let acts: Vec<Act> = match read(&headers, &body) {
        Ok(acts) => acts,
        Err(refusal) => return refusal.into_response(),
    };
    let side = Side::of(&acts);
    give(&house, side, move |ground| acts.iter().try_for_each(|act| ground.act(act)).map(|()| String::new())).await
}

/// What is to be played: one that comes with the program, or clicks at random.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Play {
    scenario: Option<String>,
    seed: Option<u64>,
    #[serde(default)]
    minutes: f64,
}

/// Nobody clicks at random for longer on a page, minutes.
const LONGEST: f64 = 60.0;

async fn play(State(house): Shared, headers: HeaderMap, body: Bytes) -> Response {
    let play: Play = match read(&headers, &body) {
        Ok(play) => play,
        Err(refusal) => return refusal.into_response(),
    };
    give(&house, Side::Scenario, move |ground| {
        if let Some(seed) = play.seed {
            return Ok(format!("seed {seed}: {}", saboteur::click(ground, seed, play.minutes, LONGEST).told()));
        }
        let name = play.scenario.unwrap_or_default();
        let ended = match ground.own.get().filter(|(own, _)| *own == name) {
            Some((_, own)) => own.play(ground),
            None => {
                let text = scenario::built_in(&name).ok_or("there is no such scenario")?;
                Scenario::parse(Path::new(&name), text)?.play(ground)
            }
        };
        match ended.wrong.is_empty() {
            true => Ok(format!("{name}: as expected; {}", ended.score.told())),
            false => Err(format!("{name}: {}", ended.wrong.join("; "))),
        }
    })
    .await
}

fn read<T: DeserializeOwned>(headers: &HeaderMap, body: &[u8]) -> Result<T, (StatusCode, String)> {
    if headers.get(header::CONTENT_TYPE).is_none_or(|kind| kind != "application/json") {
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, "not JSON".to_owned()));
    }
    serde_json::from_slice(body).map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))
}

async fn give(
    house: &House,
    side: Side,
    task: impl FnOnce(&Ground) -> Result<String, String> + Send + 'static,
) -> Response {
    let Some((_, hands)) = house.ground.get() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "the sandbox is being set up").into_response();
    };
    match hands.give(side, task).await {
        Ok(told) => told.into_response(),
        Err(why) => (StatusCode::CONFLICT, why).into_response(),
    }
}

async fn slip(State(house): Shared, extract::Path((lane, number)): extract::Path<(usize, usize)>) -> Response {
    let slip = house.ground.get().and_then(|(ground, _)| ground.places.get(lane)?.twins.printer.slip(number));
    slip.map_or(StatusCode::NOT_FOUND.into_response(), |slip| {
        ([(header::CONTENT_TYPE, "image/png")], slip.png()).into_response()
    })
}

async fn wire(State(house): Shared, extract::Path((lane, wire)): extract::Path<(usize, String)>) -> Response {
    let told = house.ground.get().and_then(|(ground, _)| {
        let twins = &ground.places.get(lane)?.twins;
        match wire.as_str() {
            "terminal" => Some(ground.lobby(lane).frames()),
            "panel" => Some(twins.face().decoded()),
            "printer" => Some(twins.printer.decoded()),
            "wechat" => Some(ground.asked().0),
            "site" => Some(ground.asked().1),
            _ => None,
        }
    });
    told.map_or(StatusCode::NOT_FOUND.into_response(), |told| {
        ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], told).into_response()
    })
}

async fn done(State(house): Shared) -> Response {
    let Some((ground, _)) = house.ground.get() else { return StatusCode::NOT_FOUND.into_response() };
    ([(header::CONTENT_TYPE, "application/toml")], scenario::write(&ground.done())).into_response()
}
