//! An endpoint behind TLS. Certificates: an authority of these tests, and an endpoint at localhost that it vouches for, both
//! valid for a hundred years.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::stand::Recorder;

const SENT: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
const GET: &str = "GET /Users?filter=a%20eq%20'b' HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/// Serves TLS until the test is over; its port. `answer` is all that is sent, if the handshake succeeds.
fn endpoint(answer: &'static str) -> u16 {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let certificate = CertificateDer::from(include_bytes!("endpoint.der").to_vec());
    let key = PrivatePkcs8KeyDer::from(include_bytes!("endpoint.key.der").to_vec());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider has them")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], PrivateKeyDer::Pkcs8(key))
        .expect("they belong together");
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = ServerConnection::new(Arc::clone(&config)).expect("it is sound");
            let mut stream = StreamOwned::new(connection, stream);
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
                head.push(byte[0]);
            }
            let is_right =
                String::from_utf8_lossy(&head).starts_with("GET /Users?filter=a%20eq%20'b' ");
            if is_right {
                // The other side may be gone. The connection then ends without a word, as some endpoints do it.
                let _ = stream.write_all(answer.as_bytes());
                let _ = stream.flush();
            }
        }
    });
    port
}

fn recorder(port: u16, authority: &str) -> Recorder {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/record/tls")
        .join(authority);
    let file = file.display().to_string();
    let url = format!("https://localhost:{port}");
    Recorder::with(&url, "--out log.jsonl", &[("SSL_CERT_FILE", &file)])
}

#[test]
fn an_endpoint_behind_tls_is_reached() {
    let port = endpoint(SENT);
    let recorder = recorder(port, "authority.pem");
    assert!(
        recorder.base.starts_with("http://127.0.0.1:"),
        "{}",
        recorder.base
    );
    assert_eq!(recorder.ask(GET), SENT);
    let exchange = &recorder.recorded(1)[0];
    assert_eq!(
        exchange["request"]["origin"],
        format!("https://localhost:{port}")
    );
    assert_eq!(exchange["response"]["status"], 200);
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_said_by_the_recorder() {
    let recorder = recorder(endpoint(SENT), "stranger.pem");
    let answer = recorder.ask(GET);
    assert!(answer.starts_with("HTTP/1.1 502 "), "{answer}");
    let exchange = &recorder.recorded(1)[0];
    assert!(exchange["failure"]["tls"].is_string(), "{exchange}");
}

/// A body without a length that ends without a word of TLS may have been cut off.
#[test]
fn an_end_that_nobody_vouches_for_is_a_break() {
    let recorder = recorder(endpoint("HTTP/1.1 200 OK\r\n\r\n{\"a\":"), "authority.pem");
    let mut client = recorder.connect();
    client
        .write_all(GET.as_bytes())
        .expect("the recorder reads");
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).expect_err("it is reset");
    let exchange = &recorder.recorded(1)[0];
    assert!(
        exchange["response"]["broken"]["cut"].is_string(),
        "{exchange}"
    );
}
