//! A hospital's FHIR R4 interface: the patient by an identifier, today's appointments, one of them marked as arrived, and an
//! encounter for it. Documented in FHIR.md.
//!
//! What marks an appointment as arrived also writes the session into it as an identifier, under the condition that nobody
//! has changed it meanwhile: a lost answer is looked up by the session, also after a restart, and nothing is done twice.
//!
//! ```text
//! adapter ─▶ server    requests and their answers     settings  systems of identifiers, the window
//!         ─▶ resource  what is read of resources, and what is written
//! ```

mod adapter;
mod resource;
mod server;
mod settings;

pub use self::{adapter::Fhir, settings::FhirSettings};
