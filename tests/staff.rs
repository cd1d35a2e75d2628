//! The staff's desk: whoever is silent keeps nobody out.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    os::unix::net::UnixStream,
    time::Duration,
};

use facemchd::fault::exit;

use crate::{
    lookups::clock,
    running::{Daemon, Sandbox, run},
};

fn desk(sandbox: &Sandbox) -> UnixStream {
    let stream = UnixStream::connect(sandbox.path("state").join(facemchd::service::SOCKET)).expect("a desk");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("set");
    stream
}

fn close_and_open(sandbox: &Sandbox) {
    for mode in ["closed", "normal"] {
        let told = run(&["lane", "kiosk-1", mode, "--config", sandbox.site()]);
        assert_eq!(told.status.code(), Some(exit::OK.into()), "{}", String::from_utf8_lossy(&told.stderr));
    }
}

#[test]
fn silent_clients_keep_no_staff_out() {
    let sandbox = Sandbox::new();
    let daemon: Daemon = sandbox.start();
    let clock = clock();
    let silent: Vec<UnixStream> = (0..100).map(|_| desk(&sandbox)).collect();
    let mut half = desk(&sandbox);
    half.write_all(b"{\"ask\":\"la").expect("sent");
    let began = clock.now().moment;
    close_and_open(&sandbox);
    let took = clock.now().moment.since(began);
    assert!(took < Duration::from_secs(3), "{took:?}");
    // Nobody is waited for.
    let mut rest = Vec::new();
    let _ = half.read_to_end(&mut rest);
    assert!(clock.now().moment.since(began) < Duration::from_secs(6));
    drop(silent);
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn reprints_that_nobody_answers_are_bounded_by_lane_and_cost_the_desk_nothing() {
    let sandbox = Sandbox::new();
    let daemon = sandbox.start();
    let ask = |copy: u32, lane: &str| {
        let mut stream = desk(&sandbox);
        let request = format!(
            "{{\"ask\":\"reprint\",\"lane\":\"{lane}\",\"session\":\"00000000000000aa-0001\",\"copy\":{copy},\
             \"number\":\"A001\",\"place\":null,\"at\":0}}\n"
        );
        stream.write_all(request.as_bytes()).expect("sent");
        stream
    };
    // The same copy, asked for again and again by those who do not wait.
    for _ in 0..40 {
        drop(ask(1, "kiosk-1"));
    }
    let mut told = String::new();
    BufReader::new(ask(2, "kiosk-1")).read_line(&mut told).expect("an answer");
    assert!(told.contains("told"), "{told}");
    close_and_open(&sandbox);
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn a_file_in_the_desks_place_is_left_alone_and_named() {
    let sandbox = Sandbox::new();
    let state = sandbox.path("state");
    std::fs::create_dir_all(&state).expect("made");
    std::fs::set_permissions(&state, std::os::unix::fs::PermissionsExt::from_mode(0o700)).expect("set");
    let file = state.join(facemchd::service::SOCKET);
    std::fs::write(&file, "precious").expect("written");
    let output = run(&["run", "--config", sandbox.site()]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_ne!(output.status.code(), Some(0));
    let checked = run(&["check", "--config", sandbox.site()]);
    assert!(String::from_utf8_lossy(&checked.stdout).contains("left alone"), "check says so, too");
    assert!(told.contains("staff.sock") && told.contains("left alone"), "{told}");
    assert_eq!(std::fs::read_to_string(&file).expect("left alone"), "precious");
}
