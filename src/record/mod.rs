//! Recording: a reverse proxy between a client and an endpoint. Bytes pass as they are, both ways and as they come; what
//! has passed is judged, recognised and written down beside that, by a thread of its own, secrets masked first.
//!
//! Neither reqwest nor hyper carries them: one rewrites targets, the other groups and renames headers, and both tidy away
//! what tells one client from another. Heads are kept line by line ([`head`]), bodies are only followed to their end
//! ([`framing`]), and each connection of the client has one of its own to the endpoint ([`sides`]), so that what one side
//! does to its connection, the other one sees.

mod answer;
mod connection;
mod desk;
mod framing;
mod growing;
mod head;
mod listen;
mod outputs;
mod passage;
mod passed;
mod refusal;
mod rewriting;
mod routing;
mod sides;
mod story;
mod under_way;
mod upload;
mod upstream;

pub(crate) use desk::{Desk, Seen, Summary};
pub(crate) use listen::{Fault, Settings, start};
pub(crate) use outputs::Outputs;
pub(crate) use upstream::Upstream;

use std::sync::Arc;
use std::sync::mpsc::Sender;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::record::passed::Passed;
use crate::record::rewriting::Rewriting;
use crate::record::routing::Route;
use crate::record::under_way::Traffic;

/// KiB of exchanges that may wait to be judged and written. Where there are more, clients wait for their turn: none is left
/// out, and a recorder that is killed takes no more than these with it.
const ROOM: usize = 16 * 1024;

/// KiB that an exchange takes at least.
const LEAST: usize = 64;

/// What the connections tell the desk.
pub(crate) enum Message {
    /// An exchange, and its place among those that wait.
    Passed(Box<Passed>, OwnedSemaphorePermit),
    /// Something else that people should know.
    Notice(String),
    /// Nothing more comes.
    End,
}

/// What all connections share.
pub(crate) struct Shared {
    upstream: Upstream,
    keep_host: bool,
    rewrite: bool,
    limit: u64,
    /// On which the recorder listens.
    port: u16,
    traffic: Traffic,
    /// No further request is taken.
    stop: CancellationToken,
    /// What is under way ends at once.
    halt: CancellationToken,
    told: Sender<Message>,
    room: Arc<Semaphore>,
}

impl Shared {
    async fn tell(&self, passed: Passed) {
        let size = (passed.size() / 1024).clamp(LEAST, ROOM);
        let permit = Arc::clone(&self.room).acquire_many_owned(size as u32).await;
        let permit = permit.expect("the semaphore is never closed");
        // The desk ends last.
        let _ = self.told.send(Message::Passed(Box::new(passed), permit));
    }

    fn notice(&self, words: String) {
        let _ = self.told.send(Message::Notice(words));
    }

    /// How addresses are rewritten in a request and in its answer, where that is asked for.
    fn rewritings(&self, route: &Route) -> (Option<Rewriting>, Option<Rewriting>) {
        let Some(host) = route.host.as_ref().filter(|_| self.rewrite) else {
            return (None, None);
        };
        let (ours, theirs) = (format!("http://{host}"), self.upstream.base.origin());
        (
            Some(Rewriting::new(&ours, theirs)),
            Some(Rewriting::new(theirs, &ours)),
        )
    }
}
