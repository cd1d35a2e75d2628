//! What is heard at a kiosk: recorded clips, put together and played by a stand-in for `aplay` that keeps what it is
//! given, and once by `aplay` itself.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Duration,
};

use facemchd::{
    device::voice::{
        BETWEEN_CLIPS, BETWEEN_SENTENCES, Heard, MOST, Pack, Player, RATE, WavError, read_wav, samples, write_wav,
    },
    kiosk::{Lexicon, Phrases, Scene, SceneKind},
    sim::people::{Behaviour, Person},
    words::{Language, Moment, Purpose, Text, Visit},
};
use serde_json::json;

use crate::{
    devices::wait_for,
    program::expect,
    running::{Daemon, Sandbox, run},
};

/// A clip's length, samples.
const CLIP: usize = 320;

/// A pack in which every clip is one level, by which it is known again.
struct Levels {
    names: Vec<String>,
}

impl Levels {
    fn make(folder: &Path, index: &str) -> Self {
        fs::create_dir_all(folder).expect("a folder");
        fs::write(folder.join("index.txt"), index).expect("written");
        let phrases = Phrases::shipped(Language::ZhHans, Purpose::Hospital);
        let mut names: Vec<String> = phrases.script().into_iter().map(|clip| clip.name).collect();
        let lexicon = Lexicon::with_index(Language::ZhHans, index).expect("an index");
        names.extend(lexicon.clips().map(str::to_owned));
        names.sort();
        names.dedup();
        for (name, level) in names.iter().zip(1..) {
            fs::write(folder.join(format!("{name}.wav")), write_wav(&[100 * level; CLIP])).expect("written");
        }
        Self { names }
    }

    /// The clips of what was heard, and the silence before each, samples. `percent`: of their loudness.
    fn heard(&self, sound: &[i16], percent: i16) -> Vec<(usize, &str)> {
        let mut heard = Vec::new();
        let (mut at, mut gap) = (0, 0);
        while at < sound.len() {
            if sound[at] == 0 {
                (gap, at) = (gap + 1, at + 1);
                continue;
            }
            let level = usize::try_from(sound[at] / percent - 1).expect("a level");
            assert!(sound[at..at + CLIP].iter().all(|sample| *sample == sound[at]), "a clip is whole");
            heard.push((std::mem::take(&mut gap), self.names[level].as_str()));
            at += CLIP;
        }
        heard
    }
}

/// A program that stands for `aplay`.
struct StandIn {
    program: PathBuf,
    folder: PathBuf,
}

impl StandIn {
    /// It keeps what it is told and given, and pauses for so long every tenth of a second of sound.
    fn keeping(folder: &Path, pause: &str) -> Self {
        let keep = format!(
            "n=$(ls \"$out\" | grep -c args); echo \"$@\" > \"$out/$n.args\"; echo $$ > \"$out/$n.pid\"\n\
             while got=$(dd bs=3200 count=1 iflag=fullblock 2>/dev/null | tee -a \"$out/$n.pcm\" | wc -c); [ \"$got\" -gt 0 ]\n\
             do sleep {pause}; done\ntouch \"$out/$n.end\"\n"
        );
        Self::doing(folder, &keep)
    }

    fn doing(folder: &Path, does: &str) -> Self {
        let out = folder.join("played");
        fs::create_dir_all(&out).expect("a folder");
        let program = folder.join("aplay");
        // A file that is open for writing cannot be run.
        let written = folder.join("aplay.new");
        fs::write(&written, format!("#!/bin/sh\nout={}\n{does}", out.display())).expect("written");
        fs::set_permissions(&written, fs::Permissions::from_mode(0o755)).expect("set");
        fs::rename(&written, &program).expect("renamed");
        Self { program, folder: out }
    }

    fn file(&self, number: usize, ending: &str) -> PathBuf {
        self.folder.join(format!("{number}.{ending}"))
    }

    fn count(&self) -> usize {
        (0..).find(|number| !self.file(*number, "args").exists()).expect("an end")
    }

    fn sound(&self, number: usize) -> Vec<i16> {
        let bytes = fs::read(self.file(number, "pcm")).unwrap_or_default();
        bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
    }

    /// What was played to its end for the so-manieth time.
    fn whole(&self, number: usize) -> Vec<i16> {
        assert!(wait_for(|| self.file(number, "end").exists(), |ended| *ended), "{number} was not played to its end");
        self.sound(number)
    }
}

