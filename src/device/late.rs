//! A panel that is not there yet, or not there any more: opened as soon as it can be.

use super::{DeviceError, Drawn, Panel};
use crate::kiosk::Scene;

/// Opens a panel, again and again.
pub(crate) type PanelOpener = Box<dyn FnMut() -> Result<Box<dyn Panel>, DeviceError> + Send>;

/// A panel behind an opener. Whoever shows a scene that fails shows it again.
pub struct LatePanel {
    open: PanelOpener,
    /// None before it came, and after a failure.
    panel: Option<Box<dyn Panel>>,
}

impl LatePanel {
    /// Tries to open it, and says why it is not there yet. What no waiting cures is refused.
    pub fn open(mut open: PanelOpener) -> Result<(Self, Option<DeviceError>), DeviceError> {
        match open() {
            Ok(panel) => Ok((Self { open, panel: Some(panel) }, None)),
            Err(error) if error.is_absence() => Ok((Self { open, panel: None }, Some(error))),
            Err(error) => Err(error),
        }
    }
}

impl LatePanel {
    fn drawn(&mut self, draw: impl FnOnce(&mut dyn Panel) -> Result<Drawn, DeviceError>) -> Result<Drawn, DeviceError> {
        let mut panel = match self.panel.take() {
            Some(panel) => panel,
            None => (self.open)()?,
        };
        // One that failed is let go of: its bus or its lines may come again as others.
        let drawn = draw(&mut *panel)?;
        self.panel = Some(panel);
        Ok(drawn)
    }
}

impl Panel for LatePanel {
    fn show(&mut self, scene: &Scene) -> Result<Drawn, DeviceError> {
        self.drawn(|panel| panel.show(scene))
    }

    fn refresh(&mut self, scene: &Scene) -> Result<Drawn, DeviceError> {
        self.drawn(|panel| panel.refresh(scene))
    }
}
