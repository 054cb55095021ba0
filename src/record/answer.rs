//! An answer on its way to the client.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWriteExt};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::time::Instant;

use crate::exchange::Failure;
use crate::record::framing::Framing;
use crate::record::head::{Head, HeadFault};
use crate::record::passed::Answered;
use crate::record::rewriting::Rewriting;
use crate::record::sides::more;
use crate::record::upstream::Reader;
use crate::run::wire::chain;

/// An answer, as far as it has come.
#[derive(Debug)]
pub(crate) struct Answer {
    method: String,
    limit: u64,
    clock: Instant,
    answered: Option<Answered>,
    /// When all of it had come, counted from the request.
    pub(crate) ended: Option<Duration>,
    /// The endpoint takes another request on this connection.
    pub(crate) goes_on: bool,
    /// The client was told to send the body of its request.
    pub(crate) continued: bool,
    /// What else is to be known.
    pub(crate) notices: Vec<String>,
}

/// From the endpoint to the client.
pub(crate) struct Way<'a> {
    pub(crate) reader: &'a mut Reader,
    /// Read and not passed on yet.
    pub(crate) ahead: &'a mut Vec<u8>,
    pub(crate) writer: &'a mut OwnedWriteHalf,
    /// Puts the recorder's address where the endpoint's stands, where that is asked for.
    pub(crate) rewriting: Option<&'a Rewriting>,
    /// Told when all has come, before the client has it.
    pub(crate) over: &'a mut (dyn FnMut() + Send),
}

/// Why an answer is not whole.
#[derive(Debug)]
pub(crate) struct Break {
    pub(crate) words: String,
    /// The connection broke; it was not closed in good order.
    pub(crate) resets: bool,
}

impl Break {
    fn closed(words: impl Into<String>) -> Self {
        Self {
            words: words.into(),
            resets: false,
        }
    }

    fn broken(problem: &io::Error) -> Self {
        Self {
            words: format!("the connection to the endpoint broke: {}", chain(problem)),
            resets: true,
        }
    }

    fn hung_up() -> Self {
        Self::closed("the client has hung up")
    }
}

impl Answer {
    /// One that is still to come.
    pub(crate) fn new(method: &str, limit: u64) -> Self {
        Self {
            method: method.to_owned(),
            limit,
            clock: Instant::now(),
            answered: None,
            ended: None,
            goes_on: false,
            continued: false,
            notices: Vec::new(),
        }
    }

    /// What came of it; `words` say why it is not whole.
    pub(crate) fn outcome(&mut self, words: Option<String>) -> Result<Answered, Failure> {
        match (self.answered.take(), words) {
            (Some(answered), cut) => Ok(Answered { cut, ..answered }),
            (None, words) => Err(Failure::Protocol(words.unwrap_or_default())),
        }
    }

    /// Passes it on.
    ///
    /// # Errors
    /// Why the client does not have all of it.
    pub(crate) async fn pass(&mut self, way: &mut Way<'_>) -> Result<(), Break> {
        let (mut head, framing) = self.head(way).await?;
        head.strip_hop_by_hop();
        if let Some(rewriting) = way.rewriting {
            rewriting.rewrite_head(&mut head);
            if !framing.is_over() && Rewriting::reads(&head) {
                return self.rewritten(rewriting, head, framing, way).await;
            }
        }
        self.streamed(head.bytes(), framing, way).await
    }

    /// Reads its head. What the endpoint says before that (RFC 9110 15.2) is passed on.
    async fn head(&mut self, way: &mut Way<'_>) -> Result<(Head, Framing), Break> {
        loop {
            let head = match read(&mut way.reader, way.ahead).await {
                Ok(head) => head,
                Err(Unread::Fault(fault)) => {
                    self.end(way);
                    return Err(blind(&fault, Vec::new(), way).await);
                }
                Err(unread) => {
                    self.end(way);
                    // The client gets what came.
                    let sent = way.writer.write_all(way.ahead).await;
                    return Err(match (unread, sent) {
                        (_, Err(_)) => Break::hung_up(),
                        (Unread::Broken(problem), _) => Break::broken(&problem),
                        _ => Break::closed(match way.ahead.is_empty() {
                            true => "the endpoint closed the connection without an answer",
                            false => "the endpoint closed the connection in the middle of a head",
                        }),
                    });
                }
            };
            let framed = head.status().map_err(|fault| fault.to_string());
            let framed = framed.and_then(|status| {
                let framing = Framing::of_answer(&head, status, self.method.as_bytes());
                Ok((status, framing.map_err(|fault| fault.to_string())?))
            });
            match framed {
                Ok((status, _)) if (100..200).contains(&status) && status != 101 => {
                    self.continued |= status == 100;
                    let sent = way.writer.write_all(&head.bytes()).await;
                    sent.map_err(|_| Break::hung_up())?;
                }
                Ok((status, framing)) => {
                    self.goes_on =
                        head.goes_on() && framing != Framing::UntilClose && status != 101;
                    self.answered = Some(Answered::of(&head, status, self.limit));
                    return Ok((head, framing));
                }
                Err(fault) => {
                    self.end(way);
                    return Err(blind(&fault, head.bytes(), way).await);
                }
            }
        }
    }

