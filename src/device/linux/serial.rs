//! A printer's serial port, 8N1: nobody else's while it is ours, its lines left as they are when it is closed, and
//! nothing written that it does not tell the fate of.

use std::{
    io::{self, Read, Write},
    path::Path,
    time::Duration,
};

use rustix::termios::{ControlModes, OptionalActions, tcgetattr, tcsetattr};
use serialport::{ClearBuffer, FlowControl, SerialPort as _, TTYPort};

use crate::{device::Port, files};

/// An open port.
pub(super) struct Serial {
    tty: TTYPort,
    rts_cts: bool,
}

/// What a printer may lose when it stops listening without a word: one UART's buffer.
const CHUNK: usize = 64;

impl Serial {
    /// `/dev/ttyS1`, or a name below `/dev/serial/by-id`, which stays when the device comes back under another number.
    pub(super) fn open(device: &Path, baud: u32, rts_cts: bool) -> io::Result<Self> {
        // A printer that takes DTR for its reset would start anew at every close.
        let first = files::device(device, true)?;
        let mut settings = tcgetattr(&first)?;
        settings.control_modes.remove(ControlModes::HUPCL);
        tcsetattr(&first, OptionalActions::Now, &settings)?;
        let flow = flow(rts_cts);
        let port = serialport::new(device.to_string_lossy(), baud).flow_control(flow).exclusive(true);
        let tty = TTYPort::open(&port)?;
        tty.clear(ClearBuffer::All)?;
        Ok(Self { tty, rts_cts })
    }
}

fn flow(rts_cts: bool) -> FlowControl {
    if rts_cts { FlowControl::Hardware } else { FlowControl::None }
}

impl Read for Serial {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.tty.read(buffer)
    }
}

impl Write for Serial {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.tty.write(bytes)
    }

    /// The kernel would wait for as long as the printer likes: [`Port::pending`] is asked instead.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Port for Serial {
    fn set_patience(&mut self, patience: Duration) -> io::Result<()> {
        Ok(self.tty.set_timeout(patience)?)
    }

    fn arrived(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.tty.set_timeout(Duration::ZERO)?;
        match self.tty.read(buffer) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Err(error) if matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock) => Ok(0),
            read => read,
        }
    }

    fn pending(&mut self) -> io::Result<usize> {
        Ok(usize::try_from(self.tty.bytes_to_write()?).unwrap_or(usize::MAX))
    }

    fn withdraw(&mut self) -> io::Result<usize> {
        let pending = self.pending()?;
        // What the kernel has handed on may still be in the port's own FIFO: that has left.
        if pending > 0 {
            self.tty.clear(ClearBuffer::Output)?;
        }
        Ok(pending)
    }

    fn obey(&mut self, flow_control: bool) -> io::Result<()> {
        Ok(self.tty.set_flow_control(flow(self.rts_cts && flow_control))?)
    }

    fn chunk(&self) -> usize {
        CHUNK
    }
}

impl Drop for Serial {
    /// Else the kernel waits for half a minute for a printer that takes nothing.
    fn drop(&mut self) {
        let _ = self.tty.clear(ClearBuffer::Output);
    }
}
