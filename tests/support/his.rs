//! A kiosk in front of a hospital's own system.

use std::{path::PathBuf, sync::Arc, time::Duration};

use facemchd::{
    checkin::{ByTemplate, CheckIn as _, Given, Memory, Request, Template, Undecided},
    http::Client,
    sim::his::{Kind, Twin, VALUES},
    store::Correlator,
    words::{
        CheckInAnswer, Clock, Credential, CredentialType, Deadline, Identity, Purpose, RealName, SessionId, Text,
        WallTime,
    },
};
use zeroize::Zeroizing;

use crate::lookups::Setup;

pub const PATIENCE: Duration = Duration::from_secs(5);

/// A hospital, and a kiosk that asks it by the template that travels with the program.
pub struct Stand {
    pub setup: Setup,
    pub twin: Twin,
    pub adapter: ByTemplate,
}

/// Today at the hospital.
pub fn today(setup: &Setup) -> String {
    day(&*setup.clock)
}

/// The same by a clock.
pub fn day(clock: &dyn Clock) -> String {
    let day = clock.now().wall.at_offset(8 * 3600);
    format!("{:04}-{:02}-{:02}", day.year(), u8::from(day.month()), day.day())
}

/// What a site gives every template.
pub fn given(url: String) -> Given {
    Given {
        url,
        values: VALUES.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        lanes: Vec::new(),
        secrets: vec![("key".to_owned(), Zeroizing::new("sync-key".to_owned()))],
        rsa: None,
        utc_offset: 8 * 3600,
        reset_at: 0,
    }
}

impl Stand {
    pub fn new(kind: Kind) -> Self {
        let setup = Setup::new();
        let twin = Twin::start(&setup.authority, kind, &today(&setup)).expect("a system");
        let adapter = adapter(&setup, &twin, kind, memory(&setup));
        Self { setup, twin, adapter }
    }

    /// The program ends and starts again.
    pub fn restart(&mut self, kind: Kind) {
        self.adapter = adapter(&self.setup, &self.twin, kind, memory(&self.setup));
    }

    pub fn within(&self, patience: Duration) -> Deadline {
        self.setup.within(patience)
    }

    /// Somebody checks in.
    pub fn check_in(&self, request: &Request) -> Result<CheckInAnswer, Undecided> {
        self.adapter.check_in(request, self.within(PATIENCE))
    }
}

/// A test for each hospital: `$run(kind, seed)`.
macro_rules! at_each_hospital {
    ($run:path) => {
        $crate::his::at_each_hospital!(
            $run; dhc_selfreg: SelfReg, dhc_esb: Esb, lianzhong: Lianzhong, queue_device: QueueDevice,
            queue_confirm: QueueConfirm, soap_json: SoapJson, hip: Hip
        );
    };
    ($run:path; $($name:ident: $kind:ident),*) => {
        $(
            #[test]
            #[ignore = "ten thousand visits: minutes"]
            fn $name() {
                $run(Kind::$kind, 101 + Kind::$kind as u64);
            }
        )*
    };
}

pub(crate) use at_each_hospital;

/// Names as they stand in files.
pub const NAMES: [&str; 6] = ["张三丰", "王䶮", "欧阳若兰", "买买提·艾力", "李 雷", "𬭎立"];

/// A document of a person who was born on a day of 1990 and whose number nobody else has (GB 11643 check character).
pub fn document(person: usize) -> String {
    let digits = format!(
        "110105{:04}{:02}{:02}{:03}",
        1950 + person / 300_000,
        1 + person / 28 % 12,
        1 + person % 28,
        person / 336 % 1000
    );
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = digits.bytes().zip(weights).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    format!("{digits}{}", ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'][(sum % 11) as usize])
}

pub fn memory(setup: &Setup) -> Arc<Memory> {
    let correlator = Correlator::open(&setup.keys.path("state")).expect("a key");
    Arc::new(Memory::new(Some((serial(setup), Arc::new(move |what: &[u8]| correlator.seal(what))))))
}

pub fn serial(setup: &Setup) -> PathBuf {
    setup.keys.path("serial")
}

pub fn adapter(setup: &Setup, twin: &Twin, kind: Kind, memory: Arc<Memory>) -> ByTemplate {
    adapter_at(setup, twin.url(), kind, memory)
}

/// The same hospital by another template.
pub fn adapter_of(stand: &Stand, template: Template) -> ByTemplate {
    let client = Client::open(&stand.setup.http, Arc::clone(&stand.setup.clock)).expect("a client");
    ByTemplate::new(template, given(stand.twin.url()), client, Arc::clone(&stand.setup.clock), memory(&stand.setup))
}

/// One that asks whatever is at this address.
pub fn adapter_at(setup: &Setup, url: String, kind: Kind, memory: Arc<Memory>) -> ByTemplate {
    let template = Template::parse(Template::shipped(kind.template()).expect("shipped")).expect("a template");
    let client = Client::open(&setup.http, Arc::clone(&setup.clock)).expect("a client");
    ByTemplate::new(template, given(url), client, Arc::clone(&setup.clock), memory)
}

/// An identity card's holder.
pub fn holder(name: &str, number: &str) -> Identity {
    Identity {
        real_name: RealName::parse(name),
        credential: Credential::parse(CredentialType::MainlandId, number),
        ..Identity::default()
    }
}

pub fn request(serial: u32, identity: Identity) -> Request {
    Request {
        session: SessionId { run: 1, serial },
        lane: "kiosk-1".to_owned(),
        purpose: Purpose::Hospital,
        series: "A".to_owned(),
        identity,
        choice: None,
        person: None,
        at: WallTime(1_700_000_000_000).into(),
    }
}

pub fn choosing(request: &Request, choice: &str) -> Request {
    Request { choice: Text::payload(choice), ..request.clone() }
}
