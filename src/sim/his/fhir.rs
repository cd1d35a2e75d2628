//! A FHIR R4 server: patients, appointments and encounters, searched by POST, patched, made once.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::{Value, json};

use super::{Fault, queue::decoded};
use crate::sim::server::{Answer, Authority, Reply, Request, Server};

/// A running server.
pub struct Twin {
    server: Server,
    store: Arc<Mutex<Store>>,
    today: String,
}

/// Resources by type and id, and what changed them.
#[derive(Default)]
pub struct Store {
    /// `Patient/p1` and what it is.
    pub resources: BTreeMap<String, Value>,
    /// Each time an appointment became `arrived`.
    pub arrivals: Vec<String>,
    /// Everything that was asked: method and path.
    pub asked: Vec<String>,
    /// Parameters are passed over.
    pub is_deaf: bool,
    /// Whoever arrives gets a number, as an identifier of this system.
    pub numbers: Option<String>,
    /// What becomes of the next request that changes something.
    pub fault: Fault,
}

/// What people's documents are numbered by: GB 11643.
pub const DOCUMENTS: &str = "urn:oid:2.16.156.10011.1.3";

impl Twin {
    /// Starts a server whose day is `today`, `2026-11-26`.
    pub fn start(authority: &Authority, today: &str) -> io::Result<Self> {
        let store = Arc::new(Mutex::new(Store::default()));
        let answering = Arc::clone(&store);
        let handler = Arc::new(move |request: &Request| lock(&answering).answer(request));
        Ok(Self { server: Server::start(authority, handler)?, store, today: today.to_owned() })
    }

    /// `https://localhost:PORT`
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Everything that it holds.
    pub fn store(&self) -> MutexGuard<'_, Store> {
        lock(&self.store)
    }

    /// Somebody has a file.
    pub fn register(&self, id: &str, name: &str, number: &str) {
        let (family, given): (String, String) = (name.chars().take(1).collect(), name.chars().skip(1).collect());
        self.store().put(json!({
            "resourceType": "Patient",
            "id": id,
            "identifier": [{ "system": DOCUMENTS, "value": number }],
            "name": [{ "family": family, "given": [given] }],
        }));
    }

    /// An appointment today, from `start`, `09:30`.
    pub fn book(&self, id: &str, patient: &str, start: &str) {
        self.store().put(json!({
            "resourceType": "Appointment",
            "id": id,
            "identifier": [{ "system": "urn:his:appointment", "value": format!("Q|{id}") }],
            "status": "booked",
            "specialty": [{ "coding": [{ "display": "内科" }] }],
            "start": format!("{}T{start}:00+08:00", self.today),
            "participant": [
                { "actor": { "reference": format!("Patient/{patient}") }, "status": "accepted" },
                { "actor": { "reference": "Practitioner/d1", "display": "张医生" }, "status": "accepted" },
                { "actor": { "reference": "Location/r1", "display": "3楼一诊室" }, "status": "accepted" },
            ],
        }));
    }
}

impl Store {
    /// Keeps a resource in its next version.
    pub fn put(&mut self, mut resource: Value) {
        let text = |name: &str| resource[name].as_str().unwrap_or_default().to_owned();
        let path = format!("{}/{}", text("resourceType"), text("id"));
        let before = self.resources.get(&path).and_then(|before| before["meta"]["versionId"].as_str()?.parse().ok());
        resource["meta"] = json!({ "versionId": (before.unwrap_or(0_u32) + 1).to_string() });
        self.resources.insert(path, resource);
    }

    /// An appointment's status is another.
    pub fn set_status(&mut self, appointment: &str, status: &str) {
        if let Some(mut resource) = self.resources.get(&format!("Appointment/{appointment}")).cloned() {
            resource["status"] = json!(status);
            self.put(resource);
        }
    }

    /// Everything of this type.
    pub fn of(&self, kind: &str) -> Vec<Value> {
        self.resources.values().filter(|resource| resource["resourceType"] == kind).cloned().collect()
    }

    fn answer(&mut self, request: &Request) -> Reply {
        self.asked.push(format!("{} {}", request.method, request.target));
        let not_understood = || Answer::json(400, &json!({ "resourceType": "OperationOutcome" }));
        if let Some(kind) = request.target.strip_suffix("/_search") {
            let body = String::from_utf8_lossy(&request.body).into_owned();
            let query: Vec<(String, String)> = body
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .map(|(name, value)| (name.to_owned(), decoded(value)))
                .collect();
            let found = self.search(kind.trim_start_matches('/'), &query);
            return Reply::Answer(found.map_or_else(not_understood, |found| bundle(&found)));
        }
        match std::mem::take(&mut self.fault) {
            Fault::LostBefore => Reply::Drop,
            fault => {
                let answer = self.change(request).unwrap_or_else(not_understood);
                match fault {
                    Fault::LostAfter => Reply::Drop,
                    Fault::Stumbles => Reply::Answer(Answer::json(503, &json!({ "resourceType": "OperationOutcome" }))),
                    _ => Reply::Answer(answer),
                }
            }
        }
    }