fn at(milliseconds: u64) -> Moment {
    Moment(Duration::from_millis(milliseconds))
}

fn admitted() -> Scene {
    let text = |text: &str| Some(Text::clean(text));
    let visit = Visit { department: text("内科"), floor: text("3楼"), ahead: Some(5), ..Visit::default() };
    Scene { number: text("A036"), visit: Some(Arc::new(visit)), ..Scene::of(SceneKind::Admitted) }
}

/// Plays to its end, by the machine's own clock.
fn play(player: &mut Player, sound: &[i16], percent: u8) -> Result<(), String> {
    player.play(at(0), sound, percent).map_err(|error| error.to_string())?;
    end(player)
}

fn end(player: &mut Player) -> Result<(), String> {
    for _ in 0..2000 {
        match player.tend(at(0)).map_err(|error| error.to_string())? {
            Heard::Playing => std::thread::sleep(Duration::from_millis(5)),
            Heard::Nothing | Heard::Ended => return Ok(()),
        }
    }
    panic!("it does not end");
}

#[test]
fn a_sentence_is_its_clips_in_order_with_short_gaps_and_sentences_are_further_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let levels = Levels::make(&folder.path().join("pack"), "内科 = neike.wav\n");
    let pack = Pack::open(&folder.path().join("pack"), Language::ZhHans).expect("a pack");
    let phrases = Phrases::default();
    assert_eq!(pack.lacking(&phrases).len(), 0);
    let sound = pack.compose(&admitted().speech(&phrases));
    let (stand_in, device) = (StandIn::keeping(folder.path(), "0"), "plughw:CARD=Kiosk".to_owned());
    let mut player = Player::new(stand_in.program.clone(), device);
    play(&mut player, &sound, 100).expect("played");
    let (clip, sentence) = (samples(BETWEEN_CLIPS), samples(BETWEEN_SENTENCES));
    let expected = [
        (0, "headline-admitted"),
        (sentence, "text-call-1"),
        (clip, "letter-a"),
        (clip, "n0"),
        (clip, "n3"),
        (clip, "n6"),
        (clip, "text-call-2"),
        (clip, "n3"),
        (clip, "word-lou"),
        (clip, "neike"),
        (sentence, "text-ahead-1"),
        (clip, "n5"),
        (clip, "text-ahead-2"),
    ];
    let played = stand_in.whole(0);
    assert_eq!(levels.heard(&played, 100), expected);
    assert_eq!(played.len(), 13 * CLIP + 10 * clip + 2 * sentence);
    let told = fs::read_to_string(stand_in.file(0, "args")).expect("told");
    assert_eq!(told.trim(), format!("-q -t raw -f S16_LE -c 1 -r {RATE} -D plughw:CARD=Kiosk -"));
    play(&mut player, &sound, 25).expect("played");
    assert_eq!(levels.heard(&stand_in.whole(1), 25), expected);
}

#[test]
fn what_is_cut_short_is_silent_at_once_and_its_player_is_gone() {
    let folder = tempfile::tempdir().expect("a folder");
    let stand_in = StandIn::keeping(folder.path(), "0.1");
    let mut player = Player::new(stand_in.program.clone(), "default".to_owned());
    let long = vec![7; samples(Duration::from_secs(10))];
    player.play(at(0), &long, 100).expect("plays");
    assert!(wait_for(|| stand_in.sound(0).len(), |heard| *heard > 0) > 0);
    let process = fs::read_to_string(stand_in.file(0, "pid")).expect("a process").trim().to_owned();
    player.play(at(0), &[9; 1600], 100).expect("plays");
    assert!(!Path::new("/proc").join(process).exists());
    end(&mut player).expect("played");
    assert_eq!(stand_in.whole(1), [9; 1600]);
    assert!(!stand_in.file(0, "end").exists() && stand_in.sound(0).len() < long.len());
}

