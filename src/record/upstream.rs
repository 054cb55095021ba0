//! The endpoint behind the recorder, and connections to it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use rustls_platform_verifier::ConfigVerifierExt;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use crate::exchange::Failure;
use crate::run::wire::{chain, is_tls};
use crate::target::BaseUrl;

/// Longest time until a connection stands.
const PATIENCE: Duration = Duration::from_secs(10);

/// What comes from one side.
pub(crate) type Reader = Box<dyn AsyncRead + Send + Unpin>;
/// What goes to one side.
pub(crate) type Writer = Box<dyn AsyncWrite + Send + Unpin>;

/// Where requests go.
pub(crate) struct Upstream {
    /// Its base URL; the path counts for people only.
    pub(crate) base: BaseUrl,
    /// As a `Host` header has it.
    pub(crate) authority: String,
    host: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Upstream {
    /// The endpoint at this address.
    ///
    /// # Errors
    /// Nothing can be trusted over TLS: the system has no certificates of authorities.
    pub(crate) fn new(base: BaseUrl) -> Result<Self, String> {
        let url = Url::parse(base.origin()).map_err(|problem| problem.to_string())?;
        let host = match url.host() {
            Some(Host::Domain(name)) => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            None => return Err(format!("`{base}` names no host")),
        };
        let tls = match url.scheme() {
            "https" => {
                // A second call finds the provider installed, which is what is wanted.
                let _ = rustls::crypto::ring::default_provider().install_default();
                let config =
                    ClientConfig::with_platform_verifier().map_err(|problem| chain(&problem))?;
                let name = ServerName::try_from(host.clone()).map_err(|problem| chain(&problem))?;
                Some((TlsConnector::from(Arc::new(config)), name))
            }
            _ => None,
        };
        let authority = base.origin().split_once("://").map_or("", |(_, rest)| rest);
        Ok(Self {
            authority: authority.to_owned(),
            host,
            port: url.port_or_known_default().unwrap_or(80),
            tls,
            base,
        })
    }

    /// A new connection.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) async fn connect(&self) -> Result<(Reader, Writer), Failure> {
        let connected = timeout(PATIENCE, self.connected()).await;
        match connected {
            Ok(Ok(sides)) => Ok(sides),
            Ok(Err(problem)) => {
                let words = chain(&problem);
                Err(match self.tls.is_some() && is_tls(&words) {
                    true => Failure::Tls(words),
                    false => Failure::Connect(words),
                })
            }
            Err(_) => Err(Failure::Timeout(PATIENCE.as_millis() as u64)),
        }
    }

    async fn connected(&self) -> io::Result<(Reader, Writer)> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        // Parts of a message are passed on as they come; none may wait for the acknowledgement of the one before.
        stream.set_nodelay(true)?;
        match &self.tls {
            None => {
                let (reader, writer) = stream.into_split();
                Ok((Box::new(reader), Box::new(writer)))
            }
            Some((connector, name)) => {
                let stream = connector.connect(name.clone(), stream).await?;
                let (reader, writer) = tokio::io::split(stream);
                Ok((Box::new(reader), Box::new(writer)))
            }
        }
    }
}
