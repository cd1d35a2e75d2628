//! A printer's thread: one job at a time, never the next person's; looked after while nothing is printed.

use std::{
    io,
    sync::{Arc, mpsc::RecvTimeoutError},
    time::Duration,
};

use super::{Inputs, worker::Worker};
use crate::{
    device::{Printer, PrinterStatus},
    fault::{Code, Trouble},
    kiosk::{Device, Input, PrintOutcome, Slip},
    words::{Clock, JobId, LaneId, Moment},
};

/// What a printer's thread does next.
pub(super) enum Job {
    /// Ask how the printer is: a slip may follow.
    Prepare,
    /// Print a slip.
    Print { job: JobId, slip: Slip, deadline: Moment },
}

/// A job has its own deadline of half a minute; a printer that takes longer still is hung.
pub(super) const PRINTER_LIMIT: Duration = Duration::from_secs(60);

/// How soon a printer is looked at that has just refused a slip.
const SOON: Duration = Duration::from_millis(500);

pub(super) fn spawn(
    lane: LaneId,
    mut printer: Box<dyn Printer>,
    clock: &Arc<dyn Clock>,
    inputs: Inputs,
) -> io::Result<Worker<Job>> {
    Worker::spawn_reading("printer", 8, PRINTER_LIMIT, clock, move |jobs, pulse| {
        let mut lane = LanePaper { lane, inputs, fault: None, low: false, silent: false };
        let mut again = Duration::ZERO;
        loop {
            match jobs.recv_timeout(again) {
                Ok(Job::Prepare) => pulse.working(|| printer.prepare()),
                Ok(Job::Print { job, slip, deadline }) => {
                    let outcome = pulse.working(|| printer.print(job, &slip, deadline));
                    let _ = lane.inputs.blocking_send(Input::Printed { job, outcome });
                    if let PrintOutcome::NotPrinted(code) = outcome {
                        lane.hold(Some(code));
                    }
                    again = SOON;
                }
                Err(RecvTimeoutError::Timeout) => {
                    let tended = pulse.working(|| printer.tend());
                    lane.take(tended.status);
                    again = tended.again;
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    })
}

/// What the core knows of a printer's paper.
struct LanePaper {
    lane: LaneId,
    inputs: Inputs,
    fault: Option<Code>,
    low: bool,
    /// It did not answer when it was looked at last.
    silent: bool,
}

impl LanePaper {
    fn take(&mut self, status: Option<PrinterStatus>) {
        let silent = std::mem::replace(&mut self.silent, status.is_none());
        let Some(status) = status else {
            // One that was without paper says nothing new of it; one look missed is no printer gone.
            if silent && self.fault.is_none() {
                self.hold(Some(Code::P701));
            }
            return;
        };
        self.hold(status.fault);
        if std::mem::replace(&mut self.low, status.paper_low) != status.paper_low {
            if status.paper_low {
                tracing::warn!(code = %Code::P706, lane = self.lane.0, "the printer's paper is nearly out");
            }
            let _ = self.inputs.blocking_send(Input::PaperLow { lane: self.lane, low: status.paper_low });
        }
    }

    /// What that means for the lane is the core's to say.
    fn hold(&mut self, fault: Option<Code>) {
        if std::mem::replace(&mut self.fault, fault) != fault {
            let (lane, device, fault) = (self.lane, Device::Printer, fault.map(Trouble::from));
            let _ = self.inputs.blocking_send(Input::DeviceChanged { lane, device, fault });
        }
    }
}
