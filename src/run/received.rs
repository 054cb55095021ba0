//! Answers as they come: read within bounds of time and size, and masked before anybody sees them.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::exchange::{Body, Broken, Mask, Response, decoded_body};
use crate::run::wire::chain;

/// Bytes that are kept of a body over the limit: nothing is judged by them, and every report would carry them.
pub(crate) const EVIDENCE: usize = 64 * 1024;

/// An answer with whatever secrets it holds.
pub(crate) struct Received {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    /// Decoded from its content encoding.
    pub(crate) body: Vec<u8>,
    pub(crate) broken: Option<Broken>,
}

impl Received {
    /// Reads an answer to its end, or to a limit.
    pub(crate) async fn read(
        mut response: reqwest::Response,
        deadline: Instant,
        timeout: Duration,
        limit: u64,
    ) -> Self {
        let status = response.status().as_u16();
        let headers: Vec<(String, String)> = response
            .headers()
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes());
                (name.to_string(), value.into_owned())
            })
            .collect();
        let mut bytes = Vec::new();
        let mut broken = None;
        loop {
            match timeout_at(deadline, response.chunk()).await {
                Err(_) => broken = Some(Broken::Slow(timeout.as_millis() as u64)),
                Ok(Err(problem)) => broken = Some(Broken::Cut(chain(&problem))),
                Ok(Ok(None)) => {}
                Ok(Ok(Some(chunk))) => {
                    let room = (limit as usize).saturating_sub(bytes.len());
                    bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
                    if chunk.len() <= room {
                        continue;
                    }
                    broken = Some(Broken::TooLarge(limit));
                }
            }
            break;
        }
        let (mut bytes, broken) = decoded_body(&headers, bytes, broken, limit);
        if let Some(Broken::TooLarge(_)) = broken {
            bytes.truncate(EVIDENCE);
            bytes.shrink_to_fit();
        }
        Self {
            status,
            headers,
            body: bytes,
            broken,
        }
    }

    /// The first header of that name, in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The answer without secrets.
    pub(crate) fn masked(self, mask: &Mask) -> Response {
        let headers = self
            .headers
            .into_iter()
            .map(|(name, value)| (name, mask.text(&value)))
            .collect();
        let broken = match self.broken {
            Some(Broken::Cut(reason)) => Some(Broken::Cut(mask.text(&reason))),
            Some(Broken::Encoding(reason)) => Some(Broken::Encoding(mask.text(&reason))),
            other => other,
        };
        Response::new(
            self.status,
            headers,
            Body::new(mask.body(&self.body)),
            broken,
        )
    }
}
