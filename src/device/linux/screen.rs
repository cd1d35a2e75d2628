//! A framebuffer's layout, and the console that shares its glass.

use std::{fs::File, io, path::Path};

use framebuffer::{Bitfield, Framebuffer, KdMode};

use crate::{
    device::{
        DeviceError,
        panel::{Channel, Layout, Screen},
    },
    fault::{Code, causes},
    files,
};

/// The console in front, whichever that is.
const CONSOLE: &str = "/dev/tty0";

/// A screen of the kernel's.
pub struct KernelScreen {
    memory: File,
    /// The console was sent away, or cannot be and that was told.
    away: bool,
}

/// `fb_fix_screeninfo.type` and `.visual`.
const PACKED_PIXELS: u32 = 0;
const COLOURED: [u32; 2] = [2, 4];

/// `/dev/fb0`
pub fn screen(device: &Path) -> Result<KernelScreen, DeviceError> {
    let failed = |reason| DeviceError::Open { what: device.display().to_string(), reason, code: Code::D601 };
    let memory = files::device(device, false).map_err(|error| failed(causes(&error)))?;
    let screen = KernelScreen { memory, away: false };
    screen.layout().map_err(|error| failed(error.to_string()))?;
    Ok(screen)
}

/// Gives the glass back to the console. Nothing where there is none, or it never was away.
pub(crate) fn bring_console_back() {
    let _ = Framebuffer::set_kd_mode_ex(CONSOLE, KdMode::Text);
}

impl Screen for KernelScreen {
    fn layout(&self) -> io::Result<Layout> {
        let failed = |error: framebuffer::FramebufferError| io::Error::other(error.details);
        let fixed = Framebuffer::get_fix_screeninfo(&self.memory).map_err(failed)?;
        let now = Framebuffer::get_var_screeninfo(&self.memory).map_err(failed)?;
        if fixed.fb_type != PACKED_PIXELS || !COLOURED.contains(&fixed.visual) || now.nonstd != 0 {
            return Err(io::Error::other("its dots are not packed true colours"));
        }
        let size = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let channel = |field: &Bitfield| Channel { offset: field.offset, length: field.length };
        let stride = size(fixed.line_length);
        // A driver that does not say how much it has, has what it says is in it.
        let rows = match size(fixed.smem_len).checked_div(stride) {
            Some(rows @ 1..) => rows.min(size(now.yres_virtual)),
            _ => size(now.yres_virtual),
        };
        Ok(Layout {
            visible: (size(now.xres), size(now.yres)),
            offset: (size(now.xoffset), size(now.yoffset)),
            rows,
            stride,
            bits: size(now.bits_per_pixel),
            colours: [channel(&now.red), channel(&now.green), channel(&now.blue)],
            alpha: channel(&now.transp),
        })
    }

    fn memory(&self) -> &File {
        &self.memory
    }

    fn keep_console_away(&mut self) {
        let told = std::mem::replace(&mut self.away, true);
        if !Path::new(CONSOLE).exists() {
            return;
        }
        if let Err(error) = Framebuffer::set_kd_mode_ex(CONSOLE, KdMode::Graphics)
            && !told
        {
            tracing::warn!(
                error = error.details,
                "the console stays on the panel: after a change of board, systemctl daemon-reload"
            );
        }
    }
}

impl Drop for KernelScreen {
    fn drop(&mut self) {
        if self.away {
            bring_console_back();
        }
    }
}