    /// Nothing where a parameter is none of those that are served.
    fn search(&self, kind: &str, query: &[(String, String)]) -> Option<Vec<Value>> {
        let mut found = self.of(kind);
        if self.is_deaf {
            return Some(found);
        }
        for (name, wanted) in query {
            let list = |resource: &Value, name: &str| resource[name].as_array().cloned().unwrap_or_default();
            match name.as_str() {
                "identifier" => {
                    let (system, value) = wanted.split_once('|')?;
                    let value = value.replace("\\|", "|");
                    found.retain(|resource| {
                        list(resource, "identifier")
                            .iter()
                            .any(|own| own["system"] == system && own["value"] == value.as_str())
                    });
                }
                "_id" => found.retain(|resource| resource["id"] == wanted.as_str()),
                "patient" => found.retain(|resource| {
                    list(resource, "participant").iter().any(|own| own["actor"]["reference"] == wanted.as_str())
                }),
                // Every appointment here is today's.
                "date" if wanted.starts_with("ge20") || wanted.starts_with("lt20") => {}
                "_count" => {}
                _ => return None,
            }
        }
        Some(found)
    }

    /// Makes an encounter, or patches what is there; nothing where that cannot be understood.
    fn change(&mut self, request: &Request) -> Option<Answer> {
        let body: Value = serde_json::from_slice(&request.body).ok()?;
        if request.method == "POST" {
            let (name, wanted) = request.header("if-none-exist").split_once('=')?;
            let there = self.search("Encounter", &[(name.to_owned(), decoded(wanted))])?;
            if let Some(there) = there.first() {
                return Some(Answer::json(200, there));
            }
            let id = format!("e{}", self.resources.len());
            let mut made = body;
            made["id"] = json!(id);
            self.put(made);
            return Some(Answer::json(201, &self.resources[&format!("Encounter/{id}")]));
        }
        let path = request.target.trim_start_matches('/').to_owned();
        let Some(mut resource) = self.resources.get(&path).cloned() else {
            return Some(Answer::json(404, &json!({})));
        };
        let (version, wanted) = (resource["meta"]["versionId"].as_str()?, request.header("if-match"));
        if !wanted.is_empty() && wanted != format!("W/\"{version}\"") {
            return Some(Answer::json(412, &json!({ "resourceType": "OperationOutcome" })));
        }
        for step in body.as_array()? {
            let (value, place) = (step["value"].clone(), step["path"].as_str()?);
            match (step["op"].as_str()?, place) {
                ("test", "/status") if resource["status"] != value => {
                    return Some(Answer::json(422, &json!({ "resourceType": "OperationOutcome" })));
                }
                ("test", _) => {}
                ("replace" | "add", "/status" | "/identifier") => resource[&place[1..]] = value,
                ("add", "/identifier/-") => resource["identifier"].as_array_mut()?.push(value),
                ("remove", "/identifier") => drop(resource.as_object_mut()?.remove("identifier")),
                _ => return None,
            }
        }
        if resource["resourceType"] == "Appointment" && resource["status"] == "arrived" {
            self.arrivals.push(resource["id"].as_str()?.to_owned());
            if let Some(system) = &self.numbers {
                let number = format!("A{:03}", self.arrivals.len());
                resource["identifier"].as_array_mut()?.push(json!({ "system": system, "value": number }));
            }
        }
        self.put(resource);
        Some(Answer::json(200, &self.resources[&path]))
    }
}

/// As servers write it: what they found, and whatever they have to say of the search itself.
fn bundle(found: &[Value]) -> Answer {
    let outcome = json!({ "resource": { "resourceType": "OperationOutcome", "issue": [] } });
    let entries = found.iter().map(|resource| json!({ "resource": resource })).chain([outcome]);
    let entries: Vec<Value> = entries.collect();
    Answer::json(200, &json!({ "resourceType": "Bundle", "type": "searchset", "entry": entries }))
}

fn lock(store: &Mutex<Store>) -> MutexGuard<'_, Store> {
    store.lock().unwrap_or_else(PoisonError::into_inner)
}
