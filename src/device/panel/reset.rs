//! A controller's reset line.

use embedded_hal::{delay::DelayNs, digital::OutputPin};

use crate::device::DeviceError;

/// A reset line, active low, of any of the controllers.
pub struct Reset {
    set: Box<dyn FnMut(bool) -> Result<(), String> + Send>,
    delay: Box<dyn DelayNs + Send>,
}

/// The longest that any sheet asks for: an ST7920 low for 10 ms, a TFT that was awake 120 ms before its next command.
const LOW_MS: u32 = 10;
const AFTER_MS: u32 = 120;

impl Reset {
    /// Takes the line over; it is pulsed before the first scene, and after a failure.
    pub fn new(mut pin: impl OutputPin + Send + 'static, delay: impl DelayNs + Send + 'static) -> Self {
        let set = move |high: bool| pin.set_state(high.into()).map_err(|error| format!("{error:?}"));
        Self { set: Box::new(set), delay: Box::new(delay) }
    }

    /// A panel that cannot be told what to show is to show nothing, and no one's name: after its reset each controller is
    /// dark.
    pub(super) fn darken(reset: &mut Option<Self>) {
        // The bus may be gone and this line not; where it is gone, too, nothing can be done.
        let _ = reset.as_mut().map(Self::pulse);
    }

    pub(super) fn pulse(&mut self) -> Result<(), DeviceError> {
        (self.set)(false).map_err(DeviceError::Bus)?;
        self.delay.delay_ms(LOW_MS);
        (self.set)(true).map_err(DeviceError::Bus)?;
        self.delay.delay_ms(AFTER_MS);
        Ok(())
    }
}
