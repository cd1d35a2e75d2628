//! How a lane's panel looks: its words, its size of type, and the site's name, logo and colours.

use std::sync::Arc;

use crate::{
    cli::build,
    config::{Lane, Site},
    device::{House, panel::Style},
    fault::Failure,
    words::Clock,
};

#[cfg(not(feature = "screen"))]
pub(super) fn style(_: &Site, lane: &Lane, _: &Arc<dyn Clock>) -> Result<Style, Failure> {
    Ok(Style { phrases: build::phrases(lane)?, large: lane.elder })
}

#[cfg(feature = "screen")]
pub(super) fn style(site: &Site, lane: &Lane, clock: &Arc<dyn Clock>) -> Result<Style, Failure> {
    use crate::device::panel::WallClock;
    Ok(Style {
        phrases: build::phrases(lane)?,
        large: lane.elder,
        brand: site.brand.as_ref().map(outline::brand).transpose()?,
        palette: outline::palette(&site.palette)?,
        language: lane.language,
        clock: Some(WallClock { clock: Arc::clone(clock), utc_offset: site.hours().utc_offset }),
    })
}

/// Whose kiosk it is, on paper.
#[cfg(not(feature = "screen"))]
pub(super) fn house(_: &Site) -> Result<House, Failure> {
    Ok(House::default())
}

/// Whose kiosk it is, on paper.
#[cfg(feature = "screen")]
pub(super) fn house(site: &Site) -> Result<House, Failure> {
    let Some(brand) = site.brand.as_ref().map(outline::brand).transpose()? else { return Ok(House::default()) };
    let logo = brand.logo.and_then(|logo| {
        let (across, greys) = logo.greys();
        crate::device::SlipLogo::of(across, greys)
    });
    Ok(House { name: Some(brand.name), logo, kept: None })
}

/// Whose kiosk it is, on a page.
#[cfg(all(feature = "page", not(feature = "screen")))]
pub(in crate::cli) fn page_brand(_: &Site) -> Result<crate::page::Brand, Failure> {
    Ok(crate::page::Brand::default())
}

/// Whose kiosk it is, on a page.
#[cfg(all(feature = "page", feature = "screen"))]
pub(in crate::cli) fn page_brand(site: &Site) -> Result<crate::page::Brand, Failure> {
    let Some(brand) = &site.brand else { return Ok(crate::page::Brand::default()) };
    let logo = brand.logo.as_deref().map(outline::logo).transpose()?;
    Ok(crate::page::Brand { name: brand.name.clone(), logo: logo.map(|(bytes, _)| bytes.into()) })
}

#[cfg(feature = "screen")]
mod outline {
    use std::path::{Path, PathBuf};

    use crate::{
        board::{BrandFile, Colours},
        device::panel::{Brand, LEAST_CONTRAST, Logo, Palette},
        fault::{Code, Cure, Fault},
        files::{self, FileError},
    };

    /// A logo file larger than this is none, bytes.
    const MOST: usize = 256 << 10;

    /// What the site wants to be seen cannot be shown.
    #[derive(Debug, thiserror::Error)]
    pub(super) enum LookError {
        /// Two colours are too near to each other.
        #[error("[palette] {pair} on paper has a contrast of {ratio:.1}:1; {LEAST_CONTRAST}:1 is the least")]
        Contrast { pair: &'static str, ratio: f32 },
        /// The logo's file cannot be read.
        #[error("[brand] logo")]
        File(#[from] FileError),
        /// The logo is no picture that we show.
        #[error("[brand] logo: {} {why}", file.display())]
        Logo { file: PathBuf, why: String },
    }

    impl Fault for LookError {
        fn code(&self) -> Code {
            match self {
                Self::Contrast { .. } => Code::K408,
                Self::File(_) | Self::Logo { .. } => Code::K409,
            }
        }

        fn cure(&self) -> Option<Cure> {
            match self {
                Self::File(error) => error.cure(),
                Self::Contrast { .. } | Self::Logo { .. } => None,
            }
        }
    }

    pub(super) fn palette(colours: &Colours) -> Result<Palette, LookError> {
        let palette = colours.palette();
        match palette.weakest() {
            (pair, ratio) if ratio < LEAST_CONTRAST => Err(LookError::Contrast { pair, ratio }),
            _ => Ok(palette),
        }
    }

    pub(super) fn brand(brand: &BrandFile) -> Result<Brand, LookError> {
        let logo = brand.logo.as_deref().map(logo).transpose()?;
        Ok(Brand { name: brand.name.clone(), logo: logo.map(|(_, logo)| std::sync::Arc::new(logo)) })
    }

    /// The bytes of a logo's file, and what they show.
    pub(super) fn logo(file: &Path) -> Result<(Vec<u8>, Logo), LookError> {
        let bytes = files::read(file, MOST)?;
        let wrong = |why| LookError::Logo { file: file.to_owned(), why };
        let logo = Logo::read(&bytes).map_err(wrong)?;
        Ok((bytes, logo))
    }
}
