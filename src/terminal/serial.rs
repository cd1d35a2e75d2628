//! The serial port: any speed, opened again when it was unplugged.

use std::{io, os::unix::fs::FileTypeExt as _, path::Path, sync::Arc, time::Duration};

use serial2_tokio::SerialPort;
use tokio::{
    io::AsyncWriteExt as _,
    sync::mpsc::{self, Receiver},
    time::{sleep, timeout},
};

use super::{
    Address, Reply, Shared, TerminalError,
    allowance::Allowance,
    connection::{Intake, QUEUED, STALL},
    connections::Activity,
    reply::OutLine,
    standing::Standing,
};
use crate::{
    fault::{Code, Failure},
    kiosk::{Device, Input},
};

/// How soon a port that is gone is tried again, first and at most.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Whether a port is there, or may be plugged in. Looked at and not opened, which would raise its lines.
pub(super) fn may_be_opened(device: &Path) -> Result<(), TerminalError> {
    match device.metadata() {
        Ok(found) if !found.file_type().is_char_device() => Err(TerminalError::NotAPort { device: device.to_owned() }),
        _ => Ok(()),
    }
}

/// `port`: it, where it was there at the start.
pub(super) async fn serve(mut port: Option<SerialPort>, shared: Shared, mut replies: Receiver<Reply>) {
    let Address::Serial { device, baud } = shared.settings().address.clone() else { return };
    let lane = shared.lane;
    let peer = shared.counters.next_peer();
    // The same terminal, however often it is unplugged.
    let allowance = Allowance::of_terminal(shared.clock.now().moment);
    let mut standing = Standing::default();
    let mut wait = FIRST_WAIT;
    let mut gone = false;
    loop {
        let failed = match port.take().map_or_else(|| open(&device, baud), Ok) {
            Err(error) => error,
            Ok(port) => {
                if std::mem::take(&mut gone) {
                    shared.witness.mended("the terminal's port is there again", Code::T210);
                    let back = Input::DeviceChanged { lane, device: Device::Terminal, fault: None };
                    let _ = shared.inputs.send(back).await;
                }
                wait = FIRST_WAIT;
                let _present = shared.comes();
                let (answers, lines) = mpsc::channel(QUEUED);
                if let Some(scene) = standing.line(&shared) {
                    // The queue is empty: there is room.
                    let _ = answers.try_send(scene);
                }
                let intake = Intake::new(shared.clone(), peer, answers, Arc::clone(&allowance), Activity::default());
                match talk(port, &shared, &mut replies, &mut standing, intake, lines).await {
                    Ok(()) => return,
                    Err(error) => error,
                }
            }
        };
        if !gone {
            gone = true;
            let failure = Failure::from(TerminalError::Gone { device: device.clone(), source: failed });
            shared.witness.failed("the terminal's port is gone", &failure);
            let (device, fault) = (Device::Terminal, Some(failure.trouble()));
            let _ = shared.inputs.send(Input::DeviceChanged { lane, device, fault }).await;
        }
        // Of what is meant for a terminal that is gone only the scene is of use when it comes back.
        let pause = sleep(wait);
        tokio::pin!(pause);
        loop {
            tokio::select! {
                () = &mut pause => break,
                reply = replies.recv() => match reply {
                    Some(reply) => standing.hear(&shared, reply),
                    None => return,
                },
            }
        }
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

/// Opens the port; what comes from now on waits for its reader.
pub(super) fn open(device: &Path, baud: u32) -> io::Result<SerialPort> {
    SerialPort::open(device, baud)
}

/// Until the port fails, or the daemon ends.
async fn talk(
    port: SerialPort,
    shared: &Shared,
    replies: &mut Receiver<Reply>,
    standing: &mut Standing,
    mut intake: Intake,
    mut lines: Receiver<OutLine>,
) -> io::Result<()> {
    let (mut reader, mut writer) = tokio::io::split(port);
    loop {
        let line = tokio::select! {
            read = intake.read_from(&mut reader) => match read {
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
                Some(()) => continue,
            },
            Some(line) = lines.recv() => line,
            reply = replies.recv() => match reply {
                Some(reply) => {
                    let line = shared.line(&reply);
                    standing.hear(shared, reply);
                    line
                }
                None => return Ok(()),
            },
        };
        match timeout(STALL, writer.write_all(&line)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(error),
            Err(_) => {
                shared.counters.stalled.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            }
        }
    }
}