#[test]
fn a_player_that_hangs_fails_or_is_not_there_is_told_and_keeps_nobody_waiting() {
    let folder = tempfile::tempdir().expect("a folder");
    let hangs = StandIn::doing(folder.path(), "exec sleep 600");
    let mut player = Player::new(hangs.program.clone(), "default".to_owned());
    // More than a pipe holds, and nobody reads it.
    player.play(at(0), &vec![7; samples(MOST)], 100).expect("begins");
    assert_eq!(player.tend(at(24_900)).expect("it may still end"), Heard::Playing);
    let told = player.tend(at(25_100)).expect_err("it hangs").to_string();
    assert!(told.contains("does not come to its end"), "{told}");
    assert_eq!(player.tend(at(25_200)).expect("gone"), Heard::Nothing);

    let fails = StandIn::doing(folder.path(), "echo 'aplay: main:831: audio open error: No such device' >&2; exit 1");
    let told = play(&mut Player::new(fails.program, "hw:9".to_owned()), &[7; 160], 100).expect_err("it fails");
    assert!(told.contains("hw:9") && told.contains("No such device"), "{told}");
    let missing = folder.path().join("nowhere");
    let told = play(&mut Player::new(missing, "default".to_owned()), &[7; 160], 100).expect_err("it is not there");
    assert!(told.contains("nowhere"), "{told}");
}

#[test]
fn nothing_longer_than_a_person_listens_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    Levels::make(folder.path(), "");
    let second = write_wav(&vec![1; samples(Duration::from_secs(8))]);
    for clip in ["headline-admitted", "text-ahead-1", "letter-a"] {
        fs::write(folder.path().join(format!("{clip}.wav")), &second).expect("written");
    }
    let pack = Pack::open(folder.path(), Language::ZhHans).expect("a pack");
    let sound = pack.compose(&admitted().speech(&Phrases::default()));
    assert!(sound.len() <= samples(MOST) && sound.len() > samples(Duration::from_secs(16)), "{}", sound.len());
}

#[test]
fn a_clip_is_of_one_form_and_anything_else_is_told() {
    let whole = write_wav(&[1, -2, 3]);
    assert_eq!(read_wav(&whole), Ok(vec![1, -2, 3]));
    let with_a_list = [&whole[..12], b"LIST\x03\0\0\0abc\0", &whole[12..]].concat();
    assert_eq!(read_wav(&with_a_list), Ok(vec![1, -2, 3]));
    assert_eq!(read_wav(&whole[..whole.len() - 3]), Ok(vec![1]));
    for (byte, value) in [(20, 3), (22, 2), (24, 0x44), (34, 8)] {
        let mut other = whole.clone();
        other[byte] = value;
        assert_eq!(read_wav(&other), Err(WavError::OtherForm), "byte {byte}");
    }
    assert_eq!(read_wav(&write_wav(&[])), Err(WavError::Empty));
    for no_wav in [&b""[..], b"RIFF", b"ID3\x04 a song", &whole[..20]] {
        assert!(read_wav(no_wav).is_err());
    }
}

/// A sandbox whose first lane speaks.
fn speaking(sandbox: &Sandbox, settings: &str, stand_in: &StandIn) -> Levels {
    let levels = Levels::make(&sandbox.path("pack"), "内科 = neike.wav\n");
    let voice = format!("voice = {{ pack = \"pack\", player = \"{}\"{settings} }}", stand_in.program.display());
    sandbox.edit("terminal = \"unix:kiosk-1.sock\"", &format!("terminal = \"unix:kiosk-1.sock\"\n{voice}"));
    levels
}

fn comes(sandbox: &Sandbox, sid: &str) {
    // Long enough for what is said meanwhile to begin, on a busy machine, too.
    let slow = Behaviour::Slow(Duration::from_secs(2));
    expect(sandbox, &Person::new(sid, "王小明").about(slow));
    let mut terminal = sandbox.terminal(0);
    terminal.send("person", &json!({})).expect("sent");
    terminal.face(sid, true).expect("sent");
    assert_eq!(terminal.receive_type("outcome").expect("an outcome")["result"], "checked_in");
}

fn ends(daemon: Daemon) -> String {
    let log = daemon.log();
    assert_eq!(daemon.stop(), Some(0));
    log
}