    /// Passes a body on as it comes, behind what stands before it.
    async fn streamed(
        &mut self,
        mut out: Vec<u8>,
        mut framing: Framing,
        way: &mut Way<'_>,
    ) -> Result<(), Break> {
        loop {
            let fault = self.take(&mut framing, way.ahead, &mut out);
            let is_over = framing.is_over();
            if is_over {
                self.end(way);
            }
            let sent = way.writer.write_all(&out).await;
            out.clear();
            if sent.is_err() && is_over {
                self.goes_on = false;
                let words = "the client had hung up before this answer came";
                self.notices.push(words.to_owned());
            } else if sent.is_err() {
                return Err(Break::hung_up());
            }
            if let Some(fault) = fault {
                return Err(blind(&fault, out, way).await);
            }
            if is_over {
                return Ok(());
            }
            let read = more(&mut way.reader, way.ahead).await;
            if !matches!(read, Ok(1..)) {
                self.end(way);
                return ended(&framing, read);
            }
        }
    }

    /// Passes a body on with other addresses, once it is whole. What is too large for that goes as it is.
    async fn rewritten(
        &mut self,
        rewriting: &Rewriting,
        mut head: Head,
        mut framing: Framing,
        way: &mut Way<'_>,
    ) -> Result<(), Break> {
        let mut raw = Vec::new();
        loop {
            let mut part = Vec::new();
            let fault = self.take(&mut framing, way.ahead, &mut part);
            raw.append(&mut part);
            if let Some(fault) = fault {
                return Err(blind(&fault, [head.bytes(), raw].concat(), way).await);
            }
            let mut read = Ok(0);
            if !framing.is_over() && self.body().is_some() {
                read = more(&mut way.reader, way.ahead).await;
                if matches!(read, Ok(1..)) {
                    continue;
                }
            }
            let end = ended(&framing, read);
            return match self.body() {
                Some(body) if end.is_ok() => {
                    let body = rewriting.rewritten(body);
                    head.remove("Transfer-Encoding");
                    head.set("Content-Length", body.len().to_string().as_bytes());
                    let out = [head.bytes(), body].concat();
                    self.streamed(out, Framing::Over, way).await
                }
                // Too large, and there is more of it.
                None => {
                    self.streamed([head.bytes(), raw].concat(), framing, way)
                        .await
                }
                Some(_) => {
                    self.end(way);
                    let sent = way.writer.write_all(&[head.bytes(), raw].concat()).await;
                    sent.map_err(|_| Break::hung_up())?;
                    end
                }
            };
        }
    }

    /// What has come of the body, unless it is too large.
    fn body(&self) -> Option<&[u8]> {
        self.answered
            .as_ref()
            .and_then(|answer| answer.body.whole())
    }

    /// All has come that will come.
    fn end(&mut self, way: &mut Way<'_>) {
        self.ended.get_or_insert_with(|| self.clock.elapsed());
        (way.over)();
    }

    /// Moves what belongs to the body; why it cannot be told any more what does.
    fn take(
        &mut self,
        framing: &mut Framing,
        ahead: &mut Vec<u8>,
        out: &mut Vec<u8>,
    ) -> Option<String> {
        let body = self.answered.as_mut().map(|answered| &mut answered.body)?;
        match framing.take(ahead, |payload| body.add(payload)) {
            Ok(taken) if taken == ahead.len() && out.is_empty() => std::mem::swap(out, ahead),
            Ok(taken) => {
                out.extend_from_slice(&ahead[..taken]);
                ahead.drain(..taken);
            }
            Err(fault) => return Some(fault.to_string()),
        }
        None
    }
}

/// What it means that nothing more comes of a body that is not over.
fn ended(framing: &Framing, read: io::Result<usize>) -> Result<(), Break> {
    match read {
        Err(problem) => Err(Break::broken(&problem)),
        Ok(_) if matches!(framing, Framing::Over | Framing::UntilClose) => Ok(()),
        Ok(_) => Err(Break::closed(
            "the endpoint closed the connection before the end",
        )),
    }
}

/// Why there is no head.
enum Unread {
    Closed,
    Broken(io::Error),
    Fault(String),
}

async fn read(reader: &mut (impl AsyncRead + Unpin), ahead: &mut Vec<u8>) -> Result<Head, Unread> {
    loop {
        match Head::read(ahead) {
            Ok(Some((head, length))) => {
                ahead.drain(..length);
                return Ok(head);
            }
            Ok(None) => {}
            Err(fault) => return Err(Unread::Fault(HeadFault::to_string(&fault))),
        }
        match more(reader, ahead).await {
            Ok(0) => return Err(Unread::Closed),
            Ok(_) => {}
            Err(problem) => return Err(Unread::Broken(problem)),
        }
    }
}

/// Passes on all that comes, whatever it is, to the end of the connection.
async fn blind(fault: &str, mut out: Vec<u8>, way: &mut Way<'_>) -> Break {
    let broken = |resets| Break {
        words: format!("what came is not HTTP/1: {fault}"),
        resets,
    };
    loop {
        out.append(way.ahead);
        if way.writer.write_all(&out).await.is_err() {
            return broken(false);
        }
        out.clear();
        match more(&mut way.reader, way.ahead).await {
            Ok(0) => return broken(false),
            Ok(_) => {}
            Err(_) => return broken(true),
        }
    }
}
