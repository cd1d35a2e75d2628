//! The Unix socket: mode 0660, a list of users, a handful of connections.

use std::{sync::atomic::Ordering, time::Duration};

use tokio::{
    io::Interest,
    net::unix::OwnedReadHalf,
    sync::mpsc::Receiver,
    time::{sleep, timeout},
};

use super::{
    Address, LocalPeer, LocalSocket, Reply, Shared, allowance::Rarely, connection::exchange, connections::Bounds,
    line_connections::LineConnections, reply::ack,
};
use crate::{
    fault::{Code, Failure},
    kiosk::AckStatus,
};

/// The connections of one lane, and of one process.
const PLACES: Bounds = Bounds { most: 16, of_one: 8 };

/// How long a connection is kept whose terminal has closed its own direction.
const LINGER: Duration = Duration::from_secs(15);

/// How long nobody is let in after the system had no room for a connection.
pub(super) const RECOVERY: Duration = Duration::from_millis(100);

/// How soon such a connection is looked at first, and how often later.
const LOOK: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(100));

pub(super) async fn serve(socket: LocalSocket, mut shared: Shared, mut replies: Receiver<Reply>) {
    let mut connections = LineConnections::new(PLACES);
    let mut told = Rarely::default();
    loop {
        tokio::select! {
            reply = replies.recv() => match reply {
                Some(reply) => connections.deliver(&shared, reply),
                None => return,
            },
            () = connections.ended() => {}
            () = shared.changed() => connections.retain(|peer: &LocalPeer| may_act(*peer, &shared)),
            accepted = socket.accept() => {
                let Ok((stream, peer)) = accepted else {
                    sleep(RECOVERY).await;
                    continue;
                };
                if may_act(peer, &shared) {
                    connections.add(&shared, peer, peer.uid.to_string(), |intake, lines| {
                        let (reader, writer) = stream.into_split();
                        exchange(reader, writer, intake, lines, until_gone)
                    });
                } else {
                    shared.counters.refused_peers.fetch_add(1, Ordering::Relaxed);
                    if told.may_tell(shared.clock.now().moment) {
                        let told = format!("uid {} is not allowed", peer.uid);
                        let refused = Failure::new(Code::T211).told(told);
                        shared.witness.failed("a terminal was not let in", &refused);
                    }
                    let refusal = ack(None, AckStatus::Refused, None, Some(Code::T211));
                    let _ = stream.try_write(&refusal);
                }
            }
        }
    }
}

fn may_act(peer: LocalPeer, shared: &Shared) -> bool {
    match &shared.settings().address {
        Address::Unix { allow_uids, .. } if allow_uids.is_empty() => peer.is_ours(),
        Address::Unix { allow_uids, .. } => allow_uids.contains(&peer.uid),
        _ => false,
    }
}

/// A terminal that has said all it will may still listen for its outcome, for [`LINGER`] at most.
async fn until_gone(reader: OwnedReadHalf) {
    let (mut look, longest) = LOOK;
    let waiting = async {
        while reader.ready(Interest::WRITABLE).await.is_ok_and(|ready| !ready.is_write_closed()) {
            sleep(look).await;
            look = (look * 2).min(longest);
        }
    };
    let _ = timeout(LINGER, waiting).await;
}