#[test]
fn whoever_checks_in_hears_that_they_are_recognised_and_then_number_and_place_and_what_came_before_is_cut() {
    let sandbox = Sandbox::new();
    let stand_in = StandIn::keeping(sandbox.folder.path(), "0.1");
    let levels = speaking(&sandbox, ", volume = 50", &stand_in);
    // Longer than the lookup takes.
    let long = write_wav(&vec![3200; samples(Duration::from_secs(8))]);
    fs::write(sandbox.path("pack/headline-looking-up.wav"), long).expect("written");
    let daemon = sandbox.start();
    comes(&sandbox, "sid-voice-1");
    let last = stand_in.whole(1);
    let heard: Vec<&str> = levels.heard(&last, 50).into_iter().map(|(_, clip)| clip).collect();
    assert_eq!(&heard[..3], ["headline-admitted", "text-call-1", "letter-a"], "{heard:?}");
    assert!(heard.ends_with(&["text-call-2", "n3", "word-lou", "neike"]), "{heard:?}");
    assert!(stand_in.sound(0).iter().all(|sample| *sample == 1600), "half as loud");
    assert!(!stand_in.file(0, "end").exists(), "it was cut");
    // Idle says nothing, and cuts nothing.
    assert_eq!(stand_in.count(), 2);
    let log = ends(daemon);
    assert!(!log.contains("D620") && !log.contains("D621"), "{log}");
}

#[test]
fn a_lane_asks_for_a_start_says_where_to_look_when_it_was_pressed_and_cuts_nobodys_way_with_it() {
    let sandbox = Sandbox::new();
    let stand_in = StandIn::keeping(sandbox.folder.path(), "0.1");
    let levels = speaking(&sandbox, "", &stand_in);
    sandbox.edit("voice = ", "intent = \"start\"\nvoice = ");
    sandbox.edit("[privacy]", "[privacy]\nwipe-after-ms = 1000");
    // Longer than the scene stands.
    let long = write_wav(&vec![3200; samples(Duration::from_secs(2))]);
    fs::write(sandbox.path("pack/headline-admitted.wav"), long).expect("written");
    let heard = |number| levels.heard(&stand_in.whole(number), 80).first().map(|(_, clip)| (*clip).to_owned());
    let daemon = sandbox.start();
    assert_eq!(heard(0).as_deref(), Some("text-to-start"));
    expect(&sandbox, &Person::new("sid-voice-1", "王小明"));
    let mut terminal = sandbox.terminal(0);
    terminal.send("start", &json!({})).expect("sent");
    assert_eq!(heard(1).as_deref(), Some("advice-face-camera"));
    terminal.face("sid-voice-1", true).expect("sent");
    assert_eq!(terminal.receive_type("outcome").expect("an outcome")["result"], "checked_in");
    let is_told = |number: &usize| stand_in.sound(*number).len() > samples(Duration::from_secs(2));
    let way = wait_for(|| (2..stand_in.count()).find(is_told), Option::is_some).expect("nothing cuts the way");
    assert_eq!(heard(way + 1).as_deref(), Some("text-to-start"));
    ends(daemon);
}

#[test]
fn in_quiet_hours_a_lane_is_as_loud_as_it_says_and_silent_where_it_says_nothing() {
    for (settings, percent) in [(", quiet-volume = 10", Some(10)), ("", None)] {
        let sandbox = Sandbox::new();
        let stand_in = StandIn::keeping(sandbox.folder.path(), "0");
        let levels = speaking(&sandbox, settings, &stand_in);
        sandbox.edit("voice = ", "quiet-hours = \"00:00-24:00\"\nvoice = ");
        let daemon = sandbox.start();
        comes(&sandbox, "sid-voice-1");
        if let Some(percent) = percent {
            let last = wait_for(|| stand_in.count(), |count| *count == 2) - 1;
            assert_eq!(levels.heard(&stand_in.whole(last), percent)[0].1, "headline-admitted");
        }
        ends(daemon);
        assert_eq!(stand_in.count() > 0, percent.is_some());
    }
}

