//! Whose kiosk it is: a name, and a picture beside it.

use std::sync::Arc;

/// A hospital's or a station's name and logo.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Brand {
    /// Its name.
    pub name: String,
    /// Its logo.
    pub logo: Option<Arc<Logo>>,
}

/// A picture, row by row: red, green, blue, opaque.
#[derive(Clone, PartialEq, Eq)]
pub struct Logo {
    width: usize,
    dots: Vec<[u8; 4]>,
}

/// No logo is larger, dots a side.
const MOST_DOTS: u32 = 512;

impl Brand {
    /// Nothing is to be shown.
    pub(super) fn is_empty(&self) -> bool {
        self.name.is_empty() && self.logo.is_none()
    }
}

impl Logo {
    /// From the bytes of a PNG file; the error says what is wrong with it.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let limits = png::Limits { bytes: 8 << 20 };
        let mut decoder = png::Decoder::new_with_limits(std::io::Cursor::new(bytes), limits);
        decoder.set_transformations(png::Transformations::normalize_to_color8() | png::Transformations::ALPHA);
        let mut reader = decoder.read_info().map_err(|error| format!("is no PNG: {error}"))?;
        let (width, height) = reader.info().size();
        if width > MOST_DOTS || height > MOST_DOTS {
            return Err(format!("has {width} × {height} dots; {MOST_DOTS} × {MOST_DOTS} at most"));
        }
        let mut pixels = vec![0; reader.output_buffer_size().unwrap_or_default()];
        let info = reader.next_frame(&mut pixels).map_err(|error| format!("is no whole PNG: {error}"))?;
        let pixels = pixels.get(..info.buffer_size()).unwrap_or_default();
        let dots = match info.color_type {
            png::ColorType::Rgba => pixels.chunks_exact(4).map(|dot| [dot[0], dot[1], dot[2], dot[3]]).collect(),
            png::ColorType::GrayscaleAlpha => {
                pixels.chunks_exact(2).map(|dot| [dot[0], dot[0], dot[0], dot[1]]).collect()
            }
            other => return Err(format!("is a PNG of {other:?}, which is not understood")),
        };
        Ok(Self { width: usize::try_from(width).unwrap_or(1).max(1), dots })
    }

    /// As paper shows it: dots across, and their greys, 0 is black and 255 is paper.
    pub(crate) fn greys(&self) -> (usize, Vec<u8>) {
        let grey = |[red, green, blue, opaque]: &[u8; 4]| {
            // How bright an eye finds it (ITU-R BT.601), in thousandths, over white.
            let bright = 299 * u32::from(*red) + 587 * u32::from(*green) + 114 * u32::from(*blue);
            let opaque = u32::from(*opaque);
            u8::try_from((bright / 1000 * opaque + 255 * (255 - opaque)) / 255).unwrap_or(u8::MAX)
        };
        (self.width, self.dots.iter().map(grey).collect())
    }

    /// As large as a square of so many dots has room for: dots across, and the dots. Each is the mean of those it covers.
    pub(super) fn scaled(&self, side: f32) -> (usize, Vec<[u8; 4]>) {
        let side = usize::try_from(crate::device::typeset::floor(side)).unwrap_or(1).max(1);
        let (across, down) = (self.width, (self.dots.len() / self.width).max(1));
        let most = across.max(down);
        let (width, height) = ((across * side / most).max(1), (down * side / most).max(1));
        let covered = |at: usize, of: usize, from: usize| {
            let begin = at * from / of;
            begin..((at + 1) * from).div_ceil(of).max(begin + 1).min(from)
        };
        let mean = |x: usize, y: usize| {
            let (columns, rows) = (covered(x, width, across), covered(y, height, down));
            let mut sum = [0_usize; 4];
            let mut count = 0;
            for row in rows {
                for dot in self.dots.get(row * across..).unwrap_or_default().get(columns.clone()).unwrap_or_default() {
                    let opaque = usize::from(dot[3]);
                    (0..3).for_each(|colour| sum[colour] += usize::from(dot[colour]) * opaque);
                    sum[3] += opaque;
                    count += 1;
                }
            }
            let colour = |at: usize| u8::try_from(sum[at] / sum[3].max(1)).unwrap_or(u8::MAX);
            [colour(0), colour(1), colour(2), u8::try_from(sum[3] / count.max(1)).unwrap_or(u8::MAX)]
        };
        (width, (0..width * height).map(|at| mean(at % width, at / width)).collect())
    }
}

impl std::fmt::Debug for Logo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} × {}", self.width, self.dots.len() / self.width)
    }
}
