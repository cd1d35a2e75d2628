//! A printer behind the kernel's usblp.

use std::{
    fs::File,
    io::{self, Read, Write},
    os::unix::fs::{FileTypeExt as _, MetadataExt as _},
    path::Path,
    thread,
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::major,
    io::Errno,
    ioctl,
};

use crate::{device::Port, files};

/// Opened without blocking, because a write at paper end would never return.
pub(super) struct UsbPrinter {
    device: File,
    patience: Duration,
    /// It may be asked for its status lines.
    has_lines: bool,
}

/// How long the last transfer may take before the device is closed, which would end it.
const LAST: Duration = Duration::from_millis(500);

/// usblp is ready to be read when an empty packet has come: it is not asked again at once.
const EMPTY: Duration = Duration::from_millis(5);

/// `LPGETSTATUS` of usblp and of lp.
const LPGETSTATUS: ioctl::Opcode = 0x060B;

/// The kernel's majors of usblp and lp (admin-guide/devices.txt): elsewhere the same number may ask for something else.
const PRINTERS: [u32; 2] = [180, 6];

impl UsbPrinter {
    /// `/dev/usb/lp0`
    pub(super) fn open(device: &Path) -> io::Result<Self> {
        let device = files::device(device, true)?;
        let about = device.metadata()?;
        let has_lines = about.file_type().is_char_device() && PRINTERS.contains(&major(about.rdev()));
        Ok(Self { device, patience: Duration::ZERO, has_lines })
    }

    fn ready(&self, flags: PollFlags, patience: Duration) -> io::Result<bool> {
        let patience = Timespec::try_from(patience).map_err(io::Error::other)?;
        Ok(poll(&mut [PollFd::new(&self.device, flags)], Some(&patience))? > 0)
    }

    fn wait(&self, flags: PollFlags) -> io::Result<()> {
        if self.ready(flags, self.patience)? { Ok(()) } else { Err(io::ErrorKind::TimedOut.into()) }
    }
}

#[expect(
    unsafe_code,
    reason = "no crate offers this request, and a printer that sends nothing says how it is by it alone"
)]
fn port_status(printer: &File) -> Result<i32, Errno> {
    let mut status = 0_i32;
    // SAFETY: usblp and lp, and `PRINTERS` lets nobody else be asked, write one int through the argument while the call
    // lasts; `status` is one, initialised, and outlives the call.
    unsafe { ioctl::ioctl(printer, ioctl::Updater::<LPGETSTATUS, i32>::new(&mut status))? };
    Ok(status)
}

impl Read for UsbPrinter {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.wait(PollFlags::IN)?;
        match self.arrived(buffer)? {
            0 => {
                thread::sleep(EMPTY);
                Err(io::ErrorKind::WouldBlock.into())
            }
            length => Ok(length),
        }
    }
}

impl Write for UsbPrinter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.wait(PollFlags::OUT)?;
        self.device.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Port for UsbPrinter {
    fn set_patience(&mut self, patience: Duration) -> io::Result<()> {
        self.patience = patience;
        Ok(())
    }

    fn arrived(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.device.read(buffer) {
            // An empty packet is no end; and a printer with one direction alone (EINVAL) says nothing ever.
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::InvalidInput) => Ok(0),
            read => read,
        }
    }

    fn pending(&mut self) -> io::Result<usize> {
        Ok(usize::from(!self.ready(PollFlags::OUT, Duration::ZERO)?))
    }

    fn lines(&mut self) -> io::Result<Option<u8>> {
        if !self.has_lines {
            return Ok(None);
        }
        match port_status(&self.device) {
            Ok(lines) => Ok(lines.to_le_bytes().first().copied()),
            Err(Errno::NODEV) => Err(Errno::NODEV.into()),
            // One that does not know the request may take the kernel's five seconds each time.
            Err(_) => {
                self.has_lines = false;
                Ok(None)
            }
        }
    }
}

impl Drop for UsbPrinter {
    fn drop(&mut self) {
        let _ = self.ready(PollFlags::OUT, LAST);
    }
}
