//! Connections between two requests.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use super::{target::Server, tls::Secure};
use crate::words::Moment;

/// A connection and what is known of it.
pub(super) struct Connection {
    pub(super) server: Server,
    pub(super) secure: Secure,
    /// When its server's certificate was last found good.
    pub(super) trusted: Moment,
}

/// Idle connections, the last used at the end.
pub(super) struct Pool {
    idle: Mutex<Vec<(Connection, Moment)>>,
    most: usize,
    age: Duration,
}

impl Pool {
    /// At most `most` connections, none idle for longer than `age`.
    pub(super) fn new(most: usize, age: Duration) -> Self {
        Self { idle: Mutex::default(), most, age }
    }

    /// The one that was used last; those that lay too long are closed.
    pub(super) fn take(&self, server: &Server, now: Moment) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(_, since)| now.since(*since) <= self.age);
        let at = idle.iter().rposition(|(connection, _)| connection.server == *server)?;
        Some(idle.remove(at).0)
    }

    /// Keeps one for the next; the oldest makes room.
    pub(super) fn put(&self, connection: Connection, now: Moment) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push((connection, now));
        let surplus = idle.len().saturating_sub(self.most);
        idle.drain(..surplus);
    }
}