#[test]
fn a_missing_clip_costs_its_word_and_not_the_visit_and_check_and_log_name_it() {
    let sandbox = Sandbox::new();
    let stand_in = StandIn::keeping(sandbox.folder.path(), "0");
    let levels = speaking(&sandbox, "", &stand_in);
    fs::remove_file(sandbox.path("pack/neike.wav")).expect("removed");
    fs::write(sandbox.path("pack/letter-a.wav"), "no sound").expect("written");
    let check = run(&["check", "--config", sandbox.site(), "--lang", "en"]);
    let told = String::from_utf8_lossy(&check.stdout).into_owned();
    let line = told.lines().find(|line| line.contains("D621")).unwrap_or_else(|| panic!("{told}"));
    assert!(line.contains("neike.wav") && line.contains("letter-a.wav") && line.contains("no WAV"), "{line}");
    // What the check tried the card with is silence.
    let tried = stand_in.count();
    assert!(stand_in.whole(tried - 1).iter().all(|sample| *sample == 0));
    let daemon = sandbox.start();
    comes(&sandbox, "sid-voice-1");
    let last = wait_for(|| stand_in.count(), |count| *count == tried + 2) - 1;
    let heard: Vec<&str> = levels.heard(&stand_in.whole(last), 80).into_iter().map(|(_, clip)| clip).collect();
    assert!(heard.ends_with(&["text-call-2", "n3", "word-lou"]) && !heard.contains(&"letter-a"), "{heard:?}");
    let log = ends(daemon);
    assert_eq!(log.matches("code=D621").count(), 1, "{log}");
    assert!(log.contains("2 clips") && log.contains("letter-a.wav"), "{log}");
}

#[test]
fn check_tells_of_a_player_and_of_a_sound_card_that_are_not_there() {
    let sandbox = Sandbox::new();
    let stand_in = StandIn::doing(sandbox.folder.path(), "echo 'audio open error: No such device' >&2; exit 1");
    speaking(&sandbox, "", &stand_in);
    let told = || {
        let check = run(&["check", "--config", sandbox.site(), "--lang", "en"]);
        let told = String::from_utf8_lossy(&check.stdout).into_owned();
        told.lines().find(|line| line.contains("D620")).unwrap_or_else(|| panic!("{told}")).to_owned()
    };
    let line = told();
    assert!(line.contains("No such device"), "{line}");
    fs::remove_file(&stand_in.program).expect("removed");
    let line = told();
    assert!(line.contains(&*stand_in.program.to_string_lossy()) && line.contains("No such file"), "{line}");
}

#[test]
fn a_sound_card_that_fails_is_told_once_until_it_is_heard_again_and_people_are_served_meanwhile() {
    let sandbox = Sandbox::new();
    let stand_in = StandIn::doing(sandbox.folder.path(), "echo 'audio open error: No such device' >&2; exit 1");
    speaking(&sandbox, "", &stand_in);
    let daemon = sandbox.start();
    for sid in ["sid-voice-1", "sid-voice-2"] {
        comes(&sandbox, sid);
    }
    assert!(wait_for(|| daemon.log(), |log| log.contains("code=D620")).contains("No such device"));
    let status = run(&["status", "--config", sandbox.site(), "--lang", "en"]);
    let status = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(status.contains("voice") && status.contains("D620"), "{status}");
    StandIn::keeping(sandbox.folder.path(), "0");
    comes(&sandbox, "sid-voice-3");
    wait_for(|| daemon.log(), |log| log.contains("was=D620"));
    let log = ends(daemon);
    assert_eq!((log.matches("code=D620").count(), log.matches("was=D620").count()), (1, 1), "{log}");
    assert!(log.contains("lane=\"kiosk-1\""), "{log}");
}

#[test]
fn a_terminal_that_is_the_panel_is_told_what_to_say_and_says_it_itself() {
    let sandbox = Sandbox::new();
    let stand_in = StandIn::keeping(sandbox.folder.path(), "0");
    speaking(&sandbox, "", &stand_in);
    sandbox.edit("panel = \"board\"\nprinter", "panel = \"terminal\"\nprinter");
    let check = run(&["check", "--config", sandbox.site(), "--lang", "en"]);
    assert!(String::from_utf8_lossy(&check.stdout).contains("the terminal speaks itself"));
    let daemon = sandbox.start();
    comes(&sandbox, "sid-voice-1");
    let scene = sandbox.terminal(0).receive_type("scene").expect("at once");
    let say = scene["say"].as_str().expect("something to say");
    let number = scene["number"].as_str().expect("a number");
    assert!(say.starts_with(&format!("签到成功。请{number}号到3楼内科")), "{scene}");
    assert!(!say.contains(['王', '明']), "{say}");
    ends(daemon);
    assert_eq!(stand_in.count(), 0);
}

