//! Hospitals of the morning that are asked in their own interface, each at a lane of its own: every template that travels
//! with the program, FHIR and HL7, as far as this program is built with them.

use std::{fmt::Write as _, io};

use super::{
    his::{self, Kind, Status, VALUES, fhir, hl7},
    server::Authority,
    site_file::LANES,
};

/// One of them.
pub(crate) struct Interface {
    name: &'static str,
    system: System,
}

enum System {
    Template(his::Twin),
    Fhir(fhir::Twin),
    Hl7(hl7::Twin),
}

/// The file of the one secret that a template asks for, and what stands in it.
pub(super) const SECRET: (&str, &str) = ("his.key", "sync-key");

/// Their names in the order of their lanes, which stand behind [`LANES`].
pub(crate) fn names() -> Vec<&'static str> {
    let templates = Kind::ALL.into_iter().map(Kind::template).filter(|_| cfg!(feature = "hospital"));
    let others = [("fhir", cfg!(feature = "fhir")), ("hl7", cfg!(feature = "hl7"))];
    templates.chain(others.into_iter().filter(|(_, built)| *built).map(|(name, _)| name)).collect()
}

/// The index of its lane; nothing where this program is built without it.
pub(super) fn lane(name: &str) -> Option<usize> {
    names().iter().position(|known| *known == name).map(|place| place + LANES.len())
}

impl Interface {
    /// Starts all of them; their day is `today`, `2026-11-26`.
    pub(crate) fn start_all(authority: &Authority, today: &str) -> io::Result<Vec<Self>> {
        let start = |name: &'static str| {
            let system = match (name, Kind::ALL.into_iter().find(|kind| kind.template() == name)) {
                (_, Some(kind)) => System::Template(his::Twin::start(authority, kind, today)?),
                ("fhir", _) => System::Fhir(fhir::Twin::start(authority, today)?),
                _ => System::Hl7(hl7::Twin::start(today)?),
            };
            Ok(Self { name, system })
        };
        names().into_iter().map(start).collect()
    }

    /// Somebody whom it knows by this document's or voucher's number is registered for these.
    pub(super) fn expects(&self, number: &str, name: &str, registered: &[Status]) {
        let visits = registered.iter().zip(1..).map(|(status, at)| (format!("{number}-{at}"), status));
        let mut ledger = match &self.system {
            System::Fhir(twin) => {
                let patient = format!("p-{number}");
                twin.register(&patient, name, number);
                twin.store().numbers = Some(NUMBERS.to_owned());
                for (visit, status) in visits {
                    twin.book(&visit, &patient, "09:30");
                    if *status == Status::Missed {
                        twin.store().set_status(&visit, "noshow");
                    }
                }
                return;
            }
            System::Template(twin) => twin.ledger(),
            System::Hl7(twin) => twin.ledger(),
        };
        ledger.register(number, name, number);
        for ((visit, status), department) in visits.zip(["内科", "眼科"]) {
            ledger.book(&visit, number, status.clone());
            ledger.moves(&visit, department);
        }
    }

    /// Its `[[checkin]]` in the site file.
    pub(super) fn checkin(&self) -> String {
        let (name, adapter) = (self.name, self.adapter());
        let mut text = format!("[[checkin]]\nname = \"{name}\"\nadapter = \"{adapter}\"\nsettle-ms = 2000\n");
        let told = match &self.system {
            System::Template(twin) => {
                let value = |(name, value): &(&str, &str)| format!("{name} = \"{value}\"");
                let values: Vec<String> = VALUES.iter().map(value).collect();
                write!(
                    text,
                    "url = \"{}\"\nca-file = \"keys/ca.pem\"\ntemplate = \"{name}\"\nvalues = {{ {} }}\n\
                     secrets = {{ key = \"keys/{}\" }}\n\n",
                    twin.url(),
                    values.join(", "),
                    SECRET.0
                )
            }
            System::Fhir(twin) => write!(
                text,
                "url = \"{}\"\nca-file = \"keys/ca.pem\"\n\n[checkin.fhir]\nrequeue = true\nnumber-system = \"{NUMBERS}\"\n\n",
                twin.url()
            ),
            System::Hl7(twin) => write!(
                text,
                "url = \"{}\"\nplain-http = [\"127.0.0.0/8\"]\n\n[checkin.hl7]\nquery = true\nmissed = [\"NOSHOW\"]\n\
                 read = {{ number = \"ZQN-1\", department = \"AIS-3.2\", doctor = \"AIP-3.2\" }}\n\
                 refusals = {{ UNPAID = \"unpaid\" }}\nauthorities = {{ \"1\" = [\"CHN\", \"NI\"], \"ec\" = [\"CHN\", \"HC\"] }}\n\n",
                twin.url()
            ),
        };
        told.map(|()| text).unwrap_or_default()
    }

    fn adapter(&self) -> &'static str {
        match self.system {
            System::Template(_) => "template",
            System::Fhir(_) | System::Hl7(_) => self.name,
        }
    }

    /// Its lane.
    pub(super) fn lane(&self) -> String {
        let name = self.name;
        format!(
            "\n[[lane]]\nname = \"{name}\"\nmode = \"hospital\"\ncheckin = \"{name}\"\nterminal = \"unix:{name}.sock\"\n\
             panel = \"board\"\nprinter = \"board\"\nother-ways = [\"id-card\", \"voucher\"]\n"
        )
    }
}

/// What queue numbers are identifiers of.
const NUMBERS: &str = "urn:his:number";
