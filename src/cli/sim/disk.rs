//! The journal's disk in a sandbox: it fills up, slows down, hangs, and is gone for a daemon that has been killed.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use crate::store::Disk;

/// What the disk does.
#[derive(Default)]
pub(super) struct Switches(Mutex<State>);

#[derive(Clone, Copy, Default)]
struct State {
    full: bool,
    slow: Duration,
    hangs: bool,
    /// Which daemon's disk it is: those before it have been killed.
    daemon: u64,
}

/// One daemon's disk.
pub(super) struct Platter {
    disk: Box<dyn Disk>,
    switches: Arc<Switches>,
    daemon: u64,
}

/// How often a disk that hangs is looked at.
const LOOK: Duration = Duration::from_millis(20);

impl Switches {
    pub(super) fn set(&self, full: bool, slow: Duration, hangs: bool) {
        let mut state = self.state();
        *state = State { full, slow, hangs, ..*state };
    }

    /// Whatever daemon there is writes nothing any more.
    pub(super) fn kill(&self) {
        let mut state = self.state();
        state.daemon = state.daemon.wrapping_add(1);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Platter {
    pub(super) fn of(disk: Box<dyn Disk>, switches: Arc<Switches>) -> Self {
        let daemon = switches.state().daemon;
        Self { disk, switches, daemon }
    }

    /// Before anything is changed.
    fn may_write(&self, grows: bool) -> io::Result<()> {
        thread::sleep(self.switches.state().slow);
        loop {
            let state = *self.switches.state();
            if state.daemon != self.daemon {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            if !state.hangs {
                return if state.full && grows { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) };
            }
            thread::sleep(LOOK);
        }
    }
}

impl Disk for Platter {
    fn list(&self) -> io::Result<Vec<String>> {
        self.disk.list()
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        self.disk.read(name)
    }

    fn read_at(&self, name: &str, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        self.disk.read_at(name, offset, length)
    }

    fn create_zeroed(&mut self, name: &str, length: usize) -> io::Result<()> {
        self.may_write(true)?;
        self.disk.create_zeroed(name, length)
    }

    fn write_at(&mut self, name: &str, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.may_write(true)?;
        self.disk.write_at(name, offset, bytes)
    }

    fn sync(&mut self, name: &str) -> io::Result<()> {
        self.may_write(false)?;
        self.disk.sync(name)
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        self.may_write(false)?;
        self.disk.rename(from, to)
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        self.may_write(false)?;
        self.disk.remove(name)
    }

    fn sync_names(&mut self) -> io::Result<()> {
        self.may_write(false)?;
        self.disk.sync_names()
    }
}
