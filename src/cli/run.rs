//! `facemchd run`

use std::{path::Path, sync::Arc};

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc,
};

use super::{Ending, build, logging, wires};
use crate::{
    config::Site,
    fault::exit,
    service::{self, Control, SystemClock},
    store,
};

pub(super) fn run(file: &Path, #[cfg(feature = "pilot")] capture: Option<&Path>) -> Result<u8, Ending> {
    logging::start();
    let runtime = runtime()?;
    let (orders, control) = mpsc::channel(4);
    // Before anything is opened: a SIGHUP that nobody listens to ends the program.
    let signals = {
        let _within = runtime.enter();
        forward_signals(orders)?
    };
    let site = Site::read(file)?;
    let clock = Arc::new(SystemClock::start());
    let lock = store::StateLock::take(&site.state_dir)?;
    let wires = wires::open(&site, &(Arc::clone(&clock) as _))?;
    #[cfg(feature = "pilot")]
    if let Some(recording) = capture {
        crate::capture::begin(recording, &site.capture, site.lane.len(), Arc::clone(&clock) as _)
            .map_err(|error| Ending { line: error.to_string(), exit: exit::IO })?;
    }
    let parts = build::parts(lock, file, &site, clock, wires.lanes, std::convert::identity)?;
    #[cfg(feature = "pilot")]
    let parts = match capture {
        Some(_) => service::Parts { tap: Some(Box::new(super::capture::Listener::default())), ..parts },
        None => parts,
    };
    runtime.block_on(async {
        tokio::spawn(signals);
        let summary = service::serve(parts, control).await?;
        #[cfg(feature = "pilot")]
        crate::capture::end();
        tracing::info!(inputs = summary.inputs, longest_turn_us = summary.longest_turn.as_micros(), "stopped");
        Ok(exit::OK)
    })
}

/// One thread for the loop, sockets and timers.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, Ending> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(1)
        .build()
        .map_err(|error| Ending::io("the runtime cannot be started", &error))
}

/// SIGTERM and SIGINT end in order, SIGHUP reads again.
pub(super) fn forward_signals(orders: mpsc::Sender<Control>) -> Result<impl Future<Output = ()>, Ending> {
    let listen = |kind| signal(kind).map_err(|error| Ending::io("signals cannot be received", &error));
    let mut terminate = listen(SignalKind::terminate())?;
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut hangup = listen(SignalKind::hangup())?;
    Ok(async move {
        loop {
            let order = tokio::select! {
                _ = terminate.recv() => Control::Stop,
                _ = interrupt.recv() => Control::Stop,
                _ = hangup.recv() => Control::Reload,
            };
            if orders.send(order).await.is_err() {
                return;
            }
        }
    })
}
