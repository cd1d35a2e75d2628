//! The adapter: patient, appointments, pick, arrive; and what became of it, by the session that stands in the appointment.

use std::sync::Arc;

use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};
use zeroize::Zeroizing;

use super::{
    resource::{Appointment, Standing, Window, cancelled, found, id, identifier, is_identified, is_named},
    server::{Changed, Server, token, unless},
    settings::FhirSettings,
};
use crate::{
    checkin::{
        CheckIn, Request, Undecided,
        reading::{self, Here},
    },
    fault::{Code, Failure},
    http::Client,
    words::{
        Admission, CheckInAnswer, Clock, Deadline, Hindrance, Identity, Resolution, ServiceDay, SessionId, Text,
        WallTime, When,
    },
};

/// A hospital that is asked by FHIR.
pub struct Fhir {
    settings: FhirSettings,
    server: Server,
    utc_offset: i32,
    reset_at: u16,
    clock: Arc<dyn Clock>,
}

/// What is to be done.
enum Picked {
    This(Appointment),
    End(CheckInAnswer),
}

/// How often an appointment that somebody else has changed is read again.
const TRIES: usize = 3;

impl Fhir {
    /// An adapter that has asked nobody yet. `url`: the base, without a trailing slash; `day`: seconds east of UTC, minute
    /// at which a day of business begins.
    pub fn new(
        settings: FhirSettings,
        url: String,
        token: Option<Zeroizing<String>>,
        day: (i32, u16),
        client: Client,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let server = Server { url, token, client };
        Self { settings, server, utc_offset: day.0, reset_at: day.1, clock }
    }

    /// `Patient/7`, or what the person is told.
    fn patient(&self, identity: &Identity, deadline: Deadline) -> Result<Result<String, CheckInAnswer>, Failure> {
        let Some((system, number)) = self.document(identity) else { return Ok(Err(hindered(Hindrance::NoFile))) };
        let wanted = token(system, number);
        let bundle = self.server.search("Patient", &[("identifier", &wanted), ("_count", "10")], deadline)?;
        let is_theirs = |patient: &&Value| is_identified(patient, system, number);
        let mut patients: Vec<&Value> =
            found(&bundle, "Patient").filter(is_theirs).filter(|patient| patient["active"] != false).collect();
        let of_all = patients.len();
        if let Some(name) = identity.name() {
            patients.retain(|patient| is_named(patient, name));
        }
        Ok(match (patients.as_slice(), of_all) {
            ([one], _) => match id(one) {
                Some(id) => Ok(format!("Patient/{id}")),
                None => return Err(Code::H902.into()),
            },
            ([], 0) => Err(hindered(Hindrance::NoFile)),
            ([], _) => Err(hindered(Hindrance::OtherName)),
            _ => Err(hindered(Hindrance::SeveralFiles)),
        })
    }

    /// Today's appointments of this person.
    fn appointments(
        &self,
        identity: &Identity,
        deadline: Deadline,
    ) -> Result<Result<Vec<Appointment>, CheckInAnswer>, Failure> {
        let (from, until) = self.today();
        let (from, until) = (format!("ge{from}"), format!("lt{until}"));
        let of_today = [("date", from.as_str()), ("date", until.as_str()), ("_count", "50")];
        let search = |by: &str, wanted: &str| {
            let bundle = self.server.search("Appointment", &[&[(by, wanted)], &of_today[..]].concat(), deadline)?;
            let found = found(&bundle, "Appointment").map(|found| Appointment(found.clone()));
            let is_shown = |own: &Appointment| own.standing() == Standing::Taken || own.is_open(&self.settings);
            let own = found.filter(|own| own.id().is_some() && is_shown(own));
            Ok::<Vec<_>, Failure>(own.collect())
        };
        let mut own;
        match self.booking(identity) {
            Some((system, voucher)) => {
                own = search("identifier", &token(system, voucher))?;
                own.retain(|own| is_identified(&own.0, system, voucher));
            }
            None => {
                let patient = match self.patient(identity, deadline)? {
                    Ok(patient) => patient,
                    Err(answer) => return Ok(Err(answer)),
                };
                own = search("patient", &patient)?;
                own.retain(|own| own.is_of(&patient));
            }
        }
        Ok(Ok(own))
    }

