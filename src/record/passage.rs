//! One exchange on its way: the request to the endpoint and the answer back, both at once and as they come, with a copy
//! kept of each.

use std::time::Duration;

use jiff::Timestamp;
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, timeout};

use crate::exchange::Failure;
use crate::record::Shared;
use crate::record::answer::{Answer, Break, Way};
use crate::record::framing::Framing;
use crate::record::head::Head;
use crate::record::passed::{Answered, Copied, Passed};
use crate::record::refusal::Refusal;
use crate::record::rewriting::Rewriting;
use crate::record::routing::{Route, route};
use crate::record::sides::{ClientSide, Link};
use crate::record::under_way::UnderWay;
use crate::record::upload::Upload;

/// A client that is still sending when it has its answer is listened to for so long.
const PATIENCE: Duration = Duration::from_secs(5);

/// What becomes of the client's connection after an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Onward {
    /// Another request may come.
    Next,
    /// It ends.
    Close,
    /// It breaks, as the endpoint's has.
    Reset,
}

/// Why an exchange is over.
enum End {
    Answered(Result<(), Break>),
    HungUp,
    Halted,
}

/// Passes a request on, and what comes back.
pub(crate) async fn pass(
    shared: &Shared,
    mut head: Head,
    client: &mut ClientSide,
    link: &mut Option<Link>,
) -> Onward {
    let routed = route(&mut head, &shared.upstream, shared.keep_host, shared.port);
    let framing = Framing::of_request(&head).map_err(|fault| fault.to_string());
    let (route, framing) = match (routed, framing) {
        (Ok(route), Ok(framing)) => (route, framing),
        (Err(refusal), _) => return refuse(shared, client, &refusal).await,
        (_, Err(fault)) => return refuse(shared, client, &Refusal::bad_request(fault)).await,
    };
    let passage = Passage {
        under_way: shared.traffic.begin(),
        started: Timestamp::now(),
        clock: Instant::now(),
        waits: head.lists("expect", "100-continue"),
        goes_on: head.goes_on(),
        upload: Upload::new(framing, shared.limit),
        shared,
        route,
    };
    passage.passed(head, client, link).await
}

/// Answers a request that cannot be recorded as one.
pub(crate) async fn refuse(shared: &Shared, client: &mut ClientSide, refusal: &Refusal) -> Onward {
    shared.notice(format!("a request is refused: {}", refusal.detail));
    // If it is gone, there is nobody to tell.
    let _ = client.writer.write_all(&refusal.answer(false, false)).await;
    Onward::Close
}

struct Passage<'a> {
    shared: &'a Shared,
    under_way: UnderWay<'a>,
    started: Timestamp,
    clock: Instant,
    route: Route,
    /// The client waits with the body until it is told to send it.
    waits: bool,
    /// The client may send another request on this connection.
    goes_on: bool,
    upload: Upload,
}

impl Passage<'_> {
    async fn passed(
        mut self,
        head: Head,
        client: &mut ClientSide,
        link: &mut Option<Link>,
    ) -> Onward {
        if let Some(idle) = link
            && !idle.is_idle().await
        {
            // It has ended meanwhile, and nothing of this request was sent.
            *link = None;
        }
        let connected = match link {
            Some(connected) => connected,
            None => match self.shared.upstream.connect().await {
                Ok(sides) => link.insert(Link::new(sides)),
                Err(failure) => return self.unreachable(failure, client).await,
            },
        };
        let mut answering = Answer::new(&self.route.method, self.shared.limit);
        let (inward, outward) = self.shared.rewritings(&self.route);
        let inward = inward.filter(|_| !self.waits && Rewriting::reads(&head));
        let end = {
            let under_way = &mut self.under_way;
            let mut way = Way {
                reader: &mut connected.reader,
                ahead: &mut connected.ahead,
                writer: &mut client.writer,
                rewriting: outward.as_ref(),
                over: &mut || {
                    under_way.end();
                },
            };
            let answer = answering.pass(&mut way);
            let upload = self.upload.run(
                inward.as_ref(),
                head,
                &mut client.reader,
                &mut client.ahead,
                &mut connected.writer,
            );
            tokio::select! {
                biased;
                ended = answer => End::Answered(ended),
                () = upload => End::HungUp,
                () = self.shared.halt.cancelled() => End::Halted,
            }
        };
        let elapsed = answering.ended.unwrap_or_else(|| self.clock.elapsed());
        let mut onward = match &end {
            End::Answered(Ok(())) if self.goes_on && answering.goes_on => Onward::Next,
            End::Answered(Err(Break { resets: true, .. })) => Onward::Reset,
            _ => Onward::Close,
        };
        if !self.upload.is_over() && matches!(end, End::Answered(_)) {
            onward = match self.waits && !answering.continued && self.upload.copied.length == 0 {
                // It may send the body or leave it, and nobody could tell which (RFC 9110 10.1.1).
                true => Onward::Close,
                false => {
                    let rest = self.upload.rest(client, &mut connected.writer);
                    let is_whole = timeout(PATIENCE, rest).await.unwrap_or(false);
                    match onward {
                        Onward::Next if !is_whole => Onward::Close,
                        onward => onward,
                    }
                }
            };
        }
        if self.upload.is_broken && onward == Onward::Next {
            onward = Onward::Close;
        }
        if onward != Onward::Next {
            *link = None;
        }
        let words = match end {
            End::Answered(Ok(())) => None,
            End::Answered(Err(broken)) => Some(broken.words),
            End::HungUp => Some("the client has hung up".to_owned()),
            End::Halted => Some("the recorder was stopped".to_owned()),
        };
        let outcome = answering.outcome(words);
        let notices = answering.notices;
        self.tell(outcome, elapsed, notices).await;
        onward
    }

    /// Answers for an endpoint that cannot be reached.
    async fn unreachable(mut self, failure: Failure, client: &mut ClientSide) -> Onward {
        let elapsed = self.clock.elapsed();
        let whole = match self.waits {
            true => false,
            // What it sends is part of the story, too.
            false => timeout(PATIENCE, self.upload.drained(client))
                .await
                .unwrap_or(false),
        };
        self.under_way.end();
        let goes_on = self.goes_on && whole;
        let origin = self.shared.upstream.base.origin();
        let detail = format!("{origin} cannot be reached: {failure}");
        let refusal = match failure {
            Failure::Timeout(_) => Refusal::gateway_timeout(detail),
            _ => Refusal::bad_gateway(detail),
        };
        let answer = refusal.answer(self.route.method == "HEAD", goes_on);
        let sent = client.writer.write_all(&answer).await;
        self.tell(Err(failure), elapsed, Vec::new()).await;
        match goes_on && sent.is_ok() {
            true => Onward::Next,
            false => Onward::Close,
        }
    }

    async fn tell(
        mut self,
        outcome: Result<Answered, Failure>,
        elapsed: Duration,
        mut notices: Vec<String>,
    ) {
        let copied = &self.upload.copied;
        if copied.whole().is_none() {
            notices.push(format!(
                "the request's body has {} bytes, of which the first {} are kept",
                copied.length, self.shared.limit
            ));
        }
        let crowded = self.under_way.end();
        let passed = Passed {
            method: self.route.method,
            origin: self.route.origin,
            target: self.route.target,
            headers: self.route.headers,
            body: std::mem::replace(&mut self.upload.copied, Copied::new(0)),
            outcome,
            started: self.started,
            elapsed,
            number: self.under_way.number,
            crowded,
            notices,
        };
        self.shared.tell(passed).await;
    }
}
