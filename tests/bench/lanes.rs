//! Many lanes at once: faces that come at the same moment, at a site system that answers quickly, slowly, or not at all.

use std::{
    fs,
    path::Path,
    sync::{
        Arc, Barrier, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use facemchd::{
    sim::{
        server::{Answer, Reply, Request, Server},
        terminal::Terminal,
    },
    words::Clock,
};
use serde_json::json;

use super::{Verdict, limit, lookup, lookups, site::Site, soak};

/// Lanes, and how often everybody comes at once; the first time is for the handshakes and not counted.
const AT_ONCE: [(usize, usize); 4] = [(1, 40), (4, 20), (16, 12), (64, 6)];

/// How long the site's system thinks.
const THINKS: [Duration; 2] = [Duration::from_millis(5), Duration::from_millis(500)];

/// A site's system that does not answer.
const NEVER: Duration = Duration::from_secs(30);

/// The slowest of sixteen lanes may take so many times what one lane takes: lanes do not wait for each other. What the cores
/// work off for those before it is taken off: printed is by how much the RSA alone is, held what the processor's whole time
/// is, that of twins and terminals with it.
const REACH: f64 = 1.2;

/// What a busy machine may add, times: more is a lane that waits for another.
const BUSY: f64 = 2.0;

/// So much longer may the others take beside lanes whose call is dead.
const BESIDE_THE_DEAD: f64 = 1.05;

/// A busy machine adds to many at once what it does not add to one: so often both are measured at most, and once it has
/// to be within reach.
const TIMES: usize = 6;

pub fn run() -> Verdict {
    let (private, _) = lookup::openssl()?;
    let cores = thread::available_parallelism().map_or(1, usize::from);
    // A signature and two decryptions each.
    let on_a_core = |lanes: usize| u32::try_from(lanes.div_ceil(cores)).unwrap_or(u32::MAX);
    println!(
        "lanes    site        p50        p99    its RSA  × one  processor  × one  X003  other  ours each  twins each  resident"
    );
    let mut broken = Vec::new();
    for thinks in THINKS {
        let (mut one, mut least) = ([Duration::ZERO; 2], f64::INFINITY);
        let pairs = [AT_ONCE[0], AT_ONCE[2]].repeat(TIMES - 1);
        for ((lanes, rounds), again) in AT_ONCE.into_iter().zip([false; 4]).chain(pairs.into_iter().zip([true; 64])) {
            if again && least <= REACH {
                break;
            }
            let seen = morning(lanes, rounds, thinks, (0, false))?;
            let (p50, p99) = (seen.at(0.5), seen.at(0.99));
            let [rsa, processor] = [3 * private, seen.each + seen.beside].map(|each| each * on_a_core(lanes));
            let apart = [rsa, processor].map(|worked| p99.saturating_sub(worked));
            if lanes == 1 {
                one = apart;
            }
            let [by_rsa, ratio] = [0, 1].map(|at| apart[at].as_secs_f64() / one[at].as_secs_f64());
            println!(
                "{lanes:>5}  {:>6}  {}  {}  {}  {by_rsa:>5.2}  {}  {ratio:>5.2}  {:>4}  {:>5}  {}  {}  {:>5} KiB",
                milliseconds(thinks),
                milliseconds(p50),
                milliseconds(p99),
                milliseconds(rsa),
                milliseconds(processor),
                seen.refused,
                seen.otherwise,
                milliseconds(seen.each.saturating_sub(3 * private)),
                milliseconds(seen.beside),
                seen.resident,
            );
            if seen.refused + seen.otherwise > 0 {
                broken.push(format!("{} of {lanes} lanes refused, {} otherwise", seen.refused, seen.otherwise));
            }
            if lanes == 16 {
                least = least.min(ratio);
            }
        }
        if least > REACH * BUSY {
            broken.push(format!("sixteen lanes take {least:.2} × one"));
        }
    }
    let (lanes, rounds, thinks) = (16, 8, THINKS[1]);
    for (template, whose) in [(false, "whose call is dead"), (true, "whose template's hospital is dead")] {
        let mut least = f64::INFINITY;
        for _ in 0..TIMES {
            let alone = morning(lanes - lanes / 4, rounds, thinks, (0, template))?.at(0.99);
            let beside = morning(lanes, rounds, thinks, (lanes / 4, template))?.at(0.99);
            let ratio = beside.as_secs_f64() / alone.as_secs_f64();
            println!("twelve lanes beside four {whose}: p99 {}, {ratio:.3} ×", milliseconds(beside));
            least = least.min(ratio);
            if least <= BESIDE_THE_DEAD {
                break;
            }
        }
        if least > BESIDE_THE_DEAD * BUSY {
            broken.push(format!("four lanes {whose} cost the others {least:.3} ×"));
        }
    }
    println!(
        "(to reach: sixteen lanes {REACH} × one, beside the dead {BESIDE_THE_DEAD} ×, nobody refused; ours each: the"
    );
    println!("program's processor time of one visit, its RSA apart)");
    limit(broken.is_empty(), broken.join("; "))
}

struct Seen {
    took: Vec<Duration>,
    /// X003
    refused: usize,
    /// Anything else but checked in.
    otherwise: usize,
    /// KiB
    resident: u64,
    /// Processor time of the program for one visit, the first ones apart.
    each: Duration,
    /// The same of whoever it speaks with.
    beside: Duration,
}

impl Seen {
    /// The time within which so many of a hundred were checked in.
    fn at(&self, share: f64) -> Duration {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the list")]
        let index = ((self.took.len() - 1) as f64 * share).ceil() as usize;
        self.took[index]
    }
}

/// Everybody comes at once, again and again. The last `dead` lanes' calls are never answered, and they are not counted.
/// `template`: the site's system is a hospital's own, whose three calls think as long together as the one of ours.
fn morning(lanes: usize, rounds: usize, thinks: Duration, (dead, template): (usize, bool)) -> Result<Seen, String> {
    let failed = |error: std::io::Error| error.to_string();
    let site = Site::new();
    let _wechat = site.with_answers(lanes * (rounds + 1));
    let living = lanes - dead;
    let visits = AtomicUsize::new(0);
    let admitted = move |request: &Request| {
        let asked = String::from_utf8_lossy(&request.body);
        let lane = asked.split("kiosk-").nth(1).and_then(|lane| lane.split(['"', '<']).next()?.parse::<usize>().ok());
        let thinks = if template { thinks / 3 } else { thinks };
        thread::sleep(if lane.is_some_and(|lane| lane > living) { NEVER } else { thinks });
        Reply::Answer(match template {
            true => confirmed(&asked, visits.fetch_add(1, Ordering::Relaxed)),
            false => Answer::json(200, &json!({ "answer": "admitted", "number": "A001" })),
        })
    };
    let hospital = Server::start(&site.authority, Arc::new(admitted)).map_err(failed)?;
    site.edit(&site.hospital.url(), &hospital.url());
    if template {
        let names = ["source", "org", "client", "hospital", "operator", "terminal"];
        let common: String = names.map(|name| format!("{name} = \"K\"\n")).concat();
        site.edit("adapter = \"http\"", "adapter = \"template\"\ntemplate = \"dhc-esb\"");
        site.edit("hmac-key = \"keys/checkin.hmac\"", &format!("[checkin.values]\n{common}"));
        site.edit("panel = \"terminal\"", "panel = \"terminal\"\nvalues = { terminal = \"kiosk-1\" }");
    }
    let mut text = fs::read_to_string(&site.site).map_err(failed)?;
    for lane in 2..=lanes {
        text.push_str(&format!("[[lane]]\nname = \"kiosk-{lane}\"\nmode = \"hospital\"\n"));
        text.push_str(&format!("terminal = \"unix:kiosk-{lane}.sock\"\npanel = \"terminal\"\n"));
        if template {
            text.push_str(&format!("values = {{ terminal = \"kiosk-{lane}\" }}\n"));
        }
    }
    fs::write(&site.site, text).map_err(failed)?;

    let running = site.start();
    let clock = lookups::clock();
    let together = Arc::new(Barrier::new(living));
    let (pid, before) = (running.0.id(), Arc::new(OnceLock::new()));
    let come = |lane: usize| {
        let socket = site.path(&format!("kiosk-{lane}.sock"));
        let (clock, together) = (Arc::clone(&clock), (lane <= living).then(|| Arc::clone(&together)));
        let before = Arc::clone(&before);
        let begin = move || _ = before.get_or_init(|| (at_work(pid), twins_at_work()));
        thread::spawn(move || faces(&socket, rounds, together.as_deref(), begin, &*clock))
    };
    let terminals: Vec<_> = (1..=lanes).map(come).collect();
    let mut seen =
        Seen { took: Vec::new(), refused: 0, otherwise: 0, resident: 0, each: Duration::ZERO, beside: Duration::ZERO };
    for terminal in terminals.into_iter().take(living) {
        for (took, result, code) in terminal.join().map_err(|_| "a terminal panicked")? {
            match (&*result, &*code) {
                ("checked_in", _) => seen.took.push(took),
                (_, "X003") => seen.refused += 1,
                _ => seen.otherwise += 1,
            }
        }
    }
    seen.took.sort_unstable();
    let visits = u32::try_from(seen.took.len().max(1)).unwrap_or(u32::MAX);
    let (its, twins) = before.get().copied().unwrap_or_default();
    seen.each = at_work(pid).saturating_sub(its) / visits;
    seen.beside = twins_at_work().saturating_sub(twins) / visits;
    seen.resident = soak::resident(running.0.id())?;
    limit(!seen.took.is_empty(), "nobody was checked in".to_owned())?;
    Ok(seen)
}

/// 东华 HIPMessageServer: a file, a visit of today that nobody else has, its confirmation.
fn confirmed(asked: &str, visit: usize) -> Answer {
    let today = asked.split("<StartDate>").nth(1).and_then(|rest| rest.get(..10)).unwrap_or_default();
    let said = match asked {
        _ if asked.contains("BOE0025") => {
            "<GetPatInfoRp><PatInfo><PATPatientID>P</PATPatientID></PatInfo></GetPatInfoRp>".to_owned()
        }
        _ if asked.contains("BOE0104") => format!(
            "<QueryAdmOPRegRp><Order><RegID>V{visit}</RegID><AdmitDate>{today}</AdmitDate></Order></QueryAdmOPRegRp>"
        ),
        _ => "<OPAppArriveRp><QueueNo>A001</QueueNo></OPAppArriveRp>".to_owned(),
    };
    let body = format!(
        "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body><r><t><![CDATA[<Response><Body>\
         <ResultCode>0</ResultCode>{said}</Body></Response>]]></t></r></e:Body></e:Envelope>"
    );
    Answer { body: body.into_bytes(), ..Answer::json(200, &json!(null)) }
}

/// Processor time of a program's threads that live (proc_pid_schedstat(5)).
fn at_work(pid: u32) -> Duration {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let nanoseconds = |thread: fs::DirEntry| -> Option<u64> {
        fs::read_to_string(thread.path().join("schedstat")).ok()?.split(' ').next()?.parse().ok()
    };
    Duration::from_nanos(threads.filter_map(nanoseconds).sum())
}

/// The same of this process, in which the twins are, with threads that have gone: hundredths of a second (proc_pid_stat(5)).
fn twins_at_work() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = stat.rsplit(')').next().into_iter().flat_map(|rest| rest.split_whitespace().skip(11).take(2));
    Duration::from_millis(10 * ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>())
}

/// One lane's people: how long it took, result, code. Without a barrier nobody waits for them; a terminal that fails goes
/// on to meet the others, who would wait for ever. `begin`: the first ones, who are not counted, have gone.
fn faces(
    socket: &Path,
    rounds: usize,
    together: Option<&Barrier>,
    begin: impl Fn(),
    clock: &dyn Clock,
) -> Vec<(Duration, String, String)> {
    let mut terminal = Terminal::connect(socket, Duration::from_secs(20));
    let mut outcomes = Vec::new();
    for round in 0..=rounds {
        together.map(Barrier::wait);
        if round == 1 {
            begin();
        }
        let began = clock.now().moment;
        let outcome = terminal.as_mut().ok().and_then(|terminal| {
            terminal.face(&format!("{}-{round}", socket.file_stem()?.display()), true).ok()?;
            terminal.receive_type("outcome").ok()
        });
        let text = |name| outcome.as_ref().and_then(|outcome| outcome[name].as_str()).unwrap_or_default().to_owned();
        if round > 0 {
            outcomes.push((clock.now().moment.since(began), text("result"), text("code")));
        }
        // A terminal may send fifty frames a second, and no person is faster.
        thread::sleep(Duration::from_millis(20));
    }
    outcomes
}

/// Milliseconds, aligned.
fn milliseconds(time: Duration) -> String {
    format!("{:>6.1} ms", time.as_secs_f64() * 1e3)
}
