//! `facemchd sim --page`, `--scenario` and `--seed`: a kiosk with everything that people can do to it.

use std::{
    io::{self, Write},
    net::SocketAddr,
    path::Path,
    sync::Arc,
    thread,
    time::Duration,
};

use super::{Ending, cannot_start, house::House, place, worlds};
use crate::{
    fault::exit,
    files, http,
    service::SystemClock,
    sim::{
        directory::Directory,
        ground::{Ground, Place},
        page::Page,
        saboteur,
        scenario::{self, Scenario},
        site_file::{Chosen, PAGE_LANES, SiteFile},
        story::Story,
    },
    words::Clock,
};

/// What the daemon's names resolve to.
struct Names(Arc<Directory>);

impl http::Resolve for Names {
    fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        self.0.resolve(host, port)
    }
}

/// A world and a kiosk in it, in a folder of its own.
fn ground(folder: &Path, chosen: &Chosen) -> Result<Arc<Ground>, Ending> {
    let machine = Arc::new(SystemClock::start());
    let clock: Arc<dyn Clock> = Arc::<SystemClock>::clone(&machine);
    let story = Arc::new(Story::new(Arc::clone(&clock)));
    let (worlds, file) = worlds(folder, clock, |site, authority, wechat| {
        site.write_for_page(&authority.pem(), &wechat.backup_url(), chosen)
    })?;
    http::stand_in(Box::new(Names(Arc::clone(&worlds.names))));
    let house = House::start(file, machine, Arc::clone(&story))?;
    let (twins, state) = house.twins();
    let places = PAGE_LANES
        .iter()
        .zip(twins)
        .map(|(lane, twins)| Place {
            name: lane.name.to_owned(),
            about: lane.about,
            panel: lane.panel(chosen).to_owned(),
            page: SiteFile::page_of(folder, lane, chosen),
            socket: SiteFile::socket(folder, lane.name),
            twins,
        })
        .collect();
    let ground = Arc::new(Ground::new(worlds, places, state, Box::new(house), story).map_err(cannot_start)?);
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
        .map_err(cannot_start)?;
    Ok(ground)
}

/// How often it is looked whether the daemon has ended by itself.
const SUPERVISE: Duration = Duration::from_secs(2);

/// Serves the page until Ctrl-C.
pub(super) fn page(
    (listen, file): (SocketAddr, Option<&Path>),
    (chosen, out_folder): (&Chosen, Option<&Path>),
    out: &mut dyn Write,
) -> Result<u8, Ending> {
    let own = file.map(read).transpose()?;
    let page = Page::open(listen).map_err(|error| Ending::io(&format!("--listen {listen}"), &error))?;
    writeln!(out, "The kiosk is at {}", page.url()).map_err(cannot_start)?;
    out.flush().map_err(cannot_start)?;
    let folder = place(out_folder)?;
    let ground = ground(&folder, chosen)?;
    if let (Some(own), Some(name)) = (own, file.and_then(Path::file_stem)) {
        let name = name.to_string_lossy().into_owned();
        writeln!(out, "It plays this: {}?scenario={name}", page.url()).map_err(cannot_start)?;
        let _ = ground.own.set((name, own));
    }
    page.show(&ground).map_err(cannot_start)?;
    writeln!(out, "Ctrl-C ends it. Site file, journal and log: {}", folder.display()).map_err(cannot_start)?;
    out.flush().map_err(cannot_start)?;
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

fn read(file: &Path) -> Result<Scenario, Ending> {
    let wrong = |line: String| Ending { line, exit: exit::CONFIG };
    let text = match file.to_str().and_then(scenario::built_in) {
        Some(text) => text.to_owned(),
        None => files::read_text(file, MOST).map_err(|error| wrong(error.to_string()))?,
    };
    Scenario::parse(file, &text).map_err(wrong)
}

/// Plays a scenario, from a file or from those that come with the program.
pub(super) fn scenario(
    file: &Path,
    (chosen, out_folder): (&Chosen, Option<&Path>),
    out: &mut dyn Write,
) -> Result<u8, Ending> {
    let scenario = read(file)?;
    writeln!(out, "{}", scenario.about).map_err(cannot_start)?;
    let folder = place(out_folder)?;
    let ground = ground(&folder, chosen)?;
    let ended = scenario.play(&ground);
    ground.stop();
    keep_story(&folder, &ground)?;
    for wrong in &ended.wrong {
        writeln!(out, "{wrong}").map_err(cannot_start)?;
    }
    writeln!(out, "{}", ended.score.told()).map_err(cannot_start)?;
    Ok(if ended.wrong.is_empty() { exit::OK } else { exit::FAILED })
}

/// What happened, line by line, for whoever looks for the reason.
fn keep_story(folder: &Path, ground: &Ground) -> Result<(), Ending> {
    let story: String = ground.story.since(0).iter().map(|line| format!("{line:?}\n")).collect();
    files::write_public(&folder.join("story.txt"), story.as_bytes()).map_err(cannot_start)
}

/// Clicks at random. Where something happened that must not, what was clicked is kept as a scenario.
pub(super) fn saboteur(
    (seed, minutes): (u64, f64),
    (chosen, out_folder): (&Chosen, Option<&Path>),
    out: &mut dyn Write,
) -> Result<u8, Ending> {
    let folder = place(out_folder)?;
    let ground = ground(&folder, chosen)?;
    // Keys are made before, and people go afterwards, which takes its time on a busy machine.
    let rest = scenario::GO.as_secs().saturating_mul(2);
    writeln!(out, "seed {seed} clicks for {minutes} minutes; then everybody goes, within {rest} s")
        .map_err(cannot_start)?;
    out.flush().map_err(cannot_start)?;
    let score = saboteur::click(&ground, seed, minutes, LONGEST);
    let done = ground.done();
    ground.stop();
    keep_story(&folder, &ground)?;
    writeln!(out, "seed {seed}: {} clicks; {}", done.len(), score.told()).map_err(cannot_start)?;
    if score.is_clean() {
        return Ok(exit::OK);
    }
    let file = folder.join("clicked.toml");
    files::write_public(&file, scenario::write(&done).as_bytes()).map_err(cannot_start)?;
    writeln!(out, "what was clicked: {}", file.display()).map_err(cannot_start)?;
    Ok(exit::FAILED)
}

/// The largest scenario or recording, bytes.
const MOST: usize = 128 << 20;

/// Nobody clicks for longer, minutes.
const LONGEST: f64 = 1440.0;
