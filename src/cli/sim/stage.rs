//! `facemchd sim --page`, `--scenario` and `--seed`: a kiosk with everything that people can do to it.

use std::{
    io::{self, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::Duration,
};

use super::{Ending, folder, house::House};
use crate::{
    cli::logging,
    fault::exit,
    files,
    service::SystemClock,
    sim::{
        ground::{Ground, Place, Worlds},
        hospital::Hospital,
        keys::World,
        page::Page,
        saboteur,
        scenario::{self, BUILT_IN, Scenario},
        server::Authority,
        site_file::{HMAC_KEY, PAGE_LANES, SiteFile},
        story::Story,
        wechat::WeChat,
        weixin::Weixin,
    },
    words::Clock,
};

fn failed(error: &io::Error) -> Ending {
    Ending::io("the sandbox cannot be started", error)
}

/// A world and a kiosk in it, in a folder of its own.
fn ground(folder: &Path) -> Result<Arc<Ground>, Ending> {
    let io = |error: io::Error| failed(&error);
    let machine = Arc::new(SystemClock::start());
    let clock: Arc<dyn Clock> = Arc::<SystemClock>::clone(&machine);
    let story = Arc::new(Story::new(Arc::clone(&clock)));
    let authority = Authority::new().map_err(io)?;
    let world = Arc::new(World::generate().map_err(io)?);
    let wechat = WeChat::start(&authority, Arc::clone(&world), true, Arc::clone(&clock)).map_err(io)?;
    let hospital = Hospital::start(&authority, HMAC_KEY).map_err(io)?;
    let weixin = Weixin::start(&authority, Arc::clone(&world), Arc::clone(&clock)).map_err(io)?;
    let (pay, site_system, mini) = (wechat.url(), hospital.url(), weixin.url());
    let site_file = SiteFile { world: &world, wechat: &pay, hospital: &site_system, weixin: &mini, folder };
    let file = site_file.write_for_page(&authority.pem()).map_err(io)?;
    let house = House::start(file, machine, Arc::clone(&story))?;
    let (twins, state) = house.twins();
    let places = PAGE_LANES
        .into_iter()
        .zip(twins)
        .map(|((name, about), twins)| Place {
            name: name.to_owned(),
            about,
            socket: SiteFile::socket(folder, name),
            twins,
        })
        .collect();
    let worlds = Worlds { wechat, hospital, weixin, clock };
    let ground = Arc::new(Ground::new(worlds, places, state, Box::new(house), story).map_err(io)?);
    let watched = Arc::clone(&ground);
    // As systemd would.
    thread::Builder::new()
        .name("supervisor".to_owned())
        .spawn(move || {
            loop {
                thread::sleep(SUPERVISE);
                watched.revive();
            }
        })
        .map_err(io)?;
    Ok(ground)
}

/// How often it is looked whether the daemon has ended by itself.
const SUPERVISE: Duration = Duration::from_secs(2);

fn place(out: Option<&Path>) -> Result<PathBuf, Ending> {
    let folder = folder(out)
        .map_err(|error| Ending::io("a folder for the sandbox cannot be made (--out DIR must be empty)", &error))?;
    logging::start_in(files::create(&folder.join("facemchd.log")).map_err(|error| failed(&error.into()))?);
    Ok(folder)
}

/// Serves the page until Ctrl-C.
pub(super) fn page(listen: SocketAddr, out_folder: Option<&Path>, out: &mut dyn Write) -> Result<u8, Ending> {
    let io = |error: io::Error| failed(&error);
    let page = Page::open(listen).map_err(|error| Ending::io(&format!("--listen {listen}"), &error))?;
    writeln!(out, "The kiosk is at {}", page.url()).map_err(io)?;
    out.flush().map_err(io)?;
    let folder = place(out_folder)?;
    let ground = ground(&folder)?;
    page.show(&ground).map_err(io)?;
    writeln!(out, "Ctrl-C ends it. Site file, journal and log: {}", folder.display()).map_err(io)?;
    out.flush().map_err(io)?;
    let runtime = super::run::runtime()?;
    let (orders, mut control) = tokio::sync::mpsc::channel(4);
    runtime.block_on(async {
        tokio::spawn(super::run::forward_signals(orders)?);
        control.recv().await;
        Ok::<_, Ending>(())
    })?;
    ground.stop();
    Ok(exit::OK)
}

/// Plays a scenario, from a file or from those that come with the program.
pub(super) fn scenario(file: &Path, out_folder: Option<&Path>, out: &mut dyn Write) -> Result<u8, Ending> {
    let io = |error: io::Error| failed(&error);
    let wrong = |line: String| Ending { line, exit: exit::CONFIG };
    let built_in = BUILT_IN.iter().find(|(name, _)| Path::new(name) == file).map(|(_, text)| (*text).to_owned());
    let text = match built_in {
        Some(text) => text,
        None => files::read_text(file, MOST).map_err(|error| wrong(error.to_string()))?,
    };
    let scenario = Scenario::parse(file, &text).map_err(wrong)?;
    writeln!(out, "{}", scenario.about).map_err(io)?;
    let ground = ground(&place(out_folder)?)?;
    let ended = scenario.play(&ground);
    ground.stop();
    for wrong in &ended.wrong {
        writeln!(out, "{wrong}").map_err(io)?;
    }
    writeln!(out, "{}", ended.score.told()).map_err(io)?;
    Ok(if ended.wrong.is_empty() { exit::OK } else { exit::FAILED })
}

/// Clicks at random. Where something happened that must not, what was clicked is kept as a scenario.
pub(super) fn saboteur(seed: u64, minutes: f64, out_folder: Option<&Path>, out: &mut dyn Write) -> Result<u8, Ending> {
    let io = |error: io::Error| failed(&error);
    let folder = place(out_folder)?;
    let ground = ground(&folder)?;
    let patience = Duration::from_secs_f64((minutes * 60.0).clamp(0.0, LONGEST));
    let score = saboteur::click(&ground, seed, patience);
    let done = ground.done();
    ground.stop();
    let story: String = ground.story.since(0).iter().map(|line| format!("{line:?}\n")).collect();
    files::write_public(&folder.join("story.txt"), story.as_bytes()).map_err(|error| failed(&error.into()))?;
    writeln!(out, "seed {seed}: {} clicks; {}", done.len(), score.told()).map_err(io)?;
    if score.is_clean() {
        return Ok(exit::OK);
    }
    let file = folder.join("clicked.toml");
    files::write_public(&file, scenario::write(&done).as_bytes()).map_err(|error| failed(&error.into()))?;
    writeln!(out, "what was clicked: {}", file.display()).map_err(io)?;
    Ok(exit::FAILED)
}

/// The largest scenario, bytes.
const MOST: usize = 1 << 20;

/// Nobody clicks for longer, seconds.
const LONGEST: f64 = 86_400.0;
