//! The twin of what the kernel drives: memory of three bytes a dot, and somebody who looks at it.

use std::{fs::File, io, os::unix::fs::FileExt as _, sync::Arc};

use rustix::fs::{MemfdFlags, memfd_create};

use super::{
    face::{Face, View},
    socket::{Cable, Socket},
};

/// Watches a screen.
#[derive(Clone)]
pub(crate) struct ScreenTwin {
    size: (usize, usize),
    memory: Arc<File>,
    socket: Socket,
}

/// The kiosk's end: red, green and blue follow each other in memory, row by row.
pub(crate) struct ScreenWire {
    twin: ScreenTwin,
    memory: File,
    cable: Cable,
}

impl ScreenTwin {
    /// A dark screen of so many dots across and down.
    pub(super) fn new(size: (usize, usize)) -> io::Result<Self> {
        let memory = File::from(memfd_create("screen", MemfdFlags::CLOEXEC)?);
        memory.set_len((size.0 * size.1 * 3) as u64)?;
        Ok(Self { size, memory: Arc::new(memory), socket: Socket::default() })
    }

    /// The other end.
    pub(crate) fn wire(&self) -> io::Result<ScreenWire> {
        Ok(ScreenWire { twin: self.clone(), memory: self.memory.try_clone()?, cable: self.socket.cable() })
    }
}

impl ScreenWire {
    /// Dots across and down, while it is there.
    pub(crate) fn size(&self) -> io::Result<(usize, usize)> {
        let (across, down) = self.twin.size;
        if self.cable.carries(0) { Ok((across, down)) } else { Err(io::ErrorKind::NotConnected.into()) }
    }

    /// What is written there is seen.
    pub(crate) fn memory(&self) -> &File {
        &self.memory
    }
}

impl Face for ScreenTwin {
    fn socket(&self) -> &Socket {
        &self.socket
    }

    /// A monitor: what it shows lies in the machine's memory.
    fn lose_supply(&self) {}

    fn view(&self) -> View {
        let (across, down) = self.size;
        let mut dots = vec![0; across * down * 3];
        // Of memory that cannot be read nothing is seen.
        let _ = self.memory.read_exact_at(&mut dots, 0);
        View::from_dots(across, dots)
    }

    fn text(&self) -> Option<[String; 4]> {
        None
    }

    fn decoded(&self) -> String {
        let (across, down) = self.size;
        format!("no wire: {across} x {down} dots of three bytes in the kernel's memory")
    }

    fn misunderstood(&self) -> Vec<String> {
        Vec::new()
    }
}
