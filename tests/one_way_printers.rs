//! Printers that send nothing: USB's one-way interface has the status lines of IEEE 1284 and no more.

use std::time::Duration;

use facemchd::{
    device::{EscPosPrinter, Layout, Printer, Profile, linux},
    fault::Code,
    kiosk::PrintOutcome,
    sim::devices::{PrinterTwin, Trouble},
    words::Moment,
};

use crate::{
    devices::{job, layout, shipped, slip},
    support::printer_world::{Answers, End, Wire, connected},
};

/// The simulated printer, its cable with one direction alone, and what its lines say.
fn one_way(lines: fn(&PrinterTwin) -> Option<u8>) -> (EscPosPrinter, PrinterTwin, End) {
    let (file, text) = shipped("board/printers/simulated.toml");
    let text = text.replace("ack = \"gs-r\"", "ack = \"none\"\nstatus = false");
    let profile = Profile::parse(&file, &text).expect("parses");
    let (printer, twin, end) = connected(Layout { profile, ..layout() }, Wire::Usb, Answers::Never);
    end.world().lines = lines;
    (printer, twin, end)
}

fn print(printer: &mut EscPosPrinter, end: &End) -> PrintOutcome {
    let deadline = Moment(end.world().now + Duration::from_secs(30));
    printer.print(job(), &slip(), deadline)
}

fn fault(printer: &mut EscPosPrinter) -> Option<Code> {
    printer.tend().status.expect("connected").fault
}

const TROUBLES: [(Trouble, Code); 4] = [
    (Trouble::Paper, Code::P702),
    (Trouble::Cover, Code::P703),
    (Trouble::Cutter, Code::P704),
    (Trouble::Heat, Code::P704),
];

#[test]
fn a_printer_that_sends_nothing_tells_by_its_lines_that_it_stopped_within_a_slip() {
    for (trouble, code) in TROUBLES {
        let (mut printer, twin, end) = one_way(|twin| Some(twin.lines()));
        assert_eq!(fault(&mut printer), None);
        twin.stop_after(60, trouble);
        assert_eq!(print(&mut printer, &end), PrintOutcome::Unknown, "{trouble:?}");
        assert_eq!(fault(&mut printer), Some(code), "{trouble:?}");
        let world = end.world();
        let told = world.now - world.stopped.expect("stopped");
        drop(world);
        assert!(told < Duration::from_millis(1500), "{trouble:?}: {told:?}");
        assert_eq!(print(&mut printer, &end), PrintOutcome::NotPrinted(code), "the next one is promised nothing");
        twin.mend();
        assert_eq!(fault(&mut printer), None);
        assert_eq!(print(&mut printer, &end), PrintOutcome::Unknown, "nobody says that it was printed");
        let last = twin.slips().last().expect("printed").text.clone();
        assert!(last.contains("A036") && last.trim_start().starts_with("签到凭条"), "{last}");
    }
}

#[test]
fn lines_that_never_said_that_the_printer_is_well_are_not_believed_that_it_is_not() {
    let constant: [fn(&PrinterTwin) -> Option<u8>; 6] =
        [|_| Some(0x00), |_| Some(0x08), |_| Some(0x10), |_| Some(0x20), |_| Some(0x38), |_| Some(0xFF)];
    for lines in constant {
        let (mut printer, twin, end) = one_way(lines);
        let said = lines(&twin);
        assert_eq!(fault(&mut printer), None, "{said:02X?}");
        assert_eq!(print(&mut printer, &end), PrintOutcome::Unknown, "{said:02X?}: nobody knows");
        assert_eq!(twin.slips().len(), 1, "{said:02X?}");
    }
}

#[test]
fn a_device_that_is_no_printer_of_the_kernels_is_never_asked_for_its_lines() {
    let (near, far) = serialport::TTYPort::pair().expect("a pseudo terminal");
    let name = serialport::SerialPort::name(&far).expect("a name");
    for device in [name.as_str(), "/dev/null"] {
        let mut port = linux::usb(device.into())().expect("opened");
        assert_eq!(port.lines().expect("no fault"), None, "{device}");
    }
    drop(near);
}
