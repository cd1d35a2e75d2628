//! A printer whose port was gone, is elsewhere, or holds back what is written.

use std::time::Duration;

use facemchd::{
    device::{EscPosPrinter, Fonts, Printer as _},
    fault::Code,
    kiosk::PrintOutcome,
    sim::devices::PrinterTwin,
};

use crate::{
    devices::{at, job, lane, layout, slip},
    lookups::clock,
};

#[test]
fn a_printer_on_the_network_that_was_gone_is_found_again() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let open = facemchd::device::linux::tcp(address.to_string());
    let mut printer = EscPosPrinter::new(open, layout(), Fonts::built_in(), clock());
    assert_eq!(printer.print(job(), &slip(), at(9000)), PrintOutcome::NotPrinted(Code::P701));
    let (wires, twins) = lane();
    let listener = std::net::TcpListener::bind(address).expect("the same port");
    std::thread::spawn(move || -> std::io::Result<()> {
        let (network, _) = listener.accept()?;
        let (mut from, mut to) = (network.try_clone()?, wires.printer.try_clone()?);
        let sending = std::thread::spawn(move || std::io::copy(&mut from, &mut to));
        std::io::copy(&mut &wires.printer, &mut &network)?;
        drop(sending);
        Ok(())
    });
    assert_eq!(printer.print(job(), &slip(), at(9000)), PrintOutcome::Printed);
    assert_eq!(twins.printer.slips().len(), 1);
}

/// A printer on a serial port of its own: the twin, and the port's name, which is gone when the last is dropped.
fn on_serial_port() -> (PrinterTwin, String, std::os::unix::net::UnixStream) {
    use serialport::SerialPort as _;
    let (mut near, mut far) = serialport::TTYPort::pair().expect("a pseudo terminal");
    far.set_exclusive(false).expect("anybody's");
    let name = far.name().expect("a name");
    // Without this one the port would be gone between two that open it.
    let open = std::fs::File::options().read(true).write(true).open(&name).expect("open");
    drop(far);
    let (twin, cable) = PrinterTwin::start(None, 32).expect("a printer");
    let (mut out, mut back) = (cable.try_clone().expect("the same"), cable.try_clone().expect("the same"));
    near.set_timeout(Duration::from_secs(60)).expect("patient");
    let mut answers = near.try_clone_native().expect("the same");
    std::thread::spawn(move || {
        let _open = open;
        std::io::copy(&mut near, &mut out)
    });
    std::thread::spawn(move || std::io::copy(&mut back, &mut answers));
    (twin, name, cable)
}

#[test]
fn a_serial_printer_that_comes_back_under_another_number_is_found_by_the_name_that_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let lasting = folder.path().join("usb-1a86_USB_Serial-if00-port0");
    let (first, number, cable) = on_serial_port();
    std::os::unix::fs::symlink(&number, &lasting).expect("named");
    let open = facemchd::device::linux::serial(lasting.clone(), 115_200, false);
    let mut printer = EscPosPrinter::new(open, layout(), Fonts::built_in(), clock());
    let soon = || clock().now().moment.after(Duration::from_secs(20));
    assert_eq!(printer.print(job(), &slip(), soon()), PrintOutcome::Printed);
    assert_eq!(first.slips().len(), 1);
    // Plugged out, and in again while the old number is still taken.
    let (second, other, _cable) = on_serial_port();
    assert_ne!(number, other);
    std::fs::remove_file(&lasting).expect("gone");
    cable.shutdown(std::net::Shutdown::Both).expect("plugged out");
    assert!(printer.status().is_err(), "nobody answers under the old number");
    std::os::unix::fs::symlink(&other, &lasting).expect("named");
    // As often as the daemon would, once a second.
    assert!((0..20).any(|_| printer.tend().status.is_ok()), "it is found again");
    assert_eq!(printer.print(job(), &slip(), soon()), PrintOutcome::Printed);
    assert_eq!(second.slips().len(), 1);
}

#[test]
fn what_is_written_to_a_printer_on_the_network_leaves_at_once() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    assert!(facemchd::device::linux::tcp_stream(&address).expect("connected").nodelay().expect("known"));
}
