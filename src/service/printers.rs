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
    Print { job: JobId, slip: Box<Slip>, deadline: Moment },
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
        let mut lane =
            LanePaper { lane, inputs, fault: None, low: false, silent: false, last: None, refused: None, standing };
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

/// Nobody else says of this one that there is none.
const UNPRINTED: &str = "a slip was not printed";

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
    /// Whose slip was not printed and why, where the look that follows is to say so.
    refused: Option<(SessionId, Code)>,
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
                    // That says why the last slip was not printed, too: it is nobody's any more when the printer is back.
                    self.refused = None;
                    // One that was without paper says nothing new of it.
                    if self.fault.is_none() {
                        self.hold(Some(Code::P701));
                    }
                }
                return;
            }
        };
        if let Some((session, code)) = self.refused.take().filter(|_| status.fault.is_none()) {
            // It is well again, and nothing else says why this one has no slip.
            self.inputs.tell(UNPRINTED, self.lane, session, &code.into());
        }
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
                    self.inputs.tell(UNPRINTED, self.lane, session, &code.into());
                } else if let Some((earlier, code)) = self.refused.replace((session, code)) {
                    // Two jobs between two looks: the look speaks for the last of them.
                    self.inputs.tell(UNPRINTED, self.lane, earlier, &code.into());
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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::{
        device::Tended,
        service::{SystemClock, heard},
    };

    /// A printer that is well whenever it is looked at, and does this with slips.
    struct Twin {
        outcomes: Vec<PrintOutcome>,
        drawn_back: Arc<Mutex<bool>>,
    }

    impl Printer for Twin {
        fn status(&mut self) -> Result<PrinterStatus, DeviceError> {
            Ok(PrinterStatus::default())
        }

        fn missing(&mut self) -> Vec<char> {
            Vec::new()
        }

        fn prepare(&mut self) {}

        fn tend(&mut self) -> Tended {
            let drawn_back = std::mem::take(&mut *self.drawn_back.lock().unwrap());
            Tended { status: self.status(), drawn_back, again: Duration::from_millis(5) }
        }

        fn print(&mut self, _: JobId, _: &Slip, _: Moment) -> PrintOutcome {
            self.outcomes.pop().unwrap_or(PrintOutcome::Printed)
        }
    }

    #[test]
    fn what_becomes_of_a_slip_that_nobody_has_is_told_once_with_lane_and_session() {
        heard::listen();
        let (way, mut happened) = tokio::sync::mpsc::channel(16);
        let inputs = Inputs::new(way, vec!["slips".to_owned()]);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
        let drawn_back = Arc::new(Mutex::new(false));
        let outcomes = vec![
            PrintOutcome::NotPrinted(Code::P704),
            PrintOutcome::NotPrinted(Code::P701),
            PrintOutcome::NotPrinted(Code::P707),
            PrintOutcome::Unknown,
        ];
        let twin = Twin { outcomes, drawn_back: Arc::clone(&drawn_back) };
        let worker = spawn(LaneId(0), Box::new(twin), &clock, inputs).unwrap();
        let slip = Slip::default();
        for serial in 1..=4 {
            let job = JobId { session: SessionId { run: 1, serial }, copy: 0 };
            let deadline = clock.now().moment.after(Duration::from_secs(30));
            assert!(worker.offer(PrintJob::Print { job, slip: Box::new(slip.clone()), deadline }).is_ok());
        }
        let until_told = |count: usize| {
            for _ in 0..500 {
                if heard::with("lane=\"slips\" ").len() >= count {
                    break;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
            heard::with("lane=\"slips\" ")
        };
        // What is drawn back before anything was printed is nobody's.
        until_told(4);
        *drawn_back.lock().unwrap() = true;
        until_told(5);
        std::thread::sleep(Duration::from_millis(50));
        let told = until_told(5);
        for (code, serial) in [("P705", "0001"), ("P707", "0002"), ("P701", "0003"), ("P704", "0004"), ("P708", "000")]
        {
            let of = told.iter().filter(|line| line.contains(&format!("code={code} ")));
            let [line] = &of.collect::<Vec<_>>()[..] else { panic!("{code}: {told:?}") };
            assert!(line.contains(&format!("session=\"0000000000000001-{serial}")), "{line}");
        }
        assert_eq!(told.len(), 5, "{told:?}");
        while happened.try_recv().is_ok() {}
        worker.finish();
    }
}
