//! What is said to a terminal, as server-sent events (WHATWG HTML, §9.2).

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use hyper::body::{Body, Bytes, Frame};
use tokio::{
    sync::{Notify, OwnedMutexGuard, mpsc::Receiver},
    time::{Interval, interval},
};

use super::http::Client;

/// How often an idle stream says that it is there; a terminal that has gone is found by it.
const BEAT: Duration = Duration::from_secs(10);

/// A stream of events, until the connection ends.
pub(super) struct Events {
    client: Arc<Client>,
    connection: Arc<Notify>,
    queue: OwnedMutexGuard<Receiver<Vec<u8>>>,
    beat: Interval,
}

impl Events {
    pub(super) fn new(client: Arc<Client>, connection: Arc<Notify>, queue: OwnedMutexGuard<Receiver<Vec<u8>>>) -> Self {
        Self { client, connection, queue, beat: interval(BEAT) }
    }
}

impl Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Poll::Ready(line) = self.queue.poll_recv(context) {
            // A line has its own end; an event's is an empty line.
            let event = line.map(|line| [b"data: ", line.as_slice(), b"\n"].concat());
            return Poll::Ready(event.map(|event| Ok(Frame::data(event.into()))));
        }
        self.beat.poll_tick(context).map(|_| Some(Ok(Frame::data(Bytes::from_static(b":\n\n")))))
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.client.leave(&self.connection);
    }
}
