//! What the kernel drives — HDMI, LVDS, DSI — as a framebuffer; and a picture file for a bench without a panel.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
};

use super::{
    colour::{rgb, rgb565},
    frame::{Frame, Rect},
    picture::Glass,
};
use crate::{device::DeviceError, files};

/// A framebuffer of 16 or 32 bits a dot. It is written to and not mapped: the kernel copies, and a driver that shares its
/// memory sees the write.
pub struct Framebuffer {
    device: File,
    width: usize,
    height: usize,
    /// Bytes of a row.
    stride: usize,
    bytes_per_dot: usize,
}

impl Framebuffer {
    /// `/dev/fb0`; how it is laid out stands in `/sys/class/graphics/fb0`.
    pub fn open(device: &Path) -> Result<Self, DeviceError> {
        let folder = Path::new("/sys/class/graphics").join(device.file_name().unwrap_or_default());
        Self::open_as(device, &folder)
    }

    /// The same with another folder for its description.
    pub fn open_as(device: &Path, folder: &Path) -> Result<Self, DeviceError> {
        let failed = |reason: String| DeviceError::Open {
            what: device.display().to_string(),
            reason,
            code: crate::fault::Code::D601,
        };
        let read = |name: &str| -> Result<Vec<usize>, DeviceError> {
            let text =
                files::read_text(&folder.join(name), 64).map_err(|error| failed(crate::fault::causes(&error)))?;
            Ok(text.trim().split(',').filter_map(|number| number.parse().ok()).collect())
        };
        let (size, depth, stride) = (read("virtual_size")?, read("bits_per_pixel")?, read("stride")?);
        let ([width, height], [bits @ (16 | 32)], [stride]) = (&size[..], &depth[..], &stride[..]) else {
            return Err(failed("only 16 and 32 bits a dot are understood".to_owned()));
        };
        let opened = files::device(device, false).map_err(|error| failed(crate::fault::causes(&error)))?;
        Ok(Self { device: opened, width: *width, height: *height, stride: *stride, bytes_per_dot: bits / 8 })
    }
}

impl Glass for Framebuffer {
    fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    fn initialise(&mut self) -> Result<(), DeviceError> {
        Ok(())
    }

    fn write(&mut self, frame: &Frame, Rect { x, y, width, height }: Rect) -> Result<(), DeviceError> {
        for row in y..y + height {
            let mut bytes = Vec::with_capacity(width * self.bytes_per_dot);
            for ink in &frame.row(row)[x..x + width] {
                if self.bytes_per_dot == 2 {
                    bytes.extend_from_slice(&rgb565(frame, *ink).to_le_bytes());
                } else {
                    let [red, green, blue] = rgb(frame, *ink);
                    bytes.extend_from_slice(&[blue, green, red, 0xFF]);
                }
            }
            let at = u64::try_from(row * self.stride + x * self.bytes_per_dot).unwrap_or(u64::MAX);
            self.device.write_all_at(&bytes, at).map_err(|error| DeviceError::Bus(error.to_string()))?;
        }
        Ok(())
    }
}

/// A file that always holds the whole picture, as PPM.
pub struct PictureFile {
    file: PathBuf,
    width: usize,
    height: usize,
}

impl PictureFile {
    /// Writes nothing before the first scene.
    pub fn new(file: PathBuf, width: usize, height: usize) -> Self {
        Self { file, width, height }
    }

    fn replace(&self, frame: &Frame) -> io::Result<()> {
        let fresh = self.file.with_extension("part");
        let mut file = files::create_public(&fresh)?;
        write!(file, "P6\n{} {}\n255\n", self.width, self.height)?;
        let dots = (0..self.height).flat_map(|y| frame.row(y)).flat_map(|ink| rgb(frame, *ink));
        file.write_all(&dots.collect::<Vec<u8>>())?;
        fs::rename(fresh, &self.file)
    }
}

impl Glass for PictureFile {
    fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    fn grain(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    fn initialise(&mut self) -> Result<(), DeviceError> {
        Ok(())
    }

    fn write(&mut self, frame: &Frame, _: Rect) -> Result<(), DeviceError> {
        self.replace(frame).map_err(|error| DeviceError::Bus(format!("{}: {error}", self.file.display())))
    }
}