#[test]
fn a_pack_for_tests_is_whole_and_the_script_lists_what_it_holds() {
    let folder = tempfile::tempdir().expect("a folder");
    let (index, out) = (folder.path().join("words.txt"), folder.path().join("pack"));
    fs::write(&index, "内科 = neike.wav\n").expect("written");
    let [index, out] = [&index, &out].map(|path| path.to_str().expect("UTF-8"));
    let list = run(&["voice", "list", "--index", index]);
    let list = String::from_utf8(list.stdout).expect("text");
    assert!(list.contains("headline-admitted.wav\t签到成功\n") && list.contains("neike.wav\t内科"), "{list}");
    let render = run(&["voice", "render", "--index", index, "--out", out, "--lang", "en"]);
    let told = String::from_utf8_lossy(&render.stdout).into_owned();
    assert_eq!(render.status.code(), Some(0), "{told}{}", String::from_utf8_lossy(&render.stderr));
    assert!(told.contains("not fit for patients"), "{told}");
    let pack = Pack::open(Path::new(out), Language::ZhHans).expect("a pack");
    assert_eq!(pack.lacking(&Phrases::default()).iter().map(ToString::to_string).collect::<Vec<_>>(), [""; 0]);
    let said = pack.compose(&admitted().speech(&Phrases::default()));
    assert!(
        (samples(Duration::from_secs(3))..samples(Duration::from_secs(12))).contains(&said.len()),
        "{}",
        said.len()
    );
    assert_eq!(list.lines().count(), fs::read_dir(out).expect("a folder").count() - 1);
}

/// What the unit that is shipped lets a player do: its device, as whom, with which calls.
#[test]
fn under_the_shipped_unit_a_player_may_be_started_and_has_its_sound_card() {
    let unit =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd/facemchd.service")).expect("shipped");
    let lines: Vec<&str> = unit.lines().filter(|line| !line.starts_with('#')).collect();
    let of = |key: &str| lines.iter().filter_map(|line| line.strip_prefix(key)).collect::<Vec<_>>();
    // /dev/snd by name, and by number while its module is not loaded (116: Documentation/admin-guide/devices.txt).
    assert!(of("DeviceAllow=").contains(&"char-alsa rw") && of("DeviceAllow=").contains(&"char-116 rw"));
    assert!(of("SupplementaryGroups=").iter().any(|groups| groups.split(' ').any(|group| group == "audio")));
    // A player is a program of its own, which is started, and maps the card's buffer.
    assert_eq!(of("SystemCallFilter="), ["@system-service", "~@privileged @resources"]);
    for forbids in ["PrivateDevices=yes", "NoExecPaths=/", "ProtectSystem=strict\nInaccessiblePaths=/usr", "TasksMax=1"]
    {
        assert!(!unit.contains(forbids), "{forbids}");
    }
    // ALSA's user space talks to the card alone: no sound server of a session is there.
    assert_eq!(of("RestrictAddressFamilies="), ["AF_UNIX AF_INET AF_INET6"]);
    let sysusers = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd/facemchd.sysusers"));
    assert!(sysusers.expect("shipped").contains("audio"), "the group is there before the unit starts");
}

#[test]
fn aplay_itself_plays_what_it_is_given() {
    let folder = tempfile::tempdir().expect("a folder");
    let (config, raw) = (folder.path().join("asound.conf"), folder.path().join("heard.raw"));
    let written = format!(
        "pcm.nothing {{ type null }}\npcm.kiosk {{ type file file \"{}\" format raw slave.pcm nothing }}\n",
        raw.display()
    );
    fs::write(&config, written).expect("written");
    let found = Command::new("sh").args(["-c", "command -v aplay"]).output().expect("a shell");
    assert!(found.status.success(), "apt-get install alsa-utils");
    let aplay =
        StandIn::doing(folder.path(), &format!("ALSA_CONFIG_PATH={} exec /usr/bin/aplay \"$@\"", config.display()));
    let sound: Vec<i16> = (0..8000).map(|sample| sample % 1000).collect();
    play(&mut Player::new(aplay.program.clone(), "kiosk".to_owned()), &sound, 100).expect("played");
    let heard = fs::read(&raw).expect("a file");
    let expected: Vec<u8> = sound.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    assert!(heard.starts_with(&expected) && heard[expected.len()..].iter().all(|byte| *byte == 0), "{}", heard.len());
    let told = play(&mut Player::new(aplay.program, "nowhere".to_owned()), &sound, 100).expect_err("no such card");
    assert!(told.contains("nowhere"), "{told}");
}