    fn pick(&self, appointments: &[Appointment], session: SessionId, choice: Option<&Text>) -> Picked {
        // This session's own, where its answer was lost.
        let session = session.to_string();
        let is_ours = |own: &&Appointment| is_identified(&own.0, &self.settings.session_system, &session);
        if let Some(ours) = appointments.iter().filter(|own| own.standing() == Standing::Taken).find(is_ours) {
            return Picked::This(ours.clone());
        }
        if let Some(choice) = choice {
            return match appointments.iter().find(|own| own.id() == Some(choice.as_str())) {
                Some(chosen) if chosen.standing() == Standing::Taken => Picked::End(self.already(chosen)),
                Some(chosen) => self.in_window(chosen),
                None => Picked::End(CheckInAnswer::NotFound),
            };
        }
        let now = self.now();
        let open: Vec<_> = appointments.iter().filter(|own| own.is_open(&self.settings)).collect();
        let due: Vec<_> = open.iter().filter(|own| own.window(now, &self.settings) == Window::Now).collect();
        match (due.as_slice(), open.as_slice()) {
            ([only], _) => Picked::This((**only).clone()),
            ([], []) => Picked::End(match appointments.first() {
                Some(taken) => self.already(taken),
                None => CheckInAnswer::NotFound,
            }),
            ([], [first, ..]) => self.in_window(first),
            (several, _) => {
                let choices = several.iter().take(CheckInAnswer::MAX_CHOICES).filter_map(|own| own.choice()).collect();
                Picked::End(CheckInAnswer::Choose(choices))
            }
        }
    }

    fn in_window(&self, appointment: &Appointment) -> Picked {
        let when = |at: OffsetDateTime| When::read(&at.format(&Rfc3339).ok()?, self.utc_offset, self.clock.now().wall);
        match appointment.window(self.now(), &self.settings) {
            Window::Now => Picked::This(appointment.clone()),
            Window::From(from) => Picked::End(CheckInAnswer::TooEarly(when(from))),
            Window::Until(until) => Picked::End(CheckInAnswer::TooLate(when(until))),
        }
    }

    /// Marks it as arrived in this session, and makes its encounter.
    fn arrive(
        &self,
        session: SessionId,
        appointment: Appointment,
        deadline: Deadline,
    ) -> Result<CheckInAnswer, Undecided> {
        let (system, own) = (&self.settings.session_system, session.to_string());
        let mut appointment = appointment;
        for _ in 0..TRIES {
            if appointment.standing() == Standing::Taken {
                return match is_identified(&appointment.0, system, &own) {
                    true => self.admitted(session, &appointment, deadline).map_err(Undecided::perhaps),
                    false => Ok(self.already(&appointment)),
                };
            }
            if !appointment.is_open(&self.settings) {
                return Ok(CheckInAnswer::NotFound);
            }
            let path = format!("/Appointment/{}", appointment.id().unwrap_or_default());
            let version = appointment.version();
            let changed = self.server.patch(&path, &appointment.arrival(system, &own), version.as_deref(), deadline);
            let changed = changed.and_then(|changed| match changed {
                Changed::Done(told) if !told.is_null() && !appointment.is_taken_by(&told) => {
                    Err(Undecided::perhaps(Code::H902))
                }
                changed => Ok(changed),
            });
            match changed {
                Ok(Changed::Done(told)) => {
                    let arrived = if told.is_null() { appointment } else { Appointment(told) };
                    return self.admitted(session, &arrived, deadline).map_err(Undecided::perhaps);
                }
                Ok(Changed::Conflict) => {
                    let id = appointment.id().unwrap_or_default().to_owned();
                    let again = self.server.search("Appointment", &[("_id", &id)], deadline);
                    let again = again.map_err(Undecided::surely)?;
                    match found(&again, "Appointment").find(|again| again["id"] == id) {
                        Some(again) => appointment = Appointment(again.clone()),
                        None => return Ok(CheckInAnswer::NotFound),
                    }
                }
                // Some servers stumble behind the commit, or tell of something else: what stands there is what is.
                Err(undecided) if undecided.perhaps => {
                    return match self.ours(session, deadline) {
                        Ok(Some(arrived)) => self.admitted(session, &arrived, deadline).map_err(Undecided::perhaps),
                        // It may be on its way still.
                        _ => Err(undecided),
                    };
                }
                Err(undecided) => return Err(undecided),
            }
        }
        // It stands there as it did each time, and cannot be changed.
        Err(Undecided::surely(Failure::new(Code::H902).told("the server refuses to mark an appointment as arrived")))
    }

