//! A printer's thread: one job at a time, never the next person's.

use std::{io, sync::Arc, time::Duration};

use super::{Inputs, worker::Worker};
use crate::{
    device::Printer,
    kiosk::{Input, Slip},
    words::{Clock, JobId, Moment},
};

/// A slip to be printed.
pub(super) struct Job {
    pub(super) job: JobId,
    pub(super) slip: Slip,
    pub(super) deadline: Moment,
}

/// A job has its own deadline of half a minute; a printer that takes longer still is hung.
pub(super) const PRINTER_LIMIT: Duration = Duration::from_secs(60);

pub(super) fn spawn(mut printer: Box<dyn Printer>, clock: &Arc<dyn Clock>, inputs: Inputs) -> io::Result<Worker<Job>> {
    Worker::spawn_reading("printer", 2, PRINTER_LIMIT, clock, move |jobs, pulse| {
        for Job { job, slip, deadline } in jobs {
            let outcome = pulse.working(|| printer.print(job, &slip, deadline));
            let _ = inputs.blocking_send(Input::Printed { job, outcome });
        }
    })
}
