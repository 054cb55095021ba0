//! A request on its way to the endpoint.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::sleep;

use crate::record::framing::Framing;
use crate::record::head::Head;
use crate::record::passed::Copied;
use crate::record::rewriting::Rewriting;
use crate::record::sides::{ClientSide, more};

/// Bytes of further requests that are read while an answer is waited for.
const AHEAD: usize = 64 * 1024;

/// An endpoint that has not answered so long after its client has said the last is waited for no longer.
const LONGEST_SILENCE: Duration = Duration::from_secs(300);

/// The body of a request: how far it has come.
#[derive(Debug)]
pub(crate) struct Upload {
    framing: Framing,
    /// What has come of it.
    pub(crate) copied: Copied,
    /// It has ended before its end, or its end cannot be found.
    pub(crate) is_broken: bool,
    /// The endpoint takes no more.
    is_refused: bool,
}

/// The client's connection has broken.
struct HungUp;

impl Upload {
    pub(crate) fn new(framing: Framing, limit: u64) -> Self {
        Self {
            framing,
            copied: Copied::new(limit),
            is_broken: false,
            is_refused: false,
        }
    }

    /// All of it has come, or no more will.
    pub(crate) fn is_over(&self) -> bool {
        self.framing.is_over()
    }

    /// Passes the request on, and then waits for the client to hang up.
    pub(crate) async fn run(
        &mut self,
        rewriting: Option<&Rewriting>,
        head: Head,
        reader: &mut (impl AsyncRead + Unpin),
        ahead: &mut Vec<u8>,
        writer: &mut (impl AsyncWrite + Unpin),
    ) {
        let sent = match rewriting {
            Some(rewriting) => self.rewritten(rewriting, head, reader, ahead, writer).await,
            None => self.streamed(head.bytes(), reader, ahead, writer).await,
        };
        if sent.is_err() {
            return;
        }
        while !self.is_broken && ahead.len() < AHEAD {
            match more(reader, ahead).await {
                Ok(0) => break,
                Ok(_) => {}
                Err(_) => return,
            }
        }
        if ahead.is_empty() {
            // A client that says no more may still listen, or be gone: what the endpoint makes of it is up to the endpoint.
            let _ = writer.shutdown().await;
            return sleep(LONGEST_SILENCE).await;
        }
        std::future::pending().await
    }

    /// Passes on what is still to come when the answer is there: whether all of it came.
    pub(crate) async fn rest(
        &mut self,
        client: &mut ClientSide,
        writer: &mut (impl AsyncWrite + Unpin),
    ) -> bool {
        let ClientSide { reader, ahead, .. } = client;
        let passed = self.streamed(Vec::new(), reader, ahead, writer).await;
        passed.is_ok() && !self.is_broken
    }

    /// Reads all of it for an endpoint that is not there: whether all of it came.
    pub(crate) async fn drained(&mut self, client: &mut ClientSide) -> bool {
        self.is_refused = true;
        self.rest(client, &mut tokio::io::sink()).await
    }

    async fn streamed(
        &mut self,
        mut out: Vec<u8>,
        reader: &mut (impl AsyncRead + Unpin),
        ahead: &mut Vec<u8>,
        writer: &mut (impl AsyncWrite + Unpin),
    ) -> Result<(), HungUp> {
        loop {
            self.take(ahead, &mut out);
            if !out.is_empty() && !self.is_refused {
                let sent = writer.write_all(&out).await;
                self.is_refused = sent.is_err() || writer.flush().await.is_err();
            }
            out.clear();
            if self.is_over() {
                return Ok(());
            }
            match more(reader, ahead).await {
                Ok(0) => {
                    self.is_broken = true;
                    self.framing = Framing::Over;
                }
                Ok(_) => {}
                Err(_) => return Err(HungUp),
            }
        }
    }

    /// Moves what belongs to the body.
    fn take(&mut self, ahead: &mut Vec<u8>, out: &mut Vec<u8>) {
        let copied = &mut self.copied;
        match self.framing.take(ahead, |payload| copied.add(payload)) {
            Ok(taken) if taken == ahead.len() && out.is_empty() => std::mem::swap(out, ahead),
            Ok(taken) => {
                out.extend_from_slice(&ahead[..taken]);
                ahead.drain(..taken);
            }
            Err(_) => {
                // Where it ends, nobody knows; the endpoint shall see what it would have seen.
                out.append(ahead);
                self.is_broken = true;
                self.framing = Framing::Over;
            }
        }
    }

    /// Passes it on with other addresses, once it is whole. What is too large for that goes as it is.
    async fn rewritten(
        &mut self,
        rewriting: &Rewriting,
        mut head: Head,
        reader: &mut (impl AsyncRead + Unpin),
        ahead: &mut Vec<u8>,
        writer: &mut (impl AsyncWrite + Unpin),
    ) -> Result<(), HungUp> {
        let mut raw = Vec::new();
        loop {
            let mut part = Vec::new();
            self.take(ahead, &mut part);
            raw.append(&mut part);
            if self.is_over() || self.copied.whole().is_none() {
                break;
            }
            match more(reader, ahead).await {
                Ok(0) => {
                    self.is_broken = true;
                    self.framing = Framing::Over;
                }
                Ok(_) => {}
                Err(_) => return Err(HungUp),
            }
        }
        let body = self.copied.whole().map(|body| rewriting.rewritten(body));
        match body.filter(|_| !self.is_broken) {
            Some(body) if !body.is_empty() => {
                head.remove("Transfer-Encoding");
                head.set("Content-Length", body.len().to_string().as_bytes());
                let mut out = head.bytes();
                out.extend_from_slice(&body);
                self.copied = self.copied.with(body);
                self.streamed(out, reader, ahead, writer).await
            }
            _ => {
                let mut out = head.bytes();
                out.append(&mut raw);
                self.streamed(out, reader, ahead, writer).await
            }
        }
    }
}