    /// The appointment that this session has marked, where it still stands so.
    fn ours(&self, session: SessionId, deadline: Deadline) -> Result<Option<Appointment>, Failure> {
        let (system, own) = (&self.settings.session_system, session.to_string());
        let wanted = token(system, &own);
        let bundle = self.server.search("Appointment", &[("identifier", &wanted), ("_count", "2")], deadline)?;
        let ours = found(&bundle, "Appointment").filter(|found| is_identified(found, system, &own));
        let mut ours = ours.map(|found| Appointment(found.clone()));
        Ok(ours.find(|ours| ours.standing() == Standing::Taken))
    }

    /// Somebody who has arrived, as soon as there is an encounter of theirs.
    fn admitted(
        &self,
        session: SessionId,
        appointment: &Appointment,
        deadline: Deadline,
    ) -> Result<CheckInAnswer, Failure> {
        let (system, own) = (&self.settings.session_system, session.to_string());
        let mut encounter = Value::Null;
        if self.settings.encounter {
            let wanted = appointment.encounter(system, &own, self.now());
            let made = self.server.create("Encounter", &wanted, &unless(system, &own), deadline);
            match made.map_err(|undecided| undecided.failure)? {
                Changed::Done(made) if is_identified(&made, system, &own) => encounter = made,
                Changed::Done(_) => {}
                Changed::Conflict => return Err(Code::H902.into()),
            }
        }
        let mut admission = self.admission(appointment);
        let number = |resource| identifier(resource, self.settings.number_system.as_deref()?);
        let number = number(&appointment.0).or_else(|| number(&encounter));
        admission.number = number.map(Text::clean).filter(|number| !number.is_empty());
        Ok(CheckInAnswer::entry(appointment.was_missed(system, &own), admission))
    }

    fn already(&self, appointment: &Appointment) -> CheckInAnswer {
        let mut admission = self.admission(appointment);
        let number = self.settings.number_system.as_deref().and_then(|system| identifier(&appointment.0, system));
        admission.number = number.map(Text::clean).filter(|number| !number.is_empty());
        CheckInAnswer::Already(admission)
    }

    fn admission(&self, appointment: &Appointment) -> Admission {
        let here = Here { utc_offset: self.utc_offset, now: self.clock.now().wall };
        reading::admission(&appointment.members(), &[], here)
    }

