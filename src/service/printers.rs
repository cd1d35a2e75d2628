//! A printer's thread: one job at a time, never the next person's; looked after while nothing is printed.

use std::{
    io,
    sync::{Arc, mpsc::RecvTimeoutError},
    time::Duration,
};

use super::{Inputs, failures::Standing, worker::Worker};
use crate::{
    device::{DeviceError, Printer, PrinterStatus},
    fault::{Code, Failure, Trouble},
    kiosk::{Device, Input, PrintOutcome, Slip},
    words::{Clock, JobId, LaneId, Moment, SessionId},
};

/// What a printer's thread does next.
pub(super) enum PrintJob {
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
) -> io::Result<Worker<PrintJob>> {
    let reader = Arc::clone(clock);
    Worker::spawn_reading("printer", 8, PRINTER_LIMIT, clock, move |jobs, pulse| {
        let standing = Standing::default();
        let mut lane = LanePaper { lane, inputs, fault: None, low: false, silent: false, last: None, standing };
        let mut again = Duration::ZERO;
        loop {
            match jobs.recv_timeout(again) {
                Ok(PrintJob::Prepare) => pulse.working(|| printer.prepare()),
                Ok(PrintJob::Print { job, slip, deadline }) => {
                    let outcome = pulse.working(|| printer.print(job, &slip, deadline));
                    let _ = lane.inputs.blocking_send(Input::Printed { job, outcome });
                    lane.inputs.tell_missing(reader.now().moment, &printer.missing());
                    lane.printed(job, outcome);
                    // Whoever comes next is not promised a slip by a printer that stands still.
                    again = if outcome == PrintOutcome::Printed { SOON } else { Duration::ZERO };
                }
                Err(RecvTimeoutError::Timeout) => {
                    let tended = pulse.working(|| printer.tend());
                    if tended.drawn_back {
                        lane.inputs.tell("a slip was not taken", lane.lane, lane.last, &Code::P708.into());
                    }
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
    /// Whose slip came last.
    last: Option<SessionId>,
    /// What was told of the printer.
    standing: Standing,
}

impl LanePaper {
    fn take(&mut self, status: Result<PrinterStatus, DeviceError>) {
        let silent = std::mem::replace(&mut self.silent, status.is_err());
        let status = match status {
            Ok(status) => status,
            Err(error) => {
                // One look missed is no printer gone.
                if silent {
                    self.tell(Some(&error.into()));
                    // One that was without paper says nothing new of it.
                    if self.fault.is_none() {
                        self.hold(Some(Code::P701));
                    }
                }
                return;
            }
        };
        self.tell(status.fault.map(Failure::new).as_ref());
        self.hold(status.fault);
        // Out of paper is not nearly out.
        let low = status.paper_low && status.fault != Some(Code::P702);
        if std::mem::replace(&mut self.low, low) != low {
            if low {
                self.inputs.tell("the printer goes on for a while", self.lane, None, &Code::P706.into());
            }
            let _ = self.inputs.blocking_send(Input::PaperLow { lane: self.lane, low });
        }
    }

    /// A slip has ended. Why the printer did not take it is told by the look at it that follows.
    fn printed(&mut self, job: JobId, outcome: PrintOutcome) {
        let session = job.session;
        self.last = Some(session);
        match outcome {
            PrintOutcome::Printed => self.tell(None),
            PrintOutcome::Unknown => {
                self.inputs.tell("a slip may have been printed", self.lane, session, &Code::P705.into());
            }
            PrintOutcome::NotPrinted(code) => {
                self.silent = code == Code::P701;
                if code == Code::P707 {
                    self.inputs.tell("a slip was not printed", self.lane, session, &code.into());
                }
                self.hold(Some(code));
            }
        }
    }

    fn tell(&mut self, failed: Option<&Failure>) {
        self.inputs.tell_change("the printer does not print", self.lane, None, &mut self.standing, failed);
    }

    /// What that means for the lane is the core's to say.
    fn hold(&mut self, fault: Option<Code>) {
        if std::mem::replace(&mut self.fault, fault) != fault {
            let (lane, device, fault) = (self.lane, Device::Printer, fault.map(Trouble::from));
            let _ = self.inputs.blocking_send(Input::DeviceChanged { lane, device, fault });
        }
    }
}
