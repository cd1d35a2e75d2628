//! The books of a hospital: who has a file, what is registered today, who is checked in.

use std::collections::HashMap;

/// Somebody's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patient {
    /// The hospital's number.
    pub id: String,
    /// As the hospital wrote it.
    pub name: String,
    /// Document or voucher.
    pub card: String,
}

/// How a visit stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// It can be checked in.
    Open,
    /// It is checked in, by this operator or terminal.
    Taken(String),
    /// It was called, and nobody came.
    Missed,
    /// To be paid first.
    Unpaid,
    /// Booked, number not collected.
    NotCollected,
    /// 停诊
    DoctorAway,
    /// Somewhere else.
    RoomChanged,
    /// Cancelled, or done.
    Over,
}

/// A visit of today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booked {
    /// The hospital's number of it.
    pub id: String,
    /// Whose.
    pub patient: String,
    /// Where.
    pub department: String,
    /// Who sees the patient.
    pub doctor: String,
    /// How it stands.
    pub status: Status,
    /// The number in the queue.
    pub number: Option<String>,
}

/// Somebody was checked in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Which visit.
    pub visit: String,
    /// By which operator or terminal.
    pub by: String,
}

/// The books.
#[derive(Debug, Default)]
pub struct Ledger {
    /// The day.
    pub today: String,
    /// Every check-in that was carried out, in order.
    pub arrivals: Vec<Arrival>,
    /// Calls that came.
    pub calls: usize,
    /// How often terminals signed in.
    pub sign_ins: usize,
    /// A second check-in puts the person behind everybody else.
    requeues: bool,
    patients: HashMap<String, Vec<Patient>>,
    visits: HashMap<String, Booked>,
    of_patient: HashMap<String, Vec<String>>,
    secret: Option<String>,
    token: Option<String>,
    last: u32,
}

impl Ledger {
    pub(super) fn new(today: &str, requeues: bool) -> Self {
        Self { today: today.to_owned(), requeues, ..Self::default() }
    }

    /// Opens a file.
    pub fn register(&mut self, id: &str, name: &str, card: &str) {
        let patient = Patient { id: id.to_owned(), name: name.to_owned(), card: card.to_owned() };
        self.patients.entry(card.to_owned()).or_default().push(patient);
    }

    /// Books a visit.
    pub fn book(&mut self, id: &str, patient: &str, status: Status) {
        let visit = Booked {
            id: id.to_owned(),
            patient: patient.to_owned(),
            department: "内科 <一>".to_owned(),
            doctor: "李华&".to_owned(),
            status,
            number: None,
        };
        self.of_patient.entry(patient.to_owned()).or_default().push(id.to_owned());
        self.visits.insert(id.to_owned(), visit);
    }

    /// Its department is another.
    pub fn moves(&mut self, id: &str, department: &str) {
        if let Some(visit) = self.visits.get_mut(id) {
            visit.department = department.to_owned();
        }
    }

    /// It is called, and nobody comes.
    pub fn misses(&mut self, id: &str) {
        if let Some(visit) = self.visits.get_mut(id) {
            visit.status = Status::Missed;
        }
    }

    /// How a visit stands.
    pub fn status(&self, visit: &str) -> Option<&Status> {
        self.visits.get(visit).map(|visit| &visit.status)
    }

    /// A visit.
    pub fn booked(&self, visit: &str) -> Option<&Booked> {
        self.visits.get(visit)
    }

    /// Checks somebody in, as a call does, or a nurse.
    pub fn arrive(&mut self, visit: &str, by: &str) -> Result<Booked, &'static str> {
        let (requeues, last) = (self.requeues, self.last + 1);
        let booked = self.visits.get_mut(visit).ok_or("无此挂号")?;
        match booked.status {
            Status::Open | Status::Missed => {}
            Status::Taken(_) if requeues => {}
            Status::Taken(_) => return Err("已签到"),
            Status::DoctorAway => return Err("停诊"),
            _ => return Err("不能签到"),
        }
        self.last = last;
        booked.status = Status::Taken(by.to_owned());
        booked.number = Some(format!("A{last:03}"));
        self.arrivals.push(Arrival { visit: visit.to_owned(), by: by.to_owned() });
        Ok(booked.clone())
    }

    /// The same, but only of a visit that nobody has checked in.
    pub fn arrive_where_open(&mut self, visit: &str, by: &str) -> Result<Booked, &'static str> {
        match self.status(visit) {
            Some(Status::Open) => self.arrive(visit, by),
            _ => Err("已签到"),
        }
    }

    pub(super) fn cancel(&mut self, visit: &str) -> bool {
        let Some(booked) = self.visits.get_mut(visit).filter(|visit| matches!(visit.status, Status::Taken(_))) else {
            return false;
        };
        booked.status = Status::Open;
        booked.number = None;
        self.arrivals.retain(|arrival| arrival.visit != visit);
        true
    }

    pub(super) fn patients_of(&self, card: &str) -> Vec<Patient> {
        self.patients.get(card).cloned().unwrap_or_default()
    }

    pub(super) fn visits_of(&self, patient: &str) -> Vec<Booked> {
        let ids = self.of_patient.get(patient).into_iter().flatten();
        ids.filter_map(|id| self.visits.get(id)).cloned().collect()
    }

    pub(super) fn visits_of_card(&self, card: &str) -> Vec<Booked> {
        self.patients_of(card).iter().flat_map(|patient| self.visits_of(&patient.id)).collect()
    }

    /// A secret first, where there are two stages; then a token.
    pub(super) fn sign_in(&mut self, stage: u8) -> String {
        self.sign_ins += 1;
        let fresh = format!("signed-{}", self.sign_ins);
        match stage {
            0 => self.secret = Some(fresh.clone()),
            _ => self.token = Some(fresh.clone()),
        }
        fresh
    }

    pub(super) fn is_signed_in(&self, token: &str) -> bool {
        self.token.as_deref() == Some(token)
    }

    pub(super) fn sign_out(&mut self) {
        self.token = None;
    }
}
