//! The way to the target: its name, its port, and TLS.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout};
use url::Url;

use super::{Advice, Patient, State, failure_of};
use crate::exchange::{Exchange, Failure};
use crate::plan::Outgoing;
use crate::run::Bounds;
use crate::run::client::Client;
use crate::run::trouble::Trouble;
use crate::target::{BaseUrl, Target};

/// So many addresses of a name are tried, and each for this long at most.
const ADDRESSES: usize = 4;
const PATIENCE: Duration = Duration::from_secs(5);

impl Patient<'_> {
    /// Whether the name is known, and somebody listens.
    pub(super) async fn connected(
        &mut self,
        limit: Duration,
        proxy: Option<&str>,
    ) -> Result<(), Advice> {
        let origin = Url::parse(self.target.base.origin()).ok();
        let place = origin.and_then(|origin| {
            let port = origin.port_or_known_default()?;
            Some((origin.host_str()?.to_owned(), port))
        });
        let Some((host, port)) = place else {
            self.check("name", State::Wrong, "the URL names no host");
            return Err("give a URL with a host, such as https://example.com/scim/v2".to_owned());
        };
        let limit = limit.min(PATIENCE);
        let addresses = self.resolved(&host, port, limit).await?;
        let mut refused = Vec::new();
        for address in addresses.iter().take(ADDRESSES) {
            let clock = Instant::now();
            let problem = match timeout(limit, TcpStream::connect(address)).await {
                Ok(Ok(_)) if refused.is_empty() => {
                    let told = format!("{address} accepts in {}", in_words(clock.elapsed()));
                    self.check("connection", State::Fine, told);
                    return Ok(());
                }
                Ok(Ok(_)) => {
                    let told = format!("{address} accepts, but {}", refused.join(", "));
                    self.check("connection", State::Odd, told);
                    return Ok(());
                }
                Ok(Err(problem)) => problem,
                Err(_) => io::ErrorKind::TimedOut.into(),
            };
            refused.push(match problem.kind() {
                io::ErrorKind::ConnectionRefused => format!("{address} refuses"),
                io::ErrorKind::TimedOut => {
                    format!("{address} does not answer in {}", in_words(limit))
                }
                _ => format!("{address}: {problem}"),
            });
        }
        let all_refuse = refused.iter().all(|told| told.ends_with("refuses"));
        self.check("connection", State::Wrong, refused.join(", "));
        Err(match (proxy, all_refuse) {
            (Some(variable), _) => format!(
                "run scimulate where the target is reached without the proxy that `{variable}` names: proxies are never used"
            ),
            (None, true) => format!(
                "start the server, or correct the port: nobody listens at port {port} of {host}"
            ),
            (None, false) => format!(
                "look for a firewall or a VPN between this machine and {host}: its port {port} does not answer"
            ),
        })
    }

    async fn resolved(
        &mut self,
        host: &str,
        port: u16,
        limit: Duration,
    ) -> Result<Vec<SocketAddr>, Advice> {
        let literal = host.trim_matches(['[', ']']);
        if let Ok(address) = literal.parse::<IpAddr>() {
            self.check("name", State::Skipped, format!("{host} is an address"));
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let found = match timeout(limit, lookup_host((host, port))).await {
            Ok(found) => found.map(Iterator::collect::<Vec<_>>),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        };
        let told = match found {
            Ok(addresses) if !addresses.is_empty() => {
                let shown: Vec<String> = addresses
                    .iter()
                    .take(ADDRESSES)
                    .map(|address| address.ip().to_string())
                    .collect();
                self.check(
                    "name",
                    State::Fine,
                    format!("{host} is {}", shown.join(", ")),
                );
                return Ok(addresses);
            }
            Ok(_) => format!("{host} has no address"),
            Err(problem) => format!("{host} is not known here: {problem}"),
        };
        self.check("name", State::Wrong, told);
        Err(format!(
            "correct the host `{host}` of the URL, or look whether this machine can resolve it, which may need a VPN"
        ))
    }

    /// Whether both sides agree on TLS, or on doing without.
    pub(super) async fn encrypted(
        &mut self,
        first: &Exchange,
        trouble: Option<&Trouble>,
    ) -> Result<(), Advice> {
        let base = &self.target.base;
        let is_https = base.origin().starts_with("https://");
        let is_muddled = match first.response() {
            // What nginx, Go and others answer to plain HTTP at a port for TLS.
            Some(answer) => {
                !is_https
                    && answer.status == 400
                    && answer.body.text().to_lowercase().contains("https")
            }
            None => match failure_of(first) {
                Some(Failure::Tls(words)) => words.contains("corrupt message"),
                Some(Failure::Protocol(_)) => true,
                _ => false,
            },
        };
        if is_muddled && let Some(other) = self.in_other_scheme(is_https).await {
            let (here, there) = if is_https {
                ("http", "TLS")
            } else {
                ("TLS", "http")
            };
            let told = format!("the server at this port speaks {here}, not {there}");
            self.check("TLS", State::Wrong, told);
            return Err(format!("give `{other}` as the target"));
        }
        match (is_https, failure_of(first), trouble) {
            (true, Some(Failure::Tls(words)), Some(trouble)) => {
                self.check("TLS", State::Wrong, words.clone());
                return Err(trouble.hint(self.target).to_owned());
            }
            (true, None, _) => {
                self.check(
                    "TLS",
                    State::Fine,
                    "the certificate is valid for the host, and trusted",
                );
            }
            (true, ..) => self.check("TLS", State::Skipped, "there is no answer to judge it by"),
            (false, ..) if base.is_loopback() => {
                self.check("TLS", State::Skipped, "the URL is http");
            }
            (false, ..) => {
                let told = "the URL is http: a token can be read by everybody on the way";
                self.check("TLS", State::Odd, told);
            }
        }
        Ok(())
    }

    /// The URL with the other scheme, if that is what is spoken there. Nothing that is secret is sent.
    async fn in_other_scheme(&self, is_https: bool) -> Option<String> {
        let url = self.target.base.to_string();
        let other = match is_https {
            true => url.replacen("https://", "http://", 1),
            false => url.replacen("http://", "https://", 1),
        };
        // The default ports differ, and this one was spoken to.
        Url::parse(self.target.base.origin()).ok()?.port()?;
        // Without anything that is secret.
        let target = Target::new(BaseUrl::parse(&other).ok()?);
        let bounds = Bounds {
            timeout: self.client.timeout().min(PATIENCE),
            ..Bounds::default()
        };
        let client = Client::new(&target, target.mask(), bounds).ok()?;
        let asked = Outgoing::harness("GET", "/ServiceProviderConfig".to_owned(), None);
        let speaks = match client.send(&asked).await.outcome {
            Ok(_) => true,
            // A certificate that is not trusted is still one.
            Err(Failure::Tls(words)) => !is_https && !words.contains("corrupt message"),
            Err(_) => false,
        };
        speaks.then_some(other)
    }
}

/// `0.4 ms`, `12 ms`, `1.5 s`.
pub(super) fn in_words(time: Duration) -> String {
    let milliseconds = time.as_secs_f64() * 1000.0;
    match milliseconds {
        ..10.0 => format!("{milliseconds:.1} ms"),
        ..1000.0 => format!("{milliseconds:.0} ms"),
        _ => format!("{:.1} s", milliseconds / 1000.0),
    }
}
