//! A printer's thread: one job at a time, never the next person's.

use std::{io, sync::Arc, time::Duration};

use super::{Inputs, worker::Worker};
use crate::{
    device::Printer,
    kiosk::{Input, Slip},
    words::{Clock, JobId, Moment},
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

pub(super) fn spawn(mut printer: Box<dyn Printer>, clock: &Arc<dyn Clock>, inputs: Inputs) -> io::Result<Worker<Job>> {
    Worker::spawn_reading("printer", 8, PRINTER_LIMIT, clock, move |jobs, pulse| {
        for job in jobs {
            match job {
                Job::Prepare => pulse.working(|| printer.prepare()),
                Job::Print { job, slip, deadline } => {
                    let outcome = pulse.working(|| printer.print(job, &slip, deadline));
                    let _ = inputs.blocking_send(Input::Printed { job, outcome });
                }
            }
        }
    })
}
