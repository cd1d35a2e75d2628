//! Twins of panels that are drawn dot by dot: an OLED on I²C or SPI, a TFT on SPI.

mod oled;
mod tft;

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use embedded_hal::{
    digital::{ErrorType as PinError, OutputPin},
    i2c::{self, I2c},
    spi::{self, Operation, SpiDevice},
};

use super::{
    face::{Face, View},
    socket::{Cable, Socket},
};

pub use self::{
    oled::{OledController, OledKind},
    tft::TftController,
};

/// Complaints that are kept.
const MOST: usize = 100;

/// Watches a glass.
pub struct GlassTwin<C> {
    controller: Arc<Mutex<C>>,
    socket: Socket,
}

/// A controller: takes what arrives on its wire.
pub trait Controller: Send {
    /// A byte, and whether the data line was high.
    fn take(&mut self, byte: u8, data: bool);

    /// What a real controller would not have understood.
    fn complain(&mut self, what: String);

    /// Its supply went for a moment: it knows nothing any more, and its memory holds anything.
    fn lose_supply(&mut self);

    /// Its reset line was low: its memory holds what it held.
    fn reset(&mut self);

    /// Dots across and down.
    fn size(&self) -> (usize, usize);

    /// What a dot of the glass looks like: red, green, blue.
    fn colour(&self, x: usize, y: usize) -> [u8; 3];

    /// The four lines that it shows, where a program can read them.
    fn text(&self) -> Option<[String; 4]>;

    /// What it heard, as it read it.
    fn decoded(&self) -> String;

    /// What it did not understand.
    fn misunderstood(&self) -> &[String];
}

/// The kiosk's end of the wire.
pub struct GlassWire<C> {
    twin: GlassTwin<C>,
    cable: Cable,
    data: Arc<Mutex<bool>>,
}

/// The kiosk's end of the line that tells dots from commands.
pub struct DataPin(Arc<Mutex<bool>>);

/// The kiosk's end of the reset line, active low.
pub struct ResetPin<C>(GlassTwin<C>);

impl<C> Clone for GlassTwin<C> {
    fn clone(&self) -> Self {
        Self { controller: Arc::clone(&self.controller), socket: self.socket.clone() }
    }
}

impl<C: Controller + Default> Default for GlassTwin<C> {
    fn default() -> Self {
        Self { controller: Arc::default(), socket: Socket::default() }
    }
}

impl<C: Controller> GlassTwin<C> {
    /// A glass with this controller.
    pub fn of(controller: C) -> Self {
        Self { controller: Arc::new(Mutex::new(controller)), socket: Socket::default() }
    }

    /// Its plug comes out after so many transfers more.
    pub fn unplug_after(&self, transfers: usize) {
        self.socket.set_gone_after(transfers);
    }

    /// It is plugged in again, and knows nothing of before.
    pub fn plug_in(&self) {
        self.set_gone(false);
    }

    /// Its supply dips: no transfer fails.
    pub fn dip(&self) {
        self.lose_supply();
    }

    /// The other end of its reset line.
    pub fn reset_pin(&self) -> ResetPin<C> {
        ResetPin(self.clone())
    }

    /// The other ends: the bus and the data line.
    pub fn wires(&self) -> (GlassWire<C>, DataPin) {
        let data = Arc::new(Mutex::new(false));
        (GlassWire { twin: self.clone(), cable: self.socket.cable(), data: Arc::clone(&data) }, DataPin(data))
    }

    /// The controller.
    pub fn controller(&self) -> MutexGuard<'_, C> {
        self.controller.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: Controller> GlassWire<C> {
    /// The controller, if a transfer of so many bytes still reaches it.
    fn reached(&self, bytes: usize) -> Option<MutexGuard<'_, C>> {
        self.cable.carries(bytes).then(|| self.twin.controller())
    }
}

impl<C: Controller> Face for GlassTwin<C> {
    fn socket(&self) -> &Socket {
        &self.socket
    }

    fn lose_supply(&self) {
        self.controller().lose_supply();
        self.socket.touch();
    }

    fn view(&self) -> View {
        let controller = self.controller();
        View::of(controller.size(), |x, y| controller.colour(x, y))
    }

    fn text(&self) -> Option<[String; 4]> {
        self.controller().text()
    }

    fn decoded(&self) -> String {
        self.controller().decoded()
    }

    fn misunderstood(&self) -> Vec<String> {
        self.controller().misunderstood().to_vec()
    }
}

impl PinError for DataPin {
    type Error = Infallible;
}

impl OutputPin for DataPin {
    fn set_low(&mut self) -> Result<(), Infallible> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = false;
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        Ok(())
    }
}

impl<C> PinError for ResetPin<C> {
    type Error = Infallible;
}

impl<C: Controller> OutputPin for ResetPin<C> {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.0.controller().reset();
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl<C> spi::ErrorType for GlassWire<C> {
    type Error = spi::ErrorKind;
}

impl<C: Controller> SpiDevice for GlassWire<C> {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), spi::ErrorKind> {
        let data = *self.data.lock().unwrap_or_else(PoisonError::into_inner);
        let length =
            operations.iter().map(|operation| if let Operation::Write(bytes) = operation { bytes.len() } else { 0 });
        let mut controller = self.reached(length.sum()).ok_or(spi::ErrorKind::Other)?;
        for operation in operations {
            if let Operation::Write(bytes) = operation {
                bytes.iter().for_each(|byte| controller.take(*byte, data));
            }
        }
        Ok(())
    }
}

impl<C> i2c::ErrorType for GlassWire<C> {
    type Error = i2c::ErrorKind;
}

impl<C: Controller> I2c for GlassWire<C> {
    fn transaction(&mut self, _: u8, operations: &mut [i2c::Operation<'_>]) -> Result<(), i2c::ErrorKind> {
        let length = operations
            .iter()
            .map(|operation| if let i2c::Operation::Write(bytes) = operation { bytes.len() } else { 0 });
        let mut controller = self.reached(length.sum()).ok_or(i2c::ErrorKind::Other)?;
        for operation in operations {
            if let i2c::Operation::Write([control, bytes @ ..]) = operation {
                bytes.iter().for_each(|byte| controller.take(*byte, *control == 0x40));
                if *control == 0x80 && bytes.len() > 1 {
                    controller.complain("more than one command behind 0x80".to_owned());
                }
            }
        }
        Ok(())
    }
}
