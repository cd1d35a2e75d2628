//! A printer behind the kernel's usblp, under the unit: the kernel's own gadget on a bus without wires, the twin behind it.

use crate::{
    Table,
    machine::{Machine, Options},
    site::{NAME, Site, lane, visit},
};

/// Where gadgets are put together (configfs), and ours there.
const GADGET: &str = "/sys/kernel/config/usb_gadget/printer";

pub fn run(table: &mut Table) {
    let site = Site::new();
    for index in 1..=3 {
        site.expect(&format!("sid-usb-{index}"), NAME);
    }
    let mut machine = Machine::boot(table, &Options::default());
    machine.must("dpkg -i /opt/deb/facemchd_*_arm64.deb");
    // As the modules come with the bus they are on.
    machine.must(
        "for module in /opt/usb/*.ko; do insmod $module || exit 1; done; mount -t configfs none /sys/kernel/config",
    );
    machine.must(&format!(
        "mkdir -p {GADGET}/strings/0x409 {GADGET}/configs/c.1 {GADGET}/functions/printer.0 && cd {GADGET} && \
         echo 0x0fe6 >idVendor && echo 0x811e >idProduct && echo twin >strings/0x409/serialnumber && \
         ln -s functions/printer.0 configs/c.1/"
    ));
    let there = plug(&mut machine);
    let owner = machine.run("stat -c '%G %a' /dev/usb/lp0").0;
    table.row("a printer on USB is plugged in", "it is its group's", &owner, there && owner == "lp 660");

    site.commission(&mut machine, "http");
    machine.must("sed -i 's#serial:/dev/ttyS0:115200#usb:/dev/usb/lp0#' /etc/facemchd/board.toml");
    let mut lane = lane(&machine);
    machine.must("systemctl start facemchd");
    let outcome = visit(&mut lane.terminal, "sid-usb-1");
    let printed = machine.until(|_| lane.printer.slips().len() == 1);
    let named = lane.printer.slips().first().is_some_and(|slip| slip.text.contains(NAME));
    let seen = format!("{} printed {printed} named {named} {:?}", outcome["result"], lane.printer.complaints());
    let held = outcome["result"] == "checked_in" && printed && named && lane.printer.complaints().is_empty();
    table.row("a slip through usblp", "one slip, understood", &seen, held);

    unplug(&mut machine);
    let told = machine.until_well("journalctl -u facemchd --no-pager -o cat | grep -q P701");
    let outcome = visit(&mut lane.terminal, "sid-usb-2");
    let seen = format!("P701 {told}, {}", outcome["result"]);
    table.row("it is pulled out", "P701, people are served", &seen, told && outcome["result"] == "checked_in");

    let there = plug(&mut machine);
    let mended = machine.until_well("facemchd status | grep -q 'printer well again'");
    let before = lane.printer.slips().len();
    let outcome = visit(&mut lane.terminal, "sid-usb-3");
    let printed = machine.until(|_| lane.printer.slips().len() == before + 1);
    let seen = format!("{} printed {printed}", outcome["result"]);
    table.row("it is plugged in again", "a slip again", &seen, there && mended && printed);

    // A printer of one direction.
    machine.must(
        "systemctl stop facemchd; \
         sed -i 's/^status = .*//; s/^ack = .*/ack = \"none\"/; $a status = false' /etc/facemchd/printers/generic-58.toml; \
         systemctl start facemchd",
    );
    let told = |code: &str| format!("journalctl -u facemchd --no-pager -o cat | grep -q {code}");
    // It is believed once it has said that it is well, whenever it was looked at.
    let out = machine.until(|machine| {
        let signals = "relay=$(cat /run/usb-printer); kill -USR2 $relay; sleep 3; kill -USR1 $relay; sleep 3";
        machine.must(signals);
        machine.run(&told("P702")).1 == 0
    });
    table.row("its status lines say that paper is out", "P702", &format!("told {out}"), out);
    machine.pull_the_plug();
}

/// Whether it came.
fn plug(machine: &mut Machine) -> bool {
    machine.must(&format!("echo dummy_udc.0 >{GADGET}/UDC"));
    machine.until_well("test -c /dev/g_printer0 -a -c /dev/usb/lp0 && udevadm settle");
    machine.must("stty -F /dev/ttyS0 raw -echo; setsid sh -c 'echo $$ >/run/usb-printer; exec /opt/usb-printer' >/dev/null 2>&1 &");
    machine.until_well("test $(stat -c %G /dev/usb/lp0) = lp")
}

fn unplug(machine: &mut Machine) {
    machine.must(&format!("echo >{GADGET}/UDC; kill $(cat /run/usb-printer); true"));
}