    /// The number of the person's document, where the hospital knows its kind, behind its system.
    fn document<'a>(&'a self, identity: &'a Identity) -> Option<(&'a str, &'a str)> {
        let (kind, number) = identity.known_by()?;
        Some((self.settings.systems.get(&kind)?, number))
    }

    /// The identifier of an appointment that somebody brings, behind its system.
    fn booking<'a>(&'a self, identity: &'a Identity) -> Option<(&'a str, &'a str)> {
        Some((self.settings.voucher_system.as_deref()?, identity.booking()?))
    }

    fn now(&self) -> OffsetDateTime {
        self.clock.now().wall.at_offset(self.utc_offset)
    }

    /// Today's beginning and end.
    fn today(&self) -> (String, String) {
        let day = ServiceDay::of(self.clock.now().wall, self.utc_offset, self.reset_at);
        let format = format_description!(
            "[year]-[month]-[day]T[hour]:[minute]:[second][offset_hour sign:mandatory]:[offset_minute]"
        );
        let begin = |day: i64| {
            let local = day.saturating_mul(86_400).saturating_add(i64::from(self.reset_at).saturating_mul(60));
            let wall = WallTime(local.saturating_sub(self.utc_offset.into()).saturating_mul(1000));
            wall.at_offset(self.utc_offset).format(format).unwrap_or_default()
        };
        (begin(day.0), begin(day.0.saturating_add(1)))
    }
}

impl CheckIn for Fhir {
    /// Whom the hospital can be asked about by something of their own.
    fn judges(&self, identity: &Identity) -> bool {
        self.document(identity).is_some() || self.booking(identity).is_some()
    }

    fn check_in(&self, request: &Request, deadline: Deadline) -> Result<CheckInAnswer, Undecided> {
        let appointments = match self.appointments(&request.identity, deadline).map_err(Undecided::surely)? {
            Ok(appointments) => appointments,
            Err(answer) => return Ok(answer),
        };
        match self.pick(&appointments, request.session, request.choice.as_ref()) {
            Picked::End(answer) => Ok(answer),
            Picked::This(appointment) => self.arrive(request.session, appointment, deadline),
        }
    }

    fn annul(&self, session: SessionId, deadline: Deadline) -> Result<(), Failure> {
        let Some(appointment) = self.ours(session, deadline)? else { return Ok(()) };
        // Whoever went on with it keeps it.
        if appointment.0["status"] != "arrived" {
            return Ok(());
        }
        let (system, own) = (&self.settings.session_system, session.to_string());
        // The encounter first: without its appointment nobody finds it any more.
        let bundle = self.server.search("Encounter", &[("identifier", &token(system, &own))], deadline)?;
        let ours = found(&bundle, "Encounter").filter(|encounter| is_identified(encounter, system, &own));
        let standing: Vec<&Value> = ours.filter(|encounter| encounter["status"] != "cancelled").collect();
        // Whoever went on with it keeps it.
        if standing.iter().any(|encounter| encounter["status"] != "arrived") {
            return Ok(());
        }
        for encounter in standing.into_iter().filter_map(id) {
            let path = format!("/Encounter/{encounter}");
            let ended = self.server.patch(&path, &cancelled(), None, deadline);
            match ended.map_err(|undecided| undecided.failure)? {
                Changed::Done(_) => {}
                Changed::Conflict => return Err(Code::H902.into()),
            }
        }
        let path = format!("/Appointment/{}", appointment.id().unwrap_or_default());
        let version = appointment.version();
        let back = self.server.patch(&path, &appointment.departure(system, &own), version.as_deref(), deadline);
        match back.map_err(|undecided| undecided.failure)? {
            Changed::Done(told) if !appointment.is_taken_by(&told) => Ok(()),
            // Asked again, it is read again.
            Changed::Done(_) | Changed::Conflict => Err(Code::H902.into()),
        }
    }

    fn look_for(&self, deadline: Deadline) -> Result<(), Failure> {
        // Any answer says that it is there.
        self.ours(SessionId { run: 0, serial: 0 }, deadline).map(drop)
    }

    /// Checks nobody in; what an arrival of before lacks of its encounter is made up for.
    fn resolve(&self, session: SessionId, deadline: Deadline) -> Result<Resolution, Failure> {
        match self.ours(session, deadline)? {
            Some(arrived) => self.admitted(session, &arrived, deadline).map(Resolution::Decided),
            None => Ok(Resolution::NotThere),
        }
    }
}

fn hindered(hindrance: Hindrance) -> CheckInAnswer {
    CheckInAnswer::Hindered(hindrance)
}
